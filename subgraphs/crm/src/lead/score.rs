//! Scores: how likely it seems that a lead buys, and why.

use async_graphql::SimpleObject;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::model::{Lead, LeadStatus};

/// Why a lead has points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct LeadScoreReason {
    /// A code that never changes.
    pub code: String,
    /// How many points it gives, or takes.
    pub points: i32,
    /// The same in a sentence.
    pub reason: String,
}

/// Where anybody has an address, a company or not.
const FREE_MAIL: [&str; 12] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "gmx.at",
    "gmx.de",
    "gmx.net",
    "web.de",
    "aol.com",
];

impl Lead {
    /// Counts the points anew: of what is known, of what was done, and what its source is worth.
    pub(crate) fn count_points(&mut self, source_points: i32) {
        let mut reasons = Vec::new();
        let mut give = |is_so: bool, code: &str, points: i32, reason: &str| {
            if is_so && points != 0 {
                reasons.push(LeadScoreReason { code: code.to_owned(), points, reason: reason.to_owned() });
            }
        };
        let domain = self.email.as_deref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        let is_free = domain.is_some_and(|domain| FREE_MAIL.contains(&domain));
        give(domain.is_some() && !is_free, "BUSINESS_EMAIL", 20, "The mail address is a company's.");
        give(is_free, "FREE_EMAIL", 5, "The mail address is one that anybody has.");
        give(self.phone.is_some(), "PHONE", 10, "There is a number to call.");
        give(self.company_name.is_some(), "COMPANY", 10, "The company is known.");
        give(self.job_title.is_some(), "JOB_TITLE", 5, "It is known what the person does.");
        give(self.country.is_some(), "COUNTRY", 5, "The country is known.");
        give(!self.product_ids.is_empty(), "INTEREST", 10, "It is known what they want.");
        give(
            self.estimated_value.is_some_and(|value| value > Decimal::ZERO),
            "VALUE",
            15,
            "It is known what it may be worth.",
        );
        give(self.first_response_at.is_some(), "ANSWERED", 10, "Somebody has talked to them.");
        give(
            self.status == LeadStatus::Qualified,
            "QUALIFIED",
            15,
            "Somebody has found that they may well buy.",
        );
        give(true, "SOURCE", source_points, "Leads from this source are better, or worse, than others.");
        give(self.spam_points > 0, "SPAM", -self.spam_points, "What came by the web form looks like spam.");
        self.score = reasons.iter().map(|reason| reason.points).sum::<i32>().clamp(0, 100);
        self.score_reasons.0 = reasons;
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_score_is_the_sum_of_its_reasons_within_its_bounds() {
        let mut lead = Lead {
            email: Some("ada@lovelace.example".to_owned()),
            company_name: Some("Lovelace".to_owned()),
            ..Lead::blank(DateTime::UNIX_EPOCH)
        };
        lead.count_points(7);
        assert_eq!(lead.score, 20 + 10 + 7);
        let codes: Vec<&str> = lead.score_reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!(codes, ["BUSINESS_EMAIL", "COMPANY", "SOURCE"]);
        lead.email = Some("ada@gmail.com".to_owned());
        lead.count_points(0);
        assert_eq!(lead.score, 5 + 10);
        lead.spam_points = 90;
        lead.count_points(0);
        assert_eq!(lead.score, 0);
    }
}

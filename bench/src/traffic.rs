//! What is asked: three questions, and which answers are right.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use chrono::{Datelike as _, Days, NaiveDate, Utc};
use hyper::StatusCode;
use hyper::header::HeaderValue;
use serde_json::json;

use crate::Failure;
use crate::company::Company;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Who am I, where, and what may I do there?
    Me,
    /// Twenty employees, each with department and leave balances.
    Page,
    /// A new request for one day of leave.
    Submission,
    /// The same as a page, of those employees whose name is like this: there is one.
    Search,
}

impl Case {
    /// The cases that have a floor, the one that changes the data last.
    pub const ALL: [Self; 3] = [Self::Me, Self::Page, Self::Submission];

    /// Its name, in file names and paths.
    pub fn name(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::Page => "page",
            Self::Submission => "submit",
            Self::Search => "search",
        }
    }

    /// The SQL that the services run for one such question, where it is compared with.
    pub fn sql(self) -> Option<&'static str> {
        match self {
            Self::Me => Some(include_str!("../sql/me.sql")),
            Self::Page => Some(include_str!("../sql/page.sql")),
            Self::Submission => Some(include_str!("../sql/submit.sql")),
            Self::Search => None,
        }
    }

    /// Whether others hear of it.
    pub fn announces(self) -> bool {
        self == Self::Submission
    }

    fn document(self) -> &'static str {
        match self {
            Self::Me => {
                "{ me { user { id displayName email } membership { roles permissions } \
                 organization { id name subdomain modules { id name enabled requires } } organizations { id name } } }"
            }
            Self::Page => {
                "{ employees(first: 20) { nodes { id name department { name } \
                 leaveBalances { leaveType { name } balance planned pending available } } \
                 pageInfo { hasNextPage endCursor } } }"
            }
            Self::Search => {
                "{ employees(first: 20, filter: { search: \"Number 100\" }) { nodes { id name department { name } \
                 leaveBalances { leaveType { name } balance planned pending available } } \
                 pageInfo { hasNextPage endCursor } } }"
            }
            Self::Submission => {
                "mutation($input: LeaveRequestSubmitInput!) { leaveRequestSubmit(input: $input) { \
                 leaveRequest { id days status } userErrors { field code message } } }"
            }
        }
    }
}

/// One case's questions to one system.
pub struct Traffic<'c> {
    case: Case,
    /// Where they are asked.
    pub path: String,
    company: &'c Company,
    count: AtomicU32,
    /// The answer to everybody's first question; with questions that are all the same, so are the answers.
    firsts: Vec<Bytes>,
}

impl<'c> Traffic<'c> {
    /// Questions of a case to the router.
    pub fn new(case: Case, company: &'c Company) -> Self {
        Self { case, path: "/graphql".to_owned(), company, count: AtomicU32::new(0), firsts: Vec::new() }
    }

    /// The same questions to the handler that knows the answer.
    pub fn fixed(case: Case, company: &'c Company, answer: Bytes) -> Self {
        let firsts = vec![answer; company.people.len()];
        Self { path: format!("/{}", case.name()), firsts, ..Self::new(case, company) }
    }

    /// Who a client is.
    pub fn token(&self, client: usize) -> &HeaderValue {
        let people = &self.company.people;
        &people[client % people.len()].token
    }

    /// The next question.
    pub fn next(&self) -> Bytes {
        let question = match self.case {
            Case::Me | Case::Page | Case::Search => json!({ "query": self.case.document() }),
            Case::Submission => {
                let number = self.count.fetch_add(1, Ordering::Relaxed);
                json!({ "query": self.case.document(), "variables": { "input": self.company.submission(number) } })
            }
        };
        question.to_string().into()
    }

    /// Compares all further answers with these, one for each client, where they must be the same.
    pub fn learn(&mut self, answers: &[Bytes]) {
        if self.case != Case::Submission {
            self.firsts = answers.to_vec();
        }
    }

    /// Refuses an answer that is not as it should be: one is enough to make the measurement worthless.
    pub fn check(&self, client: usize, status: StatusCode, answer: &Bytes) -> Result<(), Failure> {
        let is_right = match self.firsts.get(client) {
            Some(first) => answer == first,
            None => is_free_of_errors(answer),
        };
        if status == StatusCode::OK && is_right {
            return Ok(());
        }
        let answer = String::from_utf8_lossy(answer);
        Err(format!("{} was answered with {status}: {answer}", self.case.name()).into())
    }
}

/// Neither errors of GraphQL nor refusals. By its bytes: reading JSON would take the CPU from the services.
fn is_free_of_errors(answer: &[u8]) -> bool {
    let contains = |needle: &[u8]| answer.windows(needle.len()).any(|window| window == needle);
    let has_refusals = contains(b"\"userErrors\":") && !contains(b"\"userErrors\":[]");
    answer.starts_with(b"{\"data\":{") && !contains(b"\"errors\":") && !has_refusals
}

/// A Monday two weeks ahead or a little more: nothing before it is asked for.
pub fn first_monday() -> NaiveDate {
    let today = Utc::now().date_naive();
    let days = 14 + (7 - today.weekday().num_days_from_monday()) % 7;
    today.checked_add_days(Days::new(days.into())).unwrap_or(today)
}

/// The working day with this number, from a Monday on.
pub fn working_day(monday: NaiveDate, number: u32) -> NaiveDate {
    let days = number / 5 * 7 + number % 5;
    monday.checked_add_days(Days::new(days.into())).unwrap_or(monday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_seen_and_an_empty_list_of_them_is_none() {
        assert!(is_free_of_errors(br#"{"data":{"a":{"userErrors":[]}}}"#));
        assert!(!is_free_of_errors(br#"{"data":{"a":{"userErrors":[{"code":"X"}]}}}"#));
        assert!(!is_free_of_errors(br#"{"data":{"a":null},"errors":[{}]}"#));
        assert!(!is_free_of_errors(br#"{"errors":[{}]}"#));
    }

    #[test]
    fn working_days_leave_weekends_out() {
        let monday = first_monday();
        let days: Vec<_> = (0..12).map(|number| working_day(monday, number)).collect();
        assert!(days.iter().all(|day| day.weekday().num_days_from_monday() < 5));
        assert!(days.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

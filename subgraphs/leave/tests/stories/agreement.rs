//! Random days in an office: whatever is done, what is shown, previewed and allowed agree, and so do the books.

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::company::text;
use crate::office::{Office, day};

const SEQUENCES: u64 = 10;
const MOVES: usize = 14;

#[tokio::test]
async fn what_is_shown_previewed_allowed_and_written_agree_whatever_was_done_before() {
    let mut office = Office::new().await;
    let policies = [office.p().await, office.p2().await, office.monthly().await];
    let books = PgPool::connect(&office.company.app.admin_url).await.unwrap();
    for seed in 0..SEQUENCES {
        office.at("2026-11-29T12:00:00Z");
        office.employee = Uuid::now_v7();
        office.person = office.company.hr.colleague(&[common::Role::Member]);
        office.company.joined(&office.person).await;
        office.hire("2026-01-01").await;
        office.assign(&policies[0], "2026-01-01").await;
        let mut days =
            RandomDays { chance: StdRng::seed_from_u64(seed), today: day("2026-11-29"), last_day: None };
        for at in 0..MOVES {
            let what = days.make_a_move(&office, &policies).await;
            agree(&mut days, &office, &books, &format!("seed {seed}, move {at}: {what}")).await;
        }
    }
    office.company.assert_books_balance().await;
}

struct RandomDays {
    chance: StdRng,
    today: NaiveDate,
    last_day: Option<NaiveDate>,
}

impl RandomDays {
    fn day(&mut self) -> NaiveDate {
        self.today + Days::new(self.chance.random_range(0..250))
    }

    async fn make_a_move(&mut self, office: &Office, policies: &[String]) -> String {
        match self.chance.random_range(0..10) {
            0 => {
                let (policy, first) = (self.chance.random_range(0..policies.len()), self.day().to_string());
                office.assign(&policies[policy], &first).await;
                format!("policy {policy} from {first}")
            }
            1 => {
                let joined_on = ["2026-01-01", "2026-06-15", "2026-11-01"][self.chance.random_range(0..3)];
                office.correct(people::Person { left_on: self.last_day, ..office.entry(joined_on) }).await;
                format!("first day {joined_on}")
            }
            2 => {
                self.last_day = self.chance.random_bool(0.4).then(|| self.day());
                let entry = people::Person { left_on: self.last_day, ..office.entry("2026-01-01") };
                office.company.set(entry, "terminated").await;
                format!("last day {:?}", self.last_day)
            }
            3 => {
                let holidays: Vec<_> = (0..5).map(|_| self.day().to_string()).collect();
                office.company.set_holidays(&holidays.iter().map(String::as_str).collect::<Vec<_>>()).await;
                format!("holidays {holidays:?}")
            }
            4 => {
                let days = Decimal::from(self.chance.random_range(1..9)) / Decimal::TWO;
                let days = if self.chance.random_bool(0.5) { days } else { -days };
                let input = json!({ "employeeId": office.employee, "leaveTypeId": office.company.annual, "days": days,
                    "effectiveOn": self.day(), "reason": "By hand." });
                office.hr().create("leaveAdjustment", input).await;
                format!("{days} by hand")
            }
            5..=7 => {
                let first = self.day();
                let last = first + Days::new(self.chance.random_range(0..6));
                let (problems, _) = office.preview(&first.to_string(), &last.to_string()).await;
                let asked = office.ask(&first.to_string(), &last.to_string()).await;
                assert_eq!(asked.refusals(), problems, "from {first} to {last}");
                if problems.is_empty() && self.chance.random_bool(0.7) {
                    let asked = asked.ok();
                    let id = text(&asked["leaveRequestSubmit"]["leaveRequest"]["id"]);
                    office.company.act(&office.company.hr, "Approve", &id).await.ok();
                }
                format!("asked from {first} to {last}")
            }
            8 => {
                let query = "query($id: ID!) { leaveRequests(filter: { employeeId: $id, status: [APPROVED] }) { nodes { id firstDay } } }";
                let open = office.hr().run_with(query, json!({ "id": office.employee })).await.ok();
                let Some(first) = open["leaveRequests"]["nodes"].get(0) else {
                    return "nothing to give back".into();
                };
                let document = "mutation($id: ID!, $days: [Date!]) { leaveRequestCancel(id: $id, days: $days) { userErrors { code } } }";
                let variables = json!({ "id": first["id"], "days": [first["firstDay"]] });
                office.hr().run_with(document, variables).await.ok();
                format!("{first} gives its first day back")
            }
            _ => {
                self.today = self.today + Days::new(self.chance.random_range(1..90));
                office.at(&format!("{}T12:00:00Z", self.today));
                (leave::subgraph().jobs[0].run)(office.company.app.runtime().clone()).await.unwrap();
                "time passes".into()
            }
        }
    }
}

/// What can be asked for is what is available; what is written by today comes to what is shown.
async fn agree(days: &mut RandomDays, office: &Office, books: &PgPool, what: &str) {
    office.company.app.settle().await;
    let first = days.day();
    let (problems, after) = office.preview(&first.to_string(), &first.to_string()).await;
    let before: Decimal = office.has(&first.to_string()).await.1.parse().unwrap();
    if problems.iter().all(|problem| problem == "BALANCE_TOO_LOW") {
        let is_enough = before >= Decimal::ONE;
        assert_eq!(problems.is_empty(), is_enough, "{before} on {first}, {after} after\n{what}");
    }
    let shown: Decimal = office.balance(&days.today.to_string()).await.parse().unwrap();
    let written: Decimal = sqlx::query_scalar(
        "select coalesce(sum(days), 0) from leave.ledger_entry where employee_id = $1 and effective_on <= $2",
    )
    .bind(office.employee)
    .bind(days.today)
    .fetch_one(books)
    .await
    .unwrap();
    assert_eq!(written, shown, "written and shown on {}\n{what}", days.today);
}

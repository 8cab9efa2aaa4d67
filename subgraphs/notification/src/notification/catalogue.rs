//! The catalogue: every type of notification. A new one is one entry here, and nothing else.

mod contacts;
mod products;
mod sales;

use std::fmt::{self, Display, Formatter};

use chrono::{Datelike as _, NaiveDate};
use common::Result;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::ids::MembershipId;

/// One type of notification, and the event that it tells of.
pub(crate) struct NotificationType {
    /// The event's name, and the type that clients see.
    pub(crate) key: &'static str,
    /// Whether it can happen to a thing again; what cannot is told once, however often it is announced.
    pub(crate) recurs: bool,
    /// Reads the event's payload.
    pub(crate) subject: fn(&Value) -> Result<Subject>,
    /// Who hears of it, in which words; whoever is in several audiences hears of it as in the first.
    pub(crate) tellings: &'static [Telling],
}

/// What one audience hears of an event.
pub(crate) struct Telling {
    /// Who hears of it.
    pub(crate) audience: Audience,
    /// What the recipient reads first, and then: a sentence that says which one it is, and nothing that only some may
    /// know.
    pub(crate) words: fn(&Subject) -> (&'static str, String),
}

/// Who hears of an event. Nobody hears of their own deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Those who decide.
    Approvers,
    /// Whose it is.
    Owner,
    /// Those who were told of the thing before, but for whose it is.
    Told,
    /// Those who look after people: the first of HR, administrators and owners that anybody else holds.
    Office,
    /// Those who keep what it is about; where nobody in particular does, administrators, or else owners.
    Keepers,
}

/// What a notification is about, read from an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The thing's type in the graph.
    pub(crate) link_type: String,
    /// The thing's id.
    pub(crate) link_id: Uuid,
    /// What tells one occasion from another, where the same can happen to a thing again; empty where it cannot.
    pub(crate) occasion: String,
    /// What it is, in a few words that a sentence goes on from: `leave from 9 to 13 March 2026`. `None` when the event does
    /// not say; then it is what an earlier one said.
    pub(crate) topic: Option<String>,
    /// How much it takes, or changed by.
    pub(crate) amount: Amount,
    /// Why, in somebody's words.
    pub(crate) reason: Option<String>,
    /// Whether somebody decided on it.
    pub(crate) is_decided: bool,
    /// Whose it is; `None` when they have no account.
    pub(crate) owner: Option<MembershipId>,
    /// Who decides, or keeps it; empty when nobody in particular does.
    pub(crate) approvers: Vec<MembershipId>,
    /// Whose deed it is, if the event says so itself.
    pub(crate) actor: Option<MembershipId>,
}

/// An amount of leave, in the unit of its kind; said as `1 day`, `2.5 days`, `16 hours`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    count: Decimal,
    unit: Unit,
}

/// What an amount is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Unit {
    /// Earlier versions do not say what they count in, and know of nothing but days.
    #[default]
    Day,
    Hour,
}

impl Display for Amount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Day => "day",
            Unit::Hour => "hour",
        };
        let plural = if self.count.abs() == Decimal::ONE { "" } else { "s" };
        write!(f, "{} {unit}{plural}", self.count.normalize())
    }
}

impl Subject {
    /// What it is, with its amount where it has any.
    pub(crate) fn topic_and_amount(&self) -> Option<String> {
        let topic = self.topic.as_ref()?;
        Some(match self.amount.count.is_zero() {
            true => topic.clone(),
            false => format!("{topic} ({})", self.amount),
        })
    }

    /// What it is, at the beginning of a sentence.
    fn named(&self) -> String {
        match self.topic_and_amount() {
            Some(topic) => capitalized(&topic),
            None => format!("This {}", spaced(&self.link_type)),
        }
    }

    /// What it is, to whom it belongs.
    fn yours(&self) -> String {
        format!("Your {}", self.topic_and_amount().unwrap_or_else(|| spaced(&self.link_type)))
    }
}

const TO_DECIDE: fn(&Subject) -> String = |it| format!("{} waits for your decision.", it.named());

/// Every type of notification.
pub(crate) const CATALOGUE: &[NotificationType] = &[
    NotificationType {
        key: "leave.request.submitted",
        recurs: false,
        subject: leave_request,
        tellings: &[
            Telling { audience: Audience::Approvers, words: |it| ("Leave request", TO_DECIDE(it)) },
            Telling {
                audience: Audience::Owner,
                words: |it| ("Leave asked for", format!("{} was asked for on your behalf.", it.named())),
            },
        ],
    },
    NotificationType {
        key: "approval.step.assigned",
        recurs: false,
        subject: assigned_step,
        tellings: &[Telling {
            audience: Audience::Approvers,
            words: |it| ("Waiting for your decision", TO_DECIDE(it)),
        }],
    },
    NotificationType {
        key: "leave.request.approved",
        recurs: false,
        subject: leave_request,
        tellings: &[Telling {
            audience: Audience::Owner,
            words: |it| ("Leave approved", format!("{} was approved.", it.yours())),
        }],
    },
    NotificationType {
        key: "leave.request.rejected",
        recurs: false,
        subject: leave_request,
        tellings: &[Telling {
            audience: Audience::Owner,
            words: |it| ("Leave rejected", format!("{} was rejected.", it.yours())),
        }],
    },
    NotificationType {
        key: "leave.request.cancelled",
        recurs: false,
        subject: leave_request,
        tellings: &[
            Telling {
                audience: Audience::Owner,
                words: |it| ("Leave cancelled", format!("{} was cancelled.", it.yours())),
            },
            Telling {
                audience: Audience::Told,
                words: |it| match it.is_decided {
                    true => ("Leave cancelled", format!("{} was cancelled.", it.named())),
                    false => {
                        let body = format!("{} was withdrawn and needs no decision any more.", it.named());
                        ("Leave withdrawn", body)
                    }
                },
            },
        ],
    },
    NotificationType {
        key: "leave.request.adjusted",
        recurs: true,
        subject: leave_request,
        tellings: &[Telling {
            audience: Audience::Owner,
            words: |it| ("Leave counted again", counted_again(it)),
        }],
    },
    NotificationType {
        key: "leave.balance.adjusted",
        recurs: true,
        subject: leave_balance,
        tellings: &[Telling {
            audience: Audience::Owner,
            words: |it| ("Leave balance corrected", corrected(it)),
        }],
    },
    NotificationType {
        key: "leave.balance.overdrawn",
        recurs: true,
        subject: leave_balance,
        tellings: &[
            Telling {
                audience: Audience::Owner,
                words: |it| ("Leave balance overdrawn", overdrawn("Your", it)),
            },
            Telling {
                audience: Audience::Office,
                words: |it| ("Leave balance overdrawn", overdrawn("A", it)),
            },
        ],
    },
    contacts::ASSIGNED,
    contacts::EXPORTED,
    products::RUN_LOW,
    sales::ASSIGNED,
    sales::ACCEPTED,
    sales::DECLINED,
    sales::PRICES_CHANGED,
    sales::DUE,
];

/// The type that tells of an event; `None` when nobody is told of it.
pub(crate) fn type_of(event_type: &str) -> Option<&'static NotificationType> {
    CATALOGUE.iter().find(|kind| kind.key == event_type)
}

/// What the events of a leave request say, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeaveRequest {
    request_id: Uuid,
    requester_membership_id: Option<MembershipId>,
    #[serde(default)]
    approver_membership_ids: Vec<MembershipId>,
    decided_by_membership_id: Option<MembershipId>,
    actor_membership_id: Option<MembershipId>,
    first_day: NaiveDate,
    last_day: NaiveDate,
    days: Decimal,
    #[serde(default)]
    unit: Unit,
}

fn leave_request(payload: &Value) -> Result<Subject> {
    let request = LeaveRequest::deserialize(payload)?;
    Ok(Subject {
        link_type: leave_request_type(),
        link_id: request.request_id,
        // Leave can be called off day by day.
        occasion: format!(":{}:{}", request.first_day, request.last_day),
        topic: Some(format!("leave {}", period(request.first_day, request.last_day))),
        amount: Amount { count: request.days, unit: request.unit },
        is_decided: request.decided_by_membership_id.is_some(),
        owner: request.requester_membership_id,
        approvers: request.approver_membership_ids,
        actor: request.actor_membership_id,
        ..Subject::default()
    })
}

/// What the events of a leave balance say, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeaveBalance {
    employee_id: Uuid,
    membership_id: Option<MembershipId>,
    days: Decimal,
    #[serde(default)]
    unit: Unit,
    reason: Option<String>,
    actor_membership_id: Option<MembershipId>,
}

/// As much of what somebody wrote as is told.
const REASON_MAX: usize = 500;

fn leave_balance(payload: &Value) -> Result<Subject> {
    let balance = LeaveBalance::deserialize(payload)?;
    Ok(Subject {
        // Balances are no things of the graph: whoever is told finds them at the employee.
        link_type: "Employee".to_owned(),
        link_id: balance.employee_id,
        amount: Amount { count: balance.days, unit: balance.unit },
        reason: balance.reason.map(|reason| reason.chars().take(REASON_MAX).collect()),
        owner: balance.membership_id,
        actor: balance.actor_membership_id,
        ..Subject::default()
    })
}

/// What it says that a step of an approval has come to wait for somebody, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignedStep {
    approval_id: Uuid,
    subject_id: Uuid,
    /// Earlier versions do not say it, and know of nothing else that is decided on.
    #[serde(default = "leave_request_type")]
    subject_type: String,
    step: i32,
    assignees: Vec<MembershipId>,
}

fn leave_request_type() -> String {
    "LeaveRequest".to_owned()
}

fn assigned_step(payload: &Value) -> Result<Subject> {
    let assigned = AssignedStep::deserialize(payload)?;
    Ok(Subject {
        link_type: assigned.subject_type,
        link_id: assigned.subject_id,
        // Whoever decides on two steps is told of both, and again when the thing is asked for again.
        occasion: format!(":{}:{}", assigned.approval_id, assigned.step),
        approvers: assigned.assignees,
        ..Subject::default()
    })
}

/// What it takes now, instead of in brackets.
fn counted_again(it: &Subject) -> String {
    let uncounted = Subject { amount: Amount::default(), ..it.clone() };
    format!("{} was counted again and takes {} now.", uncounted.yours(), it.amount)
}

fn corrected(it: &Subject) -> String {
    let sign = if it.amount.count.is_sign_positive() { "+" } else { "" };
    let reason = it.reason.as_ref().map(|reason| format!(" Reason: {reason}")).unwrap_or_default();
    format!("Your leave balance was corrected by {sign}{}.{reason}", it.amount)
}

fn overdrawn(whose: &str, it: &Subject) -> String {
    let lacking = Amount { count: it.amount.count.abs(), ..it.amount };
    format!("{whose} leave balance is overdrawn by {lacking}.")
}

/// `LeaveRequest` as people say it: `leave request`.
fn spaced(type_name: &str) -> String {
    let mut words = String::new();
    for letter in type_name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// `from 9 to 13 March 2026`, `on 9 March 2026`: what both days share is said once.
fn period(first: NaiveDate, last: NaiveDate) -> String {
    let until = last.format("%-d %B %Y");
    match () {
        () if first == last => format!("on {until}"),
        () if (first.year(), first.month()) == (last.year(), last.month()) => {
            format!("from {} to {until}", first.day())
        }
        () if first.year() == last.year() => format!("from {} to {until}", first.format("%-d %B")),
        () => format!("from {} to {until}", first.format("%-d %B %Y")),
    }
}

#[cfg(test)]
mod tests;

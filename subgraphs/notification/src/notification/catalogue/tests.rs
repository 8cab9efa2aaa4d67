use chrono_tz::Tz;
use serde_json::json;
use words::{Language, Reader};

use super::*;
use crate::notification::wording::{self, MESSAGES, Part};

fn request(first: &str, last: &str, days: &str) -> Json {
    json!({ "requestId": Uuid::nil(), "employeeId": Uuid::nil(), "requesterMembershipId": null,
        "approverMembershipIds": [], "firstDay": first, "lastDay": last, "days": days, "aFieldOfNextYear": 1 })
}

/// What an audience hears of an event.
#[track_caller]
fn told(event: &str, audience: Audience, payload: &Json) -> String {
    let kind = type_of(event).unwrap();
    let telling = kind.tellings.iter().find(|telling| telling.audience == audience).unwrap();
    let subject = (kind.subject)(payload).unwrap();
    wording::in_english((telling.message)(&subject), Part::Body, &subject.values).unwrap()
}

/// Payloads of an event that together have all that it may say.
fn samples(event: &str) -> Vec<Json> {
    let (id, number) = (Uuid::nil(), "N-0001");
    let mut decided = request("2026-03-09", "2026-03-13", "5");
    decided["decidedByMembershipId"] = json!(id);
    let balance = json!({ "employeeId": id, "days": "-1.5", "reason": "Opening balance" });
    let low = json!({ "productId": id, "sku": number, "available": "2.000", "warehouseCode": "MAIN" });
    match event {
        "approval.step.assigned" => {
            vec![json!({ "approvalId": id, "subjectId": id, "step": 1, "assignees": [] })]
        }
        "contact.contact.assigned" => {
            vec![json!({ "contactId": id, "number": number, "ownerMembershipId": id })]
        }
        "contact.contact.exported" => {
            [0, 1, 2, 3, 11, 100].map(|count| json!({ "exportId": id, "contactCount": count })).into()
        }
        "crm.activity.fallen_due" => ["CALL", "MEETING", "TASK", "EMAIL", "NOTE", "OF_A_LATER_VERSION"]
            .map(|kind| json!({ "activityId": id, "kind": kind, "assigneeMembershipId": id }))
            .into(),
        "crm.lead.assigned" => vec![json!({ "leadId": id, "number": number, "ownerMembershipId": id })],
        "crm.quote.accepted" | "crm.quote.declined" | "crm.quote.prices_changed" => {
            vec![json!({ "quoteId": id, "number": number })]
        }
        "leave.balance.adjusted" | "leave.balance.overdrawn" => {
            vec![json!({ "employeeId": id, "days": "2", "unit": "HOUR" }), balance]
        }
        "products.stock.run_low" => {
            vec![json!({ "productId": id, "sku": number, "available": "2.000" }), low]
        }
        _ => vec![request("2026-03-09", "2026-03-09", "0"), decided],
    }
}

#[test]
fn every_message_is_said_in_every_language_with_what_its_event_says() {
    for kind in CATALOGUE {
        for payload in samples(kind.key) {
            let subject = (kind.subject)(&payload).unwrap();
            let mut subjects = vec![subject.clone()];
            if subject.topic == Topic::AsBefore {
                let values = subject.values.clone().with("topic", Value::text("leave on 9 March 2026"));
                subjects.push(Subject { values, ..subject });
            }
            for (subject, telling) in
                subjects.iter().flat_map(|it| kind.tellings.iter().map(move |t| (it, t)))
            {
                let message = (telling.message)(subject);
                let lacking = MESSAGES.values_of(message);
                let lacking: Vec<_> =
                    lacking.iter().filter(|name| subject.values.get(name).is_none()).collect();
                assert!(lacking.is_empty(), "{message} says {lacking:?}, and {} does not", kind.key);
                for language in Language::ALL {
                    for part in ["title", "body"] {
                        let reader = Reader { language, zone: Tz::UTC };
                        let said =
                            MESSAGES.say_exactly(reader, &format!("{message}.{part}"), &subject.values);
                        let is_whole = |said: &String| !said.is_empty() && !said.contains(['{', '}', '$']);
                        assert!(
                            said.as_ref().is_some_and(is_whole),
                            "{message}.{part} in {language:?}: {said:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn what_things_are_is_said_in_every_language() {
    for event in
        ["leave.request.submitted", "contact.contact.assigned", "crm.lead.assigned", "crm.quote.accepted"]
    {
        for payload in samples(event) {
            let Topic::Said(topic) = (type_of(event).unwrap().subject)(&payload).unwrap().topic else {
                panic!("{event} does not say what it is about")
            };
            let values = Values::default().with("topic", topic);
            for language in Language::ALL {
                let reader = Reader { language, zone: Tz::UTC };
                let said = MESSAGES.say_exactly(reader, "step-assigned.body", &values);
                assert!(said.is_some_and(|said| !said.contains('{')), "{event} in {language:?}");
            }
        }
    }
}

#[test]
fn the_same_event_reads_naturally_in_each_language() {
    let payload = request("2026-03-09", "2026-03-13", "5");
    let subject = leave_request(&payload).unwrap();
    let said = Language::ALL.map(|language| {
        let reader = Reader { language, zone: Tz::UTC };
        MESSAGES.say(reader, "leave-request-approved.body", &subject.values).unwrap()
    });
    assert_eq!(
        said,
        [
            "Your leave from 9 to 13 March 2026 (5 days) was approved.",
            "Ihr Urlaub vom 9. bis 13. März 2026 (5 Tage) wurde genehmigt.",
            "৯ থেকে ১৩ মার্চ, ২০২৬ পর্যন্ত (৫ দিন) আপনার ছুটি মঞ্জুর হয়েছে।",
            "تمت الموافقة على إجازتكم من 9 إلى 13 مارس 2026 (5 أيام).",
        ]
    );
}

#[test]
fn leave_is_named_by_its_days_in_the_fewest_words() {
    let body =
        |first, last, days| told("leave.request.approved", Audience::Owner, &request(first, last, days));
    assert_eq!(
        body("2026-03-09", "2026-03-13", "5"),
        "Your leave from 9 to 13 March 2026 (5 days) was approved."
    );
    assert_eq!(body("2026-03-09", "2026-03-09", "1.00"), "Your leave on 9 March 2026 (1 day) was approved.");
    assert_eq!(
        body("2026-03-09", "2026-03-09", "0.50"),
        "Your leave on 9 March 2026 (0.5 days) was approved."
    );
    assert_eq!(body("2026-03-09", "2026-03-09", "0"), "Your leave on 9 March 2026 was approved.");
    assert_eq!(
        body("2026-03-30", "2026-04-02", "4"),
        "Your leave from 30 March to 2 April 2026 (4 days) was approved."
    );
    assert_eq!(
        body("2026-12-30", "2027-01-04", "10"),
        "Your leave from 30 December 2026 to 4 January 2027 (10 days) was approved."
    );
}

#[test]
fn each_audience_reads_what_the_event_means_for_them() {
    let mut request = request("2026-03-09", "2026-03-13", "5");
    let leave = "eave from 9 to 13 March 2026 (5 days)";
    for (event, audience, before, after) in [
        ("leave.request.submitted", Audience::Approvers, "L", " waits for your decision."),
        ("leave.request.submitted", Audience::Owner, "L", " was asked for on your behalf."),
        ("leave.request.rejected", Audience::Owner, "Your l", " was rejected."),
        ("leave.request.cancelled", Audience::Owner, "Your l", " was cancelled."),
        ("leave.request.cancelled", Audience::Told, "L", " was withdrawn and needs no decision any more."),
    ] {
        assert_eq!(told(event, audience, &request), format!("{before}{leave}{after}"));
    }
    assert_eq!(
        told("leave.request.adjusted", Audience::Owner, &request),
        "Your leave from 9 to 13 March 2026 was counted again and takes 5 days now."
    );
    request["decidedByMembershipId"] = json!(Uuid::nil());
    let cancelled = told("leave.request.cancelled", Audience::Told, &request);
    assert_eq!(cancelled, format!("L{leave} was cancelled."));
}

#[test]
fn a_balance_is_told_of_in_days() {
    let balance = |days: &str, reason: Option<&str>| json!({ "employeeId": Uuid::nil(), "leaveTypeId": Uuid::nil(), "days": days, "reason": reason });
    let corrected = |days, reason| told("leave.balance.adjusted", Audience::Owner, &balance(days, reason));
    assert_eq!(corrected("2.0", None), "Your leave balance was corrected by +2 days.");
    assert_eq!(
        corrected("-1", Some("Opening balance")),
        "Your leave balance was corrected by -1 day. Reason: Opening balance"
    );
    assert!(corrected("1", Some(&"x".repeat(5_000))).len() < 2_000);
    for days in ["1", "-1"] {
        let payload = balance(days, None);
        let overdrawn = |audience| told("leave.balance.overdrawn", audience, &payload);
        assert_eq!(overdrawn(Audience::Owner), "Your leave balance is overdrawn by 1 day.");
        assert_eq!(overdrawn(Audience::Office), "A leave balance is overdrawn by 1 day.");
    }
}

#[test]
fn leave_that_is_taken_in_hours_is_told_of_in_hours() {
    let with_unit = |mut payload: Json| {
        payload["unit"] = json!("HOUR");
        payload
    };
    let asked = |hours: &str| with_unit(request("2026-03-09", "2026-03-09", hours));
    for (event, audience, hours, body) in [
        (
            "leave.request.submitted",
            Audience::Approvers,
            "2.5",
            "Leave on 9 March 2026 (2.5 hours) waits for your decision.",
        ),
        (
            "leave.request.submitted",
            Audience::Owner,
            "1.00",
            "Leave on 9 March 2026 (1 hour) was asked for on your behalf.",
        ),
        (
            "leave.request.approved",
            Audience::Owner,
            "8",
            "Your leave on 9 March 2026 (8 hours) was approved.",
        ),
        ("leave.request.rejected", Audience::Owner, "1", "Your leave on 9 March 2026 (1 hour) was rejected."),
        (
            "leave.request.cancelled",
            Audience::Owner,
            "0.25",
            "Your leave on 9 March 2026 (0.25 hours) was cancelled.",
        ),
        (
            "leave.request.adjusted",
            Audience::Owner,
            "1",
            "Your leave on 9 March 2026 was counted again and takes 1 hour now.",
        ),
    ] {
        assert_eq!(told(event, audience, &asked(hours)), body);
    }
    let balance = |hours: &str| with_unit(json!({ "employeeId": Uuid::nil(), "days": hours }));
    let corrected = |hours| told("leave.balance.adjusted", Audience::Owner, &balance(hours));
    assert_eq!(corrected("16"), "Your leave balance was corrected by +16 hours.");
    assert_eq!(corrected("-1"), "Your leave balance was corrected by -1 hour.");
    let overdrawn = told("leave.balance.overdrawn", Audience::Office, &balance("1.5"));
    assert_eq!(overdrawn, "A leave balance is overdrawn by 1.5 hours.");
}

#[test]
fn whoever_is_to_decide_later_hears_of_their_step() {
    let member = MembershipId::new();
    let payload = json!({ "approvalId": Uuid::nil(), "kind": "expense.claim", "subjectId": Uuid::nil(),
        "subjectType": "ExpenseClaim", "step": 2, "assignees": [member] });
    let subject = assigned_step(&payload).unwrap();
    assert_eq!((subject.link_type.as_str(), &subject.approvers[..]), ("ExpenseClaim", &[member][..]));
    assert_eq!(subject.topic, Topic::AsBefore);
    let body = told("approval.step.assigned", Audience::Approvers, &payload);
    assert_eq!(body, "This expense claim waits for your decision.");
}

#[test]
fn a_payload_without_its_request_is_an_error() {
    assert!(leave_request(&json!({ "firstDay": "2026-03-09" })).is_err());
}

#[test]
fn every_type_is_there_once() {
    for kind in CATALOGUE {
        assert_eq!(CATALOGUE.iter().filter(|other| other.key == kind.key).count(), 1, "{}", kind.key);
    }
    assert!(type_of("leave.request.taken").is_none());
}

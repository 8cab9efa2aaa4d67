//! CON-4: what was allowed is only ever added to, and nothing is sent that is not allowed now.

use crate::*;

const FIELDS: &str = "mayReceive(channel: EMAIL, purpose: \"Newsletter\") consents { isGranted source }";

#[tokio::test]
async fn what_was_said_last_holds_and_nothing_of_it_is_ever_changed() {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    let ada = person(&admin, "Ada", "L", json!({})).await;
    assert_eq!(ask(&admin, &ada, FIELDS).await, json!({ "mayReceive": false, "consents": [] }));
    consent(&admin, &ada, true).await.ok();
    assert_eq!(ask(&admin, &ada, FIELDS).await["mayReceive"], true);
    assert_eq!(names(&admin, "mayReceive: { channel: EMAIL, purpose: \"newsletter\" }").await, ["Ada L"]);
    assert!(names(&admin, "mayReceive: { channel: PHONE, purpose: \"newsletter\" }").await.is_empty());
    app.clock.advance(chrono::Duration::minutes(1));
    consent(&admin, &ada, false).await.ok();
    assert_eq!(
        ask(&admin, &ada, FIELDS).await,
        json!({ "mayReceive": false,
        "consents": [{ "isGranted": false, "source": "web form" }, { "isGranted": true, "source": "web form" }] })
    );
    // What is entered late holds from when it was said.
    let late = json!({ "contactId": ada, "channel": "EMAIL", "purpose": "newsletter", "isGranted": true, "source": "call",
        "givenAt": "2026-03-01T12:00:00Z" });
    let document = "mutation($input: ContactConsentInput!) { contactConsentRecord(input: $input) { userErrors { code } } }";
    admin.run_with(document, json!({ "input": late })).await.ok();
    assert_eq!(ask(&admin, &ada, FIELDS).await["mayReceive"], false);
    let ahead = json!({ "contactId": ada, "channel": "EMAIL", "purpose": "a b", "isGranted": true, "source": "call",
        "givenAt": "2026-04-01T12:00:00Z" });
    assert_eq!(admin.run_with(document, json!({ "input": ahead })).await.refusals(), ["DATE_OUT_OF_RANGE"]);
    app.settle().await;
    let changed: Vec<_> = app
        .announced()
        .await
        .into_iter()
        .filter(|(kind, _)| kind == "contact.consent.changed")
        .map(|(_, payload)| payload["isGranted"].clone())
        .collect();
    assert_eq!(changed, [json!(true), json!(false)]);
    for statement in ["update contact.consent set is_granted = true", "delete from contact.consent"] {
        let mut tx = app.system(&owner, "contact").await;
        let refused = sqlx::query(statement).execute(tx.conn()).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{refused}");
    }
}

#[tokio::test]
async fn whoever_wants_to_hear_nothing_or_is_blocked_is_sent_nothing_whatever_they_allowed() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let ada = person(&admin, "Ada", "L", json!({})).await;
    consent(&admin, &ada, true).await.ok();
    for (closed, open) in [
        (json!({ "isDoNotContact": true }), json!({ "isDoNotContact": false })),
        (json!({ "status": "BLOCKED" }), json!({ "status": "ACTIVE" })),
    ] {
        update(&admin, &ada, closed).await.ok();
        assert_eq!(ask(&admin, &ada, FIELDS).await["mayReceive"], false);
        assert!(names(&admin, "mayReceive: { channel: EMAIL, purpose: \"newsletter\" }").await.is_empty());
        update(&admin, &ada, open).await.ok();
        assert_eq!(ask(&admin, &ada, FIELDS).await["mayReceive"], true);
    }
    let report = admin
        .run(
            "{ contactReport { consentCoverage { channel purpose granted withdrawn unknown }
        completeness { total withEmail } growth(months: 2) { month people total } dormantCustomers } }",
        )
        .await
        .ok();
    assert_eq!(
        report["contactReport"],
        json!({
        "consentCoverage": [{ "channel": "EMAIL", "purpose": "newsletter", "granted": 1, "withdrawn": 0, "unknown": 0 }],
        "completeness": { "total": 1, "withEmail": 0 }, "dormantCustomers": 0,
        "growth": report["contactReport"]["growth"] })
    );
}

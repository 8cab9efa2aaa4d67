//! CON-5: nothing is left of who somebody was, unless the law holds it.

use crate::*;

const ERASE: &str = "mutation($input: ContactEraseInput!) { contactErase(input: $input) {
    erasure { contact { id name erasedAt } merged relations consents communications externalIds files } userErrors { code } } }";

async fn erase(client: &Client<'_>, id: &str, dry_run: bool) -> Answer {
    client.run_with(ERASE, json!({ "input": { "contactId": id, "dryRun": dry_run } })).await
}

#[tokio::test]
async fn nothing_is_erased_under_a_legal_hold_and_nothing_is_left_after_it() {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    let ada = person(
        &admin,
        "Ada",
        "Xyzzy",
        json!({ "emails": [{ "value": "ada@xyzzy.example" }], "notes": "xyzzy",
        "externalIds": [{ "system": "shop", "value": "xyzzy" }], "tags": ["xyzzy"] }),
    )
    .await;
    let twin = person(&admin, "Adda", "Xyzzy", json!({ "birthday": "1990-01-01" })).await;
    merge(&admin, &ada, &twin, json!({})).await.ok();
    let consented = "mutation($input: ContactConsentInput!) { contactConsentRecord(input: $input) { userErrors { code } } }";
    let input = json!({ "contactId": twin, "channel": "EMAIL", "purpose": "newsletter", "isGranted": true, "source": "xyzzy", "proof": "xyzzy" });
    admin.run_with(consented, json!({ "input": input })).await.ok();
    admin
        .create(
            "communication",
            json!({ "contactId": ada, "kind": "CALL", "subject": "Xyzzy", "body": "xyzzy" }),
        )
        .await;
    let colleague = owner.colleague(&[Role::Sales]);
    let hold = "mutation($id: ID!) { contactHold(id: $id, input: { reason: \"Lawsuit\" }) { contact { legalHoldReason } userErrors { code } } }";
    assert_eq!(
        admin.run_with(hold, json!({ "id": twin })).await.ok()["contactHold"]["contact"]["legalHoldReason"],
        "Lawsuit"
    );
    assert_eq!(erase(&admin, &ada, true).await.refusals(), ["LEGAL_HOLD"]);
    assert_eq!(erase(&admin, &ada, false).await.refusals(), ["LEGAL_HOLD"]);
    assert_eq!(erase(&app.as_(&colleague), &ada, true).await.codes(), ["FORBIDDEN"]);
    admin.act("contact", "Release", &ada).await.ok();

    let dossier = admin
        .run_with(
            "query($id: ID!) { contactDossier(contactId: $id) { json withheldCommunications } }",
            json!({ "id": ada }),
        )
        .await
        .ok();
    let json: Value = serde_json::from_str(dossier["contactDossier"]["json"].as_str().unwrap()).unwrap();
    for part in ["contacts", "externalIds", "consents", "communications", "history"] {
        assert!(json[part].to_string().to_lowercase().contains("xyzzy"), "{part}: {json:#}");
    }

    let counted = json!({ "merged": 1, "relations": 0, "consents": 1, "communications": 1, "externalIds": 1, "files": 0 });
    let tried = erase(&admin, &twin, true).await.ok()["contactErase"]["erasure"].clone();
    assert_eq!(tried["contact"]["name"], "Ada Xyzzy");
    let done = erase(&admin, &twin, false).await.ok()["contactErase"]["erasure"].clone();
    for (field, count) in counted.as_object().unwrap() {
        assert_eq!((&tried[field], &done[field]), (count, count), "{field}");
    }
    // The ids stay, and lead to what is left.
    for id in [&ada, &twin] {
        let told = ask(
            &admin,
            id,
            "id name erasedAt emails { value } history { nodes { changes { before after } } }",
        )
        .await;
        assert_eq!(
            (&told["id"], &told["name"], &told["emails"]),
            (&json!(ada), &json!("Erased"), &json!([]))
        );
        assert!(!told["erasedAt"].is_null());
        assert!(!told["history"].to_string().to_lowercase().contains("xyzzy"));
    }
    let behind = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    for table in [
        "contact",
        "external_id",
        "relation",
        "consent",
        "communication",
        "merge",
        "audit_log",
        "outbox",
        "idempotency",
        "export",
    ] {
        let sql = format!("select count(*) from contact.{table} t where t::text ilike '%xyzzy%'");
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&behind).await.unwrap();
        assert_eq!(left, 0, "contact.{table}");
    }
    assert_eq!(erase(&admin, &ada, false).await.refusals(), ["CONTACT_ERASED"]);
    assert_eq!(update(&admin, &ada, json!({ "lastName": "Back" })).await.refusals(), ["CONTACT_ERASED"]);
    assert_eq!(consent(&admin, &ada, true).await.refusals(), ["CONTACT_ERASED"]);
    app.settle().await;
    let erased: Vec<_> =
        app.announced().await.into_iter().filter(|(kind, _)| kind == "contact.contact.erased").collect();
    assert_eq!(erased[0].1, json!({ "contactId": ada, "mergedIds": [twin] }));
    let mill = company(&admin, "Mill", json!({})).await;
    assert_eq!(erase(&admin, &mill, false).await.refusals(), ["ONLY_PERSON"]);
}

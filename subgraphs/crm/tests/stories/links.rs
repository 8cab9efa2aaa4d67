//! What this module adds to contacts; and what it follows of them.

use crate::*;

async fn of_contact(client: &Client<'_>, id: &str, fields: &str) -> Value {
    let query = format!(
        "query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Contact {{ {fields} }} }} }}"
    );
    let representation = json!([{ "__typename": "Contact", "id": id }]);
    client.run_with(&query, json!({ "r": representation })).await.ok()["_entities"][0].clone()
}

#[tokio::test]
async fn a_contact_has_deals_what_they_came_to_and_what_is_to_be_done_next_and_so_has_who_is_one_with_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let [ada, twin] =
        [person(&client, "Lovelace", json!({})).await, person(&client, "Byron", json!({})).await];
    let nothing = json!({ "deals": [], "leads": [], "lifetimeValue": [] });
    assert_eq!(
        of_contact(&client, &ada, "deals { id } leads { id } lifetimeValue { amount }").await,
        nothing
    );
    let nobody = uuid::Uuid::now_v7().to_string();
    assert!(of_contact(&client, &nobody, "id").await.is_null());
    let open = deal(&client, "Open", json!({ "amount": "5", "contacts": [{ "contactId": ada }] })).await;
    let won = deal(
        &client,
        "Won",
        json!({ "amount": "7", "companyId": null, "contacts": [{ "contactId": twin }] }),
    )
    .await;
    act(&client, "dealWin", "operation", &won, json!({})).await.ok();
    for (due, subject) in [("2026-03-05T09:00:00Z", "Later"), ("2026-03-03T09:00:00Z", "Next")] {
        client.create("activity", json!({ "subject": subject, "dueAt": due, "dealId": open })).await;
    }
    let fields = "deals { title } leads { name } lifetimeValue { amount } nextActivity { subject }";
    let expected = json!({ "deals": [{ "title": "Open" }], "leads": [], "lifetimeValue": [], "nextActivity": { "subject": "Next" } });
    assert_eq!(of_contact(&client, &ada, fields).await, expected);
    let contacts = client.clone().on("contact");
    let merge =
        "mutation($input: ContactMergeInput!) { contactMerge(input: $input) { userErrors { code } } }";
    contacts.run_with(merge, json!({ "input": { "winnerId": ada, "loserId": twin } })).await.ok();
    app.settle().await;
    for id in [&ada, &twin] {
        let now = of_contact(&client, id, "deals { title } lifetimeValue { amount }").await;
        assert_eq!(
            now,
            json!({ "deals": [{ "title": "Won" }, { "title": "Open" }], "lifetimeValue": [{ "amount": "7.00" }] })
        );
    }
    let listed =
        client.run(&format!("{{ deals(filter: {{ contactId: \"{twin}\" }}) {{ totalCount }} }}")).await.ok();
    assert_eq!(listed["deals"]["totalCount"], 2);
}

#[tokio::test]
async fn who_is_erased_among_the_contacts_is_nobody_here() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let one =
        lead(&client, "Lovelace", json!({ "email": "ada@lovelace.example", "notes": "Countess" })).await;
    let convert = "mutation($id: ID!) { leadConvert(id: $id, input: {}) { operation { contact { id } deal { id } } userErrors { code } } }";
    let done = client.run_with(convert, json!({ "id": one })).await.ok();
    let contact = text(&done["leadConvert"]["operation"]["contact"]["id"]);
    let call = client
        .create("activity", json!({ "kind": "CALL", "subject": "Ada called", "contactId": contact }))
        .await;
    let deal = text(&done["leadConvert"]["operation"]["deal"]["id"]);
    client
        .update("deal", &deal, json!({ "nextStep": "Call Ada Lovelace", "description": "For Ada" }))
        .await
        .ok();
    let lines = json!([{ "description": "Camera", "quantity": "1", "unitPrice": "9" }]);
    let quote = client.create("quote", json!({ "dealId": deal, "recipient": "Ada Lovelace, Weg 1", "terms": "As Ada said", "lines": lines })).await;
    client.act("quote", "Send", &quote).await.ok();
    act(&client, "quoteDecline", "quote", &quote, json!({ "name": "Ada Lovelace", "reason": "Ada is ill" }))
        .await
        .ok();
    let erase = "mutation($id: ID!) { contactErase(input: { contactId: $id }) { userErrors { code } } }";
    let erased = client.clone().on("contact").run_with(erase, json!({ "id": contact })).await;
    assert!(erased.codes().is_empty(), "{erased:?}");
    app.settle().await;
    let now = ask(&client, "lead", &one, "name email notes status").await;
    assert_eq!(now, json!({ "name": "Erased", "email": null, "notes": null, "status": "CONVERTED" }));
    assert_eq!(ask(&client, "activity", &call, "subject").await["subject"], "Erased");
    let now =
        ask(&client, "quote", &quote, "recipient terms declineReason signerName total { amount }").await;
    let gone = json!({ "recipient": null, "terms": null, "declineReason": null, "signerName": "Erased", "total": { "amount": "9.00" } });
    assert_eq!(now, gone);
    let now = ask(&client, "deal", &deal, "number title nextStep description").await;
    assert_eq!(
        (&now["title"], &now["nextStep"], &now["description"]),
        (&now["number"], &Value::Null, &Value::Null)
    );
    let left = "select count(*) from crm.audit_log where (coalesce(before, '{}') || coalesce(after, '{}'))::text ilike '%lovelace%'
        and table_name in ('lead', 'activity', 'quote', 'deal')";
    assert_eq!(scalar(&app, left).await, 0);
}

#[tokio::test]
async fn nothing_new_is_said_of_a_contact_that_is_archived_nor_of_a_person_as_a_company() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let [ada, ltd] = [person(&client, "Lovelace", json!({})).await, company(&client, "Lovelace Ltd").await];
    let open =
        deal(&client, "Open", json!({ "amount": "5", "companyId": ltd, "contacts": [{ "contactId": ada }] }))
            .await;
    let refused = async |input: Value| {
        let made = client.try_create("deal", with(json!({ "title": "X" }), input)).await;
        made.refusals().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(refused(json!({ "companyId": ada })).await, ["NO_COMPANY"]);
    for id in [&ada, &ltd] {
        client.clone().on("contact").act("contact", "Archive", id).await.ok();
    }
    assert_eq!(refused(json!({ "companyId": ltd })).await, ["CONTACT_NOT_FOUND"]);
    assert_eq!(refused(json!({ "contacts": [{ "contactId": ada }] })).await, ["CONTACT_NOT_FOUND"]);
    let call = json!({ "kind": "CALL", "subject": "Hello", "contactId": ada });
    assert_eq!(client.try_create("activity", call).await.refusals(), ["CONTACT_NOT_FOUND"]);
    // What was said before stays, and may be said again.
    client
        .update(
            "deal",
            &open,
            json!({ "companyId": ltd, "contacts": [{ "contactId": ada, "role": "USER" }] }),
        )
        .await
        .ok();
}

#[tokio::test]
async fn nothing_new_is_said_of_a_product_that_is_not_there() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let nothing = uuid::Uuid::now_v7().to_string();
    let line = |field: &str| {
        json!([with(
            json!({ "description": "X", "quantity": "1", "unitPrice": "1" }),
            json!({ field: nothing })
        )])
    };
    let form = json!({ "name": "F", "fields": ["NAME", "EMAIL"], "productIds": [nothing] });
    let rule = json!({ "name": "R", "memberIds": [admin.member().membership_id], "productId": nothing });
    for (noun, input, code) in [
        ("deal", json!({ "title": "X", "lines": line("productId") }), "PRODUCT_NOT_FOUND"),
        ("deal", json!({ "title": "X", "lines": line("variantId") }), "VARIANT_NOT_FOUND"),
        ("lead", json!({ "lastName": "X", "productIds": [nothing] }), "PRODUCT_NOT_FOUND"),
        ("webForm", form, "PRODUCT_NOT_FOUND"),
        ("assignmentRule", rule, "PRODUCT_NOT_FOUND"),
    ] {
        assert_eq!(client.try_create(noun, input).await.refusals(), [code], "{noun}");
    }
    let open = deal(&client, "Open", json!({})).await;
    let quote = json!({ "dealId": open, "lines": line("productId") });
    assert_eq!(client.try_create("quote", quote).await.refusals(), ["PRODUCT_NOT_FOUND"]);
}

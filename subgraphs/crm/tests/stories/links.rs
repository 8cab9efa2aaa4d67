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
    assert!(of_contact(&client, &ada, "id").await.is_null());
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
    let convert = "mutation($id: ID!) { leadConvert(id: $id, input: {}) { operation { contact { id } } userErrors { code } } }";
    let done = client.run_with(convert, json!({ "id": one })).await.ok();
    let contact = text(&done["leadConvert"]["operation"]["contact"]["id"]);
    let call = client
        .create("activity", json!({ "kind": "CALL", "subject": "Ada called", "contactId": contact }))
        .await;
    let erase = "mutation($id: ID!) { contactErase(input: { contactId: $id }) { userErrors { code } } }";
    let erased = client.clone().on("contact").run_with(erase, json!({ "id": contact })).await;
    assert!(erased.codes().is_empty(), "{erased:?}");
    app.settle().await;
    let now = ask(&client, "lead", &one, "name email notes status").await;
    assert_eq!(now, json!({ "name": "Erased", "email": null, "notes": null, "status": "CONVERTED" }));
    assert_eq!(ask(&client, "activity", &call, "subject").await["subject"], "Erased");
    let left = "select count(*) from crm.audit_log where (coalesce(before, '{}') || coalesce(after, '{}'))::text ilike '%lovelace%'
        and table_name in ('lead', 'activity')";
    assert_eq!(scalar(&app, left).await, 0);
}

//! CON-2: two that are one, found by either id for ever, and parted again.

use crate::*;

#[tokio::test]
async fn a_merge_says_what_it_would_do_and_does_what_was_chosen() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let winner = person(
        &admin,
        "Ada",
        "Love",
        json!({ "jobTitle": "Miller", "tags": ["a"], "notes": "Mine.",
        "emails": [{ "value": "ada@x.example" }] }),
    )
    .await;
    let loser = person(
        &admin,
        "Ada",
        "Lovelace",
        json!({ "jobTitle": "Baker", "tags": ["b"], "notes": "Theirs.", "taxId": "ATU1",
        "emails": [{ "value": "ada@x.example" }, { "value": "love@x.example" }], "isDoNotContact": true }),
    )
    .await;
    let choices = json!([{ "field": "LAST_NAME", "side": "LOSER" }]);
    let tried = merge(&admin, &winner, &loser, json!({ "choices": choices, "dryRun": true })).await.ok();
    let result = &tried["contactMerge"]["result"];
    assert_eq!(result["contact"]["name"], "Ada Lovelace");
    assert_eq!(result["merge"], Value::Null);
    let fields: Vec<_> =
        result["changes"].as_array().unwrap().iter().map(|change| text(&change["field"])).collect();
    assert_eq!(fields, ["LAST_NAME", "EMAILS", "TAX_ID", "IS_DO_NOT_CONTACT", "NOTES", "TAGS"]);
    assert_eq!(ask(&admin, &winner, "name").await["name"], "Ada Love");
    let both = json!({ "choices": [{ "field": "JOB_TITLE", "side": "BOTH" }] });
    assert_eq!(merge(&admin, &winner, &loser, both).await.refusals(), ["ONE_SIDE"]);

    merge(&admin, &winner, &loser, json!({ "choices": choices })).await.ok();
    let told = ask(&admin, &winner, "name jobTitle taxId tags notes isDoNotContact emails { value isPrimary } merges { loserName undoneAt }").await;
    assert_eq!(
        told,
        json!({ "name": "Ada Lovelace", "jobTitle": "Miller", "taxId": "ATU1", "tags": ["a", "b"],
        "notes": "Mine.\n\nTheirs.", "isDoNotContact": true,
        "emails": [{ "value": "ada@x.example", "isPrimary": true }, { "value": "love@x.example", "isPrimary": false }],
        "merges": [{ "loserName": "Ada Lovelace", "undoneAt": null }] })
    );
    let company = company(&admin, "Mill", json!({})).await;
    assert_eq!(merge(&admin, &winner, &company, json!({})).await.refusals(), ["OTHER_KIND"]);
    assert_eq!(merge(&admin, &winner, &loser, json!({})).await.refusals(), ["SAME_CONTACT"]);
}

#[tokio::test]
async fn no_merge_loses_a_block_or_a_wish_to_hear_nothing_unless_somebody_chooses_so() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let winner = person(&admin, "Ada", "Love", json!({})).await;
    let strict = json!({ "status": "BLOCKED", "isDoNotContact": true });
    let loser = person(&admin, "Ada", "Love", strict).await;
    let changes = |answer: Value| answer["contactMerge"]["result"]["changes"].clone();
    let choices =
        json!([{ "field": "STATUS", "side": "WINNER" }, { "field": "IS_DO_NOT_CONTACT", "side": "WINNER" }]);
    let chosen = merge(&admin, &winner, &loser, json!({ "choices": choices, "dryRun": true })).await.ok();
    assert_eq!(changes(chosen), json!([]));
    let both = json!({ "choices": [{ "field": "STATUS", "side": "BOTH" }] });
    assert_eq!(merge(&admin, &winner, &loser, both).await.refusals(), ["ONE_SIDE"]);
    let told = json!([{ "field": "STATUS", "before": "ACTIVE", "after": "BLOCKED" },
        { "field": "IS_DO_NOT_CONTACT", "before": "false", "after": "true" }]);
    let dry = merge(&admin, &winner, &loser, json!({ "dryRun": true })).await.ok();
    assert_eq!(changes(dry), told);
    let merged = merge(&admin, &winner, &loser, json!({})).await.ok();
    let id = merge_id(&merged);
    assert_eq!(changes(merged), told);
    let fields = "status isDoNotContact";
    assert_eq!(ask(&admin, &winner, fields).await, json!({ "status": "BLOCKED", "isDoNotContact": true }));
    undo(&admin, &id).await.ok();
    assert_eq!(ask(&admin, &winner, fields).await, json!({ "status": "ACTIVE", "isDoNotContact": false }));
    // Nor does it lose the winner's.
    merge(&admin, &loser, &winner, json!({})).await.ok();
    assert_eq!(ask(&admin, &loser, fields).await, json!({ "status": "BLOCKED", "isDoNotContact": true }));
}

#[tokio::test]
async fn the_losers_id_leads_to_the_winner_in_every_way_for_ever() {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    let ids = [
        person(&admin, "A", "One", json!({})).await,
        person(&admin, "B", "Two", json!({})).await,
        person(&admin, "C", "Three", json!({})).await,
    ];
    let [first, second, third] = &ids;
    consent(&admin, first, true).await.ok();
    let shop = json!({ "externalIds": [{ "system": "shop", "value": "1" }] });
    update(&admin, second, shop).await.ok();
    merge(&admin, second, first, json!({})).await.ok();
    merge(&admin, third, second, json!({})).await.ok();
    for id in &ids {
        let told = ask(
            &admin,
            id,
            "id name externalIds { value } consents { isGranted }
            mayReceive(channel: EMAIL, purpose: \"newsletter\")",
        )
        .await;
        assert_eq!(
            told,
            json!({ "id": third, "name": "C Three", "externalIds": [{ "value": "1" }],
            "consents": [{ "isGranted": true }], "mayReceive": true }),
            "{id}"
        );
    }
    let representations: Vec<_> = ids.iter().map(|id| json!({ "__typename": "Contact", "id": id })).collect();
    let entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Contact { id name } } }";
    let found = admin.run_with(entities, json!({ "r": representations })).await.ok();
    assert_eq!(found["_entities"], json!(vec![json!({ "id": third, "name": "C Three" }); 3]));
    let wanted: Vec<_> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    assert_eq!(names(&admin, &format!("ids: [{}]", wanted.join(","))).await, ["C Three"]);
    assert_eq!(names(&admin, "").await, ["C Three"]);
    // What somebody does by the old id is done with the one that stays.
    update(&admin, first, json!({ "jobTitle": "Miller" })).await.ok();
    assert_eq!(ask(&admin, third, "jobTitle").await["jobTitle"], "Miller");
    app.settle().await;
    let merged: Vec<_> =
        app.announced().await.into_iter().filter(|(kind, _)| kind == "contact.contact.merged").collect();
    assert_eq!(merged[0].1, json!({ "contactId": second, "loserId": first }));
    assert_eq!(merged[1].1, json!({ "contactId": third, "loserId": second }));
}

#[tokio::test]
async fn of_two_who_merge_the_same_two_at_once_either_way_one_does() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    for _ in 0..8 {
        let (one, other) =
            (person(&admin, "A", "One", json!({})).await, person(&admin, "B", "Two", json!({})).await);
        let (first, second) =
            tokio::join!(merge(&admin, &one, &other, json!({})), merge(&admin, &other, &one, json!({})));
        let mut refused = [first.refusals(), second.refusals()].concat();
        refused.sort_unstable();
        assert_eq!(refused, ["SAME_CONTACT"]);
        assert_eq!(ask(&admin, &one, "id").await["id"], ask(&admin, &other, "id").await["id"]);
    }
}

async fn undo(client: &Client<'_>, merge: &str) -> Answer {
    let document =
        "mutation($id: ID!) { contactUnmerge(id: $id) { contact { id name } userErrors { code } } }";
    client.run_with(document, json!({ "id": merge })).await
}

fn merge_id(merged: &Value) -> String {
    text(&merged["contactMerge"]["result"]["merge"]["id"])
}

#[tokio::test]
async fn what_was_merged_is_parted_again_for_thirty_days_and_what_changed_since_stays() {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    let winner = person(&admin, "Ada", "Love", json!({ "notes": "Mine." })).await;
    let loser = person(
        &admin,
        "Eva",
        "Hate",
        json!({ "notes": "Theirs.", "jobTitle": "Baker", "taxId": "ATU1",
        "externalIds": [{ "system": "shop", "value": "2" }] }),
    )
    .await;
    consent(&admin, &loser, true).await.ok();
    let merged = merge_id(&merge(&admin, &winner, &loser, json!({})).await.ok());
    update(&admin, &winner, json!({ "jobTitle": "Head baker" })).await.ok();
    let parted = undo(&admin, &merged).await.ok();
    assert_eq!(parted["contactUnmerge"]["contact"], json!({ "id": loser, "name": "Eva Hate" }));
    let fields =
        "name notes jobTitle taxId externalIds { value } mayReceive(channel: EMAIL, purpose: \"newsletter\")";
    assert_eq!(
        ask(&admin, &winner, fields).await,
        json!({ "name": "Ada Love", "notes": "Mine.", "jobTitle": "Head baker",
        "taxId": null, "externalIds": [], "mayReceive": false })
    );
    assert_eq!(
        ask(&admin, &loser, fields).await,
        json!({ "name": "Eva Hate", "notes": "Theirs.", "jobTitle": "Baker",
        "taxId": "ATU1", "externalIds": [{ "value": "2" }], "mayReceive": true })
    );
    assert_eq!(undo(&admin, &merged).await.refusals(), ["MERGE_UNDONE"]);

    let again = merge_id(&merge(&admin, &winner, &loser, json!({})).await.ok());
    let third = person(&admin, "Cy", "Third", json!({})).await;
    let further = merge_id(&merge(&admin, &third, &winner, json!({})).await.ok());
    assert_eq!(undo(&admin, &again).await.refusals(), ["MERGED_FURTHER"]);
    undo(&admin, &further).await.ok();
    app.clock.advance(chrono::Duration::days(31));
    assert_eq!(undo(&admin, &again).await.refusals(), ["MERGE_TOO_OLD"]);
    assert_eq!(ask(&admin, &loser, "name").await["name"], "Ada Love");
}

#[tokio::test]
async fn companies_that_become_one_belong_to_themselves_in_no_way() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let top = company(&admin, "Top", json!({})).await;
    let middle = company(&admin, "Middle", json!({ "parentCompanyId": top })).await;
    let low = company(&admin, "Low", json!({ "parentCompanyId": middle })).await;
    assert_eq!(merge(&admin, &low, &top, json!({})).await.refusals(), ["COMPANY_CYCLE"]);
    // Into what belonged to it directly: then it belongs to nobody.
    merge(&admin, &middle, &top, json!({})).await.ok();
    assert_eq!(ask(&admin, &middle, "parentCompany { id }").await["parentCompany"], Value::Null);
    assert_eq!(ask(&admin, &low, "parentCompany { name }").await["parentCompany"]["name"], "Middle");
    // Whoever names the one that is gone belongs to the one that stays.
    let late = company(&admin, "Late", json!({ "parentCompanyId": top })).await;
    assert_eq!(ask(&admin, &late, "parentCompany { id }").await["parentCompany"]["id"], json!(middle));
    assert_eq!(names(&admin, &format!("parentCompanyId: \"{top}\"")).await, ["Late", "Low"]);
}

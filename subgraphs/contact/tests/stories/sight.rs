//! Whose contacts one sees: one's own, a team's and nobody's, or all.

use std::collections::BTreeSet;

use crate::*;

async fn employ(app: &App, person: &Person, id: &str, manager: Option<&str>) {
    let behind = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    sqlx::query(
        "insert into people.employee (id, organization_id, membership_id, manager_id, joined_on, time_zone)
        values ($1::uuid, $2, $3, $4::uuid, '2026-01-01', 'UTC')",
    )
    .bind(id)
    .bind(uuid::Uuid::from(person.member().organization_id))
    .bind(person.member().membership_id.0)
    .bind(manager)
    .execute(&behind)
    .await
    .unwrap();
}

#[tokio::test]
async fn sales_sees_its_own_its_teams_and_nobodys_and_a_client_only_itself() {
    let (app, owner) = office().await;
    let boss = "01900000-0000-7000-8000-000000000001";
    let [lead, rep, other, client, member] =
        [Role::Manager, Role::Sales, Role::Sales, Role::Client, Role::Member]
            .map(|role| owner.colleague(&[role]));
    for person in [&owner, &lead, &rep, &other, &client, &member] {
        app.join(person).await;
    }
    employ(&app, &lead, boss, None).await;
    employ(&app, &rep, "01900000-0000-7000-8000-000000000002", Some(boss)).await;
    let admin = app.as_(&owner);
    let mine = person(&app.as_(&rep), "A", "Rep", json!({})).await;
    person(&app.as_(&lead), "B", "Lead", json!({})).await;
    let theirs = person(
        &app.as_(&other),
        "C",
        "Other",
        json!({ "taxId": "ATU99", "emails": [{ "value": "c@x.example" }] }),
    )
    .await;
    let pool = person(&admin, "D", "Pool", json!({})).await;
    update(&admin, &pool, json!({ "ownerId": null })).await.ok();
    let portal =
        person(&admin, "E", "Portal", json!({ "membershipId": client.member().membership_id })).await;
    let seen = |person: &Person| {
        let client = app.as_(person);
        async move { names(&client, "").await }
    };
    assert_eq!(seen(&owner).await, ["B Lead", "C Other", "D Pool", "E Portal", "A Rep"]);
    assert_eq!(seen(&lead).await, ["B Lead", "D Pool", "A Rep"]);
    assert_eq!(seen(&rep).await, ["D Pool", "A Rep"]);
    assert_eq!(seen(&other).await, ["C Other", "D Pool"]);
    assert_eq!(seen(&client).await, ["E Portal"]);
    assert!(seen(&member).await.is_empty());
    // What one does not see is not there, and still nobody makes it twice.
    let rep_client = app.as_(&rep);
    assert!(ask(&rep_client, &theirs, "id").await.is_null());
    assert_eq!(update(&rep_client, &theirs, json!({ "jobTitle": "X" })).await.codes(), ["NOT_FOUND"]);
    assert_eq!(try_company(&rep_client, "X", json!({ "taxId": "ATU99" })).await.refusals(), ["TAX_ID_TAKEN"]);
    let looked = rep_client
        .run("{ contactDuplicates(input: { emails: [\"c@x.example\"] }) { contact { id } reasons } }")
        .await
        .ok();
    assert_eq!(looked["contactDuplicates"], json!([{ "contact": null, "reasons": ["EMAIL"] }]));
    // Nobody gives a contact where they would not see it any more.
    let give = |to: &Person| json!({ "ownerId": to.member().membership_id });
    assert_eq!(update(&rep_client, &mine, give(&other)).await.refusals(), ["OWNER_OUT_OF_SIGHT"]);
    assert_eq!(update(&rep_client, &mine, give(&client)).await.refusals(), ["MEMBER_NOT_FOUND"]);
    update(&app.as_(&lead), &mine, give(&lead)).await.ok();
    assert_eq!(seen(&rep).await, ["D Pool"]);
    // A merged one is seen with what it was merged into.
    merge(&admin, &theirs, &pool, json!({})).await.ok();
    assert!(ask(&rep_client, &pool, "id").await.is_null());
    assert_eq!(ask(&app.as_(&other), &pool, "name").await["name"], "C Other");
    // A client changes nothing, merges nothing, takes nothing out.
    let portal_client = app.as_(&client);
    assert_eq!(update(&portal_client, &portal, json!({ "jobTitle": "X" })).await.codes(), ["FORBIDDEN"]);
    assert_eq!(portal_client.run("{ contactsExport { csv } }").await.codes(), ["FORBIDDEN"]);
    assert_eq!(rep_client.run("{ contactsExport { csv } }").await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn whoever_sees_only_themselves_is_not_told_what_the_organization_notes_of_them() {
    let (app, owner) = office().await;
    let [rep, client] = [Role::Sales, Role::Client].map(|role| owner.colleague(&[role]));
    for person in [&owner, &rep, &client] {
        app.join(person).await;
    }
    let noted =
        json!({ "membershipId": client.member().membership_id, "notes": "Pays late.", "tags": ["VIP"] });
    let portal = person(&app.as_(&rep), "E", "Portal", noted).await;
    update(&app.as_(&rep), &portal, json!({ "notes": "Pays later still." })).await.ok();
    let fields = "name notes tags owner { id } history(first: 5) { nodes { changes { field } } }";
    let own = ask(&app.as_(&client), &portal, fields).await;
    assert_eq!(
        own,
        json!({ "name": "E Portal", "notes": null, "tags": [], "owner": null, "history": { "nodes": [] } })
    );
    let told = ask(&app.as_(&rep), &portal, fields).await;
    assert_eq!((&told["notes"], &told["tags"]), (&json!("Pays later still."), &json!(["VIP"])));
    assert_eq!(told["owner"]["id"], json!(rep.member().membership_id));
    assert!(told["history"].to_string().contains("\"notes\""), "{told}");
    for filter in ["tag: \"VIP\"", "isOwned: true"] {
        let query = format!("{{ contacts(filter: {{ {filter} }}) {{ totalCount }} }}");
        assert_eq!(app.as_(&client).run(&query).await.codes(), ["FORBIDDEN"], "{filter}");
        assert_eq!(app.as_(&rep).run(&query).await.ok()["contacts"]["totalCount"], 1, "{filter}");
    }
}

#[tokio::test]
async fn other_modules_are_told_of_the_contacts_that_whoever_asks_sees_here() {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    app.join(&owner).await;
    let boss = "01900000-0000-7000-8000-000000000001";
    let people = Role::ALL.map(|role| owner.colleague(&[role]));
    for one in &people {
        app.join(one).await;
    }
    employ(&app, &people[2], boss, None).await;
    employ(&app, &people[5], "01900000-0000-7000-8000-000000000002", Some(boss)).await;
    for one in &people {
        let of = json!({ "ownerId": one.member().membership_id });
        if !matches!(one.member().roles[0], Role::Client | Role::Supplier) {
            person(&admin, "Of", one.member().roles[0].as_str(), of).await;
        }
    }
    let portal = json!({ "membershipId": people[8].member().membership_id });
    person(&admin, "The", "client", portal).await;
    let pool = person(&admin, "Of", "nobody", json!({})).await;
    update(&admin, &pool, json!({ "ownerId": null })).await.ok();
    for one in &people {
        let seen = app.as_(one).run("{ contacts(first: 100) { nodes { id } } }").await.ok();
        let seen = seen["contacts"]["nodes"].as_array().unwrap().iter();
        let seen: BTreeSet<String> = seen.map(|node| text(&node["id"])).collect();
        // As another module asks, in a transaction of the caller's own that changes something.
        let mut tx = app.published(one, "contact").await;
        let asked =
            "select p.id::text from contact.parties_in_sight(array(select id from contact.contact)) p";
        let told: Vec<String> = sqlx::query_scalar(asked).fetch_all(tx.conn()).await.unwrap();
        assert_eq!(BTreeSet::from_iter(told), seen, "{:?}", one.member().roles);
    }
}

//! CON-6: what was said and written, and who sees it.

use crate::*;

#[tokio::test]
async fn a_private_mail_is_seen_by_those_who_took_part_and_by_nobody_else() {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    let (writer, reader, keeper) =
        (owner.colleague(&[Role::Sales]), owner.colleague(&[Role::Admin]), owner.colleague(&[Role::Sales]));
    for member in [&owner, &writer, &reader, &keeper] {
        app.join(member).await;
    }
    let ada = person(&admin, "Ada", "L", json!({})).await;
    update(&admin, &ada, json!({ "ownerId": null })).await.ok();
    let talk = |visibility: &str| {
        json!({ "contactId": ada, "kind": "EMAIL", "direction": "IN", "subject": visibility,
        "visibility": visibility, "participantIds": [reader.member().membership_id] })
    };
    let mut ids = Vec::new();
    for visibility in ["EVERYBODY", "OWNER", "PARTICIPANTS"] {
        ids.push(app.as_(&writer).create("communication", talk(visibility)).await);
    }
    update(&admin, &ada, json!({ "ownerId": keeper.member().membership_id })).await.ok();
    let seen = |person: &Person| {
        let (client, ids, ada) = (app.as_(person), ids.clone(), ada.clone());
        async move {
            let listed = client
                .run("{ communications(first: 10, sort: OCCURRED_AT) { totalCount nodes { subject } } }")
                .await
                .ok();
            let mut listed: Vec<_> = listed["communications"]["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| text(&node["subject"]))
                .collect();
            listed.sort_unstable();
            let told = ask(&client, &ada, "timeline { nodes { subject } }").await;
            let timeline = told["timeline"]["nodes"].as_array().map_or(0, Vec::len);
            let mut found = 0;
            for id in &ids {
                let one = client
                    .run_with("query($id: ID!) { communication(id: $id) { id } }", json!({ "id": id }))
                    .await
                    .ok();
                found += usize::from(!one["communication"].is_null());
            }
            assert_eq!((timeline, found), (listed.len(), listed.len()));
            listed
        }
    };
    assert_eq!(seen(&reader).await, ["EVERYBODY", "OWNER", "PARTICIPANTS"]);
    assert_eq!(seen(&keeper).await, ["EVERYBODY", "OWNER"]);
    // Not even an administrator, nor the owner of the organization.
    assert_eq!(seen(&owner).await, ["EVERYBODY"]);
    let boss = owner.colleague(&[Role::Owner]);
    assert_eq!(seen(&boss).await, ["EVERYBODY"]);
    let dossier = admin
        .run_with(
            "query($id: ID!) { contactDossier(contactId: $id) { withheldCommunications } }",
            json!({ "id": ada }),
        )
        .await
        .ok();
    assert_eq!(dossier["contactDossier"]["withheldCommunications"], 2);
    assert_eq!(
        app.as_(&owner).update("communication", &ids[2], json!({ "subject": "Mine" })).await.codes(),
        ["NOT_FOUND"]
    );
}

#[tokio::test]
async fn a_talk_is_noted_at_the_contact_and_a_mail_once() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let ada = person(&admin, "Ada", "L", json!({ "roles": ["CUSTOMER"] })).await;
    assert_eq!(names(&admin, "contactedBefore: \"2026-03-01T00:00:00Z\"").await, ["Ada L"]);
    let mail = json!({ "contactId": ada, "kind": "EMAIL", "subject": "Offer", "reference": "<1@x>", "occurredAt": "2026-03-01T12:00:00Z" });
    admin.create("communication", mail.clone()).await;
    assert_eq!(admin.try_create("communication", mail).await.refusals(), ["REFERENCE_TAKEN"]);
    let ahead =
        json!({ "contactId": ada, "kind": "CALL", "subject": "Later", "occurredAt": "2026-03-09T12:00:00Z" });
    assert_eq!(admin.try_create("communication", ahead).await.refusals(), ["DATE_OUT_OF_RANGE"]);
    let gone = person(&admin, "Eva", "Gone", json!({})).await;
    admin.act("contact", "Archive", &gone).await.ok();
    let late = json!({ "contactId": gone, "kind": "CALL", "subject": "Late" });
    assert_eq!(admin.try_create("communication", late).await.refusals(), ["CONTACT_NOT_FOUND"]);
    let version = ask(&admin, &ada, "version lastContactedAt").await;
    assert_eq!(version, json!({ "version": 1, "lastContactedAt": "2026-03-01T12:00:00+00:00" }));
    admin.create("communication", json!({ "contactId": ada, "kind": "NOTE", "subject": "Nice" })).await;
    assert_eq!(ask(&admin, &ada, "lastContactedAt").await["lastContactedAt"], "2026-03-01T12:00:00+00:00");
    assert!(names(&admin, "contactedBefore: \"2026-03-01T00:00:00Z\"").await.is_empty());
    assert_eq!(names(&admin, "contactedAfter: \"2026-03-01T00:00:00Z\"").await, ["Ada L"]);
    let found = admin.run(&format!("{{ communications(filter: {{ contactId: \"{ada}\", search: \"off\" }}) {{ nodes {{ subject contact {{ name }} }} }} }}")).await.ok();
    assert_eq!(
        found["communications"]["nodes"],
        json!([{ "subject": "Offer", "contact": { "name": "Ada L" } }])
    );
}

//! Whose leads and deals one sees: one's own, a team's and nobody's, or all.

use crate::*;

async fn employ(app: &App, person: &Person, id: &str, manager: Option<&str>) {
    sqlx::query(
        "insert into people.employee (id, organization_id, membership_id, manager_id, joined_on, time_zone)
        values ($1::uuid, $2, $3, $4::uuid, '2026-01-01', 'UTC')",
    )
    .bind(id)
    .bind(uuid::Uuid::from(person.member().organization_id))
    .bind(person.member().membership_id.0)
    .bind(manager)
    .execute(&behind(app).await)
    .await
    .unwrap();
}

#[tokio::test]
async fn sales_sees_its_own_deals_and_its_leads_and_a_manager_those_of_the_team() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let boss = "01900000-0000-7000-8000-000000000001";
    let [lead_of_team, rep, other, member] =
        [Role::Manager, Role::Sales, Role::Sales, Role::Member].map(|role| admin.colleague(&[role]));
    for person in [&lead_of_team, &rep, &other, &member] {
        app.join(person).await;
    }
    employ(&app, &lead_of_team, boss, None).await;
    employ(&app, &rep, "01900000-0000-7000-8000-000000000002", Some(boss)).await;
    let mine = deal(&app.as_(&rep), "Rep", json!({ "amount": "10" })).await;
    let theirs = deal(&app.as_(&other), "Other", json!({ "amount": "20" })).await;
    let of_nobody = deal(&client, "Nobody", json!({})).await;
    client.update("deal", &of_nobody, json!({ "ownerId": null })).await.ok();
    lead(&app.as_(&rep), "Rep", json!({})).await;
    lead(&app.as_(&other), "Other", json!({})).await;
    let of_nobody = lead(&client, "Nobody", json!({})).await;
    client.update("lead", &of_nobody, json!({ "ownerId": null })).await.ok();
    let seen = async |person: &Person| {
        let data = app.as_(person).run("{ deals(sort: TITLE) { totalCount nodes { title } } leads(sort: NAME) { nodes { lastName } } }").await.ok();
        let names = |list: &str, field: &str| -> Vec<String> {
            data[list]["nodes"].as_array().unwrap().iter().map(|node| text(&node[field])).collect()
        };
        assert_eq!(data["deals"]["totalCount"].as_u64().unwrap(), names("deals", "title").len() as u64);
        (names("deals", "title"), names("leads", "lastName"))
    };
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(seen(&admin).await, (list(&["Nobody", "Other", "Rep"]), list(&["Nobody", "Other", "Rep"])));
    assert_eq!(seen(&lead_of_team).await, (list(&["Nobody", "Rep"]), list(&["Nobody", "Rep"])));
    assert_eq!(seen(&rep).await, (list(&["Rep"]), list(&["Nobody", "Rep"])));
    assert_eq!(seen(&other).await, (list(&["Other"]), list(&["Nobody", "Other"])));
    assert_eq!(app.as_(&member).run("{ deals { nodes { id } } }").await.codes(), ["FORBIDDEN"]);
    // Neither by id, nor to be changed, nor what belongs to it, nor in sums.
    let of_rep = app.as_(&rep);
    assert!(ask(&of_rep, "deal", &theirs, "id").await.is_null());
    assert_eq!(of_rep.update("deal", &theirs, json!({ "amount": "1" })).await.codes(), ["NOT_FOUND"]);
    assert_eq!(of_rep.try_create("quote", json!({ "dealId": theirs })).await.refusals(), ["DEAL_NOT_FOUND"]);
    let sums = of_rep
        .run(
            "{ salesReport { outcomes(from: \"2026-01-01\", to: \"2026-12-31\") { dealCount } }
        forecast(input: { from: \"2026-01-01\", to: \"2026-12-31\" }) { dealCount } }",
        )
        .await
        .ok();
    assert_eq!(sums["forecast"], json!([{ "dealCount": 1 }]));
    // Nobody gives a deal where they would not see it any more.
    let give = |to: &Person| json!({ "ownerId": to.member().membership_id });
    assert_eq!(of_rep.update("deal", &mine, give(&other)).await.refusals(), ["OWNER_OUT_OF_SIGHT"]);
    assert_eq!(
        of_rep.update("deal", &mine, json!({ "ownerId": null })).await.refusals(),
        ["OWNER_OUT_OF_SIGHT"]
    );
    app.as_(&lead_of_team).update("deal", &mine, give(&lead_of_team)).await.ok();
    assert!(seen(&rep).await.0.is_empty());
}

#[tokio::test]
async fn nobody_names_a_contact_that_a_colleague_keeps_and_learns_that_there_is_one() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let boss = "01900000-0000-7000-8000-000000000001";
    let [leading, rep, other] =
        [Role::Manager, Role::Sales, Role::Sales].map(|role| admin.colleague(&[role]));
    for person in [&leading, &rep, &other] {
        app.join(person).await;
    }
    employ(&app, &leading, boss, None).await;
    employ(&app, &other, "01900000-0000-7000-8000-000000000002", Some(boss)).await;
    let of_rep = app.as_(&rep);
    let of_other = app.as_(&other);
    let kept = company(&of_other, "Kept Ltd").await;
    let ada = person(&of_other, "Lovelace", json!({})).await;
    let nothing = uuid::Uuid::now_v7().to_string();
    let one = lead(&of_rep, "Byron", json!({ "companyName": "Kept Ltd" })).await;
    let convert = async |id: &str| {
        let input = json!({ "companyId": id, "dryRun": true });
        act(&of_rep, "leadConvert", "operation", &one, input).await
    };
    for id in [&kept, &ada] {
        for (noun, about, field) in [("deal", "title", "companyId"), ("activity", "subject", "contactId")] {
            let naming = async |id: &str| of_rep.try_create(noun, json!({ about: "X", field: id })).await;
            let refused = naming(id).await;
            assert_eq!(refused.refusals(), ["CONTACT_NOT_FOUND"], "{noun}");
            assert_eq!(refused, naming(&nothing).await, "{noun}");
        }
        let with_contact = async |id: &str| {
            of_rep.try_create("deal", json!({ "title": "X", "contacts": [{ "contactId": id }] })).await
        };
        assert_eq!(with_contact(id).await.refusals(), ["CONTACT_NOT_FOUND"]);
        assert_eq!(with_contact(id).await, with_contact(&nothing).await);
        assert_eq!(convert(id).await.refusals(), ["CONTACT_NOT_FOUND"]);
        assert_eq!(convert(id).await, convert(&nothing).await);
    }
    // Whoever sees it names it: whose it is, whom they report to, who sees all.
    for sees in [&of_other, &app.as_(&leading), &client] {
        deal(sees, "Named", json!({ "companyId": kept, "contacts": [{ "contactId": ada }] })).await;
    }
    // A lead that is theirs becomes what there is, and what is nobody's is named by anybody who sells.
    let done = act(&of_rep, "leadConvert", "operation", &one, json!({})).await.ok();
    let id = text(&done["leadConvert"]["operation"]["id"]);
    let found = ask(&of_rep, "operation", &id, "state company { id }").await;
    assert_eq!(found, json!({ "state": "DONE", "company": { "id": kept } }));
    client.clone().on("contact").update("contact", &kept, json!({ "ownerId": null })).await.ok();
    deal(&of_rep, "Nobody's", json!({ "companyId": kept })).await;
}

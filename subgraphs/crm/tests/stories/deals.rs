//! Deals: stages, lines, contacts, what becomes of them.

use crate::*;

/// CRM-2.
#[tokio::test]
async fn a_stage_asks_for_what_must_be_known_and_is_as_likely_as_it_says_unless_somebody_says_otherwise() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let proposal = way.stage("Proposal").to_owned();
    let wanted = json!({ "requiredFields": ["AMOUNT", "CONTACT", "EXPECTED_CLOSE"], "probability": "45" });
    client.update("stage", &proposal, wanted).await.ok();
    let id = deal(&client, "Cameras", json!({})).await;
    let fields = "stage { name } probability isProbabilityOverridden";
    let now = ask(&client, "deal", &id, fields).await;
    assert_eq!(
        now,
        json!({ "stage": { "name": "Qualification" }, "probability": "10", "isProbabilityOverridden": false })
    );
    let to_proposal = json!({ "stageId": proposal });
    let refused = act(&client, "dealMove", "deal", &id, to_proposal.clone()).await;
    assert_eq!(refused.refusals(), ["STAGE_REQUIRES"; 3]);
    let fields_told: Vec<_> = refused.0["data"]["dealMove"]["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| text(&e["field"]))
        .collect();
    assert_eq!(fields_told, ["amount", "contacts", "expectedClose"]);
    let ada = person(&client, "Lovelace", json!({})).await;
    let known = json!({ "amount": "100", "contacts": [{ "contactId": ada }], "expectedClose": "2026-06-01" });
    client.update("deal", &id, known).await.ok();
    act(&client, "dealMove", "deal", &id, to_proposal).await.ok();
    assert_eq!(ask(&client, "deal", &id, "probability").await["probability"], "45");
    // What a stage asks for is not taken away again while the deal is in it.
    assert_eq!(
        client.update("deal", &id, json!({ "expectedClose": null })).await.refusals(),
        ["STAGE_REQUIRES"]
    );
    client.update("deal", &id, json!({ "probability": "75.5" })).await.ok();
    client.update("stage", &proposal, json!({ "probability": "50" })).await.ok();
    assert_eq!(ask(&client, "deal", &id, "probability").await["probability"], "75.5");
    client.update("deal", &id, json!({ "probability": null })).await.ok();
    assert_eq!(ask(&client, "deal", &id, "probability").await["probability"], "50");
}

/// CRM-3.
#[tokio::test]
async fn a_deal_is_worth_its_lines_in_its_currency_and_has_exactly_one_contact_to_talk_to() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let [ada, bert] = [person(&client, "Ada", json!({})).await, person(&client, "Bert", json!({})).await];
    let lines = json!([
        { "description": "Camera", "quantity": "3", "unitPrice": "249.99", "discountPercent": "10" },
        { "description": "Installation", "quantity": "2.5", "unitPrice": "95" },
    ]);
    let id = deal(&client, "Cameras", json!({ "lines": lines, "contacts": [{ "contactId": ada }] })).await;
    let fields = "amount { amount currency } lines { position description amount { amount currency } }
        contacts { isPrimary contact { id } } primaryContact { id }";
    let now = ask(&client, "deal", &id, fields).await;
    assert_eq!(now["amount"], json!({ "amount": "912.47", "currency": "EUR" }));
    assert_eq!(now["lines"][0]["amount"], json!({ "amount": "674.97", "currency": "EUR" }));
    assert_eq!(now["contacts"], json!([{ "isPrimary": true, "contact": { "id": ada } }]));
    assert_eq!(client.update("deal", &id, json!({ "amount": "5" })).await.refusals(), ["AMOUNT_FROM_LINES"]);
    let finer = json!([{ "description": "X", "quantity": "1", "unitPrice": "0.00001" }]);
    assert_eq!(client.update("deal", &id, json!({ "lines": finer })).await.refusals(), ["TOO_MANY_DECIMALS"]);
    let both = |one: bool, other: bool| json!({ "contacts": [{ "contactId": ada, "isPrimary": one }, { "contactId": bert, "isPrimary": other }] });
    for wrong in [both(true, true), both(false, false)] {
        assert_eq!(client.update("deal", &id, wrong).await.refusals(), ["ONE_PRIMARY"]);
    }
    client.update("deal", &id, both(false, true)).await.ok();
    assert_eq!(ask(&client, "deal", &id, "primaryContact { id }").await["primaryContact"]["id"], bert);
    // Nor does anybody get round it by SQL.
    let mut tx = app.system(&admin, "crm").await;
    sqlx::raw_sql("update crm.deal_contact set is_primary = true").execute(tx.conn()).await.unwrap();
    assert!(tx.commit(()).await.is_err());
    let stranger = json!({ "contacts": [{ "contactId": uuid::Uuid::now_v7() }] });
    assert_eq!(client.update("deal", &id, stranger).await.refusals(), ["CONTACT_NOT_FOUND"]);
    client.update("deal", &id, json!({ "lines": [], "amount": "77" })).await.ok();
    assert_eq!(ask(&client, "deal", &id, "amount { amount }").await["amount"]["amount"], "77.00");
}

/// CRM-4.
#[tokio::test]
async fn nothing_is_lost_without_a_reason() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let reason = client.create("lostReason", json!({ "name": "Too dear" })).await;
    let id = deal(&client, "Cameras", json!({ "amount": "10" })).await;
    let nobody = json!({ "reasonId": uuid::Uuid::now_v7() });
    assert_eq!(
        act(&client, "dealLose", "deal", &id, nobody.clone()).await.refusals(),
        ["LOST_REASON_NOT_FOUND"]
    );
    act(&client, "dealLose", "deal", &id, json!({ "reasonId": reason, "competitor": "Others" })).await.ok();
    let now =
        ask(&client, "deal", &id, "status lostReason { name } stage { name } competitor probability").await;
    let lost = json!({ "status": "LOST", "lostReason": { "name": "Too dear" }, "stage": { "name": "Lost" },
        "competitor": "Others", "probability": "0" });
    assert_eq!(now, lost);
    assert_eq!(client.update("deal", &id, json!({ "amount": "11" })).await.refusals(), ["DEAL_CLOSED"]);
    act(&client, "dealReopen", "deal", &id, json!({})).await.ok();
    let now = ask(&client, "deal", &id, "status lostReason { name } stage { name }").await;
    assert_eq!(now, json!({ "status": "OPEN", "lostReason": null, "stage": { "name": "Qualification" } }));
    let one = lead(&client, "Lovelace", json!({})).await;
    assert_eq!(act(&client, "leadLose", "lead", &one, nobody).await.refusals(), ["LOST_REASON_NOT_FOUND"]);
    act(&client, "leadLose", "lead", &one, json!({ "reasonId": reason })).await.ok();
    for table in ["crm.deal", "crm.lead"] {
        let mut tx = app.system(&admin, "crm").await;
        let sql = format!("update {table} set status = 'LOST', lost_reason_id = null");
        assert!(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(tx.conn()).await.is_err(), "{table}");
    }
}

/// CRM-6.
#[tokio::test]
async fn every_way_to_another_stage_is_written_down_and_nobody_rewrites_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let id = deal(&client, "Cameras", json!({ "amount": "10" })).await;
    app.clock.advance(chrono::TimeDelta::seconds(86_400));
    act(&client, "dealMove", "deal", &id, json!({ "stageId": way.stage("Proposal") })).await.ok();
    app.clock.advance(chrono::TimeDelta::seconds(3_600));
    client.update("deal", &id, json!({ "amount": "20" })).await.ok();
    client.update("deal", &id, json!({ "description": "Nothing that anybody expects." })).await.ok();
    // The stage that it is in goes, and the deal with it.
    act(
        &client,
        "stageArchive",
        "stage",
        way.stage("Proposal"),
        json!({ "moveDealsToId": way.stage("Negotiation") }),
    )
    .await
    .ok();
    act(&client, "dealWin", "operation", &id, json!({})).await.ok();
    act(&client, "dealReopen", "deal", &id, json!({})).await.ok();
    client.act("deal", "Abandon", &id).await.ok();
    let fields =
        "stageChanges { isMove status fromStage { name } stage { name } amount { amount } secondsInStage }";
    let now = ask(&client, "deal", &id, fields).await;
    let told: Vec<_> = now["stageChanges"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|entry| {
            let place = |field: &str| entry[field]["name"].as_str().unwrap_or("-").to_owned();
            let seconds = entry["secondsInStage"].as_i64();
            (
                place("fromStage"),
                place("stage"),
                text(&entry["status"]),
                entry["isMove"].as_bool().unwrap(),
                seconds,
            )
        })
        .collect();
    let entry = |from: &str, to: &str, status: &str, is_move, seconds| {
        (from.to_owned(), to.to_owned(), status.to_owned(), is_move, seconds)
    };
    assert_eq!(
        told,
        [
            entry("-", "Qualification", "OPEN", true, None),
            entry("Qualification", "Proposal", "OPEN", true, Some(86_400)),
            entry("Proposal", "Proposal", "OPEN", false, None),
            entry("Proposal", "Negotiation", "OPEN", true, Some(3_600)),
            entry("Negotiation", "Won", "WON", true, Some(0)),
            entry("Won", "Negotiation", "OPEN", true, Some(0)),
            entry("Negotiation", "Negotiation", "ABANDONED", true, Some(0)),
        ]
    );
    for sql in ["update crm.stage_change set amount = 1", "delete from crm.stage_change"] {
        let mut tx = app.system(&admin, "crm").await;
        let error = sqlx::raw_sql(sql).execute(tx.conn()).await.unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{sql}: {error}");
    }
    // Nor is anybody moved without a word by SQL.
    let mut tx = app.system(&admin, "crm").await;
    let sql = format!("update crm.deal set stage_id = '{}'", way.stage("Qualification"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(tx.conn()).await.unwrap();
    tx.commit(()).await.unwrap();
    assert_eq!(scalar(&app, "select count(*) from crm.stage_change").await, 8);
}

#[tokio::test]
async fn a_pipeline_keeps_one_way_to_win_and_its_last_open_stage() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let incomplete = json!({ "name": "X", "currency": "EUR", "stages": [
        { "name": "A", "category": "OPEN" }, { "name": "B", "category": "OPEN" }, { "name": "C", "category": "WON" }] });
    assert_eq!(client.try_create("pipeline", incomplete).await.refusals(), ["STAGES_INCOMPLETE"]);
    assert_eq!(
        act(&client, "stageArchive", "stage", way.stage("Won"), json!({})).await.refusals(),
        ["STAGE_STAYS"]
    );
    deal(&client, "Cameras", json!({})).await;
    assert_eq!(
        act(&client, "stageArchive", "stage", way.stage("Qualification"), json!({})).await.refusals(),
        ["STAGE_HAS_DEALS"]
    );
    let elsewhere = json!({ "moveDealsToId": way.stage("Won") });
    assert_eq!(
        act(&client, "stageArchive", "stage", way.stage("Qualification"), elsewhere).await.refusals(),
        ["STAGE_NOT_FOUND"]
    );
    let again = json!({ "pipelineId": way.id, "name": "Won again", "category": "WON", "probability": "100" });
    assert_eq!(client.try_create("stage", again).await.refusals(), ["END_TAKEN"]);
    let other = json!({ "name": "Partners", "currency": "USD", "isDefault": true });
    client.create("pipeline", other).await;
    let data = client.run("{ pipelines { nodes { name isDefault } } }").await.ok();
    assert_eq!(
        data["pipelines"]["nodes"],
        json!([{ "name": "Partners", "isDefault": true }, { "name": "Sales", "isDefault": false }])
    );
}

#[tokio::test]
async fn whoever_begins_to_sell_finds_a_pipeline_and_reasons_once_and_may_make_others() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let made = |modules: &[&str]| json!({ "organizationId": admin.member().organization_id, "industryCode": null, "modules": modules });
    let enabled = |id: &str| json!({ "organizationId": admin.member().organization_id, "moduleId": id });
    app.announce_raw(&admin, "tenant.organization.created", made(&["contact", "leave"])).await;
    app.announce_raw(&admin, "tenant.module.enabled", enabled("products")).await;
    assert_eq!(scalar(&app, "select count(*) from crm.pipeline").await, 0);
    for _ in 0..2 {
        app.announce_raw(&admin, "tenant.organization.created", made(&["contact", "crm"])).await;
        app.announce_raw(&admin, "tenant.module.enabled", enabled("crm")).await;
        let data = client.run("{ pipelines { nodes { name isDefault stages { name probability category } } } lostReasons { totalCount } }").await.ok();
        let nodes = data["pipelines"]["nodes"].as_array().unwrap();
        assert_eq!(
            (nodes.len(), &nodes[0]["name"], &nodes[0]["isDefault"]),
            (1, &json!("Standard"), &json!(true))
        );
        let stages: Vec<String> =
            nodes[0]["stages"].as_array().unwrap().iter().map(|stage| text(&stage["name"])).collect();
        assert_eq!(stages, ["Qualification", "Proposal", "Negotiation", "Won", "Lost"]);
        assert_eq!(data["lostReasons"]["totalCount"], 5);
    }
    // It is to be worked with at once, and yields to another one.
    deal(&client, "Cameras", json!({})).await;
    let way = way(&client).await;
    let next = deal(&client, "Radios", json!({})).await;
    assert_eq!(ask(&client, "deal", &next, "pipeline { id }").await["pipeline"]["id"], json!(way.id));
    // Whoever has made their own is left alone.
    let other = Person::new(&[Role::Admin]);
    app.join(&other).await;
    crate::way(&app.as_(&other)).await;
    app.as_(&other).create("lostReason", json!({ "name": "Too dear" })).await;
    app.announce_raw(&other, "tenant.module.enabled", json!({ "moduleId": "crm" })).await;
    let data = app.as_(&other).run("{ pipelines { totalCount } lostReasons { totalCount } }").await.ok();
    assert_eq!(data, json!({ "pipelines": { "totalCount": 1 }, "lostReasons": { "totalCount": 1 } }));
}

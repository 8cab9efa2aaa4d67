//! Boards: sums of all deals in one request, and what changes on them.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::timeout;

use crate::*;

#[tokio::test]
async fn five_thousand_deals_stand_on_a_board_in_one_request() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let sql = "insert into crm.deal (id, organization_id, number, title, pipeline_id, stage_id, status, amount, currency,
            forecast_category, entered_stage_at, version)
        select core.uuid_v7(), $1, 'D-' || n, 'Deal ' || n, $2::uuid, ($3::uuid[])[1 + n % 3], 'OPEN', 100, case when n % 10 = 0 then 'USD' else 'EUR' end,
            'PIPELINE', timestamptz '2026-02-20' - make_interval(days => n % 40), 1 from generate_series(1, 5000) n";
    let stages = ["Qualification", "Proposal", "Negotiation"]
        .map(|name| way.stage(name).parse::<uuid::Uuid>().unwrap());
    // The trigger that writes down what becomes of deals asks for the organization.
    let mut tx = behind(&app).await.begin().await.unwrap();
    sqlx::query("select set_config('app.organization_id', $1, true)")
        .bind(admin.member().organization_id.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query(sql)
        .bind(admin.member().organization_id.0)
        .bind(&way.id)
        .bind(stages.as_slice())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let query = format!("{{ pipelineBoard(pipelineId: \"{}\", dealsPerStage: 2000) {{ pipeline {{ name }} columns {{ stage {{ name }} count rottingCount
        sums {{ count amount {{ amount currency }} weighted {{ amount }} }} deals {{ id title }} }} }} }}", way.id);
    let board = client.run(&query).await.ok()["pipelineBoard"].clone();
    let columns = board["columns"].as_array().unwrap();
    let counts: Vec<i64> = columns.iter().map(|column| column["count"].as_i64().unwrap()).collect();
    assert_eq!(counts, [1666, 1667, 1667, 0, 0]);
    let shown: usize = columns.iter().map(|column| column["deals"].as_array().unwrap().len()).sum();
    assert_eq!(shown, 5_000);
    let euros = &columns[1]["sums"][0];
    assert_eq!(
        (&euros["count"], &euros["amount"], &euros["weighted"]["amount"]),
        (&json!(1500), &json!({ "amount": "150000.00", "currency": "EUR" }), &json!("60000.00"))
    );
    assert!(columns[0]["rottingCount"].as_i64().unwrap() > 0);
    let filtered = format!(
        "{{ pipelineBoard(pipelineId: \"{}\", filter: {{ ownerId: \"{}\" }}) {{ columns {{ count deals {{ id }} }} }} }}",
        way.id,
        admin.member().membership_id
    );
    assert_eq!(
        client.run(&filtered).await.ok()["pipelineBoard"]["columns"][0],
        json!({ "count": 0, "deals": [] })
    );
    let too_many = format!(
        "{{ pipelineBoard(pipelineId: \"{}\", dealsPerStage: 2001) {{ columns {{ count }} }} }}",
        way.id
    );
    assert_eq!(client.run(&too_many).await.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn who_looks_at_a_board_is_told_of_deals_that_they_see_and_of_those_that_leave_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let rep = admin.colleague(&[Role::Sales]);
    app.join(&rep).await;
    let other = client.create("pipeline", json!({ "name": "Partners", "currency": "EUR" })).await;
    let subscription = format!(
        "subscription {{ boardChanged(pipelineId: \"{}\") {{ id deal {{ title stage {{ name }} }} }} }}",
        way.id
    );
    let mut answers = app.as_(&rep).subscribe(&subscription);
    let mut next = async || {
        let answer = timeout(Duration::from_secs(20), answers.next()).await.expect("nothing came").unwrap();
        answer.ok()["boardChanged"].clone()
    };
    assert_eq!(next().await, json!({ "id": null, "deal": null }));
    deal(&client, "Somebody else's", json!({})).await;
    let of_rep = app.as_(&rep);
    let mine = deal(&of_rep, "Mine", json!({})).await;
    app.settle().await;
    assert_eq!(
        next().await,
        json!({ "id": mine, "deal": { "title": "Mine", "stage": { "name": "Qualification" } } })
    );
    act(&of_rep, "dealMove", "deal", &mine, json!({ "stageId": way.stage("Proposal") })).await.ok();
    app.settle().await;
    assert_eq!(next().await["deal"]["stage"]["name"], "Proposal");
    let elsewhere = client.run(&format!("{{ pipeline(id: \"{other}\") {{ stages {{ id }} }} }}")).await.ok();
    let stage = elsewhere["pipeline"]["stages"][0]["id"].clone();
    act(&of_rep, "dealMove", "deal", &mine, json!({ "stageId": stage })).await.ok();
    app.settle().await;
    assert_eq!(next().await, json!({ "id": mine, "deal": null }));
}

#[tokio::test]
async fn no_deal_is_left_in_a_stage_that_is_archived_while_deals_are_made() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let [from, to] = [way.stage("Qualification"), way.stage("Proposal")];
    let make = async |at: usize| {
        let made = client.try_create("deal", json!({ "title": format!("D{at}"), "stageId": from })).await;
        made.refusals().iter().for_each(|code| assert_eq!(*code, "STAGE_NOT_FOUND"));
    };
    let archive = act(&client, "stageArchive", "stage", from, json!({ "moveDealsToId": to }));
    let (archived, ..) = tokio::join!(archive, make(0), make(1), make(2), make(3), make(4));
    archived.ok();
    let left = "select count(*) from crm.deal d join crm.stage s on s.id = d.stage_id where s.archived_at is not null";
    assert_eq!(scalar(&app, left).await, 0);
}

#[tokio::test]
async fn a_pipeline_in_which_something_goes_on_or_that_new_deals_go_to_stays() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let open = deal(&client, "Open", json!({})).await;
    assert_eq!(client.act("pipeline", "Archive", &way.id).await.refusals(), ["PIPELINE_IS_DEFAULT"]);
    client.create("pipeline", json!({ "name": "Other", "currency": "EUR", "isDefault": true })).await;
    assert_eq!(client.act("pipeline", "Archive", &way.id).await.refusals(), ["PIPELINE_HAS_DEALS"]);
    client.act("deal", "Abandon", &open).await.ok();
    client.act("pipeline", "Archive", &way.id).await.ok();
}

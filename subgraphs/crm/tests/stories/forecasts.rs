//! What may be expected, and what was: from what became of deals.

use crate::*;

const FORECAST: &str = "query($input: ForecastInput!) { forecast(input: $input) { from to dealCount owner { id }
    won { amount } commit { amount } bestCase { amount } pipeline { amount } weighted { amount currency } target { amount } } }";

async fn forecast(client: &Client<'_>, more: Value) -> Value {
    let input = with(json!({ "from": "2026-03-01", "to": "2026-06-30" }), more);
    client.run_with(FORECAST, json!({ "input": input })).await.ok()["forecast"].clone()
}

#[tokio::test]
async fn a_forecast_counts_each_deal_when_it_is_to_be_decided_and_as_far_as_it_is_likely() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let rep = admin.colleague(&[Role::Sales]);
    app.join(&rep).await;
    let of_rep = json!(rep.member().membership_id);
    let one = deal(
        &client,
        "A",
        json!({ "amount": "1000", "expectedClose": "2026-04-15", "forecastCategory": "COMMIT" }),
    )
    .await;
    deal(&client, "B", json!({ "amount": "500", "expectedClose": "2026-04-20", "ownerId": of_rep })).await;
    deal(
        &client,
        "C",
        json!({ "amount": "70", "expectedClose": "2026-04-20", "forecastCategory": "OMITTED" }),
    )
    .await;
    let won = deal(&client, "D", json!({ "amount": "300", "expectedClose": "2026-06-01" })).await;
    act(&client, "dealWin", "operation", &won, json!({})).await.ok();
    client
        .create(
            "salesTarget",
            json!({ "firstDay": "2026-04-01", "lastDay": "2026-04-30", "amount": "2000", "currency": "EUR" }),
        )
        .await;
    let now = forecast(&client, json!({})).await;
    let (march, april) = (&now[0], &now[1]);
    assert_eq!(
        (&march["from"], &march["won"]["amount"], &march["weighted"]["amount"]),
        (&json!("2026-03-01"), &json!("300.00"), &json!("300.00"))
    );
    let expected = json!({ "from": "2026-04-01", "to": "2026-04-30", "dealCount": 2, "owner": null, "won": { "amount": "0.00" },
        "commit": { "amount": "1000.00" }, "bestCase": { "amount": "0.00" }, "pipeline": { "amount": "500.00" },
        "weighted": { "amount": "150.00", "currency": "EUR" }, "target": { "amount": "2000.00" } });
    assert_eq!(april, &expected);
    let quarters = forecast(&client, json!({ "period": "QUARTER", "byOwner": true })).await;
    let owners: Vec<_> = quarters
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["from"].clone(), entry["owner"]["id"].clone(), entry["dealCount"].clone()))
        .collect();
    assert!(owners.contains(&(json!("2026-04-01"), of_rep.clone(), json!(1))), "{owners:?}");
    // What was expected stays what it was, whatever becomes of it.
    let before = text(&json!(app.clock.now().to_rfc3339()));
    app.clock.advance(chrono::TimeDelta::seconds(86_400));
    act(&client, "dealMove", "deal", &one, json!({ "stageId": way.stage("Negotiation") })).await.ok();
    client.update("deal", &one, json!({ "amount": "2000", "expectedClose": "2026-05-02" })).await.ok();
    assert_eq!(forecast(&client, json!({ "asOf": before })).await, now);
    let later = forecast(&client, json!({})).await;
    assert_eq!(
        (&later[2]["from"], &later[2]["weighted"]["amount"]),
        (&json!("2026-05-01"), &json!("1400.00"))
    );
    client.update("stage", way.stage("Negotiation"), json!({ "probability": "80" })).await.ok();
    assert_eq!(forecast(&client, json!({})).await[2]["weighted"]["amount"], "1600.00");
    let turned =
        client.run_with(FORECAST, json!({ "input": { "from": "2026-03-01", "to": "2026-01-01" } })).await;
    assert_eq!(turned.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn reports_say_where_deals_are_how_they_ended_and_what_brought_them() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let reason = client.create("lostReason", json!({ "name": "Too dear" })).await;
    let source = client.create("leadSource", json!({ "name": "Fair" })).await;
    let campaign =
        client.create("campaign", json!({ "name": "Spring fair", "currency": "EUR", "cost": "400" })).await;
    let from = json!({ "sourceId": source, "campaignId": campaign, "estimatedValue": { "amount": "1000", "currency": "EUR" } });
    let brought = lead(&client, "Lovelace", from.clone()).await;
    lead(&client, "Byron", from).await;
    let converted = client.run_with("mutation($id: ID!) { leadConvert(id: $id, input: {}) { operation { deal { id } } userErrors { code } } }", json!({ "id": brought })).await.ok();
    let won = text(&converted["leadConvert"]["operation"]["deal"]["id"]);
    let lost = deal(&client, "Lost", json!({ "amount": "50" })).await;
    deal(&client, "Open", json!({ "amount": "200" })).await;
    app.clock.advance(chrono::TimeDelta::seconds(40 * 86_400));
    act(&client, "dealMove", "deal", &won, json!({ "stageId": way.stage("Negotiation") })).await.ok();
    act(&client, "dealWin", "operation", &won, json!({})).await.ok();
    act(&client, "dealLose", "deal", &lost, json!({ "reasonId": reason })).await.ok();
    let query = format!("{{ salesReport {{
        pipeline(pipelineId: \"{0}\") {{ stage {{ name }} dealCount amount {{ amount }} weighted {{ amount }} averageDays rottingCount }}
        funnel(pipelineId: \"{0}\", from: \"2026-01-01\", to: \"2026-12-31\") {{ stage {{ name }} entered won averageDays }}
        outcomes(from: \"2026-01-01\", to: \"2026-12-31\") {{ status reason {{ name }} dealCount amount {{ amount }} }}
        velocity(from: \"2026-01-01\", to: \"2026-12-31\") {{ won lost winRate averageDaysToWin }}
        sources(from: \"2026-01-01\", to: \"2026-12-31\") {{ source {{ name }} leadCount convertedCount won {{ amount }} cost {{ amount }} }}
        activities(from: \"2026-01-01\", to: \"2026-12-31\") {{ done }} }} }}", way.id);
    let report = client.run(&query).await.ok()["salesReport"].clone();
    let open = json!([{ "stage": { "name": "Qualification" }, "dealCount": 1, "amount": { "amount": "200.00" },
        "weighted": { "amount": "20.00" }, "averageDays": "40.00", "rottingCount": 1 }]);
    assert_eq!(report["pipeline"], open);
    let stage = |at: usize| (report["funnel"][at]["entered"].clone(), report["funnel"][at]["won"].clone());
    assert_eq!(
        (stage(0), stage(2), stage(3)),
        ((json!(3), json!(1)), (json!(1), json!(1)), (json!(1), json!(1)))
    );
    assert_eq!(report["funnel"][0]["averageDays"], "40.00");
    assert_eq!(
        report["outcomes"],
        json!([{ "status": "LOST", "reason": { "name": "Too dear" }, "dealCount": 1, "amount": { "amount": "50.00" } },
        { "status": "WON", "reason": null, "dealCount": 1, "amount": { "amount": "1000.00" } }])
    );
    assert_eq!(
        report["velocity"],
        json!({ "won": 1, "lost": 1, "winRate": "50", "averageDaysToWin": "40.00" })
    );
    assert_eq!(
        report["sources"],
        json!([{ "source": { "name": "Fair" }, "leadCount": 2, "convertedCount": 1,
        "won": [{ "amount": "1000.00" }], "cost": [{ "amount": "400.00" }] }])
    );
}

#[tokio::test]
async fn what_was_won_stays_won_when_and_for_as_much_as_it_was_however_one_tidies_up() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let won = deal(&client, "A", json!({ "amount": "700" })).await;
    act(&client, "dealWin", "operation", &won, json!({})).await.ok();
    let march = json!({ "from": "2026-03-01", "to": "2026-03-31" });
    let before = forecast(&client, march.clone()).await;
    assert_eq!(before[0]["won"]["amount"], "700.00");
    app.clock.advance(chrono::TimeDelta::days(40));
    client.update("deal", &won, json!({ "description": "Paid." })).await.ok();
    client.act("deal", "Archive", &won).await.ok();
    assert_eq!(forecast(&client, march).await, before);
    let target =
        json!({ "firstDay": "2026-03-01", "lastDay": "2026-03-31", "amount": "700", "currency": "EUR" });
    let target = client.create("salesTarget", target).await;
    assert_eq!(ask(&client, "salesTarget", &target, "won { amount }").await["won"]["amount"], "700.00");
}

#[tokio::test]
async fn what_nobody_has_said_a_day_of_is_expected_without_a_time_and_nothing_open_is_missing() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let april = json!({ "amount": "500", "expectedClose": "2026-04-20" });
    deal(&client, "A", april).await;
    let some_day = json!({ "amount": "40", "forecastCategory": "COMMIT" });
    let undated = deal(&client, "B", some_day).await;
    deal(&client, "C", json!({ "amount": "7" })).await;
    deal(&client, "D", json!({ "amount": "3", "forecastCategory": "OMITTED" })).await;
    let won = deal(&client, "E", json!({ "amount": "300" })).await;
    act(&client, "dealWin", "operation", &won, json!({})).await.ok();
    let lost = deal(&client, "F", json!({ "amount": "9" })).await;
    client.act("deal", "Abandon", &lost).await.ok();
    client
        .create(
            "salesTarget",
            json!({ "firstDay": "2026-04-01", "lastDay": "2026-04-30", "amount": "2000", "currency": "EUR" }),
        )
        .await;
    let now = forecast(&client, json!({})).await;
    let expected = json!({ "from": null, "to": null, "dealCount": 2, "owner": null, "won": { "amount": "0.00" },
        "commit": { "amount": "40.00" }, "bestCase": { "amount": "0.00" }, "pipeline": { "amount": "7.00" },
        "weighted": { "amount": "4.70", "currency": "EUR" }, "target": null });
    let entries = now.as_array().unwrap();
    assert_eq!((entries.len(), &entries[2]), (3, &expected), "{now}");
    let open = |of: &Value| {
        let amounts = ["commit", "bestCase", "pipeline"].map(|field| text(&of[field]["amount"]));
        amounts.iter().map(|amount| amount.parse::<f64>().unwrap()).sum::<f64>()
    };
    assert_eq!(entries.iter().map(open).sum::<f64>(), 547.0);
    // As soon as somebody says one, it is in its time.
    let before = text(&json!(app.clock.now().to_rfc3339()));
    app.clock.advance(chrono::TimeDelta::seconds(86_400));
    client.update("deal", &undated, json!({ "expectedClose": "2026-04-21" })).await.ok();
    let later = forecast(&client, json!({})).await;
    assert_eq!((&later[1]["dealCount"], &later[2]["dealCount"]), (&json!(2), &json!(1)));
    assert_eq!(forecast(&client, json!({ "asOf": before })).await, now);
    let by_owner = forecast(&client, json!({ "byOwner": true })).await;
    assert_eq!(by_owner[2]["owner"]["id"], json!(admin.member().membership_id));
}

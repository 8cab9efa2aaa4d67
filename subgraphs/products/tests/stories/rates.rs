//! What an hour of work costs, and why.

use crate::*;

async fn service(client: &Client<'_>, name: &str) -> String {
    let input = json!({ "kind": "SERVICE", "name": name, "unitId": piece(client).await });
    client.create("product", input).await
}

fn rate(name: &str, amount: &str, more: Value) -> Value {
    with(json!({ "name": name, "currency": "EUR", "amount": amount }), more)
}

async fn resolve(client: &Client<'_>, more: Value) -> Answer {
    let query = "query($input: ServiceRateResolveInput!) { serviceRateResolve(input: $input) {
        serviceRate { name amount { amount currency } } steps { outcome reason serviceRate { name } } } }";
    client.run_with(query, json!({ "input": with(json!({ "currency": "EUR" }), more) })).await
}

/// The name of the rate that counts; nothing when none does.
async fn name(client: &Client<'_>, more: Value) -> Value {
    resolve(client, more).await.ok()["serviceRateResolve"]["serviceRate"]["name"].clone()
}

#[tokio::test]
async fn the_rate_of_a_role_comes_before_that_of_a_service_and_says_why() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (advice, repair) = (service(&client, "Advice").await, service(&client, "Repair").await);
    client.create("serviceRate", rate("Any", "80", json!({}))).await;
    client.create("serviceRate", rate("Advice", "90", json!({ "productId": advice }))).await;
    client.create("serviceRate", rate("Senior", "120", json!({ "role": "Senior" }))).await;
    let both =
        json!({ "role": "senior", "productId": advice, "firstDay": "2026-03-02", "lastDay": "2026-03-31" });
    client.create("serviceRate", rate("Senior advice", "130.50", both)).await;
    client
        .create("serviceRate", rate("Dollars", "150", json!({ "role": "Senior", "currency": "USD" })))
        .await;
    let told = resolve(&client, json!({ "role": "SENIOR", "productId": advice })).await.ok();
    let told = &told["serviceRateResolve"];
    assert_eq!(
        told["serviceRate"],
        json!({ "name": "Senior advice", "amount": { "amount": "130.50", "currency": "EUR" } })
    );
    let reasons: Vec<_> =
        told["steps"].as_array().unwrap().iter().map(|step| text(&step["reason"])).collect();
    assert_eq!(
        reasons,
        [
            "130.5 EUR an hour, by rate Senior advice: it counts.",
            "120 EUR an hour, by rate Senior: another one comes before it.",
            "150 USD an hour, by rate Dollars: it is in another currency.",
            "90 EUR an hour, by rate Advice: another one comes before it.",
            "80 EUR an hour, by rate Any: another one comes before it.",
        ]
    );
    for (question, wanted) in [
        (json!({ "role": "Senior", "productId": advice, "on": "2026-04-01" }), json!("Senior")),
        (json!({ "role": "Senior", "productId": repair }), json!("Senior")),
        (json!({ "role": "Junior", "productId": advice }), json!("Advice")),
        (json!({ "role": "Junior" }), json!("Any")),
        (json!({}), json!("Any")),
        (json!({ "role": "Senior", "currency": "USD" }), json!("Dollars")),
        (json!({ "currency": "CHF" }), Value::Null),
    ] {
        assert_eq!(name(&client, question.clone()).await, wanted, "{question}");
    }
    let nothing = json!({ "productId": uuid::Uuid::now_v7() });
    assert_eq!(resolve(&client, nothing).await.codes(), ["NOT_FOUND"]);
    for wrong in [json!({ "currency": "EURO" }), json!({ "role": " " })] {
        assert_eq!(resolve(&client, wrong).await.codes(), ["VALIDATION_FAILED"]);
    }
}

/// PRD-4.
#[tokio::test]
async fn of_one_role_and_one_service_there_is_one_rate_in_use_a_day_not_even_when_entered_at_once() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let advice = service(&client, "Advice").await;
    let of =
        |more: Value| rate("Senior", "100", with(json!({ "role": "Senior", "productId": advice }), more));
    let first = client.create("serviceRate", of(json!({ "lastDay": "2026-06-30" }))).await;
    for more in [
        json!({}),
        json!({ "role": "SENIOR", "firstDay": "2026-06-30" }),
        json!({ "firstDay": "2026-01-01", "lastDay": "2026-01-01" }),
    ] {
        let refused = client.try_create("serviceRate", of(more.clone())).await;
        assert_eq!(refused.refusals(), ["RATE_OVERLAPS"], "{more}");
    }
    let turned = of(json!({ "firstDay": "2027-01-02", "lastDay": "2027-01-01" }));
    assert_eq!(client.try_create("serviceRate", turned).await.refusals(), ["DATE_OUT_OF_RANGE"]);
    client.create("serviceRate", of(json!({ "firstDay": "2026-07-01" }))).await;
    client.create("serviceRate", of(json!({ "currency": "USD" }))).await;
    let longer = client.update("serviceRate", &first, json!({ "lastDay": null })).await;
    assert_eq!(longer.refusals(), ["RATE_OVERLAPS"]);
    // One that is archived holds no day, until it is restored.
    client.act("serviceRate", "Archive", &first).await.ok();
    let instead = client.create("serviceRate", of(json!({ "lastDay": "2026-06-30" }))).await;
    assert_eq!(client.act("serviceRate", "Restore", &first).await.refusals(), ["RATE_OVERLAPS"]);
    client.act("serviceRate", "Archive", &instead).await.ok();
    client.act("serviceRate", "Restore", &first).await.ok();
    let tries = (0..16).map(|_| client.try_create("serviceRate", rate("Any", "1", json!({}))));
    let done = futures::future::join_all(tries).await;
    assert_eq!(done.iter().filter(|answer| answer.refusals().is_empty()).count(), 1);
    assert!(done.iter().all(|answer| answer.refusals().is_empty() || answer.refusals() == ["RATE_OVERLAPS"]));
}

#[tokio::test]
async fn rates_are_found_changed_and_told_of_and_are_for_services_alone() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let advice = service(&client, "Advice").await;
    let saw = good(&client, "Saw", json!({})).await;
    for (more, code) in [
        (json!({ "productId": saw }), "ONLY_SERVICES"),
        (json!({ "productId": uuid::Uuid::now_v7() }), "PRODUCT_NOT_FOUND"),
        (json!({ "role": "" }), "NAME_INVALID"),
        (json!({ "amount": "-1" }), "OUT_OF_RANGE"),
        (json!({ "amount": "1.00001" }), "TOO_MANY_DECIMALS"),
        (json!({ "currency": "EURO" }), "CURRENCY_UNKNOWN"),
    ] {
        let refused = client.try_create("serviceRate", rate("Rate", "1", more.clone())).await;
        assert_eq!(refused.refusals(), [code], "{more}");
    }
    let made = client
        .create("serviceRate", rate("Advice", "90", json!({ "role": "Senior", "productId": advice })))
        .await;
    client.update("serviceRate", &made, json!({ "amount": "95", "productId": null })).await.ok();
    // What is as it was is not told of.
    client.update("serviceRate", &made, json!({ "amount": "95.00" })).await.ok();
    for (filter, count) in [
        ("search: \"sen\"".to_owned(), 1),
        ("role: \"SENIOR\"".to_owned(), 1),
        (format!("productId: \"{advice}\""), 0),
        ("currency: \"EUR\", on: \"2026-03-02\"".to_owned(), 1),
        ("isArchived: true".to_owned(), 0),
    ] {
        let query = format!("{{ serviceRates(filter: {{ {filter} }}) {{ totalCount }} }}");
        assert_eq!(client.run(&query).await.ok()["serviceRates"]["totalCount"], count, "{filter}");
    }
    app.settle().await;
    let told = |(kind, payload): &&(String, Value)| {
        kind == "products.service_rate.changed" && payload["serviceRateId"] == json!(made)
    };
    assert_eq!(app.announced().await.iter().filter(told).count(), 2);
    let seller = app.as_(&admin.colleague(&[Role::Sales])).clone();
    assert_eq!(name(&seller, json!({ "role": "Senior" })).await, "Advice");
    assert_eq!(seller.try_create("serviceRate", rate("Mine", "1", json!({}))).await.codes(), ["FORBIDDEN"]);
    let member = app.as_(&admin.colleague(&[Role::Member])).clone();
    assert_eq!(resolve(&member, json!({})).await.codes(), ["FORBIDDEN"]);
}

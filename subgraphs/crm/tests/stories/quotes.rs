//! Quotes: versions, the page, and who accepts.

use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt as _;

use crate::*;

/// What is served to strangers.
pub(crate) async fn http(app: &App, method: &str, path: &str, kind: &str, body: &str) -> (u16, String) {
    let routes = crm::subgraph().public.unwrap()(app.runtime());
    let request = Request::builder().method(method).uri(path).header("content-type", kind);
    let response = routes.oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    assert!(parts.headers.contains_key("content-security-policy"), "{path}");
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status.as_u16(), String::from_utf8_lossy(&body).into_owned())
}

const FORM: &str = "application/x-www-form-urlencoded";

async fn sent(client: &Client<'_>, deal: &str) -> (String, String) {
    let id = client.create("quote", json!({ "dealId": deal, "recipient": "Ada <Lovelace>", "terms": "30 days", "validUntil": "2026-04-01" })).await;
    client.act("quote", "Send", &id).await.ok();
    let path = text(&ask(client, "quote", &id, "publicPath").await["publicPath"]);
    (id, path)
}

async fn offered(client: &Client<'_>) -> String {
    way(client).await;
    let lines = json!([{ "description": "Camera & kit", "quantity": "2", "unitPrice": "249.50" }]);
    deal(client, "Cameras", json!({ "lines": lines })).await
}

#[tokio::test]
async fn a_customer_reads_the_page_and_accepts_and_nobody_else_finds_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let deal = offered(&client).await;
    let (id, path) = sent(&client, &deal).await;
    let (status, page) = http(&app, "GET", &path, FORM, "").await;
    assert_eq!(status, 200);
    for shown in ["Camera &amp; kit", "499.00 EUR", "Ada &lt;Lovelace&gt;", "30 days", "2026-04-01", "<form"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert_eq!(ask(&client, "quote", &id, "status viewedAt").await["status"], "VIEWED");
    assert_eq!(http(&app, "POST", &path, FORM, "decision=accept&name=").await.0, 409);
    assert_eq!(http(&app, "POST", &path, FORM, "name=Ada").await.0, 400);
    let (status, page) = http(&app, "POST", &path, FORM, "decision=accept&name=Ada+Lovelace").await;
    assert!(
        status == 200 && page.contains("you have accepted") && !page.contains("<form"),
        "{status} {page}"
    );
    let now = ask(&client, "quote", &id, "status signerName decidedAt total { amount }").await;
    assert_eq!((&now["status"], &now["signerName"]), (&json!("ACCEPTED"), &json!("Ada Lovelace")));
    assert_eq!(http(&app, "POST", &path, FORM, "decision=decline&name=Eve").await.0, 409);
    app.settle().await;
    assert_eq!(app.announced().await.iter().filter(|(kind, _)| kind == "crm.quote.accepted").count(), 1);
    // A bent address, one of nobody's, one of a draft: all the same nothing.
    let draft = client.create("quote", json!({ "dealId": deal })).await;
    assert!(ask(&client, "quote", &draft, "publicPath").await["publicPath"].is_null());
    let (start, token) = path.split_at("/public/crm/quotes/".len());
    let other = if token.starts_with('A') { "B" } else { "A" };
    let bent = format!("{start}{other}{}", &token[1..]);
    let nothing = http(&app, "GET", "/public/crm/quotes/AAAA", FORM, "").await;
    assert_eq!(nothing.0, 404);
    assert_eq!(http(&app, "GET", &bent, FORM, "").await, nothing);
}

/// CRM-5.
#[tokio::test]
async fn an_accepted_quote_is_frozen_and_a_new_version_takes_its_place_when_it_is_accepted() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let deal = offered(&client).await;
    let (one, first_path) = sent(&client, &deal).await;
    let named = json!({ "name": "Ada" });
    act(&client, "quoteAccept", "quote", &one, named.clone()).await.ok();
    let more = json!([{ "description": "Camera", "quantity": "9", "unitPrice": "1" }]);
    assert_eq!(
        client.update("quote", &one, json!({ "lines": more })).await.refusals(),
        ["INVALID_TRANSITION"]
    );
    assert_eq!(
        act(&client, "quoteDecline", "quote", &one, named.clone()).await.refusals(),
        ["INVALID_TRANSITION"]
    );
    // What becomes of the deal changes nothing of what was accepted.
    client.update("deal", &deal, json!({ "lines": more })).await.ok();
    assert_eq!(ask(&client, "quote", &one, "total { amount }").await["total"]["amount"], "499.00");
    for sql in ["total = 1", "lines = '[]'", "status = 'DRAFT'", "signer_name = 'Eve'"] {
        let mut tx = app.system(&admin, "crm").await;
        let sql = format!("update crm.quote set {sql}");
        let error = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(tx.conn()).await.unwrap_err();
        assert!(error.to_string().contains("frozen"), "{sql}: {error}");
    }
    let (two, second_path) = sent(&client, &deal).await;
    assert_eq!(ask(&client, "quote", &one, "status").await["status"], "ACCEPTED");
    assert_eq!(
        ask(&client, "quote", &two, "revision total { amount }").await,
        json!({ "revision": 2, "total": { "amount": "9.00" } })
    );
    // A version that nobody has decided on makes way at once.
    let (three, third_path) = sent(&client, &deal).await;
    assert_eq!(ask(&client, "quote", &two, "status").await["status"], "SUPERSEDED");
    assert_eq!(http(&app, "POST", &second_path, FORM, "decision=accept&name=Ada").await.0, 409);
    assert_eq!(http(&app, "POST", &third_path, FORM, "decision=accept&name=Ada").await.0, 200);
    assert_eq!(ask(&client, "quote", &one, "status").await["status"], "SUPERSEDED");
    assert_eq!(ask(&client, "quote", &three, "status").await["status"], "ACCEPTED");
    assert!(http(&app, "GET", &first_path, FORM, "").await.1.contains("Replaced by a newer version"));
}

/// CRM-5: at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_accept_and_decline_at_once_one_decides() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let deal = offered(&client).await;
    let (id, path) = sent(&client, &deal).await;
    let tries = (0..20).map(|at| {
        let (app, path) = (&app, path.clone());
        let decision = if at % 2 == 0 { "accept" } else { "decline" };
        async move { http(app, "POST", &path, FORM, &format!("decision={decision}&name=Person+{at}")).await.0 }
    });
    let done = futures::future::join_all(tries).await;
    assert_eq!(done.iter().filter(|status| **status == 200).count(), 1, "{done:?}");
    assert!(done.iter().all(|status| [200, 409].contains(status)), "{done:?}");
    let status = text(&ask(&client, "quote", &id, "status").await["status"]);
    assert!(["ACCEPTED", "DECLINED"].contains(&status.as_str()));
}

#[tokio::test]
async fn a_quote_whose_day_is_over_is_accepted_by_nobody() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let deal = offered(&client).await;
    let (id, path) = sent(&client, &deal).await;
    app.clock.advance(chrono::TimeDelta::seconds(40 * 86_400));
    assert_eq!(http(&app, "POST", &path, FORM, "decision=accept&name=Ada").await.0, 409);
    run_jobs(&app).await;
    assert_eq!(ask(&client, "quote", &id, "status").await["status"], "EXPIRED");
    let late = json!({ "dealId": deal, "validUntil": "2026-03-01" });
    let late = client.create("quote", late).await;
    assert_eq!(client.act("quote", "Send", &late).await.refusals(), ["QUOTE_EXPIRED"]);
}

#[tokio::test]
async fn what_a_customer_has_accepted_is_what_the_deal_is_about_and_what_it_is_won_with() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let deal = offered(&client).await;
    let lines = json!([{ "description": "Camera, used", "quantity": "2", "unitPrice": "40" }]);
    let id = client.create("quote", json!({ "dealId": deal, "lines": lines })).await;
    client.act("quote", "Send", &id).await.ok();
    act(&client, "quoteAccept", "quote", &id, json!({ "name": "Ada" })).await.ok();
    let now = ask(&client, "deal", &deal, "amount { amount } lines { description }").await;
    assert_eq!(now, json!({ "amount": { "amount": "80.00" }, "lines": [{ "description": "Camera, used" }] }));
}

#[tokio::test]
async fn nobody_accepts_an_offer_whose_deal_is_closed_and_its_page_says_so() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let first = offered(&client).await;
    let reason = client.create("lostReason", json!({ "name": "Price" })).await;
    let again = deal(&client, "Again", json!({})).await;
    let lines = json!([{ "description": "Camera", "quantity": "1", "unitPrice": "9" }]);
    let quote = client.create("quote", json!({ "dealId": again, "lines": lines })).await;
    client.act("quote", "Send", &quote).await.ok();
    let path = text(&ask(&client, "quote", &quote, "publicPath").await["publicPath"]);
    act(&client, "dealLose", "deal", &again, json!({ "reasonId": reason })).await.ok();
    let (status, page) = http(&app, "GET", &path, FORM, "").await;
    assert!(status == 200 && page.contains("holds no more") && !page.contains("<form"), "{page}");
    let (status, page) = http(&app, "POST", &path, FORM, "decision=accept&name=Max").await;
    assert!(status == 409 && page.contains("holds no more"), "{status} {page}");
    let accept = act(&client, "quoteAccept", "quote", &quote, json!({ "name": "Max" })).await;
    assert_eq!(accept.refusals(), ["DEAL_CLOSED"]);
    // It goes on after all, and so does what was offered.
    act(&client, "dealReopen", "deal", &again, json!({})).await.ok();
    assert_eq!(http(&app, "POST", &path, FORM, "decision=accept&name=Max").await.0, 200);
    let (id, path) = sent(&client, &first).await;
    client.act("deal", "Archive", &first).await.ok();
    assert_eq!(http(&app, "POST", &path, FORM, "decision=accept&name=Max").await.0, 409);
    assert_eq!(ask(&client, "quote", &id, "status").await["status"], "SENT");
}

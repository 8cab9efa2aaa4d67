//! Web forms: strangers become leads, and learn nothing.

use crate::quotes::http;
use crate::*;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

async fn form(client: &Client<'_>, more: Value) -> (String, String) {
    let id = client.create("webForm", with(json!({ "name": "Contact us", "fields": ["NAME", "EMAIL", "COMPANY", "PHONE", "COUNTRY", "MESSAGE"] }), more)).await;
    let path = text(&ask(client, "webForm", &id, "publicPath").await["publicPath"]);
    (id, path)
}

#[tokio::test]
async fn what_a_stranger_fills_in_is_a_lead_that_somebody_is_given() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let rep = admin.colleague(&[Role::Sales]);
    app.join(&rep).await;
    client
        .create(
            "assignmentRule",
            json!({ "name": "AT", "country": "AT", "memberIds": [rep.member().membership_id] }),
        )
        .await;
    let source = client.create("leadSource", json!({ "name": "Web", "firstResponseHours": 8 })).await;
    let (_, path) = form(&client, json!({ "sourceId": source })).await;
    let body = "name=Ada+Lovelace&email=Ada%40lovelace.example&company=Lovelace+Ltd&phone=0664+1234567&country=AT&message=Twenty+cameras%2C+please.&unknown=x";
    assert_eq!(http(&app, "POST", &path, FORM, body).await, (202, "{\"received\":true}".to_owned()));
    let fields = "{ leads { nodes { name email phone companyName country notes spamPoints slaDueAt source { name } owner { id } } } }";
    let found = client.run(fields).await.ok()["leads"]["nodes"][0].clone();
    let expected = json!({ "name": "Ada Lovelace", "email": "ada@lovelace.example", "phone": "+436641234567", "companyName": "Lovelace Ltd",
        "country": "AT", "notes": "Twenty cameras, please.", "spamPoints": 0, "slaDueAt": "2026-03-02T17:00:00+00:00",
        "source": { "name": "Web" }, "owner": { "id": rep.member().membership_id } });
    assert_eq!(found, expected);
}

/// CRM-8.
#[tokio::test]
async fn the_answer_is_the_same_whoever_is_known_whatever_becomes_of_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (id, path) = form(&client, json!({})).await;
    let known =
        json!({ "name": "Ada Lovelace", "email": "ada@lovelace.example", "message": "Hello" }).to_string();
    let first = http(&app, "POST", &path, JSON, &known).await;
    // Somebody who is known, spam, an address of nobody's, a form that was given another address or is closed.
    let spam = json!({ "name": "Bob", "email": "b@x.example", "message": "casino http://a http://b http://c", "website": "x" }).to_string();
    for (path, body) in [(&path, &known), (&path, &spam), (&"/public/crm/forms/AAAA".to_owned(), &known)] {
        assert_eq!(http(&app, "POST", path, JSON, body).await, first);
    }
    assert_eq!(scalar(&app, "select count(*) from crm.lead").await, 3);
    assert_eq!(
        scalar(&app, "select count(*) from crm.lead where spam_points >= 60 and owner_membership_id is null")
            .await,
        1
    );
    client.act("webForm", "Renew", &id).await.ok();
    assert_eq!(http(&app, "POST", &path, JSON, &known).await, first);
    let path = text(&ask(&client, "webForm", &id, "publicPath").await["publicPath"]);
    client.update("webForm", &id, json!({ "isActive": false })).await.ok();
    assert_eq!(http(&app, "POST", &path, JSON, &known).await, first);
    assert_eq!(scalar(&app, "select count(*) from crm.lead").await, 3);
    // What is wrong on the face of it is told, whatever the address.
    let wrong = json!({ "name": "Ada", "email": "nobody" }).to_string();
    let refused = http(&app, "POST", &path, JSON, &wrong).await;
    assert_eq!(refused.0, 400);
    assert_eq!(http(&app, "POST", "/public/crm/forms/AAAA", JSON, &wrong).await, refused);
    assert_eq!(http(&app, "POST", &path, JSON, "[1]").await.0, 400);
}

/// CRM-8.
#[tokio::test]
async fn who_sends_again_and_again_is_asked_to_wait() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (_, path) = form(&client, json!({})).await;
    let body = json!({ "name": "Ada Lovelace", "email": "ada@lovelace.example" }).to_string();
    let mut refused = 0;
    for _ in 0..40 {
        match http(&app, "POST", &path, JSON, &body).await.0 {
            202 => {}
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(refused >= 20, "only {refused} were refused");
    let taken = scalar(&app, "select count(*) from crm.lead").await;
    assert_eq!(taken, 40 - refused);
    // Whose address comes often is taken for spam.
    assert!(scalar(&app, "select max(spam_points)::bigint from crm.lead").await >= 50);
    let long = json!({ "name": "A".repeat(70_000), "email": "ada@lovelace.example" }).to_string();
    let (status, _) = http_plain(&app, &path, &long).await;
    assert_eq!(status, 413);
}

async fn http_plain(app: &App, path: &str, body: &str) -> (u16, String) {
    use tower::ServiceExt as _;
    let routes = crm::subgraph().public.unwrap()(app.runtime());
    let request = axum::http::Request::post(path)
        .header("content-type", JSON)
        .body(axum::body::Body::from(body.to_owned()));
    let response = routes.oneshot(request.unwrap()).await.unwrap();
    (response.status().as_u16(), String::new())
}

#[tokio::test]
async fn nothing_that_somebody_wrote_is_lost_however_they_wrote_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (_, path) = form(&client, json!({})).await;
    let long = format!("{} Lovelace", "Ada".repeat(50));
    for (written, last, kept) in [
        (json!({ "name": "Ada One", "phone": "0664 1234567" }), "One", json!("Phone: 0664 1234567")),
        (
            json!({ "name": "Ada Two", "phone": "+43 664 1234567 DW 12" }),
            "Two",
            json!("Phone: +43 664 1234567 DW 12"),
        ),
        (json!({ "name": "Ada\r\nThree", "email": "c@x.example" }), "Three", Value::Null),
        (json!({ "name": "Ada\tFour\u{0}", "email": "d@x.example" }), "Four", Value::Null),
        (json!({ "name": "A\u{200b}da Five", "email": "e@x.example" }), "Five", Value::Null),
        (
            json!({ "name": "Ada Six", "email": "f@x.example", "country": "Österreich", "message": "Hel\u{0}lo" }),
            "Six",
            json!("Hello\nCountry: Österreich"),
        ),
        (json!({ "name": long, "email": "g@x.example" }), &long[..100], json!(format!("Name: {long}"))),
    ] {
        assert_eq!(http(&app, "POST", &path, JSON, &written.to_string()).await.0, 202, "{written}");
        let newest = client.run("{ leads(first: 1) { nodes { firstName lastName notes } } }").await.ok();
        let newest = newest["leads"]["nodes"][0].clone();
        assert_eq!((&newest["lastName"], &newest["notes"]), (&json!(last), &kept), "{newest}");
        let is_whole = last.len() == 100 || newest["firstName"] == "Ada";
        assert!(is_whole, "{newest}");
        app.clock.advance(chrono::TimeDelta::seconds(2));
    }
}

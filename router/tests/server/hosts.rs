//! Host names that name a tenant.

use router::Config;
use serde_json::{Value, json};

use crate::toys::{App, code, config};

async fn app() -> App {
    App::start_with(Config { base_domain: Some("example.com".to_owned()), ..config() }).await
}

/// Status and body of a question to a host name, under a token.
async fn ask(app: &App, host: &str, token: Option<&str>) -> (u16, Value) {
    let question = app.post("{ sender }").header("host", host);
    let question = match token {
        Some(token) => question.bearer_auth(token),
        None => question,
    };
    app.send(question).await
}

/// The tenant whose host name it was, as a subgraph is told.
fn told(body: &Value) -> Value {
    let sender: Value = serde_json::from_str(body["data"]["sender"].as_str().unwrap()).unwrap();
    sender["host"].clone()
}

#[tokio::test]
async fn a_token_of_another_tenant_than_the_host_names_is_refused() {
    let app = app().await;
    let (acme, other) = (app.tenants.log_in(), app.tenants.log_in());
    app.tenants.name(&acme, "acme");
    app.tenants.name(&other, "other");
    for host in ["acme.example.com", "ACME.example.com.", "acme.example.com:443"] {
        let (status, body) = ask(&app, host, Some(&acme)).await;
        assert_eq!(status, 200, "{host}: {body}");
        assert_eq!(told(&body), json!(app.tenants.organization(&acme).to_string()));
    }
    let foreign = ask(&app, "other.example.com", Some(&acme)).await;
    assert_eq!((foreign.0, code(&foreign.1)), (421, "HOST_REFUSED"));
    let nobodys = ask(&app, "nobody.example.com", Some(&acme)).await;
    assert_eq!(foreign, nobodys, "who else is here is not told");
    assert_eq!(ask(&app, "a.acme.example.com", Some(&acme)).await, foreign);
    // Only the name that the request was sent to counts, and not what somebody says that it was.
    let said = app.post("{ sender }").bearer_auth(&acme).header("host", "other.example.com");
    let said =
        said.header("x-forwarded-host", "acme.example.com").header("forwarded", "host=acme.example.com");
    assert_eq!(app.send(said).await, foreign);
}

#[tokio::test]
async fn a_name_with_nothing_between_two_dots_is_refused_and_a_dot_at_its_end_changes_nothing() {
    let app = app().await;
    let acme = app.tenants.log_in();
    app.tenants.name(&acme, "acme");
    for token in [None, Some(&*acme)] {
        for host in
            ["acme..example.com", "acme.example..com", ".acme.example.com", "acme.example.com..", "a..b", "."]
        {
            let (status, body) = ask(&app, host, token).await;
            assert_eq!((status, code(&body)), (400, "HOST_INVALID"), "{host}: {body}");
        }
        let (dotted, plain) =
            (ask(&app, "acme.example.com.", token).await, ask(&app, "acme.example.com", token).await);
        assert_eq!((dotted.0, told(&dotted.1)), (plain.0, told(&plain.1)));
    }
}

#[tokio::test]
async fn a_name_that_is_for_everybody_or_of_no_tenant_says_nothing() {
    let app = app().await;
    let token = app.tenants.log_in();
    for host in ["example.com", "www.example.com", "localhost", "127.0.0.1:80", "example.org"] {
        let (status, body) = ask(&app, host, Some(&token)).await;
        assert_eq!((status, told(&body)), (200, json!(null)), "{host}");
    }
    let unset = App::start().await;
    let token = unset.tenants.log_in();
    assert_eq!(ask(&unset, "nobody.example.com", Some(&token)).await.0, 200);
}

#[tokio::test]
async fn whoever_has_no_token_is_a_guest_of_the_tenant_whose_host_it_is() {
    let app = app().await;
    let acme = app.tenants.log_in();
    app.tenants.name(&acme, "acme");
    let (status, body) = ask(&app, "acme.example.com", None).await;
    assert_eq!((status, told(&body)), (200, json!(app.tenants.organization(&acme).to_string())));
}

#[tokio::test]
async fn nobody_learns_from_a_host_name_whether_it_is_taken() {
    let app = app().await;
    app.tenants.name(&app.tenants.log_in(), "acme");
    let ask = async |host: &str, document: &str| app.send(app.post(document).header("host", host)).await;
    for document in ["{ hello }", "{ __typename }", "{ __schema { queryType { name } } }", "{ nothing }", "{"]
    {
        let taken = ask("acme.example.com", document).await;
        for free in ["nobody.example.com", "a.acme.example.com", "acme-.example.com"] {
            assert_eq!(ask(free, document).await, taken, "{document} at {free}");
        }
    }
    let told = told(&ask("nobody.example.com", "{ sender }").await.1);
    assert_eq!(told, json!(common::RequestContext::NOBODYS_HOST.to_string()), "a tenant that there never is");
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_an_alarm() {
    let app = App::start().await;
    let alarms = async || app.send(app.client.get(app.url("/health/ready"))).await.1["alarms"].clone();
    app.send(app.post("{ hello }")).await;
    assert_eq!(alarms().await, json!([]));
    app.send(app.post("{ hello }").header("x-forwarded-for", "192.0.2.1")).await;
    assert_eq!(alarms().await[0]["code"], "PROXY_NOT_TRUSTED");
    let trusted = vec![router::Network::try_from("127.0.0.0/8".to_owned()).unwrap()];
    let proxied = App::start_with(Config { trusted_proxies: trusted, ..config() }).await;
    proxied.send(proxied.post("{ hello }").header("x-forwarded-for", "192.0.2.1")).await;
    let ready = proxied.send(proxied.client.get(proxied.url("/health/ready"))).await.1;
    assert_eq!(ready["alarms"], json!([]));
}

#[tokio::test]
async fn one_address_takes_so_many_connections_and_no_more() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let app = App::start_with(Config { connections_per_address_max: 3, ..config() }).await;
    // An answer shows that a connection was taken; one that was not taken ends without.
    let asked = async || {
        let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
        let _ = stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut first = [0; 8];
        stream.read_exact(&mut first).await.ok().map(|_| stream)
    };
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(asked().await.expect("it is taken"));
    }
    assert!(asked().await.is_none());
    open.pop();
    // Its end is noticed a moment later.
    while asked().await.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

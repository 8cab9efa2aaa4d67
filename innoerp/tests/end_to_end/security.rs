//! What attackers try.

use std::process::Stdio;

use serde_json::{Value, json};
use service::{SecretKey, credential};

use crate::client::Client;
use crate::company::{Company, PASSWORD, sign_up, unique};
use crate::system::System;

/// Every attack.
pub async fn all(system: &System) {
    straight_to_a_subgraph_there_is_nothing(system).await;
    a_signed_call_without_a_token_gets_no_data(system).await;
    hostile_documents_are_refused_everywhere(system).await;
    forged_headers_change_nothing(system).await;
    bad_tokens_look_alike(system).await;
    a_host_serves_its_own_organization_and_no_other(system).await;
    an_operators_link_proves_an_address(system).await;
    pages_and_health_are_served(system).await;
}

fn subgraphs(system: &System) -> Vec<&'static str> {
    system.ports.keys().copied().filter(|name| *name != "router").collect()
}

async fn post(url: &str, body: &str, headers: &[(&str, String)]) -> (u16, String) {
    let mut request =
        reqwest::Client::new().post(url).header("content-type", "application/json").body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn straight_to_a_subgraph_there_is_nothing(system: &System) {
    let company = Company::new(system).await;
    let token = format!("Bearer {}", company.owner.token.clone().unwrap());
    let body = json!({ "query": "{ __schema { types { name } } }" }).to_string();
    for subgraph in subgraphs(system) {
        let url = system.url(subgraph, "/graphql");
        for headers in [
            vec![],
            vec![("authorization", token.clone())],
            vec![("x-innoerp-credential", "t=1,v1=00".to_owned())],
        ] {
            let (status, text) = post(&url, &body, &headers).await;
            assert_eq!(status, 401, "{subgraph}");
            assert!(!text.contains("__schema") && !text.contains("types"), "{subgraph}: {text}");
        }
    }
}

async fn a_signed_call_without_a_token_gets_no_data(system: &System) {
    let key: SecretKey = system.secret_key.parse().unwrap();
    let body = json!({ "query": "{ leaveTypes { nodes { id } } }" }).to_string();
    let signed = ("x-innoerp-credential", credential::sign(&key, "POST", "/graphql", body.as_bytes()));
    let (_, text) = post(&system.url("leave", "/graphql"), &body, std::slice::from_ref(&signed)).await;
    assert!(text.contains("UNAUTHENTICATED"), "{text}");
    // The signature is of this body and no other.
    let (status, _) = post(&system.url("leave", "/graphql"), &body.replace("id", "name"), &[signed]).await;
    assert_eq!(status, 401);
}

async fn hostile_documents_are_refused_everywhere(system: &System) {
    let company = Company::new(system).await;
    let key: SecretKey = system.secret_key.parse().unwrap();
    let documents = [
        format!("{{ a(b: {}1{}) }}", "[".repeat(4000), "]".repeat(4000)),
        format!("{{ a(b: {}) }}", "{a:".repeat(4000)),
        "{a".repeat(4000),
        format!("{{ {} }}", "a ".repeat(6000)),
        (0..30)
            .map(|n| format!("fragment f{n} on Query {{ ...f{m} ...f{m} }} ", m = n + 1))
            .collect::<String>()
            + "{ ...f0 }",
    ];
    for document in documents {
        let body = json!({ "query": document });
        let answer = company.owner.post(&body).await;
        assert!(answer.status().as_u16() < 500, "{}", answer.status());
        assert!(answer.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"].is_string());
        let body = body.to_string();
        let signed = ("x-innoerp-credential", credential::sign(&key, "POST", "/graphql", body.as_bytes()));
        let (status, text) = post(&system.url("leave", "/graphql"), &body, &[signed]).await;
        assert!(status < 500 && text.contains("errors"), "{status}: {text}");
    }
    company.owner.run("{ me { user { id } } }").await.ok();
}

async fn forged_headers_change_nothing(system: &System) {
    let (mine, other) = (Company::new(system).await, Company::new(system).await);
    let me = "{ me { organization { id name } } }";
    let other_id = other.owner.run(me).await.ok()["me"]["organization"]["id"].as_str().unwrap().to_owned();
    let headers = [
        ("authorization", format!("Bearer {}", mine.owner.token.clone().unwrap())),
        ("x-organization-id", other_id.clone()),
        ("x-innoerp-organization", other_id.clone()),
        ("x-user-id", other_id),
    ];
    let (_, text) =
        post(&system.url("router", "/graphql"), &json!({ "query": me }).to_string(), &headers).await;
    assert!(text.contains(&mine.name) && !text.contains(&other.name), "{text}");
}

async fn bad_tokens_look_alike(system: &System) {
    let company = Company::new(system).await;
    let good = company.owner.token.clone().unwrap();
    let (head, signature) = good.rsplit_once('.').unwrap();
    let none = format!("{}.{}.", "eyJhbGciOiJub25lIn0", head.split('.').nth(1).unwrap());
    let flipped = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let mut answers = Vec::new();
    for token in ["", "x", "a.b.c", &none, &flipped] {
        let client = Client::with_token(system, token);
        let answer = client.post(&json!({ "query": "{ me { user { id } } }" })).await;
        answers.push((answer.status().as_u16(), answer.text().await.unwrap()));
    }
    assert_eq!(answers[1].0, 401);
    assert!(answers[1..].windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    // To what needs no token, they are none: nobody is shut out by what their client has kept.
    let log_in = "mutation($input: LogInInput!) { logIn(input: $input) { session { refreshToken } } }";
    let refresh = "mutation($input: SessionRefreshInput!) { sessionRefresh(input: $input) { session { accessToken } } }";
    for token in ["a.b.c", &flipped] {
        let client = Client::with_token(system, token);
        let input = json!({ "email": company.owner_email, "password": PASSWORD });
        let session = client.run_with(log_in, json!({ "input": input })).await.ok();
        let input = json!({ "refreshToken": session["logIn"]["session"]["refreshToken"] });
        let next = client.run_with(refresh, json!({ "input": input })).await.ok();
        assert!(next["sessionRefresh"]["session"]["accessToken"].is_string(), "{next}");
    }
}

async fn a_host_serves_its_own_organization_and_no_other(system: &System) {
    let (mine, other) = (Company::new(system).await, Company::new(system).await);
    // Whoever belongs to both enters the one whose host it is.
    sign_up(system, &unique("d"), &mine.owner_email).await.ok();
    let token = format!("Bearer {}", mine.owner.token.clone().unwrap());
    let me = json!({ "query": "{ me { organization { name } } }" }).to_string();
    let url = system.url("router", "/graphql");
    let at = async |host: String| post(&url, &me, &[("authorization", token.clone()), ("host", host)]).await;
    let (status, text) = at(format!("{}.example.test", mine.name)).await;
    assert!(status == 200 && text.contains(&mine.name), "{status}: {text}");
    let foreign = at(format!("{}.example.test", other.name)).await;
    assert!(foreign.0 == 421 && foreign.1.contains("HOST_REFUSED"), "{foreign:?}");
    assert_eq!(foreign, at(format!("{}.example.test", unique("nobody"))).await);
    let guest = async |host: String| {
        post(&url, &format!(r#"{{ "query": "{}" }}"#, "{ __typename }"), &[("host", host)]).await
    };
    let taken = guest(format!("{}.example.test", other.name)).await;
    assert_eq!(taken, guest(format!("{}.example.test", unique("nobody"))).await, "who is here is not told");
    assert_eq!(at("console.example.test".to_owned()).await.0, 200, "it is the installation's own");
    let log_in = format!(
        r#"mutation {{ logIn(input: {{ email: "{}", password: "{PASSWORD}" }}) {{ session {{ accessToken }} organizations {{ id }} }} }}"#,
        mine.owner_email
    );
    let log_in = json!({ "query": log_in }).to_string();
    let (_, text) = post(&url, &log_in, &[("host", format!("{}.example.test", mine.name))]).await;
    assert!(text.contains("accessToken"), "there is nothing to choose: {text}");
}

async fn an_operators_link_proves_an_address(system: &System) {
    let company = Company::new(system).await;
    let link = async |verb: &[&str]| {
        let made = system.command(verb).stdout(Stdio::piped()).output().await.unwrap();
        let link = String::from_utf8(made.stdout).unwrap();
        (made.status.success(), link.trim().rsplit('#').next().unwrap_or_default().to_owned(), link)
    };
    let email = format!("hanna@{}.example", company.name);
    let invite = ["auth", "invite-link", "--organization", &company.name, "--email", &email];
    assert!(!link(&invite).await.0, "she is not invited");
    let query =
        "mutation($input: MemberInviteInput!) { memberInvite(input: $input) { userErrors { code } } }";
    company.owner.run_with(query, json!({ "input": { "email": email, "roles": ["HR"] } })).await.ok();
    let (_, token, shown) = link(&invite).await;
    assert!(shown.starts_with(&format!("https://{}.example.test/invitation#", company.name)), "{shown}");
    let nobody = Client::anonymous(system);
    let accept = "mutation($input: InvitationAcceptInput!) { invitationAccept(input: $input) { userErrors { code } } }";
    let input = json!({ "token": token, "displayName": "Hanna", "password": PASSWORD });
    nobody.run_with(accept, json!({ "input": input })).await.ok();
    let (_, token, _) = link(&["auth", "reset-link", "--email", &email]).await;
    let reset = "mutation($input: PasswordResetInput!) { passwordReset(input: $input) { email userErrors { code } } }";
    let input = json!({ "token": token, "newPassword": "tall-lantern-88" });
    let answer = nobody.run_with(reset, json!({ "input": input })).await.ok();
    assert_eq!(answer["passwordReset"]["email"], email.as_str());
}

async fn pages_and_health_are_served(system: &System) {
    for service in system.ports.keys() {
        let page = reqwest::get(system.url(service, "/")).await.unwrap().text().await.unwrap();
        assert!(page.contains("graphiql"), "{service}");
        assert!(!page.contains("https://"), "{service} loads something from elsewhere: {page}");
        let live = reqwest::get(system.url(service, "/health/live")).await.unwrap();
        assert!(live.status().is_success(), "{service}");
    }
    let keys: Value =
        reqwest::get(system.url("auth", "/.well-known/jwks.json")).await.unwrap().json().await.unwrap();
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
    assert!(keys["keys"][0].get("d").is_none());
}

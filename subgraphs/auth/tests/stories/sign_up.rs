//! Stories about signing up.

use crate::world::{PASSWORD, World, tokens};
use serde_json::json;

/// How many rows there are of everything that signing up makes.
async fn rows(world: &World) -> i64 {
    sqlx::query_scalar(
        r#"select (select count(*) from auth.identity) + (select count(*) from auth.session)
                + (select count(*) from tenant.organization) + (select count(*) from tenant.organization_module)
                + (select count(*) from tenant.outbox) + (select count(*) from tenant.audit_log)
                + (select count(*) from "user"."user") + (select count(*) from "user".membership)
                + (select count(*) from "user".outbox) + (select count(*) from "user".audit_log)"#,
    )
    .fetch_one(&mut world.admin().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn signing_up_makes_an_organization_with_its_owner_in_it() {
    let world = World::start().await;
    let (access, _) = tokens(world.sign_up("acme", "Olivia@Example.org").await);
    let me = world.me(&access).await.ok();
    assert_eq!(me["me"]["user"], json!({ "displayName": "Olivia", "email": "olivia@example.org" }));
    assert_eq!(me["me"]["membership"]["roles"], json!(["OWNER"]));
    assert_eq!(me["me"]["organizations"], json!([{ "subdomain": "acme" }]));
    let organization =
        world.ask("tenant", Some(&access), "{ organization { id name industryCode } }", json!({})).await.ok();
    assert_eq!(organization["organization"]["industryCode"], "software");
    assert_eq!(organization["organization"]["id"], me["me"]["organization"]["id"]);
    world.app.settle().await;
    let types: Vec<String> =
        world.app.announced().await.into_iter().map(|(event_type, _)| event_type).collect();
    assert_eq!(types.len(), 3);
    for expected in ["tenant.organization.created", "user.user.created", "user.member.joined"] {
        assert!(types.iter().any(|event_type| event_type == expected), "{expected}");
    }
}

#[tokio::test]
async fn every_reason_against_is_told_at_once() {
    const SIGN_UP: &str =
        "mutation($input: SignUpInput!) { signUp(input: $input) { userErrors { code field } } }";
    let world = World::start().await;
    let input = json!({ "organizationName": " ", "subdomain": "www", "ownerName": "a\u{0}", "email": "nobody",
        "password": "short", "industryCode": "?" });
    let refused = world.ask("auth", None, SIGN_UP, json!({ "input": input })).await;
    assert_eq!(
        refused.refusals(),
        [
            "NAME_INVALID",
            "SUBDOMAIN_RESERVED",
            "INDUSTRY_CODE_INVALID",
            "NAME_INVALID",
            "EMAIL_INVALID",
            "PASSWORD_TOO_SHORT"
        ]
    );
    let errors = refused.0["data"]["signUp"]["userErrors"].as_array().unwrap();
    let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["organizationName", "subdomain", "industryCode", "ownerName", "email", "password"]);
    let input = json!({ "organizationName": "a\u{0}b", "subdomain": "a\u{0}b", "ownerName": "Ada",
        "email": "ada@example.org", "password": "Password123" });
    let refused = world.ask("auth", None, SIGN_UP, json!({ "input": input })).await;
    assert_eq!(refused.refusals(), ["NAME_INVALID", "SUBDOMAIN_INVALID", "PASSWORD_TOO_COMMON"]);
    assert_eq!(rows(&world).await, 0);
}

#[tokio::test]
async fn a_subdomain_is_given_once_and_the_loser_leaves_nothing() {
    let world = World::start().await;
    let (one, other) =
        tokio::join!(world.sign_up("acme", "one@example.org"), world.sign_up("acme", "other@example.org"));
    let mut refusals = [one.refusals(), other.refusals()];
    refusals.sort();
    assert_eq!(refusals, [vec![], vec!["SUBDOMAIN_TAKEN"]]);
    let after_one = rows(&world).await;
    assert_eq!(world.sign_up("acme", "third@example.org").await.refusals(), ["SUBDOMAIN_TAKEN"]);
    assert_eq!(rows(&world).await, after_one);
}

#[tokio::test]
async fn a_mail_address_is_given_once_and_the_loser_leaves_nothing() {
    let world = World::start().await;
    let (one, other) = tokio::join!(
        world.sign_up("acme", "olivia@example.org"),
        world.sign_up("other", "olivia@example.org")
    );
    // Either both saw a free address, and the second to write is refused; or the second saw the first's identity.
    let count = [&one, &other].iter().filter(|answer| answer.refusals() == ["CREDENTIALS_INVALID"]).count();
    let organizations: i64 = sqlx::query_scalar("select count(*) from tenant.organization")
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap();
    assert_eq!(usize::try_from(organizations).unwrap(), 2 - count);
    let memberships: i64 = sqlx::query_scalar(r#"select count(*) from "user".membership"#)
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap();
    assert_eq!(memberships, organizations);
}

#[tokio::test]
async fn who_has_an_identity_founds_another_organization_with_its_password_only() {
    const SIGN_UP: &str = r#"mutation { signUp(input: { organizationName: "Other", subdomain: "other",
        ownerName: "Mallory", email: "olivia@example.org", password: "wrong-horse-77" }) { session { accessToken }
        userErrors { field code message } } }"#;
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    let before = rows(&world).await;
    assert_eq!(world.ask("auth", None, SIGN_UP, json!({})).await.refusals(), ["CREDENTIALS_INVALID"]);
    assert_eq!(rows(&world).await, before);
    let (access, _) = tokens(world.sign_up("other", "olivia@example.org").await);
    let me = world.me(&access).await.ok();
    assert_eq!(me["me"]["organizations"].as_array().unwrap().len(), 2);
    // One's own token in the header changes nothing: a sign-up is nobody's.
    let third = SIGN_UP.replace("other", "third").replace("wrong-horse-77", PASSWORD);
    world.ask("auth", Some(&access), &third, json!({})).await.ok();
}

#[tokio::test]
async fn secrets_are_in_no_trail_and_in_no_row_as_they_are() {
    let world = World::start().await;
    let (access, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let (trail, rows): (String, String) = sqlx::query_as(
        r#"select (select string_agg(a::text, '') from (select * from tenant.audit_log union all select * from "user".audit_log) a),
                  (select string_agg(r, '') from (select i::text r from auth.identity i union all select s::text from auth.session s
                      union all select a::text from auth.login_attempt a union all select k::text from auth.signing_key k) r)"#,
    )
    .fetch_one(&mut world.admin().await)
    .await
    .unwrap();
    for secret in [PASSWORD, &access, &refresh] {
        assert!(!trail.contains(secret) && !rows.contains(secret));
    }
    assert!(trail.contains("acme") && !trail.contains("_hash") && !trail.contains("$2b$"));
}

#[tokio::test]
async fn a_taken_subdomain_is_told_after_everything_else_and_costs_an_attempt() {
    const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) { userErrors { code } } }";
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    let sign_up = async |email: &str, password: &str| {
        let input = json!({ "organizationName": "Acme", "subdomain": "acme", "ownerName": "Ada",
            "email": email, "password": password });
        world.ask("auth", None, SIGN_UP, json!({ "input": input })).await
    };
    let before = rows(&world).await;
    assert_eq!(sign_up("ada@example.org", "short").await.refusals(), ["PASSWORD_TOO_SHORT"]);
    assert_eq!(sign_up("olivia@example.org", "wrong-horse-77").await.refusals(), ["CREDENTIALS_INVALID"]);
    assert_eq!(sign_up("ada@example.org", PASSWORD).await.refusals(), ["SUBDOMAIN_TAKEN"]);
    assert_eq!(sign_up("olivia@example.org", PASSWORD).await.refusals(), ["SUBDOMAIN_TAKEN"]);
    assert_eq!(rows(&world).await, before);
    let counted: (i64, i64) = sqlx::query_as(
        "select count(*) filter (where is_checked and not has_succeeded), count(*) filter (where not is_checked)
         from auth.login_attempt",
    )
    .fetch_one(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(counted, (1, 2), "one wrong password; nobody failed with a right one");
}

#[tokio::test]
async fn names_that_machines_look_for_and_names_of_modules_are_nobodys() {
    let world = World::start().await;
    let reserved: Vec<bool> = sqlx::query_scalar(
        "select tenant.subdomain_is_reserved(name) from unnest(array['wpad', 'autodiscover', 'autoconfig', 'isatap',
             'mta-sts', 'hostmaster', 'abuse', 'sysadmin', 'console', 'portal', 'pay', 'git', 'graphiql', 'prod',
             'testing', 'vpn', 'payroll', 'token', 'internal', 'corp', 'localhost', 'info', 'sales', 'noc', 'usenet', 'uucp',
             'sslwebmaster', 'invalid', 'example', 'mail2', 'smtp1', 'imap01', 'pop3', 'ns1', 'ns-2', 'mx10', 'www1', 'cdn-3'])
             name
         union all select tenant.subdomain_is_reserved(id) from core.module",
    )
    .fetch_all(&mut world.admin().await)
    .await
    .unwrap();
    assert!(reserved.len() >= 40 && reserved.iter().all(|is_reserved| *is_reserved));
    assert_eq!(world.sign_up("wpad", "ada@example.org").await.refusals(), ["SUBDOMAIN_RESERVED"]);
    // Hyphens at the third and fourth place are for labels with a meaning (RFC 5891, section 4.2.3.1).
    for wrong in ["xn--80ak6aa92e", "ab--cd", "hr", "a_b", "ä-b", "-ab", "ab-"] {
        assert_eq!(
            world.sign_up(wrong, "ada@example.org").await.refusals(),
            ["SUBDOMAIN_INVALID"],
            "{wrong}"
        );
    }
}

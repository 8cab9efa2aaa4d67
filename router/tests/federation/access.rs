//! Who may see what: `@authenticated`, `@requiresScopes` and `@policy`, as
//! <https://www.apollographql.com/docs/graphos/routing/security/authorization> describes them.

use std::sync::Arc;

use common::{Caller, Granted, IdentityId, Member, MembershipId, OrganizationId, SessionId};
use serde_json::{Value, json};

use crate::Federation;
use crate::toy::Toy;

/// A caller whose token grants scopes and policies.
pub fn member(scopes: &[&str], policies: &[&str]) -> Caller {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Caller::Member(Arc::new(Member {
        organization_id: OrganizationId::new(),
        identity_id: IdentityId::new(),
        membership_id: MembershipId::new(),
        session_id: SessionId::new(),
        roles: Vec::new(),
        expires_at: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        modules: None,
        granted: Arc::new(Granted { scopes: set(scopes), policies: set(policies) }),
    }))
}

/// An error for what a caller may not see.
fn refused(path: Value) -> Value {
    json!({
        "message": "Unauthorized field or type", "path": path,
        "extensions": { "code": "UNAUTHORIZED_FIELD_OR_TYPE" }
    })
}

/// Who sells what, and what the shop keeps to itself.
fn shop() -> Federation {
    let cups = json!([{ "id": "1", "name": "cup", "margin": 7 }, { "id": "2", "name": "can", "margin": 8 }]);
    let goods = Toy {
        name: "goods",
        sdl: r#"
            type Query {
              mine: String @authenticated
              goods: [Good!]! cup: Good
              audit: Audit wage: Wage mood: Mood
              strict: Int! @requiresScopes(scopes: [["a", "b"], ["c"]])
              ruled: String @policy(policies: [["owner"]])
              things: [Thing!] any: [Any!] media: [Medium!]
            }
            type Mutation { first: Int second: Int! @authenticated third: Int @authenticated }
            type Good @key(fields: "id") {
              id: ID! name: String
              margin: Int @requiresScopes(scopes: [["margin"]])
              maker: Maker
            }
            type Maker @requiresScopes(scopes: [["maker"]]) { name: String secret: String @authenticated }
            type Audit @authenticated { at: String }
            scalar Wage @authenticated
            enum Mood @policy(policies: [["feelings"]]) { GOOD BAD }
            interface Thing { id: ID! label: String }
            type Open implements Thing { id: ID! label: String }
            type Shut implements Thing { id: ID! label: String @authenticated depth: Int }
            union Any = Open | Vault
            type Vault @authenticated { id: ID! }
            interface Medium @key(fields: "id") { id: ID! title: String }
            type Film implements Medium @key(fields: "id") { id: ID! title: String }
        "#,
        data: json!({
            "Query": {
                "mine": "my own", "goods": cups, "cup": cups[0], "audit": { "at": "noon" }, "wage": 5,
                "mood": "GOOD", "strict": 1, "ruled": "yes",
                "things": [
                    { "__typename": "Open", "id": "1", "label": "o" },
                    { "__typename": "Shut", "id": "2", "label": "s", "depth": 3 }
                ],
                "any": [{ "__typename": "Open", "id": "1" }, { "__typename": "Vault", "id": "9" }],
                "media": [{ "__typename": "Film", "id": "1", "title": "M" }]
            },
            "Mutation": { "first": 1, "second": 2, "third": 3 },
            "Good": cups,
            "Film": [{ "id": "1", "title": "M" }],
        }),
    };
    let stock = Toy {
        name: "stock",
        sdl: r#"
            type Good @key(fields: "id") { id: ID! count: Int @authenticated shelf: String }
            type Medium @key(fields: "id") @interfaceObject { id: ID! grade: Int @authenticated }
        "#,
        data: json!({
            "Good": [{ "id": "1", "count": 3, "shelf": "A" }, { "id": "2", "count": 4, "shelf": "B" }],
            "Medium": [{ "id": "1", "grade": 1 }]
        }),
    };
    Federation::composed(&[goods, stock])
}

#[tokio::test]
async fn what_needs_a_token_is_null_without_one_and_nobody_is_asked() {
    let api = shop();
    assert_eq!(
        api.ask("{ mine again: mine }").await,
        json!({
            "data": { "mine": null, "again": null },
            "errors": [refused(json!(["mine"])), refused(json!(["again"]))],
        })
    );
    assert_eq!(api.called(), Vec::<String>::new());
    let answer = api.ask_as(&member(&[], &[]), "{ mine }", json!({})).await;
    assert_eq!(answer, json!({ "data": { "mine": "my own" } }));
}

#[tokio::test]
async fn scopes_are_any_of_all_of() {
    let api = shop();
    for (scopes, is_shown) in [(&["a"][..], false), (&["a", "b"], true), (&["c"], true), (&["b", "d"], false)]
    {
        let answer = api.ask_as(&member(scopes, &["a", "b", "c"]), "{ strict }", json!({})).await;
        let expected = match is_shown {
            true => json!({ "data": { "strict": 1 } }),
            false => json!({ "data": null, "errors": [refused(json!(["strict"]))] }),
        };
        assert_eq!(answer, expected, "{scopes:?}");
    }
}

#[tokio::test]
async fn policies_are_those_of_the_token_and_others_are_refused() {
    let api = shop();
    let answer = api.ask_as(&member(&["owner"], &["guest"]), "{ ruled mood }", json!({})).await;
    let errors = json!([refused(json!(["ruled"])), refused(json!(["mood"]))]);
    assert_eq!(answer, json!({ "data": { "ruled": null, "mood": null }, "errors": errors }));
    let answer = api.ask_as(&member(&[], &["owner", "feelings"]), "{ ruled mood }", json!({})).await;
    assert_eq!(answer, json!({ "data": { "ruled": "yes", "mood": "GOOD" } }));
}

#[tokio::test]
async fn a_type_is_refused_wherever_it_is_returned_whatever_is_asked_of_it() {
    let api = shop();
    let answer = api.ask("{ audit { __typename } wage mood cup { name maker { __typename } } }").await;
    assert_eq!(
        answer,
        json!({
            "data": { "audit": null, "wage": null, "mood": null, "cup": { "name": "cup", "maker": null } },
            "errors": [
                refused(json!(["audit"])), refused(json!(["wage"])), refused(json!(["mood"])),
                refused(json!(["cup", "maker"])),
            ]
        })
    );
    let asked = api.log.lock().unwrap().clone();
    assert!(asked.iter().all(|(_, text, _)| !text.contains("audit") && !text.contains("maker")), "{asked:?}");
}

#[tokio::test]
async fn what_stands_at_a_field_and_at_its_type_holds_together() {
    let api = shop();
    let document = "{ cup { maker { name secret } } }";
    let lacks_scope = api.ask_as(&member(&[], &[]), document, json!({})).await;
    assert_eq!(lacks_scope["errors"], json!([refused(json!(["cup", "maker"]))]));
    let answer = api.ask_as(&member(&["maker"], &[]), document, json!({})).await;
    assert_eq!(answer, json!({ "data": { "cup": { "maker": null } } }));
}

#[tokio::test]
async fn an_entity_shows_what_may_be_seen_and_an_error_stands_once_for_a_field() {
    let api = shop();
    let answer = api.ask("{ goods { name margin count shelf } }").await;
    assert_eq!(
        answer,
        json!({
            "data": { "goods": [
                { "name": "cup", "margin": null, "count": null, "shelf": "A" },
                { "name": "can", "margin": null, "count": null, "shelf": "B" },
            ] },
            "errors": [refused(json!(["goods", 0, "margin"])), refused(json!(["goods", 0, "count"]))]
        })
    );
    let asked = api.log.lock().unwrap().clone();
    assert!(
        asked.iter().all(|(_, text, _)| !text.contains("margin") && !text.contains("count")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn no_subgraph_is_asked_for_an_entity_of_which_nothing_may_be_seen() {
    let api = shop();
    let answer = api.ask("{ cup { count } }").await;
    let errors = json!([refused(json!(["cup", "count"]))]);
    assert_eq!(answer, json!({ "data": { "cup": { "count": null } }, "errors": errors }));
    assert_eq!(api.called(), ["goods"]);
}

#[tokio::test]
async fn fragments_and_aliases_are_no_way_round() {
    let api = shop();
    let document =
        "query ($no: Boolean!) { cup { ...Good x: margin ... on Good { y: margin } } ... { m: mine }
        z: mine @skip(if: $no) }
        fragment Good on Good { margin }";
    let answer = api.ask_as(&Caller::Anonymous, document, json!({ "no": true })).await;
    assert_eq!(answer["data"], json!({ "cup": { "margin": null, "x": null, "y": null }, "m": null }));
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn an_interface_asks_for_whatever_one_of_its_objects_asks_for() {
    let api = shop();
    let answer = api.ask("{ things { id label } }").await;
    assert_eq!(
        answer,
        json!({
            "data": { "things": [{ "id": "1", "label": null }, { "id": "2", "label": null }] },
            // Two objects of two types: once for each.
            "errors": [refused(json!(["things", 0, "label"])), refused(json!(["things", 1, "label"]))]
        })
    );
    let answer = api.ask("{ things { ... on Open { label } ... on Shut { label depth } } }").await;
    assert_eq!(
        answer,
        json!({
            "data": { "things": [{ "label": "o" }, { "label": null, "depth": 3 }] },
            "errors": [refused(json!(["things", 1, "label"]))]
        })
    );
}

#[tokio::test]
async fn an_object_of_a_type_that_may_not_be_seen_is_not_shown_behind_a_union() {
    let api = shop();
    let answer = api.ask("{ any { __typename ... on Open { id } } }").await;
    assert_eq!(answer, json!({ "data": { "any": null }, "errors": [refused(json!(["any", 1]))] }));
    let answer = api.ask_as(&member(&[], &[]), "{ any { __typename } }", json!({})).await;
    assert_eq!(answer, json!({ "data": { "any": [{ "__typename": "Open" }, { "__typename": "Vault" }] } }));
}

#[tokio::test]
async fn what_stands_at_an_interface_object_holds_for_every_object_of_the_interface() {
    let api = shop();
    for document in ["{ media { grade } }", "{ media { ... on Film { grade } } }"] {
        let answer = api.ask(document).await;
        let errors = json!([refused(json!(["media", 0, "grade"]))]);
        assert_eq!(
            answer,
            json!({ "data": { "media": [{ "grade": null }] }, "errors": errors }),
            "{document}"
        );
        let answer = api.ask_as(&member(&[], &[]), document, json!({})).await;
        assert_eq!(answer, json!({ "data": { "media": [{ "grade": 1 }] } }), "{document}");
    }
}

#[tokio::test]
async fn a_mutation_whose_answer_is_lost_changes_nothing() {
    let api = shop();
    let answer = api.ask("mutation { first second }").await;
    assert_eq!(answer, json!({ "data": null, "errors": [refused(json!(["second"]))] }));
    assert_eq!(api.called(), Vec::<String>::new());
    let answer = api.ask("mutation { first third }").await;
    let errors = json!([refused(json!(["third"]))]);
    assert_eq!(answer, json!({ "data": { "first": 1, "third": null }, "errors": errors }));
}

#[tokio::test]
async fn callers_with_other_scopes_share_a_plan_when_they_may_see_the_same() {
    let api = shop();
    let of = |scopes: &[&str]| {
        let caller = member(scopes, &[]);
        api.supergraph.prepare_by("{ cup { margin } }", None, &serde_json::Map::new(), &caller).unwrap()
    };
    let (first, second) = (of(&["margin", "one"]), of(&["margin", "two"]));
    assert!(Arc::ptr_eq(&first, &second));
    let (third, fourth) = (of(&["three"]), of(&["four"]));
    assert!(Arc::ptr_eq(&third, &fourth) && !Arc::ptr_eq(&first, &third));
    // What demands nothing is one for everybody.
    let open = |caller| api.supergraph.prepare_by("{ cup { name } }", None, &serde_json::Map::new(), caller);
    let (nobody, somebody) = (open(&Caller::Anonymous).unwrap(), open(&member(&["x"], &[])).unwrap());
    assert!(Arc::ptr_eq(&nobody, &somebody));
}

/// As another composer writes it: nothing is carried over to interfaces and objects.
fn given(names: [&str; 3], links: &str) -> Federation {
    let [authenticated, scopes, policy] = names;
    let sdl = format!(
        r#"
        schema @link(url: "https://specs.apollo.dev/link/v1.0")
          @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) {links} {{ query: Query }}
        enum join__Graph {{ A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") }}
        type Query @join__type(graph: A) @join__type(graph: B) {{
          mine: String @join__field(graph: A) @{authenticated}
          scoped: String @join__field(graph: A) @{scopes}(scopes: [["s"]])
          ruled: String @join__field(graph: A) @{policy}(policies: [["p"]])
          things: [Thing!] @join__field(graph: A)
          media: [Medium!] @join__field(graph: A)
        }}
        interface Thing @join__type(graph: A) {{ id: ID! label: String }}
        type Shut implements Thing @join__type(graph: A) @join__implements(graph: A, interface: "Thing")
          @{authenticated} {{ id: ID! label: String }}
        type Open implements Thing @join__type(graph: A) @join__implements(graph: A, interface: "Thing") {{
          id: ID! label: String @{scopes}(scopes: [["s"]])
        }}
        interface Medium @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) {{
          id: ID! grade: Int @join__field(graph: B) @{authenticated}
        }}
        type Film implements Medium @join__type(graph: A, key: "id")
          @join__implements(graph: A, interface: "Medium") {{ id: ID! grade: Int @join__field }}
        "#
    );
    let media = json!([{ "__typename": "Film", "id": "1" }]);
    let a = Toy {
        name: "a",
        sdl: r#"
            type Query { mine: String scoped: String ruled: String things: [Thing!] media: [Medium!] }
            interface Thing { id: ID! label: String }
            type Shut implements Thing { id: ID! label: String }
            type Open implements Thing { id: ID! label: String }
            interface Medium @key(fields: "id") { id: ID! }
            type Film implements Medium @key(fields: "id") { id: ID! }
        "#,
        data: json!({
            "Query": {
                "mine": "m", "scoped": "s", "ruled": "r", "media": media,
                "things": [{ "__typename": "Open", "id": "1", "label": "o" },
                    { "__typename": "Shut", "id": "2", "label": "s" }],
            },
            "Film": media,
        }),
    };
    let b = Toy {
        name: "b",
        sdl: r#"type Medium @key(fields: "id") @interfaceObject { id: ID! grade: Int } type Query { x: Int }"#,
        data: json!({ "Medium": [{ "id": "1", "grade": 1 }] }),
    };
    Federation::ready(&sdl, &[a, b])
}

#[tokio::test]
async fn a_supergraph_of_another_composer_is_held_to_what_it_says_whatever_it_calls_it() {
    let usual = ["authenticated", "requiresScopes", "policy"];
    let specs = |names: [&str; 3]| {
        let link = |(spec, name): (&str, &str)| {
            format!(r#"@link(url: "https://specs.apollo.dev/{spec}/v0.1", as: "{name}", for: SECURITY) "#)
        };
        usual.into_iter().zip(names).map(link).collect::<String>()
    };
    let renamed = ["signedIn", "may", "rule"];
    let imported = r#"@link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "a", for: SECURITY,
            import: [{ name: "@authenticated", as: "@in" }])
        @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", as: "s", import: ["@requiresScopes"])
        @link(url: "https://specs.apollo.dev/policy/v0.1", as: "p")"#;
    for (names, links) in [
        (usual, String::new()),
        (usual, specs(usual)),
        (renamed, specs(renamed)),
        (["in", "requiresScopes", "p__policy"], imported.to_owned()),
        (["in", "requiresScopes", "p"], imported.to_owned()),
    ] {
        let api = given(names, &links);
        let answer = api.ask("{ mine scoped ruled media { ... on Film { grade } } }").await;
        assert_eq!(
            answer["data"],
            json!({ "mine": null, "scoped": null, "ruled": null, "media": [{ "grade": null }] }),
            "{names:?} {answer}"
        );
        let answer = api.ask_as(&member(&["s"], &["p"]), "{ mine scoped ruled }", json!({})).await;
        assert_eq!(answer, json!({ "data": { "mine": "m", "scoped": "s", "ruled": "r" } }), "{names:?}");
        let answer = api.ask("{ things { id } }").await;
        let errors = json!([refused(json!(["things", 1]))]);
        assert_eq!(answer, json!({ "data": { "things": null }, "errors": errors }), "{names:?}");
        let answer = api.ask_as(&member(&[], &[]), "{ things { id label } }", json!({})).await;
        let things = json!([{ "id": "1", "label": null }, { "id": "2", "label": null }]);
        assert_eq!(answer["data"], json!({ "things": things }), "{names:?} {answer}");
    }
}

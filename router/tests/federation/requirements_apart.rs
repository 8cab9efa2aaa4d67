//! Fields that require what other fields require otherwise, or what requires something itself (`@requires`).

use serde_json::json;

use crate::Federation;
use crate::toy::Toy;

/// The shop has prices in every currency; what shipping costs depends on them, in turn in two subgraphs.
fn goods() -> Federation {
    let good = json!({
        "id": "1", "price{\"in\":\"EUR\"}": 10, "price{\"in\":\"USD\"}": 12, "price": 7, "grams": 100,
        "group": { "price{\"in\":\"EUR\"}": 20, "price{\"in\":\"USD\"}": 24 },
    });
    let shop = Toy {
        name: "shop",
        sdl: r#"
            type Query { goods: [Good!] }
            type Good @key(fields: "id") { id: ID! price(in: Currency): Int group: Group grams: Int }
            type Group @shareable { price(in: Currency): Int }
            enum Currency { EUR USD }
        "#,
        data: json!({ "Query": { "goods": [good.clone()] }, "Good": [good] }),
    };
    let post = Toy {
        name: "post",
        sdl: r#"
            type Good @key(fields: "id") {
              id: ID!
              price(in: Currency): Int @external
              group: Group @external
              grams: Int @external
              home: String @requires(fields: "price(in: EUR) grams")
              abroad: String @requires(fields: "price(in: USD) grams")
              class: String @requires(fields: "group { price(in: USD) }")
              localClass: String @requires(fields: "group { price(in: EUR) }")
              duty: String @external
              total: String @requires(fields: "duty price")
            }
            type Group @shareable { price(in: Currency): Int }
            enum Currency { EUR USD }
        "#,
        data: json!({ "Good": [{ "id": "1", "home": "=price", "abroad": "=price", "class": "=group",
            "localClass": "=group", "total": "=duty" }] }),
    };
    let customs = Toy {
        name: "customs",
        sdl: r#"
            type Good @key(fields: "id") {
              id: ID!
              price(in: Currency): Int @external
              home: String @external
              duty: String @requires(fields: "home price(in: USD)")
              rate: String @requires(fields: "price(in: USD)")
            }
            enum Currency { EUR USD }
        "#,
        data: json!({ "Good": [{ "id": "1", "duty": "=home", "rate": "=price" }] }),
    };
    Federation::composed(&[shop, post, customs])
}

async fn good(selection: &str) -> serde_json::Value {
    let mut answer = goods().ask(&format!("{{ goods {{ {selection} }} }}")).await;
    assert!(answer.get("errors").is_none(), "{selection}: {answer}");
    answer["data"]["goods"][0].take()
}

#[tokio::test]
async fn each_field_is_given_what_it_requires_with_its_own_arguments() {
    assert_eq!(good("abroad home").await, json!({ "abroad": "12", "home": "10" }));
    let class = r#"{"price":24}"#;
    assert_eq!(good("class home abroad").await, json!({ "class": class, "home": "10", "abroad": "12" }));
    let all =
        json!({ "abroad": "12", "class": class, "localClass": r#"{"price":20}"#, "home": "10", "price": 7 });
    assert_eq!(good("abroad class localClass home price").await, all);
}

#[tokio::test]
async fn a_chain_of_requirements_keeps_the_arguments_of_each_step() {
    let total = serde_json::to_string(&json!(r#""10""#)).unwrap();
    assert_eq!(good("total").await, json!({ "total": total }));
    let expected = json!({ "rate": "12", "total": total, "abroad": "12", "home": "10" });
    assert_eq!(good("rate total abroad home").await, expected);
}

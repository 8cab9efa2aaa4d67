//! What a document may cost in a federation that is not ours.

use crate::program::{Folder, Router};
use crate::shop;

/// The shop's products, with something said of their list.
fn sdl(list: &str) -> String {
    format!(
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@listSize\"])\n\
         type Query {{ products: [Product!]! {list} }}\n\
         type Product @key(fields: \"upc\") {{ upc: String! name: String! }}\n"
    )
}

#[tokio::test]
async fn a_list_that_is_no_page_counts_as_long_as_is_said() {
    let (folder, products) = (Folder::new(), shop::products().await);
    for (list, limits, is_refused) in [
        ("", "cost_max: 10", false),
        ("", "cost_max: 10, list_size_assumed: 11", true),
        ("", "cost_max: 10, list_size_assumed: 11, modes: { cost_max: measure }", false),
        ("@listSize(assumedSize: 12)", "cost_max: 12, list_size_assumed: 1", false),
        ("@listSize(assumedSize: 12)", "cost_max: 11, list_size_assumed: 1", true),
    ] {
        folder.write("products.graphql", &sdl(list));
        let subgraph =
            format!("{{ name: products, url: '{}', schema: {{ file: products.graphql }} }}", products.url());
        let file = format!("profile: development\nlimits: {{ {limits} }}\nsubgraphs: [{subgraph}]\n");
        folder.write("router.yaml", &file);
        let router = Router::start(&folder, &["--config", "router.yaml"]).await;
        for question in [
            "{ products { name } }",
            "{ ... on Query { products { name } } }",
            "{ ...all } fragment all on Query { ... { products { name } } }",
        ] {
            let answer = router.ask(question).await;
            let code = answer["errors"][0]["extensions"]["code"].as_str();
            assert_eq!(
                code,
                is_refused.then_some("QUERY_TOO_COSTLY"),
                "{list} {limits} {question}: {answer}"
            );
        }
        router.stop().await;
    }
}

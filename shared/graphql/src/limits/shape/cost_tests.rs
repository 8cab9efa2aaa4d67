//! What a document costs where a schema says something of it.

use serde_json::json;

use super::super::Slicing;
use super::*;

/// A schema of some fields: `Query.shops: [Shop]`, `Shop.items: [Item]`, with a cost when one is stated, and
/// `Item.shop: Shop`, `Item.tags: [String]`, `Item.grid: [[Item]]`. `Shop.page: Page` leads to `Page.edges: [Item]` and `Page.more: [Item]`.
fn field<'s>(ty: &str, name: &str, stated: &'s FieldCost, sized: &'s FieldCost) -> Option<FieldShape<'s>> {
    let nothing = FieldCost::nothing();
    match (ty, name) {
        ("Query", "shops") => Some(FieldShape { ty: "Shop", lists: 1, cost: nothing }),
        ("Shop", "items") => Some(FieldShape { ty: "Item", lists: 1, cost: stated }),
        ("Item", "shop") => Some(FieldShape { ty: "Shop", lists: 0, cost: nothing }),
        ("Item", "tags") => Some(FieldShape { ty: "String", lists: 1, cost: stated }),
        ("Item", "grid") => Some(FieldShape { ty: "Item", lists: 2, cost: stated }),
        ("Shop", "page") => Some(FieldShape { ty: "Page", lists: 0, cost: stated }),
        ("Page", "found") => Some(FieldShape { ty: "Item", lists: 1, cost: sized }),
        ("Page", "more") => Some(FieldShape { ty: "Item", lists: 1, cost: nothing }),
        _ => None,
    }
}

/// What a document comes to in that schema under a limit of the cost, with what its variables say if that is known.
fn within(
    document: &str,
    stated: &FieldCost,
    cost_max: usize,
    variables: Option<serde_json::Value>,
) -> Result<(), &'static str> {
    let parsed = async_graphql::parser::parse_query(document).expect("the test's document parses");
    let sized = FieldCost { is_sized: true, ..FieldCost::default() };
    let field = |ty: &str, name: &str| field(ty, name, stated, &sized);
    let by = InputCost { weight: 3, most: 3, ty: "String".to_owned() };
    let input = |ty: &str, name: &str| (ty == "Filter" && name == "text").then_some(&by);
    let values: HashMap<String, Value> = variables
        .iter()
        .filter_map(|said| said.as_object())
        .flatten()
        .map(|(name, value)| (name.clone(), Value::from_json(value.clone()).expect("a value")))
        .collect();
    let variable = |name: &str| Said {
        values: values.get(name).map_or(&[], std::slice::from_ref),
        is_all: variables.is_some(),
    };
    let root = |_| Some("Query");
    let limits = Limits { cost_max, list_size_assumed: 10, ..Limits::default() };
    let schema = Schema { root: &root, field: &field, input: &input, variable: &variable };
    limits.check_in(schema, &parsed, &mut Hits::default()).map(drop).map_err(|refused| refused.code)
}

/// Whether a document costs exactly this much in that schema.
#[track_caller]
fn costs(document: &str, stated: &FieldCost, cost: usize) {
    costs_with(document, stated, None, cost);
}

/// The same, with what variables say if that is known.
#[track_caller]
fn costs_with(document: &str, stated: &FieldCost, variables: Option<serde_json::Value>, cost: usize) {
    let come_to = |max| within(document, stated, max, variables.clone());
    assert_eq!(come_to(cost), Ok(()), "{document} {variables:?}");
    assert_eq!(come_to(cost - 1), Err("QUERY_TOO_COSTLY"), "{document} {variables:?}");
}

fn sliced(path: &str, default: Option<usize>) -> FieldCost {
    FieldCost { slicing: vec![Slicing { path: path.to_owned(), default }], ..FieldCost::default() }
}

#[test]
fn lists_that_are_no_pages_count_as_the_schema_or_the_settings_say() {
    let items = "{ shops { items { shop { name } } } }";
    let nothing = FieldCost::default();
    let three = FieldCost { assumed: Some(3), ..FieldCost::default() };
    // 10 shops, in each 10 items, each with its shop.
    costs(items, &nothing, 10 * (1 + 10 * (1 + 1)));
    costs(items, &three, 10 * (1 + 3 * (1 + 1)));
    costs("{ shops { items(first: 2) { name } } }", &three, 10 * (1 + 2));
    costs("{ shops { items(take: 4) { name } } }", &sliced("take", None), 10 * (1 + 4));
    costs("{ shops { items(first: 4) { name } } }", &sliced("take", None), 10 * (1 + 10));
    costs("{ ...a } fragment a on Query { shops { ... { ... on Shop { items { name } } } } }", &nothing, 110);
    // What the schema does not know, validation refuses.
    costs("{ shops { elsewhere { items { name } } } }", &nothing, 30);
}

#[test]
fn what_is_asked_for_counts_in_full_however_much_it_is() {
    let nothing = FieldCost::default();
    costs("{ shops { items(first: 1000) { name } } }", &nothing, 10 * (1 + 1_000));
    costs("{ shops { items(first: 7, last: 2000) { name } } }", &nothing, 10 * (1 + 2_000));
    let huge = "{ shops { items(first: 9223372036854775807) { name } } }";
    assert_eq!(within(huge, &nothing, 10_000_000, None), Err("QUERY_TOO_COSTLY"));
    // A default of the schema is asked for, too.
    costs("{ shops { items { name } } }", &sliced("take", Some(500)), 10 * (1 + 500));
    costs("{ shops { items(take: 2) { name } } }", &sliced("take", Some(500)), 10 * (1 + 2));
}

#[test]
fn a_variable_counts_for_a_hundred_unless_it_says_more() {
    let nothing = FieldCost::default();
    let document = "query ($n: Int) { shops { items(first: $n) { name } } }";
    let said = |n: i64| Some(json!({ "n": n }));
    for (said, cost) in [(None, 1_010), (said(5), 1_010), (said(100), 1_010), (said(3_000), 30_010)] {
        costs_with(document, &nothing, said, cost);
    }
    // Without a value it asks for nothing in particular.
    for nothing_said in [json!({}), json!({ "n": null })] {
        costs_with(document, &nothing, Some(nothing_said), 110);
    }
}

#[test]
fn how_much_is_asked_for_may_stand_in_an_input_object() {
    let paged = sliced("page.first", Some(4));
    let items = |page: &str| format!("query ($n: Int, $page: Page) {{ shops {{ items{page} {{ name }} }} }}");
    for (page, variables, entries) in [
        ("(page: { first: 300, after: 3 })", json!({}), 300),
        ("(page: { first: null })", json!({}), 10),
        ("(page: { after: 3 })", json!({}), 4),
        ("(page: null)", json!({}), 10),
        ("", json!({}), 4),
        ("(page: { first: $n })", json!({ "n": 700 }), 700),
        ("(page: { first: $n })", json!({}), 4),
        ("(page: $page)", json!({ "page": { "first": 600 } }), 600),
        ("(page: $page)", json!({ "page": { "first": 6 } }), 100),
        ("(page: $page)", json!({ "page": {} }), 4),
    ] {
        costs_with(&items(page), &paged, Some(variables), 10 * (1 + entries));
    }
    for page in ["(page: $page)", "(page: { first: $n })"] {
        costs(&items(page), &paged, 10 * (1 + 100));
    }
}

#[test]
fn of_lists_within_lists_the_outer_one_is_as_long_as_is_said() {
    let grid = |arguments: &str| format!("{{ shops {{ items {{ grid{arguments} {{ name }} }} }} }}");
    costs(&grid("(first: 3)"), &FieldCost::default(), 10 * (1 + 10 * (1 + 3 * 10)));
    let two = FieldCost { assumed: Some(2), ..FieldCost::default() };
    costs(&grid(""), &two, 10 * (1 + 2 * (1 + 2 * 10)));
}

#[test]
fn what_stands_beside_the_entries_of_a_page_counts_once() {
    let heavy = FieldCost { weight: Some(7), ..FieldCost::default() };
    costs("{ shops { page(first: 30) { nodes { id } } } }", &FieldCost::default(), 10 * (1 + 30 * 2));
    let page = "{ shops { page(first: 30) { nodes { id } info { next } } } }";
    costs(page, &FieldCost::default(), 10 * (1 + 30 * 2 + 1));
    costs(
        "{ shops { page(first: 30) { ...P } } } fragment P on Page { edges { id } info { next } }",
        &heavy,
        10 * (1 + 30 * 8 + 1),
    );
}

#[test]
fn what_a_field_and_its_arguments_weigh_is_what_the_schema_says() {
    let heavy = FieldCost { weight: Some(7), ..FieldCost::default() };
    costs("{ shops { items { name } } }", &heavy, 10 * (1 + 10 * 7));
    // A leaf that weighs nothing by itself; a list of leaves; nothing at all.
    costs("{ shops { items { tags } } }", &heavy, 10 * (1 + 10 * (7 + 10 * 7)));
    costs("{ shops { items { name } } }", &FieldCost { weight: Some(0), ..FieldCost::default() }, 10);
    let by = InputCost { weight: 40, most: 43, ty: "Filter".to_owned() };
    let argued = FieldCost { arguments: [("by".to_owned(), by)].into(), ..FieldCost::default() };
    let items = |by: &str| {
        format!(
            "query ($by: [Filter!], $text: String) {{ shops {{ items(by: {by}, other: 2) {{ name }} }} }}"
        )
    };
    // Once for the list, not for each entry.
    for (by, variables, cost) in [
        ("{ a: 1 }", None, 40),
        ("{ text: 1 }", None, 43),
        ("{ text: null }", None, 40),
        ("null", None, 0),
        // Each item of a list again.
        ("[]", None, 0),
        ("[{ a: 1 }, { text: 1 }, { text: [1, 2] }]", None, 40 + 43 + 46),
        // What a variable says is not known, and may be all of it; then it is.
        ("$by", None, 43),
        ("[$by, { text: $text }]", None, 43 + 43),
        ("$by", Some(json!({ "by": [{}, { "text": "a" }, { "text": "b" }] })), 40 + 43 + 43),
        ("[$by, { text: $text }]", Some(json!({})), 40),
    ] {
        costs_with(&items(by), &argued, variables, 10 * (1 + 10 + cost));
    }
}

#[test]
fn a_field_may_say_how_long_the_lists_below_it_are() {
    let paged = FieldCost { sized: vec!["found".to_owned()], ..sliced("first", None) };
    costs("{ shops { page(first: 30) { found { name } } } }", &paged, 10 * (1 + 1 + 30));
    costs(
        "{ shops { page(first: 30) { ...P } } } fragment P on Page { found { name } more { name } }",
        &paged,
        10 * (1 + 1 + 30 + 10),
    );
    // Nobody said how long.
    costs("{ shops { page { found { name } } } }", &paged, 10 * (1 + 1 + 10));
    costs(
        "{ shops { page { found { name } } } }",
        &FieldCost { assumed: Some(4), ..paged },
        10 * (1 + 1 + 4),
    );
}

#[test]
fn where_one_slicing_argument_is_needed_none_or_two_are_refused() {
    let slicing = ["a", "b"].map(|name| Slicing { path: name.to_owned(), default: None }).into();
    let one = FieldCost { slicing, is_one_needed: true, ..FieldCost::default() };
    let asked = |arguments: &str| {
        within(&format!("{{ shops {{ items{arguments} {{ name }} }} }}"), &one, 5_000, None)
    };
    assert_eq!(asked("(a: 1)"), Ok(()));
    assert_eq!(asked("(a: null, b: $n)"), Ok(()));
    for refused in ["", "(first: 1)", "(a: 1, b: 1)", "(a: null)"] {
        assert_eq!(asked(refused), Err("SLICING_ARGUMENT_NEEDED"), "{refused}");
    }
    // A variable without a value is none.
    let said = |said| within("query ($n: Int) { shops { items(a: $n) { name } } }", &one, 5_000, Some(said));
    assert_eq!(said(json!({ "n": 1 })), Ok(()));
    for nothing in [json!({}), json!({ "n": null })] {
        assert_eq!(said(nothing), Err("SLICING_ARGUMENT_NEEDED"));
    }
    assert_eq!(
        within(
            "{ shops { items { name } } }",
            &FieldCost { is_one_needed: true, ..sliced("a", Some(3)) },
            40,
            None
        ),
        Ok(())
    );
}

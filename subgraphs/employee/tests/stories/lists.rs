//! Lists of employees: orders, pages, filters, and what a page costs.

use serde_json::json;
use testing::Statements;

use crate::*;

/// One field of every node of a list, page by page; `arguments` go with each page.
pub(crate) async fn walk(
    client: &Client<'_>,
    list: &str,
    field: &str,
    arguments: &str,
    first: usize,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let query = format!(
            "{{ {list}(first: {first} {after} {arguments}) {{ nodes {{ {field} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let page = client.run(&query).await.ok()[list].clone();
        let nodes = page["nodes"].as_array().unwrap();
        found.extend(nodes.iter().map(|node| text(&node[field])));
        if page["pageInfo"]["hasNextPage"] == false {
            return found;
        }
        assert_eq!(nodes.len(), first, "only the last page is short");
        after = format!(", after: {}", page["pageInfo"]["endCursor"]);
    }
}

#[tokio::test]
async fn every_order_shows_everybody_once_whatever_the_page_size() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    // Names and days with ties, so that ids must break them.
    for n in 0..11 {
        let more =
            json!({ "workEmail": format!("{n}@example.com"), "joinedOn": format!("2026-01-0{}", n % 3 + 1) });
        hire(&hr, "Ada", ["Byron", "Lovelace"][n % 2], more).await;
    }
    for (sort, field) in [
        ("NAME", "lastName"),
        ("NAME_DESC", "lastName"),
        ("JOINED_ON", "joinedOn"),
        ("JOINED_ON_DESC", "joinedOn"),
    ] {
        let arguments = format!("sort: {sort}");
        let whole = walk(&hr, "employees", "id", &arguments, 100).await;
        for first in [1, 2, 3, 11] {
            assert_eq!(walk(&hr, "employees", "id", &arguments, first).await, whole, "{sort} by {first}");
        }
        let mut ids = whole.clone();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 11, "{sort}");
        let keys = walk(&hr, "employees", field, &arguments, 4).await;
        let descends = sort.ends_with("DESC");
        assert!(keys.is_sorted_by(|a, b| if descends { a >= b } else { a <= b }), "{sort}: {keys:?}");
    }
}

#[tokio::test]
async fn a_cursor_serves_the_order_that_it_came_from() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    hire(&hr, "Ada", "Lovelace", json!({})).await;
    let page = hr.run("{ employees { pageInfo { endCursor } } }").await.ok();
    let after = &page["employees"]["pageInfo"]["endCursor"];
    for arguments in [
        format!("sort: JOINED_ON, after: {after}"),
        "after: \"rubbish\"".to_owned(),
        "first: 0".to_owned(),
        "first: 101".to_owned(),
        "filter: { search: \"\" }".to_owned(),
    ] {
        let refused = hr.run(&format!("{{ employees({arguments}) {{ nodes {{ id }} }} }}")).await;
        assert_eq!(refused.codes(), ["VALIDATION_FAILED"], "{arguments}");
    }
}

#[tokio::test]
async fn filters_narrow_every_order() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let department = department(&hr, "RND").await;
    let boss = hire(&hr, "Grace", "Hopper", json!({})).await;
    hire(&hr, "Ada", "Lovelace", json!({ "managerId": boss, "departmentId": department })).await;
    hire(&hr, "Percent", "50%_off", json!({ "workEmail": "p@example.com", "departmentId": department }))
        .await;
    let gone = hire(&hr, "Gone", "Girl", json!({})).await;
    terminate(&hr, &gone, None).await.ok();
    for sort in ["NAME", "NAME_DESC", "JOINED_ON", "JOINED_ON_DESC"] {
        let names = async |filter: &str| {
            let mut names =
                walk(&hr, "employees", "firstName", &format!("sort: {sort}, filter: {{ {filter} }}"), 2)
                    .await;
            names.sort();
            names.join(" ")
        };
        assert_eq!(names("").await, "Ada Gone Grace Percent");
        assert_eq!(names("status: ACTIVE").await, "Ada Grace Percent");
        assert_eq!(names("status: TERMINATED").await, "Gone");
        assert_eq!(names(&format!("departmentId: \"{department}\"")).await, "Ada Percent");
        assert_eq!(names(&format!("managerId: \"{boss}\"")).await, "Ada");
        assert_eq!(names(&format!("managerId: \"{boss}\", status: TERMINATED")).await, "");
        assert_eq!(names("search: \"LOVE\"").await, "Ada");
        assert_eq!(names("search: \"e-00001\"").await, "Grace");
        assert_eq!(names("search: \"hopper@ex\"").await, "Grace");
        // Wildcards are plain characters.
        assert_eq!(names("search: \"0%_\"").await, "Percent");
        assert_eq!(names("search: \"%_o\"").await, "Percent");
        assert_eq!(names("search: \"5_%\"").await, "");
        // Of one or two characters, beginnings of words are found.
        assert_eq!(names("search: \"lo\"").await, "Ada");
        assert_eq!(names("search: \"ov\"").await, "");
        assert_eq!(names("search: \"\\\\\"").await, "");
        assert_eq!(names("search: \"' or 1=1 --\"").await, "");
    }
}

#[tokio::test]
async fn reports_are_paged_for_each_manager() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    for boss in ["Grace", "Hedy"] {
        let id = hire(&hr, boss, "Boss", json!({})).await;
        for n in 1..=3 {
            let gone = hire(&hr, &format!("{boss}{n}"), "Report", json!({ "managerId": id })).await;
            if n == 3 {
                terminate(&hr, &gone, None).await.ok();
            }
        }
    }
    let bosses = "employees(filter: { search: \"Boss\" })";
    let query = |page: &str| {
        format!(
            "{{ {bosses} {{ nodes {{ reports({page}) {{ nodes {{ firstName }} pageInfo {{ endCursor hasNextPage }} }} }} }} }}"
        )
    };
    let pages = hr.run(&query("first: 1")).await.ok()["employees"]["nodes"].clone();
    let names = |page: &serde_json::Value| {
        let nodes = page["reports"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| text(&node["firstName"])).collect::<Vec<_>>()
    };
    assert_eq!((names(&pages[0]), names(&pages[1])), (vec!["Grace1".to_owned()], vec!["Hedy1".to_owned()]));
    let after = &pages[0]["reports"]["pageInfo"]["endCursor"];
    let rest = hr.run(&query(&format!("first: 5, after: {after}"))).await.ok()["employees"]["nodes"].clone();
    assert_eq!(names(&rest[0]), ["Grace2"]);
    assert_eq!(rest[0]["reports"]["pageInfo"]["hasNextPage"], false);
    assert_eq!(hr.run(&query("first: 0")).await.codes().first(), Some(&"VALIDATION_FAILED"));
}

#[tokio::test]
async fn a_page_of_twenty_costs_no_more_statements_than_a_page_of_two() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let calendar = calendar(&hr, json!({})).await;
    schedule(&hr, true).await;
    for n in 0..20 {
        let manager = hire(&hr, &format!("Boss{n}"), "Zzz", json!({})).await;
        let department = department(&hr, &format!("D{n}")).await;
        let location = location(&hr, "Europe/Berlin", Some(&calendar)).await;
        let more = json!({ "managerId": manager, "departmentId": department, "workLocationId": location });
        hire(&hr, &format!("Ada{n}"), "Aaa", more).await;
    }
    let statements = Statements::counted();
    let mut counts = Vec::new();
    for first in [2, 20] {
        statements.take();
        let query = format!(
            "{{ employees(first: {first}) {{ nodes {{ department {{ id head {{ id }} }} manager {{ id }}
                location {{ id holidayCalendar {{ id }} }} workSchedule {{ id }}
                holidayCalendar {{ holidays(year: 2026) {{ name }} }} reports(first: 3) {{ nodes {{ id }} }} }} }} }}"
        );
        let nodes = hr.run(&query).await.ok()["employees"]["nodes"].clone();
        assert_eq!(nodes.as_array().unwrap().len(), first);
        assert!(nodes[first - 1]["manager"]["id"].is_string(), "{nodes}");
        counts.push(statements.take());
    }
    // One for each field that looks something up. Two that want the same noun at the same moment may share one.
    assert!(counts.iter().all(|count| (8..=12).contains(count)), "{counts:?}");
}

#[tokio::test]
async fn names_stand_where_people_look_for_them() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    for (at, name) in ["Zebra", "apple", "Österreich", "Banana", "Éclair", "Ofen"].into_iter().enumerate() {
        hire(&hr, "A", name, json!({ "workEmail": format!("{at}@example.com") })).await;
        let department = json!({ "name": name, "code": format!("D{at}") });
        hr.create("department", department).await;
    }
    let expected = ["apple", "Banana", "Éclair", "Ofen", "Österreich", "Zebra"];
    // In pages of two, so that cursors go by the same order.
    for (list, field, wanted) in [("employees", "lastName", &expected), ("departments", "name", &expected)] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let query = format!(
                "query($after: String) {{ {list}(sort: NAME, first: 2, after: $after) {{ nodes {{ {field} }}
                    pageInfo {{ endCursor hasNextPage }} }} }}"
            );
            let page = hr.run_with(&query, json!({ "after": after })).await.ok()[list].clone();
            seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| text(&node[field])));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(seen, *wanted, "{list}");
    }
}

#[tokio::test]
async fn people_are_found_without_accents_and_in_either_order_of_their_names() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let people =
        [("Jürgen", "Müßig"), ("Zoë", "Brontë"), ("Łukasz", "Żak"), ("Søren", "Æbelø"), ("José", "O_Neil")];
    for (at, (first, last)) in people.into_iter().enumerate() {
        hire(&hr, first, last, json!({ "workEmail": format!("{at}@example.com") })).await;
    }
    let found = async |text: &str| {
        let query = "query($text: String) { employees(filter: { search: $text }) { nodes { firstName } totalCount } }";
        let found = hr.run_with(query, json!({ "text": text })).await.ok()["employees"]["nodes"].clone();
        found.as_array().unwrap().iter().map(text_of).collect::<Vec<_>>()
    };
    fn text_of(node: &Value) -> String {
        node["firstName"].as_str().unwrap().to_owned()
    }
    for (wanted, texts) in [
        ("Jürgen", ["jurgen", "MÜSSIG", "mussig", "Müßig Jürgen", "jürgen  mu"]),
        ("Zoë", ["zoe", "ZOË", "Zoe\u{308}", "bronte zoe", "zo br"]),
        ("Łukasz", ["lukasz", "zak", "ŻAK", "zak luk", "Łuk"]),
        ("Søren", ["soren", "aebelo", "Æbelø", "sør", "elo soren"]),
        ("José", ["o_n", "jose", "O_NEIL", "neil jose", "jos"]),
    ] {
        for text in texts {
            assert_eq!(found(text).await, [wanted], "{text}");
        }
    }
    assert_eq!(found("jurgen zak").await, [""; 0]);
    assert_eq!(found("o%n").await, [""; 0]);
}

//! The tree of departments.

use serde_json::json;

use crate::*;

const UPDATE: &str =
    "mutation($id: ID!, $input: DepartmentUpdateInput!) { departmentUpdate(id: $id, input: $input) {
    department { name code parent { id } head { id } } userErrors { field code message } } }";

async fn change(client: &Client<'_>, id: &str, mut input: serde_json::Value) -> Answer {
    let now = client.run(&format!("{{ department(id: \"{id}\") {{ version }} }}")).await.ok();
    input["version"] = now["department"]["version"].clone();
    client.run_with(UPDATE, json!({ "id": id, "input": input })).await
}

#[tokio::test]
async fn a_department_has_a_parent_a_head_and_a_code_of_its_own() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let head = hire(&hr, "Grace", "Hopper", json!({})).await;
    let top = department(&hr, "TOP").await;
    let part = json!({ "name": "Part", "code": "PART-1", "parentId": top, "headId": head });
    let part = hr.create("department", part).await;
    let again = json!({ "name": "Again", "code": "TOP" });
    assert_eq!(hr.try_create("department", again).await.refusals(), ["CODE_TAKEN"]);
    let lower = json!({ "name": "Again", "code": "top" });
    assert_eq!(hr.try_create("department", lower).await.refusals(), ["CODE_INVALID"]);

    let renamed = change(&hr, &part, json!({ "name": "Renamed" })).await.ok();
    let expected =
        json!({ "name": "Renamed", "code": "PART-1", "parent": { "id": top }, "head": { "id": head } });
    assert_eq!(renamed["departmentUpdate"]["department"], expected);
    let cleared = change(&hr, &part, json!({ "parentId": null, "headId": null })).await.ok();
    let expected = json!({ "name": "Renamed", "code": "PART-1", "parent": null, "head": null });
    assert_eq!(cleared["departmentUpdate"]["department"], expected);
    assert_eq!(change(&hr, &part, json!({ "code": "TOP" })).await.refusals(), ["CODE_TAKEN"]);
}

#[tokio::test]
async fn a_department_is_known_to_all_modules_before_anybody_works_there() {
    let (app, person) = office().await;
    let hr = app.as_(&person);
    let id = department(&hr, "NEW").await;
    let known = async || -> Option<bool> {
        let mut tx = app.system(&person, "employee").await;
        sqlx::query_scalar("select is_archived from people.department where id = $1")
            .bind(id.parse::<uuid::Uuid>().unwrap())
            .fetch_optional(tx.conn())
            .await
            .unwrap()
    };
    assert_eq!(known().await, Some(false));
    hr.act("department", "Archive", &id).await.ok();
    assert_eq!(known().await, Some(true));
    hr.act("department", "Restore", &id).await.ok();
    assert_eq!(known().await, Some(false));
}

#[tokio::test]
async fn a_department_is_never_part_of_itself() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let top = department(&hr, "TOP").await;
    let middle = json!({ "name": "Middle", "code": "MIDDLE", "parentId": top });
    let middle = hr.create("department", middle).await;
    let low = json!({ "name": "Low", "code": "LOW", "parentId": middle });
    let low = hr.create("department", low).await;
    for below in [&top, &middle, &low] {
        assert_eq!(change(&hr, &top, json!({ "parentId": below })).await.refusals(), ["DEPARTMENT_CYCLE"]);
    }
    let one = department(&hr, "ONE").await;
    let other = department(&hr, "OTHER").await;
    let (first, second) = tokio::join!(
        change(&hr, &one, json!({ "parentId": other })),
        change(&hr, &other, json!({ "parentId": one }))
    );
    assert_eq!([first.refusals(), second.refusals()].concat(), ["DEPARTMENT_CYCLE"]);
}

#[tokio::test]
async fn departments_are_listed_by_name_page_by_page() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    for code in ["C", "A", "D", "B", "E"] {
        // The same name for all: the id alone decides.
        let input = json!({ "name": "Same", "code": code });
        hr.create("department", input).await;
    }
    let codes = lists::walk(&hr, "departments", "code", "", 2).await;
    let mut sorted = codes.clone();
    sorted.sort();
    assert_eq!(sorted, ["A", "B", "C", "D", "E"]);
}

#[tokio::test]
async fn two_lists_of_the_same_rows_in_opposite_orders_wait_for_each_other() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let mut ids = Vec::new();
    for at in 0..20 {
        ids.push(department(&hr, &format!("D{at}")).await);
    }
    let bulk = async |verb: &str, ids: Vec<String>| {
        let document = format!(
            "mutation($ids: [ID!]!) {{ department{verb}Bulk(ids: $ids) {{ results {{ department {{ id }} }} userErrors {{ code }} }} }}"
        );
        hr.run_with(&document, json!({ "ids": ids })).await
    };
    let reversed: Vec<String> = ids.iter().rev().cloned().collect();
    for _ in 0..5 {
        let (archived, restored) =
            tokio::join!(bulk("Archive", ids.clone()), bulk("Restore", reversed.clone()));
        // Each is answered in its own order.
        for (answer, name, ids) in
            [(archived, "departmentArchiveBulk", &ids), (restored, "departmentRestoreBulk", &reversed)]
        {
            let results = answer.ok()[name]["results"].clone();
            let answered: Vec<String> =
                results.as_array().unwrap().iter().map(|row| text(&row["department"]["id"])).collect();
            assert_eq!(&answered, ids);
        }
    }
}

//! Employees into files, and back.

use custom::CustomFieldKind;
use serde_json::json;

use crate::fields::field;
use crate::files::{HEADER, export, import};
use crate::*;

#[tokio::test]
async fn what_goes_out_comes_back_unchanged_and_is_no_formula() {
    let (app, hr) = office().await;
    field(&app, &hr, "note", CustomFieldKind::Text, &[], false).await;
    field(&app, &hr, "size", CustomFieldKind::Number, &[], false).await;
    field(&app, &hr, "skills", CustomFieldKind::Multiselect, &["=Rust", "SQL"], false).await;
    let old = field(&app, &hr, "old", CustomFieldKind::Text, &[], false).await;
    let ctx = app.ctx(&hr, "employee");
    let hr = app.as_(&hr);
    let archived = department(&hr, "RND").await;
    let (boss, gone) = (hire(&hr, "Boss", "One", json!({})).await, hire(&hr, "Gone", "Two", json!({})).await);
    let ada = json!({ "departmentId": archived, "managerId": boss, "tags": ["@home", "+1", "a;b", "\"q\""],
        "customFields": [{ "key": "note", "value": "=HYPERLINK(\"http://x\",\"y\")\nline, two" },
            { "key": "size", "value": "-5" }, { "key": "skills", "value": "SQL,=Rust" },
            { "key": "old", "value": "kept" }] });
    hire(&hr, "=1+1", "'=2", ada).await;
    hire(&hr, "'Tis", "-x", json!({ "managerId": gone })).await;
    hr.act("department", "Archive", &archived).await.ok();
    department(&hr, "RND").await;
    database::archive::<custom::CustomField>(&ctx, &custom::MANAGE, old).await.unwrap();
    terminate(&hr, &gone, Some(&boss)).await.ok();
    let out = export(&hr, "(sort: NUMBER)").await;
    let csv = text(&out["csv"]);
    assert_eq!((out["count"].as_i64(), out["hasNextPage"].as_bool()), (Some(4), Some(false)));
    for cell in ["'=1+1", "''=2", "'-5", "\"'=HYPERLINK", "\"'@home,+1,a;b", "\"'=Rust,SQL\"", "'Tis", "'-x"]
    {
        assert!(csv.contains(&format!(",{cell}")), "{cell} in {csv}");
    }
    assert!(!csv.contains("kept"), "{csv}");
    assert_eq!(import(&hr, &csv).await, ([0, 0, 4], vec![]), "{csv}");
    // Semicolons in place of commas, as spreadsheets elsewhere write it, make no other file of it.
    assert_eq!(text(&export(&hr, "(sort: NUMBER)").await["csv"]), csv);
    // Where an employment stands goes out, with its days; a file ends none, and says what is so already.
    let days: Vec<_> = csv.lines().filter(|line| line.contains("example.com")).collect();
    assert!(days.iter().any(|line| line.contains(",2026-01-05,2026-03-01,TERMINATED,")), "{csv}");
    assert!(days.iter().any(|line| line.contains(",2026-01-05,,ACTIVE,")), "{csv}");
    let (_, told) = import(&hr, "number,lastWorkingDay,status\nE-00001,2026-03-31,ACTIVE\nE-00002,,\n").await;
    assert_eq!(
        told,
        ["2 lastWorkingDay LAST_WORKING_DAY_ONLY_READ", "3 lastWorkingDay LAST_WORKING_DAY_ONLY_READ"]
    );
    // Of who has left, nothing else may be said.
    let (_, told) = import(&hr, "number,firstName\nE-00002,Back\n").await;
    assert_eq!(told, ["2 - EMPLOYEE_TERMINATED"]);
    // At an organization that has none of it, the same file says what is missing, and numbers come along.
    let other = Person::new(&[Role::Owner]);
    let (_, told) = import(
        &app.as_(&other),
        "number,firstName,lastName,workEmail,joinedOn,department\n\
        E-00001,A,B,a@x,2026-01-05,\nE-00003,A,B,c@x,2026-01-05,RND\n",
    )
    .await;
    assert_eq!(told, ["3 department DEPARTMENT_NOT_FOUND"]);
}

#[tokio::test]
async fn pages_of_an_export_are_files_that_follow_one_another() {
    let (app, hr) = office().await;
    let stranger = Person::new(&[Role::Owner]);
    hire(&app.as_(&stranger), "Mallory", "Elsewhere", json!({})).await;
    let hr = app.as_(&hr);
    let rows: String = (0..25).map(|n| format!("A,B,p{n}@x,2026-01-05\n")).collect();
    import(&hr, &format!("{HEADER}\n{rows}")).await;
    let (mut after, mut numbers, mut pages) = ("null".to_owned(), Vec::new(), 0);
    loop {
        let page =
            export(&hr, &format!("(first: 10, after: {after}, sort: NUMBER, filter: {{ search: \"p\" }})"))
                .await;
        let csv = text(&page["csv"]);
        assert!(csv.starts_with("number,firstName,") && csv.ends_with("\r\n"));
        numbers.extend(csv.lines().skip(1).map(|line| line[..7].to_owned()));
        pages += 1;
        after = page["endCursor"].to_string();
        if page["hasNextPage"] == false {
            break;
        }
    }
    let expected: Vec<String> = (1..=25).map(|n| format!("E-{n:05}")).collect();
    assert_eq!((pages, numbers), (3, expected));
    let foreign = format!("{{ employeesExport(after: {after}, sort: NAME) {{ csv }} }}");
    assert_eq!(hr.run(&foreign).await.codes(), ["VALIDATION_FAILED"]);
    for first in [0, 5_001] {
        assert_eq!(
            hr.run(&format!("{{ employeesExport(first: {first}) {{ csv }} }}")).await.codes(),
            ["VALIDATION_FAILED"]
        );
    }
    let nobody = export(&hr, "(filter: { tag: \"none\" })").await;
    assert_eq!((&nobody["count"], &nobody["endCursor"]), (&json!(0), &json!(null)));
}

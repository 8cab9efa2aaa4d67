//! Employees from files.

use custom::CustomFieldKind;
use serde_json::{Value, json};
use testing::Statements;

use crate::fields::field;
use crate::*;

const IMPORT: &str = "mutation($input: EmployeeImportInput!, $key: ID) {
    employeeImport(input: $input, idempotencyKey: $key) {
        report { created updated unchanged failed rows { line userErrors { field code message } } }
        userErrors { field code message } } }";

async fn try_import(client: &Client<'_>, csv: &str, more: Value) -> Answer {
    let mut input = json!({ "csv": csv });
    for (field, value) in more.as_object().unwrap() {
        input[field] = value.clone();
    }
    client.run_with(IMPORT, json!({ "input": input })).await
}

/// Takes a file in; answers how many rows were created, updated, unchanged, and what was wrong with each other one.
async fn import_as(client: &Client<'_>, csv: &str, more: Value) -> ([i64; 3], Vec<String>) {
    let report = try_import(client, csv, more).await.ok()["employeeImport"]["report"].clone();
    let count = |name: &str| report[name].as_i64().unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(report["failed"], rows.len());
    let told = rows.iter().flat_map(|row| {
        let errors = row["userErrors"].as_array().unwrap();
        errors.iter().map(|error| {
            let field = error["field"].as_str().unwrap_or("-");
            format!("{} {field} {}", row["line"], text(&error["code"]))
        })
    });
    ([count("created"), count("updated"), count("unchanged")], told.collect())
}

pub async fn import(client: &Client<'_>, csv: &str) -> ([i64; 3], Vec<String>) {
    import_as(client, csv, json!({})).await
}

pub async fn export(client: &Client<'_>, arguments: &str) -> Value {
    let query = format!("{{ employeesExport{arguments} {{ csv endCursor hasNextPage count }} }}");
    client.run(&query).await.ok()["employeesExport"].clone()
}

async fn lines(client: &Client<'_>) -> Vec<String> {
    text(&export(client, "(sort: NUMBER)").await["csv"]).lines().map(ToOwned::to_owned).collect()
}

pub const HEADER: &str = "firstName,lastName,workEmail,joinedOn";

#[tokio::test]
async fn a_file_hires_and_changes_and_says_what_it_did() {
    let (app, hr) = office().await;
    field(&app, &hr, "shirt", CustomFieldKind::Select, &["S", "M"], false).await;
    let hr = app.as_(&hr);
    department(&hr, "RND").await;
    location(&hr, "Europe/Berlin", None).await;
    schedule(&hr, false).await;
    calendar(&hr, json!({})).await;
    let csv = "\u{FEFF}number;firstName;lastName;workEmail;employmentType;joinedOn;department;manager;workLocation;\
               workSchedule;holidayCalendar;tags;custom.shirt\r\n\
               ;Ada;Lovelace;Ada@Example.com;part_time;2026-01-05;RND;grace@example.com;Europe/Berlin;Four days;Berlin;\
               \"Remote, Night shift\";M\r\n\
               H-7;Grace;Hopper;grace@example.com;;2026-01-01;;;;;;;\r\n";
    assert_eq!(import(&hr, csv).await, ([2, 0, 0], vec![]));
    assert_eq!(import(&hr, csv).await, ([0, 0, 2], vec![]), "it says again what is so");
    let expected = [
        "number,firstName,lastName,workEmail,employmentType,joinedOn,lastWorkingDay,status,department,manager,\
         workLocation,workSchedule,holidayCalendar,tags,custom.shirt",
        "E-00001,Ada,Lovelace,ada@example.com,PART_TIME,2026-01-05,,ACTIVE,RND,H-7,Europe/Berlin,Four days,Berlin,\
         \"Remote,Night shift\",M",
        "H-7,Grace,Hopper,grace@example.com,FULL_TIME,2026-01-01,,ACTIVE,,,,,,,",
    ];
    assert_eq!(lines(&hr).await, expected);
    // What no column is about stays, what is empty is cleared.
    let changes = "workEmail,lastName,department\nada@example.com,Byron,\n";
    assert_eq!(import(&hr, changes).await, ([0, 1, 0], vec![]));
    let changed = expected[1].replace("Lovelace", "Byron").replace("RND", "");
    assert_eq!(lines(&hr).await[1], changed);
    let query =
        "{ employees(filter: { search: \"Byron\" }) { nodes { version history { nodes { action } } } } }";
    let ada = hr.run(query).await.ok()["employees"]["nodes"][0].clone();
    assert_eq!((&ada["version"], ada["history"]["nodes"].as_array().unwrap().len()), (&json!(2), 2));
    app.settle().await;
    let told: Vec<String> = app.announced().await.into_iter().map(|(event, _)| event).collect();
    let told: Vec<&str> =
        told.iter().map(String::as_str).filter(|event| event.contains("employee.employee")).collect();
    assert_eq!(told, ["employee.employee.hired", "employee.employee.hired", "employee.employee.updated"]);
}

#[tokio::test]
async fn a_row_that_is_wrong_keeps_no_other_from_being_done() {
    let (app, hr) = office().await;
    field(&app, &hr, "size", CustomFieldKind::Number, &[], true).await;
    let stranger = Person::new(&[Role::Owner]);
    department(&app.as_(&stranger), "THEIRS").await;
    hire(&app.as_(&stranger), "Boss", "There", json!({})).await;
    let hr = app.as_(&hr);
    department(&hr, "RND").await;
    let old = department(&hr, "OLD").await;
    hr.act("department", "Archive", &old).await.ok();
    location(&hr, "UTC", None).await;
    location(&hr, "UTC", None).await;
    let huge = "x".repeat(100_000);
    let csv = format!(
        "number,{HEADER},employmentType,department,manager,workLocation,tags,custom.size\n\
         ,Ada,Lovelace,ada@x.org,2026-01-05,,RND,,,,1\n\
         ,,Lovelace,ada,2026-1-5,SOMETIMES,RND,,,,1\n\
         ,A,B,c1@x.org,2026-01-05,,THEIRS,,,,1\n\
         ,A,B,c2@x.org,2026-01-05,,OLD,,,,1\n\
         ,A,B,c3@x.org,2026-01-05,,,boss.there@example.com,,,1\n\
         ,A,B,c4@x.org,2026-01-05,,,,UTC,,1\n\
         ,A,B,c5@x.org,2026-01-05,,,,,\"{huge}\",1\n\
         ,A,{huge},c6@x.org,2026-01-05,,{huge},{huge},,,{huge}\n\
         ,A,B,c7@x.org,1066-10-14,,,,,,1\n\
         ,A,B,c8@x.org,2026-01-05,,,,,,x\n\
         ,A,B,c9@x.org,2026-01-05,,,,,,\n\
         ,A,B,c10@x.org,2026-01-05\n\
         ,A,B,ada@x.org,2026-01-05,,,,,,1\n\
         E-00009,A,B,c11@x.org,2026-01-05,,,,,,1\n\
         E-00009,A,B,c12@x.org,2026-01-05,,,,,,1\n\
         ,A,B,c13@x.org,2026-01-05,,,nobody@x.org,,,1\n\
         ,Bob,Noyce,bob@x.org,2026-01-05,,,ada@x.org,,,1\n"
    );
    let (counts, told) = import(&hr, &csv).await;
    let expected = [
        "3 firstName REQUIRED",
        "3 joinedOn DATE_INVALID",
        "3 employmentType EMPLOYMENT_TYPE_UNKNOWN",
        "4 department DEPARTMENT_NOT_FOUND",
        "5 department DEPARTMENT_NOT_FOUND",
        "6 manager EMPLOYEE_NOT_FOUND",
        "7 workLocation NAME_AMBIGUOUS",
        "8 tags TAG_INVALID",
        "9 department DEPARTMENT_NOT_FOUND",
        "9 manager EMPLOYEE_NOT_FOUND",
        "10 joinedOn DATE_INVALID",
        "11 custom.size NUMBER_INVALID",
        "12 custom.size REQUIRED",
        "13 - ROW_LENGTH",
        "14 workEmail WORK_EMAIL_TAKEN",
        "16 number NUMBER_TAKEN",
        "17 manager EMPLOYEE_NOT_FOUND",
    ];
    assert_eq!((counts, told), ([3, 0, 0], expected.map(ToOwned::to_owned).to_vec()));
    // The series goes on behind the number that the file gave.
    let next = hire(&hr, "Eve", "Next", json!({ "customFields": [{ "key": "size", "value": "1" }] })).await;
    let shown = hr.run(&format!("{{ employee(id: \"{next}\") {{ number }} }}")).await.ok();
    assert_eq!(shown["employee"]["number"], "E-00012");
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_is_refused_whole_and_says_why() {
    let (app, hr) = office().await;
    field(&app, &Person::new(&[Role::Hr]), "theirs", CustomFieldKind::Text, &[], false).await;
    let hr = app.as_(&hr);
    let rows = |count: usize| format!("{HEADER}\n{}", "A,B,c@x,2026-01-05\n".repeat(count));
    for (csv, codes) in [
        (String::new(), vec!["CSV_EMPTY"]),
        ("firstName,salary,custom.theirs\n".to_owned(), vec!["COLUMN_UNKNOWN", "COLUMN_UNKNOWN"]),
        ("firstName,lastName,firstName\n".to_owned(), vec!["COLUMN_TWICE"]),
        ("firstname\n".to_owned(), vec!["COLUMN_UNKNOWN"]),
        ("firstName\nJos\u{FFFD}\n".to_owned(), vec!["CSV_NOT_UTF8"]),
        ("firstName\nA\u{0}\n".to_owned(), vec!["CSV_NOT_UTF8"]),
        ("firstName,lastName\nA,\"B\nC,D\n".to_owned(), vec!["CSV_QUOTE_OPEN"]),
        (rows(10_001), vec!["CSV_TOO_MANY_ROWS"]),
        ("x".repeat(1_000_001), vec!["CSV_TOO_LARGE"]),
    ] {
        let refused = try_import(&hr, &csv, json!({})).await;
        assert_eq!(refused.refusals(), codes, "{}", &csv[..csv.len().min(60)]);
        let error = &refused.0["data"]["employeeImport"]["userErrors"][0];
        assert_eq!(error["field"], "csv");
        assert!(text(&error["message"]).len() < 500);
    }
    let unknown = try_import(&hr, "firstName,salary\n", json!({})).await;
    let message = text(&unknown.0["data"]["employeeImport"]["userErrors"][0]["message"]);
    assert!(message.contains("\"salary\"") && message.contains("workEmail"), "{message}");
    assert_eq!(import(&hr, HEADER).await, ([0, 0, 0], vec![]));
}

#[tokio::test]
async fn rows_report_to_rows_and_never_in_a_circle() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let csv = format!(
        "number,{HEADER},manager\n1,A,B,a@x,2026-01-05,b@x\n2,A,B,b@x,2026-01-05,3\n3,A,B,c@x,2026-01-05,\n"
    );
    assert_eq!(import(&hr, &csv).await, ([3, 0, 0], vec![]));
    let (counts, told) = import(&hr, "number,manager\n3,1\n2,\n").await;
    assert_eq!((counts, told), ([0, 2, 0], vec![]), "3 under 1 is right once 2 is not under 3");
    let (counts, told) = import(&hr, "number,manager\n2,2\n1,3\n").await;
    assert_eq!(
        (counts, told),
        ([0, 0, 0], vec!["2 manager OWN_MANAGER".into(), "3 manager MANAGER_CYCLE".into()])
    );
    // Who was to come and does not is nobody's manager.
    let csv = format!("{HEADER},manager\nA,B,d@x,never,\nA,B,e@x,2026-01-05,d@x\nA,B,f@x,2026-01-05,a@x\n");
    let (counts, told) = import(&hr, &csv).await;
    assert_eq!(
        (counts, told),
        ([1, 0, 0], vec!["2 joinedOn DATE_INVALID".into(), "3 manager EMPLOYEE_NOT_FOUND".into()])
    );
}

#[tokio::test]
async fn one_employee_is_one_row_and_an_address_is_one_employees() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    import(&hr, &format!("number,{HEADER}\n1,A,B,a@x,2026-01-05\n2,A,B,b@x,2026-01-05\n")).await;
    let (counts, told) = import(&hr, "number,workEmail\n1,b@x\n2,c@x\n1,d@x\n,c@x\n").await;
    let expected = [
        "2 workEmail WORK_EMAIL_TAKEN",
        "4 - ROW_TWICE",
        "5 firstName REQUIRED",
        "5 lastName REQUIRED",
        "5 joinedOn REQUIRED",
    ];
    assert_eq!((counts, told), ([0, 1, 0], expected.map(ToOwned::to_owned).to_vec()));
    let create = json!({ "mode": "CREATE" });
    let csv = format!("number,{HEADER}\n1,A,B,x@x,2026-01-05\n,A,B,a@x,2026-01-05\n,A,B,new@x,2026-01-05\n");
    let (counts, told) = import_as(&hr, &csv, create).await;
    let expected = ["2 number NUMBER_TAKEN", "3 workEmail WORK_EMAIL_TAKEN"];
    assert_eq!((counts, told), ([1, 0, 0], expected.map(ToOwned::to_owned).to_vec()));
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_does_nothing() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let csv = format!("{HEADER}\nA,B,a@x,2026-01-05\nA,B,b@x,never\n");
    let dry = import_as(&hr, &csv, json!({ "dryRun": true })).await;
    app.settle().await;
    assert_eq!((lines(&hr).await.len(), app.announced().await.len()), (1, 0));
    assert_eq!(import(&hr, &csv).await, dry);
    assert!(lines(&hr).await[1].starts_with("E-00001,"), "no number was used up");
}

#[tokio::test]
async fn a_piece_that_is_sent_again_is_done_once() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let piece = |row: &str| json!({ "input": { "csv": format!("{HEADER}\n{row}\nA,B,b@x,never\n") }, "key": "piece 1" });
    let first = hr.run_with(IMPORT, piece("A,B,a@x,2026-01-05")).await.ok();
    assert_eq!(first["employeeImport"]["report"]["created"], 1);
    assert_eq!(hr.run_with(IMPORT, piece("A,B,a@x,2026-01-05")).await.ok(), first);
    let other = hr.run_with(IMPORT, piece("A,B,c@x,2026-01-05")).await;
    assert_eq!(other.codes(), ["IDEMPOTENCY_MISMATCH"]);
    assert_eq!(lines(&hr).await.len(), 2);
}

#[tokio::test]
async fn two_who_send_the_same_file_at_once_hire_everybody_once() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let csv = format!("number,{HEADER}\n,A,B,a@x,2026-01-05\nH-2,A,B,b@x,2026-01-05\n");
    let (one, other, third) =
        tokio::join!(import(&hr, &csv), import(&hr, &csv), try_hire(&hr, "Eve", "Three", json!({})));
    let created = one.0[0] + other.0[0];
    assert_eq!((created, one.1, other.1), (2, vec![], vec![]));
    third.ok();
    let numbers: std::collections::BTreeSet<String> =
        lines(&hr).await.into_iter().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    assert_eq!(numbers.len(), 3);
}

#[tokio::test]
async fn of_many_rows_that_are_wrong_a_thousand_are_listed_and_all_are_counted() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let csv = format!("{HEADER}\n{}A,B,a@x,2026-01-05\n", "A,B,a@x,never\n".repeat(1_500));
    let report = try_import(&hr, &csv, json!({})).await.ok()["employeeImport"]["report"].clone();
    assert_eq!((&report["failed"], &report["created"]), (&json!(1_500), &json!(1)));
    let rows = report["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[999]["line"]), (1_000, &json!(1_001)));
}

#[tokio::test]
async fn only_the_people_office_takes_files_in_or_out() {
    let (app, hr) = office().await;
    for role in [Role::Member, Role::Manager, Role::Sales] {
        let somebody = app.as_(&hr.colleague(&[role]));
        assert_eq!(try_import(&somebody, HEADER, json!({})).await.codes(), ["FORBIDDEN"]);
        assert_eq!(somebody.run("{ employeesExport { csv } }").await.codes(), ["FORBIDDEN"]);
    }
    assert_eq!(app.as_nobody().run("{ employeesExport { csv } }").await.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn a_thousand_rows_cost_no_more_statements_than_ten() {
    let (app, hr) = office().await;
    field(&app, &hr, "shirt", CustomFieldKind::Select, &["S", "M"], false).await;
    let hr = app.as_(&hr);
    for code in ["RND", "OPS"] {
        department(&hr, code).await;
    }
    let csv = |count: usize, named: &str| {
        let rows = (0..count).map(|n| {
            let manager = if n == 0 { String::new() } else { format!("{count}-{}@x", n / 2) };
            format!("{named},{n},{count}-{n}@x,2026-01-05,{},{manager},\"a,b\",M\n", ["RND", "OPS"][n % 2])
        });
        format!("{HEADER},department,manager,tags,custom.shirt\n{}", rows.collect::<String>())
    };
    let statements = Statements::counted();
    let mut counts = Vec::new();
    for rows in [10, 1_000] {
        for (named, expected) in [("A", [rows as i64, 0, 0]), ("B", [0, rows as i64, 0])] {
            statements.take();
            assert_eq!(import(&hr, &csv(rows, named)).await, (expected, vec![]));
            counts.push(statements.take());
        }
        statements.take();
        assert_eq!(export(&hr, &format!("(first: {rows})")).await["count"], rows);
        counts.push(statements.take());
    }
    assert_eq!(counts[..3], counts[3..], "{counts:?}");
    assert!(counts[0] <= 20, "{counts:?}");
}

#[tokio::test]
async fn a_number_of_a_custom_field_has_a_decimal_comma_where_semicolons_stand_between_cells() {
    let (app, hr) = office().await;
    field(&app, &hr, "size", CustomFieldKind::Number, &[], false).await;
    field(&app, &hr, "code", CustomFieldKind::Text, &[], false).await;
    let hr = app.as_(&hr);
    let header = HEADER.replace(',', ";");
    let csv = format!("{header};custom.size;custom.code\nAda;Lovelace;ada@x.org;2026-01-05;42,5;42,5\n");
    assert_eq!(import(&hr, &csv).await, ([1, 0, 0], vec![]));
    assert!(lines(&hr).await[1].ends_with("42.5,\"42,5\""), "{:?}", lines(&hr).await);
    assert_eq!(import(&hr, &csv).await, ([0, 0, 1], vec![]), "it says again what is so");
    let csv =
        format!("{HEADER},custom.size,custom.code\nAda,Lovelace,ada@x.org,2026-01-05,\"42,5\",\"42,5\"\n");
    assert_eq!(import(&hr, &csv).await.1, ["2 custom.size NUMBER_INVALID"]);
}

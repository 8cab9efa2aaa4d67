//! What a large import pays for approvals that it has nothing to do with. To measure it:
//! `IMPORT_ROWS=4500 cargo test -p approval --test stories -- --nocapture import`.

use std::time::Instant;

use serde_json::json;

use super::*;

/// From here on, whoever works out anew who can decide fails.
const NOTHING_IS_WORKED_OUT: &str =
    "create or replace function approval.refresh(approvals uuid[]) returns void language plpgsql as
     $$ begin raise 'it was worked out anew'; end $$";

#[tokio::test]
async fn an_import_works_nothing_out_where_nothing_waits() {
    let company = Company::of(&[Role::Hr]).await;
    company.change(NOTHING_IS_WORKED_OUT).await;
    import(&company, true).await;
}

#[tokio::test]
async fn an_import_of_people_with_nobody_below_works_nothing_out_whatever_waits_for_others() {
    let company = Company::of(&[Role::Hr]).await;
    let ben = company.join(&[Role::Member]).await;
    company.employ(&ben, None).await;
    company.ask(&ben).await;
    company.change(NOTHING_IS_WORKED_OUT).await;
    import(&company, false).await;
}

#[tokio::test]
async fn an_import_that_gives_whoever_asked_another_manager_is_followed() {
    let company = Company::of(&[Role::Hr]).await;
    let (ben, tina) = (company.join(&[Role::Member]).await, company.join(&[Role::Manager]).await);
    let (employee, above) = (company.employ(&ben, None).await, company.employ(&tina, None).await);
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&company.ada]));
    let mut tx = company.tx().await;
    let hired = (0..50).map(|_| record(EmployeeId::new(), &company.ada.colleague(&[]), Some(above)));
    let moved = std::iter::once(record(employee, &ben, Some(above)));
    people::write::employees(&mut tx, &hired.chain(moved).collect::<Vec<_>>()).await.unwrap();
    tx.commit(()).await.unwrap();
    assert_eq!(company.waits_for(subject).await, ids(&[&tina]));
}

/// Takes in people, with managers among them or not.
async fn import(company: &Company, has_managers: bool) {
    let rows: usize = std::env::var("IMPORT_ROWS").map_or(50, |rows| rows.parse().unwrap());
    let csv = (1..=rows).map(|n| {
        let above = if n < 10 { 1 } else { n / 10 };
        let manager = if has_managers && n > 1 { format!("P-{above}") } else { String::new() };
        format!("P-{n},A,B,p{n}@example.org,2026-01-05,{manager}\n")
    });
    let csv = format!("number,firstName,lastName,workEmail,joinedOn,manager\n{}", csv.collect::<String>());
    let mutation = "mutation($input: EmployeeImportInput!) { employeeImport(input: $input) {
        report { created rows { userErrors { field code message } } } userErrors { code message } } }";
    let began = Instant::now();
    let hr = company.app.as_(&company.ada);
    let answer = hr.run_with(mutation, json!({ "input": { "csv": csv } })).await.ok();
    println!("{rows} rows, managers among them: {has_managers}: {:?}", began.elapsed());
    assert_eq!(answer["employeeImport"]["report"]["created"], rows, "{answer}");
}

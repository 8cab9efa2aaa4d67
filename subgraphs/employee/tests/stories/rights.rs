//! Who may do what.

use serde_json::json;

use crate::*;

const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn everybody_reads_the_directory_and_a_stranger_nothing() {
    let (app, hr) = office().await;
    hire(&app.as_(&hr), "Ada", "Lovelace", json!({})).await;
    let queries = [
        "{ employees { nodes { id } } }",
        "{ departments { nodes { id } } }",
        "{ workLocations { nodes { id } } }",
        "{ workSchedules { nodes { id } } }",
        "{ holidayCalendars { nodes { id } } }",
        "{ myEmployee { id } }",
        "{ employee(id: \"00000000-0000-7000-8000-000000000000\") { id } }",
    ];
    for query in queries {
        for (role, _) in common::STAFF {
            app.as_(&hr.colleague(&[*role])).run(query).await.ok();
        }
        // A customer is no colleague.
        for role in [Role::Client, Role::Supplier] {
            assert_eq!(app.as_(&hr.colleague(&[role])).run(query).await.codes(), ["FORBIDDEN"], "{query}");
        }
        assert_eq!(app.as_(&hr.colleague(&[])).run(query).await.codes(), ["FORBIDDEN"], "{query}");
        assert_eq!(app.as_nobody().run(query).await.codes(), ["UNAUTHENTICATED"], "{query}");
    }
}

#[tokio::test]
async fn only_hr_admins_and_owners_change_anything() {
    let (app, hr) = office().await;
    let employee = input("Ada", "Lovelace", json!({}));
    let leaving = json!({ "lastWorkingDay": "2026-03-31", "terminationType": "DEATH" });
    let calendar = json!({ "name": "Berlin" });
    let holiday = json!({ "calendarId": UNKNOWN, "date": "2026-05-01", "name": "May Day" });
    let schedule =
        json!({ "name": "None", "dayFractions": ["0", "0", "0", "0", "0", "0", "0"], "hoursPerWeek": "0" });
    let creates = [
        ("employeeCreate", employee),
        ("departmentCreate", json!({ "name": "Research", "code": "RND" })),
        ("workLocationCreate", json!({ "name": "Berlin", "timeZone": "Europe/Berlin" })),
        ("workScheduleCreate", schedule),
        ("holidayCalendarCreate", calendar),
        ("holidayAdd", holiday),
    ];
    let updates = [
        ("employeeUpdate", json!({ "version": 1 })),
        ("employeeTerminate", leaving),
        ("departmentUpdate", json!({ "version": 1 })),
        ("workLocationUpdate", json!({ "version": 1 })),
        ("workScheduleUpdate", json!({ "version": 1 })),
        ("holidayCalendarUpdate", json!({ "version": 1 })),
    ];
    let input_type = |name: &str| format!("{}{}Input!", name[..1].to_uppercase(), &name[1..]);
    let mut documents = vec![(
        format!("mutation {{ holidayRemove(id: \"{UNKNOWN}\") {{ userErrors {{ code }} }} }}"),
        json!({}),
    )];
    for (name, input) in creates {
        let kind = input_type(name);
        let document =
            format!("mutation($input: {kind}) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}");
        documents.push((document, json!({ "input": input })));
    }
    for (name, input) in updates {
        let kind = input_type(name);
        let document = format!(
            "mutation($input: {kind}) {{ {name}(id: \"{UNKNOWN}\", input: $input) {{ userErrors {{ code }} }} }}"
        );
        documents.push((document, json!({ "input": input })));
    }
    for (document, variables) in documents {
        for role in [Role::Member, Role::Manager, Role::Accountant] {
            let refused = app.as_(&hr.colleague(&[role])).run_with(&document, variables.clone()).await;
            assert_eq!(refused.codes(), ["FORBIDDEN"], "{document}");
        }
        for role in [Role::Hr, Role::Admin, Role::Owner] {
            let allowed = app.as_(&Person::new(&[role])).run_with(&document, variables.clone()).await;
            assert!(!allowed.codes().contains(&"FORBIDDEN"), "{document}: {:#}", allowed.0);
        }
    }
}

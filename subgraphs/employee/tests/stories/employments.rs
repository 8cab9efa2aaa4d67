//! Employments: the days before the last one, decisions that are put right, and coming back.

use serde_json::json;

use crate::*;

/// Where an employment stands: its status, and its last day.
async fn standing(client: &Client<'_>, id: &str) -> (String, Value) {
    let query = format!("{{ employee(id: \"{id}\") {{ status lastWorkingDay }} }}");
    let shown = client.run(&query).await.ok()["employee"].clone();
    (text(&shown["status"]), shown["lastWorkingDay"].clone())
}

/// The first names of those who are in a list.
async fn listed(client: &Client<'_>, filter: &str) -> Vec<String> {
    let query = format!("{{ employees(filter: {{ {filter} }}) {{ totalCount nodes {{ firstName }} }} }}");
    let found = client.run(&query).await.ok()["employees"].clone();
    let nodes = found["nodes"].as_array().unwrap();
    assert_eq!(found["totalCount"], nodes.len());
    nodes.iter().map(|node| text(&node["firstName"])).collect()
}

fn pass(app: &App, days: i64) {
    app.clock.advance(chrono::Duration::days(days));
}

#[tokio::test]
async fn until_the_last_day_is_over_somebody_works_here_with_all_that_is_theirs() {
    let (app, hr) = office().await;
    let me = hr.colleague(&[Role::Member]);
    app.join(&me).await;
    let membership = json!({ "membershipId": me.member().membership_id });
    let (hr, me) = (app.as_(&hr), app.as_(&me));
    let ada = hire(&hr, "Ada", "Lovelace", membership.clone()).await;
    let report = hire(&hr, "Bob", "Noyce", json!({ "managerId": ada })).await;
    terminate_on(&hr, &ada, END_OF_MONTH, None).await.ok();
    assert_eq!(standing(&hr, &ada).await, ("ACTIVE".to_owned(), json!(END_OF_MONTH)));
    assert_eq!(me.run("{ myEmployee { id } }").await.ok()["myEmployee"]["id"], ada.as_str());
    // They are changed, lead, and may be led by; their address and membership stay theirs.
    update(&hr, &ada, json!({ "version": 2, "firstName": "Augusta" })).await.ok();
    let manager = format!("{{ employee(id: \"{report}\") {{ manager {{ id }} }} }}");
    assert_eq!(hr.run(&manager).await.ok()["employee"]["manager"]["id"], ada.as_str());
    hire(&hr, "Eve", "New", json!({ "managerId": ada })).await;
    hr.create("department", json!({ "name": "Research", "code": "RND", "headId": ada })).await;
    let twin = json!({ "workEmail": "ada.lovelace@example.com" });
    assert_eq!(try_hire(&hr, "Twin", "One", twin.clone()).await.refusals(), ["WORK_EMAIL_TAKEN"]);
    assert_eq!(try_hire(&hr, "Twin", "One", membership.clone()).await.refusals(), ["MEMBERSHIP_TAKEN"]);
    assert_eq!(listed(&hr, "status: ACTIVE").await.len(), 3);
    // The last day itself is one of work.
    pass(&app, 29);
    assert_eq!(standing(&hr, &ada).await.0, "ACTIVE");
    pass(&app, 1);
    assert_eq!(standing(&hr, &ada).await.0, "TERMINATED");
    assert_eq!(me.run("{ myEmployee { id } }").await.ok()["myEmployee"], json!(null));
    assert_eq!(listed(&hr, "status: TERMINATED").await, ["Augusta"]);
    assert_eq!(listed(&hr, "status: ACTIVE").await.len(), 2);
    let late = update(&hr, &ada, json!({ "version": 3, "firstName": "Ada" })).await;
    assert_eq!(late.refusals(), ["EMPLOYEE_TERMINATED"]);
    hire(
        &hr,
        "Twin",
        "One",
        json!({ "workEmail": "ada.lovelace@example.com", "membershipId": membership["membershipId"] }),
    )
    .await;
}

#[tokio::test]
async fn the_last_day_is_over_by_the_clock_of_the_place_of_work() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    // It is 2 March, 9:00 UTC: 1 March, 22:00 in Pago Pago, and 2 March, 23:00 in Kiritimati.
    let mut ids = Vec::new();
    for zone in ["Pacific/Pago_Pago", "Pacific/Kiritimati"] {
        let place = location(&hr, zone, None).await;
        let name = &zone[8..12];
        ids.push(hire(&hr, name, "Zone", json!({ "workLocationId": place })).await);
    }
    terminate_on(&hr, &ids[0], YESTERDAY, None).await.ok();
    terminate_on(&hr, &ids[1], "2026-03-02", None).await.ok();
    assert_eq!(listed(&hr, "status: ACTIVE").await.len(), 2);
    app.clock.advance(chrono::Duration::hours(1));
    assert_eq!(listed(&hr, "status: TERMINATED").await, ["Kiri"]);
    app.clock.advance(chrono::Duration::hours(1));
    assert_eq!(listed(&hr, "status: TERMINATED").await, ["Kiri", "Pago"]);
}

#[tokio::test]
async fn the_last_day_is_moved_before_and_after_it_has_come() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    for (day, status) in [
        (END_OF_MONTH, "ACTIVE"),
        ("2026-04-30", "ACTIVE"),
        ("2026-02-28", "TERMINATED"),
        (YESTERDAY, "TERMINATED"),
        (END_OF_MONTH, "ACTIVE"),
    ] {
        let done = terminate_on(&hr, &ada, day, None).await.ok()["employeeTerminate"]["employee"].clone();
        assert_eq!((&done["status"], &done["lastWorkingDay"]), (&json!(status), &json!(day)));
        assert_eq!(standing(&hr, &ada).await, (status.to_owned(), json!(day)));
    }
    let again = terminate_on(&hr, &ada, END_OF_MONTH, None).await.ok();
    assert_eq!(again["employeeTerminate"]["employee"]["version"], 6, "what is so already is no change");
}

#[tokio::test]
async fn a_termination_is_withdrawn_before_and_after_its_day() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    assert_eq!(reinstate(&hr, &ada).await.refusals(), ["EMPLOYEE_NOT_TERMINATED"]);
    for day in [END_OF_MONTH, YESTERDAY] {
        terminate_on(&hr, &ada, day, None).await.ok();
        let back = reinstate(&hr, &ada).await.ok()["employeeReinstate"]["employee"].clone();
        assert_eq!(
            (&back["status"], &back["lastWorkingDay"], &back["terminationType"]),
            (&json!("ACTIVE"), &json!(null), &json!(null))
        );
    }
    update(&hr, &ada, json!({ "version": 5, "firstName": "Augusta" })).await.ok();
}

#[tokio::test]
async fn nobody_comes_back_to_an_address_that_is_somebody_elses_by_now() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    terminate(&hr, &ada, None).await.ok();
    hire(&hr, "Other", "One", json!({ "workEmail": "ada.lovelace@example.com" })).await;
    assert_eq!(reinstate(&hr, &ada).await.refusals(), ["WORK_EMAIL_TAKEN"]);
    assert_eq!(terminate_on(&hr, &ada, END_OF_MONTH, None).await.refusals(), ["WORK_EMAIL_TAKEN"]);
    let input = json!({ "joinedOn": "2026-03-02" });
    assert_eq!(rehire(&hr, &ada, input).await.refusals(), ["WORK_EMAIL_TAKEN"]);
    rehire(&hr, &ada, json!({ "joinedOn": "2026-03-02", "workEmail": "ada@example.com" })).await.ok();
}

#[tokio::test]
async fn who_comes_back_keeps_number_and_history_and_the_employment_before() {
    let (app, hr) = office().await;
    let ctx_of = hr.clone();
    let hr = app.as_(&hr);
    let gone = hire(&hr, "Boss", "One", json!({})).await;
    let ada = hire(&hr, "Ada", "Lovelace", json!({ "managerId": gone })).await;
    let input = |day: &str| json!({ "joinedOn": day, "managerId": null });
    assert_eq!(rehire(&hr, &ada, input("2026-05-01")).await.refusals(), ["EMPLOYEE_NOT_TERMINATED"]);
    terminate(&hr, &gone, Some(&ada)).await.ok();
    let history = format!("{{ employee(id: \"{ada}\") {{ version history {{ nodes {{ action }} }} }} }}");
    terminate(&hr, &ada, None).await.ok();
    assert_eq!(rehire(&hr, &ada, input(YESTERDAY)).await.refusals(), ["EMPLOYMENTS_OVERLAP"]);
    // Who is named is looked at as if it were new.
    let under = json!({ "joinedOn": "2026-05-01", "managerId": gone });
    assert_eq!(rehire(&hr, &ada, under).await.refusals(), ["EMPLOYEE_NOT_FOUND"]);
    let back = rehire(&hr, &ada, input("2026-05-01")).await.ok()["employeeRehire"]["employee"].clone();
    let before = json!([{ "joinedOn": "2026-01-05", "lastWorkingDay": YESTERDAY }]);
    assert_eq!(
        (
            &back["number"],
            &back["status"],
            &back["joinedOn"],
            &back["lastWorkingDay"],
            &back["formerEmployments"]
        ),
        (&json!("E-00002"), &json!("ACTIVE"), &json!("2026-05-01"), &json!(null), &before)
    );
    let shown = hr.run(&history).await.ok()["employee"].clone();
    assert_eq!(shown["version"], shown["history"]["nodes"].as_array().unwrap().len());
    // The first day is put right, but not into the employment before.
    let first_day = |day: &str| json!({ "version": back["version"], "joinedOn": day });
    assert_eq!(update(&hr, &ada, first_day(YESTERDAY)).await.refusals(), ["EMPLOYMENTS_OVERLAP"]);
    update(&hr, &ada, first_day("2026-04-01")).await.ok();
    // Everybody else knows of it at once.
    let mut tx = app.system(&ctx_of, "employee").await;
    let person = people::find(&mut tx, ada.parse().unwrap()).await.unwrap();
    let works_on = |day: &str| person.is_employed_on(day.parse().unwrap());
    assert_eq!(
        ["2026-01-04", "2026-01-05", YESTERDAY, "2026-03-31", "2026-04-01"].map(works_on),
        [false, true, true, false, true]
    );
}

#[tokio::test]
async fn who_is_hired_again_in_the_notice_period_works_on_until_the_last_day_and_then_from_the_next_first() {
    let (app, person) = office().await;
    let me = person.colleague(&[Role::Member]);
    app.join(&me).await;
    let (hr, mine) = (app.as_(&person), app.as_(&me));
    let ada = hire(&hr, "Ada", "Lovelace", json!({ "membershipId": me.member().membership_id })).await;
    let shown = async || {
        let query = format!(
            "{{ employee(id: \"{ada}\") {{ status joinedOn lastWorkingDay terminationType nextJoinedOn
                formerEmployments {{ joinedOn lastWorkingDay }} }} }}"
        );
        hr.run(&query).await.ok()["employee"].clone()
    };
    let works = async || -> [bool; 4] {
        let mut tx = app.system(&person, "employee").await;
        let person = people::find(&mut tx, ada.parse().unwrap()).await.unwrap();
        ["2026-03-31", "2026-04-01", "2026-04-30", "2026-05-01"]
            .map(|day| person.is_employed_on(day.parse().unwrap()))
    };
    terminate_on(&hr, &ada, END_OF_MONTH, None).await.ok();
    let notice = shown().await;
    assert_eq!(
        rehire(&hr, &ada, json!({ "joinedOn": END_OF_MONTH })).await.refusals(),
        ["EMPLOYMENTS_OVERLAP"]
    );
    let elsewhere = json!({ "joinedOn": "2026-05-01", "workEmail": "ada@example.com" });
    assert_eq!(rehire(&hr, &ada, elsewhere).await.refusals(), ["EMPLOYMENT_STILL_RUNS"]);
    rehire(&hr, &ada, json!({ "joinedOn": "2026-05-01" })).await.ok();
    let mut expected = notice.clone();
    expected["nextJoinedOn"] = json!("2026-05-01");
    assert_eq!(shown().await, expected, "the employment that runs is as it was");
    assert_eq!(works().await, [true, false, false, true]);
    // She is changed, keeps her account, and her last day moves, up to the next first.
    let version = hr.run(&format!("{{ employee(id: \"{ada}\") {{ version }} }}")).await.ok();
    let version = version["employee"]["version"].clone();
    update(&hr, &ada, json!({ "version": version, "firstName": "Augusta" })).await.ok();
    assert_eq!(mine.run("{ myEmployee { id } }").await.ok()["myEmployee"]["id"], ada.as_str());
    assert_eq!(terminate_on(&hr, &ada, "2026-05-01", None).await.refusals(), ["EMPLOYMENTS_OVERLAP"]);
    terminate_on(&hr, &ada, "2026-04-30", None).await.ok();
    assert_eq!(works().await, [true, true, true, true]);
    terminate_on(&hr, &ada, END_OF_MONTH, None).await.ok();
    // Between the two she has not left: what is hers stays hers.
    pass(&app, 40);
    let job = employee::subgraph().jobs[0];
    (job.run)(app.runtime().clone()).await.unwrap();
    assert_eq!(
        (&shown().await["status"], &shown().await["nextJoinedOn"]),
        (&json!("ACTIVE"), &json!("2026-05-01"))
    );
    pass(&app, 20);
    assert_eq!(
        works().await,
        [true, false, false, true],
        "the day has come, and nobody has written it down yet"
    );
    for _ in 0..2 {
        (job.run)(app.runtime().clone()).await.unwrap();
    }
    let before = json!([{ "joinedOn": "2026-01-05", "lastWorkingDay": END_OF_MONTH }]);
    let begun = json!({ "status": "ACTIVE", "joinedOn": "2026-05-01", "lastWorkingDay": null,
        "terminationType": null, "nextJoinedOn": null, "formerEmployments": before });
    assert_eq!(shown().await, begun);
    assert_eq!(works().await, [true, false, false, true]);
    assert_eq!(mine.run("{ myEmployee { id } }").await.ok()["myEmployee"]["id"], ada.as_str());
}

#[tokio::test]
async fn a_next_employment_is_taken_back_with_the_end_of_the_one_before() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    terminate_on(&hr, &ada, END_OF_MONTH, None).await.ok();
    rehire(&hr, &ada, json!({ "joinedOn": "2026-05-01" })).await.ok();
    let back = reinstate(&hr, &ada).await.ok()["employeeReinstate"]["employee"].clone();
    assert_eq!((&back["status"], &back["lastWorkingDay"]), (&json!("ACTIVE"), &json!(null)));
    let query =
        format!("{{ employee(id: \"{ada}\") {{ joinedOn nextJoinedOn formerEmployments {{ joinedOn }} }} }}");
    let shown = hr.run(&query).await.ok()["employee"].clone();
    assert_eq!(shown, json!({ "joinedOn": "2026-01-05", "nextJoinedOn": null, "formerEmployments": [] }));
}

#[tokio::test]
async fn a_return_that_was_a_mistake_is_undone_and_a_former_employment_is_put_right() {
    let (app, office) = office().await;
    let hr = app.as_(&office);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    terminate(&hr, &ada, None).await.ok();
    let back = rehire(&hr, &ada, json!({ "joinedOn": "2026-03-02" })).await.ok();
    let version = &back["employeeRehire"]["employee"]["version"];
    let report = hire(&hr, "Low", "Three", json!({ "managerId": ada })).await;
    let heir = hire(&hr, "Heir", "Two", json!({})).await;
    let first = |last_day: &str| json!({ "joinedOn": "2026-01-05", "lastWorkingDay": last_day, "terminationType": "RESIGNATION" });

    // She was hired twice by mistake: she had gone, and whoever reports to her by now is handed over.
    let gone = json!([first(YESTERDAY)]);
    assert_eq!(correct(&hr, &ada, version, gone.clone(), None).await.refusals(), ["HAS_REPORTS"]);
    let done = correct(&hr, &ada, version, gone.clone(), Some(&heir)).await.ok();
    let done = done["employeeCorrectEmployments"]["employee"].clone();
    let expected = json!({ "version": done["version"], "status": "TERMINATED", "joinedOn": "2026-01-05",
        "lastWorkingDay": YESTERDAY, "terminationType": "RESIGNATION", "nextJoinedOn": null,
        "formerEmployments": [] });
    assert_eq!(done, expected);
    assert_eq!(correct(&hr, &ada, version, gone, None).await.refusals(), ["VERSION_CONFLICT"]);
    let manager = format!("{{ employee(id: \"{report}\") {{ manager {{ firstName }} }} }}");
    assert_eq!(hr.run(&manager).await.ok()["employee"]["manager"]["firstName"], "Heir");

    // She does come back, and had gone earlier than was said: everybody else knows at once, and why she went is for few.
    let employments = json!([first("2026-02-15"), { "joinedOn": "2026-03-01" }]);
    let done = correct(&hr, &ada, &done["version"], employments, None).await.ok();
    let done = done["employeeCorrectEmployments"]["employee"].clone();
    assert_eq!(done["formerEmployments"], json!([first("2026-02-15")]));
    assert_eq!((&done["status"], &done["joinedOn"]), (&json!("ACTIVE"), &json!("2026-03-01")));
    let mut tx = app.system(&office, "employee").await;
    let person = people::find(&mut tx, ada.parse().unwrap()).await.unwrap();
    let works_on = |day: &str| person.is_employed_on(day.parse().unwrap());
    assert_eq!(
        ["2026-02-15", "2026-02-16", "2026-02-28", "2026-03-01"].map(works_on),
        [true, false, false, true]
    );
    let colleague = office.colleague(&[Role::Member]);
    app.join(&colleague).await;
    let query =
        format!("{{ employee(id: \"{ada}\") {{ formerEmployments {{ joinedOn terminationType }} }} }}");
    let seen = app.as_(&colleague).run(&query).await.ok();
    assert_eq!(
        seen["employee"]["formerEmployments"],
        json!([{ "joinedOn": "2026-01-05", "terminationType": null }])
    );
    assert_eq!(
        correct(&app.as_(&colleague), &ada, &done["version"], json!([]), None).await.codes(),
        ["FORBIDDEN"]
    );
    let wrong = json!([first("2026-03-01"), { "joinedOn": "2026-03-01" }]);
    assert_eq!(correct(&hr, &ada, &done["version"], wrong, None).await.refusals(), ["EMPLOYMENTS_OVERLAP"]);
}

#[tokio::test]
async fn a_first_day_is_put_right_up_to_the_last() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    terminate_on(&hr, &ada, END_OF_MONTH, None).await.ok();
    let first_day = |version: i32, day: &str| json!({ "version": version, "joinedOn": day });
    assert_eq!(update(&hr, &ada, first_day(2, "2026-04-01")).await.refusals(), ["DATE_OUT_OF_RANGE"]);
    update(&hr, &ada, first_day(2, END_OF_MONTH)).await.ok();
    update(&hr, &ada, first_day(3, "2020-01-01")).await.ok();
}

#[tokio::test]
async fn reports_are_handed_over_when_somebody_is_named_and_at_the_latest_when_the_day_is_over() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let (boss, heir) = (hire(&hr, "Boss", "One", json!({})).await, hire(&hr, "Heir", "Two", json!({})).await);
    let report = hire(&hr, "Low", "Three", json!({ "managerId": boss })).await;
    let manager = async || {
        let query = format!("{{ employee(id: \"{report}\") {{ manager {{ firstName }} }} }}");
        text(&hr.run(&query).await.ok()["employee"]["manager"]["firstName"])
    };
    let refused = terminate(&hr, &boss, None).await;
    assert_eq!(refused.refusals(), ["HAS_REPORTS"]);
    let message = &refused.0["data"]["employeeTerminate"]["userErrors"][0]["message"];
    assert_eq!(message, "one person reports to this employee; say who takes over");
    terminate_on(&hr, &boss, END_OF_MONTH, None).await.ok();
    assert_eq!(manager().await, "Boss");
    terminate_on(&hr, &boss, END_OF_MONTH, Some(&heir)).await.ok();
    assert_eq!(manager().await, "Heir");
    // Nobody but who has left and people who report to them needs a successor.
    terminate(&hr, &boss, None).await.ok();
}

#[tokio::test]
async fn a_new_employee_is_seen_at_once_wherever_one_looks() {
    let (app, office) = office().await;
    let me = office.colleague(&[Role::Member]);
    app.join(&me).await;
    fields::field(&app, &office, "shirt", custom::CustomFieldKind::Text, &[], false).await;
    let hr = app.as_(&office);
    let boss = hire(&hr, "Boss", "One", json!({ "membershipId": me.member().membership_id })).await;
    let more = json!({ "managerId": boss, "customFields": [{ "key": "shirt", "value": "M" }] });
    let ada = hire(&hr, "Ada", "Lovelace", more).await;
    let query = format!(
        "{{ employee(id: \"{ada}\") {{ name customFields {{ value }} }}
            boss: employee(id: \"{boss}\") {{ reports {{ nodes {{ id }} }} }}
            employees(filter: {{ search: \"Lovelace\", customField: {{ key: \"shirt\", value: \"M\" }} }}) {{ nodes {{ id }} }} }}"
    );
    let seen = hr.run(&query).await.ok();
    assert_eq!(seen["employee"], json!({ "name": "Ada Lovelace", "customFields": [{ "value": "M" }] }));
    assert_eq!(seen["boss"]["reports"]["nodes"], json!([{ "id": ada }]));
    assert_eq!(seen["employees"]["nodes"], json!([{ "id": ada }]));
    // And by whoever decides by the directory: who it is, and who decides for them.
    let mut tx = app.system(&office, "employee").await;
    let person = people::find(&mut tx, ada.parse().unwrap()).await.unwrap();
    assert_eq!(person.manager_id, Some(boss.parse().unwrap()));
    let deciders: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select unnest(deciders) from approval.preview('leave.request', $1, $2, null, null)",
    )
    .bind(uuid::Uuid::now_v7())
    .bind(ada.parse::<uuid::Uuid>().unwrap())
    .fetch_all(tx.conn())
    .await
    .unwrap();
    assert_eq!(deciders, [me.member().membership_id.0]);
}

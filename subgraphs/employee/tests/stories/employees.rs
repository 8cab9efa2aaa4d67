//! Hiring and changing people.

use serde_json::json;

use crate::*;

#[tokio::test]
async fn people_are_numbered_one_after_the_other() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = try_hire(&hr, "Ada", "Lovelace", json!({})).await.ok();
    assert_eq!(ada["employeeCreate"]["employee"]["number"], "E-00001");
    assert_eq!(ada["employeeCreate"]["employee"]["name"], "Ada Lovelace");
    // What is refused uses up no number.
    assert_eq!(try_hire(&hr, "Ada", "Lovelace", json!({})).await.refusals(), ["WORK_EMAIL_TAKEN"]);
    let bob = try_hire(&hr, "Bob", "Noyce", json!({})).await.ok();
    assert_eq!(bob["employeeCreate"]["employee"]["number"], "E-00002");
    let other = try_hire(&app.as_(&Person::new(&[Role::Owner])), "Eve", "Moneypenny", json!({})).await.ok();
    assert_eq!(other["employeeCreate"]["employee"]["number"], "E-00001");
}

#[tokio::test]
async fn an_employee_shows_what_was_said() {
    let (app, hr) = office().await;
    let membership = hr.colleague(&[Role::Member]);
    let membership_id = membership.member().membership_id.to_string();
    app.join(&membership).await;
    let hr = app.as_(&hr);
    let boss = hire(&hr, "Grace", "Hopper", json!({})).await;
    let department = department(&hr, "RND").await;
    let more = json!({ "employmentType": "PART_TIME", "membershipId": membership_id, "managerId": boss,
        "departmentId": department });
    let id = hire(&hr, "Ada", "Lovelace", more).await;
    let fields = "number name firstName lastName workEmail status employmentType joinedOn lastWorkingDay
        terminationType version department { code } manager { name } membership { id }
        inheritsWorkSchedule inheritsHolidayCalendar workSchedule { id } holidayCalendar { id } location { id }";
    let shown = app.as_(&membership).run(&format!("{{ employee(id: \"{id}\") {{ {fields} }} }}")).await.ok();
    let expected = json!({ "number": "E-00002", "name": "Ada Lovelace", "firstName": "Ada", "lastName": "Lovelace",
        "workEmail": "ada.lovelace@example.com", "status": "ACTIVE", "employmentType": "PART_TIME",
        "joinedOn": "2026-01-05", "lastWorkingDay": null, "terminationType": null, "version": 1,
        "department": { "code": "RND" }, "manager": { "name": "Grace Hopper" },
        "membership": { "id": membership_id }, "inheritsWorkSchedule": true, "inheritsHolidayCalendar": true,
        "workSchedule": null, "holidayCalendar": null, "location": null });
    assert_eq!(shown["employee"], expected);
    let mine = app.as_(&membership).run("{ myEmployee { id } }").await.ok();
    assert_eq!(mine["myEmployee"]["id"], id.as_str());
    assert_eq!(hr.run("{ myEmployee { id } }").await.ok()["myEmployee"], json!(null));
}

#[tokio::test]
async fn an_address_and_a_membership_belong_to_one_person_at_a_time() {
    let (app, hr) = office().await;
    let membership_id = hr.member().membership_id.to_string();
    app.join(&hr).await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({ "membershipId": membership_id })).await;
    let twin = json!({ "workEmail": "ADA.LOVELACE@example.com" });
    assert_eq!(try_hire(&hr, "Ada", "Twin", twin.clone()).await.refusals(), ["WORK_EMAIL_TAKEN"]);
    let same = json!({ "membershipId": membership_id });
    assert_eq!(try_hire(&hr, "Ada", "Twin", same.clone()).await.refusals(), ["MEMBERSHIP_TAKEN"]);
    let bob = hire(&hr, "Bob", "Noyce", json!({})).await;
    let taken = json!({ "version": 1, "workEmail": "ada.lovelace@example.com" });
    assert_eq!(update(&hr, &bob, taken).await.refusals(), ["WORK_EMAIL_TAKEN"]);
    terminate(&hr, &ada, None).await.ok();
    hire(
        &hr,
        "Ada",
        "Twin",
        json!({ "workEmail": "ada.lovelace@example.com", "membershipId": membership_id }),
    )
    .await;
}

#[tokio::test]
async fn an_update_changes_what_is_said_clears_what_is_null_and_leaves_the_rest() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let boss = hire(&hr, "Grace", "Hopper", json!({})).await;
    let department = department(&hr, "RND").await;
    let ada = hire(&hr, "Ada", "Lovelace", json!({ "managerId": boss, "departmentId": department })).await;
    let changed =
        update(&hr, &ada, json!({ "version": 1, "firstName": "Augusta", "managerId": null })).await.ok();
    let expected = json!({ "id": ada, "name": "Augusta Lovelace", "version": 2, "manager": null,
        "department": { "id": department } });
    assert_eq!(changed["employeeUpdate"]["employee"], expected);
}

#[tokio::test]
async fn a_change_from_an_old_version_is_refused_whole() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    update(&hr, &ada, json!({ "version": 1, "firstName": "Augusta" })).await.ok();
    let late = update(&hr, &ada, json!({ "version": 1, "lastName": "Byron" })).await;
    assert_eq!(late.refusals(), ["VERSION_CONFLICT"]);
    // Beside it stands what there is now, for whoever must decide again.
    assert_eq!(late.0["data"]["employeeUpdate"]["employee"]["name"], "Augusta Lovelace");
    let name = hr.run(&format!("{{ employee(id: \"{ada}\") {{ name version }} }}")).await.ok();
    assert_eq!(name["employee"], json!({ "name": "Augusta Lovelace", "version": 2 }));
    let (one, other) = tokio::join!(
        update(&hr, &ada, json!({ "version": 2, "firstName": "One" })),
        update(&hr, &ada, json!({ "version": 2, "firstName": "Other" })),
    );
    let conflicts = [one.refusals(), other.refusals()].concat();
    assert_eq!(conflicts, ["VERSION_CONFLICT"]);
}

#[tokio::test]
async fn nobody_reports_to_themselves_directly_or_through_others() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let top = hire(&hr, "Top", "One", json!({})).await;
    let middle = hire(&hr, "Middle", "Two", json!({ "managerId": top })).await;
    let low = hire(&hr, "Low", "Three", json!({ "managerId": middle })).await;
    let to = |manager: &str| json!({ "version": 1, "managerId": manager });
    assert_eq!(update(&hr, &top, to(&top)).await.refusals(), ["OWN_MANAGER"]);
    assert_eq!(update(&hr, &top, to(&middle)).await.refusals(), ["MANAGER_CYCLE"]);
    assert_eq!(update(&hr, &top, to(&low)).await.refusals(), ["MANAGER_CYCLE"]);
    update(&hr, &low, to(&top)).await.ok();
}

#[tokio::test]
async fn two_moves_at_once_make_no_circle() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let one = hire(&hr, "One", "Peer", json!({})).await;
    let other = hire(&hr, "Other", "Peer", json!({})).await;
    let (first, second) = tokio::join!(
        update(&hr, &one, json!({ "version": 1, "managerId": other })),
        update(&hr, &other, json!({ "version": 1, "managerId": one })),
    );
    assert_eq!([first.refusals(), second.refusals()].concat(), ["MANAGER_CYCLE"]);
}

#[tokio::test]
async fn a_request_sent_twice_hires_once() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let once = json!({ "input": input("Ada", "Lovelace", json!({})), "key": "k1" });
    let first = hr.run_with(CREATE, once.clone()).await.ok();
    assert_eq!(hr.run_with(CREATE, once).await.ok(), first);
    let other = json!({ "input": input("Bob", "Noyce", json!({})), "key": "k1" });
    assert_eq!(hr.run_with(CREATE, other).await.codes(), ["IDEMPOTENCY_MISMATCH"]);
    let twice = json!({ "input": input("Eve", "Moneypenny", json!({})), "key": "k2" });
    let (one, same) = tokio::join!(hr.run_with(CREATE, twice.clone()), hr.run_with(CREATE, twice));
    assert_eq!(one.ok(), same.ok());
    let all = hr.run("{ employees { nodes { name } } }").await.ok();
    assert_eq!(all["employees"]["nodes"], json!([{ "name": "Ada Lovelace" }, { "name": "Eve Moneypenny" }]));
}

#[tokio::test]
async fn what_is_out_of_range_is_refused_beside_its_field() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    for (field, wrong, code) in [
        ("firstName", " ", "NAME_INVALID"),
        ("workEmail", "ada", "EMAIL_INVALID"),
        ("joinedOn", "1929-12-31", "DATE_OUT_OF_RANGE"),
    ] {
        let refused = try_hire(&hr, "Ada", "Lovelace", json!({ field: wrong })).await;
        assert_eq!(refused.refusals(), [code]);
        assert_eq!(refused.0["data"]["employeeCreate"]["userErrors"][0]["field"], field);
    }
    let no_day = try_hire(&hr, "Ada", "Lovelace", json!({ "joinedOn": "2026-02-30" })).await;
    let message = no_day.0["errors"][0]["message"].as_str().unwrap();
    assert_eq!(
        message,
        r#"input.joinedOn: give a day of the form 2026-12-31, from 1900 to 2199, not "2026-02-30""#
    );
    assert_eq!(no_day.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn only_somebody_who_works_here_is_an_employee() {
    let (app, hr) = office().await;
    let [client, stranger] = [hr.colleague(&[Role::Client]), Person::new(&[Role::Owner])];
    app.join(&client).await;
    app.join(&stranger).await;
    let office = app.as_(&hr);
    let ada = hire(&office, "Ada", "Lovelace", json!({})).await;
    let unknown = common::MembershipId::new();
    for id in [client.member().membership_id, stranger.member().membership_id, unknown] {
        let link = json!({ "membershipId": id });
        assert_eq!(try_hire(&office, "Bob", "Noyce", link.clone()).await.refusals(), ["MEMBER_NOT_FOUND"]);
        let link = json!({ "version": 1, "membershipId": id });
        assert_eq!(update(&office, &ada, link).await.refusals(), ["MEMBER_NOT_FOUND"]);
    }
}

#[tokio::test]
async fn a_change_of_nothing_is_none() {
    let (app, hr) = office().await;
    let office = app.as_(&hr);
    let ada = hire(&office, "Ada", "Lovelace", json!({ "tags": ["Remote"] })).await;
    let same = json!({ "version": 1, "firstName": "Ada", "tags": ["Remote"] });
    let updated = update(&office, &ada, same).await.ok();
    assert_eq!(updated["employeeUpdate"]["employee"]["version"], 1);
    let query = format!("{{ employee(id: \"{ada}\") {{ version history {{ nodes {{ action }} }} }} }}");
    let seen = office.run(&query).await.ok();
    assert_eq!(seen["employee"], json!({ "version": 1, "history": { "nodes": [{ "action": "CREATED" }] } }));
    // Whoever saw the employee before is not told of a conflict that there is none of.
    update(&office, &ada, json!({ "version": 1, "firstName": "Augusta" })).await.ok();
}

#[tokio::test]
async fn numbers_that_are_taken_are_passed_over() {
    let (app, hr) = office().await;
    let office = app.as_(&hr);
    hire(&office, "Ada", "Lovelace", json!({})).await;
    let behind = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    let sql = "update employee.employee set number = 'E-00002' where number = 'E-00001'";
    sqlx::query(sql).execute(&behind).await.unwrap();
    let bob = try_hire(&office, "Bob", "Noyce", json!({})).await.ok();
    assert_eq!(bob["employeeCreate"]["employee"]["number"], "E-00003");
}

#[tokio::test]
async fn why_somebody_left_is_for_those_who_look_after_them() {
    let (app, hr) = office().await;
    let office = app.as_(&hr);
    let ada = hire(&office, "Ada", "Lovelace", json!({})).await;
    terminate(&office, &ada, None).await.ok();
    let query = format!(
        "{{ employee(id: \"{ada}\") {{ status terminationType history {{ nodes {{ changes {{ field }} }} }} }} }}"
    );
    let seen = office.run(&query).await.ok();
    assert_eq!(seen["employee"]["terminationType"], "RESIGNATION");
    assert!(seen.to_string().contains("\"terminationType\""));
    let colleague = app.as_(&hr.colleague(&[Role::Member])).run(&query).await.ok();
    assert_eq!(colleague["employee"]["status"], "TERMINATED");
    assert_eq!(colleague["employee"]["terminationType"], json!(null));
    assert_eq!(colleague.to_string().matches("terminationType").count(), 1, "{colleague}");
}

#[tokio::test]
async fn the_same_request_in_another_order_of_keys_is_the_same() {
    let (app, hr) = office().await;
    let office = app.as_(&hr);
    let inline = |input: &str| {
        format!(
            "mutation {{ employeeCreate(input: {{ {input} }}, idempotencyKey: \"k\") {{ employee {{ id }} userErrors {{ code }} }} }}"
        )
    };
    let one = r#"firstName: "Ada", lastName: "Lovelace", workEmail: "a@x.org", joinedOn: "2026-01-05""#;
    let other = r#"joinedOn: "2026-01-05", workEmail: "a@x.org", lastName: "Lovelace", firstName: "Ada""#;
    let first = office.run(&inline(one)).await.ok();
    assert_eq!(office.run(&inline(other)).await.ok(), first);
    let changed = inline(other).replace("Ada", "Eve");
    assert_eq!(office.run(&changed).await.codes(), ["IDEMPOTENCY_MISMATCH"]);
}

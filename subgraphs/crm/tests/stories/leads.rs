//! Leads: points and their reasons, whose they are, and how soon they are answered.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::timeout;

use crate::*;

#[tokio::test]
async fn a_lead_has_points_and_says_why() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let source = client.create("leadSource", json!({ "name": "Fair", "points": 12 })).await;
    let more = json!({ "companyName": "Lovelace Ltd", "email": "Ada@Lovelace.example", "phone": "+43 664 1234567", "sourceId": source });
    let id = lead(&client, "Lovelace", more).await;
    let now =
        ask(&client, "lead", &id, "number name email phone score scoreReasons { code points } status").await;
    assert_eq!(
        (&now["number"], &now["email"], &now["phone"]),
        (&json!("L-00001"), &json!("ada@lovelace.example"), &json!("+436641234567"))
    );
    let reasons = json!([{ "code": "BUSINESS_EMAIL", "points": 20 }, { "code": "PHONE", "points": 10 }, { "code": "COMPANY", "points": 10 },
        { "code": "SOURCE", "points": 12 }]);
    assert_eq!((&now["score"], &now["scoreReasons"]), (&json!(52), &reasons));
    client.act("lead", "Qualify", &id).await.ok();
    assert_eq!(ask(&client, "lead", &id, "score").await["score"], 67);
}

#[tokio::test]
async fn a_lead_that_is_answered_too_late_is_found() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let source = client.create("leadSource", json!({ "name": "Web", "firstResponseHours": 4 })).await;
    let [soon, late] = [
        lead(&client, "Soon", json!({ "sourceId": source })).await,
        lead(&client, "Late", json!({ "sourceId": source })).await,
    ];
    app.clock.advance(chrono::TimeDelta::seconds(3 * 3_600));
    let call = client.create("activity", json!({ "kind": "CALL", "subject": "Hello", "leadId": soon })).await;
    act(&client, "activityComplete", "activity", &call, json!({ "outcome": "They want 20." })).await.ok();
    assert_eq!(ask(&client, "lead", &soon, "status firstResponseAt").await["status"], "CONTACTED");
    let breached = "{ leads(filter: { slaBreached: true }) { nodes { lastName slaBreached } } }";
    assert_eq!(client.run(breached).await.ok()["leads"]["nodes"], json!([]));
    app.clock.advance(chrono::TimeDelta::seconds(2 * 3_600));
    assert_eq!(
        client.run(breached).await.ok()["leads"]["nodes"],
        json!([{ "lastName": "Late", "slaBreached": true }])
    );
    client.act("lead", "Contact", &late).await.ok();
    assert_eq!(client.run(breached).await.ok()["leads"]["nodes"][0]["lastName"], "Late");
    let report = "{ salesReport { firstResponse(from: \"2026-03-01\", to: \"2026-03-31\") { leadCount answered breached averageHours } } }";
    let report = client.run(report).await.ok()["salesReport"]["firstResponse"].clone();
    assert_eq!(report, json!({ "leadCount": 2, "answered": 2, "breached": 1, "averageHours": "4.00" }));
}

/// CRM-7.
#[tokio::test]
async fn members_have_their_turn_and_a_suspended_one_is_never_given_anything() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let members: Vec<Person> = (0..3).map(|_| admin.colleague(&[Role::Sales])).collect();
    for member in &members {
        app.join(member).await;
    }
    let id = |member: &Person| member.member().membership_id.to_string();
    let ids: Vec<String> = members.iter().map(id).collect();
    client.create("assignmentRule", json!({ "name": "All", "memberIds": ids })).await;
    let owners = async |count: usize| {
        let mut owners = Vec::new();
        for _ in 0..count {
            let one = lead(&client, "Lovelace", json!({})).await;
            act(&client, "leadAssign", "lead", &one, json!({})).await.ok();
            owners.push(text(&ask(&client, "lead", &one, "owner { id }").await["owner"]["id"]));
        }
        owners
    };
    assert_eq!(owners(4).await, [&ids[0], &ids[1], &ids[2], &ids[0]].map(String::clone));
    suspend(&app, &members[1]).await;
    assert_eq!(owners(3).await, [&ids[2], &ids[0], &ids[2]].map(String::clone));
    // By hand, on a new one, for an activity or a target neither.
    let given = json!({ "ownerId": ids[1] });
    let one = lead(&client, "Lovelace", json!({})).await;
    assert_eq!(
        act(&client, "leadAssign", "lead", &one, given.clone()).await.refusals(),
        ["MEMBER_NOT_FOUND"]
    );
    assert_eq!(
        client.try_create("lead", with(json!({ "lastName": "X" }), given.clone())).await.refusals(),
        ["MEMBER_NOT_FOUND"]
    );
    way(&client).await;
    assert_eq!(
        client.try_create("deal", with(json!({ "title": "X" }), given)).await.refusals(),
        ["MEMBER_NOT_FOUND"]
    );
    let task = json!({ "subject": "X", "leadId": one, "assigneeId": ids[1] });
    assert_eq!(client.try_create("activity", task).await.refusals(), ["MEMBER_NOT_FOUND"]);
    // Nor by SQL.
    let mut tx = app.system(&admin, "crm").await;
    let sql = format!("update crm.lead set owner_membership_id = '{}'", ids[1]);
    let error = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(tx.conn()).await.unwrap_err();
    assert!(error.to_string().contains("may not come in"), "{error}");
    drop(tx);
    for member in [&members[0], &members[2]] {
        suspend(&app, member).await;
    }
    assert_eq!(act(&client, "leadAssign", "lead", &one, json!({})).await.refusals(), ["NO_RULE_FITS"]);
}

/// CRM-7: at the same time.
#[tokio::test]
async fn forty_leads_that_are_given_away_while_somebody_is_suspended_are_none_of_theirs_in_the_end() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let members: Vec<Person> = (0..2).map(|_| admin.colleague(&[Role::Sales])).collect();
    for member in &members {
        app.join(member).await;
    }
    let ids: Vec<String> = members.iter().map(|member| member.member().membership_id.to_string()).collect();
    client.create("assignmentRule", json!({ "name": "All", "memberIds": ids })).await;
    let mut leads = Vec::new();
    for _ in 0..40 {
        leads.push(lead(&client, "Lovelace", json!({})).await);
    }
    let given = leads.iter().map(|one| act(&client, "leadAssign", "lead", one, json!({})));
    let (given, ()) = tokio::join!(futures::future::join_all(given), suspend(&app, &members[0]));
    assert!(given.iter().all(|answer| answer.refusals().is_empty()), "{given:?}");
    let member = members[0].member();
    let suspended =
        json!({ "membershipId": member.membership_id, "userId": member.identity_id, "roles": ["SALES"] });
    app.announce_raw(&admin, "user.member.suspended", suspended).await;
    assert_eq!(
        scalar(&app, &format!("select count(*) from crm.lead where owner_membership_id = '{}'", ids[0]))
            .await,
        0
    );
    assert_eq!(
        scalar(&app, &format!("select count(*) from crm.lead where owner_membership_id = '{}'", ids[1]))
            .await,
        40
    );
}

#[tokio::test]
async fn who_is_given_a_lead_is_told_and_a_due_activity_is_told_once() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let rep = admin.colleague(&[Role::Sales]);
    app.join(&rep).await;
    let one = lead(&client, "Lovelace", json!({ "ownerId": rep.member().membership_id })).await;
    client
        .create("activity", json!({ "subject": "Call", "leadId": one, "dueAt": "2026-03-02T10:00:00Z" }))
        .await;
    run_jobs(&app).await;
    app.clock.advance(chrono::TimeDelta::seconds(3_600));
    run_jobs(&app).await;
    run_jobs(&app).await;
    app.settle().await;
    let announced = app.announced().await;
    let count = |name: &str| announced.iter().filter(|(kind, _)| kind == name).count();
    assert_eq!((count("crm.lead.assigned"), count("crm.activity.fallen_due")), (1, 1));
}

#[tokio::test]
async fn of_two_leads_that_are_one_nothing_is_lost_and_one_stays() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let stays =
        lead(&client, "Lovelace", json!({ "phone": "+43 664 1234567", "notes": "Called.", "tags": ["big"] }))
            .await;
    let more = json!({ "lastName": null, "companyName": "Lovelace Ltd", "email": "ada@lovelace.example",
        "notes": "Wrote.", "tags": ["big", "urgent"], "estimatedValue": { "amount": "900", "currency": "EUR" } });
    let goes = lead(&client, "Lovelace", more).await;
    client.act("lead", "Contact", &goes).await.ok();
    client.create("activity", json!({ "kind": "CALL", "subject": "Hello", "leadId": goes })).await;
    let fields =
        "lastName companyName email phone notes tags estimatedValue { amount } firstResponseAt status
        archivedAt mergedInto { id }";
    let before = ask(&client, "lead", &stays, fields).await;
    let merge = async |id: &str, input: Value| act(&client, "leadMerge", "lead", id, input).await;
    merge(&stays, json!({ "loserId": goes, "dryRun": true })).await.ok();
    assert_eq!(ask(&client, "lead", &stays, fields).await, before, "so far nothing has happened");
    merge(&stays, json!({ "loserId": goes })).await.ok();
    let now = ask(&client, "lead", &stays, fields).await;
    assert_eq!(
        (&now["lastName"], &now["companyName"], &now["email"], &now["phone"]),
        (&json!("Lovelace"), &json!("Lovelace Ltd"), &json!("ada@lovelace.example"), &json!("+436641234567"))
    );
    assert_eq!((&now["notes"], &now["tags"]), (&json!("Called.\n\nWrote."), &json!(["big", "urgent"])));
    assert_eq!((&now["estimatedValue"]["amount"], &now["status"]), (&json!("900.00"), &json!("NEW")));
    assert!(now["firstResponseAt"].is_string(), "somebody has answered them");
    let activities = format!("{{ activities(filter: {{ leadId: \"{stays}\" }}) {{ nodes {{ subject }} }} }}");
    assert_eq!(client.run(&activities).await.ok()["activities"]["nodes"], json!([{ "subject": "Hello" }]));
    let gone = ask(&client, "lead", &goes, fields).await;
    assert!(gone["archivedAt"].is_string() && gone["mergedInto"]["id"] == json!(stays), "{gone}");
    for (loser, code) in [(&stays, "SAME_LEAD"), (&goes, "ARCHIVED")] {
        assert_eq!(merge(&stays, json!({ "loserId": loser })).await.refusals(), [code]);
    }
    client.act("lead", "Restore", &goes).await.ok();
    assert_eq!(ask(&client, "lead", &goes, fields).await["mergedInto"], Value::Null);
}

#[tokio::test]
async fn two_merges_the_other_way_round_leave_one_lead_and_one_that_is_converted_goes_into_no_other() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    for _ in 0..5 {
        let [one, other] = [lead(&client, "One", json!({})).await, lead(&client, "Other", json!({})).await];
        let merge = async |id: &str, loser: &str| {
            let answer = act(&client, "leadMerge", "lead", id, json!({ "loserId": loser })).await;
            answer.refusals().is_empty()
        };
        let (there, back) = tokio::join!(merge(&one, &other), merge(&other, &one));
        assert!(there != back, "one of the two");
    }
    let [one, other] = [lead(&client, "One", json!({})).await, lead(&client, "Other", json!({})).await];
    act(&client, "leadConvert", "operation", &other, json!({ "wantsDeal": false })).await.ok();
    let refused = act(&client, "leadMerge", "lead", &one, json!({ "loserId": other })).await;
    assert_eq!(refused.refusals(), ["LEAD_CONVERTED"]);
}

#[tokio::test]
async fn a_lead_is_given_to_nobody_who_may_not_see_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let member = admin.colleague(&[Role::Member]);
    app.join(&member).await;
    let id = json!(member.member().membership_id);
    let rule = json!({ "name": "All", "memberIds": [id] });
    assert_eq!(client.try_create("assignmentRule", rule).await.refusals(), ["MEMBER_MAY_NOT_SEE"]);
    let one = lead(&client, "Lovelace", json!({})).await;
    let refused = act(&client, "leadAssign", "lead", &one, json!({ "ownerId": id })).await;
    assert_eq!(refused.refusals(), ["MEMBER_MAY_NOT_SEE"]);
    assert_eq!(client.try_create("deal", json!({ "title": "X", "ownerId": id })).await.refusals().len(), 1);
}

#[tokio::test]
async fn who_is_given_a_lead_hears_of_it_at_once_and_of_nobody_elses() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let [rep, other] = [(); 2].map(|()| admin.colleague(&[Role::Sales]));
    for person in [&rep, &other] {
        app.join(person).await;
    }
    let of_rep = app.as_(&rep);
    let mut answers = of_rep.subscribe("subscription { leadAssigned { id lead { lastName } } }");
    let mut next = async || {
        let answer = timeout(Duration::from_secs(20), answers.next()).await.expect("nothing came").unwrap();
        answer.ok()["leadAssigned"].clone()
    };
    assert_eq!(next().await, json!({ "id": null, "lead": null }));
    let told = |id: &str, name: &str| json!({ "id": id, "lead": { "lastName": name } });
    let owner = |person: &Person| json!({ "ownerId": person.member().membership_id });
    // By somebody, when it is made or later; what others have, and what else becomes of it, is no such news.
    lead(&client, "Of the admin", json!({})).await;
    let theirs = lead(&client, "Of another", owner(&other)).await;
    let one = lead(&client, "One", owner(&rep)).await;
    client.update("lead", &one, json!({ "notes": "Called." })).await.ok();
    app.settle().await;
    assert_eq!(next().await, told(&one, "One"));
    act(&client, "leadAssign", "lead", &theirs, owner(&rep)).await.ok();
    app.settle().await;
    assert_eq!(next().await, told(&theirs, "Of another"));
    // By a rule, and by a web form.
    let rule = json!({ "name": "All", "memberIds": [rep.member().membership_id] });
    client.create("assignmentRule", rule).await;
    let ruled = lead(&client, "Ruled", owner(&other)).await;
    act(&client, "leadAssign", "lead", &ruled, json!({})).await.ok();
    app.settle().await;
    assert_eq!(next().await, told(&ruled, "Ruled"));
    let form = client.create("webForm", json!({ "name": "Contact us" })).await;
    let path = text(&ask(&client, "webForm", &form, "publicPath").await["publicPath"]);
    let body = "name=Ada+Byron&email=Ada%40byron.example";
    crate::quotes::http(&app, "POST", &path, "application/x-www-form-urlencoded", body).await;
    app.settle().await;
    assert_eq!(next().await["lead"]["lastName"], "Byron");
    // By a file, and by their own hand.
    let import = "mutation { leadImport(input: { csv: \"lastName\\nGauss\\n\" }) { report { created } userErrors { code } } }";
    of_rep.run(import).await.ok();
    app.settle().await;
    assert_eq!(next().await["lead"]["lastName"], "Gauss");
    let own = lead(&of_rep, "Own", json!({})).await;
    app.settle().await;
    assert_eq!(next().await, told(&own, "Own"));
    // Whoever may see no leads is told of none.
    let member = admin.colleague(&[Role::Member]);
    app.join(&member).await;
    let mut refused = app.as_(&member).subscribe("subscription { leadAssigned { id } }");
    let answer = timeout(Duration::from_secs(20), refused.next()).await.expect("nothing came").unwrap();
    assert_eq!(answer.codes(), ["FORBIDDEN"]);
}

//! The subscription: what changes is told at once, to those who may see it.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::time::timeout;

use crate::*;

type Answers = BoxStream<'static, Answer>;

/// Looks at contacts, and waits until the process listens.
async fn look(app: &App, person: &Person, ids: &str) -> Answers {
    let mut answers = app
        .as_(person)
        .subscribe(&format!("subscription {{ contactChanged{ids} {{ id contact {{ name archivedAt }} }} }}"));
    assert_eq!(next(&mut answers).await, json!({ "id": null, "contact": null }));
    answers
}

async fn next(answers: &mut Answers) -> Value {
    let answer = timeout(Duration::from_secs(20), answers.next()).await.expect("nothing came").unwrap();
    answer.ok()["contactChanged"].clone()
}

async fn silence(answers: &mut Answers) {
    let answer = timeout(Duration::from_millis(200), answers.next()).await;
    assert!(answer.is_err(), "unexpected: {answer:?}");
}

#[tokio::test]
async fn who_looks_on_is_told_of_what_they_may_see_and_of_no_other_tenants() {
    let (app, owner) = office().await;
    let (rep, stranger) = (owner.colleague(&[Role::Sales]), Person::new(&[Role::Admin]));
    for person in [&owner, &rep, &stranger] {
        app.join(person).await;
    }
    let admin = app.as_(&owner);
    let mut of_rep = look(&app, &rep, "").await;
    let mine = person(&app.as_(&rep), "Ada", "Rep", json!({})).await;
    person(&admin, "Bert", "Owner", json!({})).await;
    person(&app.as_(&stranger), "Carl", "Stranger", json!({})).await;
    app.settle().await;
    let ada = json!({ "id": mine, "contact": { "name": "Ada Rep", "archivedAt": null } });
    assert_eq!(next(&mut of_rep).await, ada);
    silence(&mut of_rep).await;
    admin.act("contact", "Archive", &mine).await.ok();
    app.settle().await;
    assert!(next(&mut of_rep).await["contact"]["archivedAt"].is_string());
}

#[tokio::test]
async fn who_names_contacts_is_told_when_they_leave_their_sight() {
    let (app, owner) = office().await;
    let rep = owner.colleague(&[Role::Sales]);
    for person in [&owner, &rep] {
        app.join(person).await;
    }
    let (admin, of_rep) = (app.as_(&owner), app.as_(&rep));
    let [one, two] =
        [person(&of_rep, "Ada", "One", json!({})).await, person(&of_rep, "Bert", "Two", json!({})).await];
    app.settle().await;
    let mut looking = look(&app, &rep, &format!("(ids: [\"{one}\"])")).await;
    update(&admin, &two, json!({ "jobTitle": "Cook" })).await.ok();
    update(&admin, &one, json!({ "ownerId": owner.member().membership_id })).await.ok();
    app.settle().await;
    assert_eq!(next(&mut looking).await, json!({ "id": one, "contact": null }));
    silence(&mut looking).await;
}

#[tokio::test]
async fn an_import_is_one_piece_of_news() {
    let (app, owner) = office().await;
    let mut looking = look(&app, &owner, "").await;
    let rows: String = (0..300).map(|row| format!("PERSON,First{row},Last{row}\n")).collect();
    files::import(&app.as_(&owner), &format!("kind,firstName,lastName\n{rows}")).await;
    app.settle().await;
    assert_eq!(next(&mut looking).await, json!({ "id": null, "contact": null }));
}

#[tokio::test]
async fn nobody_looks_on_without_the_right_or_at_too_much() {
    let (app, owner) = office().await;
    let ask = async |person: Option<&Person>, ids: &str| {
        let query = format!("subscription {{ contactChanged{ids} {{ id }} }}");
        let mut answers = match person {
            Some(person) => app.as_(person).subscribe(&query),
            None => app.as_nobody().subscribe(&query),
        };
        answers.next().await.unwrap()
    };
    assert_eq!(ask(None, "").await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(
        ask(Some(&owner.colleague(&[Role::Accountant])), "(ids: [])").await.codes(),
        ["VALIDATION_FAILED"]
    );
    assert_eq!(ask(Some(&owner.colleague(&[])), "").await.codes(), ["FORBIDDEN"]);
}

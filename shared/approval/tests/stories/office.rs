//! What has fallen to the office, when the office changes. To measure it:
//! `WAITING=1000 cargo test -p approval --test stories -- --nocapture office`.

use std::time::Instant;

use super::*;

#[tokio::test]
async fn all_that_has_fallen_to_the_office_is_handed_over_whole_when_the_office_changes() {
    let waiting: usize = std::env::var("WAITING").map_or(40, |waiting| waiting.parse().unwrap());
    let company = Company::of(&[Role::Hr]).await;
    let ben = company.join(&[Role::Member]).await;
    company.employ(&ben, None).await;
    let mut subjects = Vec::new();
    for _ in 0..waiting {
        let (subject, assignees) = company.ask(&ben).await;
        assert_eq!(assignees, ids(&[&company.ada]));
        subjects.push(subject);
    }
    // One of them was decided on before, and one is decided on after: neither is handed over.
    company.approve(&company.ada, subjects[0]).await.unwrap();

    let began = Instant::now();
    let hana = company.join(&[Role::Hr]).await;
    println!("{waiting} come to wait for one more: {:?}", began.elapsed());
    let both = assigned(&company).await;
    assert_eq!(both, pairs(&subjects[1..], &[&company.ada, &hana]));

    let began = Instant::now();
    company.member(&company.ada, &[Role::Hr], false).await;
    println!("{waiting} no longer wait for one: {:?}", began.elapsed());
    assert_eq!(assigned(&company).await, pairs(&subjects[1..], &[&hana]));

    let began = Instant::now();
    company.member(&hana, &[Role::Hr, Role::Manager], true).await;
    println!("{waiting} wait for the same as before: {:?}", began.elapsed());
    assert_eq!(assigned(&company).await, pairs(&subjects[1..], &[&hana]));

    company.approve(&hana, subjects[1]).await.unwrap();
    company.member(&hana, &[Role::Member], true).await;
    company.member(&company.ada, &[Role::Owner], true).await;
    assert_eq!(assigned(&company).await, pairs(&subjects[2..], &[&company.ada]));
}

/// Who waits for what, as it is written down.
async fn assigned(company: &Company) -> Vec<String> {
    let all = "select coalesce(string_agg(format('%s %s', a.subject_id, x.membership_id), ',' order by a.subject_id,
        x.membership_id), '') from approval.assignee x join approval.approval a on a.id = x.approval_id";
    company.look::<String>(all).await.split(',').map(str::to_owned).collect()
}

fn pairs(subjects: &[Uuid], people: &[&Person]) -> Vec<String> {
    let mut pairs: Vec<_> = subjects
        .iter()
        .flat_map(|subject| people.iter().map(move |person| format!("{subject} {}", id(person))))
        .collect();
    pairs.sort();
    pairs
}

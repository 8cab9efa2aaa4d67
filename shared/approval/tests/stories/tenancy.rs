//! Who sees what.

use super::*;

#[tokio::test]
async fn another_organization_sees_nothing_and_changes_nothing() {
    let company = Company::of(&[Role::Owner]).await;
    let (ben, stranger) = (company.join(&[Role::Member]).await, Person::new(&[Role::Owner, Role::Hr]));
    let made = company.rule(rule(vec![by_member(&company.ada)])).await;
    let (subject, _) = company.ask(&ben).await;
    let ctx = company.app.ctx(&stranger, "employee");
    let mut tx = ctx.begin(&ALL).await.unwrap();
    people::write::member(&mut tx, id(&stranger), &[Role::Owner, Role::Hr], true).await.unwrap();
    assert!(approval::assignees::<Leave>(&mut tx, subject.into()).await.unwrap().is_empty());
    assert_eq!(code(approval::withdraw::<Leave>(&mut tx, subject.into()).await), "NOT_FOUND");
    for table in ["rule", "rule_step", "approval", "step", "assignee", "audit_log"] {
        let sql = format!("select count(*) from approval.{table}");
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(tx.conn()).await.unwrap();
        assert_eq!(count, 0, "{table}");
    }
    tx.commit(()).await.unwrap();
    let decided = company.decide_by(&ALL, &stranger, subject, Verdict::Approved).await;
    assert_eq!(code(decided), "NOT_FOUND");
    assert_eq!(code(approval::rule::archive(&ctx, made.id).await), "NOT_FOUND");
    // The same thing of the same kind may wait in both, by different rules.
    let mut tx = ctx.begin(&ALL).await.unwrap();
    let theirs = Subject { id: subject.into(), ..super::subject(&stranger) };
    assert_eq!(approval::begin(&mut tx, theirs).await.unwrap(), ids(&[&stranger]));
    tx.commit(()).await.unwrap();
    assert_eq!(company.waits_for(subject).await, ids(&[&company.ada]));
}

#[tokio::test]
async fn an_approval_is_seen_by_who_asks_who_decides_and_the_office() {
    let company = Company::of(&[Role::Owner]).await;
    let (bob, ben) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let (hr, carl) = (company.join(&[Role::Hr]).await, company.join(&[Role::Member]).await);
    company.rule(rule(vec![by_member(&bob)])).await;
    let (subject, _) = company.ask(&ben).await;
    let sees = async |person: &Person| {
        let mut tx = company.tx_of(person).await;
        let sql = "select (select count(*) from approval.approval) + (select count(*) from approval.step)
                       + (select count(*) from approval.assignee) + (select count(*) from approval.decision)";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(tx.conn()).await.unwrap()
    };
    for (person, count) in [(&ben, 3), (&bob, 3), (&hr, 3), (&company.ada, 3), (&carl, 0)] {
        assert_eq!(sees(person).await, count);
    }
    company.approve(&bob, subject).await.unwrap();
    for (person, count) in [(&ben, 3), (&bob, 0), (&hr, 3), (&carl, 0)] {
        assert_eq!(sees(person).await, count);
    }
}

#[tokio::test]
async fn the_application_cannot_write_a_decision_by_itself() {
    let company = Company::of(&[Role::Owner]).await;
    let (subject, _) = company.ask(&company.ada).await;
    for sql in [
        "update approval.approval set state = 'APPROVED'",
        "insert into approval.decision (approval_id, position, membership_id, verdict, is_of_office, is_own)
             values (core.uuid_v7(), 1, core.uuid_v7(), 'APPROVED', false, false)",
        "delete from approval.assignee",
        "delete from approval.decision",
        "select approval.finish((select id from approval.approval), 'APPROVED')",
        "select approval.organizations_to_follow(now())",
    ] {
        let mut tx = company.tx_of(&company.ada).await;
        let refused = sqlx::query(sql).execute(tx.conn()).await.unwrap_err();
        let sqlx::Error::Database(refused) = refused else { panic!("{refused}") };
        assert_eq!(refused.code().as_deref(), Some("42501"), "{sql}");
    }
    // Nor a delegation to oneself from somebody else.
    let ben = company.join(&[Role::Member]).await;
    let mut tx = company.tx_of(&ben).await;
    let stolen = sqlx::query(
        "insert into approval.delegation (id, from_membership_id, to_membership_id, first_day, last_day)
         values (core.uuid_v7(), $1, core.actor_id(), '2026-03-02', '2026-03-03')",
    );
    assert!(stolen.bind(id(&company.ada)).execute(tx.conn()).await.is_err());
    assert_eq!(company.waits_for(subject).await, ids(&[&company.ada]));
}

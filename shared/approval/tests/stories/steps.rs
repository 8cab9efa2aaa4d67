//! Steps, one after the other, and what rules they come from.

use common::{EmployeeId, Refusal};

use super::*;

#[tokio::test]
async fn without_a_rule_the_direct_manager_decides() {
    let company = Company::of(&[Role::Owner]).await;
    let (boss, ben) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let above = company.employ(&boss, None).await;
    company.employ(&ben, Some(above)).await;
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&boss]));
    assert_eq!(company.inbox(&boss).await, [subject]);
    assert_eq!(code(company.approve(&ben, subject).await), "OWN_REQUEST");
    let carl = company.join(&[Role::Member]).await;
    assert_eq!(code(company.approve(&carl, subject).await), "NOT_APPROVER");
    assert_eq!(company.approve(&boss, subject).await.unwrap(), Outcome::Approved);
    assert_eq!(code(company.approve(&boss, subject).await), "INVALID_TRANSITION");
    assert!(company.inbox(&boss).await.is_empty());
    assert_eq!(code(company.approve(&boss, Uuid::now_v7()).await), "NOT_FOUND");
}

#[tokio::test]
async fn several_steps_are_passed_in_their_order_and_one_no_ends_all() {
    let company = Company::of(&[Role::Owner]).await;
    let (top, boss) = (company.join(&[Role::Manager]).await, company.join(&[Role::Manager]).await);
    let (hr, ben) = (company.join(&[Role::Hr]).await, company.join(&[Role::Member]).await);
    let above = company.employ(&top, None).await;
    let middle = company.employ(&boss, Some(above)).await;
    company.employ(&ben, Some(middle)).await;
    company.rule(rule(vec![by_manager(1), by_manager(2), by_role(Role::Hr, Quorum::Any)])).await;
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&boss]));
    assert_eq!(code(company.approve(&top, subject).await), "NOT_APPROVER");
    assert_eq!(company.approve(&boss, subject).await.unwrap(), Outcome::Waiting(ids(&[&top])));
    assert_eq!(code(company.approve(&boss, subject).await), "NOT_APPROVER");
    assert_eq!(company.approve(&top, subject).await.unwrap(), Outcome::Waiting(ids(&[&hr])));
    assert_eq!(company.approve(&hr, subject).await.unwrap(), Outcome::Approved);

    let (other, _) = company.ask(&ben).await;
    company.approve(&boss, other).await.unwrap();
    assert_eq!(company.decide(&top, other, Verdict::Rejected).await.unwrap(), Outcome::Rejected);
    assert!(company.waits_for(other).await.is_empty());
    assert_eq!(code(company.approve(&hr, other).await), "INVALID_TRANSITION");
}

#[tokio::test]
async fn a_quorum_of_all_takes_every_one_of_them() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) = (company.join(&[Role::Accountant]).await, company.join(&[Role::Accountant]).await);
    let ben = company.join(&[Role::Member]).await;
    company.rule(rule(vec![by_role(Role::Accountant, Quorum::All)])).await;
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&ann, &bob]));
    assert_eq!(company.approve(&ann, subject).await.unwrap(), Outcome::Waiting(ids(&[&bob])));
    assert_eq!(code(company.approve(&ann, subject).await), "ALREADY_DECIDED");
    assert_eq!(company.approve(&bob, subject).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn when_all_who_are_left_have_approved_the_office_closes_the_step() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) = (company.join(&[Role::Accountant]).await, company.join(&[Role::Accountant]).await);
    let ben = company.join(&[Role::Member]).await;
    company.rule(rule(vec![by_role(Role::Accountant, Quorum::All)])).await;
    let (subject, _) = company.ask(&ben).await;
    company.approve(&ann, subject).await.unwrap();
    company.member(&bob, &[Role::Accountant], false).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&company.ada]));
    assert_eq!(code(company.approve(&ann, subject).await), "ALREADY_DECIDED");
    // Where there is nobody of the office, any of those who have approved does, so that nothing waits for ever.
    company.member(&company.ada, &[Role::Owner], false).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&ann]));
    assert_eq!(company.approve(&ann, subject).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn the_amount_the_category_and_the_department_choose_the_rule() {
    let company = Company::of(&[Role::Owner]).await;
    let (cfo, lead) = (company.join(&[Role::Member]).await, company.join(&[Role::Member]).await);
    let (hr, ben) = (company.join(&[Role::Hr]).await, company.join(&[Role::Member]).await);
    let (sick, sales) = (company.category().await, approval::DepartmentId::new());
    let other = approval::DepartmentId::new();
    for (person, department) in [(&ben, sales), (&lead, other)] {
        let record = record(EmployeeId::new(), person, None);
        company.employee(people::Person { department_id: Some(department.0), ..record }).await;
        company.department(department, false).await;
    }
    let named =
        |person: &Person, priority| ApprovalRuleCreateInput { priority, ..rule(vec![by_member(person)]) };
    let large = ApprovalRuleCreateInput { amount_min: Some(1_000.into()), ..named(&cfo, 10) };
    let of_sort = ApprovalRuleCreateInput { category_id: Some(sick), ..named(&lead, 20) };
    let elsewhere = ApprovalRuleCreateInput { department_id: Some(other), ..named(&cfo, 25) };
    let of_sales = ApprovalRuleCreateInput { department_id: Some(sales), ..named(&hr, 30) };
    for input in [large, of_sort, elsewhere, of_sales] {
        company.rule(input).await;
    }
    let asked = |amount: Option<i64>, category: Option<Uuid>| Subject {
        amount: amount.map(Into::into),
        category_id: category,
        ..subject(&ben)
    };
    assert_eq!(company.ask_for(&ben, asked(Some(1_000), Some(sick.0))).await, ids(&[&cfo]));
    assert_eq!(company.ask_for(&ben, asked(Some(999), Some(sick.0))).await, ids(&[&lead]));
    assert_eq!(company.ask_for(&ben, asked(Some(999), None)).await, ids(&[&hr]));
    assert_eq!(company.ask_for(&ben, asked(None, Some(Uuid::now_v7()))).await, ids(&[&hr]));
}

#[tokio::test]
async fn a_rule_for_a_department_that_nobody_works_in_yet_holds_once_somebody_does() {
    let company = Company::of(&[Role::Owner]).await;
    let (hr, cfo) = (company.join(&[Role::Hr]).await, company.join(&[Role::Member]).await);
    let ctx = company.app.ctx(&hr, "employee");
    let (new, closed) = (approval::DepartmentId::new(), approval::DepartmentId::new());
    company.department(new, false).await;
    company.department(closed, true).await;
    let of = |department| ApprovalRuleCreateInput {
        department_id: Some(department),
        ..rule(vec![by_member(&cfo)])
    };
    for unknown in [closed, approval::DepartmentId::new()] {
        let refused = approval::rule::create(&ctx, of(unknown)).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(refusals) if refusals[0].code == "DEPARTMENT_NOT_FOUND"));
    }
    approval::rule::create(&ctx, of(new)).await.unwrap();
    let ben = company.join(&[Role::Member]).await;
    let record = record(EmployeeId::new(), &ben, None);
    company.employee(people::Person { department_id: Some(new.0), ..record }).await;
    assert_eq!(company.ask_for(&ben, subject(&ben)).await, ids(&[&cfo]));
}

#[tokio::test]
async fn what_is_under_way_keeps_to_its_steps_whatever_becomes_of_the_rule() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) = (company.join(&[Role::Member]).await, company.join(&[Role::Member]).await);
    let (ben, hr) = (company.join(&[Role::Member]).await, company.join(&[Role::Hr]).await);
    let made = company.rule(rule(vec![by_member(&ann)])).await;
    let (before, _) = company.ask(&ben).await;
    use async_graphql::MaybeUndefined::{Undefined, Value};
    let input = approval::rule::ApprovalRuleUpdateInput {
        steps: Value(vec![by_member(&bob)]),
        version: made.version,
        kind: Undefined,
        name: Undefined,
        priority: Undefined,
        amount_min: Undefined,
        amount_max: Undefined,
        category_id: Undefined,
        department_id: Undefined,
    };
    let ctx = company.app.ctx(&hr, "employee");
    approval::rule::update(&ctx, made.id, input).await.unwrap();
    let (after, _) = company.ask(&ben).await;
    approval::rule::archive(&ctx, made.id).await.unwrap();
    let (last, _) = company.ask(&ben).await;
    assert_eq!(company.waits_for(before).await, ids(&[&ann]));
    assert_eq!(company.waits_for(after).await, ids(&[&bob]));
    assert_eq!(company.waits_for(last).await, ids(&[&hr]));
}

#[tokio::test]
async fn the_office_may_always_decide_and_the_trail_says_so() {
    let company = Company::of(&[Role::Owner]).await;
    let (boss, ben) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let (hr, impostor) = (company.join(&[Role::Hr]).await, company.join(&[Role::Hr]).await);
    company.member(&impostor, &[Role::Member], true).await;
    let above = company.employ(&boss, None).await;
    company.employ(&ben, Some(above)).await;
    let (subject, _) = company.ask(&ben).await;
    // The right is for all, but the role is gone since the token was made.
    let refused = company.decide_by(&ALL, &impostor, subject, Verdict::Approved).await;
    assert_eq!(code(refused), "NOT_APPROVER");
    let decided = company.decide_by(&ALL, &hr, subject, Verdict::Approved).await;
    assert_eq!(decided.unwrap(), Outcome::Approved);
    assert!(company.look::<bool>("select is_of_office from approval.decision").await);
    assert!(
        company
            .look::<bool>(
                "select exists (select from approval.audit_log where table_name = 'decision'
                     and (after ->> 'is_of_office')::boolean and actor_id is not null)"
            )
            .await
    );
    // Of what is their own they decide nothing, right or not.
    let (own, _) = company.ask(&hr).await;
    assert_eq!(code(company.decide_by(&ALL, &hr, own, Verdict::Approved).await), "OWN_REQUEST");
}

#[tokio::test]
async fn what_is_withdrawn_waits_for_nobody_and_may_be_asked_for_again() {
    let company = Company::of(&[Role::Owner]).await;
    let ben = company.join(&[Role::Member]).await;
    let (asked, _) = company.ask(&ben).await;
    let again = Subject { id: asked.into(), ..subject(&ben) };
    let mut tx = company.tx_of(&ben).await;
    assert_eq!(code(approval::begin(&mut tx, again.clone()).await), "INVALID_TRANSITION");
    drop(tx);
    let mut tx = company.tx_of(&ben).await;
    approval::withdraw::<Leave>(&mut tx, asked.into()).await.unwrap();
    assert_eq!(code(approval::withdraw::<Leave>(&mut tx, asked.into()).await), "INVALID_TRANSITION");
    assert_eq!(code(approval::withdraw::<Leave>(&mut tx, LeaveId::new()).await), "NOT_FOUND");
    tx.commit(()).await.unwrap();
    assert_eq!(code(company.approve(&company.ada, asked).await), "INVALID_TRANSITION");
    assert_eq!(company.ask_for(&ben, again).await, ids(&[&company.ada]));
    assert_eq!(company.approve(&company.ada, asked).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn a_preview_says_who_would_decide_and_writes_nothing() {
    let company = Company::of(&[Role::Owner]).await;
    let (boss, ben) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let above = company.employ(&boss, None).await;
    company.employ(&ben, Some(above)).await;
    let due = ApprovalRuleStepInput { due_in_days: Some(3), ..by_manager(1) };
    company.rule(rule(vec![due, by_role(Role::Hr, Quorum::All)])).await;
    let ctx = company.app.ctx(&ben, "employee");
    let steps = approval::preview(&mut ctx.read(&TEAM).await.unwrap(), &subject(&ben)).await.unwrap();
    let told: Vec<_> = steps.iter().map(|step| (step.position, step.quorum, step.due_in_days)).collect();
    assert_eq!(told, [(1, Quorum::Any, Some(3)), (2, Quorum::All, None)]);
    assert_eq!(steps[0].deciders, ids(&[&boss]));
    // Nobody has that role: the office decides, which is the owner here.
    assert_eq!(steps[1].deciders, ids(&[&company.ada]));
    assert_eq!(company.look::<i64>("select count(*) from approval.approval").await, 0);
}

#[tokio::test]
async fn a_rule_that_names_nobody_is_not_taken() {
    let company = Company::of(&[Role::Admin]).await;
    let ctx = company.app.ctx(&company.ada, "employee");
    let stranger = company.ada.colleague(&[Role::Member]);
    let wrong = ApprovalRuleCreateInput {
        kind: "Leave".to_owned(),
        amount_min: Some(2.into()),
        amount_max: Some(1.into()),
        ..rule(vec![step(Who::Role), by_member(&stranger), by_manager(11)])
    };
    let Err(Error::Refused(refusals)) = approval::rule::create(&ctx, wrong).await else {
        panic!("it was taken")
    };
    let told =
        |refusal: &Refusal| format!("{} {}", refusal.field.as_deref().unwrap_or_default(), refusal.code);
    let told: Vec<_> = refusals.iter().map(told).collect();
    assert_eq!(
        told,
        [
            "kind KIND_INVALID",
            "amountMax AMOUNTS_CROSSED",
            "steps.0.who STEP_NAMES_NOBODY",
            "steps.2.level OUT_OF_RANGE",
            "steps.1.memberId MEMBER_NOT_FOUND",
        ]
    );
    assert_eq!(code(approval::rule::create(&ctx, rule(vec![])).await), "OUT_OF_RANGE");
}

#[tokio::test]
async fn of_two_who_decide_at_the_same_time_one_wins_and_the_other_reads_why() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) = (company.join(&[Role::Hr]).await, company.join(&[Role::Hr]).await);
    let ben = company.join(&[Role::Member]).await;
    // The same two decide on both steps: nobody's verdict on the first counts for the second.
    company.rule(rule(vec![by_role(Role::Hr, Quorum::Any), by_role(Role::Hr, Quorum::Any)])).await;
    for _ in 0..20 {
        let (subject, _) = company.ask(&ben).await;
        let mut first = company.tx_of(&ann).await;
        let decided =
            approval::decide::<Leave>(&mut first, subject.into(), id(&ann), Verdict::Approved, None).await;
        assert_eq!(decided.unwrap(), Outcome::Waiting(ids(&[&ann, &bob])));
        let second = company.approve(&bob, subject);
        let end = async {
            company.somebody_waits_for_a_lock().await;
            first.commit(()).await.unwrap();
        };
        let (second, ()) = tokio::join!(second, end);
        assert_eq!(code(second), "INVALID_TRANSITION");
        let (one, other) = tokio::join!(company.approve(&ann, subject), company.approve(&bob, subject));
        let mut results = [one.map_err(|e| code::<()>(Err(e))), other.map_err(|e| code::<()>(Err(e)))];
        results.sort_by_key(Result::is_err);
        assert_eq!(results, [Ok(Outcome::Approved), Err("INVALID_TRANSITION".to_owned())]);
    }
}

#[tokio::test]
async fn a_rule_is_for_what_is_there_and_names_whoever_decides() {
    let company = Company::of(&[Role::Hr]).await;
    let ctx = company.app.ctx(&company.ada, "employee");
    let plain = || rule(vec![by_manager(1)]);
    let category = company.category().await;
    let refused = async |input| match approval::rule::create(&ctx, input).await.unwrap_err() {
        Error::Refused(refusals) => {
            let told = refusals.into_iter().map(|no| (no.field.unwrap(), no.code));
            told.collect::<Vec<(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)>>()
        }
        other => panic!("{other:?}"),
    };
    let told = |field: &'static str, code: &'static str| vec![(field.into(), code.into())];
    let input = ApprovalRuleCreateInput { kind: "nonsense.thing".to_owned(), ..plain() };
    assert_eq!(refused(input).await, told("kind", "KIND_INVALID"));
    let input = ApprovalRuleCreateInput { category_id: Some(approval::CategoryId::new()), ..plain() };
    assert_eq!(refused(input).await, told("categoryId", "CATEGORY_NOT_FOUND"));
    let input = ApprovalRuleCreateInput { department_id: Some(approval::DepartmentId::new()), ..plain() };
    assert_eq!(refused(input).await, told("departmentId", "DEPARTMENT_NOT_FOUND"));
    for role in [Role::Client, Role::Supplier] {
        let input = rule(vec![by_manager(1), by_role(role, Quorum::Any)]);
        assert_eq!(refused(input).await, told("steps.1.role", "ROLE_DECIDES_NOTHING"));
    }
    let client = company.join(&[Role::Client]).await;
    assert_eq!(refused(rule(vec![by_member(&client)])).await, told("steps.0.memberId", "MEMBER_NOT_FOUND"));
    // Another organization's category is none, and a kind that nothing sorts has none.
    let input = ApprovalRuleCreateInput { category_id: Some(category), ..plain() };
    let stranger = Person::new(&[Role::Hr]);
    let theirs = approval::rule::create(&company.app.ctx(&stranger, "employee"), input.clone()).await;
    assert_eq!(code(theirs), "CATEGORY_NOT_FOUND");
    approval::rule::create(&ctx, input.clone()).await.unwrap();
    company.change("select approval.register_kind('leave.unsorted')").await;
    let unsorted = ApprovalRuleCreateInput { kind: "leave.unsorted".to_owned(), ..input };
    assert_eq!(refused(unsorted).await, told("categoryId", "CATEGORY_NOT_FOUND"));
}

use super::super::calendar::Half;
use super::*;
use crate::ledger::Adjusted;
use rust_decimal::dec;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn halves(days: &[&str]) -> Vec<HalfDay> {
    let both = |text: &&str| {
        [Half::Am, Half::Pm].map(|half| HalfDay {
            day: day(text),
            half,
            worked: dec!(0.5),
            is_holiday: false,
            portion: dec!(0.5),
        })
    };
    days.iter().flat_map(both).collect()
}

fn request(status: Status) -> Request {
    Request {
        first_day: day("2026-03-09").into(),
        last_day: day("2026-03-10").into(),
        days: dec!(2),
        status,
        ..Request::blank(DateTime::UNIX_EPOCH, EmployeeId::new(), LeaveTypeId::new())
    }
}

fn decision() -> Decision {
    Decision { by: MembershipId::new(), at: DateTime::UNIX_EPOCH, note: None }
}

#[test]
fn only_a_pending_request_is_decided() {
    let mut pending = request(Status::Pending);
    pending.approve(decision()).unwrap();
    assert_eq!(pending.status, Status::Approved);
    let mut pending = request(Status::Pending);
    pending.reject(decision()).unwrap();
    assert_eq!(pending.status, Status::Rejected);
    for status in [Status::Approved, Status::Rejected, Status::Cancelled] {
        assert_eq!(request(status).approve(decision()).unwrap_err().code, "INVALID_TRANSITION");
        assert_eq!(request(status).reject(decision()).unwrap_err().code, "INVALID_TRANSITION");
    }
}

fn from(text: &str) -> impl Fn(&HalfDay) -> bool {
    let from = day(text);
    move |half: &HalfDay| half.day >= from
}

#[test]
fn of_a_leave_only_what_is_given_back_is_called_off() {
    let days = halves(&["2026-03-09", "2026-03-10"]);
    let mut approved = request(Status::Approved);
    assert_eq!(approved.cancel(&days, from("2026-03-10")).unwrap().len(), 2);
    assert_eq!(
        (approved.status, approved.last_day, approved.days),
        (Status::Approved, day("2026-03-09").into(), dec!(1))
    );
    assert_eq!(request(Status::Approved).cancel(&days, from("2026-03-11")), Err(TAKEN));
    let mut pending = request(Status::Pending);
    let released = pending.cancel(&days, from("2026-03-01")).unwrap();
    assert_eq!((released.len(), pending.status), (4, Status::Cancelled));
}

#[test]
fn a_day_in_between_or_a_half_at_the_end_is_given_back_alone() {
    let days = halves(&["2026-03-09", "2026-03-10", "2026-03-11"]);
    let mut approved = request(Status::Approved);
    approved.cancel(&days, |half| half.day == day("2026-03-10")).unwrap();
    assert_eq!((approved.first_day.0, approved.last_day.0), (day("2026-03-09"), day("2026-03-11")));
    assert_eq!(approved.days, dec!(2));
    let mut approved = request(Status::Approved);
    approved.cancel(&days, |half| half.day == day("2026-03-09")).unwrap();
    assert_eq!((approved.first_day.0, approved.first_part), (day("2026-03-10"), DayPart::Full));
}

#[test]
fn what_is_left_without_work_is_called_off_as_well() {
    let mut days = halves(&["2026-03-13", "2026-03-14"]);
    for half in &mut days[2..] {
        (half.worked, half.portion) = (dec!(0), dec!(0));
    }
    let mut approved = request(Status::Approved);
    let released = approved.cancel(&days, |half| half.day == day("2026-03-13")).unwrap();
    assert_eq!((released.len(), approved.status), (4, Status::Cancelled));
}

#[test]
fn what_was_rejected_or_cancelled_is_not_called_off_again() {
    for status in [Status::Rejected, Status::Cancelled] {
        let refused = request(status).cancel(&halves(&["2026-03-09"]), from("2026-03-01"));
        assert_eq!(refused.unwrap_err().code, "INVALID_TRANSITION");
    }
}

#[test]
fn ranges_are_in_order_not_too_long_and_without_holes() {
    let range = |first: &str, last: &str, first_part, last_part| {
        check_range(Range { first_day: day(first), last_day: day(last), first_part, last_part })
    };
    let (full, am, pm) = (DayPart::Full, DayPart::Am, DayPart::Pm);
    assert!(range("2026-03-09", "2026-03-09", full, full).is_ok());
    assert!(range("2026-03-09", "2026-03-10", pm, am).is_ok());
    assert!(range("2026-03-09", "2027-03-09", full, full).is_ok());
    assert_eq!(range("2026-03-09", "2027-03-10", full, full).unwrap_err().code, "RANGE_INVALID");
    assert_eq!(range("2026-03-10", "2026-03-09", full, full).unwrap_err().code, "RANGE_INVALID");
    assert_eq!(range("2026-03-09", "2026-03-10", am, full).unwrap_err().code, "PARTS_INVALID");
    assert_eq!(range("2026-03-09", "2026-03-10", full, pm).unwrap_err().code, "PARTS_INVALID");
    assert_eq!(range("2026-03-09", "2026-03-09", pm, am).unwrap_err().code, "PARTS_INVALID");
}

#[test]
fn an_account_may_fall_to_its_floor_and_no_further() {
    let leave_type = |overdraft_days, requires_balance| LeaveType {
        overdraft_days,
        requires_balance,
        ..LeaveType::blank(DateTime::UNIX_EPOCH)
    };
    let mut account = Account::default();
    account.adjustments.push(Adjusted::opening(dec!(1), day("2026-01-01")));
    let check = |leave_type: &LeaveType, lowest| check_floor(leave_type, &account, Some(lowest));
    assert!(check(&leave_type(dec!(0), true), dec!(0)).is_ok());
    assert!(check(&leave_type(dec!(2), true), dec!(-2)).is_ok());
    assert!(check(&leave_type(dec!(0), false), dec!(-99)).is_ok());
    let refused = check(&leave_type(dec!(0), true), dec!(-0.5)).unwrap_err();
    let said = (refused.code.as_ref(), refused.message.as_ref());
    assert_eq!(said, ("BALANCE_TOO_LOW", "the balance is 0.5 days short"));
    let refused = check_floor(&leave_type(dec!(0), true), &Account::default(), Some(dec!(-1))).unwrap_err();
    assert_eq!(refused.message, "the employee is due no leave of this type: no policy gives any");
}

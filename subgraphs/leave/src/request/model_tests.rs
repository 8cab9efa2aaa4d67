use super::super::calendar::Half;
use super::*;
use rust_decimal::dec;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn halves(days: &[&str]) -> Vec<HalfDay> {
    let both =
        |text: &&str| [Half::Am, Half::Pm].map(|half| HalfDay { day: day(text), half, portion: dec!(0.5) });
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

#[test]
fn a_pending_request_is_called_off_whole_even_for_the_past() {
    let mut pending = request(Status::Pending);
    let released = pending.cancel(&halves(&["2026-03-09", "2026-03-10"]), day("2026-04-01")).unwrap();
    assert_eq!((released.len(), pending.status), (4, Status::Cancelled));
}

#[test]
fn of_a_leave_that_has_begun_only_the_rest_is_called_off() {
    let days = halves(&["2026-03-09", "2026-03-10"]);
    let mut approved = request(Status::Approved);
    assert_eq!(approved.cancel(&days, day("2026-03-10")).unwrap().len(), 2);
    assert_eq!(
        (approved.status, approved.last_day, approved.days),
        (Status::Approved, day("2026-03-09").into(), dec!(1))
    );
    assert_eq!(request(Status::Approved).cancel(&days, day("2026-03-11")), Err(TAKEN));
}

#[test]
fn what_was_rejected_or_cancelled_is_not_called_off_again() {
    for status in [Status::Rejected, Status::Cancelled] {
        let refused = request(status).cancel(&halves(&["2026-03-09"]), day("2026-03-01"));
        assert_eq!(refused.unwrap_err().code, "INVALID_TRANSITION");
    }
}

#[test]
fn a_leave_over_the_new_year_is_split() {
    let movements = by_year(&halves(&["2026-12-30", "2026-12-31", "2027-01-04"]), dec!(-1));
    assert_eq!(movements.iter().map(|m| m.days).collect::<Vec<_>>(), [dec!(-2), dec!(-1)]);
    assert_eq!(movements[1].effective_on, day("2027-01-04"));
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
    assert!(check_floor(Some(dec!(0)), Some(dec!(0))).is_ok());
    assert!(check_floor(Some(dec!(-2)), Some(dec!(-2))).is_ok());
    assert!(check_floor(None, Some(dec!(-99))).is_ok());
    let refused = check_floor(Some(dec!(0)), Some(dec!(-0.5))).unwrap_err();
    assert_eq!(
        (refused.code.as_ref(), refused.message.as_ref()),
        ("BALANCE_TOO_LOW", "the balance is 0.5 days short")
    );
}

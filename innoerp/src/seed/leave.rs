//! Who takes leave, when, and what becomes of it: a year behind, some months ahead. Worked out from the day alone.

use chrono::{Datelike as _, Days, NaiveDate};

use super::people::{APPLICATIONS, ENGINEERING, MANAGEMENT, OPERATIONS, PLATFORM, Person, SUPPORT};

/// The leave types of the demo, by their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Annual,
    Sick,
    Unpaid,
    Parental,
    Training,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Approved,
    Rejected,
    /// Approved, and called off afterwards.
    CalledOff,
    /// Taken back before anybody decided.
    TakenBack,
    /// Waits for the manager.
    Pending,
    /// Was approved by the manager, and waits for the office.
    HalfWay,
}

/// A request for leave.
#[derive(Clone, Debug)]
pub(super) struct Leave {
    /// Whose, by their place in the list of people.
    pub(super) person: usize,
    pub(super) kind: Kind,
    pub(super) first_day: NaiveDate,
    pub(super) last_day: NaiveDate,
    /// Whether only the morning is taken, of a single day.
    pub(super) is_morning: bool,
    pub(super) reason: Option<&'static str>,
    pub(super) fate: Fate,
}

/// Which days of a week are asked for, from Monday on: the first, and how many.
type Span = (u64, usize);

const ONE_WEEK: Span = (0, 7);
const TWO_WEEKS: Span = (0, 14);
/// Everybody works on some of these.
const MONDAY_TO_WEDNESDAY: Span = (0, 3);
const WEDNESDAY: Span = (2, 1);

/// All requests, those that are decided before those that wait.
pub(super) fn requests(people: &[Person], today: NaiveDate) -> Vec<Leave> {
    let mut requests = Vec::new();
    for (at, person) in people.iter().enumerate() {
        let mut year = Year { person, at, today, requests: Vec::new() };
        year.fill_in();
        requests.extend(year.requests);
    }
    requests.sort_by_key(|leave| leave.waits());
    requests
}

impl Leave {
    /// Whether it waits for somebody in the end.
    pub(super) fn waits(&self) -> bool {
        matches!(self.fate, Fate::Pending | Fate::HalfWay)
    }
}

/// One person's year.
struct Year<'p> {
    person: &'p Person,
    at: usize,
    today: NaiveDate,
    requests: Vec<Leave>,
}

impl Year<'_> {
    fn fill_in(&mut self) {
        match (self.person.joined, self.person.left) {
            (_, Some(_)) => self.add(-48, ONE_WEEK, Kind::Annual, Fate::Approved),
            (..100, None) => {}
            (..366, None) => self.add(-9, ONE_WEEK, Kind::Annual, Fate::Approved),
            _ => {
                self.behind();
                self.ahead();
            }
        }
    }

    /// What was taken. Weeks of one person lie four apart at least, so that a holiday may move one.
    fn behind(&mut self) {
        use Fate::{Approved, Rejected, TakenBack};
        let (at, later) = (self.at, i64::try_from(self.at % 4).unwrap_or_default());
        self.add(-48 + later, ONE_WEEK, Kind::Annual, Approved);
        if at.is_multiple_of(2) {
            self.add(-40 + later, self.long(), Kind::Annual, Approved);
        } else {
            self.add(-22 + later, ONE_WEEK, Kind::Annual, Approved);
        }
        if at % 3 != 1 {
            self.add(-30 + later, MONDAY_TO_WEDNESDAY, Kind::Sick, Approved);
            self.reason("A cold");
        }
        match at % 8 {
            0 => {
                self.add(-13 + later, WEDNESDAY, Kind::Annual, Approved);
                self.change_last(|leave| leave.is_morning = true);
            }
            1 => self.add(-13 + later, MONDAY_TO_WEDNESDAY, Kind::Training, Approved),
            3 => self.add(-13 + later, ONE_WEEK, Kind::Annual, Rejected),
            5 => self.add(-13 + later, ONE_WEEK, Kind::Unpaid, TakenBack),
            6 => self.add(-13 + later, MONDAY_TO_WEDNESDAY, Kind::Unpaid, Approved),
            _ => {}
        }
    }

    /// Who is away now, and what lies ahead.
    fn ahead(&mut self) {
        use Fate::{Approved, CalledOff, HalfWay, Pending};
        let later = i64::try_from(self.at % 4).unwrap_or_default();
        match (self.person.team, self.person.seat) {
            (MANAGEMENT, 0) => self.add(5, ONE_WEEK, Kind::Annual, Pending),
            (MANAGEMENT, _) | (APPLICATIONS, 2) => self.add(4, ONE_WEEK, Kind::Annual, CalledOff),
            (ENGINEERING, 0) => self.add(9, ONE_WEEK, Kind::Annual, Pending),
            (PLATFORM | APPLICATIONS, 0) => self.add(11, TWO_WEEKS, Kind::Annual, HalfWay),
            (PLATFORM, 1) => {
                self.add(7, TWO_WEEKS, Kind::Annual, Pending);
                self.reason("A long journey");
            }
            (PLATFORM, 2) => self.parental(),
            (PLATFORM, 3 | 4) => self.add(4 + later, ONE_WEEK, Kind::Annual, Pending),
            (PLATFORM, 5) => {
                self.add(3, MONDAY_TO_WEDNESDAY, Kind::Training, Pending);
                self.reason("A course");
            }
            (OPERATIONS, 0) | (SUPPORT | APPLICATIONS | PLATFORM, 3 | 6) => {
                self.add(0, ONE_WEEK, Kind::Annual, Approved);
            }
            (SUPPORT | APPLICATIONS, 1) => self.add(6, ONE_WEEK, Kind::Annual, Pending),
            _ if self.at.is_multiple_of(3) => self.add(4 + later, ONE_WEEK, Kind::Annual, Approved),
            _ => {}
        }
    }

    /// Two weeks, for those who are not due of half of it.
    fn long(&self) -> Span {
        if self.person.week == super::calendar::Week::Part { ONE_WEEK } else { TWO_WEEKS }
    }

    /// Ten weeks around today.
    fn parental(&mut self) {
        self.add(-5, (0, 70), Kind::Parental, Fate::Approved);
    }

    /// A request for what is worked of some days of the week that lies `weeks` from now, or of the first week after it
    /// in which any is.
    fn add(&mut self, weeks: i64, (from, length): Span, kind: Kind, fate: Fate) {
        let monday = self.today.week(chrono::Weekday::Mon).first_day() + chrono::Duration::weeks(weeks);
        let worked = |week: u64| {
            let span = (monday + Days::new(7 * week + from)).iter_days().take(length);
            let worked: Vec<_> = span.filter(|day| self.works(*day)).collect();
            Some((*worked.first()?, *worked.last()?))
        };
        let (first_day, last_day) = (0..4).find_map(worked).unwrap_or((monday, monday));
        let leave =
            Leave { person: self.at, kind, first_day, last_day, is_morning: false, reason: None, fate };
        self.requests.push(leave);
    }

    fn reason(&mut self, reason: &'static str) {
        self.change_last(|leave| leave.reason = Some(reason));
    }

    fn change_last(&mut self, change: impl FnOnce(&mut Leave)) {
        if let Some(leave) = self.requests.last_mut() {
            change(leave);
        }
    }

    fn works(&self, day: NaiveDate) -> bool {
        self.person.week.works_on(day.weekday()) && !self.person.place().is_free(day)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::calendar::Week;
    use super::super::people::everybody;
    use super::*;

    /// Every day of six years.
    fn days() -> impl Iterator<Item = NaiveDate> {
        NaiveDate::from_ymd_opt(2025, 1, 1).unwrap().iter_days().take(6 * 365)
    }

    #[test]
    fn whatever_the_day_no_request_is_refused() {
        let people = everybody();
        for today in days() {
            let mut taken: HashMap<(usize, i32, bool), f64> = HashMap::new();
            let mut busy: HashMap<usize, Vec<(NaiveDate, NaiveDate)>> = HashMap::new();
            for leave in requests(&people, today) {
                let person = &people[leave.person];
                let (first, last) = (leave.first_day, leave.last_day);
                assert!((today - first).num_days() < 360, "{today}: {leave:?} is too long ago");
                let others = busy.entry(leave.person).or_default();
                assert!(
                    others.iter().all(|(from, to)| last < *from || *to < first),
                    "{today}: {leave:?} overlaps {others:?}"
                );
                others.push((first, last));
                let year = Year { person, at: leave.person, today, requests: Vec::new() };
                let worked: Vec<_> =
                    first.iter_days().take_while(|day| *day <= last).filter(|day| year.works(*day)).collect();
                assert!(!worked.is_empty(), "{today}: nothing is worked in {leave:?}");
                assert!(
                    (today - first).num_days() <= person.joined,
                    "{today}: {leave:?} is before the first day"
                );
                assert!(person.left.is_none_or(|left| (today - last).num_days() > left));
                for day in worked.iter().filter(|_| matches!(leave.kind, Kind::Annual | Kind::Training)) {
                    let taken =
                        taken.entry((leave.person, day.year(), leave.kind == Kind::Annual)).or_default();
                    *taken += 1.0;
                    let due = due(person, leave.kind, *day, today);
                    assert!(*taken <= due, "{today}: {leave:?} is more than {due} days of {}", person.name());
                }
            }
        }
    }

    /// What somebody can have taken of a kind in a year by a day of it, what was carried into the year aside.
    fn due(person: &Person, kind: Kind, day: NaiveDate, today: NaiveDate) -> f64 {
        let of = |month, day_of_month| NaiveDate::from_ymd_opt(day.year(), month, day_of_month).unwrap();
        let joined = (today - chrono::Duration::days(person.joined)).max(of(1, 1));
        let left = person.left.map(|left| today - chrono::Duration::days(left));
        let covered = left.map_or(of(12, 31), |left| left.min(of(12, 31))) - joined;
        let share = (covered.num_days() + 1) as f64 / f64::from(of(12, 31).ordinal());
        match (kind, person.week) {
            (Kind::Training, Week::Part) => 3.0 * share,
            (Kind::Training, _) => 5.0 * share,
            // Three days may be overdrawn.
            (_, Week::Part) => 15.0 * f64::from(day.month()) / 12.0 + 3.0,
            _ => 25.0 * share + 3.0,
        }
    }

    #[test]
    fn there_is_something_of_everything() {
        let all = requests(&everybody(), "2026-11-29".parse().unwrap());
        for kind in [Kind::Annual, Kind::Sick, Kind::Unpaid, Kind::Parental, Kind::Training] {
            assert!(all.iter().any(|leave| leave.kind == kind), "{kind:?}");
        }
        for fate in
            [Fate::Approved, Fate::Rejected, Fate::CalledOff, Fate::TakenBack, Fate::Pending, Fate::HalfWay]
        {
            assert!(all.iter().any(|leave| leave.fate == fate), "{fate:?}");
        }
    }
}

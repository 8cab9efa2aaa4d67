//! Who works at Alpine Works. Nobody of it is anybody: ordinary names, put together by counting.

use super::calendar::{PLACES, Place, Week};

/// A department and the people in it.
pub(super) struct Team {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// The team that it is part of, by its place in [`TEAMS`].
    pub(super) parent: Option<usize>,
    /// The log-in of its head and the role that it has; the mail address is the head's own when there is none.
    head: (Option<&'static str>, &'static str),
    /// The place, by its place in [`PLACES`].
    place: usize,
    /// How many people are in it, its head among them.
    size: usize,
}

const fn team(
    (code, name): (&'static str, &'static str),
    parent: Option<usize>,
    head: (Option<&'static str>, &'static str),
    place: usize,
    size: usize,
) -> Team {
    Team { code, name, parent, head, place, size }
}

const OWNER: &str = super::LOG_INS[0].0;
const HR: &str = super::LOG_INS[1].0;
const MANAGER: &str = super::LOG_INS[2].0;
const MEMBER: &str = super::LOG_INS[3].0;

/// The departments, those that others are part of first. Heads report to the head above.
pub(super) const TEAMS: [Team; 8] = [
    team(("MGMT", "Management"), None, (Some(OWNER), "OWNER"), 0, 2),
    team(("ENG", "Engineering"), Some(0), (None, "MANAGER"), 0, 2),
    team(("SALES", "Sales"), Some(0), (None, "MANAGER"), 1, 6),
    team(("OPS", "Operations"), Some(0), (None, "MANAGER"), 2, 4),
    team(("PEOPLE", "People and finance"), Some(0), (Some(HR), "HR"), 0, 4),
    team(("PLATFORM", "Platform"), Some(1), (Some(MANAGER), "MANAGER"), 0, 8),
    team(("APPS", "Applications"), Some(1), (None, "MANAGER"), 1, 7),
    team(("SUPPORT", "Support"), Some(3), (None, "MANAGER"), 2, 7),
];

/// The teams that the rest of the demo names.
pub(super) const MANAGEMENT: usize = 0;
pub(super) const ENGINEERING: usize = 1;
pub(super) const OPERATIONS: usize = 3;
pub(super) const PEOPLE: usize = 4;
pub(super) const PLATFORM: usize = 5;
pub(super) const APPLICATIONS: usize = 6;
pub(super) const SUPPORT: usize = 7;
const SALES: usize = 2;

/// Somebody who works here, or did.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) email: String,
    /// Their role, when they can log in.
    pub(super) role: Option<&'static str>,
    pub(super) team: usize,
    /// Their place in their team; the head has 0.
    pub(super) seat: usize,
    /// Whom they report to, by their place in the list.
    pub(super) manager: Option<usize>,
    pub(super) week: Week,
    /// How many days ago they began.
    pub(super) joined: i64,
    /// How many days ago their last day was; before 0 where it lies ahead.
    pub(super) left: Option<i64>,
}

impl Person {
    pub(super) fn place(&self) -> &'static Place {
        &PLACES[self.place_index()]
    }

    pub(super) fn place_index(&self) -> usize {
        TEAMS[self.team].place
    }

    pub(super) fn is_head(&self) -> bool {
        self.seat == 0
    }

    /// How many managers stand above them.
    pub(super) fn depth(&self) -> usize {
        let team_depth = |team: &Team| std::iter::successors(team.parent, |at| TEAMS[*at].parent).count();
        team_depth(&TEAMS[self.team]) + usize::from(!self.is_head())
    }

    pub(super) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

const FIRST_NAMES: [&str; 20] = [
    "Anna", "Ben", "Carla", "David", "Emma", "Felix", "Greta", "Hugo", "Iris", "Jonas", "Klara", "Leo",
    "Maria", "Noah", "Olga", "Paul", "Rosa", "Simon", "Tina", "Victor",
];
const LAST_NAMES: [&str; 10] =
    ["Sample", "Tester", "Model", "Mock", "Draft", "Sketch", "Placeholder", "Example", "Dummy", "Trial"];

/// Somebody of Platform who logs in without managing anybody.
const MEMBER_SEAT: (usize, usize) = (PLATFORM, 1);
/// Somebody of Sales who may not log in any more.
pub(super) const SUSPENDED_SEAT: (usize, usize) = (SALES, 5);

/// The name at a place of the list; no two of the first sixty are alike.
pub(super) fn name(at: usize) -> (&'static str, &'static str) {
    (FIRST_NAMES[at % 20], LAST_NAMES[(at + at / 20 * 3) % 10])
}

/// Everybody, heads before whom they lead.
pub(super) fn everybody() -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    let mut heads = Vec::new();
    for (at, team) in TEAMS.iter().enumerate() {
        heads.push(people.len());
        for seat in 0..team.size {
            let manager = if seat == 0 { team.parent.map(|parent| heads[parent]) } else { Some(heads[at]) };
            people.push(person(people.len(), at, seat, manager));
        }
    }
    people
}

fn person(at: usize, team: usize, seat: usize, manager: Option<usize>) -> Person {
    let (log_in, head_role) = if seat == 0 { TEAMS[team].head } else { (None, "MEMBER") };
    let log_in = if (team, seat) == MEMBER_SEAT { Some(MEMBER) } else { log_in };
    let can_log_in = seat == 0 || [MEMBER_SEAT, SUSPENDED_SEAT].contains(&(team, seat));
    let (first_name, last_name) = match log_in {
        Some(OWNER) => ("Demo", "Owner"),
        Some(HR) => ("Demo", "HR"),
        Some(MANAGER) => ("Demo", "Manager"),
        Some(_) => ("Demo", "Member"),
        None => name(at),
    };
    let email = format!("{first_name}.{last_name}@alpine.example").to_lowercase();
    let (joined, left) = employment(at, team, seat);
    Person {
        first_name,
        last_name,
        email: log_in.map_or(email, ToOwned::to_owned),
        role: can_log_in.then_some(head_role),
        team,
        seat,
        manager,
        week: week(team, seat),
        joined,
        left,
    }
}

fn week(team: usize, seat: usize) -> Week {
    match (team, seat) {
        (SUPPORT, 1..=3) => Week::Rota,
        (SALES | OPERATIONS | PEOPLE, 2) | (PLATFORM | APPLICATIONS, 5) => Week::Part,
        _ => Week::Full,
    }
}

/// How many days ago somebody began, and left: most have been here for years, some are new, some went.
fn employment(at: usize, team: usize, seat: usize) -> (i64, Option<i64>) {
    let years = i64::try_from(at * 7 % 8 + 2).unwrap_or_default();
    let settled = years * 365 + 17 * years;
    match (team, seat) {
        (APPLICATIONS, 6) => (settled, Some(130)),
        (SUPPORT, 6) => (settled, Some(45)),
        (SALES, 4) => (settled, Some(-25)),
        (PLATFORM, 7) => (300, None),
        (SUPPORT, 5) => (170, None),
        (SALES, 3) => (75, None),
        (OPERATIONS, 3) => (12, None),
        _ => (settled, None),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn forty_people_have_names_of_their_own_and_managers_who_can_log_in() {
        let people = everybody();
        assert_eq!(people.len(), 40);
        assert_eq!(people.iter().map(Person::name).collect::<HashSet<_>>().len(), 40);
        assert_eq!(people.iter().map(|person| &person.email).collect::<HashSet<_>>().len(), 40);
        for person in &people {
            let manager = person.manager.map(|at| &people[at]);
            assert!(manager.is_none_or(|manager| manager.role.is_some() && manager.left.is_none()));
            assert!(person.email.ends_with(".example"));
        }
        let depths: HashSet<_> = people.iter().filter(|person| person.is_head()).map(Person::depth).collect();
        assert_eq!(depths, [0, 1, 2].into(), "managers stand at three levels");
        for (email, _) in super::super::LOG_INS {
            assert!(people.iter().any(|person| person.email == email && person.role.is_some()), "{email}");
        }
    }
}

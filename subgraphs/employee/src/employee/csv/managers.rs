//! Who reports to whom, when many rows say so at once: they are looked at together, as they would be afterwards.

use std::collections::{HashMap, HashSet};

use common::Refusal;

use super::model::check_manager;
use crate::ids::EmployeeId;

/// What one row says of its employee's manager.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub id: EmployeeId,
    /// The manager before; `None` for somebody new.
    pub from: Option<Option<EmployeeId>>,
    pub to: Option<EmployeeId>,
}

/// How often circles are looked for: what is refused puts others where they were, where they may close another one.
const ROUNDS_MAX: usize = 100;

/// The positions of the moves that are refused, and why. `above` has the managers of all who are there and concerned,
/// up to the top.
pub(super) fn refused(
    moves: &[Move],
    mut above: HashMap<EmployeeId, Option<EmployeeId>>,
    is_active: impl Fn(EmployeeId) -> bool,
) -> Vec<(usize, Refusal)> {
    let mut by_manager: HashMap<EmployeeId, Vec<usize>> = HashMap::new();
    for (at, one) in moves.iter().enumerate().filter(|(_, one)| one.from != Some(one.to)) {
        above.insert(one.id, one.to);
        if let Some(to) = one.to {
            by_manager.entry(to).or_default().push(at);
        }
    }
    let new: HashSet<EmployeeId> = moves.iter().filter(|one| one.from.is_none()).map(|one| one.id).collect();
    let mut refused: HashMap<usize, Refusal> = HashMap::new();
    let unknown = by_manager.iter().filter(|(to, _)| !new.contains(*to) && !is_active(**to));
    let unknown: Vec<usize> = unknown.flat_map(|(_, rows)| rows.iter().copied()).collect();
    let mut wrong = refusals(moves, &unknown, |_| Vec::new());
    for round in 0..=ROUNDS_MAX {
        // Who is refused stays where they were, or does not come; then nobody new reports to them.
        while !wrong.is_empty() {
            let mut orphans = Vec::new();
            for (at, refusal) in wrong.drain(..) {
                refused.insert(at, refusal);
                let one = moves[at];
                match one.from {
                    Some(from) => above.insert(one.id, from),
                    None => {
                        orphans.extend(by_manager.get(&one.id).into_iter().flatten());
                        above.remove(&one.id)
                    }
                };
            }
            orphans.retain(|at| !refused.contains_key(at));
            wrong = refusals(moves, &orphans, |_| Vec::new());
        }
        let left = by_manager.values().flatten().copied().filter(|at| !refused.contains_key(at));
        let left: Vec<usize> = left.collect();
        let circled = circles(&above, left.iter().map(|at| moves[*at].id));
        let in_circle = |at: &usize| round == ROUNDS_MAX || circled.contains(&moves[*at].id);
        let in_circles: Vec<usize> = match circled.is_empty() {
            true => Vec::new(),
            false => left.into_iter().filter(in_circle).collect(),
        };
        wrong = refusals(moves, &in_circles, |one| match one.to {
            Some(to) if to != one.id => vec![to, one.id],
            to => to.into_iter().collect(),
        });
        if wrong.is_empty() {
            break;
        }
    }
    refused.into_iter().collect()
}

/// What the rule for one says of these, each of them below a line.
fn refusals(
    moves: &[Move],
    rows: &[usize],
    line: impl Fn(&Move) -> Vec<EmployeeId>,
) -> Vec<(usize, Refusal)> {
    let check =
        |at: &usize| check_manager(moves[*at].id, &line(&moves[*at])).err().map(|refusal| (*at, refusal));
    rows.iter().filter_map(check).collect()
}

/// Those who report to themselves through others, of all who stand above `from`.
fn circles(
    above: &HashMap<EmployeeId, Option<EmployeeId>>,
    from: impl Iterator<Item = EmployeeId>,
) -> HashSet<EmployeeId> {
    let mut found = HashSet::new();
    // In which walk somebody was met first.
    let mut met: HashMap<EmployeeId, usize> = HashMap::new();
    for (walk, start) in from.enumerate() {
        let (mut line, mut next) = (Vec::new(), Some(start));
        while let Some(id) = next {
            match met.get(&id) {
                Some(earlier) if *earlier == walk => {
                    let begin = line.iter().position(|other| *other == id).unwrap_or(line.len());
                    found.extend(line.drain(begin..));
                    break;
                }
                Some(_) => break,
                None => {
                    met.insert(id, walk);
                    line.push(id);
                    next = above.get(&id).copied().flatten();
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> EmployeeId {
        EmployeeId(uuid::Uuid::from_u128(n))
    }

    /// Moves as (who, from, to), 0 for nobody; `from` -1 for somebody new. Answers who was refused, and the code.
    fn told(above: &[(u128, u128)], moves: &[(u128, i64, u128)]) -> Vec<(usize, String)> {
        let manager = |n: u128| (n > 0).then(|| id(n));
        let there: HashMap<_, _> = above.iter().map(|(who, to)| (id(*who), manager(*to))).collect();
        let active: HashSet<EmployeeId> = there.keys().copied().collect();
        let moves = moves.iter().map(|(who, from, to)| Move {
            id: id(*who),
            from: u128::try_from(*from).ok().map(manager),
            to: manager(*to),
        });
        let moves: Vec<Move> = moves.collect();
        let mut told: Vec<_> = refused(&moves, there, |id| active.contains(&id))
            .into_iter()
            .map(|(at, refusal)| (at, refusal.code.into_owned()))
            .collect();
        told.sort();
        told
    }

    fn cycle(at: usize) -> (usize, String) {
        (at, "MANAGER_CYCLE".to_owned())
    }

    fn not_found(at: usize) -> (usize, String) {
        (at, "EMPLOYEE_NOT_FOUND".to_owned())
    }

    #[test]
    fn rows_are_judged_by_what_all_of_them_make_together() {
        // One by one, the first would close a circle that the second opens.
        assert_eq!(told(&[(1, 2), (2, 0)], &[(2, 0, 1), (1, 2, 0)]), []);
        // A manager further down, and new.
        assert_eq!(told(&[], &[(1, -1, 2), (2, -1, 3), (3, -1, 0)]), []);
    }

    #[test]
    fn a_circle_is_refused_and_who_only_stands_below_it_is_not() {
        let moves = [(1, -1, 2), (2, -1, 1), (3, -1, 0)];
        assert_eq!(told(&[], &moves), [cycle(0), cycle(1)]);
        assert_eq!(told(&[(1, 0), (2, 0), (3, 0)], &[(1, 0, 2), (2, 0, 1), (3, 0, 1)]), [cycle(0), cycle(1)]);
        assert_eq!(told(&[(1, 0)], &[(1, 0, 1)]), [(0, "OWN_MANAGER".to_owned())]);
        // The one who moves below their own report.
        assert_eq!(told(&[(1, 0), (2, 1), (3, 2)], &[(1, 0, 3)]), [cycle(0)]);
    }

    #[test]
    fn what_is_refused_takes_with_it_who_would_have_reported_to_it() {
        // 9 is nobody; 1 is new and does not come, so 2 has no manager, so 3 has none; 4 moves and stays.
        let moves = [(1, -1, 9), (2, -1, 1), (3, -1, 2), (4, 0, 3), (5, -1, 4)];
        assert_eq!(told(&[(4, 0)], &moves), [not_found(0), not_found(1), not_found(2), not_found(3)]);
    }

    #[test]
    fn what_is_put_back_may_close_another_circle() {
        // 1 may not go to 9; back under 2, who wants to go under 1.
        assert_eq!(told(&[(1, 2), (2, 0)], &[(1, 2, 9), (2, 0, 1)]), [not_found(0), cycle(1)]);
    }

    #[test]
    fn a_manager_who_has_left_stays_where_they_were_manager_already() {
        assert_eq!(told(&[(1, 0)], &[(1, 7, 7), (2, -1, 7)]), [not_found(1)]);
    }

    #[test]
    fn ten_thousand_in_a_line_or_a_circle_are_judged_in_no_time() {
        let line: Vec<_> = (1..=10_000).map(|n| (n, -1, n + 1)).collect();
        assert_eq!(told(&[], &line).len(), 10_000, "the last one reports to nobody who is there");
        let circle: Vec<_> = (1..=10_000).map(|n| (n, -1, n % 10_000 + 1)).collect();
        assert_eq!(told(&[], &circle).len(), 10_000);
    }
}

//! How often a password may be tried, counted in PostgreSQL: failures only, per account and network, or per account and
//! known device; per network; and, of strangers, per account.
//!
//! An attempt is counted when its turn has come to be checked, so that many at once cannot slip through together, and
//! stays counted when it was wrong. What was refused, or given up before it was checked, is not counted: nobody can keep
//! an account shut by trying, nor fill anybody's measure but their own.
//!
//! An account at which many strangers fail is slowed down, and not shut: its owner gets in from a known device, from a
//! network that they logged in from before, and from any network that has not tried much.

use chrono::{DateTime, Duration, Utc};
use common::{Error, Result};
use database::Tx;
use uuid::Uuid;

use crate::vault::Account;

/// Failures from one network or device on one account that cost nothing.
const FAILURES_FREE: i64 = 5;
/// How long a failure counts, and the longest that anybody waits.
const FAILURE_WINDOW: Duration = Duration::minutes(15);
/// What the first failure too many costs; every further one costs twice as much. So there are 9 in 15 minutes.
const FIRST_WAIT: Duration = Duration::seconds(30);
/// More doublings than it takes to reach [`FAILURE_WINDOW`].
const DOUBLINGS_MAX: u32 = 10;
/// Failures of one network, on whatever accounts, in [`NETWORK_WINDOW`].
const FAILURES_PER_NETWORK: i64 = 20;
const NETWORK_WINDOW: Duration = Duration::minutes(1);
/// Failures of all strangers on one account, in [`FAILURE_WINDOW`], from which on they go slowly.
const STRANGERS_FREE: i64 = 10;
/// How far apart strangers then are on one account.
const STRANGERS_PACE: Duration = Duration::seconds(6);
/// What a network may have failed on an account, to be let through then.
const SLOW_FAILURES_MAX: i64 = 2;
/// How often a network may have tried of late, on whatever account and whether checked or not, to be let through then.
const SLOW_TRIES_MAX: u32 = 4;
/// How long an attempt counts that is being checked. Whoever hangs up meanwhile has learnt nothing.
const CHECKED_WITHIN: Duration = Duration::seconds(30);
/// How long a network is remembered that somebody logged in to an account from.
const TRUST: Duration = Duration::days(90);

/// Somebody who is about to present a password.
pub(crate) struct Knock<'k> {
    /// What they say who they are.
    pub(crate) account: &'k Account,
    /// Where they are.
    pub(crate) network: Option<&'k str>,
    /// The known device that they use.
    pub(crate) device_id: Option<Uuid>,
    /// How often their network has tried of late.
    pub(crate) tries: u32,
}

/// An attempt that was admitted, and is to be checked now.
pub(crate) struct Attempt(Uuid);

/// Admits somebody to present a password for an account, or makes them wait.
///
/// # Errors
/// `RATE_LIMITED`.
pub(crate) async fn admit(tx: &mut Tx, knock: &Knock<'_>) -> Result<Attempt> {
    lock(tx, knock).await?;
    let now = tx.now();
    if let (Some(network), None) = (knock.network, knock.device_id)
        && let Some(oldest) = oldest_of_too_many(tx, network, now).await?
    {
        return Err(limited(oldest + NETWORK_WINDOW - now));
    }
    if let Some(wait) = wait(&failures(tx, knock, now).await?, knock.tries, now) {
        return Err(limited(wait));
    }
    let attempt = Attempt(Uuid::now_v7());
    sqlx::query!(
        "insert into auth.login_attempt (id, account, address, device_id, attempted_at, is_checked)
         values ($1, $2, $3, $4, $5, false)",
        attempt.0,
        &knock.account.0,
        knock.network,
        knock.device_id,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(attempt)
}

impl Attempt {
    /// The password was right: what failed before does not count any more.
    pub(crate) async fn succeeded(&self, tx: &mut Tx) -> Result<()> {
        self.ended(tx, true).await
    }

    /// The password was wrong.
    pub(crate) async fn failed(&self, tx: &mut Tx) -> Result<()> {
        self.ended(tx, false).await
    }

    async fn ended(&self, tx: &mut Tx, has_succeeded: bool) -> Result<()> {
        sqlx::query!(
            "update auth.login_attempt set is_checked = true, has_succeeded = $2 where id = $1",
            self.0,
            has_succeeded
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// Forgets what nothing looks at any more.
pub(crate) async fn forget(tx: &mut Tx) -> Result<()> {
    let before = tx.now() - TRUST;
    sqlx::query!("delete from auth.login_attempt where attempted_at < $1", before).execute(tx.conn()).await?;
    Ok(())
}

// Rules.

/// The failures on an account that count.
#[derive(Clone, Debug, Default)]
struct Failures {
    /// From this network, or this known device, since it was let in last.
    own: i64,
    own_last: Option<DateTime<Utc>>,
    /// From all networks together.
    strangers: i64,
    /// When a stranger was checked last, or is being checked.
    stranger_last: Option<DateTime<Utc>>,
    /// Whether this is a known device, or a network that somebody logged in to the account from.
    is_known: bool,
}

/// How long somebody still waits whose network has tried so often of late.
fn wait(failures: &Failures, tries: u32, now: DateTime<Utc>) -> Option<Duration> {
    let left = |end: DateTime<Utc>| Some(end - now).filter(|left| *left > Duration::zero());
    if let Ok(excess) = u32::try_from(failures.own - FAILURES_FREE)
        && let Some(last) = failures.own_last
    {
        let cost = (FIRST_WAIT * (1 << excess.min(DOUBLINGS_MAX))).min(FAILURE_WINDOW);
        if let Some(left) = left(last + cost) {
            return Some(left);
        }
    }
    if failures.is_known || failures.strangers < STRANGERS_FREE {
        return None;
    }
    if tries > SLOW_TRIES_MAX || failures.own > SLOW_FAILURES_MAX {
        return Some(FAILURE_WINDOW);
    }
    left(failures.stranger_last? + STRANGERS_PACE)
}

fn limited(wait: Duration) -> Error {
    let whole_seconds = (wait + Duration::milliseconds(999)).num_seconds();
    Error::RateLimited { retry_after_s: u64::try_from(whole_seconds).unwrap_or_default().max(1) }
}

// SQL.

/// One attempt at a time per account and per network; the account first, so that no two wait for each other.
async fn lock(tx: &mut Tx, knock: &Knock<'_>) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtext('auth.account'), hashtext(encode($1, 'hex')))",
        &knock.account.0
    )
    .execute(tx.conn())
    .await?;
    if let Some(network) = knock.network {
        sqlx::query!("select pg_advisory_xact_lock(hashtext('auth.address'), hashtext($1))", network)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// When the failure was that must grow old before this network may try again.
async fn oldest_of_too_many(tx: &mut Tx, network: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select attempted_at from auth.login_attempt
         where address = $1 and attempted_at > $2 and not has_succeeded and (is_checked or attempted_at > $3)
         order by attempted_at desc offset $4 limit 1",
        network,
        now - NETWORK_WINDOW,
        now - CHECKED_WITHIN,
        FAILURES_PER_NETWORK - 1,
    )
    .fetch_optional(tx.conn())
    .await?)
}

async fn failures(tx: &mut Tx, knock: &Knock<'_>, now: DateTime<Utc>) -> Result<Failures> {
    Ok(sqlx::query_as!(
        Failures,
        r#"with recent as (
               select attempted_at, device_id, has_succeeded,
                   case when $3::uuid is null then device_id is null and address is not distinct from $2
                        else device_id = $3 end as is_own
               from auth.login_attempt
               where account = $1 and attempted_at > $4 and (is_checked or attempted_at > $5)),
           own as (
               select count(*) as failures, max(attempted_at) as last from recent
               where is_own and not has_succeeded and attempted_at >= coalesce(
                   (select max(attempted_at) from recent where is_own and has_succeeded), '-infinity')),
           strangers as (
               select count(*) filter (where not has_succeeded) as failures, max(attempted_at) as last
               from recent where device_id is null)
           select own.failures as "own!", own.last as own_last, strangers.failures as "strangers!",
               strangers.last as stranger_last,
               $3 is not null or exists (
                   select from auth.login_attempt
                   where account = $1 and address = $2 and has_succeeded and attempted_at > $6) as "is_known!"
           from own, strangers"#,
        &knock.account.0,
        knock.network,
        knock.device_id,
        now - FAILURE_WINDOW,
        now - CHECKED_WITHIN,
        now - TRUST,
    )
    .fetch_one(tx.conn())
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn waits_s(failures: Failures, tries: u32) -> Option<i64> {
        wait(&failures, tries, NOW).map(|wait| wait.num_seconds())
    }

    fn own(own: i64, ago_s: i64) -> Failures {
        Failures { own, own_last: (own > 0).then(|| NOW - Duration::seconds(ago_s)), ..Failures::default() }
    }

    fn strangers(strangers: i64, ago_s: i64) -> Failures {
        Failures { strangers, stranger_last: Some(NOW - Duration::seconds(ago_s)), ..Failures::default() }
    }

    #[test]
    fn four_failures_cost_nothing_and_every_further_one_twice_the_last() {
        let waits = [0, 4, 5, 6, 7].map(|count| waits_s(own(count, 0), 0));
        assert_eq!(waits, [None, None, Some(30), Some(60), Some(120)]);
    }

    #[test]
    fn no_wait_is_longer_than_fifteen_minutes_and_every_wait_ends() {
        let waits = [10, 20, 100, i64::from(u32::MAX)].map(|count| waits_s(own(count, 0), 0));
        assert_eq!(waits, [Some(900); 4]);
        assert_eq!(waits_s(own(5, 29), 0), Some(1));
        assert_eq!(waits_s(own(5, 30), 0), None);
        assert_eq!(waits_s(own(100, 900), 0), None);
    }

    #[test]
    fn one_network_guesses_less_than_ten_times_in_any_fifteen_minutes() {
        let mut guesses: Vec<i64> = Vec::new();
        for second in 0..4 * 3_600 {
            let now = NOW + Duration::seconds(second);
            let in_window: Vec<i64> = guesses.iter().copied().filter(|at| *at > second - 900).collect();
            let last = in_window.last().map(|at| NOW + Duration::seconds(*at));
            let so_far = Failures { own: in_window.len() as i64, own_last: last, ..Failures::default() };
            if wait(&so_far, 0, now).is_none() {
                guesses.push(second);
                assert!(in_window.len() < 9, "the tenth in 15 minutes, after {second} s");
            }
        }
        assert!(guesses.len() > 100, "it is slowed down and not shut out");
    }

    #[test]
    fn an_account_at_which_strangers_fail_is_slow_for_strangers_and_as_ever_for_those_who_are_known() {
        assert_eq!(waits_s(strangers(9, 0), 1), None);
        assert_eq!(waits_s(strangers(10, 0), 1), Some(6));
        assert_eq!(waits_s(strangers(1_000, 6), 4), None, "somebody new gets in");
        assert_eq!(waits_s(strangers(10, 6), 5), Some(900), "not so a network that tries and tries");
        assert_eq!(waits_s(Failures { own: 3, own_last: Some(NOW), ..strangers(10, 6) }, 1), Some(900));
        assert_eq!(waits_s(Failures { is_known: true, ..strangers(1_000, 0) }, 100), None);
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        for (millis, expected) in [(1, 1), (1000, 1), (1001, 2), (29_500, 30)] {
            let Error::RateLimited { retry_after_s } = limited(Duration::milliseconds(millis)) else {
                panic!()
            };
            assert_eq!(retry_after_s, expected);
        }
    }
}

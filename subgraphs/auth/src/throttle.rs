//! How often a password may be tried: per account and per address, counted in PostgreSQL.
//!
//! An attempt is counted before the password is looked at, so that many at once cannot slip through together,
//! and marked when it was right. Refused attempts are not counted: nobody can keep an account shut by trying.
//! Failures from elsewhere do not count against an address that logged in to the account before.

use chrono::{DateTime, Duration, Utc};
use common::{Error, Result};
use database::Tx;
use uuid::Uuid;

use crate::vault::Vault;

/// Failures on one account that cost nothing.
const FAILURES_FREE: i64 = 5;
/// How long a failure counts, and the longest that an account waits.
const FAILURE_WINDOW: Duration = Duration::minutes(15);
/// What the first failure too many costs; every further one costs twice as much.
const FIRST_WAIT: Duration = Duration::seconds(30);
/// More doublings than it takes to reach [`FAILURE_WINDOW`].
const DOUBLINGS_MAX: u32 = 10;
/// Attempts from one address, on whatever account, in [`ADDRESS_WINDOW`].
const ATTEMPTS_PER_ADDRESS: i64 = 20;
const ADDRESS_WINDOW: Duration = Duration::minutes(1);
/// How long an address is remembered that logged in to an account.
const TRUST: Duration = Duration::days(90);

/// An attempt that was admitted.
pub(crate) struct Attempt(Uuid);

/// Admits somebody to present a password for the account of this mail address, or makes them wait.
///
/// # Errors
/// `RATE_LIMITED`.
pub(crate) async fn admit(tx: &mut Tx, vault: &Vault, email: &str, address: Option<&str>) -> Result<Attempt> {
    let account = vault.account(email);
    lock(tx, &account, address).await?;
    let now = tx.now();
    if let Some(address) = address
        && let Some(oldest) = oldest_of_too_many(tx, address, now).await?
    {
        return Err(limited(oldest + ADDRESS_WINDOW - now));
    }
    if let Some(wait) = wait(&failures(tx, &account, address, now).await?, now) {
        return Err(limited(wait));
    }
    let attempt = Attempt(Uuid::now_v7());
    sqlx::query!(
        "insert into auth.login_attempt (id, account, address, attempted_at) values ($1, $2, $3, $4)",
        attempt.0,
        &account,
        address,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(attempt)
}

impl Attempt {
    /// Marks the attempt as right: what failed before does not count any more.
    pub(crate) async fn succeeded(&self, tx: &mut Tx) -> Result<()> {
        sqlx::query!("update auth.login_attempt set has_succeeded = true where id = $1", self.0)
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

/// The failures on an account that count, and when the last one was.
struct Failures {
    count: i64,
    last: Option<DateTime<Utc>>,
}

/// How long an account still waits.
fn wait(failures: &Failures, now: DateTime<Utc>) -> Option<Duration> {
    let excess = u32::try_from(failures.count - FAILURES_FREE).ok()?;
    let cost = (FIRST_WAIT * (1 << excess.min(DOUBLINGS_MAX))).min(FAILURE_WINDOW);
    Some(failures.last? + cost - now).filter(|left| *left > Duration::zero())
}

fn limited(wait: Duration) -> Error {
    let whole_seconds = (wait + Duration::milliseconds(999)).num_seconds();
    Error::RateLimited { retry_after_s: u64::try_from(whole_seconds).unwrap_or_default().max(1) }
}

// SQL.

/// One attempt at a time per account and per address; the account first, so that no two wait for each other.
async fn lock(tx: &mut Tx, account: &[u8], address: Option<&str>) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtext('auth.account'), hashtext(encode($1, 'hex')))",
        account
    )
    .execute(tx.conn())
    .await?;
    if let Some(address) = address {
        sqlx::query!("select pg_advisory_xact_lock(hashtext('auth.address'), hashtext($1))", address)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// When the attempt was that must grow old before this address may try again.
async fn oldest_of_too_many(tx: &mut Tx, address: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select attempted_at from auth.login_attempt where address = $1 and attempted_at > $2
         order by attempted_at desc offset $3 limit 1",
        address,
        now - ADDRESS_WINDOW,
        ATTEMPTS_PER_ADDRESS - 1,
    )
    .fetch_optional(tx.conn())
    .await?)
}

async fn failures(
    tx: &mut Tx,
    account: &[u8],
    address: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Failures> {
    Ok(sqlx::query_as!(
        Failures,
        r#"with success as (
               select max(attempted_at) as last, bool_or(address = $2) as is_from_here
               from auth.login_attempt where account = $1 and has_succeeded and attempted_at > $3)
           select count(*) as "count!", max(a.attempted_at) as last
           from auth.login_attempt a, success
           where a.account = $1 and not a.has_succeeded and a.attempted_at > $4
             and a.attempted_at >= coalesce(success.last, '-infinity')
             and (success.is_from_here is not true or a.address = $2)"#,
        account,
        address,
        now - TRUST,
        now - FAILURE_WINDOW,
    )
    .fetch_one(tx.conn())
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits_s(count: i64, ago_s: i64) -> Option<i64> {
        let now = DateTime::UNIX_EPOCH;
        let last = (count > 0).then(|| now - Duration::seconds(ago_s));
        wait(&Failures { count, last }, now).map(|wait| wait.num_seconds())
    }

    #[test]
    fn four_failures_cost_nothing_and_every_further_one_twice_the_last() {
        assert_eq!(
            [0, 4, 5, 6, 7].map(|count| waits_s(count, 0)),
            [None, None, Some(30), Some(60), Some(120)]
        );
    }

    #[test]
    fn no_wait_is_longer_than_fifteen_minutes_and_every_wait_ends() {
        assert_eq!([10, 20, 100, i64::from(u32::MAX)].map(|count| waits_s(count, 0)), [Some(900); 4]);
        assert_eq!(waits_s(5, 29), Some(1));
        assert_eq!(waits_s(5, 30), None);
        assert_eq!(waits_s(100, 900), None);
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

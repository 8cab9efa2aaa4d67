//! How often a password may be tried, counted in PostgreSQL: failures only, per account and network, or per account and
//! known device; per network; and, of strangers, per account.
//!
//! An attempt is counted when its turn has come to be checked, so that many at once cannot slip through together, and
//! stays counted when it was wrong. What was refused, or given up before it was checked, is not counted: nobody can keep
//! an account shut by trying, nor fill anybody's measure but their own.
//!
//! An account at which many strangers fail is slowed down, and not shut: its owner gets in from a known device, from a
//! network that they logged in from before, and from any other when its turn comes (`strangers.rs`). What a network tried
//! at other accounts is no failure there.

use chrono::{DateTime, Duration, Utc};
use common::{Error, Result};
use database::Tx;
use uuid::Uuid;

use crate::account::Account;
use strangers::{Against, Waiting};

#[cfg(test)]
mod sieges;
mod strangers;
#[cfg(test)]
mod tests;

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
/// Failures of all strangers on one account, in [`FAILURE_WINDOW`], from which on they go one after the other.
const STRANGERS_FREE: i64 = 10;
/// What a network may have failed on an account, to be among them.
const SLOW_FAILURES_MAX: i32 = 2;
/// Those who wait at an account that are looked at; the others are behind them.
const WAITING_MAX: i64 = 1_000;
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
    /// What they tried of late at any account, before this.
    pub(crate) tries: u32,
}

/// An attempt that was admitted, and is to be checked now.
pub(crate) struct Attempt(Uuid);

/// How long until somebody should come again, who is not checked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait(Duration);

impl Wait {
    /// In whole seconds, so that nobody comes too soon who counts in these.
    pub(crate) fn seconds(self) -> u64 {
        let whole_seconds = (self.0 + Duration::milliseconds(999)).num_seconds();
        u64::try_from(whole_seconds).unwrap_or_default().max(1)
    }
}

impl From<Wait> for Error {
    fn from(wait: Wait) -> Self {
        Self::RateLimited { retry_after_s: wait.seconds() }
    }
}

/// Admits somebody to present a password for an account, or makes them wait: that they do is kept if the transaction is
/// committed.
pub(crate) async fn admit(tx: &mut Tx, knock: &Knock<'_>) -> Result<Result<Attempt, Wait>> {
    lock(tx, knock).await?;
    let now = tx.now();
    if let (Some(network), None) = (knock.network, knock.device_id)
        && let Some(oldest) = oldest_of_too_many(tx, network, now).await?
    {
        return Ok(Err(Wait(oldest + NETWORK_WINDOW - now)));
    }
    let failures = failures(tx, knock, now).await?;
    if let Some(wait) = wait(&failures, now) {
        return Ok(Err(Wait(wait)));
    }
    if failures.is_slow()
        && let Some(wait) = wait_among_strangers(tx, knock, &failures, now).await?
    {
        return Ok(Err(wait));
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
    Ok(Ok(attempt))
}

/// Whether it is somebody else's turn at an account that strangers are slow at; keeps that they wait.
async fn wait_among_strangers(
    tx: &mut Tx,
    knock: &Knock<'_>,
    failures: &Failures,
    now: DateTime<Utc>,
) -> Result<Option<Wait>> {
    let own = own_waiting(tx, knock).await?;
    let others = others_waiting(tx, knock, now).await?;
    let against = Against {
        failures: i32::try_from(failures.own).unwrap_or(i32::MAX),
        tries: i32::try_from(knock.tries).unwrap_or(i32::MAX),
    };
    match strangers::is_next(own.as_ref(), against, &others, failures.stranger_last, now) {
        Ok(()) if own.is_none() => Ok(None),
        Ok(()) => stop_waiting(tx, knock).await.map(|()| None),
        Err(waiting) => {
            keep_waiting(tx, knock, &waiting).await?;
            Ok(Some(Wait(waiting.due - now)))
        }
    }
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
    let before = tx.now() - strangers::GRACE;
    sqlx::query!("delete from auth.login_waiting where due < $1", before).execute(tx.conn()).await?;
    Ok(())
}

// Rules.

/// The failures on an account that count.
#[derive(Clone, Debug, Default)]
struct Failures {
    /// From this network, or this known device, since it was let in last.
    own: i64,
    own_last: Option<DateTime<Utc>>,
    /// When the last but [`SLOW_FAILURES_MAX`] of these was.
    own_of_too_many: Option<DateTime<Utc>>,
    /// From all networks together.
    strangers: i64,
    /// When a stranger was checked last, or is being checked.
    stranger_last: Option<DateTime<Utc>>,
    /// Whether this is a known device, or a network that somebody logged in to the account from.
    is_known: bool,
}

impl Failures {
    /// Whether strangers are checked one after the other, and this is one.
    fn is_slow(&self) -> bool {
        !self.is_known && self.strangers >= STRANGERS_FREE
    }
}

/// How long somebody waits for their own failures.
fn wait(failures: &Failures, now: DateTime<Utc>) -> Option<Duration> {
    let cost = u32::try_from(failures.own - FAILURES_FREE)
        .map(|excess| (FIRST_WAIT * (1 << excess.min(DOUBLINGS_MAX))).min(FAILURE_WINDOW));
    let paid = failures.own_last.zip(cost.ok()).map(|(last, cost)| last + cost);
    let forgotten = failures.own_of_too_many.filter(|_| failures.is_slow()).map(|at| at + FAILURE_WINDOW);
    let left = paid.max(forgotten)? - now;
    (left > Duration::zero()).then_some(left)
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
               select count(*) as failures, max(attempted_at) as last,
                   (array_agg(attempted_at order by attempted_at desc))[$7] as of_too_many from recent
               where is_own and not has_succeeded and attempted_at >= coalesce(
                   (select max(attempted_at) from recent where is_own and has_succeeded), '-infinity')),
           strangers as (
               select count(*) filter (where not has_succeeded) as failures, max(attempted_at) as last
               from recent where device_id is null)
           select own.failures as "own!", own.last as own_last,
               own.of_too_many as own_of_too_many, strangers.failures as "strangers!",
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
        SLOW_FAILURES_MAX + 1,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What this network was told at the account.
async fn own_waiting(tx: &mut Tx, knock: &Knock<'_>) -> Result<Option<Waiting>> {
    Ok(sqlx::query_as!(
        Waiting,
        "select is_back, failures, tries, since, due from auth.login_waiting where account = $1 and network = $2",
        &knock.account.0,
        knock.network.unwrap_or_default(),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Those who may be before this network at the account.
async fn others_waiting(tx: &mut Tx, knock: &Knock<'_>, now: DateTime<Utc>) -> Result<Vec<Waiting>> {
    Ok(sqlx::query_as!(
        Waiting,
        "select is_back, failures, tries, since, due from auth.login_waiting
         where account = $1 and network <> $2 and (due >= $4 or is_back and due >= $3)
         order by is_back desc, since limit $5",
        &knock.account.0,
        knock.network.unwrap_or_default(),
        now - strangers::GRACE,
        now - strangers::KEPT,
        WAITING_MAX,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Keeps that this network waits, and forgets those at the account who stayed away.
async fn keep_waiting(tx: &mut Tx, knock: &Knock<'_>, waiting: &Waiting) -> Result<()> {
    let before = tx.now() - strangers::GRACE;
    sqlx::query!(
        "with gone as (delete from auth.login_waiting where account = $1 and network <> $2 and due < $8)
         insert into auth.login_waiting (account, network, is_back, failures, tries, since, due)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (account, network) do update
         set is_back = excluded.is_back, failures = excluded.failures, tries = excluded.tries,
             since = excluded.since, due = excluded.due",
        &knock.account.0,
        knock.network.unwrap_or_default(),
        waiting.is_back,
        waiting.failures,
        waiting.tries,
        waiting.since,
        waiting.due,
        before,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn stop_waiting(tx: &mut Tx, knock: &Knock<'_>) -> Result<()> {
    sqlx::query!(
        "delete from auth.login_waiting where account = $1 and network = $2",
        &knock.account.0,
        knock.network.unwrap_or_default(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

//! What is asked of Redis. Everything that is kept there expires by itself.

use std::time::Duration;

use common::SessionId;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, RedisResult, Script, cmd, pipe};
use uuid::Uuid;

use crate::budget::Share;
use crate::ended::Ended;
use crate::sealed::Sealer;
use crate::{Found, Key, Rate, Refused, tries};

/// Changes with what is kept, so that old and new versions of the program side by side do not misread each other.
const VERSION: u32 = 1;
/// Ends of sessions that are told in one go.
const TOLD_AT_ONCE: usize = 500;

/// Takes one of each of several budgets, or none: see `budget.rs`. KEYS are the budgets; of each, ARGV has how long one
/// takes to be paid for and how long all that may come at once take, in microseconds. Answers which one is used up, if
/// one is, and for how long.
const TAKE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local next = {}
for i, key in ipairs(KEYS) do
  local interval, full = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local paid_at = math.max(tonumber(redis.call('GET', key) or '0') or 0, now)
  -- The clock may have been set back since: nobody owes more than a full budget.
  next[i] = math.min(paid_at, now + full) + interval
  local wait = next[i] - full - now
  if wait > 0 then return {i, wait} end
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', next[i]), 'PX', math.ceil((next[i] - now) / 1000))
end
return {0, 0}";

/// Counts one, and answers how many there were; they are forgotten so long after the first.
const COUNT: &str = r"
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count";

/// Takes back one that was counted, for as long as it is remembered.
const COUNT_LESS: &str = r"
if (tonumber(redis.call('GET', KEYS[1]) or '0') or 0) > 0 then redis.call('DECR', KEYS[1]) end
return 0";

/// When something was about to be asked of PostgreSQL, by Redis's clock, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Asked(u64);

/// How an installation's keys are called, and what is asked about them.
pub(crate) struct Commands {
    prefix: String,
    sealer: Sealer,
    take: Script,
    count: Script,
    count_less: Script,
}

impl Commands {
    pub fn new(sealer: Sealer) -> Self {
        let prefix = format!("innoerp:{VERSION}:{}", sealer.name());
        let [take, count, count_less] = [TAKE, COUNT, COUNT_LESS].map(Script::new);
        Self { prefix, sealer, take, count, count_less }
    }

    /// Where it is said that sessions have ended.
    pub fn channel(&self) -> String {
        format!("{}:ended", self.prefix)
    }

    pub async fn take(
        &self,
        mut connection: MultiplexedConnection,
        budgets: &[(Key, Rate)],
    ) -> RedisResult<Result<(), Refused>> {
        let mut take = self.take.prepare_invoke();
        let mut places = Vec::with_capacity(budgets.len());
        for (place, (key, rate)) in budgets.iter().enumerate() {
            let Some(pace) = rate.pace(Share::Whole) else { continue };
            take.key(format!("{}:rate:{key}", self.prefix)).arg(pace.interval_us).arg(pace.full_us);
            places.push(place);
        }
        if places.is_empty() {
            return Ok(Ok(()));
        }
        let (at, wait_us): (usize, u64) = take.invoke_async(&mut connection).await?;
        Ok(match at.checked_sub(1).and_then(|at| places.get(at)) {
            None => Ok(()),
            Some(at) => Err(Refused { at: *at, wait: Duration::from_micros(wait_us) }),
        })
    }

    pub async fn count(&self, mut connection: MultiplexedConnection, key: Key) -> RedisResult<u32> {
        let kept_ms = tries::KEPT.as_millis() as u64;
        self.count.prepare_invoke().key(self.tries(key)).arg(kept_ms).invoke_async(&mut connection).await
    }

    pub async fn count_less(&self, mut connection: MultiplexedConnection, key: Key) -> RedisResult<()> {
        self.count_less.prepare_invoke().key(self.tries(key)).invoke_async(&mut connection).await
    }

    /// Tells of all sessions that have ended and were not told of; whoever comes while others are told waits for it.
    pub async fn tell(&self, mut connection: MultiplexedConnection, ended: &Ended) -> RedisResult<()> {
        let _turn = ended.telling.lock().await;
        for some in ended.untold().chunks(TOLD_AT_ONCE) {
            self.tell_of(&mut connection, some).await?;
            ended.told(some);
        }
        Ok(())
    }

    async fn tell_of(
        &self,
        connection: &mut MultiplexedConnection,
        ids: &[(Uuid, Duration)],
    ) -> RedisResult<()> {
        let mut telling = pipe();
        for (id, left) in ids {
            let left_ms = left.as_millis().max(1) as u64;
            telling.cmd("SET").arg(self.ended(*id)).arg(1).arg("PX").arg(left_ms).ignore();
            telling.publish(self.channel(), id.simple().to_string()).ignore();
        }
        telling.query_async(connection).await
    }

    pub async fn find(
        &self,
        mut connection: MultiplexedConnection,
        name: &str,
        session: Option<SessionId>,
    ) -> RedisResult<Found> {
        let mut names = vec![self.value(name)];
        names.extend(session.map(|session| self.ended(session.0)));
        let (time, values): ((u64, u64), Vec<Option<Vec<u8>>>) =
            pipe().cmd("TIME").cmd("MGET").arg(names).query_async(&mut connection).await?;
        let now_ms = time.0 * 1_000 + time.1 / 1_000;
        if values.get(1).is_some_and(Option::is_some) {
            return Ok(Found::Ended);
        }
        let opened = values.into_iter().next().flatten().and_then(|sealed| self.sealer.open(name, &sealed));
        Ok(match opened {
            Some((deadline_ms, value)) if deadline_ms > now_ms => {
                Found::Value { value, left: Duration::from_millis(deadline_ms - now_ms) }
            }
            _ => Found::Nothing(Some(Asked(now_ms))),
        })
    }

    pub async fn keep(
        &self,
        mut connection: MultiplexedConnection,
        name: &str,
        asked: Asked,
        age_max: Duration,
        value: &[u8],
    ) -> RedisResult<()> {
        let deadline_ms = asked.0 + age_max.as_millis() as u64;
        let sealed = self.sealer.seal(name, deadline_ms, value);
        let mut set = cmd("SET");
        set.arg(self.value(name)).arg(sealed).arg("PXAT").arg(deadline_ms);
        set.query_async(&mut connection).await
    }

    /// Does everything that is ever asked, on names of nobody's: whoever passes may use what we use.
    pub async fn try_all(&self, connection: &MultiplexedConnection) -> RedisResult<()> {
        let (one, other) = (Key::new("trial", Uuid::nil()), Key::new("trial", Uuid::max()));
        let rate = Rate { per_s: 1_000_000, burst: 1_000_000 };
        let _ = self.take(connection.clone(), &[(one, rate), (other, rate)]).await?;
        self.count(connection.clone(), one).await?;
        self.count_less(connection.clone(), one).await?;
        if let Found::Nothing(Some(asked)) =
            self.find(connection.clone(), "trial", Some(Uuid::nil().into())).await?
        {
            self.keep(connection.clone(), "trial", asked, Duration::from_millis(1), b"").await?;
        }
        let mut publish = connection.clone();
        // To nobody: it is no session's id.
        publish.publish(self.channel(), "trial").await
    }

    fn value(&self, name: &str) -> String {
        format!("{}:value:{name}", self.prefix)
    }

    fn ended(&self, id: Uuid) -> String {
        format!("{}:ended:{}", self.prefix, id.simple())
    }

    fn tries(&self, key: Key) -> String {
        format!("{}:tries:{key}", self.prefix)
    }
}

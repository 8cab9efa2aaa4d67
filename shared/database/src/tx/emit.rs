//! What a transaction announces.

use common::{Error, Event, EventActor, Result};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::Tx;

/// How much an event may say, in bytes of JSON. Brokers take 1 MiB by default; one event that they refuse would hold up
/// all that its module says later.
const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

impl Tx {
    /// Announces a fact, in this transaction: what does not commit was never said.
    ///
    /// # Errors
    /// `INTERNAL` outside a tenant, and for an event of more than 256 KiB.
    pub async fn emit<E: Event>(&mut self, event: &E) -> Result<()> {
        self.emit_all(std::slice::from_ref(event)).await
    }

    /// As [`Tx::emit`], for many in one statement, in their order.
    ///
    /// # Errors
    /// As [`Tx::emit`].
    pub async fn emit_all<E: Event>(&mut self, events: &[E]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        if self.organization_id.is_none() {
            return Err(Error::internal("an event needs a tenant"));
        }
        let actor = match self.membership_id {
            Some(id) => EventActor::Member(id.0),
            None => EventActor::System(self.module.to_owned()),
        };
        let ids: Vec<Uuid> = events.iter().map(|_| Uuid::now_v7()).collect();
        let of: Vec<Uuid> = events.iter().map(E::aggregate_id).collect();
        let payloads = events.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
        if let Some(bytes) =
            payloads.iter().map(|payload| payload.to_string().len()).find(|bytes| *bytes > PAYLOAD_BYTES_MAX)
        {
            let limit = PAYLOAD_BYTES_MAX;
            return Err(Error::internal(format!(
                "an event {} of {bytes} bytes; {limit} are allowed",
                E::TYPE
            )));
        }
        let sql = format!(
            "insert into \"{}\".outbox (event_id, event_type, occurred_at, actor, aggregate_id, correlation_id, payload)
             select event_id, $4, $5, $6, aggregate_id, $7, payload
             from unnest($1::uuid[], $2::uuid[], $3::jsonb[]) with ordinality t (event_id, aggregate_id, payload, at)
             order by at",
            self.module
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(ids)
            .bind(of)
            .bind(payloads)
            .bind(E::TYPE)
            .bind(self.now)
            .bind(serde_json::to_value(&actor)?)
            .bind(self.correlation_id.to_string())
            .execute(self.conn())
            .await?;
        self.announce();
        Ok(())
    }

    /// Says that an event was written by SQL itself, so that the relay looks at once.
    pub fn announce(&mut self) {
        self.is_announcing = true;
    }
}

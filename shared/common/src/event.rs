//! Events: facts that a module announces and others may rely on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{OrganizationId, Result};

/// A fact in the past tense. Implemented by the structs in a module's `events.rs`.
///
/// Fields are only ever added; ids and states, no names, mails, salaries or secrets.
pub trait Event: Serialize + for<'de> Deserialize<'de> + schemars::JsonSchema {
    /// `module.noun.verbed`, for example `leave.request.approved`.
    const TYPE: &'static str;
    /// The id of the thing that it happened to; events of one aggregate stay in order.
    fn aggregate_id(&self) -> Uuid;
}

/// Declares events: the name, whose event it is, and the payload. Fields are only ever added.
///
/// ```text
/// event! {
///     /// Somebody was hired.
///     EmployeeHired = "employee.employee.hired", of employee_id {
///         /// The employee.
///         employee_id: EmployeeId,
///     }
/// }
/// ```
#[macro_export]
macro_rules! event {
    ($(
        $(#[$doc:meta])* $name:ident = $type:literal, of $aggregate:ident {
            $( $(#[$field_doc:meta])* $field:ident: $ty:ty ),+ $(,)?
        }
    )+) => { $(
        $(#[$doc])*
        #[derive(
            Clone, Debug, PartialEq,
            $crate::reexport::serde::Serialize, $crate::reexport::serde::Deserialize, $crate::reexport::schemars::JsonSchema,
        )]
        #[serde(rename_all = "camelCase", crate = "::common::reexport::serde")]
        #[schemars(crate = "::common::reexport::schemars")]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: $ty, )+
        }

        impl $crate::Event for $name {
            const TYPE: &'static str = $type;
            fn aggregate_id(&self) -> $crate::reexport::uuid::Uuid {
                self.$aggregate.into()
            }
        }
    )+ };
}

/// The name of an event for programs that know events by one word: `tenant.organization.created` is
/// `OrganizationCreated`, `leave.request.approved` is `LeaveApproved`.
#[must_use]
pub fn event_alias(event_type: &str) -> String {
    let mut parts = event_type.splitn(3, '.');
    let (module, noun) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let verb = parts.next().unwrap_or_default();
    // Nouns that say by themselves what they are stand alone; the others have their module before them.
    let thing = match (module, noun) {
        ("leave", "request") => "leave".to_owned(),
        ("employee", "calendar") => "holiday_calendar".to_owned(),
        ("employee", "schedule") => "work_schedule".to_owned(),
        ("products", "price") => "product_price".to_owned(),
        ("products" | "crm", noun) => noun.to_owned(),
        (module, noun) if module == noun => noun.to_owned(),
        (_, "employee" | "member" | "module" | "organization") => noun.to_owned(),
        _ => format!("{module}_{noun}"),
    };
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    thing.split('_').chain(verb.split('_')).map(capitalized).collect()
}

/// Who caused an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "lowercase")]
pub enum EventActor {
    /// A member, by membership id.
    Member(Uuid),
    /// A module's own job or consumer.
    System(String),
}

/// An event as it travels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Unique; consumers remember it, so that the event takes effect once.
    pub event_id: Uuid,
    /// `module.noun.verbed`.
    pub event_type: String,
    /// When the transaction that announced it wrote it.
    pub occurred_at: DateTime<Utc>,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Who caused it.
    pub actor: EventActor,
    /// The id of the thing that it happened to.
    pub aggregate_id: Uuid,
    /// The request that it came from; an effect of an event carries its cause's.
    pub correlation_id: String,
    /// The event's own fields.
    pub payload: serde_json::Value,
}

impl Envelope {
    /// The payload as the event `E`, or `None` when this is another event.
    pub fn event<E: Event>(&self) -> Result<Option<E>> {
        if self.event_type != E::TYPE {
            return Ok(None);
        }
        serde_json::from_value(self.payload.clone()).map(Some).map_err(crate::Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_name_that_the_specification_gives_it() {
        for (event_type, name) in [
            ("tenant.organization.created", "OrganizationCreated"),
            ("tenant.module.enabled", "ModuleEnabled"),
            ("user.user.created", "UserCreated"),
            ("user.member.roles_changed", "MemberRolesChanged"),
            ("employee.employee.hired", "EmployeeHired"),
            ("leave.request.approved", "LeaveApproved"),
            ("employee.calendar.changed", "HolidayCalendarChanged"),
            ("leave.policy.changed", "LeavePolicyChanged"),
            ("products.product.archived", "ProductArchived"),
            ("products.price.changed", "ProductPriceChanged"),
            ("products.stock.run_low", "StockRunLow"),
            ("crm.lead.converted", "LeadConverted"),
            ("crm.deal.stage_changed", "DealStageChanged"),
            ("crm.deal.won", "DealWon"),
        ] {
            assert_eq!(event_alias(event_type), name);
        }
    }
}

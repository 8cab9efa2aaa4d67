//! Exports: who took contacts out of the system. Each is written down, and announced.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{MembershipId, Page, Result, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{choices, noun, queries, sorts};

use crate::Membership;
use crate::events::ContactsExported;
use crate::ids::{ContactId, ExportId};
use crate::rights::EXPORT;

choices! {
    /// How contacts were taken out.
    ContactExportKind {
        /// As CSV.
        Csv,
        /// As vCards.
        Vcard,
        /// Everything that is known of one.
        Subject,
    }
}

/// Contacts that were taken out of the system.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "ContactExport", complex)]
#[record("contact export", table = "contact.export", read = EXPORT, graphql = "ContactExport")]
pub struct Export {
    /// The id of the export; opaque to clients.
    pub id: ExportId,
    /// How they were taken out.
    #[record(once)]
    pub kind: ContactExportKind,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) membership_id: Option<MembershipId>,
    /// The number of contacts.
    #[record(once)]
    pub contact_count: i32,
    /// The id of the contact, where it was all that is known of one.
    #[record(once)]
    pub contact_id: Option<ContactId>,
    /// When it was.
    #[record(once)]
    pub exported_at: DateTime<Utc>,
}

/// Writes down that contacts are taken out.
pub(crate) async fn note(
    tx: &mut Tx,
    kind: ContactExportKind,
    count: usize,
    contact_id: Option<ContactId>,
) -> Result<()> {
    let mut export = Export::blank(tx.now());
    export.kind = kind;
    export.membership_id = tx.membership_id();
    export.contact_count = i32::try_from(count).unwrap_or(i32::MAX);
    (export.contact_id, export.exported_at) = (contact_id, tx.now());
    tx.save(&mut export).await?;
    tx.emit(&ContactsExported {
        export_id: export.id,
        contact_count: export.contact_count,
        actor_membership_id: export.membership_id,
    })
    .await
}

/// The exports that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: ContactExportFilter,
    sort: ContactExportSort,
    page: Page,
) -> Result<Slice<Export>> {
    let mut tx = ctx.read_list(&EXPORT).await?;
    Ok(page!(
        tx, Export, page, sort: ContactExportSort { ExportedAt => "exported_at" },
        "($3::text is null or kind = $3) and ($4::uuid is null or membership_id = $4)",
        [filter.kind as Option<ContactExportKind>, filter.member_id as Option<MembershipId>],
    ))
}

#[noun(no_mutations)]
impl Export {
    /// The member who took them out; null when it was the system.
    async fn member(&self) -> Option<Membership> {
        self.membership_id.map(|id| Membership { id })
    }

    /// The names of the mutations that the caller may use on it: none, for what was done stays as it was.
    #[graphql(directive = graphql::cost::apply(1))]
    async fn viewer_permissions(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Which exports a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct ContactExportFilter {
    /// How they were taken out.
    pub kind: Option<ContactExportKind>,
    /// The id of the membership of whoever did it.
    pub member_id: Option<MembershipId>,
}

sorts! {
    /// How a list of exports is ordered.
    ContactExportSort {
        /// By when they were, the latest last.
        desc ExportedAt,
    }
}

queries! {
    Export;
    /// Who took contacts out of the system, the latest first.
    contact_exports(ContactExportFilter, ContactExportSort) = list;
    /// One export; null when there is none of that id.
    contact_export;
}

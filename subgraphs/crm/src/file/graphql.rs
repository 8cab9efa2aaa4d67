//! Leads as files, as the graph has them.

use ::exchange::{CsvPage, ImportReport};
use async_graphql::{Context, ID, Object};
use common::{Page, Result};
use graphql::{App as _, payload};

use super::{LeadImportInput, export_csv, import};
use crate::lead::{LeadFilter, LeadSort};

payload! {
    /// The result of leadImport.
    LeadImportPayload {
        /// What became of the rows; null when the file could not be read.
        report: ImportReport,
    }
}

/// Imports of leads.
#[derive(Default)]
pub struct LeadFileMutation;

#[Object]
impl LeadFileMutation {
    /// Takes in a file of leads; what is refused of one row, the others are not.
    async fn lead_import(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The file, and what its rows may do.")] input: LeadImportInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with \
                          the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<LeadImportPayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        LeadImportPayload::answer(gql, import(&ctx, input).await).await.map(Some)
    }
}

/// Leads as files.
#[derive(Default)]
pub struct LeadFileQuery;

#[Object]
impl LeadFileQuery {
    /// The leads as CSV. Each page is a file of its own, header included, which leadImport takes as it is; to make one file of
    /// several pages, leave out the first line of all but the first.
    async fn leads_export(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<LeadFilter>,
        #[graphql(desc = "The order of the rows; the latest first when absent.")] sort: Option<LeadSort>,
        #[graphql(
            desc = "The endCursor of the page to continue after, from the same list in the same order."
        )]
        after: Option<String>,
        #[graphql(desc = "The number of rows, 1 to 5000.", default = 1000)] first: i32,
    ) -> Result<CsvPage> {
        let page = Page::within(first, after.as_deref(), ::exchange::PAGE_MAX)?;
        export_csv(gql.app(), filter.unwrap_or_default(), sort.unwrap_or_default(), page).await
    }
}

//! Selling: leads, what is done with them, deals from stage to stage, what may be expected of them, quotes that customers accept.
// A lead has more columns than the macro that writes them as JSON counts to by itself.
#![recursion_limit = "256"]

mod activity;
mod assignment;
mod board;
mod campaign;
mod catalogue;
mod clock;
mod consumers;
mod contact_links;
mod deal;
pub mod events;
mod file;
mod forecast;
mod ids;
mod intake;
mod jobs;
mod lead;
mod lead_source;
mod links;
mod lost_reason;
mod member;
mod mutations;
mod operation;
mod others;
mod owner;
mod party;
mod pipeline;
mod product_links;
mod public;
mod quote;
mod report;
mod rights;
mod spam;
mod target;
mod token;
mod web_form;
mod words;

use async_graphql::{MergedObject, MergedSubscription, SchemaBuilder};
use common::Permission;
use service::{EventType, Noun, Subgraph};

pub(crate) use member::{Attachment, HistoryEntry, Membership};

pub use ids::{
    ActivityId, AssignmentRuleId, CampaignId, DealId, LeadId, LeadSourceId, LostReasonId, OperationId,
    PipelineId, QuoteId, SalesTargetId, StageId, WebFormId,
};

/// All queries of the crm module.
#[derive(MergedObject, Default)]
pub struct Query(
    lead::LeadQuery,
    deal::DealQuery,
    activity::ActivityQuery,
    board::PipelineBoardQuery,
    operation::OperationQuery,
    quote::QuoteQuery,
    target::SalesTargetQuery,
    forecast::ForecastQuery,
    report::SalesReportQuery,
    file::LeadFileQuery,
    SettingsQuery,
    contact_links::ContactQuery,
    product_links::ProductQuery,
);

/// The queries about how the organization sells.
#[derive(MergedObject, Default)]
pub struct SettingsQuery(
    pipeline::PipelineQuery,
    pipeline::StageQuery,
    lost_reason::LostReasonQuery,
    lead_source::LeadSourceQuery,
    campaign::CampaignQuery,
    assignment::AssignmentRuleQuery,
    web_form::WebFormQuery,
);

/// All mutations of the crm module.
#[derive(MergedObject, Default)]
pub struct Mutation(
    mutations::LeadMutation,
    mutations::DealMutation,
    activity::ActivityMutation,
    operation::OperationMutation,
    quote::QuoteMutation,
    target::SalesTargetMutation,
    file::LeadFileMutation,
    pipeline::PipelineMutation,
    pipeline::StageMutation,
    lost_reason::LostReasonMutation,
    lead_source::LeadSourceMutation,
    campaign::CampaignMutation,
    assignment::AssignmentRuleMutation,
    web_form::WebFormMutation,
);

/// All subscriptions of the crm module.
#[derive(MergedSubscription, Default)]
pub struct Subscription(board::PipelineBoardSubscription, lead::LeadSubscription);

const PERMISSIONS: &[&Permission] = &[
    &rights::PIPELINE_READ,
    &rights::PIPELINE_MANAGE,
    &rights::CAMPAIGN_MANAGE,
    &rights::LEAD_READ,
    &rights::LEAD_MANAGE,
    &rights::LEAD_EXPORT,
    &rights::DEAL_READ,
    &rights::DEAL_MANAGE,
    &rights::ACTIVITY_READ,
    &rights::ACTIVITY_MANAGE,
    &rights::TARGET_READ,
    &rights::TARGET_MANAGE,
    &rights::REPORT,
];

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "crm",
        name: "Sales",
        description: "Leads, deals and quotes: who may buy what, how likely, and what is done about it.",
        is_core: false,
        requires: &["contact"],
        port: 8009,
        permissions: PERMISSIONS,
        nouns: vec![
            Noun::of::<pipeline::Pipeline>(),
            Noun::of::<pipeline::Stage>(),
            Noun::of::<lost_reason::LostReason>(),
            Noun::of::<lead_source::LeadSource>(),
            Noun::of::<campaign::Campaign>(),
            Noun::of::<assignment::AssignmentRule>(),
            Noun::of::<lead::Lead>(),
            Noun::of::<deal::Deal>(),
            Noun::of::<deal::DealLine>(),
            Noun::of::<deal::DealContact>(),
            Noun::of::<deal::StageChange>(),
            Noun::of::<activity::Activity>(),
            Noun::of::<operation::Operation>(),
            Noun::of::<quote::Quote>(),
            Noun::of::<target::SalesTarget>(),
            Noun::of::<web_form::WebForm>(),
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::LeadCreated>(),
            EventType::of::<events::LeadUpdated>(),
            EventType::of::<events::LeadAssigned>(),
            EventType::of::<events::LeadOwnerChanged>(),
            EventType::of::<events::LeadConverted>(),
            EventType::of::<events::DealCreated>(),
            EventType::of::<events::DealUpdated>(),
            EventType::of::<events::DealStageChanged>(),
            EventType::of::<events::DealWon>(),
            EventType::of::<events::DealLost>(),
            EventType::of::<events::DealReopened>(),
            EventType::of::<events::QuoteSent>(),
            EventType::of::<events::QuoteAccepted>(),
            EventType::of::<events::QuoteDeclined>(),
            EventType::of::<events::QuotePricesChanged>(),
            EventType::of::<events::ActivityDue>(),
        ],
        consumers: consumers::CONSUMERS,
        jobs: jobs::JOBS,
        sdl: || service::sdl(&schema().finish()),
        executable: |runtime| {
            let schema = schema().data(runtime.changes.clone()).data(public::signer(runtime)).finish();
            service::guard("crm", PERMISSIONS, schema, runtime)
        },
        routes: None,
        public: Some(public::routes),
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, Subscription> {
    service::schema(Query::default(), Mutation::default(), Subscription::default())
}

//! Web forms: where strangers say that they want something. Each is asked for by an address that only this system makes.

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, OrganizationId, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{App as _, choices, inputs, mutations, noun, queries, sorts};

use crate::campaign::Campaign;
use crate::catalogue;
use crate::ids::{CampaignId, LeadSourceId, ProductId, WebFormId};
use crate::lead_source::LeadSource;
use crate::others::Product;
use crate::rights::{PIPELINE_MANAGE, PIPELINE_READ};
use crate::token::{Named, Purpose, Signer};

choices! {
    /// What a web form asks for.
    WebFormField {
        /// The person's name.
        Name,
        /// The mail address.
        Email,
        /// The phone number.
        Phone,
        /// The company's name.
        Company,
        /// What the person does.
        JobTitle,
        /// The country.
        Country,
        /// What they have to say.
        Message,
    }
}

/// A form by which strangers become leads.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("web form", table = "crm.web_form", read = PIPELINE_READ)]
pub struct WebForm {
    /// The id of the form; opaque to clients.
    pub id: WebFormId,
    /// The name that people know it by.
    pub name: String,
    /// What it asks for, in its order.
    pub fields: Vec<WebFormField>,
    #[graphql(skip)]
    pub(crate) source_id: Option<LeadSourceId>,
    #[graphql(skip)]
    pub(crate) campaign_id: Option<CampaignId>,
    #[graphql(skip)]
    pub(crate) product_ids: Vec<ProductId>,
    /// From how many points of spam on what comes is kept and given to nobody: 1 to 100.
    pub spam_limit: i32,
    /// Whether it takes anything.
    pub is_active: bool,
    #[graphql(skip)]
    pub(crate) nonce: i64,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a form.
pub async fn create(ctx: &Ctx, input: WebFormCreateInput) -> Result<WebForm> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut form = WebForm {
        spam_limit: SPAM_LIMIT,
        is_active: true,
        nonce: rand::random(),
        fields: vec![WebFormField::Name, WebFormField::Email, WebFormField::Message],
        ..WebForm::blank(tx.now())
    };
    fill_in(&mut tx, &mut form, input.into()).await?;
    tx.save(&mut form).await.on_constraint("web_form_name_key", NAME_TAKEN)?;
    tx.commit(form).await
}

/// Changes a form.
pub async fn update(ctx: &Ctx, id: WebFormId, input: WebFormUpdateInput) -> Result<WebForm> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut form: WebForm = tx.lock_at(id, input.version).await?;
    fill_in(&mut tx, &mut form, input).await?;
    tx.save(&mut form).await.on_constraint("web_form_name_key", NAME_TAKEN)?;
    tx.commit(form).await
}

/// Gives a form another address; the one before is good for nothing.
pub async fn renew(ctx: &Ctx, id: WebFormId) -> Result<WebForm> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut form: WebForm = tx.lock(id).await?;
    form.nonce = rand::random();
    tx.save(&mut form).await?;
    tx.commit(form).await
}

/// The forms that the filter lets through.
pub async fn list(ctx: &Ctx, filter: WebFormFilter, sort: WebFormSort, page: Page) -> Result<Slice<WebForm>> {
    let mut tx = ctx.read_list(&PIPELINE_READ).await?;
    let search = tx.search::<WebForm>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, WebForm, page, sort: WebFormSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const SPAM_LIMIT: i32 = 60;
const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another form in use has this name");
const UNREACHABLE: Refusal = Refusal::of(
    "fields",
    "FIELDS_INCOMPLETE",
    "ask for a mail address or a phone number, and for a name or a company",
);

impl WebForm {
    /// Whether it takes anything from an address with this nonce.
    pub(crate) fn is_open(&self, nonce: i64) -> bool {
        self.is_active && !self.is_archived() && self.nonce == nonce
    }

    /// Whether it asks for something.
    pub(crate) fn asks_for(&self, field: WebFormField) -> bool {
        self.fields.contains(&field)
    }

    fn named(&self, organization_id: OrganizationId) -> Named {
        Named { organization_id, id: self.id.0, nonce: self.nonce }
    }
}

async fn fill_in(tx: &mut Tx, web_form: &mut WebForm, input: WebFormUpdateInput) -> Result<()> {
    let before = web_form.clone();
    let mut form = Form::default();
    form.name("name", input.name, &mut web_form.name);
    form.each_once("fields", input.fields, 0..=7, &mut web_form.fields);
    let asks = |field| web_form.fields.contains(&field);
    let is_reachable = asks(WebFormField::Email) || asks(WebFormField::Phone);
    if !is_reachable || !(asks(WebFormField::Name) || asks(WebFormField::Company)) {
        form.refuse(UNREACHABLE);
    }
    form.optional(input.source_id, &mut web_form.source_id);
    form.optional(input.campaign_id, &mut web_form.campaign_id);
    form.each_once("productIds", input.product_ids, 0..=20, &mut web_form.product_ids);
    form.number("spamLimit", input.spam_limit, 1..=100, &mut web_form.spam_limit);
    form.set("isActive", input.is_active, &mut web_form.is_active);
    form.check()?;
    catalogue::check(tx, catalogue::Named::in_list(&web_form.product_ids, &before.product_ids)).await?;
    tx.check_reference::<LeadSource>("sourceId", before.source_id, web_form.source_id).await?;
    tx.check_reference::<Campaign>("campaignId", before.campaign_id, web_form.campaign_id).await
}

// GraphQL.

#[noun]
impl WebForm {
    /// The source that leads from it have; null for none.
    async fn source(&self, gql: &Context<'_>) -> Result<Option<LeadSource>> {
        gql.find(self.source_id).await
    }

    /// The campaign that leads from it have; null for none.
    async fn campaign(&self, gql: &Context<'_>) -> Result<Option<Campaign>> {
        gql.find(self.campaign_id).await
    }

    /// The products that leads from it are interested in.
    async fn products(&self) -> Vec<Option<Product>> {
        self.product_ids.iter().map(|id| Some(Product { id: *id })).collect()
    }

    /// The path that the form is sent to, to be put behind the address of this system. It takes `name`, `email`, `phone`,
    /// `company`, `jobTitle`, `country` and `message` as a form or as JSON, and answers the same whatever becomes of it.
    async fn public_path(&self, gql: &Context<'_>) -> Option<String> {
        let named = self.named(gql.app().organization_id()?);
        Some(format!("/public/crm/forms/{}", gql.data_unchecked::<Signer>().sign(Purpose::Form, named)))
    }
}

inputs! {
    /// The fields of a new form.
    WebFormCreateInput,
    /// The fields of a form to change; those that are absent stay as they are.
    WebFormUpdateInput {
        /// The name that people know it by: 1 to 100 characters, unique among those in use.
        required name: String,
        /// What it asks for, in its order; the name, the mail address and a message when absent from a new one.
        defaulted fields: Vec<WebFormField>,
        /// The id of the source that leads from it have; null for none.
        nullable source_id: LeadSourceId,
        /// The id of the campaign that leads from it have; null for none.
        nullable campaign_id: CampaignId,
        /// The ids of the products that leads from it are interested in, 20 at most.
        defaulted product_ids: Vec<ProductId>,
        /// From how many points of spam on what comes is kept and given to nobody: 1 to 100; 60 when absent from a new one.
        defaulted spam_limit: i32,
        /// Whether it takes anything; true when absent from a new one.
        defaulted is_active: bool,
    }
}

/// Which forms a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct WebFormFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of forms is ordered.
    WebFormSort {
        /// By the name of the web form.
        Name,
    }
}

queries! {
    WebForm;
    /// The web forms; those in use, by name, unless the arguments say otherwise.
    web_forms(WebFormFilter, WebFormSort) = list;
    /// One web form, archived or not; null when there is none of that id.
    web_form;
}

mutations! {
    WebForm as web_form;
    /// Creates a web form.
    web_form_create(input: WebFormCreateInput) = create for PIPELINE_MANAGE;
    /// Changes a web form.
    web_form_update(id: WebFormId, input: WebFormUpdateInput) = update for PIPELINE_MANAGE;
    /// Gives a web form another path; the one before is good for nothing.
    web_form_renew(id: WebFormId) = renew for PIPELINE_MANAGE;
    archive and restore for PIPELINE_MANAGE;
}

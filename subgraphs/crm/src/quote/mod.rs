//! Quotes: what is offered to a customer, version by version, until one is accepted.

mod model;
mod page;
mod prices;

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::Datelike as _;
use common::{Currency, Form, MembershipId, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record as _, Tx, page};
use graphql::{App as _, Date, Money, inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

pub(crate) use self::model::select_quote;
pub use self::model::{Quote, QuoteStatus};
pub(crate) use self::page::{Shown, html};
pub(crate) use self::prices::note_changed_prices;
use crate::catalogue;
use crate::deal::{self, Deal, DealLineInput, LINES_MAX, Line, line_filled_in, lines_of};
use crate::events::{QuoteAccepted, QuoteDeclined, QuoteSent};
use crate::ids::{DealId, QuoteId};
use crate::others::Product;
use crate::rights::{DEAL_MANAGE, DEAL_READ};
use crate::token::{Named, Purpose, Signer};

/// Creates a quote of a deal, as a draft: of its lines, unless others are given. What is still undecided of the deal's earlier
/// ones holds no more.
pub async fn create(ctx: &Ctx, input: QuoteCreateInput) -> Result<Quote> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    // Two who make the next version of one deal make two.
    let deal: Deal = tx.lock(input.deal_id).await.map_err(|error| match error {
        common::Error::NotFound(_) => DEAL_NOT_FOUND.into(),
        other => other,
    })?;
    if deal.is_archived() {
        return Err(DEAL_NOT_FOUND.into());
    }
    let mut before = of_deal(&mut tx, deal.id).await?;
    let revision = before.iter().map(|quote| quote.revision).max().unwrap_or_default() + 1;
    let mut quote = Quote { revision, currency: deal.currency.clone(), ..Quote::blank(tx.now(), deal.id) };
    quote.nonce = rand::random();
    let lines = lines_of(&mut tx, &[deal.id]).await?.into_iter().map(Line::from);
    quote.lines.0 = lines.collect();
    let there = quote.lines.0.clone();
    quote.fill_in(input.into())?;
    check_products(&mut tx, &quote, &there).await?;
    let year = tx.now().year();
    quote.number = tx.next_number(&model::NUMBERS, year).await?;
    for other in before.iter_mut().filter(|other| other.is_undecided()) {
        other.status = QuoteStatus::Superseded;
    }
    tx.save_all(&mut before).await?;
    save(&mut tx, &mut quote).await?;
    tx.commit(quote).await
}

/// Changes a draft.
pub async fn update(ctx: &Ctx, id: QuoteId, input: QuoteUpdateInput) -> Result<Quote> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut quote: Quote = tx.lock_at(id, input.version).await?;
    quote.check_draft()?;
    let there = quote.lines.0.clone();
    quote.fill_in(input)?;
    check_products(&mut tx, &quote, &there).await?;
    save(&mut tx, &mut quote).await?;
    tx.commit(quote).await
}

/// Sends a draft: from now on its address shows it.
pub async fn send(ctx: &Ctx, id: QuoteId) -> Result<Quote> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut quote: Quote = tx.lock(id).await?;
    let today = today(&mut tx).await?;
    quote.send(tx.now(), today)?;
    save(&mut tx, &mut quote).await?;
    tx.emit(&QuoteSent { quote_id: quote.id, deal_id: quote.deal_id, revision: quote.revision }).await?;
    tx.commit(quote).await
}

/// Notes that the customer has accepted, or declined, by another way than the page.
pub async fn accept(ctx: &Ctx, id: QuoteId, input: QuoteAcceptInput) -> Result<Quote> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let quote =
        decide(&mut tx, id, Decision { is_accepted: true, name: input.name, reason: None, address: None })
            .await?;
    tx.commit(quote).await
}

/// As [`accept`], for a no.
pub async fn decline(ctx: &Ctx, id: QuoteId, input: QuoteDeclineInput) -> Result<Quote> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let decision = Decision { is_accepted: false, name: input.name, reason: input.reason, address: None };
    let quote = decide(&mut tx, id, decision).await?;
    tx.commit(quote).await
}

/// What a customer has decided.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) is_accepted: bool,
    pub(crate) name: String,
    pub(crate) reason: Option<String>,
    pub(crate) address: Option<String>,
}

/// Writes down what a customer has decided: once, under the deal's lock, so that of a deal's quotes one at most is accepted. An
/// earlier one that was accepted holds no more.
pub(crate) async fn decide(tx: &mut Tx, id: QuoteId, decision: Decision) -> Result<Quote> {
    let (mut form, mut name, mut reason) = (Form::default(), String::new(), None);
    form.name("name", common::given(decision.name), &mut name);
    form.optional_text("reason", common::given(decision.reason), 1_000, &mut reason);
    form.check()?;
    let quote: Quote = tx.find(id).await?;
    let mut deal: Deal = tx.lock(quote.deal_id).await?;
    let mut quote: Quote = tx.lock(id).await?;
    let today = today(tx).await?;
    if decision.is_accepted && !deal.is_going_on() {
        return Err(DEAL_CLOSED.into());
    }
    quote.decide(decision.is_accepted, (name, decision.address), tx.now(), today)?;
    quote.decline_reason = reason.filter(|_| !decision.is_accepted);
    if decision.is_accepted {
        let mut others = of_deal(tx, deal.id).await?;
        for other in others.iter_mut().filter(|other| other.id != id && other.status == QuoteStatus::Accepted)
        {
            other.status = QuoteStatus::Superseded;
        }
        tx.save_all(&mut others).await?;
        // What was agreed on is what the deal is about.
        deal::agree(tx, &mut deal, quote.lines.0.clone()).await?;
    }
    save(tx, &mut quote).await?;
    let (quote_id, deal_id, number) = (quote.id, deal.id, quote.number.clone());
    let owner_membership_id: Option<MembershipId> = deal.owner_membership_id;
    match decision.is_accepted {
        true => tx.emit(&QuoteAccepted { quote_id, deal_id, number, owner_membership_id }).await?,
        false => tx.emit(&QuoteDeclined { quote_id, deal_id, number, owner_membership_id }).await?,
    }
    Ok(quote)
}

/// Ends what nobody has decided on in time.
pub(crate) async fn expire(tx: &mut Tx) -> Result<()> {
    let today = today(tx).await?;
    let mut over = select_quote!(
        "where status in ('SENT', 'VIEWED') and valid_until < $1 order by id limit 1000 for update skip locked",
        today,
    )
    .fetch_all(tx.conn())
    .await?;
    for quote in &mut over {
        quote.status = QuoteStatus::Expired;
    }
    tx.save_all(&mut over).await.map(|_| ())
}

/// The quotes that the filter lets through.
pub async fn list(ctx: &Ctx, filter: QuoteFilter, sort: QuoteSort, page: Page) -> Result<Slice<Quote>> {
    let mut tx = ctx.read_list(&DEAL_READ).await?;
    Ok(page!(
        tx, Quote, page, sort: QuoteSort { CreatedAt => "created_at" },
        "($3::text is null or status = $3) and ($4::uuid is null or deal_id = $4)",
        [filter.status as Option<QuoteStatus>, filter.deal_id as Option<DealId>],
    ))
}

const DEAL_NOT_FOUND: Refusal = Refusal::of("dealId", "DEAL_NOT_FOUND", "there is no such deal in use");
const DEAL_CLOSED: Refusal =
    Refusal::whole("DEAL_CLOSED", "this offer holds no more: what it was for is closed");
const FROZEN: Refusal =
    Refusal::whole("QUOTE_FROZEN", "what was decided on stays as it was; make another version of it");
const TOO_LARGE: Refusal = Refusal::of("lines", "AMOUNT_TOO_LARGE", "this comes to more than can be kept");

/// Whether a customer may still decide on a quote: neither it nor its deal is closed.
pub(crate) async fn is_offered(tx: &mut Tx, quote: &Quote) -> Result<bool> {
    let deal: Deal = tx.find(quote.deal_id).await?;
    Ok(quote.is_open() && deal.is_going_on())
}

/// The day that it is for the organization.
async fn today(tx: &mut Tx) -> Result<chrono::NaiveDate> {
    Ok(sqlx::query_scalar!(
        r#"select ($1::timestamptz at time zone people.time_zone(core.organization_id()))::date as "today!""#,
        tx.now()
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn of_deal(tx: &mut Tx, id: DealId) -> Result<Vec<Quote>> {
    Ok(select_quote!("where deal_id = $1 order by id for update", id as DealId).fetch_all(tx.conn()).await?)
}

/// Whether what a quote begins to name is in use.
async fn check_products(tx: &mut Tx, quote: &Quote, before: &[Line]) -> Result<()> {
    let named =
        catalogue::Named::in_lines(quote.lines.iter().map(Line::named), before.iter().map(Line::named));
    catalogue::check(tx, named).await
}

async fn save(tx: &mut Tx, quote: &mut Quote) -> Result<()> {
    tx.save(quote).await.on_constraint("quote_frozen_check", FROZEN)
}

impl Quote {
    fn fill_in(&mut self, input: QuoteUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.optional(input.valid_until, &mut self.valid_until);
        form.optional_text("recipient", input.recipient, 500, &mut self.recipient);
        form.optional_text("terms", input.terms, 10_000, &mut self.terms);
        let (currency, are_written) = (self.currency.clone(), input.lines.is_value());
        form.each("lines", input.lines, 0..=LINES_MAX, &mut self.lines.0, |form, line| {
            line_filled_in(form, line, &currency)
        });
        self.total = self.lines.iter().map(|line| line.amount).sum();
        if self.total > Decimal::from(Currency::AMOUNT_MAX) {
            form.refuse(TOO_LARGE);
        }
        form.check()?;
        // Whoever writes the lines has seen what things cost by now.
        self.prices_changed_at = self.prices_changed_at.filter(|_| !are_written);
        Ok(())
    }

    /// What its address names.
    fn named(&self, organization_id: common::OrganizationId) -> Named {
        Named { organization_id, id: self.id.0, nonce: self.nonce }
    }
}

// GraphQL.

/// What is offered, line by line.
#[derive(Clone, Debug, SimpleObject)]
pub struct QuoteLine {
    /// The product; null for what is in no catalogue.
    pub product: Option<Product>,
    /// What it is, in the words that the customer reads.
    pub description: String,
    /// How much of it.
    pub quantity: Decimal,
    /// What one of it costs.
    pub unit_price: Money,
    /// How much comes off, in per cent.
    pub discount_percent: Decimal,
    /// What all of it comes to after what comes off.
    pub amount: Money,
}

#[noun]
impl Quote {
    /// The deal that it is of.
    async fn deal(&self, gql: &Context<'_>) -> Result<Option<Deal>> {
        gql.find(self.deal_id).await
    }

    /// What is offered, in its order; 200 at most.
    async fn lines(&self) -> Vec<QuoteLine> {
        let line = |line: &Line| QuoteLine {
            product: line.product_id.map(|id| Product { id }),
            description: line.description.clone(),
            quantity: line.quantity,
            unit_price: Money::new(line.unit_price, &self.currency),
            discount_percent: line.discount_percent,
            amount: Money::new(line.amount, &self.currency),
        };
        self.lines.iter().map(line).collect()
    }

    /// What it all comes to.
    async fn total(&self) -> Money {
        Money::new(self.total, &self.currency)
    }

    /// The path of the page that the customer reads, prints and decides on, to be put behind the address of this system; null
    /// while it was not sent. Whoever has it may decide: it goes to the customer and to nobody else.
    async fn public_path(&self, gql: &Context<'_>) -> Option<String> {
        if self.status == QuoteStatus::Draft || gql.app().scope(&DEAL_MANAGE).is_err() {
            return None;
        }
        let named = self.named(gql.app().organization_id()?);
        let token = gql.data_unchecked::<Signer>().sign(Purpose::Quote, named);
        Some(format!("/public/crm/quotes/{token}"))
    }
}

inputs! {
    /// The fields of a new quote.
    QuoteCreateInput,
    /// The fields of a quote to change; those that are absent stay as they are.
    QuoteUpdateInput {
        /// The id of the deal; it stays so.
        once deal_id: DealId,
        /// What is offered, in its order, 200 lines at most, in place of what was; the deal's lines when absent from a new one.
        defaulted lines: Vec<DealLineInput>,
        /// The last day on which it can be accepted; null for whenever.
        nullable valid_until: Date,
        /// Whom it is for, in the words that they read: 1 to 500 characters.
        nullable recipient: String,
        /// On which terms: 1 to 10,000 characters.
        nullable terms: String,
    }
}

/// Who has accepted a quote.
#[derive(Clone, Debug, InputObject)]
pub struct QuoteAcceptInput {
    /// Their name: 1 to 100 characters.
    pub name: String,
}

/// Who has declined a quote, and why.
#[derive(Clone, Debug, InputObject)]
pub struct QuoteDeclineInput {
    /// Their name: 1 to 100 characters.
    pub name: String,
    /// Why: 1 to 1,000 characters.
    pub reason: Option<String>,
}

/// Which quotes a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct QuoteFilter {
    /// How far they have come.
    pub status: Option<QuoteStatus>,
    /// The id of the deal that they are of.
    pub deal_id: Option<DealId>,
}

sorts! {
    /// How a list of quotes is ordered.
    QuoteSort {
        /// By when the record was made, the latest first.
        desc CreatedAt,
    }
}

queries! {
    Quote;
    /// The quotes, the latest first.
    quotes(QuoteFilter, QuoteSort) = list;
    /// One quote; null when there is none of that id.
    quote;
}

mutations! {
    Quote as quote;
    /// Creates a quote of a deal, as a draft; it takes the place of those that nobody has decided on.
    quote_create(input: QuoteCreateInput) = create for DEAL_MANAGE;
    /// Changes a draft of a quote.
    quote_update(id: QuoteId, input: QuoteUpdateInput) = update for DEAL_MANAGE if |quote| quote.status == QuoteStatus::Draft;
    /// Sends a draft of a quote: from now on its page shows it.
    quote_send(id: QuoteId) = send for DEAL_MANAGE if |quote| quote.status == QuoteStatus::Draft;
    /// Notes that a customer has accepted a quote by another way than its page.
    quote_accept(
        /// The id of the quote.
        id: QuoteId,
        /// Who has.
        input: QuoteAcceptInput
    ) = accept for DEAL_MANAGE if |quote| quote.is_open();
    /// Notes that a customer has declined a quote by another way than its page.
    quote_decline(
        /// The id of the quote.
        id: QuoteId,
        /// Who has, and why.
        input: QuoteDeclineInput
    ) = decline for DEAL_MANAGE if |quote| quote.is_open();
}

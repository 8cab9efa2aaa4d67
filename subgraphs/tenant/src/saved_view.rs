//! Saved views: ways to look at a list that somebody keeps, for themselves or for everybody.

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{
    Form, Grants, MembershipId, Page, Permission, Refusal, Result, Role, STAFF, Scope, Slice, given,
};
use custom::{Membership, noun_name};
use database::{Ctx, Record, Tx, page};
use graphql::{Actor as _, App as _, inputs, mutations, noun, queries, sorts};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;

use crate::ids::SavedViewId;

/// A way to look at a list that somebody keeps: its filter, its order, its columns.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("saved view", table = "tenant.saved_view", read = READ, restore = check_room)]
pub struct SavedView {
    /// The id of the saved view; opaque to clients.
    pub id: SavedViewId,
    /// The type in this graph whose list it is a view of, such as Employee.
    #[record(once)]
    pub noun: String,
    /// The name that people know it by.
    pub name: String,
    /// What it consists of, as the program that saved it wrote it down: a JSON object.
    pub settings: ViewSettings,
    /// Whether everybody in the organization sees it; else its owner alone does.
    pub is_shared: bool,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) owner_id: MembershipId,
}

/// What a view consists of, as the program that saved it wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct ViewSettings(Json<Value>);

async_graphql::scalar!(ViewSettings, "JSONObject", "A JSON object.");

/// Everybody who works here, on their own; administrators on what is shared as well.
const SAVERS: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Manager, Scope::Own),
    (Role::Hr, Scope::Own),
    (Role::Accountant, Scope::Own),
    (Role::Sales, Scope::Own),
    (Role::Recruiter, Scope::Own),
    (Role::Member, Scope::Own),
];

pub(crate) const READ: Permission =
    Permission::new("tenant.view.read", "See one's own saved views, and those that are shared.", STAFF);
pub(crate) const SAVE: Permission = Permission::new(
    "tenant.view.save",
    "Save views and share them; change one's own, and with all of them, what others share.",
    SAVERS,
);

/// The most views of one list that somebody keeps and that are in use.
const VIEWS_MAX: i64 = 100;

// Use-cases.

/// Saves a view.
pub async fn create(ctx: &Ctx, input: SavedViewCreateInput) -> Result<SavedView> {
    let mut tx = ctx.begin(&SAVE).await?;
    let mut view = SavedView::blank(tx.now(), ctx.member()?.membership_id);
    let mut form = Form::default();
    form.checked("noun", given(input.noun.clone()), noun_name, &mut view.noun);
    fill_in(form, &mut view, input.into())?;
    check_room(&mut tx, &view).await?;
    tx.save(&mut view).await?;
    tx.commit(view).await
}

/// Changes a saved view.
pub async fn update(ctx: &Ctx, id: SavedViewId, input: SavedViewUpdateInput) -> Result<SavedView> {
    let mut tx = ctx.begin(&SAVE).await?;
    let mut view: SavedView = tx.lock_at(id, input.version).await?;
    fill_in(Form::default(), &mut view, input)?;
    tx.save(&mut view).await?;
    tx.commit(view).await
}

/// The saved views that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: SavedViewFilter,
    sort: SavedViewSort,
    page: Page,
) -> Result<Slice<SavedView>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<SavedView>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, SavedView, page, sort: SavedViewSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::text is null or noun = $4)
         and ($5::uuid[] is null or id = any($5)) and ($6::text[] is null or search_text like all($6))",
        [filter.is_archived, filter.noun.as_deref(), search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const TOO_MANY: Refusal =
    Refusal::whole("TOO_MANY_SAVED_VIEWS", "100 views of one list at most are kept; archive one first");
const SETTINGS_INVALID: Refusal = Refusal::of(
    "settings",
    "SETTINGS_INVALID",
    "give a JSON object of 16 KiB at most, without the character U+0000",
);
/// The most bytes of a view's settings, as JSON.
const SETTINGS_BYTES_MAX: usize = 16 * 1024;

/// Whether its owner has room for one more of its list.
async fn check_room(tx: &mut Tx, view: &SavedView) -> Result<()> {
    if count_of(tx, view).await? < VIEWS_MAX { Ok(()) } else { Err(TOO_MANY.into()) }
}

fn fill_in(mut form: Form, view: &mut SavedView, input: SavedViewUpdateInput) -> Result<()> {
    form.name("name", input.name, &mut view.name);
    form.checked("settings", input.settings, checked, &mut view.settings);
    form.set("isShared", input.is_shared, &mut view.is_shared);
    form.check()
}

fn checked(given: ViewSettings) -> Result<ViewSettings, Refusal> {
    let text = given.0.to_string();
    let fits = given.0.is_object() && text.len() <= SETTINGS_BYTES_MAX && !text.contains("\\u0000");
    if fits { Ok(given) } else { Err(SETTINGS_INVALID) }
}

// SQL.

async fn count_of(tx: &mut Tx, view: &SavedView) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from tenant.saved_view
           where owner_id = $1 and noun = $2 and archived_at is null"#,
        view.owner_id as MembershipId,
        view.noun
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

// GraphQL.

#[noun(no_mutations)]
impl SavedView {
    /// The member who saved it; null when they are gone.
    async fn owner(&self, gql: &Context<'_>) -> Result<Option<Membership>> {
        Membership::find(gql, self.owner_id).await
    }

    /// The names of the mutations that the caller may use on it now, by their rights and by its state.
    #[graphql(directive = graphql::cost::apply(1))]
    async fn viewer_permissions(&self, gql: &Context<'_>) -> Result<Vec<&'static str>> {
        let ctx = gql.app();
        let is_own = ctx.member()?.membership_id == self.owner_id;
        let may_all = ctx.scope(&SAVE).is_ok_and(|scope| scope == Scope::All);
        let offered = graphql::viewer_permissions(gql, self).await?;
        Ok(if is_own || (self.is_shared && may_all) { offered } else { Vec::new() })
    }
}

inputs! {
    /// The fields of a new saved view.
    SavedViewCreateInput,
    /// The fields of a saved view to change; those that are absent stay as they are.
    SavedViewUpdateInput {
        /// The type in this graph whose list it is a view of, such as Employee; never changed.
        once noun: String,
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// What it consists of, 16 KiB of JSON at most; only the program that saves it needs to understand it.
        required settings: ViewSettings,
        /// Whether everybody in the organization sees it; its owner alone when absent.
        defaulted is_shared: bool,
    }
}

/// Which saved views a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct SavedViewFilter {
    /// The type in this graph whose lists they are views of, such as Employee.
    pub noun: Option<String>,
    /// Part of the name: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of saved views is ordered.
    SavedViewSort {
        /// By the name of the saved view.
        Name,
    }
}

queries! {
    SavedView;
    /// The caller's own saved views and those that are shared; those in use, by name, unless the arguments say otherwise.
    saved_views(SavedViewFilter, SavedViewSort) = list;
    /// One saved view, archived or not; null when there is none of that id that the caller may see.
    saved_view;
}

mutations! {
    SavedView as saved_view;
    /// Saves a way to look at a list.
    saved_view_create(input: SavedViewCreateInput) = create for SAVE;
    /// Changes a saved view.
    saved_view_update(id: SavedViewId, input: SavedViewUpdateInput) = update for SAVE;
    archive and restore for SAVE;
}

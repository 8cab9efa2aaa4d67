//! What happens to a request, in order: authenticate → rate → view → document → limits → plan → execute → answer.
//!
//! [`admit`] takes a request as far as an operation that may run; [`answer`] runs it. Subscriptions, whichever
//! way they come, are admitted by the same function. All control flow of a request is in this file.

use std::sync::Arc;
use std::time::Instant;

use common::{Caller, Error, OrganizationId, RequestContext};
use http::StatusCode;
use serde_json::{Map, Value, json};
use tracing::Instrument as _;

use crate::access::Demand;
use crate::config::{Profile, Unauthorized};
use crate::error::{GraphqlError, code};
use crate::limits;
use crate::persisted_documents::{NOT_FOUND as PERSISTED_NOT_FOUND, Text};
use crate::refusal::{Outcome, Refused};
use crate::request::{Allowed, Client, GraphqlRequest};
use crate::shared_state::Core;
use crate::supergraph::{Asking, Operation, OperationKind, Response, Supergraph};
use crate::telemetry::{note, note_access, part};
use crate::tenancy::Host;
use crate::view::NoView;

/// How a request ended.
#[derive(Debug)]
pub struct Answer {
    /// What HTTP is to say about it.
    pub outcome: Outcome,
    /// The GraphQL answer.
    pub response: Response,
    /// For `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
}

/// A request that may run.
pub(crate) struct Admitted {
    pub context: Arc<RequestContext>,
    pub operation: Arc<Operation>,
    pub variables: Map<String, Value>,
}

/// Answers a query or a mutation within the time that a client's request may take.
pub(crate) async fn answer(
    core: &Arc<Core>,
    client: Client,
    request: GraphqlRequest,
    allowed: Allowed,
) -> Answer {
    let run = async {
        let shows_plan = core.config.profile == Profile::Development && asks_for_plan(&request);
        let Admitted { context, operation, variables } = admit(core, client, request, allowed).await?;
        let mut response = operation.execute(context, variables).await;
        tidy_errors(core, &mut response);
        if shows_plan {
            let plan = json!({ "text": operation.plan(), "tree": operation.plan_json() });
            response.extensions.insert("queryPlan".to_owned(), plan);
        }
        Ok::<_, Refused>(Answer { outcome: response.outcome(), response, retry_after_s: None })
    };
    limits::in_time(&core.guard, &core.config, run)
        .await
        .and_then(|answer| answer)
        .unwrap_or_else(Refused::into)
}

/// Leaves out errors that are too many, and tells developers whose the others are.
pub(crate) fn tidy_errors(core: &Core, response: &mut Response) {
    limits::cap_errors(&core.guard, &core.config.limits, response);
    if core.config.profile == Profile::Development {
        response.errors.iter_mut().for_each(GraphqlError::name_subgraph);
    }
}

/// Whether a request says `extensions: { queryPlan: true }`.
fn asks_for_plan(request: &GraphqlRequest) -> bool {
    let extension = request.extensions.as_ref().and_then(|extensions| extensions.get("queryPlan"));
    extension == Some(&Value::Bool(true))
}

/// Takes a request as far as an operation that may run.
pub(crate) async fn admit(
    core: &Arc<Core>,
    client: Client,
    request: GraphqlRequest,
    allowed: Allowed,
) -> Result<Admitted, Refused> {
    let request_id = client.request_id.clone();
    admit_unnoted(core, client, request, allowed).await.inspect_err(|refused| refused.log(&request_id))
}

async fn admit_unnoted(
    core: &Arc<Core>,
    mut client: Client,
    mut request: GraphqlRequest,
    allowed: Allowed,
) -> Result<Admitted, Refused> {
    note_access(|access| access.operation_name(request.operation_name.as_deref()));
    let caller = authenticate(core, &mut client, &request).await?;
    note_access(|access| access.caller(&caller));
    core.rates.take(&caller, client.address).await?;
    let host_organization = host_organization(core, client.subdomain.as_deref()).await?;
    if let (Some(host), Some(member)) = (host_organization, caller.member())
        && member.organization_id != host
    {
        let refused = Error::HostRefused;
        return Err(Refused::http(StatusCode::MISDIRECTED_REQUEST, refused.code(), refused.to_string()));
    }
    if core.recent_writes.has(&caller) {
        core.tenancy.forget(&caller).await;
    }
    let view = view(core, &caller).instrument(part!("view")).await?;
    let mut found = core.persisted.find(&mut request)?;
    let variables = request.variables.unwrap_or_default();
    limits::measure_variables(&core.guard, &core.config.limits, &variables)?;
    note_access(|access| access.document(&found.text));
    let asker = Asker { caller: &caller, variables: &variables, request_id: &client.request_id };
    let operation = prepare(core, view, &mut found.text, request.operation_name, asker).await?;
    core.persisted.keep(found);
    if core.config.unauthorized == Unauthorized::Reject && operation.is_refused_something() {
        let error = GraphqlError::unauthorized();
        return Err(Refused::http(StatusCode::FORBIDDEN, code::UNAUTHORIZED, error.message));
    }
    note(|facts| facts.kind = kind_name(operation.kind()));
    note_access(|access| access.operation_name(operation.name()));
    let shows_schema = core.config.profile == Profile::Development || caller != Caller::Anonymous;
    if operation.introspects() && !shows_schema {
        let message = match core.tenancy.knows_callers() {
            true => "log in to read the schema",
            // No token changes anything.
            false => "this server does not show its schema",
        };
        return Err(GraphqlError::new("INTROSPECTION_DISABLED", message).into());
    }
    refuse_kind(operation.kind(), allowed)?;
    let has_just_written = core.recent_writes.note(&caller, operation.kind());
    let context = RequestContext {
        caller,
        token: client.token,
        request_id: client.request_id,
        client_address: client.address,
        host_organization,
        user_agent: client.user_agent,
        traceparent: client.traceparent,
        client_headers: client.headers,
        has_just_written,
    };
    Ok(Admitted { context: Arc::new(context), operation, variables })
}

/// Who asks. A token that does not count is as none to an operation that needs none, and is not passed on: whoever has
/// nothing else could not even log in.
///
/// # Errors
/// As [`crate::Tenancy::authenticate`].
pub(crate) async fn authenticate(
    core: &Core,
    client: &mut Client,
    request: &GraphqlRequest,
) -> Result<Caller, Error> {
    match core.authenticate(client.token.as_deref()).await {
        Err(Error::Unauthenticated | Error::TenantSuspended)
            if client.token.is_some() && needs_no_token(core, request) =>
        {
            client.token = None;
            core.authenticate(None).await
        }
        answer => answer,
    }
}

/// Whether a request is for an operation that everybody may ask for, token or not, as far as its document says. One that
/// is named by a hash that nobody knows yet is asked for first: what it is will be looked at when it comes.
fn needs_no_token(core: &Core, request: &GraphqlRequest) -> bool {
    let Some(snapshot) = core.registry.current() else { return false };
    let fields = snapshot.full.root_fields();
    if !fields.some_need_no_token() {
        return false;
    }
    match core.persisted.find(&mut request.document_only()) {
        Ok(found) => limits::parse_within(&core.config.limits, &found.text)
            .is_some_and(|document| fields.need_no_token(&document, request.operation_name.as_deref())),
        Err(refused) => refused.errors.iter().any(|error| error.code == PERSISTED_NOT_FOUND),
    }
}

/// The tenant whose host name a request was sent to. Whose token is another one's is refused there; whoever has none is a
/// guest of the tenant, or of nobody. What is nobody's answers as what is somebody else's: nobody is to learn who else is
/// here.
pub(crate) async fn host_organization(
    core: &Core,
    subdomain: Option<&str>,
) -> Result<Option<OrganizationId>, Error> {
    let Some(subdomain) = subdomain else { return Ok(None) };
    Ok(match core.tenancy.host(subdomain).await? {
        Some(Host::Everybodys) => None,
        Some(Host::Tenant(id)) => Some(id),
        None => Some(RequestContext::NOBODYS_HOST),
    })
}

/// The view for what the caller's organization has enabled.
async fn view(core: &Core, caller: &Caller) -> Result<Arc<Supergraph>, Refused> {
    let snapshot = core.registry.current().ok_or(Error::Unavailable)?;
    let view = if core.tenancy.shows_everything() {
        snapshot.full.clone()
    } else {
        let modules = core.tenancy.modules(caller).await?;
        core.views.get(&snapshot, &modules).await.map_err(|none| no_view(none, caller))?
    };
    note_access(|access| access.view(snapshot.generation, view.subgraph_names()));
    Ok(view)
}

/// A caller for whom there is nothing was refused for good, unlike one whose view cannot be made.
fn no_view(none: NoView, caller: &Caller) -> Refused {
    match none {
        NoView::Broken => Error::Unavailable.into(),
        NoView::Empty if *caller == Caller::Anonymous => Error::Unauthenticated.into(),
        NoView::Empty => {
            let message = "no module of this API is enabled for you";
            Refused::http(StatusCode::FORBIDDEN, Error::ModuleDisabled.code(), message)
        }
    }
}

/// What an operation depends on besides its document.
struct Asker<'a> {
    caller: &'a Caller,
    variables: &'a Map<String, Value>,
    request_id: &'a Arc<str>,
}

/// Measures and plans, on a thread where that may take long. What was planned before, and so was found small
/// enough, is only looked up.
async fn prepare(
    core: &Arc<Core>,
    view: Arc<Supergraph>,
    document: &mut Text,
    operation_name: Option<String>,
    asker: Asker<'_>,
) -> Result<Arc<Operation>, Refused> {
    let Asker { caller, variables, request_id } = asker;
    let asking = Asking { variables, is_met: &|demand| demand.is_met_by(caller), request_id };
    let known = view.prepared_for(document, operation_name.as_deref(), asking);
    core.metrics.operations.looked_up(known.is_some());
    if let Some(operation) = known {
        let limits = &core.config.limits;
        limits::measure_variables_cost(&core.guard, limits, &view, (&**document, &operation), variables)?;
        return Ok(operation);
    }
    let started_at = Instant::now();
    let metrics = core.metrics.clone();
    let (core, document) = (core.clone(), document.share());
    let (caller, variables, request_id) = (caller.clone(), variables.clone(), request_id.clone());
    let plan = move || {
        limits::measure(&core.guard, &core.config.limits, &view, &document)?;
        let planning_max = limits::planning_max(&core.guard, &core.config);
        let is_met = |demand: &Demand| demand.is_met_by(&caller);
        let asking = Asking { variables: &variables, is_met: &is_met, request_id: &request_id };
        let planned = view.prepare_within(&document, operation_name.as_deref(), asking, planning_max);
        limits::measure_planning(&core.guard, &core.config, &planned);
        let operation = planned?;
        let limits = &core.config.limits;
        limits::measure_variables_cost(&core.guard, limits, &view, (&document, &operation), &variables)?;
        Ok(operation)
    };
    let planned = tokio::task::spawn_blocking(plan).instrument(part!("plan")).await;
    let took = started_at.elapsed();
    metrics.operations.planning.observe(took.as_secs_f64());
    note(|facts| facts.planning = took);
    planned.map_err(Error::internal)?
}

fn refuse_kind(kind: OperationKind, allowed: Allowed) -> Result<(), Refused> {
    let refused = |status, code, message| {
        Err(Refused {
            outcome: Outcome::Status(status),
            errors: vec![GraphqlError::new(code, message)],
            retry_after_s: None,
            cause: None,
        })
    };
    match (kind, allowed) {
        (OperationKind::Query, _) | (_, Allowed::Everything) => Ok(()),
        (OperationKind::Mutation, Allowed::QueriesAndMutations) => Ok(()),
        (OperationKind::Mutation, Allowed::Queries) => {
            refused(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "send mutations with POST")
        }
        (OperationKind::Subscription, _) => refused(
            StatusCode::BAD_REQUEST,
            "SUBSCRIPTION_NEEDS_STREAM",
            "subscribe over a WebSocket (graphql-transport-ws), or accept text/event-stream or \
             multipart/mixed;subscriptionSpec=1.0",
        ),
    }
}

/// The kind as metrics and the access log name it.
pub(crate) fn kind_name(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "query",
        OperationKind::Mutation => "mutation",
        OperationKind::Subscription => "subscription",
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        Self {
            outcome: refused.outcome,
            response: Response::refused(refused.errors),
            retry_after_s: refused.retry_after_s,
        }
    }
}

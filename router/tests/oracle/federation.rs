//! A federation of doubles, its router, and the question whether the router is right.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::Schema;
use apollo_compiler::validation::Valid;
use common::RequestContext;
use futures::StreamExt;
use router::{GraphqlError, Operation, PathSegment, Response, Supergraph};
use serde_json::Value;

use crate::coerce;
use crate::compare;
use crate::double::{Double, Notes, serve};
use crate::executor::{self, Answer, Call, Failure, Segment, World};
use crate::generate::Query;
use crate::normal;
use crate::sdl::Sdl;
use crate::universe::{Made, Object, Universe, Weather};

/// A router over doubles.
pub struct Federation {
    pub name: String,
    pub api: Valid<Schema>,
    pub universe: Arc<Universe>,
    pub supergraph: Supergraph,
    /// Whether there may be operations that cannot be planned.
    pub has_gaps: bool,
    notes: Arc<Notes>,
}

/// What became of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The answers are the same. Whether there were errors among them.
    Agreed { with_errors: bool },
    /// The router did not run the operation: there was no time to plan it, or it was too large.
    Refused,
    /// The planner knew no way, as it may.
    Unplanned,
    /// They are not; what differs.
    Disagreed(String),
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreed { .. } => write!(f, "at second sight, the answers are the same"),
            Self::Refused => write!(f, "at second sight, the operation is refused"),
            Self::Unplanned => write!(f, "at second sight, the operation cannot be planned"),
            Self::Disagreed(what) => write!(f, "{what}"),
        }
    }
}

/// Where subgraphs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    InProcess,
    OverHttp,
}

impl Federation {
    /// Subgraphs, given as name and SDL, which are composed, unless the supergraph is given as well.
    pub async fn new(
        name: &str,
        subgraphs: &[(String, String)],
        supergraph: Option<&str>,
        reached: Reached,
    ) -> Result<Self, String> {
        let sdls: Vec<Sdl> = subgraphs.iter().map(|(name, sdl)| Sdl::new(name, sdl)).collect();
        let notes = Arc::new(Notes::default());
        let api = |supergraph: &Supergraph| {
            Schema::parse_and_validate(supergraph.api_sdl(), "api.graphql")
                .map_err(|error| error.errors.to_string())
        };
        let composed = |subgraphs: &[router::Subgraph]| {
            let made = match supergraph {
                Some(text) => Supergraph::from_supergraph_sdl(text, subgraphs),
                None => Supergraph::compose(subgraphs),
            };
            made.map_err(|error| error.to_string())
        };
        // What the API shows is known only once it is composed, and the doubles must know it.
        let blind = sdls.iter().map(|sdl| serve::unreachable(&sdl.name, &sdl.text)).collect::<Vec<_>>();
        let api = api(&composed(&blind)?)?;
        let universe = Arc::new(Universe::new(sdls, &api));
        let doubles: Vec<Arc<Double>> = (0..subgraphs.len())
            .map(|position| Arc::new(Double::new(universe.clone(), position, notes.clone())))
            .collect();
        let subgraphs = match reached {
            Reached::InProcess => doubles.into_iter().map(serve::in_process).collect(),
            Reached::OverHttp => serve::over_http(&doubles).await,
        };
        Ok(Self {
            name: name.to_owned(),
            api,
            universe,
            supergraph: composed(&subgraphs)?,
            has_gaps: false,
            notes,
        })
    }

    /// Whether the router answers a query, as it stands and in its normal form, as a single server would.
    pub async fn check(&self, query: &Query, weather: Weather) -> Verdict {
        self.universe.set_weather(weather);
        let expected = (!introspects(query)).then(|| self.expected(query));
        let answered = match self.run(query).await {
            Ok(answered) => answered,
            Err(verdict) => return verdict,
        };
        let normal = normal::normalise(&self.api, query);
        let first = self.judge(&answered, expected.as_deref());
        let disagreed =
            |what: String, query: &Query| Verdict::Disagreed(format!("{what}\n{}", self.told(query)));
        if let Err(what) = first {
            return disagreed(what, query);
        }
        let again = match self.run(&normal).await {
            Ok(again) => again,
            Err(verdict) => return verdict,
        };
        if let Err(what) = self.judge(&again, expected.as_deref()) {
            return disagreed(format!("in normal form: {what}"), &normal);
        }
        for (one, other) in answered.iter().zip(&again) {
            let is_same = one.data == other.data && compare::visible(one) == compare::visible(other);
            if !is_same || answered.len() != again.len() {
                return disagreed("the normal form is answered in another way".to_owned(), &normal);
            }
        }
        Verdict::Agreed { with_errors: answered.iter().any(|answer| !answer.errors.is_empty()) }
    }

    /// What a single server would answer: once, or once for each event.
    fn expected(&self, query: &Query) -> Vec<(Answer, Vec<String>)> {
        let operation = executor::operation(&query.document, query.operation.as_deref());
        let is_stream = operation.operation_type == OperationType::Subscription;
        let events = if is_stream { 0..serve::EVENTS } else { 0..1 };
        let answer = |event| {
            let root = Object { id: event, ..executor::root(operation.operation_type) };
            let mut world = Whole { universe: &self.universe, mutations: Vec::new() };
            let answer =
                executor::execute(&self.api, &query.document, operation, &query.variables, &root, &mut world);
            (answer, world.mutations)
        };
        events.map(answer).collect()
    }

    /// The router's answers, unless it refused the operation as it may.
    async fn run(&self, query: &Query) -> Result<Vec<Answer>, Verdict> {
        self.notes.clear();
        let context = Arc::new(RequestContext::anonymous("oracle"));
        let responses = match self.prepare(query) {
            Err(errors) => vec![Response::refused(errors)],
            Ok(operation) if normal::kind(query) == OperationType::Subscription => {
                operation.subscribe(context, query.variables.clone()).collect().await
            }
            Ok(operation) => vec![operation.execute(context, query.variables.clone()).await],
        };
        let refused = responses.iter().filter(|response| response.data().is_none());
        for error in refused.flat_map(|response| &response.errors) {
            match &*error.code {
                "OPERATION_TOO_COMPLEX" | "PLANNING_TIMEOUT" => return Err(Verdict::Refused),
                "INTERNAL" if self.has_gaps => return Err(Verdict::Unplanned),
                _ => {}
            }
        }
        Ok(responses.into_iter().map(answer).collect())
    }

    fn prepare(&self, query: &Query) -> Result<Arc<Operation>, Vec<GraphqlError>> {
        self.supergraph.prepare_for(&query.text(), query.operation.as_deref(), &query.variables)
    }

    fn judge(&self, answers: &[Answer], expected: Option<&[(Answer, Vec<String>)]>) -> Result<(), String> {
        if let Some(wrong) = self.notes.wrongs.lock().unwrap().first() {
            return Err(wrong.clone());
        }
        let Some(expected) = expected else { return Ok(()) };
        if answers.len() != expected.len() {
            return Err(format!("{} answers instead of {}", answers.len(), expected.len()));
        }
        for (answer, (expected, mutations)) in answers.iter().zip(expected) {
            if let Some(what) = compare::disagreement(expected, answer) {
                return Err(format!("{what}\nexpected {expected:?}\nanswered {answer:?}"));
            }
            let run = self.notes.mutations.lock().unwrap();
            if *run != *mutations {
                return Err(format!("mutations ran as {run:?} instead of {mutations:?}"));
            }
        }
        Ok(())
    }

    /// How a query was run.
    pub fn told(&self, query: &Query) -> String {
        let plan = match self.prepare(query) {
            Ok(operation) => operation.plan(),
            Err(errors) => format!("{errors:?}"),
        };
        let requests = self.notes.requests.lock().unwrap().join("\n");
        format!("{}\n{:?}\n{plan}\n{requests}", query.text(), query.variables)
    }
}

/// Everything in one server.
struct Whole<'a> {
    universe: &'a Universe,
    mutations: Vec<String>,
}

impl World for Whole<'_> {
    fn type_of(&self, object: &Object) -> Name {
        object.ty.clone()
    }

    fn resolve(&mut self, call: Call<'_>) -> Made {
        if *call.on == executor::root(OperationType::Mutation).ty {
            let arguments = coerce::canonical(&Value::Object(call.arguments.clone()));
            self.mutations.push(format!("{}{arguments}", call.definition.name));
        }
        self.universe.value(call.object, &call.definition.name, &call.arguments)
    }
}

fn answer(response: Response) -> Answer {
    let data = response.data().map(|data| serde_json::from_slice(data).unwrap());
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Field(key) => Segment::Key(key.to_string()),
        PathSegment::Index(index) => Segment::Index(*index),
    };
    let failures = response.errors.iter().map(|error| Failure {
        path: error.path.iter().map(segment).collect(),
        code: if response.data().is_some() { error.code.to_string() } else { format!("{error:?}") },
    });
    Answer { data: data.unwrap_or_default(), errors: failures.collect() }
}

fn introspects(query: &Query) -> bool {
    let text = query.text();
    text.contains("__schema") || text.contains("__type(")
}

//! From a document's text to a valid document and the operation in it, and what to say of others.

use apollo_compiler::executable::{ExecutableDocument, Operation};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Node, Schema};

use crate::document;
use crate::error::{GraphqlError, Location, code};
use crate::input_objects::{self, Fault, OneOf};
use crate::plan::expanded_size;

/// The engine's own backstop; whoever serves it sets a tighter one before.
const SELECTIONS_MAX: usize = 10_000;
/// More errors than this about one document help nobody.
const ERRORS_MAX: usize = 100;

/// Parses a document and holds it against a schema.
pub(super) fn validate(
    schema: &Valid<Schema>,
    one_of: &OneOf,
    text: &str,
) -> Result<Valid<ExecutableDocument>, Vec<GraphqlError>> {
    let ast = document::parse(text)?;
    // Counted before validation, which expands fragments.
    if expanded_size(&ast) > SELECTIONS_MAX {
        return Err(one(code::TOO_COMPLEX, "this operation selects too much"));
    }
    let told = |faults: Vec<Fault>| -> Vec<GraphqlError> {
        let told = |fault: Fault| {
            let at = fault.offset.map(|offset| document::location(text, offset));
            let error = GraphqlError::new(code::VALIDATION_FAILED, fault.message);
            GraphqlError { locations: at.into_iter().collect(), ..error }
        };
        faults.into_iter().map(told).collect()
    };
    let repeated = input_objects::repeated(&ast);
    if !repeated.is_empty() {
        return Err(told(repeated));
    }
    let valid = ast.to_executable_validate(schema).map_err(|failed| invalid(&failed.errors))?;
    let faults = one_of.faults(schema, &valid);
    if faults.is_empty() { Ok(valid) } else { Err(told(faults)) }
}

/// The operation of a document that a request means.
pub(super) fn choose(
    document: &ExecutableDocument,
    name: Option<&str>,
) -> Result<Node<Operation>, Vec<GraphqlError>> {
    // An empty name is no name, as many clients send it.
    let name = name.filter(|name| !name.is_empty());
    let operations = &document.operations;
    if let Ok(operation) = operations.get(name) {
        return Ok(operation.clone());
    }
    if operations.is_empty() && name.is_none() {
        return Err(one(code::OPERATION_UNKNOWN, "The document contains no operation."));
    }
    Err(unknown(name))
}

/// No operation has this name, or several could be meant.
pub(super) fn unknown(name: Option<&str>) -> Vec<GraphqlError> {
    let message = match name {
        Some(name) => format!("Unknown operation named \"{name}\"."),
        None => "Must provide operation name if query contains multiple operations.".to_owned(),
    };
    one(code::OPERATION_UNKNOWN, message)
}

/// One error about the whole.
pub(super) fn one(code: &'static str, message: impl Into<String>) -> Vec<GraphqlError> {
    vec![GraphqlError::new(code, message)]
}

fn invalid(diagnostics: &DiagnosticList) -> Vec<GraphqlError> {
    let convert = |error: apollo_compiler::response::GraphQLError| {
        let locations = error.locations.iter();
        let locations = locations.map(|at| Location { line: at.line, column: at.column }).collect();
        GraphqlError {
            locations,
            ..GraphqlError::new(code::VALIDATION_FAILED, without_suggestion(error.message))
        }
    };
    // A field whose whole selection is unknown is reported as one without a selection, too: that is no news.
    let is_news = |name: Option<&str>| name != Some("MissingSubselection");
    let news = diagnostics.iter().filter(|one| is_news(one.error.unstable_error_name())).count();
    diagnostics
        .iter()
        .filter(|one| news == 0 || is_news(one.error.unstable_error_name()))
        .take(ERRORS_MAX)
        .map(|one| convert(one.unstable_to_json_compat()))
        .collect()
}

/// Suggestions would name what the client may not see.
fn without_suggestion(mut message: String) -> String {
    if let Some(start) = message.find(" Did you mean") {
        message.truncate(start);
    }
    message
}

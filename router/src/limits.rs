//! The limits as the pipeline applies them: to text, then to what it parses to.

use async_graphql::parser::parse_query;
use graphql::{LimitExceeded, Limits};

use crate::error::{GraphqlError, Location, code};

impl From<LimitExceeded> for GraphqlError {
    fn from(refused: LimitExceeded) -> Self {
        Self::new(refused.code, refused.message)
    }
}

/// Scans, parses and measures a document. Costs time linear in its length.
pub(crate) fn measure(limits: &Limits, document: &str) -> Result<(), Vec<GraphqlError>> {
    let refuse = |refused: LimitExceeded| vec![GraphqlError::from(refused)];
    limits.scan(document).map_err(refuse)?;
    let parsed = parse_query(document).map_err(|error| {
        let mut refused = GraphqlError::new(code::PARSE_FAILED, error.to_string().trim().to_owned());
        refused.locations =
            error.positions().map(|at| Location { line: at.line, column: at.column }).collect();
        vec![refused]
    })?;
    limits.check(&parsed).map_err(refuse)?;
    Ok(())
}

//! Root types: whatever a subgraph calls them, in the supergraph they have their usual names.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, OperationType};
use apollo_compiler::collections::HashMap;

use crate::compose::error::{Conflict, code};

/// Root types that have other names than the usual ones, with the name that they get.
pub(super) fn renamed(document: &Document) -> (HashMap<Name, Name>, Vec<Conflict>) {
    let (mut renames, mut problems) = (HashMap::default(), Vec::new());
    for definition in &document.definitions {
        let roots = match definition {
            Definition::SchemaDefinition(schema) => &schema.root_operations,
            Definition::SchemaExtension(schema) => &schema.root_operations,
            _ => continue,
        };
        for root in roots {
            let usual = root_name(root.0);
            if root.1 == usual {
                continue;
            }
            if document.definitions.iter().any(|other| other.name() == Some(&usual)) {
                let code = match root.0 {
                    OperationType::Query => code::ROOT_QUERY_USED,
                    OperationType::Mutation => code::ROOT_MUTATION_USED,
                    OperationType::Subscription => code::ROOT_SUBSCRIPTION_USED,
                };
                let message = format!("type \"{usual}\" is not the root type: \"{}\" is", root.1);
                problems.push(Conflict::new(code, message));
                continue;
            }
            renames.insert(root.1.clone(), usual);
        }
    }
    (renames, problems)
}

/// The operations whose types are roots.
pub(in crate::compose) const ROOTS: [OperationType; 3] =
    [OperationType::Query, OperationType::Mutation, OperationType::Subscription];

/// What a root type is called in every supergraph.
pub(in crate::compose) fn root_name(operation: OperationType) -> Name {
    match operation {
        OperationType::Query => apollo_compiler::name!("Query"),
        OperationType::Mutation => apollo_compiler::name!("Mutation"),
        OperationType::Subscription => apollo_compiler::name!("Subscription"),
    }
}

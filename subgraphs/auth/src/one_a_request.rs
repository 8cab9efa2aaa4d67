//! One password in a request: a request that tries twenty would be counted as one by whoever counts requests. The router
//! reads as much off the schema (`@tag(name: "once-a-request")`), which asks other modules in between.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest};
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Pos, Request, ServerResult};
use async_trait::async_trait;
use common::Error;

/// The mutations that hash or check a password.
const OF_PASSWORDS: [&str; 5] = ["signUp", "logIn", "invitationAccept", "passwordChange", "passwordReset"];

/// Refuses a request with more than one of these mutations, before any of them runs.
pub(crate) struct OneARequest;

impl ExtensionFactory for OneARequest {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for OneARequest {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let name = request.operation_name.clone();
        // What cannot be parsed is refused where it would be run.
        let count = request.parsed_query().map_or(0, |document| passwords(document, name.as_deref()));
        if count > 1 {
            let refused = Error::validation("one password in a request: send one such mutation at a time");
            return Err(async_graphql::Error::new_with_source(refused).into_server_error(Pos::default()));
        }
        next.run(ctx, request).await
    }
}

/// How many passwords an operation of this name would try; without a name, the one of all that would try the most.
fn passwords(document: &ExecutableDocument, name: Option<&str>) -> usize {
    let operations = document.operations.iter();
    let meant = operations.filter(|(own, _)| name.is_none() || own.map(Name::as_str) == name);
    let mutations = meant.filter(|(_, operation)| operation.node.ty == OperationType::Mutation);
    let mut known = HashMap::new();
    mutations.map(|(_, it)| count(document, &it.node.selection_set.node, &mut known)).max().unwrap_or(0)
}

/// Counts below a selection. Each fragment is looked at once: they may use each other often, and nobody has yet made sure
/// that none uses itself.
fn count<'d>(
    document: &'d ExecutableDocument,
    set: &'d SelectionSet,
    known: &mut HashMap<&'d Name, usize>,
) -> usize {
    let mut found: usize = 0;
    for selection in &set.items {
        found = found.saturating_add(match &selection.node {
            Selection::Field(field) => usize::from(OF_PASSWORDS.contains(&field.node.name.node.as_str())),
            Selection::InlineFragment(fragment) => count(document, &fragment.node.selection_set.node, known),
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                match (known.get(name), document.fragments.get(name)) {
                    (Some(counted), _) => *counted,
                    (None, None) => 0,
                    (None, Some(fragment)) => {
                        known.insert(name, 0);
                        let counted = count(document, &fragment.node.selection_set.node, known);
                        known.insert(name, counted);
                        counted
                    }
                }
            }
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use async_graphql::Positioned;
    use async_graphql::parser::types::{ConstDirective, TypeKind, TypeSystemDefinition};

    use super::*;

    #[test]
    fn the_router_is_told_the_same() {
        let sdl = (crate::subgraph().sdl)();
        let document = async_graphql::parser::parse_schema(sdl).unwrap();
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(ty) => Some(ty.node.kind),
            _ => None,
        });
        let fields = types.filter_map(|kind| match kind {
            TypeKind::Object(object) => Some(object.fields),
            _ => None,
        });
        let is_once = |directive: &Positioned<ConstDirective>| {
            directive.node.get_argument("name").is_some_and(|name| name.node == "once-a-request".into())
        };
        let tagged = fields.flatten().filter(|field| field.node.directives.iter().any(is_once));
        let mut names: Vec<String> = tagged.map(|field| field.node.name.node.to_string()).collect();
        names.sort_unstable();
        let mut expected = OF_PASSWORDS;
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    #[test]
    fn every_way_to_try_two_passwords_is_seen() {
        for (document, expected) in [
            ("mutation { logIn }", 1),
            ("mutation { logOut logIn { signUp } }", 1),
            ("mutation { a: logIn b: logIn }", 2),
            ("mutation { logIn signUp }", 2),
            ("mutation { logIn ... { ...F } } fragment F on Mutation { passwordReset }", 2),
            ("mutation { ...F ...F } fragment F on Mutation { passwordReset }", 2),
            ("mutation { ...F } fragment F on Mutation { ...F logIn }", 1),
            ("mutation { ...Missing }", 0),
            ("{ logIn signUp }", 0),
        ] {
            let document = async_graphql::parser::parse_query(document).unwrap();
            assert_eq!(passwords(&document, None), expected);
        }
        let nested: String =
            (0..40).map(|n| format!("fragment f{n} on M {{ ...f{m} ...f{m} }} ", m = n + 1)).collect();
        let nested = format!("{nested} fragment f40 on M {{ logIn }} mutation {{ ...f0 }}");
        assert!(passwords(&async_graphql::parser::parse_query(nested).unwrap(), None) > 1);
        let two = "mutation a { logIn } mutation b { logIn signUp }";
        let two = async_graphql::parser::parse_query(two).unwrap();
        assert_eq!((passwords(&two, Some("a")), passwords(&two, Some("b"))), (1, 2));
    }
}

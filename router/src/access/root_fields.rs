//! What subgraphs state of their root fields by `@tag`.
//!
//! `@tag(name: "needs-no-token")`: whoever logs in or goes on with a session may send along a token that counts no more;
//! many clients add the one that they have to every request. To an operation of such fields alone it is as none.
//!
//! `@tag(name: "once-a-request")`: of such fields a request has one. What each of them costs, or gives away, is counted by
//! requests.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, OperationType, Selection};
use apollo_compiler::collections::HashSet;
use apollo_compiler::executable::{ExecutableDocument, Operation};

use crate::error::{GraphqlError, code};

/// What is stated of root fields.
#[derive(Debug, Default)]
pub(crate) struct RootFields {
    needs_no_token: HashSet<(OperationType, Name)>,
    once_a_request: HashSet<(OperationType, Name)>,
}

impl RootFields {
    /// What a supergraph states whose directives have their usual names.
    pub fn read(supergraph: &Document) -> Self {
        let roots = supergraph.definitions.iter().find_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(&schema.root_operations),
            _ => None,
        });
        let mut found = Self::default();
        for definition in &supergraph.definitions {
            let Definition::ObjectTypeDefinition(ty) = definition else { continue };
            let root = roots.into_iter().flatten().find(|root| root.1 == ty.name);
            let Some(kind) = root.map(|root| root.0) else { continue };
            for field in &ty.fields {
                let tags = field.directives.get_all("tag");
                for tag in tags.filter_map(|tag| tag.specified_argument_by_name("name")?.as_str()) {
                    let fields = match tag {
                        "needs-no-token" => &mut found.needs_no_token,
                        "once-a-request" => &mut found.once_a_request,
                        _ => continue,
                    };
                    fields.insert((kind, field.name.clone()));
                }
            }
        }
        found
    }

    /// Refuses an operation with several fields of which a request has one.
    ///
    /// # Errors
    /// `GRAPHQL_VALIDATION_FAILED`, with the names of two.
    pub fn check_once(
        &self,
        document: &ExecutableDocument,
        operation: &Operation,
    ) -> Result<(), Vec<GraphqlError>> {
        if self.once_a_request.is_empty() {
            return Ok(());
        }
        let is_once = |name: &Name| self.once_a_request.contains(&(operation.operation_type, name.clone()));
        let mut fields = operation.root_fields(document).filter(|field| is_once(&field.name));
        let Some(first) = fields.next() else { return Ok(()) };
        // The same key twice is one field.
        let Some(other) = fields.find(|field| field.response_key() != first.response_key()) else {
            return Ok(());
        };
        let (first, other) = (&first.name, &other.name);
        let message = format!(
            "\"{first}\" and \"{other}\" must not stand in one request: send one such field at a time."
        );
        Err(vec![GraphqlError::new(code::VALIDATION_FAILED, message)])
    }

    /// Whether there are fields that need no token.
    pub fn some_need_no_token(&self) -> bool {
        !self.needs_no_token.is_empty()
    }

    /// Whether the operation that is meant asks for fields that need no token, and for nothing else. `__typename` beside them is told
    /// to everybody.
    pub fn need_no_token(&self, document: &Document, operation_name: Option<&str>) -> bool {
        let name = operation_name.filter(|name| !name.is_empty());
        let operations = document.definitions.iter().filter_map(Definition::as_operation_definition);
        let is_meant = |own: Option<&Name>| name.is_none_or(|name| own.is_some_and(|own| own == name));
        let mut meant = operations.filter(|operation| is_meant(operation.name.as_ref()));
        let (Some(operation), None) = (meant.next(), meant.next()) else { return false };
        let mut asked = Asked { document, fields: HashSet::default(), fragments: HashSet::default() };
        asked.read(&operation.selection_set);
        asked.fields.retain(|field| *field != "__typename");
        let kind = operation.operation_type;
        !asked.fields.is_empty()
            && asked.fields.into_iter().all(|field| self.needs_no_token.contains(&(kind, field.clone())))
    }
}

/// The fields at the root of an operation.
struct Asked<'a> {
    document: &'a Document,
    fields: HashSet<&'a Name>,
    /// Those that were looked at.
    fragments: HashSet<&'a Name>,
}

impl<'a> Asked<'a> {
    fn read(&mut self, selections: &'a [Selection]) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    self.fields.insert(&field.name);
                }
                Selection::InlineFragment(fragment) => self.read(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if !self.fragments.insert(&spread.fragment_name) {
                        continue;
                    }
                    let known = self.document.definitions.iter().find_map(|definition| match definition {
                        Definition::FragmentDefinition(known) if known.name == spread.fragment_name => {
                            Some(known)
                        }
                        _ => None,
                    });
                    if let Some(fragment) = known {
                        self.read(&fragment.selection_set);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs_none(document: &str, name: Option<&str>) -> bool {
        let schema = r#"schema { query: Query mutation: Changes }
            type Query { news: Int @tag(name: "needs-no-token") me: Int @tag(name: "other") logIn: Int }
            type Changes { logIn: Int @tag(name: "x") @tag(name: "needs-no-token") news: Int }"#;
        let fields = RootFields::read(&Document::parse(schema, "schema").unwrap());
        fields.need_no_token(&Document::parse(document, "document").unwrap(), name)
    }

    #[test]
    fn an_operation_needs_no_token_when_none_of_its_root_fields_does() {
        for (document, expected) in [
            ("{ news }", true),
            ("{ a: news { logIn } news }", true),
            ("{ __typename news }", true),
            ("mutation { logIn }", true),
            ("mutation { ... { ...F } } fragment F on Changes { logIn ...F }", true),
            ("{ __typename }", false),
            ("{ __schema { a } news }", false),
            ("{ news me }", false),
            ("{ logIn }", false),
            ("{ news: me }", false),
            ("mutation { news }", false),
            ("mutation { logIn ...F } fragment F on Changes { news }", false),
            ("mutation { logIn ... { news @skip(if: true) } }", false),
            ("{ ...Missing }", false),
            ("subscription { news }", false),
            ("query a { news } query b { news }", false),
        ] {
            assert_eq!(needs_none(document, None), expected, "{document}");
        }
        let two = "query a { news } query b { me }";
        assert!(needs_none(two, Some("a")) && !needs_none(two, Some("b")) && !needs_none(two, Some("c")));
        assert!(needs_none("query a { news }", Some("")));
    }
}

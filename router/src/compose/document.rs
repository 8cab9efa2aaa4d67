//! The supergraph as a document: the merged types under the definitions that specifications ask for.

use std::sync::LazyLock;

use apollo_compiler::ast::{
    Argument, Definition, Directive, DirectiveList, Document, EnumTypeDefinition, EnumValueDefinition,
    SchemaDefinition, Value,
};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::{Name, Node, name};

use super::Part;
use super::error::{Conflict, code};
use super::join::Graph;
use super::merge::Merged;
use super::subgraph::{ComposedDirective, ROOTS, root_name};

/// What every supergraph defines: <https://specs.apollo.dev/link/v1.0>, <https://specs.apollo.dev/join/v0.3>.
const HEADER: &str = "
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, \
resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable \
on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, \
external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
";

/// The specifications of the directives that reach the supergraph: name, address, purpose, definitions.
const FEATURES: [(&str, &str, Option<&str>, &str); 7] = [
    (
        "tag",
        "https://specs.apollo.dev/tag/v0.3",
        None,
        "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION \
         | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA",
    ),
    (
        "inaccessible",
        "https://specs.apollo.dev/inaccessible/v0.2",
        Some("SECURITY"),
        "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR \
         | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    ),
    (
        "authenticated",
        "https://specs.apollo.dev/authenticated/v0.1",
        Some("SECURITY"),
        "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    (
        "requiresScopes",
        "https://specs.apollo.dev/requiresScopes/v0.1",
        Some("SECURITY"),
        "directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) \
         on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM scalar requiresScopes__Scope",
    ),
    (
        "policy",
        "https://specs.apollo.dev/policy/v0.1",
        Some("SECURITY"),
        "directive @policy(policies: [[policy__Policy!]!]!) \
         on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM scalar policy__Policy",
    ),
    (
        "cost",
        COST,
        None,
        "directive @cost(weight: Int!) \
         on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    (
        "listSize",
        COST,
        None,
        "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], \
         requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
];

const COST: &str = "https://specs.apollo.dev/cost/v0.1";

static HEADER_DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| definitions(HEADER));

fn definitions(text: &str) -> Vec<Definition> {
    // What cannot be read leaves its part behind: all texts here are constants.
    let document = Document::parse(text, "specification.graphql").unwrap_or_else(|failed| failed.partial);
    document.definitions
}

/// Puts the supergraph together.
pub(super) fn supergraph(
    parts: &[Part<'_>],
    graphs: &[Graph],
    merged: Merged<'_>,
    conflicts: &mut Vec<Conflict>,
) -> Document {
    let Merged { definitions: types, directives: used, .. } = merged;
    let mut links = vec![
        link("https://specs.apollo.dev/link/v1.0", None, None),
        link("https://specs.apollo.dev/join/v0.3", Some("EXECUTION"), None),
    ];
    let mut document = Document::new();
    document.definitions.clone_from(&HEADER_DEFINITIONS);
    document.definitions.push(graph_enum(parts, graphs));
    for (_, url, purpose, text) in FEATURES.iter().filter(|(name, ..)| used.contains(*name)) {
        let link = link(url, *purpose, None);
        if !links.contains(&link) {
            links.push(link);
        }
        document.definitions.extend(definitions(text));
    }
    for directive in composed(parts, conflicts) {
        let url = format!("{}/v{}.{}", directive.identity, directive.version.0, directive.version.1);
        links.push(link(&url, None, Some(directive)));
        document.definitions.push(Definition::DirectiveDefinition(directive.definition.clone()));
    }
    let has = |name: &Name| types.iter().any(|ty| ty.name() == Some(name));
    let roots = ROOTS.into_iter().map(|operation| (operation, root_name(operation)));
    let schema = SchemaDefinition {
        description: None,
        directives: DirectiveList(links),
        root_operations: roots.filter(|(_, name)| has(name)).map(Node::new).collect(),
    };
    document.definitions.insert(0, schema.into());
    document.definitions.extend(types);
    document
}

fn link(url: &str, purpose: Option<&str>, import: Option<&ComposedDirective>) -> Node<Directive> {
    let argument = |name, value| Node::new(Argument { name, value: Node::new(value) });
    let mut arguments = vec![argument(name!("url"), Value::String(url.to_owned()))];
    if let Some(purpose) = purpose {
        arguments.push(argument(name!("for"), Value::Enum(Name::new_unchecked(purpose))));
    }
    if let Some(directive) = import {
        let (own, original) = (format!("@{}", directive.definition.name), format!("@{}", directive.original));
        let string = |text: String| Node::new(Value::String(text));
        let import = if own == original {
            Value::String(own)
        } else {
            Value::Object(vec![(name!("name"), string(original)), (name!("as"), string(own))])
        };
        arguments.push(argument(name!("import"), Value::List(vec![Node::new(import)])));
    }
    Node::new(Directive { name: name!("link"), arguments })
}

fn graph_enum(parts: &[Part<'_>], graphs: &[Graph]) -> Definition {
    let value = |(part, graph): (&Part, &Graph)| {
        let argument =
            |name, text: &str| Node::new(Argument { name, value: Node::new(Value::String(text.to_owned())) });
        // Where a subgraph is found is a matter of its transport.
        let arguments = vec![argument(name!("name"), part.name), argument(name!("url"), "")];
        let directive = Node::new(Directive { name: name!("join__graph"), arguments });
        let directives = DirectiveList(vec![directive]);
        Node::new(EnumValueDefinition { description: None, value: graph.id.clone(), directives })
    };
    EnumTypeDefinition {
        description: None,
        name: name!("join__Graph"),
        directives: DirectiveList::new(),
        values: parts.iter().zip(graphs).map(value).collect(),
    }
    .into()
}

/// The directives that `@composeDirective` takes along, each in its newest version.
fn composed<'a>(parts: &[Part<'a>], conflicts: &mut Vec<Conflict>) -> Vec<&'a ComposedDirective> {
    let mut newest: IndexMap<&Name, &ComposedDirective> = IndexMap::default();
    for part in parts {
        for directive in part.composed {
            let name = &directive.definition.name;
            let alike = |known: &&&ComposedDirective| {
                known.identity == directive.identity && known.original == directive.original
            };
            if let Some(other) = newest.values().find(alike).filter(|other| other.definition.name != *name) {
                let message = format!(
                    "subgraph \"{}\" calls \"@{name}\" what another subgraph calls \"@{}\"",
                    part.name, other.definition.name
                );
                conflicts.push(Conflict::new(code::DIRECTIVE_COMPOSITION_ERROR, message));
            }
            let known = newest.entry(name).or_insert(directive);
            if !alike(&&*known) || known.version.0 != directive.version.0 {
                let message = format!(
                    "subgraph \"{}\" takes directive \"@{name}\" from {} v{}, another subgraph from {} v{}",
                    part.name, directive.identity, directive.version.0, known.identity, known.version.0
                );
                conflicts.push(Conflict::new(code::DIRECTIVE_COMPOSITION_ERROR, message));
            }
            if known.version < directive.version {
                *known = directive;
            }
        }
    }
    newest.into_values().collect()
}

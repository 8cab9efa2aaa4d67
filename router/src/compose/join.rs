//! Says which subgraphs own the root types: the composition library does not, and the planner needs it.

use std::collections::HashMap;

use apollo_compiler::ast::{
    Argument, Definition, Directive, Document, EnumTypeDefinition, ObjectTypeDefinition, OperationType, Value,
};
use apollo_compiler::{Name, Node, name};

/// Adds `@join__type` to `Query` for every subgraph, to `Mutation` and `Subscription` for those with a field
/// there.
pub(super) fn own_roots(supergraph: &mut Document) {
    let graphs: Vec<Name> = supergraph
        .definitions
        .iter()
        .filter_map(Definition::as_enum_type_definition)
        .filter(|ty| ty.name == "join__Graph")
        .flat_map(|ty: &Node<EnumTypeDefinition>| ty.values.iter().map(|value| value.value.clone()))
        .collect();
    let roots = roots(supergraph);
    for definition in &mut supergraph.definitions {
        let Definition::ObjectTypeDefinition(ty) = definition else { continue };
        let Some(operation) = roots.get(&ty.name) else { continue };
        let ty = ty.make_mut();
        let stated: Vec<Name> = graph_arguments(&ty.directives.0, "join__type").collect();
        for graph in &graphs {
            let owns = *operation == OperationType::Query || owns_field(ty, graph);
            if owns && !stated.contains(graph) {
                ty.directives.0.push(join_type(graph));
            }
        }
    }
}

fn roots(supergraph: &Document) -> HashMap<Name, OperationType> {
    let stated: HashMap<Name, OperationType> = supergraph
        .definitions
        .iter()
        .filter_map(Definition::as_schema_definition)
        .flat_map(|schema| schema.root_operations.iter().map(|root| (root.1.clone(), root.0)))
        .collect();
    if !stated.is_empty() {
        return stated;
    }
    HashMap::from([
        (name!("Query"), OperationType::Query),
        (name!("Mutation"), OperationType::Mutation),
        (name!("Subscription"), OperationType::Subscription),
    ])
}

/// A field without `@join__field` is everybody's.
fn owns_field(ty: &ObjectTypeDefinition, graph: &Name) -> bool {
    ty.fields.iter().any(|field| {
        let mut owners = graph_arguments(&field.directives.0, "join__field").peekable();
        owners.peek().is_none() || owners.any(|owner| owner == *graph)
    })
}

fn graph_arguments<'a>(directives: &'a [Node<Directive>], name: &'a str) -> impl Iterator<Item = Name> + 'a {
    directives.iter().filter(move |directive| directive.name == name).filter_map(|directive| {
        directive.specified_argument_by_name("graph").and_then(|value| value.as_enum()).cloned()
    })
}

fn join_type(graph: &Name) -> Node<Directive> {
    Node::new(Directive {
        name: name!("join__type"),
        arguments: vec![Node::new(Argument {
            name: name!("graph"),
            value: Node::new(Value::Enum(graph.clone())),
        })],
    })
}

//! The directives of the join specification, which tell the planner who resolves what.
//!
//! Version 0.3: <https://specs.apollo.dev/join/v0.3>.

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::{Name, Node, name};

use super::subgraph::{Field, Key};

/// A subgraph under its name in the supergraph. The directives that it needs most are made once.
pub(super) struct Graph {
    pub id: Name,
    /// `@join__type(graph:)`
    pub owns_type: Node<Directive>,
    /// `@join__field(graph:)`
    pub owns_field: Node<Directive>,
    /// `@join__enumValue(graph:)`
    pub owns_value: Node<Directive>,
}

impl Graph {
    fn new(id: Name) -> Self {
        let of = |directive| Node::new(Directive { name: directive, arguments: vec![graph(&id)] });
        Self {
            owns_type: of(name!("join__type")),
            owns_field: of(name!("join__field")),
            owns_value: of(name!("join__enumValue")),
            id,
        }
    }

    /// `@join__type` for one key.
    pub fn key(&self, key: &Key, is_interface_object: bool) -> Node<Directive> {
        let mut arguments = vec![graph(&self.id), string(name!("key"), &key.fields.text)];
        if key.is_extension {
            arguments.push(boolean(name!("extension"), true));
        }
        if !key.is_resolvable {
            arguments.push(boolean(name!("resolvable"), false));
        }
        if is_interface_object {
            arguments.push(boolean(name!("isInterfaceObject"), true));
        }
        Node::new(Directive { name: name!("join__type"), arguments })
    }

    /// `@join__field`, with its type where subgraphs differ in it.
    pub fn field(&self, field: &Field, has_own_type: bool, is_used_overridden: bool) -> Node<Directive> {
        let mut arguments = vec![graph(&self.id)];
        if let Some(requires) = &field.requires {
            arguments.push(string(name!("requires"), &requires.text));
        }
        if let Some(provides) = &field.provides {
            arguments.push(string(name!("provides"), &provides.text));
        }
        if has_own_type {
            arguments.push(string(name!("type"), &field.ty().to_string()));
        }
        if field.is_external {
            arguments.push(boolean(name!("external"), true));
        }
        if let Some(from) = &field.overrides {
            arguments.push(string(name!("override"), from));
        }
        if is_used_overridden {
            arguments.push(boolean(name!("usedOverridden"), true));
        }
        if arguments.len() == 1 {
            return self.owns_field.clone();
        }
        Node::new(Directive { name: name!("join__field"), arguments })
    }

    /// `@join__field` of an input field whose type differs.
    pub fn input(&self, ty: &impl ToString) -> Node<Directive> {
        let arguments = vec![graph(&self.id), string(name!("type"), &ty.to_string())];
        Node::new(Directive { name: name!("join__field"), arguments })
    }

    /// `@join__implements`.
    pub fn implements(&self, interface: &Name) -> Node<Directive> {
        let arguments = vec![graph(&self.id), string(name!("interface"), interface)];
        Node::new(Directive { name: name!("join__implements"), arguments })
    }

    /// `@join__unionMember`.
    pub fn member(&self, member: &Name) -> Node<Directive> {
        let arguments = vec![graph(&self.id), string(name!("member"), member)];
        Node::new(Directive { name: name!("join__unionMember"), arguments })
    }
}

/// `@join__field` of a field that comes through interface objects, and from no subgraph by itself.
pub(super) fn through_interface() -> Node<Directive> {
    Node::new(Directive { name: name!("join__field"), arguments: Vec::new() })
}

/// Names for subgraphs: upper case, with underscores for what a name cannot contain, and all different.
pub(super) fn graphs<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Graph> {
    let mut graphs: Vec<Graph> = Vec::new();
    for name in names {
        let mut id: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        if !id.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            id.insert(0, '_');
        }
        let taken = |id: &str| graphs.iter().any(|graph| graph.id == id);
        let free = (1..).map(|number| format!("{id}_{number}")).find(|id| !taken(id));
        let id = if taken(&id) { free.unwrap_or(id) } else { id };
        graphs.push(Graph::new(Name::new_unchecked(&id)));
    }
    graphs
}

fn graph(id: &Name) -> Node<Argument> {
    argument(name!("graph"), Value::Enum(id.clone()))
}

fn string(name: Name, text: &str) -> Node<Argument> {
    argument(name, Value::String(text.to_owned()))
}

fn boolean(name: Name, value: bool) -> Node<Argument> {
    argument(name, Value::Boolean(value))
}

fn argument(name: Name, value: Value) -> Node<Argument> {
    Node::new(Argument { name, value: Node::new(value) })
}

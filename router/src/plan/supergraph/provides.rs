//! `@provides`, said so that the planner library understands it.
//!
//! What is provided of an interface or a union is forgotten when the client asks for more of one of its types: it is
//! looked for elsewhere, or not found. So it is said of each type besides. And `__typename`, which every object has,
//! is left out: the library looks for a field of that name, and takes no supergraph where there is none.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{
    Definition, Directive, Document, FieldDefinition, InlineFragment, Selection, Value,
};
use apollo_compiler::{Name, Node};

use super::argument_name;

/// What has to be known of the types.
pub(super) struct Types {
    /// Type and field → what the field returns.
    fields: HashMap<(Name, Name), Name>,
    abstracts: HashSet<Name>,
    /// Interface or union and subgraph → the types that the subgraph knows of it.
    members: HashMap<(Name, Name), Vec<Name>>,
}

impl Types {
    pub fn new(document: &Document) -> Self {
        let mut types = Self { fields: HashMap::new(), abstracts: HashSet::new(), members: HashMap::new() };
        for definition in &document.definitions {
            match definition {
                Definition::ObjectTypeDefinition(ty) => {
                    types.note_fields(&ty.name, &ty.fields);
                    for join in ty.directives.get_all("join__implements") {
                        let interface = join.specified_argument_by_name("interface");
                        let interface = interface.and_then(|interface| Name::new(interface.as_str()?).ok());
                        if let (Some(interface), Some(graph)) = (interface, argument_name(join, "graph")) {
                            types.members.entry((interface, graph)).or_default().push(ty.name.clone());
                        }
                    }
                }
                Definition::InterfaceTypeDefinition(ty) => {
                    types.note_fields(&ty.name, &ty.fields);
                    types.abstracts.insert(ty.name.clone());
                }
                Definition::UnionTypeDefinition(ty) => {
                    types.abstracts.insert(ty.name.clone());
                    for join in ty.directives.get_all("join__unionMember") {
                        let member = join.specified_argument_by_name("member");
                        let member = member.and_then(|member| Name::new(member.as_str()?).ok());
                        if let (Some(member), Some(graph)) = (member, argument_name(join, "graph")) {
                            types.members.entry((ty.name.clone(), graph)).or_default().push(member);
                        }
                    }
                }
                _ => {}
            }
        }
        types
    }

    fn note_fields(&mut self, ty: &Name, fields: &[Node<FieldDefinition>]) {
        let fields = fields
            .iter()
            .map(|field| ((ty.clone(), field.name.clone()), field.ty.inner_named_type().clone()));
        self.fields.extend(fields);
    }

    /// Spells out what a field provides. What cannot be read stays as it is.
    pub fn spell_out(&self, field: &mut FieldDefinition) {
        let ty = field.ty.inner_named_type().clone();
        for join in field.directives.iter_mut().filter(|join| join.name == "join__field") {
            let Some(graph) = argument_name(join, "graph") else { continue };
            let Some(text) = self.spelled_out(join, &ty, &graph) else { continue };
            let given = join.make_mut().arguments.iter_mut().find(|given| given.name == "provides");
            if let Some(given) = given {
                given.make_mut().value = Node::new(Value::String(text));
            }
        }
    }

    fn spelled_out(&self, join: &Directive, ty: &Name, graph: &Name) -> Option<String> {
        let provides = join.specified_argument_by_name("provides")?.as_str()?;
        let document = Document::parse(format!("{{ {provides} }}"), "provides.graphql").ok()?;
        let [Definition::OperationDefinition(operation)] = document.definitions.as_slice() else {
            return None;
        };
        let selections = self.selections(&operation.selection_set, ty, graph);
        let texts = selections.iter().map(|selection| selection.serialize().no_indent().to_string());
        Some(texts.collect::<Vec<_>>().join(" "))
    }

    fn selections(&self, selections: &[Selection], ty: &Name, graph: &Name) -> Vec<Selection> {
        let mut found = Vec::with_capacity(selections.len());
        let mut plain = Vec::new();
        for selection in selections {
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => {
                    let mut field = field.clone();
                    if let Some(returned) = self.fields.get(&(ty.clone(), field.name.clone())) {
                        let inner = self.selections(&field.selection_set, returned, graph);
                        field.make_mut().selection_set = inner;
                    }
                    plain.push(Selection::Field(field));
                }
                Selection::InlineFragment(fragment) => {
                    let mut fragment = fragment.clone();
                    let on = fragment.type_condition.as_ref().unwrap_or(ty);
                    let inner = self.selections(&fragment.selection_set, on, graph);
                    fragment.make_mut().selection_set = inner;
                    found.push(Selection::InlineFragment(fragment));
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        if self.abstracts.contains(ty) && !plain.is_empty() {
            let members = self.members.get(&(ty.clone(), graph.clone())).into_iter().flatten();
            found.extend(members.map(|member| {
                Selection::InlineFragment(Node::new(InlineFragment {
                    type_condition: Some(member.clone()),
                    directives: Default::default(),
                    selection_set: plain.clone(),
                }))
            }));
        }
        plain.extend(found);
        plain
    }
}

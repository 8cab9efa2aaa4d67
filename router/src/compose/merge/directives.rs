//! The directives that a type, a field or a value has in the supergraph.

use apollo_compiler::ast::{Argument, Definition, Directive, DirectiveList, Value};
use apollo_compiler::collections::{HashSet, IndexMap};
use apollo_compiler::{Name, Node};

use super::{Merger, most_frequent};

impl Merger<'_> {
    /// Merges what subgraphs apply to the same element.
    ///
    /// What can stand repeatedly is united. The highest cost stands, and the longest list. Who may see an element must
    /// fulfil what every subgraph asks. Of others, the application that most subgraphs have stands.
    pub fn applied<'d>(&self, given: impl Iterator<Item = &'d DirectiveList>) -> DirectiveList {
        let mut given = given.filter(|list| !list.is_empty());
        let (Some(first), second) = (given.next(), given.next()) else { return DirectiveList::new() };
        let Some(second) = second else { return first.clone() };
        let mut by_name: IndexMap<&Name, Vec<&Node<Directive>>> = IndexMap::default();
        for used in [first, second].into_iter().chain(given).flatten() {
            by_name.entry(&used.name).or_default().push(used);
        }
        let mut merged = DirectiveList::new();
        for (name, used) in by_name {
            match name.as_str() {
                "requiresScopes" => merged.push(all_of(&used, "scopes")),
                "policy" => merged.push(all_of(&used, "policies")),
                "listSize" => merged.push(list_size(&used)),
                "cost" => merged.extend(used.into_iter().max_by_key(|it| weight(it)).cloned()),
                _ if name == "tag" || self.repeatable.contains(name) => {
                    for one in used {
                        if !merged.contains(one) {
                            merged.push(one.clone());
                        }
                    }
                }
                _ => merged.extend(most_frequent(used.into_iter()).cloned()),
            }
        }
        merged
    }
}

/// The longest list that is assumed, and whatever any application names; one slicing argument is needed where all say so.
fn list_size(used: &[&Node<Directive>]) -> Node<Directive> {
    let given = |name: &'static str| used.iter().filter_map(move |one| one.specified_argument_by_name(name));
    let mut arguments = Vec::new();
    let mut add = |name: &'static str, value: Option<Value>| {
        let value = value.map(|value| Argument { name: Name::new_unchecked(name), value: Node::new(value) });
        arguments.extend(value.map(Node::new));
    };
    add("assumedSize", given("assumedSize").max_by_key(|size| size.to_i32()).map(|size| (**size).clone()));
    for name in ["slicingArguments", "sizedFields"] {
        let mut all: Vec<Node<Value>> = Vec::new();
        for one in given(name).filter_map(|list| list.as_list()).flatten() {
            if !all.contains(one) {
                all.push(one.clone());
            }
        }
        add(name, given(name).next().map(|_| Value::List(all)));
    }
    let is_needed = used.iter().all(|one| {
        let said = one.specified_argument_by_name("requireOneSlicingArgument").and_then(|it| it.to_bool());
        said != Some(false)
    });
    add("requireOneSlicingArgument", (!is_needed).then_some(Value::Boolean(false)));
    Node::new(Directive { name: used[0].name.clone(), arguments })
}

fn weight(cost: &Directive) -> Option<i32> {
    cost.specified_argument_by_name("weight")?.to_i32()
}

/// Each application is an "any of" of "all of"; together, one of each must hold. What contains another alternative
/// adds nothing.
fn all_of(used: &[&Node<Directive>], argument: &str) -> Node<Directive> {
    let alternatives = |directive: &Directive| -> Vec<Vec<Node<Value>>> {
        let any = directive.specified_argument_by_name(argument).and_then(|value| value.as_list());
        let all = any.unwrap_or_default().iter().map(|all| all.as_list().unwrap_or_default().to_vec());
        all.collect()
    };
    let contains = |all: &[Node<Value>], other: &[Node<Value>]| other.iter().all(|one| all.contains(one));
    let mut merged = vec![Vec::new()];
    for directive in used {
        let mut product: Vec<Vec<Node<Value>>> = Vec::new();
        for (left, right) in
            merged.iter().flat_map(|left| alternatives(directive).into_iter().map(move |it| (left, it)))
        {
            let mut both: Vec<Node<Value>> = left.clone();
            both.extend(right.into_iter().filter(|one| !left.contains(one)));
            if !product.iter().any(|known| contains(&both, known)) {
                product.retain(|known| !contains(known, &both));
                product.push(both);
            }
        }
        merged = product;
    }
    let mut directive = Directive::clone(used[0]);
    if let Some(value) = directive.specified_argument_by_name_mut(argument) {
        let list = merged.into_iter().map(|all| Node::new(Value::List(all))).collect();
        *value = Node::new(Value::List(list));
    }
    Node::new(directive)
}

/// The names of all directives that are used anywhere.
pub(super) fn names(types: &[Definition]) -> HashSet<Name> {
    let mut names = HashSet::default();
    let mut see = |directives: &DirectiveList| {
        for used in directives.iter() {
            if !names.contains(&used.name) {
                names.insert(used.name.clone());
            }
        }
    };
    for ty in types {
        see(ty.directives());
        let (fields, inputs) = match ty {
            Definition::ObjectTypeDefinition(ty) => (ty.fields.as_slice(), [].as_slice()),
            Definition::InterfaceTypeDefinition(ty) => (ty.fields.as_slice(), [].as_slice()),
            Definition::InputObjectTypeDefinition(ty) => ([].as_slice(), ty.fields.as_slice()),
            Definition::EnumTypeDefinition(ty) => {
                ty.values.iter().for_each(|value| see(&value.directives));
                continue;
            }
            _ => continue,
        };
        for field in fields {
            see(&field.directives);
            field.arguments.iter().for_each(|argument| see(&argument.directives));
        }
        inputs.iter().for_each(|input| see(&input.directives));
    }
    names
}

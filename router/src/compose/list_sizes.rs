//! How long lists are, as subgraphs state it by `@listSize`
//! (<https://ibm.github.io/graphql-specs/cost-spec.html>, the arguments `assumedSize` and `slicingArguments`).

use std::collections::HashMap;

use apollo_compiler::ast::{Definition, Document, FieldDefinition};
use apollo_compiler::{Name, Node};

/// What one field states of its list.
#[derive(Debug, Default)]
pub(crate) struct ListSize {
    /// How many entries it usually has.
    pub assumed: Option<usize>,
    /// The arguments that say how many are asked for.
    pub slicing: Vec<String>,
}

/// What is stated, by type and field.
#[derive(Debug, Default)]
pub(crate) struct ListSizes(HashMap<Name, HashMap<Name, ListSize>>);

impl ListSizes {
    /// What a supergraph states.
    pub(super) fn read(supergraph: &Document) -> Self {
        let mut sizes: HashMap<Name, HashMap<Name, ListSize>> = HashMap::new();
        for definition in &supergraph.definitions {
            let (name, fields) = match definition {
                Definition::ObjectTypeDefinition(ty) => (&ty.name, &ty.fields),
                Definition::InterfaceTypeDefinition(ty) => (&ty.name, &ty.fields),
                _ => continue,
            };
            for (field, size) in fields.iter().filter_map(|field| Some((&field.name, stated(field)?))) {
                sizes.entry(name.clone()).or_default().insert(field.clone(), size);
            }
        }
        Self(sizes)
    }

    /// What a field states.
    pub fn of(&self, ty: &str, field: &str) -> Option<&ListSize> {
        self.0.get(ty)?.get(field)
    }
}

fn stated(field: &Node<FieldDefinition>) -> Option<ListSize> {
    let directive = field.directives.get("listSize")?;
    let assumed = directive.specified_argument_by_name("assumedSize").and_then(|size| size.to_i32());
    let slicing = directive.specified_argument_by_name("slicingArguments").and_then(|names| names.as_list());
    let names = slicing.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned));
    Some(ListSize { assumed: assumed.and_then(|size| usize::try_from(size).ok()), slicing: names.collect() })
}

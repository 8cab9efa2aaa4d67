//! Who may see what, where types stand for each other: an interface asks whatever its objects ask, and an object
//! whatever is asked of those who stand for its interface.

use apollo_compiler::ast::{Definition, DirectiveList, FieldDefinition};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::{Name, Node};

use super::Merger;

const ACCESS: [&str; 3] = ["authenticated", "requiresScopes", "policy"];

/// What to ask at types, and at their fields.
type Asked = IndexMap<(Name, Option<Name>), Vec<DirectiveList>>;

impl Merger<'_> {
    /// Carries `@authenticated`, `@requiresScopes` and `@policy` over.
    pub fn propagate_access(&self, definitions: &mut [Definition]) {
        let mut asked = Asked::default();
        for interface in &self.interface_objects {
            for field in interface.ty.fields.values().filter(|field| !field.is_external) {
                let access = access(&field.definition.directives);
                let objects = self.supertypes.iter().filter(|(_, all)| all.contains(&interface.ty.name));
                for (object, _) in objects.filter(|_| !access.is_empty()) {
                    let place = ((*object).clone(), Some(field.name().clone()));
                    asked.entry(place).or_default().push(access.clone());
                }
            }
        }
        // Another name for an object's field is no way around what stands at the field in the interface, or at that.
        let interfaces: IndexMap<&Name, _> = definitions
            .iter()
            .filter_map(Definition::as_interface_type_definition)
            .map(|interface| (&interface.name, interface))
            .collect();
        for ty in definitions.iter().filter_map(Definition::as_object_type_definition) {
            for interface in ty.implements_interfaces.iter().filter_map(|name| interfaces.get(name)) {
                for field in &interface.fields {
                    for access in [access(&interface.directives), access(&field.directives)] {
                        if !access.is_empty() {
                            let place = (ty.name.clone(), Some(field.name.clone()));
                            asked.entry(place).or_default().push(access);
                        }
                    }
                }
            }
        }
        self.ask(definitions, &asked);
        let mut asked = Asked::default();
        for ty in definitions.iter().filter_map(Definition::as_object_type_definition) {
            for interface in &ty.implements_interfaces {
                let own = (None, access(&ty.directives));
                let fields = ty.fields.iter().map(|field| (Some(&field.name), access(&field.directives)));
                for (field, access) in fields.chain([own]).filter(|(_, access)| !access.is_empty()) {
                    asked.entry((interface.clone(), field.cloned())).or_default().push(access);
                }
            }
        }
        self.ask(definitions, &asked);
    }

    fn ask(&self, definitions: &mut [Definition], asked: &Asked) {
        for ((ty, field), access) in asked {
            let named = definitions.iter_mut().find(|definition| definition.name() == Some(ty));
            let (directives, fields) = match named {
                Some(Definition::ObjectTypeDefinition(ty)) => {
                    let ty = ty.make_mut();
                    (&mut ty.directives, &mut ty.fields)
                }
                Some(Definition::InterfaceTypeDefinition(ty)) => {
                    let ty = ty.make_mut();
                    (&mut ty.directives, &mut ty.fields)
                }
                _ => continue,
            };
            match field {
                None => self.tighten(directives, access),
                Some(field) => {
                    let named = |it: &&mut Node<FieldDefinition>| it.name == *field;
                    let field = fields.iter_mut().find(named);
                    field.into_iter().for_each(|it| self.tighten(&mut it.make_mut().directives, access));
                }
            }
        }
    }

    fn tighten(&self, directives: &mut DirectiveList, more: &[DirectiveList]) {
        let own = access(directives);
        directives.retain(|used| !ACCESS.contains(&used.name.as_str()));
        directives.extend(self.applied(std::iter::once(&own).chain(more)));
    }
}

fn access(directives: &DirectiveList) -> DirectiveList {
    directives.iter().filter(|used| ACCESS.contains(&used.name.as_str())).cloned().collect()
}

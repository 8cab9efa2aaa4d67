//! Interfaces, and the objects that stand for one where its implementations are not known.

use apollo_compiler::ast::{Definition, FieldDefinition};
use apollo_compiler::collections::HashMap;
use apollo_compiler::{Name, Node};

use super::fields::FieldSource;
use super::{Merger, Source};
use crate::compose::error::code;
use crate::compose::join;
use crate::compose::subgraph::Kind;

impl<'a> Merger<'a> {
    /// A field of an object, as subgraphs have it that know the object only by an interface of its.
    pub fn abstracted<'s>(
        &'s self,
        ty: &'s Name,
        field: &'s Name,
    ) -> impl Iterator<Item = FieldSource<'a>> + use<'a, 's> {
        let supertypes = self.supertypes.get(ty);
        self.interface_objects.iter().filter_map(move |Source { graph, ty: interface }| {
            let is_meant = supertypes.is_some_and(|all| all.contains(&interface.name));
            let is_hidden = is_meant && !self.parts[*graph].types.contains_key(ty);
            let field = is_hidden.then(|| interface.fields.get(field)).flatten()?;
            Some(FieldSource { graph: *graph, field })
        })
    }

    /// Gives objects the fields that only interface objects resolve.
    pub fn add_abstracted_fields(&mut self, definitions: &mut [Definition]) {
        if self.interface_objects.is_empty() {
            return;
        }
        let interfaces: HashMap<Name, Vec<Node<FieldDefinition>>> = definitions
            .iter()
            .filter_map(Definition::as_interface_type_definition)
            .map(|interface| (interface.name.clone(), interface.fields.clone()))
            .collect();
        for definition in definitions {
            let Definition::ObjectTypeDefinition(ty) = definition else { continue };
            let ty = ty.make_mut();
            for interface in &ty.implements_interfaces {
                for promised in interfaces.get(interface).into_iter().flatten() {
                    let is_there = ty.fields.iter().any(|field| field.name == promised.name);
                    if is_there || !self.is_abstracted(interface, &promised.name) {
                        continue;
                    }
                    let mut field = promised.clone();
                    let directives = &mut field.make_mut().directives;
                    directives.retain(|used| used.name != "join__field");
                    directives.push(join::through_interface());
                    self.check_sharing(&ty.name, &promised.name, &[], &[]);
                    ty.fields.push(field);
                }
            }
        }
    }

    /// Whether some subgraph resolves a field of an interface for all who implement it.
    fn is_abstracted(&self, interface: &Name, field: &Name) -> bool {
        let mut objects = self.interface_objects.iter().filter(|source| source.ty.name == *interface);
        objects.any(|source| source.ty.fields.get(field).is_some_and(|field| !field.is_external))
    }

    /// Checks what subgraphs say of one interface.
    pub fn check_interface(&mut self, sources: &[Source<'a>]) {
        let interface = &sources[0].ty.name;
        if sources.iter().all(|source| source.ty.is_interface_object) {
            let graphs = self.subgraphs(sources.iter().map(|source| source.graph));
            let message = format!(
                "type \"{interface}\" is an @interfaceObject in {graphs}, but nowhere the interface that it stands for"
            );
            self.refuse(code::INTERFACE_OBJECT_USAGE_ERROR, message);
        }
        let implements = |ty: &&Name| self.supertypes.get(*ty).is_some_and(|all| all.contains(interface));
        let objects = |graph: usize| {
            let types = self.parts[graph].types.values();
            types.filter(|ty| ty.kind == Kind::Object && !ty.is_interface_object).map(|ty| &ty.name)
        };
        let mut problems = Vec::new();
        for source in sources {
            let own: Vec<_> = objects(source.graph).filter(implements).collect();
            let name = self.name_of(source.graph);
            if source.ty.is_interface_object {
                let own: Vec<_> = own.iter().map(|ty| format!("\"{ty}\"")).collect();
                let message = format!(
                    "\"{interface}\" is an @interfaceObject in subgraph \"{name}\", which must then not know {}",
                    own.join(", ")
                );
                problems.extend((!own.is_empty()).then_some((code::INTERFACE_OBJECT_USAGE_ERROR, message)));
            } else if source.ty.keys.iter().any(|key| key.is_resolvable) {
                let all = (0..self.parts.len()).flat_map(objects).filter(implements);
                let mut missing: Vec<_> =
                    all.filter(|ty| !own.contains(ty)).map(|ty| format!("\"{ty}\"")).collect();
                missing.sort_unstable();
                missing.dedup();
                let message = format!(
                    "interface \"{interface}\" has a @key in subgraph \"{name}\", which does not know its \
                     implementations {}",
                    missing.join(", ")
                );
                let code = code::INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE;
                problems.extend((!missing.is_empty()).then_some((code, message)));
            }
        }
        for (code, message) in problems {
            self.refuse(code, message);
        }
    }
}

//! What a supergraph demands, read once.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Directive, DirectiveList, Document, FieldDefinition, Selection};
use apollo_compiler::collections::{HashMap, HashSet};

use super::Demand;

/// What a supergraph demands of whoever wants to see something.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// By type and field: all that has to be met.
    fields: HashMap<Name, HashMap<Name, Vec<Demand>>>,
    /// By object type: what stands at it. Whoever finds one behind an interface or a union needs it.
    objects: HashMap<Name, Vec<Demand>>,
    /// By interface or union: the object types in it that demand something.
    members: HashMap<Name, Vec<Name>>,
}

/// A type, as far as access goes.
#[derive(Default)]
struct Type<'a> {
    own: Vec<Demand>,
    fields: Vec<(&'a FieldDefinition, Vec<Demand>)>,
    interfaces: Vec<&'a Name>,
    is_object: bool,
    is_interface: bool,
    /// Some subgraph takes it for an object type (`@interfaceObject`).
    is_interface_object: bool,
}

impl Rules {
    /// Reads a supergraph whose directives have their usual names.
    pub fn read(supergraph: &Document) -> Self {
        let mut types: HashMap<&Name, Type<'_>> = HashMap::default();
        let mut unions = Vec::new();
        for definition in &supergraph.definitions {
            let Some(name) = definition.name() else { continue };
            let mut ty = Type { own: demands(definition.directives()), ..Type::default() };
            let (fields, interfaces) = match definition {
                Definition::ObjectTypeDefinition(it) => (it.fields.as_slice(), &it.implements_interfaces),
                Definition::InterfaceTypeDefinition(it) => (it.fields.as_slice(), &it.implements_interfaces),
                Definition::ScalarTypeDefinition(_) | Definition::EnumTypeDefinition(_) => {
                    types.insert(name, ty);
                    continue;
                }
                Definition::UnionTypeDefinition(it) => {
                    unions.push((name, &it.members));
                    continue;
                }
                _ => continue,
            };
            ty.fields = fields.iter().map(|field| (&**field, demands(&field.directives))).collect();
            ty.interfaces = interfaces.iter().collect();
            ty.is_object = matches!(definition, Definition::ObjectTypeDefinition(_));
            ty.is_interface = !ty.is_object;
            ty.is_interface_object = definition.directives().get_all("join__type").any(|join| {
                join.specified_argument_by_name("isInterfaceObject").and_then(|it| it.to_bool()) == Some(true)
            });
            types.insert(name, ty);
        }
        let is_open = |ty: &Type<'_>| ty.own.is_empty() && ty.fields.iter().all(|(_, own)| own.is_empty());
        if types.values().all(is_open) {
            return Self::default();
        }
        hand_down(&mut types);
        let mut rules = Self::default();
        for (name, ty) in &types {
            for (field, own) in &ty.fields {
                let demands = all(&types, name, ty, field, own);
                if !demands.is_empty() {
                    rules.fields.entry((*name).clone()).or_default().insert(field.name.clone(), demands);
                }
            }
            if ty.is_object && !ty.own.is_empty() {
                rules.objects.insert((*name).clone(), ty.own.clone());
                let unions = unions.iter().filter(|(_, members)| members.contains(name)).map(|(it, _)| *it);
                for of in ty.interfaces.iter().copied().chain(unions) {
                    rules.members.entry(of.clone()).or_default().push((*name).clone());
                }
            }
        }
        rules
    }

    /// Whether nothing is demanded of anybody.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.objects.is_empty()
    }

    /// What a field demands.
    pub fn field(&self, ty: &str, field: &str) -> &[Demand] {
        self.fields.get(ty).and_then(|fields| fields.get(field)).map_or(&[], Vec::as_slice)
    }

    /// What an object demands that is found behind an interface or a union.
    pub fn object(&self, ty: &str) -> &[Demand] {
        self.objects.get(ty).map_or(&[], Vec::as_slice)
    }

    /// What any object of an interface or a union may demand.
    pub fn members(&self, ty: &str) -> impl Iterator<Item = &Demand> {
        self.members.get(ty).into_iter().flatten().flat_map(|member| self.object(member))
    }
}

/// Hands what stands at an interface down to whatever implements it, for another type's name for a field is no way around
/// it. But for what came up from there: composers let an interface demand all that its objects do, each of which
/// demands no more for it. What came up stands at some object, and what somebody wrote at the interface may stand at
/// none.
fn hand_down(types: &mut HashMap<&Name, Type<'_>>) {
    let mut handed: Vec<(Name, Name, Vec<Demand>)> = Vec::new();
    for (name, interface) in types.iter().filter(|(_, ty)| ty.is_interface) {
        let below = || types.iter().filter(|(_, ty)| ty.interfaces.contains(name));
        let told = |field: Option<&Name>| -> HashSet<_> {
            let all = below().flat_map(|(_, ty)| ty.at(field)).flat_map(Demand::names);
            all.collect()
        };
        let fields = interface.fields.iter().map(|(field, _)| Some(&field.name));
        for field in fields.chain([None]) {
            let told = told(field);
            let written =
                interface.at(field).iter().filter(|it| !it.names().all(|name| told.contains(&name)));
            let written: Vec<Demand> = written.cloned().collect();
            if written.is_empty() {
                continue;
            }
            // What stands at the interface itself is for all that may be asked by it, and for nothing else.
            let all = interface.fields.iter().map(|(own, _)| &own.name);
            for own in all.filter(|own| field.is_none_or(|field| field == *own)) {
                handed.extend(below().map(|(ty, _)| ((*ty).clone(), own.clone(), written.clone())));
            }
        }
    }
    for (name, field, demands) in handed {
        let Some(ty) = types.get_mut(&name) else { continue };
        let at = ty.fields.iter_mut().find(|(own, _)| own.name == field);
        at.into_iter().for_each(|(_, own)| own.extend(demands.iter().cloned()));
    }
}

/// All that one field demands: what stands at it, at its type, and at the type that it returns.
///
/// Of an interface's field also what stands at the field in any object of it, whichever object it may turn out to be; of
/// an object's also what stands at the field where a subgraph that knows the interface alone gives it. And whatever a
/// field is worked out from (`@requires`) is told by it, so it demands what that demands.
fn all(
    types: &HashMap<&Name, Type<'_>>,
    name: &Name,
    ty: &Type<'_>,
    field: &FieldDefinition,
    own: &[Demand],
) -> Vec<Demand> {
    let mut found: Vec<Demand> = direct(types, name, ty, field, own);
    let mut seen = HashSet::default();
    required(types, name, field, &mut seen, &mut found);
    let mut told = HashSet::default();
    found.into_iter().filter(|demand| told.insert(demand.clone())).collect()
}

/// What a field demands, but for what it is worked out from.
fn direct(
    types: &HashMap<&Name, Type<'_>>,
    name: &Name,
    ty: &Type<'_>,
    field: &FieldDefinition,
    own: &[Demand],
) -> Vec<Demand> {
    let returned = types.get(field.ty.inner_named_type()).map_or(&[][..], |ty| &ty.own);
    let mut found: Vec<Demand> = ty.own.iter().chain(own).chain(returned).cloned().collect();
    if ty.is_interface {
        let objects = types.values().filter(|other| other.interfaces.contains(&name));
        found.extend(
            objects.filter_map(|other| other.field(&field.name)).flat_map(|(_, own)| own.iter().cloned()),
        );
    }
    let interfaces = ty.interfaces.iter().filter_map(|interface| types.get(*interface));
    let known_alone = interfaces.filter(|interface| interface.is_interface_object);
    found.extend(known_alone.filter_map(|it| it.field(&field.name)).flat_map(|(_, own)| own.iter().cloned()));
    found
}

/// Adds what the fields demand that a field is worked out from, and those that these are worked out from.
fn required<'a>(
    types: &HashMap<&Name, Type<'a>>,
    name: &Name,
    field: &FieldDefinition,
    seen: &mut HashSet<(Name, Name)>,
    found: &mut Vec<Demand>,
) {
    for join in field.directives.get_all("join__field") {
        let Some(set) = join.specified_argument_by_name("requires").and_then(|set| set.as_str()) else {
            continue;
        };
        // A set that does not parse was refused before.
        let Ok(document) = Document::parse(format!("{{ {set} }}"), "requires") else { continue };
        for definition in &document.definitions {
            if let Definition::OperationDefinition(operation) = definition {
                selected(types, name, &operation.selection_set, seen, found);
            }
        }
    }
}

fn selected(
    types: &HashMap<&Name, Type<'_>>,
    name: &Name,
    set: &[Selection],
    seen: &mut HashSet<(Name, Name)>,
    found: &mut Vec<Demand>,
) {
    let ty = types.get(name);
    for selection in set {
        match selection {
            Selection::InlineFragment(fragment) => {
                let on = fragment.type_condition.as_ref().unwrap_or(name);
                selected(types, on, &fragment.selection_set, seen, found);
            }
            Selection::Field(field) => {
                let Some((ty, (definition, own))) = ty.and_then(|ty| Some((ty, ty.field(&field.name)?)))
                else {
                    continue;
                };
                found.extend(direct(types, name, ty, definition, own));
                if seen.insert((name.clone(), field.name.clone())) {
                    required(types, name, definition, seen, found);
                }
                selected(types, definition.ty.inner_named_type(), &field.selection_set, seen, found);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

impl<'a> Type<'a> {
    /// What stands at a field, or at the type.
    fn at(&self, field: Option<&Name>) -> &[Demand] {
        match field {
            None => &self.own,
            Some(name) => self.field(name).map_or(&[], |(_, own)| own.as_slice()),
        }
    }

    fn field(&self, name: &Name) -> Option<&(&'a FieldDefinition, Vec<Demand>)> {
        self.fields.iter().find(|(field, _)| field.name == *name)
    }
}

fn demands(directives: &DirectiveList) -> Vec<Demand> {
    let demand = |used: &Directive| match used.name.as_str() {
        "authenticated" => Some(Demand::Authenticated),
        "requiresScopes" => Some(Demand::Scopes(lists(used, "scopes"))),
        "policy" => Some(Demand::Policies(lists(used, "policies"))),
        _ => None,
    };
    directives.iter().filter_map(|used| demand(used)).collect()
}

/// Any of these lists, each as a whole. One name stands for a list of it (GraphQL, section 3.11). What is no name can
/// be granted to nobody.
fn lists(directive: &Directive, argument: &str) -> Vec<Vec<String>> {
    let Some(value) = directive.specified_argument_by_name(argument) else { return Vec::new() };
    let one = std::slice::from_ref(value);
    let any = value.as_list().unwrap_or(one).iter();
    let name = |value: &apollo_compiler::Node<apollo_compiler::ast::Value>| {
        value.as_str().map_or_else(|| format!("\0{value}"), str::to_owned)
    };
    any.map(|all| all.as_list().unwrap_or(std::slice::from_ref(all)).iter().map(name).collect()).collect()
}

//! Makes up valid operations over a schema: every construct of the language, at every kind of place.

mod input;
mod scope;
mod spread;

use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, Field, FieldDefinition, FragmentDefinition,
    FragmentSpread, InlineFragment, OperationDefinition, OperationType, Selection,
};
use apollo_compiler::schema::Schema;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, name};
use serde_json::{Map, Value};

use crate::executor::is_composite;
use crate::random::Random;
use crate::sdl;
use input::Declared;
use scope::Scope;

/// An operation, and what to send with it.
#[derive(Clone)]
pub struct Query {
    pub document: Document,
    pub operation: Option<String>,
    pub variables: Map<String, Value>,
}

impl Query {
    pub fn text(&self) -> String {
        self.document.to_string()
    }
}

/// What is wanted.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub kind: OperationType,
    /// How many selections, at most.
    pub size: usize,
    /// How deep, at most.
    pub depth: usize,
    /// Whether it may ask for `__schema` and `__type`.
    pub introspects: bool,
}

/// Makes up an operation. `None` when what was made up turned out not to be valid, which is seldom.
pub fn query(schema: &Valid<Schema>, random: &mut Random, wanted: Wanted) -> Option<Query> {
    let root = schema.root_operation(wanted.kind)?;
    let mut generator = Generator {
        schema,
        random,
        names: sdl::field_names(schema),
        introspects: wanted.introspects,
        variables: Vec::new(),
        fragments: Vec::new(),
        left: wanted.size,
    };
    let set = match wanted.kind {
        // A subscription has one root field, with nothing that could leave it out.
        OperationType::Subscription => generator.event(root, wanted.depth)?,
        _ => generator.selections(root, &mut Scope::default(), wanted.depth),
    };
    let query = generator.finish(wanted.kind, set);
    query.document.to_executable_validate(schema).is_ok().then_some(query)
}

struct Generator<'a> {
    schema: &'a Valid<Schema>,
    random: &'a mut Random,
    /// The names of all fields, which make good aliases.
    names: Vec<Name>,
    introspects: bool,
    variables: Vec<Declared>,
    fragments: Vec<FragmentDefinition>,
    /// How many selections may still be made.
    left: usize,
}

impl Generator<'_> {
    /// What is selected of objects of a type; never nothing.
    fn selections(&mut self, on: &Name, scope: &mut Scope, depth: usize) -> Vec<Selection> {
        let mut set = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            set.extend(match self.random.below(100) {
                0..60 => self.field(on, scope, depth),
                60..68 => self.typename(on, scope),
                68..76 => self.again(on, &set, scope, depth),
                _ => self.fragment(on, scope, depth),
            });
        }
        if set.is_empty() {
            set.extend(self.typename(on, scope));
        }
        if set.is_empty() {
            let key = name!("_t");
            set.push(field(Some(key), name!("__typename"), Vec::new(), Vec::new()));
        }
        if self.random.chance(10) {
            self.wrap(on, &mut set);
        }
        set
    }

    fn field(&mut self, on: &Name, scope: &mut Scope, depth: usize) -> Option<Selection> {
        let definition = self.choose(on, depth)?;
        let arguments = self.arguments(&definition);
        let alias = self.alias();
        let key = alias.clone().unwrap_or_else(|| definition.name.clone());
        let below = scope.take(self.schema, on, &key, &definition, &arguments)?;
        let inner = self.below(&definition, below, depth);
        let mut made = field(alias, definition.name.clone(), arguments, inner);
        self.condition(&mut made);
        Some(made)
    }

    fn below(&mut self, definition: &FieldDefinition, scope: &mut Scope, depth: usize) -> Vec<Selection> {
        let ty = definition.ty.inner_named_type();
        if is_composite(self.schema, ty) {
            self.selections(ty, scope, depth.saturating_sub(1))
        } else {
            Vec::new()
        }
    }

    /// A field of a type; of those with fields of their own only while there is room below.
    fn choose(&mut self, on: &Name, depth: usize) -> Option<FieldDefinition> {
        let fields = self.schema.types.get(on).and_then(sdl::fields)?;
        let (composite, leaves): (Vec<_>, Vec<_>) = fields
            .values()
            .filter(|field| !field.name.starts_with("__"))
            .partition(|field| is_composite(self.schema, field.ty.inner_named_type()));
        let deep = depth > 0 && !composite.is_empty() && (leaves.is_empty() || self.random.chance(55));
        let from = if deep { composite } else { leaves };
        let mut chosen = self.random.pick(&from).map(|field| field.node.as_ref().clone());
        let is_root = self.schema.root_operation(OperationType::Query) == Some(on);
        if is_root && self.introspects && self.random.chance(15) {
            let name = if self.random.chance(50) { "__schema" } else { "__type" };
            chosen = self.schema.type_field(on, name).ok().map(|field| field.node.as_ref().clone());
        }
        chosen
    }

    fn typename(&mut self, on: &Name, scope: &mut Scope) -> Option<Selection> {
        let definition = self.schema.type_field(on, "__typename").ok()?.node.clone();
        let alias = self.alias();
        let key = alias.clone().unwrap_or_else(|| name!("__typename"));
        scope.take(self.schema, on, &key, &definition, &[])?;
        let mut made = field(alias, name!("__typename"), Vec::new(), Vec::new());
        self.condition(&mut made);
        Some(made)
    }

    /// A field that is there already, with other parts, which merge with the first ones.
    fn again(&mut self, on: &Name, set: &[Selection], scope: &mut Scope, depth: usize) -> Option<Selection> {
        let known: Vec<_> = set.iter().filter_map(|selection| selection.as_field()).collect();
        let first = Field::clone(self.random.pick(&known)?);
        let definition = self.schema.type_field(on, &first.name).ok()?.node.clone();
        let below = scope.take(self.schema, on, first.response_name(), &definition, &first.arguments)?;
        let inner = self.below(&definition, below, depth);
        let mut made = field(first.alias, first.name, first.arguments, inner);
        self.condition(&mut made);
        Some(made)
    }

    /// A fragment, as it stands or by name.
    fn fragment(&mut self, on: &Name, scope: &mut Scope, depth: usize) -> Option<Selection> {
        let condition = self.condition_type(on);
        let inside = condition.clone().unwrap_or_else(|| on.clone());
        let set = self.selections(&inside, scope, depth);
        let mut made = match condition {
            Some(condition) if self.random.chance(40) => self.named(condition, set),
            type_condition => {
                let directives = DirectiveList::new();
                let fragment = InlineFragment { type_condition, directives, selection_set: set };
                Selection::InlineFragment(Node::new(fragment))
            }
        };
        self.condition(&mut made);
        Some(made)
    }

    /// A type that objects of another may be.
    fn condition_type(&mut self, on: &Name) -> Option<Name> {
        if self.random.chance(15) {
            return None;
        }
        let own = sdl::possible(self.schema, on);
        let overlapping = |name: &&Name| {
            !name.starts_with("__") && sdl::possible(self.schema, name).iter().any(|one| own.contains(one))
        };
        let mut types: Vec<Name> = self.schema.types.keys().filter(overlapping).cloned().collect();
        types.push(on.clone());
        self.random.pick(&types).cloned()
    }

    /// Gives a part of a selection set a name.
    fn wrap(&mut self, on: &Name, set: &mut Vec<Selection>) {
        let start = self.random.below(set.len());
        let end = start + 1 + self.random.below(set.len() - start);
        let inner: Vec<_> = set.drain(start..end).collect();
        let mut spread = self.named(on.clone(), inner);
        self.condition(&mut spread);
        set.insert(start, spread);
    }

    fn named(&mut self, type_condition: Name, selection_set: Vec<Selection>) -> Selection {
        let name = Name::new_unchecked(&format!("F{}", self.fragments.len()));
        let directives = DirectiveList::new();
        self.fragments.push(FragmentDefinition {
            name: name.clone(),
            type_condition,
            directives,
            selection_set,
        });
        Selection::FragmentSpread(Node::new(FragmentSpread {
            fragment_name: name,
            directives: DirectiveList::new(),
        }))
    }

    fn alias(&mut self) -> Option<Name> {
        let alias = match self.random.below(100) {
            0..70 => return None,
            70..82 => return self.random.pick(&self.names).cloned(),
            82..90 => ["_x", "_a_id", "_entities", "_0", "__x", "_"][self.random.below(6)].to_owned(),
            90..93 => "__typename".to_owned(),
            _ => format!("a{}", self.random.below(6)),
        };
        Some(Name::new_unchecked(&alias))
    }

    /// Adds `@skip` or `@include`, now and then.
    fn condition(&mut self, selection: &mut Selection) {
        for name in ["skip", "include"] {
            if !self.random.chance(6) {
                continue;
            }
            // Mostly such that something is left.
            let value = (name == "include") == self.random.chance(70);
            let directive =
                Directive { name: Name::new_unchecked(name), arguments: vec![self.boolean(value)] };
            match selection {
                Selection::Field(field) => field.make_mut().directives.push(directive),
                Selection::FragmentSpread(spread) => spread.make_mut().directives.push(directive),
                Selection::InlineFragment(fragment) => fragment.make_mut().directives.push(directive),
            }
        }
    }

    fn event(&mut self, root: &Name, depth: usize) -> Option<Vec<Selection>> {
        let definition = self.choose(root, depth)?;
        let arguments = self.arguments(&definition);
        let inner = self.below(&definition, &mut Scope::default(), depth);
        Some(vec![field(self.alias(), definition.name.clone(), arguments, inner)])
    }

    fn finish(mut self, kind: OperationType, set: Vec<Selection>) -> Query {
        let others = self.random.chance(10) && kind != OperationType::Subscription;
        let is_named = others || self.random.chance(40);
        let variables = self.variables.iter().map(|declared| declared.definition.clone()).collect();
        let operation = OperationDefinition {
            operation_type: kind,
            name: is_named.then(|| name!("Asked")),
            variables,
            directives: DirectiveList::new(),
            selection_set: set,
        };
        let mut document = Document::new();
        document.definitions.push(Definition::OperationDefinition(Node::new(operation)));
        if others {
            let other = "query Other { __typename again: __typename @skip(if: true) }";
            let other = Document::parse(other, "other").expect("a document").definitions;
            document.definitions.splice(0..0, other);
        }
        let fragments = std::mem::take(&mut self.fragments).into_iter();
        document.definitions.extend(fragments.map(|one| Definition::FragmentDefinition(Node::new(one))));
        self.scatter(&mut document);
        let given = self
            .variables
            .into_iter()
            .filter_map(|declared| Some((declared.definition.name.to_string(), declared.given?)));
        let operation = is_named.then(|| "Asked".to_owned());
        Query { document, operation, variables: given.collect() }
    }
}

/// A field without directives.
pub fn field(
    alias: Option<Name>,
    name: Name,
    arguments: Vec<Node<apollo_compiler::ast::Argument>>,
    selection_set: Vec<Selection>,
) -> Selection {
    let directives = DirectiveList::new();
    Selection::Field(Node::new(Field { alias, name, arguments, directives, selection_set }))
}

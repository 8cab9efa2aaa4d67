//! Where two API schemas differ, whatever the order and the descriptions.

use std::collections::BTreeSet;
use std::iter;

use apollo_compiler::ast::{
    Definition, DirectiveList, Document, EnumValueDefinition, FieldDefinition, InputValueDefinition,
    OperationType,
};
use apollo_compiler::{Name, Node};

/// Every line that only one of them has.
pub fn differences(expected: &str, found: &str) -> Vec<String> {
    let (expected, found) = match (facts(expected), facts(found)) {
        (Ok(expected), Ok(found)) => (expected, found),
        (Err(message), _) | (_, Err(message)) => return vec![message],
    };
    let missing = expected.difference(&found).map(|fact| format!("missing {fact}"));
    missing.chain(found.difference(&expected).map(|fact| format!("too much {fact}"))).collect()
}

/// What a schema says, one fact a line.
fn facts(sdl: &str) -> Result<BTreeSet<String>, String> {
    let document = Document::parse(sdl, "schema.graphql").map_err(|error| error.errors.to_string())?;
    Ok(document.definitions.iter().flat_map(about).collect())
}

fn about(definition: &Definition) -> Vec<String> {
    match definition {
        Definition::SchemaDefinition(schema) => {
            // The usual names need not be said.
            let is_usual = |kind: OperationType, name: &str| kind.default_type_name() == name;
            let roots = schema.root_operations.iter().filter(|root| !is_usual(root.0, &root.1));
            roots.map(|root| format!("{}: {}", root.0, root.1)).collect()
        }
        Definition::ScalarTypeDefinition(ty) => {
            vec![format!("scalar {}{}", ty.name, applied(&ty.directives))]
        }
        Definition::ObjectTypeDefinition(ty) => {
            let head = format!("type {}{}", ty.name, applied(&ty.directives));
            composite(head, &ty.name, &ty.implements_interfaces, &ty.fields)
        }
        Definition::InterfaceTypeDefinition(ty) => {
            let head = format!("interface {}{}", ty.name, applied(&ty.directives));
            composite(head, &ty.name, &ty.implements_interfaces, &ty.fields)
        }
        Definition::UnionTypeDefinition(ty) => {
            ty.members.iter().map(|member| format!("union {} = {member}", ty.name)).collect()
        }
        Definition::EnumTypeDefinition(ty) => {
            let value = |value: &Node<EnumValueDefinition>| {
                format!("enum {}.{}{}", ty.name, value.value, applied(&value.directives))
            };
            ty.values.iter().map(value).collect()
        }
        Definition::InputObjectTypeDefinition(ty) => {
            let head = format!("input {}{}", ty.name, applied(&ty.directives));
            let fields = ty.fields.iter().map(|field| format!("{}.{}", ty.name, of_input(field)));
            iter::once(head).chain(fields).collect()
        }
        Definition::DirectiveDefinition(directive) => {
            vec![format!("directive @{}({})", directive.name, inputs(&directive.arguments))]
        }
        _ => Vec::new(),
    }
}

fn composite(
    head: String,
    name: &Name,
    interfaces: &[Name],
    fields: &[Node<FieldDefinition>],
) -> Vec<String> {
    let interfaces = interfaces.iter().map(|interface| format!("{name} implements {interface}"));
    let fields = fields.iter().map(|field| format!("{name}.{}", of_field(field)));
    iter::once(head).chain(interfaces).chain(fields).collect()
}

fn of_field(field: &FieldDefinition) -> String {
    let arguments = inputs(&field.arguments);
    format!("{}({arguments}): {}{}", field.name, field.ty, applied(&field.directives))
}

fn inputs(values: &[Node<InputValueDefinition>]) -> String {
    let mut values: Vec<String> = values.iter().map(|value| of_input(value)).collect();
    values.sort();
    values.join(", ")
}

fn of_input(value: &InputValueDefinition) -> String {
    let default = value.default_value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
    format!("{}: {}{default}{}", value.name, value.ty, applied(&value.directives))
}

fn applied(directives: &DirectiveList) -> String {
    let mut texts: Vec<String> = directives.iter().map(|directive| format!(" {directive}")).collect();
    texts.sort();
    texts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_descriptions_are_no_difference() {
        let one =
            "type Query { a(x: Int = 1, y: ID): [A!]! } union A = B | C type B { b: Int } type C { c: Int }";
        let other = "\"why\" type C { c: Int } type B { b: Int } union A = C | B
            schema { query: Query } type Query { a(y: ID, x: Int = 1): [A!]! }";
        assert_eq!(differences(one, other), [""; 0]);
    }

    #[test]
    fn what_only_one_schema_has_is_told() {
        let one = "schema { query: Root } type Root { a: E } enum E { X Y @deprecated }";
        let other = "type Query { a: E } enum E { X Y } interface I { a: ID! }";
        let lines = differences(one, other);
        for line in [
            "missing query: Root",
            "missing Root.a(): E",
            "missing enum E.Y @deprecated",
            "too much enum E.Y",
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} in {lines:#?}");
        }
        assert!(lines.iter().any(|line| line == "too much I.a(): ID!"), "{lines:#?}");
    }
}

//! Answers an operation from the shop: the selection that is asked for, field by field, written as JSON.

use serde_json::{Map, Value};

use super::document::{Nested, Operation, Selected, Selection, Wrong};
use super::schema::{Field, Object, Part};
use crate::shop::{LISTED, Product, Review, Shop, User};

/// Answers `{"data":…}`.
pub fn answer(
    part: Part,
    shop: &Shop,
    operation: &Operation,
    variables: &Map<String, Value>,
) -> Result<Vec<u8>, Wrong> {
    let mut run = Run { part, shop, variables, out: Vec::with_capacity(4096) };
    run.write("{\"data\":");
    run.object(&operation.root, |run, selected| run.root(selected))?;
    run.write("}");
    Ok(run.out)
}

struct Run<'r> {
    part: Part,
    shop: &'r Shop,
    variables: &'r Map<String, Value>,
    out: Vec<u8>,
}

/// A product, and what a subgraph was told about it.
#[derive(Clone, Copy)]
struct Told<'s> {
    product: &'s Product,
    price: Option<i64>,
    weight: Option<i64>,
}

impl<'r> Run<'r> {
    fn write(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn object(
        &mut self,
        selection: &Selection,
        mut field: impl FnMut(&mut Self, &Selected) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.write("{");
        for (index, selected) in selection.0.iter().enumerate() {
            if index > 0 {
                self.write(",");
            }
            self.write(&selected.key);
            field(self, selected)?;
        }
        self.write("}");
        Ok(())
    }

    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.write("[");
        for (index, one) in items.into_iter().enumerate() {
            if index > 0 {
                self.write(",");
            }
            item(self, one)?;
        }
        self.write("]");
        Ok(())
    }

    fn root(&mut self, selected: &Selected) -> Result<(), Wrong> {
        let shop = self.shop;
        match (selected.field, &selected.nested) {
            (Field::Me, Nested::Object(selection)) => self.user(shop.users.first(), selection),
            (Field::User, Nested::Object(selection)) => {
                let id = self.argument(selected, "id");
                self.user(id.as_ref().and_then(key).and_then(|id| shop.user(&id)), selection)
            }
            (Field::Users, Nested::Object(selection)) => {
                self.list(&shop.users[..LISTED], |run, user| run.user(Some(user), selection))
            }
            (Field::TopProducts, Nested::Object(selection)) => {
                let first = self.argument(selected, "first").and_then(|first| first.as_u64()).unwrap_or(5);
                // More than five there are only for other questions.
                let first = usize::try_from(first).unwrap_or(5).min(5);
                self.list(&shop.products[..first], |run, product| run.product(run.known(product), selection))
            }
            (Field::Entities, Nested::Entities(selections)) => self.entities(selected, selections),
            _ => self.typename(Object::Query),
        }
    }

    fn argument(&self, selected: &Selected, name: &str) -> Option<Value> {
        let (_, argument) = selected.arguments.iter().find(|(of, _)| of == name)?;
        Some(argument.value(self.variables))
    }

    fn entities(&mut self, selected: &Selected, selections: &[(Object, Selection)]) -> Result<(), Wrong> {
        let (_, argument) = selected.arguments.first().ok_or("`_entities` without representations")?;
        let written;
        let representations = match argument.variable(self.variables) {
            Some(value) => value,
            None => {
                written = argument.value(self.variables);
                &written
            }
        };
        let representations = representations.as_array().ok_or("representations are a list")?;
        self.list(representations, |run, representation| run.entity(representation, selections))
    }

    fn entity(&mut self, representation: &Value, selections: &[(Object, Selection)]) -> Result<(), Wrong> {
        let shop = self.shop;
        let name = representation.get("__typename").and_then(Value::as_str).unwrap_or_default();
        let chosen = selections.iter().find(|(object, _)| object.name() == name);
        let (object, selection) = chosen.ok_or_else(|| format!("{name:?} is no entity"))?;
        let field = if *object == Object::Product { "upc" } else { "id" };
        let key = representation.get(field).and_then(key).ok_or_else(|| format!("{name} without {field}"))?;
        match object {
            Object::User => self.user(shop.user(&key), selection),
            Object::Product => {
                let number = |name| representation.get(name).and_then(Value::as_i64);
                let told = shop.product(&key).map(|product| Told {
                    product,
                    price: number("price"),
                    weight: number("weight"),
                });
                self.product(told, selection)
            }
            _ => {
                let index = key.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                self.review(index.and_then(|index| shop.reviews.get(index)), selection)
            }
        }
    }

    /// A product as this part of the shop knows it without being told.
    fn known<'s>(&self, product: &'s Product) -> Option<Told<'s>> {
        let is_whole = self.part == Part::Whole;
        let (price, weight) = (is_whole.then_some(product.price), is_whole.then_some(product.weight));
        Some(Told { product, price, weight })
    }

    fn user(&mut self, user: Option<&User>, selection: &Selection) -> Result<(), Wrong> {
        let Some(user) = user else { return self.null() };
        self.object(selection, |run, selected| {
            match (selected.field, &selected.nested) {
                (Field::Id, _) => run.write(&user.id),
                (Field::Username, _) => run.write(&user.username),
                (Field::Name, _) => run.write(&user.name),
                (Field::Birthday, _) => run.write("631152000"),
                (_, Nested::Object(selection)) => return run.reviews(&user.reviews, selection),
                _ => return run.typename(Object::User),
            }
            Ok(())
        })
    }

    fn product(&mut self, told: Option<Told<'_>>, selection: &Selection) -> Result<(), Wrong> {
        let Some(Told { product, price, weight }) = told else { return self.null() };
        self.object(selection, |run, selected| {
            match (selected.field, &selected.nested) {
                (Field::Upc, _) => run.write(&product.upc),
                (Field::ProductName, _) => run.write(&product.name),
                (Field::Price, _) => run.write(&product.price.to_string()),
                (Field::Weight, _) => run.write(&product.weight.to_string()),
                (Field::InStock, _) => run.write(if product.in_stock { "true" } else { "false" }),
                (Field::ShippingEstimate, _) => run.write(&product.estimate(price, weight).to_string()),
                (_, Nested::Object(selection)) => return run.reviews(&product.reviews, selection),
                _ => return run.typename(Object::Product),
            }
            Ok(())
        })
    }

    fn reviews(&mut self, reviews: &[usize], selection: &Selection) -> Result<(), Wrong> {
        let shop = self.shop;
        self.list(reviews, |run, index| run.review(shop.reviews.get(*index), selection))
    }

    fn review(&mut self, review: Option<&Review>, selection: &Selection) -> Result<(), Wrong> {
        let Some(review) = review else { return self.null() };
        let shop = self.shop;
        self.object(selection, |run, selected| {
            match (selected.field, &selected.nested) {
                (Field::Id, _) => run.write(&review.id),
                (Field::Body, _) => run.write(&review.body),
                (Field::Product, Nested::Object(selection)) => {
                    let product = shop.products.get(review.product).and_then(|product| run.known(product));
                    return run.product(product, selection);
                }
                (Field::Author, Nested::Object(selection)) => {
                    return run.user(shop.users.get(review.author), selection);
                }
                _ => return run.typename(Object::Review),
            }
            Ok(())
        })
    }

    fn typename(&mut self, object: Object) -> Result<(), Wrong> {
        self.write(&format!("\"{}\"", object.name()));
        Ok(())
    }

    fn null(&mut self) -> Result<(), Wrong> {
        self.write("null");
        Ok(())
    }
}

/// An `ID` is text, or a number that stands for it.
fn key(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

//! The federation that is measured: data, supergraph and large question; ours, or the public benchmark's own.

use std::collections::BTreeMap;
use std::path::Path;

use bench::Failure;
use serde_json::Value;

use crate::questions;
use crate::shop::Shop;
use crate::subgraphs::schema::Part;

/// A shop, and how one asks for it.
pub struct Federation {
    /// What the subgraphs know.
    pub shop: Shop,
    /// The large question.
    pub large: String,
    /// Its answer, where somebody else has written it down.
    pub expected: Option<Value>,
    supergraph: String,
}

impl Federation {
    /// Our own, or that of a folder with `supergraph.graphql`, `query.graphql` and `expected.json`.
    pub fn read(public: Option<&Path>) -> Result<Self, Failure> {
        let Some(folder) = public else {
            let supergraph = include_str!("../federation/supergraph.graphql").to_owned();
            return Ok(Self {
                shop: Shop::by_rule(),
                large: questions::LARGE.to_owned(),
                expected: None,
                supergraph,
            });
        };
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let expected: Value = serde_json::from_str(&read("expected.json")?)?;
        Ok(Self {
            shop: shop_of(&expected).ok_or("expected.json is not an answer to the large question")?,
            large: read("query.graphql")?,
            expected: Some(expected),
            supergraph: read("supergraph.graphql")?,
        })
    }

    /// The supergraph, with its subgraphs at these ports, in the order of [`Part::SUBGRAPHS`].
    pub fn supergraph(&self, ports: &[u16]) -> Result<String, Failure> {
        let mut text = self.supergraph.clone();
        for (part, port) in Part::SUBGRAPHS.iter().zip(ports) {
            let start = format!("@join__graph(name: \"{}\", url: \"", part.name());
            let (before, rest) =
                text.split_once(&start).ok_or_else(|| format!("no URL of {}", part.name()))?;
            let (_, after) = rest.split_once('"').ok_or("a URL does not end")?;
            text = format!("{before}{start}http://127.0.0.1:{port}/graphql\"{after}");
        }
        Ok(text)
    }
}

/// Takes an answer apart into what the subgraphs must know to give it.
fn shop_of(expected: &Value) -> Option<Shop> {
    let mut found = Found::default();
    found.visit(expected, None);
    let mut shop = Shop::default();
    let keys = |reviews: &Value| -> Option<Vec<usize>> { reviews.as_array()?.iter().map(index).collect() };
    for user in found.users.values() {
        shop.add_user(user["username"].as_str()?, user["name"].as_str()?, keys(&user["reviews"])?);
    }
    for product in found.products.values() {
        let (price, weight) = (product["price"].as_i64()?, product["weight"].as_i64()?);
        let in_stock = product["inStock"].as_bool()?;
        let estimate = Some(product["shippingEstimate"].clone());
        shop.add_product(product["name"].as_str()?, price, weight, in_stock, keys(&product["reviews"])?);
        shop.products.last_mut()?.estimate = estimate;
    }
    for (key, review) in &found.reviews {
        let product = index(found.product_of.get(key)?)?;
        shop.add_review(review["body"].as_str()?, product, index(&review["author"])?);
    }
    Some(shop.extend())
}

/// Entities by the number of their key, each in the form that says most of it.
#[derive(Default)]
struct Found<'v> {
    users: BTreeMap<usize, &'v Value>,
    products: BTreeMap<usize, &'v Value>,
    reviews: BTreeMap<usize, &'v Value>,
    product_of: BTreeMap<usize, &'v Value>,
}

impl<'v> Found<'v> {
    fn visit(&mut self, value: &'v Value, product: Option<&'v Value>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.visit(item, product)),
            Value::Object(fields) => {
                if let Some(key) = index(value) {
                    self.keep(key, value, product);
                }
                let within = fields.contains_key("upc").then_some(value);
                fields.values().for_each(|field| self.visit(field, within));
            }
            _ => {}
        }
    }

    fn keep(&mut self, key: usize, value: &'v Value, product: Option<&'v Value>) {
        let (kept, telling) = match value {
            _ if value.get("username").is_some() => (&mut self.users, "reviews"),
            _ if value.get("upc").is_some() => (&mut self.products, "reviews"),
            _ => (&mut self.reviews, "author"),
        };
        if value.get(telling).is_some() || !kept.contains_key(&key) {
            kept.insert(key, value);
        }
        if let Some(product) = product.or_else(|| value.get("product")) {
            self.product_of.insert(key, product);
        }
    }
}

/// The place of an entity among its kind: keys count from one.
fn index(entity: &Value) -> Option<usize> {
    entity.get("id").or(entity.get("upc"))?.as_str()?.parse::<usize>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subgraphs::right_answer;

    #[test]
    fn a_shop_taken_from_an_answer_gives_that_answer() {
        let ours = Federation::read(None).unwrap();
        let answer = right_answer(&ours.shop, &ours.large, None).unwrap();
        let shop = shop_of(&answer).unwrap();
        assert_eq!(right_answer(&shop, &ours.large, None).unwrap(), answer);
        assert_eq!(shop.users.len(), ours.shop.users.len());
    }

    #[test]
    fn every_subgraph_has_its_port_in_the_supergraph() {
        let text = Federation::read(None).unwrap().supergraph(&[1, 2, 3, 4]).unwrap();
        for (name, port) in [("accounts", 1), ("inventory", 2), ("products", 3), ("reviews", 4)] {
            assert!(
                text.contains(&format!("name: \"{name}\", url: \"http://127.0.0.1:{port}/graphql\"")),
                "{text}"
            );
        }
    }
}

//! The subgraphs' answers, as far as the ideal client reads them: values stay slices of their bytes.

use bench::Failure;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

/// Reads an answer's data.
pub fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Failure> {
    Ok(serde_json::from_slice::<Answer<T>>(bytes)?.data)
}

/// What the query root answers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Root<'a> {
    /// `users`.
    #[serde(borrow)]
    pub users: Vec<Person<'a>>,
    /// `user`.
    pub user: Option<Person<'a>>,
    /// `topProducts`.
    pub top_products: Vec<Article<'a>>,
}

/// A user.
#[derive(Clone, Copy, Deserialize)]
pub struct Person<'a> {
    #[serde(borrow)]
    pub id: &'a RawValue,
    #[serde(borrow)]
    pub username: &'a RawValue,
    #[serde(borrow)]
    pub name: &'a RawValue,
}

/// A product.
#[derive(Deserialize)]
pub struct Article<'a> {
    #[serde(borrow)]
    pub upc: &'a RawValue,
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(borrow)]
    price: &'a RawValue,
    #[serde(borrow)]
    weight: &'a RawValue,
}

impl<'a> Article<'a> {
    /// Without its key.
    pub fn detail(&self) -> Detail<'a> {
        Detail { name: self.name, price: self.price, weight: self.weight }
    }
}

/// What products knows of a product.
#[derive(Clone, Copy, Deserialize)]
pub struct Detail<'a> {
    #[serde(borrow)]
    pub name: &'a RawValue,
    #[serde(borrow)]
    pub price: &'a RawValue,
    #[serde(borrow)]
    pub weight: &'a RawValue,
}

/// What accounts knows of a user that reviews does not.
#[derive(Clone, Copy, Deserialize)]
pub struct Named<'a> {
    #[serde(borrow)]
    pub name: &'a RawValue,
}

/// What inventory knows of a product.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stock<'a> {
    #[serde(borrow)]
    pub in_stock: &'a RawValue,
    #[serde(borrow)]
    pub shipping_estimate: &'a RawValue,
}

/// What `_entities` answers.
#[derive(Deserialize)]
pub struct Entities<T> {
    #[serde(rename = "_entities")]
    pub entities: Vec<T>,
}

/// A user or a product, with reviews.
#[derive(Deserialize)]
pub struct Reviewed<'a> {
    #[serde(borrow)]
    pub reviews: Vec<Review<'a>>,
}

/// A review; at each level, what the question asks for there.
#[derive(Deserialize)]
pub struct Review<'a> {
    #[serde(borrow)]
    pub id: &'a RawValue,
    #[serde(borrow)]
    pub body: &'a RawValue,
    #[serde(borrow, default)]
    pub product: Option<Product<'a>>,
    #[serde(borrow, default)]
    pub author: Option<Author<'a>>,
}

/// A review's product.
#[derive(Deserialize)]
pub struct Product<'a> {
    #[serde(borrow)]
    pub upc: &'a RawValue,
    #[serde(borrow, default)]
    pub reviews: Option<Vec<Review<'a>>>,
}

/// A review's author.
#[derive(Deserialize)]
pub struct Author<'a> {
    #[serde(borrow)]
    pub id: &'a RawValue,
    #[serde(borrow)]
    pub username: &'a RawValue,
    #[serde(borrow)]
    pub reviews: Vec<Review<'a>>,
}

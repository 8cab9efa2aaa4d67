//! What the subgraphs know: users, products and reviews, made by rule.
//!
//! The first six users, the first five products and the first eleven reviews are those that the large query
//! reaches. They have the numbers, the relations and the lengths of the public benchmark's, so that answers are as
//! large to the byte; the values are our own. Everything after them is there for the questions that vary.

use std::collections::HashMap;

use serde_json::{Value, json};

/// How many users `users` lists; the others are reached by `user(id:)`.
pub const LISTED: usize = 6;
/// How many users and as many products there are beyond those that the large query reaches.
const FURTHER: usize = 1000;

/// A user, as accounts and reviews know them. Texts are JSON, ready to be written.
pub struct User {
    /// The key.
    pub id: String,
    /// What they are called when they log in.
    pub username: String,
    /// What they are called.
    pub name: String,
    /// The reviews that are listed for them.
    pub reviews: Vec<usize>,
}

/// A product, as products, inventory and reviews know it.
pub struct Product {
    /// The key.
    pub upc: String,
    /// What it is called.
    pub name: String,
    /// What it costs.
    pub price: i64,
    /// What it weighs.
    pub weight: i64,
    /// Whether there are any.
    pub in_stock: bool,
    /// What it costs to send: by rule from price and weight, unless it is written down.
    pub estimate: Option<Value>,
    /// The reviews that are listed for it.
    pub reviews: Vec<usize>,
}

/// A review.
pub struct Review {
    /// The key.
    pub id: String,
    /// What it says.
    pub body: String,
    /// Of which product.
    pub product: usize,
    /// By which user.
    pub author: usize,
}

/// Everything that there is.
#[derive(Default)]
pub struct Shop {
    /// Users, the listed ones first.
    pub users: Vec<User>,
    /// Products, the top ones first.
    pub products: Vec<Product>,
    /// Reviews.
    pub reviews: Vec<Review>,
    users_by_id: HashMap<String, usize>,
    products_by_upc: HashMap<String, usize>,
}

/// Username, name.
const USERS: [(&str, &str); LISTED] = [
    ("amber", "Amber Oldfield"),
    ("benedictus", "Benedict Ox"),
    ("carolinefern", "Caroline Fern"),
    ("davidus", "David Hawthorn"),
    ("edithheath", "Edith Heath"),
    ("florin", "Florin Birch"),
];
/// Name, price, weight, whether there are any, number of reviews.
const PRODUCTS: [(&str, i64, i64, bool, usize); 5] = [
    ("Shelf", 899, 100, true, 4),
    ("Bench", 1299, 1000, false, 4),
    ("Plate", 15, 20, false, 1),
    ("Stool", 499, 100, false, 2),
    ("PC", 1299, 1000, true, 0),
];
/// How long the reviews are, in bytes.
const BODIES: [usize; 11] = [445, 289, 275, 143, 445, 289, 275, 143, 143, 143, 844];
const SENTENCES: [&str; 4] = [
    "It came on the day that was promised, in one piece, and with every screw that the drawing shows.",
    "The wood is lighter than in the picture, which suits the room better than what we had in mind.",
    "After half a year of children, cats and coffee it still stands as straight as on the first day.",
    "Whoever builds it alone should have an evening, a second pair of hands, and somebody to hold the lamp.",
];

impl Shop {
    /// The shop by rule.
    pub fn by_rule() -> Self {
        let mut shop = Self::default();
        for (username, name) in USERS {
            // As in the public benchmark, each of them shows the first two reviews, whoever wrote them.
            shop.add_user(username, name, vec![0, 1]);
        }
        for (name, price, weight, in_stock, count) in PRODUCTS {
            let first = shop.reviews.len();
            for (review, bytes) in BODIES.iter().enumerate().skip(first).take(count) {
                let product = shop.products.len();
                shop.add_review(&text(review, *bytes), product, 0);
            }
            shop.add_product(name, price, weight, in_stock, (first..first + count).collect());
        }
        shop.extend()
    }

    /// Adds what the questions that vary ask for: everybody has written two reviews of one product.
    pub fn extend(mut self) -> Self {
        let (users, products) = (self.users.len(), self.products.len());
        for number in 0..FURTHER {
            let first = self.reviews.len();
            let (user, product) = (users + number, products + number);
            // Each product is reviewed by its number's user and by the next one.
            let other = users + (number + 1) % FURTHER;
            self.add_review(&text(number, 200 + number % 100), product, user);
            self.add_review(&text(number + 1, 100 + number % 100), product, other);
            let price = 10 + i64::try_from(number).unwrap_or_default();
            self.add_user(
                &format!("user{user:04}"),
                &format!("Further User {user:04}"),
                vec![first, first + 1],
            );
            self.add_product(
                &format!("Thing {product:04}"),
                price,
                2 * price,
                number % 2 == 0,
                vec![first, first + 1],
            );
        }
        self
    }

    /// Adds a user; the key is the next number.
    pub fn add_user(&mut self, username: &str, name: &str, reviews: Vec<usize>) {
        let id = (self.users.len() + 1).to_string();
        self.users_by_id.insert(id.clone(), self.users.len());
        self.users.push(User { id: quoted(&id), username: quoted(username), name: quoted(name), reviews });
    }

    /// Adds a product; the key is the next number.
    pub fn add_product(&mut self, name: &str, price: i64, weight: i64, in_stock: bool, reviews: Vec<usize>) {
        let upc = (self.products.len() + 1).to_string();
        self.products_by_upc.insert(upc.clone(), self.products.len());
        let (upc, name) = (quoted(&upc), quoted(name));
        self.products.push(Product { upc, name, price, weight, in_stock, estimate: None, reviews });
    }

    /// Adds a review; the key is the next number.
    pub fn add_review(&mut self, body: &str, product: usize, author: usize) {
        let id = quoted(&(self.reviews.len() + 1).to_string());
        self.reviews.push(Review { id, body: quoted(body), product, author });
    }

    /// The user with this key.
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users_by_id.get(id).and_then(|index| self.users.get(*index))
    }

    /// The product with this key.
    pub fn product(&self, upc: &str) -> Option<&Product> {
        self.products_by_upc.get(upc).and_then(|index| self.products.get(*index))
    }

    /// The keys of the users that `users` does not list.
    pub fn further_users(&self) -> impl Iterator<Item = String> {
        (LISTED + 1..=self.users.len()).map(|number| number.to_string())
    }
}

impl Product {
    /// What it costs to send, for somebody who was told price and weight.
    pub fn estimate(&self, price: Option<i64>, weight: Option<i64>) -> Value {
        match (&self.estimate, price, weight) {
            (Some(written), ..) => written.clone(),
            // Four digits, as long as the `null` of the public benchmark, whose subgraph drops what it is told.
            (None, Some(price), Some(weight)) => json!(1000 + (price + weight) / 10),
            (None, ..) => Value::Null,
        }
    }
}

/// So many bytes of text, beginning at one of the sentences.
fn text(number: usize, bytes: usize) -> String {
    let mut text: String = SENTENCES.iter().cycle().skip(number % SENTENCES.len()).take(10).fold(
        String::new(),
        |text, sentence| {
            if text.is_empty() { (*sentence).to_owned() } else { text + " " + sentence }
        },
    );
    text.truncate(bytes);
    text
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

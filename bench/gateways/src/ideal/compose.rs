//! The bodies that the ideal client sends, and the answer that it puts together.

use bench::Failure;
use serde_json::value::RawValue;

use super::answers::{Detail, Entities, Named, Person, Review, Reviewed, Root, Stock, read};

/// What is known of the entities that reviews mention. A question reaches a handful: they are found by looking.
#[derive(Default)]
pub struct Known<'a> {
    names: Vec<(&'a str, &'a str)>,
    products: Vec<(&'a str, Detail<'a>)>,
    /// Each product's fields, written out as the question asks for them.
    articles: Vec<(&'a str, String)>,
}

/// The keys of entities that must be asked for.
#[derive(Default)]
pub struct Asked<'a> {
    pub users: Vec<&'a str>,
    pub products: Vec<&'a str>,
}

impl<'a> Known<'a> {
    /// What the root has told.
    pub fn learn(&mut self, users: &Root<'a>, products: &Root<'a>) {
        for Person { id, name, .. } in people(users) {
            add(&mut self.names, id.get(), name.get());
        }
        for product in &products.top_products {
            add(&mut self.products, product.upc.get(), product.detail());
        }
    }

    /// The entities in reviews that nothing is known of.
    pub fn unknown(&self, reviewed: &[Reviewed<'a>]) -> Asked<'a> {
        let mut asked = Asked::default();
        for one in reviewed {
            self.look(&one.reviews, &mut asked);
        }
        asked
    }

    fn look(&self, reviews: &[Review<'a>], asked: &mut Asked<'a>) {
        for review in reviews {
            if let Some(product) = &review.product {
                let upc = product.upc.get();
                if find(&self.products, upc).is_none() && !asked.products.contains(&upc) {
                    asked.products.push(upc);
                }
                self.look(product.reviews.as_deref().unwrap_or_default(), asked);
            }
            if let Some(author) = &review.author {
                let id = author.id.get();
                if find(&self.names, id).is_none() && !asked.users.contains(&id) {
                    asked.users.push(id);
                }
                self.look(&author.reviews, asked);
            }
        }
    }

    /// What accounts has told of users.
    pub fn learn_names(&mut self, ids: &[&'a str], answer: &'a [u8]) -> Result<(), Failure> {
        let answer: Entities<Named<'a>> = read(answer)?;
        self.names.extend(ids.iter().copied().zip(answer.entities.iter().map(|named| named.name.get())));
        Ok(())
    }

    /// What products has told of products.
    pub fn learn_details(&mut self, upcs: &[&'a str], answer: &'a [u8]) -> Result<(), Failure> {
        let answer: Entities<Detail<'a>> = read(answer)?;
        self.products.extend(upcs.iter().copied().zip(answer.entities));
        Ok(())
    }

    /// What inventory has told of the products that it was asked for: all that are known.
    pub fn learn_stock(&mut self, stock: &[Stock<'a>]) {
        let articles = self.products.iter().zip(stock).map(|((upc, detail), stock)| {
            let article = [
                r#""inStock":"#,
                stock.in_stock.get(),
                r#","name":"#,
                detail.name.get(),
                r#","price":"#,
                detail.price.get(),
                r#","shippingEstimate":"#,
                stock.shipping_estimate.get(),
                r#","upc":"#,
                upc,
                r#","weight":"#,
                detail.weight.get(),
            ];
            (*upc, article.concat())
        });
        self.articles = articles.collect();
    }
}

fn find<'k, T>(all: &'k [(&str, T)], key: &str) -> Option<&'k T> {
    all.iter().find(|(of, _)| *of == key).map(|(_, found)| found)
}

fn add<'a, T>(all: &mut Vec<(&'a str, T)>, key: &'a str, value: T) {
    if find(all, key).is_none() {
        all.push((key, value));
    }
}

fn people<'r, 'a>(root: &'r Root<'a>) -> impl Iterator<Item = &'r Person<'a>> {
    root.users.iter().chain(&root.user)
}

/// Asks reviews for users and products.
pub fn reviews_of(start: &str, users: &Root<'_>, products: &Root<'_>) -> String {
    let users = people(users).map(|user| representation("User", "id", user.id.get()));
    let products = products.top_products.iter().map(|one| representation("Product", "upc", one.upc.get()));
    ask(start, users.chain(products))
}

/// Asks for users, if there are any to ask for.
pub fn users(start: &str, ids: &[&str]) -> Option<String> {
    (!ids.is_empty()).then(|| ask(start, ids.iter().map(|id| representation("User", "id", id))))
}

/// Asks for products, if there are any to ask for.
pub fn products(start: &str, upcs: &[&str]) -> Option<String> {
    (!upcs.is_empty()).then(|| ask(start, upcs.iter().map(|upc| representation("Product", "upc", upc))))
}

/// Asks inventory for all products that are known.
pub fn stock_of(start: &str, known: &Known<'_>) -> String {
    ask(
        start,
        known.products.iter().map(|(upc, detail)| {
            let (price, weight) = (detail.price.get(), detail.weight.get());
            format!(r#"{{"__typename":"Product","upc":{upc},"price":{price},"weight":{weight}}}"#)
        }),
    )
}

fn representation(name: &str, field: &str, key: &str) -> String {
    format!(r#"{{"__typename":"{name}","{field}":{key}}}"#)
}

fn ask(start: &str, representations: impl Iterator<Item = String>) -> String {
    let mut body = start.to_owned();
    for (index, representation) in representations.enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(&representation);
    }
    body.push_str("]}}");
    body
}

/// Writes the answer.
pub fn answer(
    users: &Root<'_>,
    products: &Root<'_>,
    reviewed: &[Reviewed<'_>],
    known: &Known<'_>,
) -> Result<String, Failure> {
    let mut writer = Writer { out: String::with_capacity(96 * 1024), known };
    let mut reviewed = reviewed.iter();
    let mut next = || reviewed.next().ok_or("reviews did not answer for everybody");
    writer.raw("{\"data\":{");
    if let Some(user) = &users.user {
        writer.raw("\"user\":{");
        writer.person(user.id, user.username, user.name.get());
        writer.reviews(&next()?.reviews)?;
        writer.raw("}}}");
        return Ok(writer.out);
    }
    writer.raw("\"users\":[");
    for (index, user) in users.users.iter().enumerate() {
        writer.raw(if index > 0 { ",{" } else { "{" });
        writer.person(user.id, user.username, user.name.get());
        writer.reviews(&next()?.reviews)?;
        writer.raw("}");
    }
    writer.raw("],\"topProducts\":[");
    for (index, product) in products.top_products.iter().enumerate() {
        writer.raw(if index > 0 { ",{" } else { "{" });
        writer.article(product.upc)?;
        writer.reviews(&next()?.reviews)?;
        writer.raw("}");
    }
    writer.raw("]}}");
    Ok(writer.out)
}

struct Writer<'k> {
    out: String,
    known: &'k Known<'k>,
}

impl Writer<'_> {
    fn raw(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn person(&mut self, id: &RawValue, username: &RawValue, name: &str) {
        for text in ["\"id\":", id.get(), ",\"username\":", username.get(), ",\"name\":", name] {
            self.raw(text);
        }
    }

    fn article(&mut self, upc: &RawValue) -> Result<(), Failure> {
        let article = find(&self.known.articles, upc.get()).ok_or("a product is not known")?;
        self.out.push_str(article);
        Ok(())
    }

    /// Everything of reviews that their level has, after the fields of whom they are of.
    fn reviews(&mut self, reviews: &[Review<'_>]) -> Result<(), Failure> {
        self.raw(",\"reviews\":[");
        for (index, review) in reviews.iter().enumerate() {
            for text in [
                if index > 0 { ",{" } else { "{" },
                "\"id\":",
                review.id.get(),
                ",\"body\":",
                review.body.get(),
            ] {
                self.raw(text);
            }
            if let Some(product) = &review.product {
                self.raw(",\"product\":{");
                self.article(product.upc)?;
                if let Some(reviews) = &product.reviews {
                    self.reviews(reviews)?;
                }
                self.raw("}");
            }
            if let Some(author) = &review.author {
                self.raw(",\"author\":{");
                let name = find(&self.known.names, author.id.get()).ok_or("an author is not known")?;
                self.person(author.id, author.username, name);
                self.reviews(&author.reviews)?;
                self.raw("}");
            }
            self.raw("}");
        }
        self.raw("]");
        Ok(())
    }
}

//! The shop's products.

use super::*;

#[derive(SimpleObject)]
pub struct Product {
    upc: ID,
    name: String,
    price: i32,
    weight: Option<i32>,
}

pub fn product(upc: &str) -> Option<Product> {
    let (name, price, weight) = match upc {
        "table" => ("Table", 899, Some(100)),
        "couch" => ("Couch", 1299, None),
        "chair" => ("Chair", 54, Some(50)),
        _ => return None,
    };
    Some(Product { upc: upc.into(), name: name.to_owned(), price, weight })
}

pub fn all() -> Vec<Product> {
    ["table", "couch", "chair"].into_iter().filter_map(product).collect()
}

#[derive(SimpleObject)]
pub struct Book {
    title: String,
    pages: i32,
}

#[derive(SimpleObject)]
pub struct Film {
    title: String,
    minutes: i32,
}

#[derive(Interface)]
#[graphql(field(name = "title", ty = "&String"))]
pub enum Medium {
    Book(Book),
    Film(Film),
}

#[derive(Union)]
pub enum Found {
    Book(Book),
    Product(Product),
}

pub struct Query;
#[Object]
impl Query {
    async fn products(&self, #[graphql(default = 3)] first: usize) -> Vec<Product> {
        all().into_iter().take(first).collect()
    }
    async fn product(&self, upc: ID) -> Option<Product> {
        product(&upc)
    }
    async fn media(&self) -> Vec<Medium> {
        vec![
            Medium::Book(Book { title: "Emma".into(), pages: 474 }),
            Medium::Film(Film { title: "Alien".into(), minutes: 117 }),
        ]
    }
    async fn search(&self) -> Vec<Found> {
        vec![
            Found::Book(Book { title: "Emma".into(), pages: 474 }),
            Found::Product(product("chair").unwrap()),
        ]
    }
    #[graphql(entity)]
    async fn find_product(&self, upc: ID) -> Option<Product> {
        product(&upc)
    }
}

pub struct Mutation(pub Log);
#[Object]
impl Mutation {
    async fn product_order(&self, upc: ID) -> Option<Product> {
        self.0.lock().unwrap().push(format!("order {}", upc.as_str()));
        product(&upc)
    }
}

pub struct Subscription;
#[async_graphql::Subscription]
impl Subscription {
    async fn price_changed(&self) -> impl Stream<Item = Product> {
        stream::iter(all())
    }
    /// Never ends by itself.
    async fn ticks(&self) -> impl Stream<Item = i32> {
        stream::unfold(0, |n| async move {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            Some((n, n + 1))
        })
    }
}

pub fn executable(log: Log) -> Executable {
    super::executable(Schema::build(Query, Mutation(log), Subscription))
}

//! A small shop as four subgraphs: accounts, products, reviews, inventory.

use std::sync::{Arc, Mutex};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, ID, Interface, Object, ObjectType, Result,
    SDLExportOptions, Schema, SchemaBuilder, SimpleObject, SubscriptionType, Union,
};
use futures::stream::{self, Stream, StreamExt};
use graphql::Executable;

pub type Log = Arc<Mutex<Vec<String>>>;

pub fn executable<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> Executable
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let schema = builder.enable_federation().enable_subscription_in_federation().finish();
    let sdl = schema.sdl_with_options(SDLExportOptions::new().federation());
    let streamed = schema.clone();
    Executable::new(
        sdl,
        move |request| {
            let schema = schema.clone();
            Box::pin(async move { schema.execute(request).await })
        },
        move |request| streamed.execute_stream(request).boxed(),
    )
}

/// Notes every call: subgraph, operation, variables.
pub fn noted(name: &'static str, inner: Executable, log: Log) -> Executable {
    let streamed = inner.clone();
    Executable::new(
        inner.sdl.clone(),
        move |request| {
            log.lock().unwrap().push(format!("{name} {} {}", request.query, request.variables));
            let inner = inner.clone();
            Box::pin(async move { inner.execute(request).await })
        },
        move |request| streamed.stream(request),
    )
}

pub mod accounts {
    use super::*;

    #[derive(Enum, Clone, Copy, PartialEq, Eq)]
    pub enum Rank {
        Bronze,
        Gold,
    }

    #[derive(SimpleObject)]
    pub struct User {
        id: ID,
        name: String,
        nickname: Option<String>,
        rank: Rank,
    }

    pub fn user(id: &str) -> Option<User> {
        let (name, nickname, rank) = match id {
            "1" => ("Ada", Some("ada".to_owned()), Rank::Gold),
            "2" => ("Grace", None, Rank::Bronze),
            _ => return None,
        };
        Some(User { id: id.into(), name: name.to_owned(), nickname, rank })
    }

    pub struct Query;
    #[Object]
    impl Query {
        async fn me(&self) -> Option<User> {
            user("1")
        }
        async fn user(&self, id: ID) -> Option<User> {
            user(&id)
        }
        async fn users(&self) -> Vec<User> {
            ["1", "2"].into_iter().filter_map(user).collect()
        }
        async fn whoami(&self, ctx: &Context<'_>) -> Result<String> {
            Ok(ctx.data::<common::RequestContext>()?.request_id.to_string())
        }
        #[graphql(entity)]
        async fn find_user(&self, id: ID) -> Option<User> {
            user(&id)
        }
    }

    pub struct Mutation(pub Log);
    #[Object]
    impl Mutation {
        async fn user_rename(&self, id: ID, name: String) -> Option<User> {
            self.0.lock().unwrap().push(format!("rename {} {name}", id.as_str()));
            let mut user = user(&id)?;
            user.name = name;
            Some(user)
        }
    }

    pub fn executable(log: Log) -> Executable {
        super::executable(Schema::build(Query, Mutation(log), EmptySubscription))
    }
}

pub mod products {
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
}

pub mod reviews {
    use super::*;

    #[derive(SimpleObject, Clone)]
    #[graphql(complex)]
    pub struct Review {
        id: ID,
        body: String,
        #[graphql(skip)]
        author: String,
        #[graphql(skip)]
        upc: String,
    }

    #[async_graphql::ComplexObject]
    impl Review {
        async fn author(&self) -> Option<User> {
            Some(User { id: self.author.clone().into() })
        }
        async fn product(&self) -> Product {
            Product { upc: self.upc.clone().into() }
        }
    }

    fn all() -> Vec<Review> {
        let review = |id: &str, body: &str, author: &str, upc: &str| Review {
            id: id.into(),
            body: body.into(),
            author: author.into(),
            upc: upc.into(),
        };
        vec![
            review("r1", "Love it", "1", "table"),
            review("r2", "Too expensive", "1", "couch"),
            review("r3", "Could be better", "2", "table"),
            // Written by somebody who is gone.
            review("r4", "Prefer something else", "9", "chair"),
        ]
    }

    pub struct User {
        id: ID,
    }
    #[Object]
    impl User {
        async fn id(&self) -> &ID {
            &self.id
        }
        async fn reviews(&self) -> Vec<Review> {
            all().into_iter().filter(|review| review.author == *self.id).collect()
        }
    }

    pub struct Product {
        upc: ID,
    }
    #[Object]
    impl Product {
        async fn upc(&self) -> &ID {
            &self.upc
        }
        async fn reviews(&self) -> Vec<Review> {
            all().into_iter().filter(|review| review.upc == *self.upc).collect()
        }
        /// Fails for the couch.
        async fn score(&self) -> Result<Option<f64>> {
            match self.upc.as_str() {
                "couch" => Err(async_graphql::Error::new("no score").extend_with_code("SCORE_MISSING")),
                _ => Ok(Some(4.5)),
            }
        }
        /// Fails for the couch, and must not be null.
        async fn grade(&self) -> Result<i32> {
            match self.upc.as_str() {
                "couch" => Err(async_graphql::Error::new("no grade").extend_with_code("GRADE_MISSING")),
                _ => Ok(1),
            }
        }
    }

    trait WithCode {
        fn extend_with_code(self, code: &str) -> Self;
    }
    impl WithCode for async_graphql::Error {
        fn extend_with_code(self, code: &str) -> Self {
            use async_graphql::ErrorExtensions;
            self.extend_with(|_, extensions| {
                extensions.set("code", code);
                extensions.set("hint", "ask later");
            })
        }
    }

    pub struct Query;
    #[Object]
    impl Query {
        async fn reviews(&self) -> Vec<Review> {
            all()
        }
        #[graphql(entity)]
        async fn find_user(&self, id: ID) -> Option<User> {
            Some(User { id })
        }
        #[graphql(entity)]
        async fn find_product(&self, upc: ID) -> Option<Product> {
            Some(Product { upc })
        }
    }

    pub struct Mutation(pub Log);
    #[Object]
    impl Mutation {
        async fn review_add(&self, upc: ID, body: String) -> Review {
            self.0.lock().unwrap().push(format!("review {} {body}", upc.as_str()));
            Review { id: "new".into(), body, author: "2".into(), upc: upc.to_string() }
        }
    }

    pub struct Subscription;
    #[async_graphql::Subscription]
    impl Subscription {
        async fn review_added(&self) -> impl Stream<Item = Review> {
            stream::iter(all())
        }
    }

    pub fn executable(log: Log) -> Executable {
        super::executable(Schema::build(Query, Mutation(log), Subscription))
    }
}

pub mod inventory {
    use super::*;

    pub struct Product {
        upc: ID,
        price: Option<i32>,
        weight: Option<i32>,
    }
    #[Object]
    impl Product {
        async fn upc(&self) -> &ID {
            &self.upc
        }
        #[graphql(external)]
        async fn price(&self) -> Option<i32> {
            self.price
        }
        #[graphql(external)]
        async fn weight(&self) -> Option<i32> {
            self.weight
        }
        async fn in_stock(&self) -> Option<bool> {
            Some(self.upc.as_str() != "couch")
        }
        #[graphql(requires = "price weight")]
        async fn shipping_cost(&self) -> Option<i32> {
            Some(self.price? + self.weight?)
        }
        /// The chair has no shelf: its entity is missing.
        async fn shelf(&self) -> i32 {
            7
        }
    }

    pub struct Query;
    #[Object]
    impl Query {
        async fn stock_count(&self) -> i32 {
            2
        }
        #[graphql(entity)]
        async fn find_product(
            &self,
            #[graphql(key)] upc: ID,
            price: Option<i32>,
            weight: Option<i32>,
        ) -> Option<Product> {
            (upc.as_str() != "chair").then_some(Product { upc, price, weight })
        }
    }

    pub fn executable() -> Executable {
        super::executable(Schema::build(Query, EmptyMutation, EmptySubscription))
    }
}

//! The shop's reviews.

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

//! The shop's accounts.

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

//! The rule of who decides is there twice, in SQL and in Rust: the two agree.

use std::collections::BTreeSet;

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::*;

const ROUNDS: u64 = 2_000;

#[tokio::test]
async fn the_database_and_the_directory_agree_on_who_decides() {
    let company = Company::of(&[Role::Owner]).await;
    let mut tx = company.tx().await;
    for seed in 0..ROUNDS {
        let mut chance = rand::rngs::StdRng::seed_from_u64(seed);
        sqlx::query("delete from people.member").execute(tx.conn()).await.unwrap();
        let members: Vec<people::Member> =
            (0..chance.random_range(1..6)).map(|_| member(&mut chance)).collect();
        for member in &members {
            people::write::member(&mut tx, member.id, &member.roles, member.is_active).await.unwrap();
        }
        // A stranger, of whom nothing is known, may be named as well.
        let mut all: Vec<MembershipId> = members.iter().map(|member| member.id).collect();
        all.push(MembershipId::new());
        let named: Vec<_> = all.iter().copied().filter(|_| chance.random_bool(0.3)).collect();
        let requester = *all.choose(&mut chance).unwrap();
        let mut expected = people::office(&named, Some(requester), &members);
        let works = |member: &&people::Member| {
            member.is_active && member.roles.iter().any(|role| ![Role::Client, Role::Supplier].contains(role))
        };
        let is_office = |member: &people::Member| {
            member.is_active && member.roles.iter().any(|role| people::OFFICE.contains(role))
        };
        let decides_alone = members.iter().any(|member| member.id == requester && is_office(member))
            || !members.iter().filter(works).any(|member| member.id != requester);
        if expected.is_empty() && decides_alone {
            expected.insert(requester);
        }
        let found: Vec<MembershipId> = sqlx::query_scalar(
            "select unnest(ids) from approval.deciders(
                array[row(null, null, $1, $2, array[$2], '{}', '{}', false)::approval.question])",
        )
        .bind(&named)
        .bind(requester)
        .fetch_all(tx.conn())
        .await
        .unwrap();
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "seed {seed}");
    }
}

fn member(chance: &mut rand::rngs::StdRng) -> people::Member {
    let roles = [Role::Owner, Role::Admin, Role::Hr, Role::Member, Role::Client];
    let roles: Vec<Role> = roles.into_iter().filter(|_| chance.random_bool(0.3)).collect();
    people::Member { id: MembershipId::new(), roles, is_active: chance.random_bool(0.8) }
}

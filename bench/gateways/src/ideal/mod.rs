//! The floor: a program that answers the benchmark's questions, and no others, as cheaply as one can think of.
//!
//! It knows the plan. It reads of the subgraphs' answers no more than where values begin and end, keeps them as
//! slices, and copies each into the answer. Two variants: with `recall`, what is known of an entity is not asked
//! for again; without it, every place of the question is asked for as a planner would.

mod answers;
mod compose;
mod upstream;

use std::rc::Rc;

use bench::Failure;
use bytes::Bytes;
use serde_json::json;

use self::answers::{Entities, Reviewed, Root, Stock, read};
use self::compose::Known;
use self::upstream::Upstream;
use crate::questions::Question;
use crate::serve;
use crate::subgraphs::schema::Part;

/// Answers on a port until the process is ended; the subgraphs' ports are in the order of [`Part::SUBGRAPHS`].
pub fn run(port: u16, subgraphs: &[u16], recall: bool, large: &str) -> Result<(), Failure> {
    let &[accounts, inventory, products, reviews] = subgraphs else {
        return Err(format!("there are {} subgraphs", Part::SUBGRAPHS.len()).into());
    };
    let varied = Question::varied("@").body();
    let (before, after) = varied.split_once('@').ok_or("the question does not vary")?;
    let ideal = Rc::new(Ideal {
        accounts: Upstream::new(accounts),
        inventory: Upstream::new(inventory),
        products: Upstream::new(products),
        reviews: Upstream::new(reviews),
        recall,
        large: Question::plain(large).body().into(),
        small: Question::small().body().into(),
        varied: (before.to_owned().into(), after.to_owned().into()),
    });
    serve::run(port, async move |_, body: Bytes| match ideal.answer(&body).await {
        Ok(answer) => answer,
        Err(failure) => json!({ "errors": [{ "message": failure.to_string() }] }).to_string().into(),
    })
}

struct Ideal {
    accounts: Upstream,
    inventory: Upstream,
    products: Upstream,
    reviews: Upstream,
    recall: bool,
    /// The bodies that are understood.
    large: Bytes,
    small: Bytes,
    varied: (Bytes, Bytes),
}

const ME: &[u8] = br#"{"query":"{me{id name}}"}"#;
const USERS: &[u8] = br#"{"query":"{users{id username name}}"}"#;
const TOP_PRODUCTS: &[u8] = br#"{"query":"{topProducts{upc name price weight}}"}"#;
const REVIEWS_OF: &str = concat!(
    r#"{"query":"query($r:[_Any!]!){_entities(representations:$r){"#,
    "...on User{reviews{id body product{upc reviews{id body author{id username reviews{id body product{upc}}}}}}}",
    "...on Product{reviews{id body author{id username reviews{id body product{upc}}}}}",
    r#"}}","variables":{"r":["#
);
const NAMES_OF: &str =
    r#"{"query":"query($r:[_Any!]!){_entities(representations:$r){...on User{name}}}","variables":{"r":["#;
const PRODUCTS_OF: &str = concat!(
    r#"{"query":"query($r:[_Any!]!){_entities(representations:$r){...on Product{name price weight}}}","#,
    r#""variables":{"r":["#
);
const STOCK_OF: &str = concat!(
    r#"{"query":"query($r:[_Any!]!){_entities(representations:$r){...on Product{inStock shippingEstimate}}}","#,
    r#""variables":{"r":["#
);

impl Ideal {
    async fn answer(&self, body: &[u8]) -> Result<Bytes, Failure> {
        if body == self.small {
            // What comes is what goes.
            return self.accounts.call(ME).await;
        }
        if body == self.large {
            let (users, products) =
                futures::try_join!(self.accounts.call(USERS), self.products.call(TOP_PRODUCTS))?;
            return self.complete(&users, Some(&products)).await;
        }
        let id = body.strip_prefix(&*self.varied.0).and_then(|rest| rest.strip_suffix(&*self.varied.1));
        let id = std::str::from_utf8(id.ok_or("this question is not known here")?)?;
        let user = format!(
            r#"{{"query":"query($i:ID!){{user(id:$i){{id username name}}}}","variables":{{"i":"{id}"}}}}"#
        );
        let user = self.accounts.call(user).await?;
        self.complete(&user, None).await
    }

    /// Completes the answers of the root: what the rest of the question asks is the same for either.
    async fn complete(&self, users: &[u8], products: Option<&[u8]>) -> Result<Bytes, Failure> {
        let users: Root<'_> = read(users)?;
        let products: Root<'_> = products.map(read).transpose()?.unwrap_or_default();
        let reviews = self.reviews.call(compose::reviews_of(REVIEWS_OF, &users, &products)).await?;
        let reviews: Entities<Reviewed<'_>> = read(&reviews)?;

        let mut known = Known::default();
        if self.recall {
            known.learn(&users, &products);
        }
        let asked = known.unknown(&reviews.entities);
        let (names, details) = futures::try_join!(
            call(&self.accounts, compose::users(NAMES_OF, &asked.users)),
            call(&self.products, compose::products(PRODUCTS_OF, &asked.products)),
        )?;
        known.learn_names(&asked.users, &names)?;
        known.learn_details(&asked.products, &details)?;
        if !self.recall {
            known.learn(&users, &products);
        }
        let stock = self.inventory.call(compose::stock_of(STOCK_OF, &known)).await?;
        let stock: Entities<Stock<'_>> = read(&stock)?;
        known.learn_stock(&stock.entities);
        Ok(compose::answer(&users, &products, &reviews.entities, &known)?.into())
    }
}

/// Asks unless there is nothing to ask.
async fn call(upstream: &Upstream, body: Option<String>) -> Result<Bytes, Failure> {
    match body {
        Some(body) => upstream.call(body).await,
        None => Ok(Bytes::from_static(br#"{"data":{"_entities":[]}}"#)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bench::http::Connection;
    use bench::process::free_ports;
    use hyper::StatusCode;
    use serde_json::Value;

    use super::*;
    use crate::questions::LARGE;
    use crate::shop::Shop;
    use crate::subgraphs::{self, right_answer};

    /// A connection to a port on which somebody will listen soon.
    async fn open(port: u16) -> Connection {
        loop {
            match Connection::open(port).await {
                Ok(connection) => return connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    }

    async fn ask(port: u16, path: &str, body: String) -> Value {
        let (status, answer) = open(port).await.post(path, None, body.into()).await.unwrap();
        assert_eq!(status, StatusCode::OK);
        serde_json::from_slice(&answer).unwrap()
    }

    #[tokio::test]
    async fn the_ideal_client_is_right_with_as_few_calls_as_it_says() {
        let ports = free_ports(6).unwrap();
        let (subgraphs, ideals) = ports.split_at(4);
        let of_all = subgraphs.to_vec();
        std::thread::spawn(move || subgraphs::run(&of_all, Shop::by_rule(), 0).unwrap());
        for port in subgraphs {
            open(*port).await;
        }
        for (port, recall, calls) in [(ideals[0], false, [2, 1, 2, 1]), (ideals[1], true, [1, 1, 1, 1])] {
            let of_it = subgraphs.to_vec();
            std::thread::spawn(move || run(port, &of_it, recall, LARGE).unwrap());
            let before = ask(subgraphs[0], "/calls", String::new()).await;
            let answer = ask(port, "/graphql", Question::plain(LARGE).body()).await;
            assert_eq!(answer, right_answer(&Shop::by_rule(), LARGE, None).unwrap());
            let after = ask(subgraphs[0], "/calls", String::new()).await;
            let made = (0..4).map(|part| after[part].as_u64().unwrap() - before[part].as_u64().unwrap());
            assert_eq!(made.collect::<Vec<_>>(), calls);
            assert_eq!(
                ask(port, "/graphql", Question::small().body()).await["data"]["me"]["name"],
                "Amber Oldfield"
            );
            let user = ask(port, "/graphql", Question::varied("1006").body()).await;
            // The next user after the last one is the first of the further ones.
            assert_eq!(user["data"]["user"]["reviews"][0]["product"]["reviews"][1]["author"]["id"], "7");
        }
    }
}

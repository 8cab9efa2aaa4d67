//! Many who want the same at once.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rust_decimal::Decimal;

use crate::parts::{end, keep};
use crate::stock::{furnished, issue, level, move_, receive};
use crate::*;

/// PRD-6.
#[tokio::test]
async fn of_64_who_reserve_the_last_10_pieces_at_once_10_have_one() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "2").await;
    let input = json!({ "warehouseId": place, "productId": saw, "quantity": "1" });
    let tries = (0..64).map(|_| client.try_create("stockReservation", input.clone()));
    let done = futures::future::join_all(tries).await;
    let made: Vec<_> = done.iter().filter(|answer| answer.refusals().is_empty()).collect();
    assert_eq!(made.len(), 10);
    assert!(
        done.iter().all(|answer| answer.refusals().is_empty() || answer.refusals() == ["NOT_ENOUGH_STOCK"])
    );
    let [on_hand, reserved, available, _] = level(&client, &place, &saw).await;
    assert_eq!((on_hand.as_str(), reserved.as_str(), available.as_str()), ("10", "10", "0"));
    // What is promised is nobody else's, and each promise is kept or let go once, whoever does both at the same time.
    assert_eq!(issue(&client, &place, &saw, "1").await.refusals(), ["NOT_ENOUGH_STOCK"]);
    for answer in made {
        let id = text(&answer.0["data"]["stockReservationCreate"]["stockReservation"]["id"]);
        let (kept, released) = tokio::join!(
            client.act("stockReservation", "Fulfil", &id),
            client.act("stockReservation", "Release", &id)
        );
        let refused: Vec<_> = [&kept, &released].iter().flat_map(|answer| answer.refusals()).collect();
        assert_eq!(refused, ["INVALID_TRANSITION"]);
    }
    let [on_hand, reserved, ..] = level(&client, &place, &saw).await;
    let gone = client.run("{ stockReservations(filter: { status: FULFILLED }) { totalCount } }").await.ok();
    let gone = gone["stockReservations"]["totalCount"].as_i64().unwrap();
    assert_eq!((on_hand, reserved), ((10 - gone).to_string(), "0".to_owned()));
}

/// PRD-6.
#[tokio::test]
async fn of_64_who_hand_out_and_let_go_one_of_10_pieces_at_once_10_do_and_each_is_told_by_itself() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "15", "2").await;
    let kept = keep(&client, &place, &saw, "10").await;
    let one = json!({ "quantity": "1" });
    let tries =
        (0..64).map(|at| end(&client, if at % 2 == 0 { "Fulfil" } else { "Release" }, &kept, one.clone()));
    let done = futures::future::join_all(tries).await;
    let is_done = |answer: &&Answer| answer.refusals().is_empty();
    assert_eq!(done.iter().filter(is_done).count(), 10);
    let late = |answer: &Answer| answer.refusals().is_empty() || answer.refusals() == ["INVALID_TRANSITION"];
    assert!(done.iter().all(late), "{:?}", done.iter().find(|answer| !late(answer)));
    let count = async |status: &str| {
        let query = format!("{{ stockReservations(filter: {{ status: {status} }}) {{ totalCount }} }}");
        client.run(&query).await.ok()["stockReservations"]["totalCount"].as_i64().unwrap()
    };
    let (gone, released) = (count("FULFILLED").await, count("RELEASED").await);
    assert_eq!((gone + released, count("OPEN").await), (10, 0));
    let [on_hand, reserved, available, _] = level(&client, &place, &saw).await;
    let left = (15 - gone).to_string();
    assert_eq!((on_hand, reserved, available), (left.clone(), "0".to_owned(), left));
}

/// Reservations that were handed out and do not name a move of theirs, of so much.
const ASTRAY: &str = "
    select count(*) from products.stock_reservation r left join products.stock_move m on m.id = r.move_id
    where (r.status = 'FULFILLED') <> (m.id is not null) or m.kind <> 'ISSUE' or m.quantity <> r.quantity
       or m.from_warehouse_id <> r.warehouse_id or m.product_id <> r.product_id";

/// What the moves of each level come to: how much, and what it is worth.
const SUMS: &str = "
    select l.on_hand, l.value, l.reserved, coalesce(m.quantity, 0), coalesce(m.cost, 0), coalesce(r.quantity, 0)
    from products.stock_level l
    left join lateral (select
            sum(case when to_warehouse_id = l.warehouse_id then quantity else -quantity end) as quantity,
            sum(case when to_warehouse_id = l.warehouse_id then cost else -cost end) as cost
        from products.stock_move where item_id = l.item_id and l.warehouse_id in (from_warehouse_id, to_warehouse_id)) m on true
    left join lateral (select sum(quantity) as quantity from products.stock_reservation
        where status = 'OPEN' and warehouse_id = l.warehouse_id and product_id = l.product_id) r on true";

/// PRD-6. `PRODUCTS_SEED` says what they follow from; without it they are others each time. Which of them comes first is the
/// machine's affair.
#[tokio::test]
async fn what_is_on_hand_is_the_sum_of_the_moves_after_200_random_ones_at_once() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (main, saw) = furnished(&client).await;
    let shop = client.create("warehouse", json!({ "code": "SHOP", "name": "Shop", "currency": "EUR" })).await;
    let plane = good(&client, "Plane", json!({})).await;
    client.act("product", "Activate", &plane).await.ok();
    let places = [main, shop];
    let things = [saw, plane];
    for (place, thing) in places.iter().flat_map(|place| things.iter().map(move |thing| (place, thing))) {
        receive(&client, place, thing, "20", "3.3333").await;
    }
    let seed = testing::seed("PRODUCTS_SEED");
    let mut random = StdRng::seed_from_u64(seed);
    let operations = (0..200).map(|_| {
        let (here, there) = (random.random_range(0..2), random.random_range(0..2));
        let (place, thing) = (places[here].clone(), things[random.random_range(0..2)].clone());
        let other = places[there].clone();
        let quantity = random.random_range(1..8).to_string();
        let kind = random.random_range(0..7);
        let client = client.clone();
        async move {
            let at = json!({ "warehouseId": place, "productId": thing, "quantity": quantity });
            match kind {
                0 => move_(&client, "Receive", with(at, json!({ "unitCost": "2.7183" }))).await,
                1 => issue(&client, &place, &thing, &quantity).await,
                2 => {
                    let input = json!({ "fromWarehouseId": place, "toWarehouseId": other, "productId": thing, "quantity": quantity });
                    move_(&client, "Transfer", input).await
                }
                3 => move_(&client, "Adjust", with(at, json!({ "quantity": format!("-{quantity}"), "note": "Lost." }))).await,
                4 => client.try_create("stockReservation", at).await,
                5 => {
                    // Three at once who each want another part of it.
                    let made = client.try_create("stockReservation", at).await;
                    let id = &made.0["data"]["stockReservationCreate"]["stockReservation"]["id"];
                    let Some(id) = id.as_str().map(str::to_owned) else { return made };
                    let part = |quantity: &str| json!({ "quantity": quantity });
                    let (one, two, three) = tokio::join!(
                        end(&client, "Fulfil", &id, part("1")),
                        end(&client, "Release", &id, part("2")),
                        end(&client, "Fulfil", &id, part("2.000"))
                    );
                    [one, two, three].into_iter().find(|one| !one.refusals().is_empty()).unwrap_or(made)
                }
                _ => {
                    let made = client.try_create("stockReservation", at).await;
                    match made.0["data"]["stockReservationCreate"]["stockReservation"]["id"].as_str() {
                        Some(id) => client.act("stockReservation", "Fulfil", id).await,
                        None => made,
                    }
                }
            }
        }
    });
    let done = futures::future::join_all(operations).await;
    let refused = ["NOT_ENOUGH_STOCK", "SAME_WAREHOUSE", "NOT_ENOUGH_RESERVED", "INVALID_TRANSITION"];
    let is_known = |answer: &Answer| answer.refusals().iter().all(|code| refused.contains(code));
    let unknown = done.iter().find(|answer| !is_known(answer));
    assert!(unknown.is_none(), "seed {seed}: {unknown:?}");
    assert!(done.iter().filter(|answer| answer.refusals().is_empty()).count() > 50);
    let behind = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    let sums: Vec<[Decimal; 6]> =
        sqlx::query_as::<_, (Decimal, Decimal, Decimal, Decimal, Decimal, Decimal)>(SUMS)
            .fetch_all(&behind)
            .await
            .unwrap()
            .into_iter()
            .map(|(a, b, c, d, e, f)| [a, b, c, d, e, f])
            .collect();
    assert_eq!(sums.len(), 4);
    let astray: i64 = sqlx::query_scalar(ASTRAY).fetch_one(&behind).await.unwrap();
    assert_eq!(astray, 0, "seed {seed}");
    for [on_hand, value, reserved, moved, cost, promised] in sums {
        assert_eq!((on_hand, value, reserved), (moved, cost, promised), "seed {seed}");
        assert!(on_hand >= Decimal::ZERO && value >= Decimal::ZERO, "seed {seed}: {on_hand} {value}");
        assert!((on_hand > Decimal::ZERO) || value.is_zero(), "seed {seed}: nothing is worth {value}");
    }
}

/// PRD-6.
#[tokio::test]
async fn nobody_says_what_is_on_hand_but_moves_and_no_move_is_changed() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "2").await;
    for (sql, says) in [
        ("update products.stock_level set on_hand = 11", "follows from moves"),
        ("update products.stock_level set value = 11", "follows from moves"),
        ("update products.stock_move set quantity = 11", "permission denied"),
        ("delete from products.stock_move", "permission denied"),
        ("delete from products.stock_level", "permission denied"),
    ] {
        let mut tx = app.system(&admin, "products").await;
        let error = sqlx::raw_sql(sql).execute(tx.conn()).await.unwrap_err();
        assert!(error.to_string().contains(says), "{sql}: {error}");
    }
    let [on_hand, ..] = level(&client, &place, &saw).await;
    assert_eq!(on_hand, "10");
}

#[tokio::test]
async fn a_receipt_that_is_sent_twice_with_its_key_comes_in_once() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    let input = json!({ "warehouseId": place, "productId": saw, "quantity": "10", "unitCost": "2" });
    let arguments = json!({ "input": input, "idempotencyKey": "order 7" });
    let tries = (0..8).map(|_| client.mutate("stockMoveReceive", "stockMove", arguments.clone()));
    let ids: std::collections::BTreeSet<String> = futures::future::join_all(tries)
        .await
        .into_iter()
        .map(|answer| text(&answer.ok()["stockMoveReceive"]["stockMove"]["id"]))
        .collect();
    assert_eq!(ids.len(), 1);
    let [on_hand, ..] = level(&client, &place, &saw).await;
    assert_eq!(on_hand, "10");
}

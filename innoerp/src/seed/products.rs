//! What Alpine Works sells, what it costs whom, and what is in its warehouse.

use serde_json::{Value, json};

use super::asking::{Caller, Mutation, text};
use crate::Failure;

/// A product: what it is, its price, what one of it cost, and how many are there.
struct Article {
    name: &'static str,
    kind: &'static str,
    unit: usize,
    category: usize,
    price: &'static str,
    cost: &'static str,
    count: u32,
    is_public: bool,
}

const fn article(
    name: &'static str,
    (kind, unit, category): (&'static str, usize, usize),
    (price, cost): (&'static str, &'static str),
    count: u32,
    is_public: bool,
) -> Article {
    Article { name, kind, unit, category, price, cost, count, is_public }
}

/// Counted in pieces, of the equipment.
const THING: (&str, usize, usize) = ("GOOD", 0, 0);
/// By the hour, of the services.
const WORK: (&str, usize, usize) = ("SERVICE", 1, 1);

const ARTICLES: [Article; 11] = [
    article("Trail camera", THING, ("249", "131.50"), 40, true),
    article("Field radio", THING, ("119", "62.80"), 65, true),
    article("Battery pack", THING, ("24.90", "9.75"), 18, true),
    article("Mounting kit", THING, ("39", "14.20"), 120, true),
    article("Cable reel", THING, ("58", "31.40"), 25, false),
    article("Old field radio", THING, ("89", "58"), 0, true),
    article("Next trail camera", THING, ("279", "140"), 0, true),
    article("Installation", WORK, ("95", "52"), 0, true),
    article("Training", WORK, ("140", "70"), 0, true),
    article("Monitoring", ("SUBSCRIPTION", 0, 1), ("19", "4"), 0, true),
    article("Safety vest", THING, ("32", "11.90"), 10, true),
];
/// Where some of them stand in the list.
const CAMERA: usize = 0;
const RADIO: usize = 1;
const BATTERY: usize = 2;
const DISCONTINUED: usize = 5;
const DRAFT: usize = 6;
const INSTALLATION: usize = 7;
const VEST: usize = 10;

/// Makes units, categories, products and their variants, price lists, a discount, hourly rates, a warehouse with something in it, and a rule
/// by which something is to be ordered again.
pub(super) async fn make(owner: &Caller) -> Result<(), Failure> {
    let (products, variants) = catalogue(owner).await?;
    prices(owner, &products).await?;
    stock(owner, &products, &variants).await
}

async fn catalogue(owner: &Caller) -> Result<(Vec<String>, Vec<String>), Failure> {
    let units =
        [json!({ "code": "PCS", "name": "Piece" }), json!({ "code": "H", "name": "Hour", "decimals": 2 })];
    let units = owner.create_all("unitOfMeasure", units.to_vec()).await?;
    let carton = json!({ "code": "CTN", "name": "Carton", "baseId": units[0], "numerator": 12 });
    owner.create("unitOfMeasure", carton).await?;
    let categories = [
        json!({ "name": "Equipment", "unitId": units[0], "taxGroup": "FULL", "incomeAccount": "4000" }),
        json!({ "name": "Services", "unitId": units[1], "taxGroup": "FULL", "incomeAccount": "4400" }),
    ];
    let categories = owner.create_all("productCategory", categories.to_vec()).await?;
    let size = json!({ "name": "Size", "choices": ["S", "M", "L"] });
    let size = owner.create("productAttribute", size).await?;
    let inputs = ARTICLES.iter().enumerate().map(|(at, article)| {
        json!({
            "kind": article.kind,
            "name": article.name,
            "unitId": units[article.unit],
            "categoryId": categories[article.category],
            "standardCost": { "amount": article.cost, "currency": "EUR" },
            "isPublic": article.is_public,
            "attributeIds": if at == VEST { vec![size.as_str()] } else { Vec::new() },
            "tags": (at == CAMERA).then_some(["Best seller"]),
        })
    });
    let mut products = owner.create_all("product", inputs.collect()).await?;
    let sizes = ["S", "M", "L"].map(|choice| {
        json!({ "productId": products[VEST], "options": [{ "attributeId": size, "choice": choice }] })
    });
    let variants = owner.create_all("productVariant", sizes.to_vec()).await?;
    let parts = [(CAMERA, "1"), (RADIO, "2"), (BATTERY, "4")];
    let parts = parts.map(|(at, quantity)| json!({ "productId": products[at], "quantity": quantity }));
    let set = json!({ "kind": "BUNDLE", "name": "Starter set", "unitId": units[0], "categoryId": categories[0],
        "isPublic": true, "bundleItems": parts });
    products.push(owner.create("product", set).await?);
    let sold = products.iter().enumerate().filter(|(at, _)| *at != DRAFT);
    let activate = Mutation::new("productActivate", &[("id", "ID!")], "product { id }");
    owner.each(&activate, sold.map(|(_, id)| json!({ "id": id })).collect()).await?;
    let discontinue = Mutation::new("productDiscontinue", &[("id", "ID!")], "product { id }");
    owner.each(&discontinue, vec![json!({ "id": products[DISCONTINUED] })]).await?;
    Ok((products, variants))
}

async fn prices(owner: &Caller, products: &[String]) -> Result<(), Failure> {
    let standard =
        json!({ "code": "STANDARD", "name": "Standard", "currency": "EUR", "audience": "EVERYBODY" });
    let standard = owner.create("priceList", standard).await?;
    let each = ARTICLES.iter().zip(products);
    let each = each
        .map(|(article, id)| json!({ "priceListId": standard, "productId": id, "amount": article.price }));
    owner.create_all("price", each.collect()).await?;
    let many = json!({ "priceListId": standard, "productId": products[BATTERY], "amount": "21.50", "minQuantity": "50" });
    owner.create("price", many).await?;
    let customers = "{ contacts(first: 2, filter: { kind: COMPANY, role: CUSTOMER }) { nodes { id } } }";
    let customers = owner.ask(customers, json!({})).await?;
    let customers = [text(&customers, "/contacts/nodes/0/id")?, text(&customers, "/contacts/nodes/1/id")?];
    let own = json!({ "code": "KEY", "name": "Key accounts", "currency": "EUR", "audience": "CUSTOMER", "customerIds": customers });
    let own = owner.create("priceList", own).await?;
    let camera = json!({ "priceListId": own, "productId": products[CAMERA], "amount": "225" });
    owner.create("price", camera).await?;
    let rule =
        json!({ "name": "Many radios", "productId": products[RADIO], "minQuantity": "10", "percent": "7.5" });
    owner.create("discountRule", rule).await?;
    let rates = [
        json!({ "name": "Any work", "currency": "EUR", "amount": "95" }),
        json!({ "name": "Technician", "role": "Technician", "productId": products[INSTALLATION], "currency": "EUR", "amount": "110" }),
    ];
    owner.create_all("serviceRate", rates.to_vec()).await.map(drop)
}

async fn stock(owner: &Caller, products: &[String], variants: &[String]) -> Result<(), Failure> {
    let main = json!({ "code": "MAIN", "name": "Main warehouse", "currency": "EUR" });
    let main = owner.create("warehouse", main).await?;
    let receive =
        Mutation::new("stockMoveReceive", &[("input", "StockMoveReceiveInput!")], "stockMove { id }");
    let came = |product: &str, variant: Option<&String>, count: u32| -> Value {
        json!({ "input": { "warehouseId": main, "productId": product, "variantId": variant,
            "quantity": count.to_string(), "reference": "Opening stock" } })
    };
    let there = ARTICLES
        .iter()
        .zip(products)
        .enumerate()
        .filter(|(at, (article, _))| *at != VEST && article.count > 0);
    let mut moves: Vec<Value> = there.map(|(_, (article, id))| came(id, None, article.count)).collect();
    moves.extend(variants.iter().map(|variant| came(&products[VEST], Some(variant), ARTICLES[VEST].count)));
    owner.each(&receive, moves).await?;
    let kept = json!({ "warehouseId": main, "productId": products[BATTERY], "quantity": "6", "reference": "Order 1042" });
    owner.create("stockReservation", kept).await?;
    let rules = [(BATTERY, "20", "120", json!("12")), (CAMERA, "10", "50", Value::Null)].map(|(at, least, target, multiple)| {
        json!({ "warehouseId": main, "productId": products[at], "minQuantity": least, "targetQuantity": target,
            "multiple": multiple })
    });
    owner.create_all("reorderRule", rules.to_vec()).await.map(drop)
}

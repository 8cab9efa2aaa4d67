//! Contacts, products and sales together: what one of them makes of what another one tells, and the files of all three.
#![cfg(test)]

mod erased;
mod files;
mod handed_over;
mod kept;
mod prices;

use common::Role;
use innoerp::modules;
use serde_json::{Value, json};
use testing::{Answer, App, Client, Person};

/// An organization that sells what it has in its warehouse, and its owner.
struct Shop {
    app: App,
    owner: Person,
    /// The unit that pieces are counted in.
    unit: String,
    /// The warehouse.
    place: String,
}

impl Shop {
    async fn new() -> Self {
        let (app, owner) = (App::start(modules::all()).await, Person::new(&[Role::Owner]));
        app.join(&owner).await;
        let products = app.as_(&owner).on("products");
        let unit = products.create("unitOfMeasure", json!({ "code": "PCS", "name": "Piece" })).await;
        let place = json!({ "code": "MAIN", "name": "Main", "currency": "EUR" });
        let place = products.create("warehouse", place).await;
        let way = json!({ "name": "Sales", "currency": "EUR", "isDefault": true });
        app.as_(&owner).on("crm").create("pipeline", way).await;
        drop(products);
        Self { app, owner, unit, place }
    }

    /// The owner, asking a module.
    fn on(&self, module: &'static str) -> Client<'_> {
        self.app.as_(&self.owner).on(module)
    }

    /// A product that is sold.
    async fn product(&self, kind: &str, name: &str, more: Value) -> String {
        let mut input = json!({ "kind": kind, "name": name, "unitId": self.unit });
        for (field, value) in more.as_object().unwrap() {
            input[field] = value.clone();
        }
        let id = self.on("products").create("product", input).await;
        self.on("products").act("product", "Activate", &id).await.ok();
        id
    }

    /// So many come in.
    async fn receive(&self, place: &str, product: &str, quantity: &str) {
        let input =
            json!({ "warehouseId": place, "productId": product, "quantity": quantity, "unitCost": "2" });
        let received =
            self.on("products").mutate("stockMoveReceive", "stockMove", json!({ "input": input })).await;
        received.ok();
    }

    /// A deal with these lines, each a product and how many.
    async fn deal(&self, lines: &[(&str, &str)]) -> String {
        let lines: Vec<Value> = lines.iter().map(|(product, quantity)| line(product, quantity)).collect();
        self.on("crm").create("deal", json!({ "title": "Saws", "lines": lines })).await
    }

    /// A quote of a deal, which the customer accepts.
    async fn accept(&self, deal: &str) {
        let crm = self.on("crm");
        let quote = crm.create("quote", json!({ "dealId": deal })).await;
        crm.act("quote", "Send", &quote).await.ok();
        let named = json!({ "id": quote, "input": { "name": "Ada" } });
        crm.mutate("quoteAccept", "quote", named).await.ok();
        self.app.settle().await;
    }

    async fn win(&self, deal: &str) {
        let arguments = json!({ "id": deal, "input": {} });
        self.on("crm").mutate("dealWin", "operation", arguments).await.ok();
        self.app.settle().await;
    }

    async fn reopen(&self, deal: &str) {
        let arguments = json!({ "id": deal, "input": {} });
        self.on("crm").mutate("dealReopen", "deal", arguments).await.ok();
        self.app.settle().await;
    }
}

fn line(product: &str, quantity: &str) -> Value {
    json!({ "productId": product, "description": "Goods", "quantity": quantity, "unitPrice": "10" })
}

/// What one of a noun says of some fields; null when it is not there, or not to be seen.
async fn ask(client: &Client<'_>, noun: &str, id: &str, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ {noun}(id: $id) {{ {fields} }} }}");
    client.run_with(&query, json!({ "id": id })).await.ok()[noun].clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

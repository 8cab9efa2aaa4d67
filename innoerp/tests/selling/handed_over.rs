//! What becomes of a lead's files when it is converted: they go to the deal, or where there is none to the contact, and come back
//! when it is called off.

use crate::files::{PNG, attach, names};
use crate::*;

impl Shop {
    /// A lead with two files, of somebody whose contact is there and has a file.
    async fn lead(&self) -> (String, String) {
        let contact =
            json!({ "kind": "PERSON", "lastName": "Lovelace", "emails": [{ "value": "ada@x.example" }] });
        let contact = self.on("contact").create("contact", contact).await;
        attach(&self.on("contact"), "contact", &contact, "card.png").await.ok();
        let lead = json!({ "lastName": "Lovelace", "email": "ada@x.example" });
        let lead = self.on("crm").create("lead", lead).await;
        for name in ["plan.png", "photo.png"] {
            attach(&self.on("crm"), "lead", &lead, name).await.ok();
        }
        (lead, contact)
    }

    /// Converts a lead; answers the operation's id, how far it is, and the deal's id.
    async fn convert(&self, lead: &str, input: Value) -> (String, String, Option<String>) {
        let arguments = json!({ "id": lead, "input": input });
        let begun = self.on("crm").mutate("leadConvert", "operation", arguments).await.ok();
        let id = text(&begun["leadConvert"]["operation"]["id"]);
        let told = ask(&self.on("crm"), "operation", &id, "state deal { id }").await;
        (id, text(&told["state"]), told["deal"]["id"].as_str().map(str::to_owned))
    }
}

fn files(of: &[&str]) -> Option<Vec<String>> {
    Some(of.iter().map(|name| (*name).to_owned()).collect())
}

#[tokio::test]
async fn a_leads_files_go_to_the_deal_that_it_becomes() {
    let shop = Shop::new().await;
    let (lead, contact) = shop.lead().await;
    let (_, state, deal) = shop.convert(&lead, json!({})).await;
    let deal = deal.unwrap();
    assert_eq!(state, "DONE");
    assert_eq!(names(&shop.on("crm"), "deal", &deal).await, files(&["photo.png", "plan.png"]));
    assert_eq!(names(&shop.on("crm"), "lead", &lead).await, files(&[]));
    assert_eq!(names(&shop.on("contact"), "contact", &contact).await, files(&["card.png"]));
    let told = ask(&shop.on("crm"), "deal", &deal, "attachments { url }").await;
    for file in told["attachments"].as_array().unwrap() {
        let (status, _, bytes) = shop.app.http("GET", &text(&file["url"]), vec![]).await;
        assert_eq!((status, bytes.as_slice()), (200, PNG), "its bytes are where they were");
    }
}

#[tokio::test]
async fn where_no_deal_is_wanted_they_go_to_the_contact() {
    let shop = Shop::new().await;
    let (lead, contact) = shop.lead().await;
    let (_, state, deal) = shop.convert(&lead, json!({ "wantsDeal": false })).await;
    assert_eq!((state.as_str(), deal), ("DONE", None));
    let kept = names(&shop.on("contact"), "contact", &contact).await;
    assert_eq!(kept, files(&["card.png", "photo.png", "plan.png"]));
    assert_eq!(names(&shop.on("crm"), "lead", &lead).await, files(&[]));
}

#[tokio::test]
async fn a_conversion_that_is_called_off_gives_the_lead_its_files_back_and_no_others() {
    for wants_deal in [true, false] {
        let shop = Shop::new().await;
        let (lead, contact) = shop.lead().await;
        // It breaks at the last step.
        let sql = "create function crm.broken() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
            create trigger broken before update on crm.lead for each row when (new.status = 'CONVERTED') execute function crm.broken();";
        let behind = sqlx::PgPool::connect(&shop.app.admin_url).await.unwrap();
        sqlx::raw_sql(sql).execute(&behind).await.unwrap();
        let (operation, state, _) = shop.convert(&lead, json!({ "wantsDeal": wants_deal })).await;
        assert_eq!(state, "RUNNING");
        assert_eq!(names(&shop.on("crm"), "lead", &lead).await, files(&[]));
        shop.on("crm").act("operation", "Cancel", &operation).await.ok();
        assert_eq!(names(&shop.on("crm"), "lead", &lead).await, files(&["photo.png", "plan.png"]));
        assert_eq!(names(&shop.on("contact"), "contact", &contact).await, files(&["card.png"]));
    }
}

//! Files that hang on contacts, what was said to them, products, leads and deals: kept with their thing, and seen with it alone.

use crate::*;

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// What files hang on, each with its module.
const NOUNS: [(&str, &str); 5] = [
    ("contact", "contact"),
    ("contact", "communication"),
    ("products", "product"),
    ("crm", "lead"),
    ("crm", "deal"),
];

/// Uploads a file, and attaches it to a thing.
pub async fn attach(client: &Client<'_>, noun: &str, id: &str, name: &str) -> Answer {
    let receipt = client.upload(name, PNG).await;
    let document = format!(
        "mutation($id: ID!, $receipt: String!) {{ {noun}Attach(id: $id, receipt: $receipt) {{ {noun} {{ id }} userErrors {{ code }} }} }}"
    );
    client.run_with(&document, json!({ "id": id, "receipt": receipt })).await
}

/// The names of the files on a thing; nothing when somebody does not see it.
pub async fn names(client: &Client<'_>, noun: &str, id: &str) -> Option<Vec<String>> {
    let told = ask(client, noun, id, "attachments { name }").await;
    let files = told["attachments"].as_array()?;
    let mut names: Vec<String> = files.iter().map(|file| text(&file["name"])).collect();
    names.sort();
    Some(names)
}

impl Shop {
    /// One of each noun that files hang on, in the order of [`NOUNS`]: all of them the owner's.
    async fn one_of_each(&self) -> [String; 5] {
        let contact = json!({ "kind": "PERSON", "lastName": "Lovelace" });
        let contact = self.on("contact").create("contact", contact).await;
        let talk = json!({ "contactId": contact, "kind": "CALL", "subject": "Hello" });
        let talk = self.on("contact").create("communication", talk).await;
        let saw = json!({ "kind": "GOOD", "name": "Saw", "unitId": self.unit });
        let saw = self.on("products").create("product", saw).await;
        let lead = self.on("crm").create("lead", json!({ "lastName": "Byron" })).await;
        let deal = self.on("crm").create("deal", json!({ "title": "Saws" })).await;
        [contact, talk, saw, lead, deal]
    }
}

#[tokio::test]
async fn a_file_hangs_on_its_thing_alone_and_is_kept_when_that_is_archived() {
    let shop = Shop::new().await;
    let ids = shop.one_of_each().await;
    for ((module, noun), id) in NOUNS.into_iter().zip(&ids) {
        attach(&shop.on(module), noun, id, &format!("{noun}.png")).await.ok();
    }
    for ((module, noun), id) in NOUNS.into_iter().zip(&ids) {
        let client = shop.on(module);
        assert_eq!(names(&client, noun, id).await, Some(vec![format!("{noun}.png")]));
        let told = ask(&client, noun, id, "attachments { id url mediaType attachedBy { id } }").await;
        let file = &told["attachments"][0];
        let by = shop.owner.member().membership_id.to_string();
        assert_eq!(
            (&file["mediaType"], &file["attachedBy"]["id"]),
            (&json!("image/png"), &json!(by)),
            "{noun}"
        );
        let (status, _, bytes) = shop.app.http("GET", &text(&file["url"]), vec![]).await;
        assert_eq!((status, bytes.as_slice()), (200, PNG), "{noun}");
        // What was said to somebody is not archived.
        if noun != "communication" {
            client.act(noun, "Archive", id).await.ok();
            assert_eq!(names(&client, noun, id).await, Some(vec![format!("{noun}.png")]));
            let late = attach(&client, noun, id, "late.png").await;
            assert_eq!(late.refusals(), ["INVALID_TRANSITION"], "{noun}");
        }
        let document = format!(
            "mutation($id: ID!, $file: ID!) {{ {noun}Detach(id: $id, attachmentId: $file) {{ {noun} {{ id }} userErrors {{ code }} }} }}"
        );
        client.run_with(&document, json!({ "id": id, "file": file["id"] })).await.ok();
        assert_eq!(names(&client, noun, id).await, Some(Vec::new()));
    }
}

#[tokio::test]
async fn whoever_does_not_see_a_thing_sees_none_of_its_files_and_attaches_none() {
    let shop = Shop::new().await;
    let ids = shop.one_of_each().await;
    let (rep, stranger) = (shop.owner.colleague(&[Role::Sales]), Person::new(&[Role::Owner]));
    for person in [&rep, &stranger] {
        shop.app.join(person).await;
    }
    for ((module, noun), id) in NOUNS.into_iter().zip(&ids) {
        attach(&shop.on(module), noun, id, "secret.png").await.ok();
        let [rep, stranger] = [&rep, &stranger].map(|person| shop.app.as_(person).on(module));
        assert_eq!(names(&stranger, noun, id).await, None, "{noun}");
        assert_eq!(attach(&stranger, noun, id, "mine.png").await.codes(), ["NOT_FOUND"], "{noun}");
        // Everybody who works here sees products; the others are the owner's.
        let seen = names(&rep, noun, id).await;
        let (is_product, refused) = (noun == "product", attach(&rep, noun, id, "mine.png").await);
        assert_eq!(seen.is_some(), is_product, "{noun}: {seen:?}");
        assert_eq!(refused.codes(), [if is_product { "FORBIDDEN" } else { "NOT_FOUND" }], "{noun}");
        assert_eq!(names(&shop.on(module), noun, id).await, Some(vec!["secret.png".to_owned()]));
    }
}

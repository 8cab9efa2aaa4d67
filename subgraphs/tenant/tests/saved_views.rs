//! Saved views: whose they are, who sees them, who changes them.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use common::Role;
use serde_json::{Value, json};
use testing::{App, Client, Person};

struct World {
    app: App,
    owner: Person,
    other: Person,
    admin: Person,
}

impl World {
    async fn new() -> Self {
        let app = App::start(vec![tenant::subgraph()]).await;
        let owner = Person::new(&[Role::Sales]);
        let (other, admin) = (owner.colleague(&[Role::Manager]), owner.colleague(&[Role::Admin]));
        Self { app, owner, other, admin }
    }

    fn as_(&self, person: &Person) -> Client<'_> {
        self.app.as_(person)
    }

    async fn save(&self, name: &str, is_shared: bool) -> String {
        let settings = json!({ "filter": { "status": "ACTIVE" }, "columns": ["name", "joinedOn"] });
        let input = json!({ "noun": "Employee", "name": name, "settings": settings, "isShared": is_shared });
        self.as_(&self.owner).create("savedView", input).await
    }

    async fn seen(&self, person: &Person) -> Vec<String> {
        let query = r#"{ savedViews(filter: { noun: "Employee" }) { nodes { name } totalCount } }"#;
        let seen = self.as_(person).run(query).await.ok();
        let nodes = seen["savedViews"]["nodes"].as_array().unwrap();
        assert_eq!(seen["savedViews"]["totalCount"], nodes.len());
        nodes.iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_view_is_its_owners_until_it_is_shared() {
    let world = World::new().await;
    let mine = world.save("Mine", false).await;
    world.save("Ours", true).await;
    assert_eq!(world.seen(&world.owner).await, ["Mine", "Ours"]);
    assert_eq!(world.seen(&world.other).await, ["Ours"]);
    assert_eq!(world.seen(&world.admin).await, ["Ours"]);
    assert_eq!(world.seen(&Person::new(&[Role::Owner])).await, [""; 0]);
    let by_id = "query($id: ID!) { savedView(id: $id) { settings owner { id } viewerPermissions } }";
    let seen = world.as_(&world.owner).run_with(by_id, json!({ "id": mine })).await.ok();
    assert_eq!(seen["savedView"]["settings"]["columns"], json!(["name", "joinedOn"]));
    assert_eq!(seen["savedView"]["viewerPermissions"], json!(["savedViewUpdate", "savedViewArchive"]));
    let hidden = world.as_(&world.admin).run_with(by_id, json!({ "id": mine })).await.ok();
    assert_eq!(hidden["savedView"], Value::Null);
}

#[tokio::test]
async fn what_is_shared_is_changed_by_its_owner_and_by_administrators() {
    let world = World::new().await;
    let (mine, ours) = (world.save("Mine", false).await, world.save("Ours", true).await);
    let rename = json!({ "name": "Renamed" });
    for id in [&mine, &ours] {
        let denied = world.as_(&world.other).update("savedView", id, rename.clone()).await;
        assert_eq!(denied.codes(), ["NOT_FOUND"]);
    }
    assert_eq!(
        world.as_(&world.admin).update("savedView", &mine, rename.clone()).await.codes(),
        ["NOT_FOUND"]
    );
    world.as_(&world.admin).update("savedView", &ours, rename).await.ok();
    world.as_(&world.owner).act("savedView", "Archive", &ours).await.ok();
    assert_eq!(world.seen(&world.other).await, [""; 0]);
    let permissions = "query($id: ID!) { savedView(id: $id) { viewerPermissions } }";
    let offered = world.as_(&world.other).run_with(permissions, json!({ "id": ours })).await.ok();
    assert_eq!(offered["savedView"]["viewerPermissions"], json!([]));
    let offered = world.as_(&world.admin).run_with(permissions, json!({ "id": ours })).await.ok();
    assert_eq!(offered["savedView"]["viewerPermissions"], json!(["savedViewUpdate", "savedViewRestore"]));
}

#[tokio::test]
async fn settings_are_an_object_of_bounded_size() {
    let world = World::new().await;
    let wrong = [json!([]), json!("x"), json!(1), json!({ "a": "\0" }), json!({ "a": "x".repeat(16_384) })];
    for settings in wrong {
        let input = json!({ "noun": "Employee", "name": "V", "settings": settings });
        let refused = world.as_(&world.owner).try_create("savedView", input).await;
        assert_eq!(refused.refusals(), ["SETTINGS_INVALID"], "{settings}");
    }
    let input = json!({ "noun": "employee", "name": "V", "settings": {} });
    assert_eq!(world.as_(&world.owner).try_create("savedView", input).await.refusals(), ["NOUN_INVALID"]);
}

#[tokio::test]
async fn a_hundred_views_of_one_list_are_kept_and_no_more() {
    let world = World::new().await;
    for at in 0..100 {
        world.save(&format!("{at}"), false).await;
    }
    let input = json!({ "noun": "Employee", "name": "V", "settings": {} });
    assert_eq!(
        world.as_(&world.owner).try_create("savedView", input).await.refusals(),
        ["TOO_MANY_SAVED_VIEWS"]
    );
    // Nor does one come back from the archive where a new one may not come.
    let views = world.as_(&world.owner).run("{ savedViews(first: 1) { nodes { id } } }").await.ok();
    let first = views["savedViews"]["nodes"][0]["id"].as_str().unwrap().to_owned();
    world.as_(&world.owner).act("savedView", "Archive", &first).await.ok();
    world.save("V", false).await;
    let refused = world.as_(&world.owner).act("savedView", "Restore", &first).await;
    assert_eq!(refused.refusals(), ["TOO_MANY_SAVED_VIEWS"]);
    let input = json!({ "noun": "Department", "name": "V", "settings": {} });
    world.as_(&world.owner).create("savedView", input).await;
}

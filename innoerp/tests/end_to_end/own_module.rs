//! A module of somebody's own, in JavaScript, joins ours: `examples/node-subgraph`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::TURN;
use crate::company::Company;
use crate::system::{Mode, System, free_ports};

const HINT: &str = "run `scripts/setup --test`, which installs what the tests need";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Node: the one that the set-up has fetched, where the machine's own is missing or too old.
fn node() -> PathBuf {
    let fetched =
        std::fs::read_dir(root().join(".innoerp/node/node_modules")).into_iter().flatten().flatten();
    let mut fetched = fetched.map(|entry| entry.path().join("bin/node"));
    fetched.find(|path| path.is_file()).unwrap_or_else(|| "node".into())
}

/// The example's module, and where it listens.
async fn equipment(system: &System) -> (Child, String) {
    let folder = root().join("examples/node-subgraph");
    assert!(folder.join("node_modules").is_dir(), "the packages of the example are missing; {HINT}");
    let mut command = Command::new(node());
    command.arg("server.js").current_dir(folder).env("PORT", "0").env_remove("HOST");
    command.env("JWKS_URL", system.url("auth", "/.well-known/jwks.json"));
    let mut module = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect(HINT);
    let mut lines = BufReader::new(module.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("the module says where it listens");
    (module, line.strip_prefix("equipment: ").unwrap().to_owned())
}

#[tokio::test]
async fn a_module_in_javascript_joins_ours() {
    let _turn = TURN.lock().await;
    let mut system = System::start(Mode::OneProcess).await;
    let (_module, equipment_url) = equipment(&system).await;
    let port = free_ports(&["router"])["router"];
    let config = root().join("examples/node-subgraph/router.yaml");
    let mut command = system.command(&["router", "--config", config.to_str().unwrap()]);
    for module in innoerp::modules::all() {
        command.env(format!("{}_URL", module.id.to_uppercase()), system.url(module.id, ""));
    }
    command.env("EQUIPMENT_URL", &equipment_url).env("ROUTER_LISTEN", format!("127.0.0.1:{port}"));
    let _router = command.spawn().unwrap();
    system.ports.insert("router", port);
    system.until_ready().await;

    let company = Company::new(&system).await;
    let department = company.create("department", json!({ "name": "Engineering", "code": "ENG" })).await;
    let employee = json!({ "firstName": "Ada", "lastName": "A", "joinedOn": "2020-01-01",
        "workEmail": format!("ada@{}.example", company.name), "departmentId": department });
    let employee = company.create("employee", employee).await;

    // To our module and back, in a mutation and in a query.
    let lend = format!(
        r#"mutation {{ loanCreate(employeeId: "{employee}", item: "Laptop") {{ item employee {{ id firstName }} }} }}"#
    );
    let data = company.owner.run(&lend).await.ok();
    let ada = json!({ "id": employee, "firstName": "Ada" });
    assert_eq!(data["loanCreate"], json!({ "item": "Laptop", "employee": ada }));
    let question = "{ employees(first: 5) { nodes { firstName department { name } loans { item } } } }";
    let data = company.owner.run(question).await.ok();
    let expected = json!([{ "firstName": "Ada", "department": { "name": "Engineering" }, "loans": [{ "item": "Laptop" }] }]);
    assert_eq!(data["employees"]["nodes"], expected);

    // Another organization sees nothing of it, and whoever reaches the port without a token nothing at all.
    let other = Company::new(&system).await;
    assert_eq!(other.owner.run("{ loans { id } }").await.ok()["loans"], json!([]));
    let direct = reqwest::Client::new().post(format!("{equipment_url}/graphql"));
    let direct = direct.json(&json!({ "query": "{ loans { id } }" })).send().await.unwrap();
    assert!(direct.text().await.unwrap().contains("UNAUTHENTICATED"));

    // It goes with the module that it belongs to.
    company.switch("leave", false).await.ok();
    company.switch("employee", false).await.ok();
    let is_gone =
        |answer: &testing::Answer| answer.0["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED";
    company.owner.until("{ loans { id } }", crate::company::PATIENCE, is_gone).await;
}

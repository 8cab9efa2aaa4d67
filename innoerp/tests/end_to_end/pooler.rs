//! Behind PgBouncer in transaction mode, where no connection remembers anything: the same stories, and tenants that never
//! see each other on connections that they share.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::process::{Child, Command};

use crate::TURN;
use crate::company::Company;
use crate::stories;
use crate::system::{Mode, System, free_ports, login_passwords};

/// Connections to PostgreSQL that all have to do with: far fewer than there are questions at a time.
const CONNECTIONS: u32 = 3;

/// PgBouncer before the server that tests use.
struct Pooler {
    _child: Child,
    folder: PathBuf,
    port: u16,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Pooler {
    /// `None` where there is no PgBouncer, which is said.
    async fn start() -> Option<Self> {
        let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.innoerp/tools/pgbouncer");
        let places = [unpacked, "/usr/sbin/pgbouncer".into(), "/opt/homebrew/bin/pgbouncer".into()];
        let Some(program) = places.into_iter().find(|place| place.is_file()) else {
            println!(
                "NOT TESTED: the database behind a pooler, for there is no PgBouncer; `make test` fetches one"
            );
            return None;
        };
        let server: reqwest::Url = testing::admin_url().await.parse().unwrap();
        let port = free_ports(&["pooler"])["pooler"];
        // It runs as nobody, where the tests are run by root: there it must be able to read.
        let folder = std::env::temp_dir().join(format!("innoerp-pooler-{port}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let logins: String = login_passwords()
            .iter()
            .map(|(login, password)| format!("\"{login}\" \"{password}\"\n"))
            .collect();
        std::fs::write(folder.join("logins"), logins).unwrap();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = {CONNECTIONS}\nmax_client_conn = 500\nignore_startup_parameters = extra_float_digits\n",
            server.port().unwrap(),
            folder.join("logins").display(),
        );
        std::fs::write(folder.join("settings"), settings).unwrap();
        let mut command = Command::new(program);
        if std::fs::metadata(&folder).unwrap().uid() == 0 {
            command.args(["--user", "nobody"]);
        }
        command.arg(folder.join("settings")).current_dir("/");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let pooler = Self { _child: child, folder, port };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(pooler);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("PgBouncer does not listen");
    }

    /// A system whose services find the database behind it.
    async fn system(&self, mode: Mode) -> System {
        let through = |command: &mut Command| {
            let variables = command.as_std().get_envs();
            let url = variables.filter(|(name, _)| *name == "DATABASE_URL").find_map(|(_, url)| url).unwrap();
            let mut url: reqwest::Url = url.to_str().unwrap().parse().unwrap();
            url.set_port(Some(self.port)).unwrap();
            command.env("DATABASE_URL", url.as_str()).env("DATABASE_POOLER", "transaction");
            command.env("DATABASE_CONNECTIONS_MAX", "20");
        };
        System::start_with(mode, through).await
    }
}

#[tokio::test]
async fn every_story_holds_behind_a_pooler_that_lends_connections_for_a_transaction() {
    let _turn = TURN.lock().await;
    let Some(pooler) = Pooler::start().await else { return };
    stories::all(&pooler.system(Mode::OneProcess).await).await;
}

const READ: &str = "{ me { organization { name } } workLocations(first: 100) { nodes { name } } }";
const WRITE: &str = "mutation($input: WorkLocationCreateInput!) {
    workLocationCreate(input: $input) { workLocation { name } userErrors { code } } }";

/// Writes and reads ten times, and sees nobody else.
async fn work(company: &Company<'_>, worker: usize) {
    for round in 0..10 {
        let name = format!("{} {worker} {round}", company.name);
        let input = json!({ "name": name, "timeZone": "Europe/Zurich" });
        let written = company.owner.run_with(WRITE, json!({ "input": input })).await.ok();
        assert_eq!(written["workLocationCreate"]["workLocation"]["name"], name.as_str());
        let read = company.owner.run(READ).await.ok();
        assert_eq!(read["me"]["organization"]["name"], company.name.as_str());
        for node in read["workLocations"]["nodes"].as_array().unwrap() {
            assert!(node["name"].as_str().unwrap().starts_with(&company.name), "{node}");
        }
    }
}

#[tokio::test]
async fn tenants_that_share_connections_by_the_transaction_never_see_each_other() {
    let _turn = TURN.lock().await;
    let Some(pooler) = Pooler::start().await else { return };
    let system = pooler.system(Mode::ProcessPerService).await;
    let companies = [Company::new(&system).await, Company::new(&system).await];
    join_all(companies.iter().flat_map(|company| (0..5).map(move |worker| work(company, worker)))).await;
    for company in &companies {
        let read = company.owner.run(READ).await.ok();
        assert_eq!(read["workLocations"]["nodes"].as_array().map(Vec::len), Some(50));
    }
}

#[tokio::test]
async fn a_pooler_that_nobody_spoke_of_is_noticed_at_the_start() {
    let _turn = TURN.lock().await;
    let Some(pooler) = Pooler::start().await else { return };
    let system = System::prepare(Mode::OneProcess).await;
    let mut url: reqwest::Url = system.service_url.parse().unwrap();
    url.set_port(Some(pooler.port)).unwrap();
    let output = system.command(&["serve", "all"]).env("DATABASE_URL", url.as_str()).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("DATABASE_POOLER=transaction"), "{said}");
}

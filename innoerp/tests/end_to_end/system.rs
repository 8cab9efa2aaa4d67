//! Starts the program on a database of its own, and ends it.

use std::collections::{BTreeSet, HashMap};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use innoerp::modules;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::process::{Child, Command};

/// How the services are spread over processes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    OneProcess,
    ProcessPerService,
}

/// A running system. Its processes end with it.
pub struct System {
    pub is_one_process: bool,
    pub ports: HashMap<&'static str, u16>,
    pub admin_url: String,
    pub secret_key: String,
    /// As the login of the services, and as that of the relay.
    pub service_url: String,
    pub relay_url: String,
    _children: Vec<Child>,
}

impl System {
    pub async fn start(mode: Mode) -> Self {
        Self::start_with(mode, |_| {}).await
    }

    /// A migrated database and ports, where nothing runs yet.
    pub async fn prepare(mode: Mode) -> Self {
        let [admin_url, service_url, relay_url] = database().await;
        let names = modules::all().iter().map(|module| module.id).chain(["router"]).collect::<Vec<_>>();
        let ports = free_ports(&names);
        let secret_key = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let is_one_process = mode == Mode::OneProcess;
        let system = Self {
            is_one_process,
            ports,
            admin_url,
            secret_key,
            service_url,
            relay_url,
            _children: Vec::new(),
        };
        let migrated = system.command(&["migrate"]).status().await.unwrap();
        assert!(migrated.success());
        system
    }

    /// As [`System::start`], with something else about the processes.
    pub async fn start_with(mode: Mode, other: impl Fn(&mut Command)) -> Self {
        let mut system = Self::prepare(mode).await;
        let names = modules::ids().into_iter().chain(["router"]);
        let verbs: Vec<Vec<&str>> = match mode {
            Mode::OneProcess => vec![vec!["serve", "all"]],
            Mode::ProcessPerService => names
                .map(|name| if name == "router" { vec!["router"] } else { vec!["serve", name] })
                .collect(),
        };
        let spawn = |verb: &Vec<&str>| {
            let mut command = system.command(verb);
            other(&mut command);
            command.spawn().unwrap()
        };
        system._children = verbs.iter().map(spawn).collect();
        system.until_ready().await;
        system
    }

    /// The program with a verb, on this system's database and ports.
    pub fn command(&self, verb: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_innoerp"));
        // Whatever is served alone has a login of its own, which can be nothing else.
        let served_alone = verb.last().filter(|served| self.ports.contains_key(**served));
        let url = served_alone.map(|served| as_login(&self.admin_url, &login_of(served)));
        command
            .args(verb)
            .env("DATABASE_URL", url.as_ref().unwrap_or(&self.service_url))
            .env("DATABASE_RELAY_URL", &self.relay_url)
            .env("DATABASE_OWNER_URL", &self.admin_url)
            .env("SECRET_KEY", &self.secret_key)
            .env("INNOERP_RATE_LIMITS", "false")
            .env("INNOERP_HOST", "127.0.0.1")
            .env("TRUSTED_PROXIES", "127.0.0.1")
            .env("INNOERP_BASE_DOMAIN", "example.test")
            .env("DATABASE_CONNECTIONS_MAX", "6")
            .env(
                "INNOERP_FILES",
                std::env::temp_dir().join(format!("innoerp-files-{}", self.ports["router"])),
            )
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .kill_on_drop(true);
        for (name, port) in &self.ports {
            command.env(format!("{}_PORT", name.to_uppercase()), port.to_string());
            command.env_remove(format!("{}_URL", name.to_uppercase()));
        }
        command
    }

    pub fn url(&self, service: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[service])
    }

    pub async fn until_ready(&self) {
        let begun = Instant::now();
        for service in self.ports.keys() {
            let url = self.url(service, "/health/ready");
            while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                assert!(begun.elapsed() < Duration::from_secs(120), "{service} is not ready");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// An empty database: as a superuser, as the login that services use, and as that which moves events.
async fn database() -> [String; 3] {
    let admin_url = testing::admin_url().await;
    let mut admin = PgConnection::connect(&admin_url).await.unwrap();
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    let logins = [("innoerp_end_to_end", "innoerp_modules"), ("innoerp_end_to_end_relay", "innoerp_relay")];
    let alone = modules::ids().into_iter().map(|module| (login_of(module), format!("innoerp_{module}")));
    let alone = alone.chain([(login_of("router"), "innoerp_app".to_owned())]);
    let all = logins.iter().map(|(login, role)| ((*login).to_owned(), (*role).to_owned()));
    for (login, role) in all.chain(alone) {
        let ignored = "exception when duplicate_object or unique_violation or internal_error then null";
        let prepare = format!(
            "do $$ begin create role {role} nologin; {ignored}; end $$;
             do $$ begin create role {login} login password '{login}'; {ignored}; end $$;
             do $$ begin grant {role} to {login}; {ignored}; end $$;"
        );
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut admin).await.unwrap();
    }
    sqlx::raw_sql(AssertSqlSafe(format!("create database {name}"))).execute(&mut admin).await.unwrap();
    let mut url: reqwest::Url = admin_url.parse().unwrap();
    url.set_path(&name);
    let admin_url = url.to_string();
    let [service_url, relay_url] = logins.map(|(login, _)| as_login(&admin_url, login));
    [admin_url, service_url, relay_url]
}

/// Every login of services and its password, once a system has been started.
pub fn login_passwords() -> Vec<(String, String)> {
    let alone = modules::ids().into_iter().chain(["router"]).map(login_of);
    alone.chain(["innoerp_end_to_end".to_owned()]).map(|login| (login.clone(), login)).collect()
}

/// The login of a module, or of the router, that is served alone.
fn login_of(served: &str) -> String {
    format!("innoerp_end_to_end_{served}")
}

fn as_login(url: &str, login: &str) -> String {
    let mut url: reqwest::Url = url.parse().unwrap();
    url.set_username(login).unwrap();
    url.set_password(Some(login)).unwrap();
    url.to_string()
}

/// Ports that nobody listens on, below those that the system gives to outgoing connections: one of these could
/// take a port between its being found free and its being listened on.
pub fn free_ports(names: &[&'static str]) -> HashMap<&'static str, u16> {
    // Whoever was given one may not listen yet: nobody else of this program is given it.
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let free_port = || loop {
        let [high, low, ..] = *uuid::Uuid::new_v4().as_bytes();
        let port = 12_000 + u16::from_be_bytes([high, low]) % 20_000;
        let is_new = GIVEN.lock().unwrap().insert(port);
        if is_new && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    };
    names.iter().map(|name| (*name, free_port())).collect()
}

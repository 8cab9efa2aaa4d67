//! Every service is restarted under load, each of them served twice: nobody notices, on a database that is already newer
//! than the program.

use std::collections::HashMap;
use std::time::Duration;

use bench::steady_load::SteadyLoad;
use sqlx::{Connection as _, PgConnection};
use tokio::process::{Child, Command};

use crate::TURN;
use crate::company::{Company, PATIENCE, submit};
use crate::system::{Mode, System, free_ports};

/// What a newer version would have brought: a column, a table, a migration that this program does not know.
const EXPANDED: &str = "
    set role innoerp_owner;
    alter table employee.work_location add column later text not null default '';
    create table employee.later (id uuid primary key, organization_id uuid not null);
    insert into employee._migration (version, description, success, checksum, execution_time)
    values (9999, 'later', true, '\\x00', 0);";

/// Longer than the router keeps a connection that nobody uses.
const WITHDRAW: Duration = Duration::from_secs(4);

/// Every service twice: the second time at ports of its own.
struct Twice {
    system: System,
    second: HashMap<&'static str, u16>,
}

type Children = Vec<(Instance, Child)>;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Instance {
    service: &'static str,
    is_second: bool,
}

fn names() -> Vec<&'static str> {
    innoerp::modules::ids().into_iter().chain(["router"]).collect()
}

/// Tells a process where everybody is.
fn both_places(
    command: &mut Command,
    first: &HashMap<&'static str, u16>,
    second: &HashMap<&'static str, u16>,
) {
    command.env("INNOERP_WITHDRAW_MS", WITHDRAW.as_millis().to_string());
    for name in names() {
        let urls = format!("http://127.0.0.1:{},http://127.0.0.1:{}", first[name], second[name]);
        command.env(format!("{}_URL", name.to_uppercase()), urls);
    }
}

impl Twice {
    async fn start() -> (Self, Children) {
        let system = System::prepare(Mode::ProcessPerService).await;
        let twice = Self { system, second: free_ports(&names()) };
        let instances = [false, true]
            .into_iter()
            .flat_map(|is_second| names().into_iter().map(move |service| Instance { service, is_second }));
        let children = instances.map(|instance| (instance, twice.spawn(instance))).collect();
        twice.until_ready().await;
        (twice, children)
    }

    fn spawn(&self, instance: Instance) -> Child {
        let verb =
            if instance.service == "router" { vec!["router"] } else { vec!["serve", instance.service] };
        let mut command = self.system.command(&verb);
        both_places(&mut command, &self.system.ports, &self.second);
        if instance.is_second {
            let port = self.second[instance.service].to_string();
            command.env(format!("{}_PORT", instance.service.to_uppercase()), port);
        }
        command.spawn().unwrap()
    }

    async fn until_ready(&self) {
        for port in self.system.ports.values().chain(self.second.values()) {
            let url = format!("http://127.0.0.1:{port}/health/ready");
            let begun = std::time::Instant::now();
            while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                assert!(begun.elapsed() < Duration::from_secs(120), "{url} is not ready");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Asks all first ones, or all second ones, to end at the same time, and starts each again as it has.
    async fn restart(&self, children: &mut Children, are_second: bool) {
        for (_, child) in children.iter().filter(|(instance, _)| instance.is_second == are_second) {
            let id = child.id().unwrap().to_string();
            assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        }
        for (instance, child) in children.iter_mut().filter(|(instance, _)| instance.is_second == are_second)
        {
            assert!(child.wait().await.unwrap().success());
            *child = self.spawn(*instance);
        }
        self.until_ready().await;
    }
}

#[tokio::test]
async fn a_rolling_restart_of_every_service_under_load_loses_no_request() {
    let _turn = TURN.lock().await;
    let (twice, mut children) = Twice::start().await;
    let routers = [twice.system.ports["router"], twice.second["router"]];
    let company = Company::new(&twice.system).await;
    let mut admin = PgConnection::connect(&twice.system.admin_url).await.unwrap();
    sqlx::raw_sql(EXPANDED).execute(&mut admin).await.unwrap();
    let load = SteadyLoad::new(&routers, company.owner.token.as_deref().unwrap()).unwrap();
    let restarts = async {
        for are_second in [false, true] {
            load.until_written(20).await;
            twice.restart(&mut children, are_second).await;
        }
        load.until_written(20).await;
        load.end();
    };
    let (outcome, ()) = tokio::join!(load.run(3, 3), restarts);
    let outcome = outcome.unwrap();
    assert!(outcome.written > 100 && outcome.read > 100, "{outcome:#?}");
    assert_eq!((outcome.failures, outcome.lost.len(), outcome.repeated.len()), (0, 0, 0), "{outcome:#?}");
}

#[tokio::test]
async fn a_subscription_goes_on_while_its_module_is_restarted_and_misses_nothing() {
    let _turn = TURN.lock().await;
    let (twice, children) = Twice::start().await;
    let company = Company::new(&twice.system).await;
    let (manager, member, annual) = company.with_leave().await;
    let query = "subscription($after: ID) { notificationReceived(after: $after) { id title } }";
    let mut events = manager.subscribe(query).await;
    submit(&member, &annual, "2027-05-03", "2027-05-07").await;
    events.next(PATIENCE).await;
    // The routers stay: whoever restarts these cuts the sockets that they hold, and clients come back by themselves.
    let (mut restarted, _others): (Children, Children) =
        children.into_iter().partition(|(instance, _)| instance.service == "notification");
    for (are_second, month) in [(false, "06"), (true, "09")] {
        twice.restart(&mut restarted, are_second).await;
        submit(&member, &annual, &format!("2027-{month}-07"), &format!("2027-{month}-08")).await;
        events.next(PATIENCE).await;
    }
}

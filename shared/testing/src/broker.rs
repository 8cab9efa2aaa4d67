//! A Kafka broker of a test's own, where `scripts/setup --test` has fetched one.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Any 16 bytes, as Kafka writes them.
const CLUSTER: &str = "MkU3OEVBNTcwNTJENDM2Qk";

/// What a broker of one node needs to be told.
const PROPERTIES: &str = "\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
num.network.threads=1
num.io.threads=2
log.cleaner.dedupe.buffer.size=4194304
";

/// The name and the password, also that of the key store, which the broker's guarded door knows: in the clear within TLS
/// (`PLAIN`), or as a proof that it is known (`SCRAM-SHA-512`).
pub const LOGIN: (&str, &str) = ("innoerp", "only-for-tests");

/// A broker; it ends with its owner.
pub struct Broker {
    folder: PathBuf,
    port: u16,
    guarded_port: u16,
    child: Option<Child>,
}

impl Broker {
    /// Starts one. `None`, said aloud, where there is no Java or no Kafka.
    ///
    /// # Panics
    /// When there is one and it does not start.
    #[must_use]
    pub fn start(what: &str) -> Option<Self> {
        Self::start_as(what, false)
    }

    /// As [`Broker::start`], with a second door that asks for TLS and a password, [`LOGIN`].
    ///
    /// # Panics
    /// When there is one and it does not start.
    #[must_use]
    pub fn start_guarded(what: &str) -> Option<Self> {
        Self::start_as(what, true)
    }

    fn start_as(what: &str, is_guarded: bool) -> Option<Self> {
        let Some(libs) = libs().filter(|_| Command::new("java").arg("-version").output().is_ok()) else {
            println!("NOT TESTED: {what}, for there is no Java, or no broker in .innoerp/tools/kafka");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("innoerp-broker-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&folder).unwrap();
        let [port, guarded_port, controller] = free_ports();
        let mut broker = Self { folder, port, guarded_port, child: None };
        let (listeners, guard) = if is_guarded { broker.guard() } else { Default::default() };
        let data = broker.folder.join("data");
        let properties = format!(
            "{PROPERTIES}controller.quorum.voters=1@127.0.0.1:{controller}\nlog.dirs={}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}{listeners}\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL\n{guard}",
            data.display()
        );
        fs::write(broker.properties(), properties).unwrap();
        let mut format = java(&libs);
        format.args(["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c"]).arg(broker.properties());
        if is_guarded {
            // What is known by proof is not in a file of the broker's, but in what it keeps.
            let (name, password) = LOGIN;
            let known = format!("SCRAM-SHA-512=[name={name},password={password}]");
            format.args(["--add-scram", &known]);
        }
        let formatted = format.output().unwrap();
        assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stderr));
        broker.run();
        Some(broker)
    }

    /// Where it listens, for everybody.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where it listens for those who have [`LOGIN`] and trust [`Broker::certificate`].
    #[must_use]
    pub fn guarded_address(&self) -> String {
        format!("127.0.0.1:{}", self.guarded_port)
    }

    /// The certificate at its guarded door, in PEM.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("broker.pem")
    }

    /// Kills it, as a machine that fails would. What it had acknowledged is there when it runs again.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Runs it, and waits until it listens.
    ///
    /// # Panics
    /// When it does not within two minutes.
    pub fn run(&mut self) {
        let libs = libs().unwrap();
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = java(&libs);
        command.arg("kafka.Kafka").arg(self.properties()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let begun = Instant::now();
        while std::net::TcpStream::connect(self.address()).is_err() {
            let child = self.child.as_mut().unwrap();
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(child.try_wait().unwrap().is_none(), "the broker ended: {}", log());
            assert!(begun.elapsed() < Duration::from_secs(120), "the broker does not listen: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn properties(&self) -> PathBuf {
        self.folder.join("server.properties")
    }

    /// Makes the guarded door's key; answers its listener, and what the broker is told of it.
    fn guard(&self) -> (String, String) {
        let (name, password) = LOGIN;
        let store = self.folder.join("broker.p12");
        let keytool = |arguments: &[&str]| {
            let done = Command::new("keytool").args(arguments).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
            done.stdout
        };
        let path = store.to_str().unwrap();
        let of_store = ["-keystore", path, "-storepass", password, "-alias", "broker"];
        let make = [
            "-genkeypair",
            "-keyalg",
            "EC",
            "-dname",
            "CN=127.0.0.1",
            "-ext",
            "SAN=IP:127.0.0.1",
            "-ext",
            "bc=ca:true",
        ];
        keytool(&[&make[..], &of_store[..], &["-storetype", "PKCS12"]].concat());
        let pem = keytool(&[&["-exportcert", "-rfc"][..], &of_store[..]].concat());
        fs::File::create(self.certificate()).unwrap().write_all(&pem).unwrap();
        let login = "org.apache.kafka.common.security";
        let guard = format!(
            "ssl.keystore.location={path}\nssl.keystore.password={password}\nssl.keystore.type=PKCS12\n\
             sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512\n\
             listener.name.sasl_ssl.plain.sasl.jaas.config={login}.plain.PlainLoginModule required \
             user_{name}=\"{password}\";\n\
             listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;\n"
        );
        (format!(",SASL_SSL://127.0.0.1:{}", self.guarded_port), guard)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where the broker's parts are.
fn libs() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let folder = root.join(".innoerp/tools/kafka");
    folder.join("version").is_file().then(|| folder.join("libs"))
}

fn java(libs: &Path) -> Command {
    let mut command = Command::new("java");
    command.args(["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]);
    command.arg(format!("{}/*", libs.display()));
    command
}

fn free_ports<const N: usize>() -> [u16; N] {
    // All at once, so that none is given twice.
    let listeners: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

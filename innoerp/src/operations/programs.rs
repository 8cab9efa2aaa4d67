//! PostgreSQL's own programs, pointed at a database without a secret on their command line.

use std::process::Stdio;

use database::cluster::Cluster;
use tokio::process::Command;

use crate::Failure;

/// One of PostgreSQL's programs with the address of a database in its environment, where other users of this machine do
/// not see the password.
///
/// # Errors
/// A sentence, when the program is not installed or the URL cannot be understood.
pub(super) fn program(name: &str, url: &str) -> Result<Command, Failure> {
    let path = Cluster::program(name).ok_or_else(|| {
        Failure(format!(
            "{name} was not found; install PostgreSQL's programs (`apt-get install postgresql-client`)"
        ))
    })?;
    let mut command = Command::new(path);
    command.envs(environment(url)?).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// A URL as the variables that libpq reads (PostgreSQL's manual, "Environment Variables").
fn environment(url: &str) -> Result<Vec<(&'static str, String)>, Failure> {
    let malformed =
        || Failure("the database URL is not of the form postgres://user:password@host:port/name".into());
    let url: reqwest::Url = url.parse().map_err(|_| malformed())?;
    let decoded = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        decoded.map(std::borrow::Cow::into_owned).map_err(|_| malformed())
    };
    let mut variables = vec![
        ("PGAPPNAME", "innoerp".to_owned()),
        ("PGDATABASE", decoded(url.path().trim_start_matches('/'))?),
    ];
    variables.extend(url.host_str().map(|host| ("PGHOST", host.trim_matches(['[', ']']).to_owned())));
    variables.extend(url.port().map(|port| ("PGPORT", port.to_string())));
    if !url.username().is_empty() {
        variables.push(("PGUSER", decoded(url.username())?));
    }
    if let Some(password) = url.password() {
        variables.push(("PGPASSWORD", decoded(password)?));
    }
    for (name, value) in url.query_pairs() {
        let variable = match &*name {
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            "host" | "hostaddr" => "PGHOST",
            "port" => "PGPORT",
            "user" => "PGUSER",
            "password" => "PGPASSWORD",
            "dbname" => "PGDATABASE",
            "passfile" => "PGPASSFILE",
            _ => continue,
        };
        variables.push((variable, value.into_owned()));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_to_libpq_part_by_part_and_decoded() {
        let told = environment("postgres://us%40er:p%2Fw%25@[::1]:5433/na%20me?sslmode=verify-full").unwrap();
        let of = |name: &str| {
            told.iter().rfind(|(variable, _)| *variable == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(of("PGUSER"), Some("us@er"));
        assert_eq!(of("PGPASSWORD"), Some("p/w%"));
        assert_eq!(
            (of("PGHOST"), of("PGPORT"), of("PGDATABASE")),
            (Some("::1"), Some("5433"), Some("na me"))
        );
        assert_eq!(of("PGSSLMODE"), Some("verify-full"));
        assert!(environment("no url").is_err());
    }
}

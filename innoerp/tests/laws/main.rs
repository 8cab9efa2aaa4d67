//! The laws: what holds for every module, checked over the list of them.
#![cfg(test)]

mod bench_sql;
mod containers;
mod costs;
mod data;
mod events;
mod licences;
mod migrations;
mod module_cycles;
mod names;
mod nouns;
mod references;
mod rights;
mod roles;
mod schema;
mod secrets;
mod settings;
mod tidy;

use innoerp::modules::SHARED_SCHEMAS;

/// What a shared crate announces and permits is declared by the module in whose graph it is shown.
const HOSTED: [(&str, &str); 3] = [("approval", "user"), ("custom", "tenant"), ("files", "tenant")];

/// Whether a name such as `leave.request.read` may be a module's.
fn is_of(module: &str, name: &str) -> bool {
    let prefix = name.split('.').next().unwrap_or_default();
    prefix == module || HOSTED.contains(&(prefix, module))
}

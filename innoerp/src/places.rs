//! Where an installation's database is, for verbs that start nothing.

use std::path::PathBuf;

use database::cluster::Cluster;
use service::Settings;

use crate::kept::FOLDER;
use crate::{Failure, up};

/// The settings with the private database's addresses, where no other database is named and the private one is running.
/// The cluster is joined, never started and never stopped.
///
/// # Errors
/// A sentence, when there is no database to be found.
pub(crate) async fn with_database(mut settings: Settings) -> Result<Settings, Failure> {
    if settings.database_url.is_none() {
        let folder = PathBuf::from(FOLDER).join("postgres");
        let found = tokio::task::spawn_blocking(move || Cluster::running(&folder)).await;
        let found = found.map_err(|error| Failure::of("looking for the private PostgreSQL", error))?;
        let cluster = found.map_err(|error| Failure(error.to_string()))?;
        let cluster = cluster.ok_or_else(|| {
            Failure("DATABASE_URL is not set, and no private PostgreSQL of `innoerp up` is running".into())
        })?;
        up::point_at(&mut settings, &cluster)?;
    }
    Ok(settings)
}

//! The list of trusted documents: a file, read again when it changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use serde::Deserialize;

use crate::config::{Persisted as Settings, TrustedDocuments};
use crate::telemetry::{Metrics, ResultLabel};

/// A file that is larger is no list of documents that people wrote.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The value of `format` in a file made by Apollo's tools.
const APOLLO: &str = "apollo-persisted-query-manifest";

type Documents = HashMap<String, Arc<str>>;

/// The trusted documents, by id.
pub(crate) struct Trusted {
    file: Option<PathBuf>,
    /// The state of the file that was last looked at.
    seen: tokio::sync::Mutex<Option<Mark>>,
    documents: ArcSwap<Documents>,
    metrics: Arc<Metrics>,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("{}: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::Error),
    /// It is too large.
    #[error("{}: larger than {FILE_BYTES_MAX} bytes", .0.display())]
    TooLarge(PathBuf),
    /// It is not one of the two forms that are understood.
    #[error("{}: neither {{\"<id>\": \"<document>\"}} nor a manifest of format {APOLLO}: {}", .0.display(), .1)]
    Malformed(PathBuf, String),
}

/// One of the two forms: Apollo's, which has its name in it, or documents by id.
#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    Apollo { format: String, version: u32, operations: Vec<Operation> },
    Simple(Documents),
}

/// An operation in Apollo's form.
#[derive(Deserialize)]
struct Operation {
    id: String,
    body: String,
}

/// Which state of the file was read: its length, and when it changed.
type Mark = (u64, Option<SystemTime>);

impl Trusted {
    /// Reads the list that the settings name; without one it is empty.
    pub async fn read(settings: &Settings, metrics: Arc<Metrics>) -> Result<Self, ManifestError> {
        let file = settings.manifest.clone().filter(|_| settings.trusted != TrustedDocuments::Off);
        let documents = match file.clone() {
            None => Documents::new(),
            Some(file) => read_off_the_io_threads(file).await?,
        };
        let trusted = Self { file, seen: Default::default(), documents: ArcSwap::default(), metrics };
        trusted.store(documents);
        Ok(trusted)
    }

    /// The document of an id.
    pub fn get(&self, id: &str) -> Option<Arc<str>> {
        self.documents.load().get(id).cloned()
    }

    fn store(&self, documents: Documents) {
        let count = i64::try_from(documents.len()).unwrap_or(i64::MAX);
        self.metrics.operations.trusted.set(count);
        self.documents.store(Arc::new(documents));
    }

    /// Reads the file again when it has changed since it was last looked at. What cannot be used changes nothing.
    pub async fn look(&self) {
        let Some(file) = &self.file else { return };
        let now = mark(file).await;
        let mut seen = self.seen.lock().await;
        if now == *seen && now.is_some() {
            return;
        }
        *seen = now;
        let result = match read_off_the_io_threads(file.clone()).await {
            Ok(documents) => {
                self.store(documents);
                "ok"
            }
            Err(error) => {
                tracing::error!(%error, "the trusted documents stay as they were");
                "failed"
            }
        };
        self.metrics.operations.manifest_reads.get_or_create(&ResultLabel { result }).inc();
    }
}

async fn mark(file: &Path) -> Option<Mark> {
    let metadata = tokio::fs::metadata(file).await.ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

async fn read_off_the_io_threads(file: PathBuf) -> Result<Documents, ManifestError> {
    let read = tokio::task::spawn_blocking({
        let file = file.clone();
        move || read(&file)
    });
    read.await.unwrap_or_else(|error| Err(ManifestError::Malformed(file, error.to_string())))
}

fn read(file: &Path) -> Result<Documents, ManifestError> {
    let unreadable = |error| ManifestError::Unreadable(file.to_owned(), error);
    if std::fs::metadata(file).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(ManifestError::TooLarge(file.to_owned()));
    }
    let bytes = std::fs::read(file).map_err(unreadable)?;
    parse(&bytes).map_err(|message| ManifestError::Malformed(file.to_owned(), message))
}

fn parse(bytes: &[u8]) -> Result<Documents, String> {
    let documents = match serde_json::from_slice(bytes).map_err(|error| error.to_string())? {
        Manifest::Simple(documents) => documents,
        Manifest::Apollo { format, version, operations } => {
            if format != APOLLO || version != 1 {
                return Err(format!("format {format} in version {version}"));
            }
            let mut documents = Documents::with_capacity(operations.len());
            for Operation { id, body } in operations {
                let text: Arc<str> = body.into();
                if documents.insert(id.clone(), text.clone()).is_some_and(|other| other != text) {
                    return Err(format!("two documents have the id {id}"));
                }
            }
            documents
        }
    };
    match documents.iter().find(|(id, text)| id.is_empty() || text.is_empty()) {
        Some((id, _)) => Err(format!("the id {id:?} or its document is empty")),
        None => Ok(documents),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let simple = parse(br#"{"a": "{ hello }", "b": "{ x }"}"#).expect("documents by id");
        let apollo = parse(
            br#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
                {"id": "a", "name": "A", "type": "query", "body": "{ hello }"},
                {"id": "b", "name": "B", "type": "query", "body": "{ x }", "clientName": null}]}"#,
        )
        .expect("a manifest");
        assert_eq!(simple, apollo);
        assert_eq!(simple.get("a").map(|text| &**text), Some("{ hello }"));
        assert_eq!(parse(b"{}"), Ok(Documents::new()));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for (text, reason) in [
            ("", "EOF"),
            ("[]", "did not match"),
            (r#"{"a": 1}"#, "did not match"),
            (r#"{"a": ""}"#, "empty"),
            (r#"{"": "{ a }"}"#, "empty"),
            (r#"{"format": "other", "version": 1, "operations": []}"#, "format other"),
            (r#"{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}"#, "version 2"),
            (
                r#"{"format": "apollo-persisted-query-manifest", "version": 1,
                    "operations": [{"id": "a", "body": "{ a }"}, {"id": "a", "body": "{ b }"}]}"#,
                "two documents",
            ),
        ] {
            let refused = parse(text.as_bytes()).expect_err(text);
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}

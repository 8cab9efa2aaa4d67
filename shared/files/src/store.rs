//! Where the bytes are: a folder, or an object store that speaks S3.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use common::{Clock, Error, Result};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, PutMode, PutPayload, RetryConfig};
use sha2::{Digest as _, Sha256};
use url::Url;
use uuid::Uuid;

use crate::claims::{Get, Put, Signer};

/// The path below which files are put and got.
pub const PATH: &str = "/files";

/// How long bytes may be put at an address.
const PUT_FOR: TimeDelta = TimeDelta::minutes(15);
/// An address that bytes are got from is the same for as long, so that browsers keep what they got; it then holds as
/// long again.
const GET_FOR: TimeDelta = TimeDelta::minutes(5);
/// How long the store may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes that are being put at the same time: they are held in memory until they are complete.
const BYTES_IN_FLIGHT_MAX: u64 = 256 * 1024 * 1024;
/// The same for one organization, so that it cannot keep others from it.
const BYTES_IN_FLIGHT_OF_ONE_MAX: u64 = 64 * 1024 * 1024;

/// The files of all organizations, and the addresses that lead to them. Cheap to clone.
#[derive(Clone)]
pub struct Files(Arc<Inner>);

struct Inner {
    /// `None` where no place was said.
    store: Option<Arc<dyn ObjectStore>>,
    /// The folder that it is, if it is one.
    folder: Option<PathBuf>,
    signer: Signer,
    clock: Clock,
    in_flight: Arc<Mutex<HashMap<Uuid, u64>>>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files(…)")
    }
}

/// What came of storing bytes.
pub(crate) enum Stored {
    /// They are there: now, or since the same bytes were put before.
    There,
    /// Others are.
    Others,
}

/// Bytes that are being put, as long as it lives.
pub(crate) struct InFlight {
    organization: Uuid,
    size: u64,
    all: Arc<Mutex<HashMap<Uuid, u64>>>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(size) = all.get_mut(&self.organization) {
            *size = size.saturating_sub(self.size);
        }
        all.retain(|_, size| *size > 0);
    }
}

impl Files {
    /// Files in `place`: a folder, which is made if it is missing, or `s3://bucket/prefix`; the keys, the region and the
    /// endpoint of S3 come from the usual `AWS_…` variables. `key` signs addresses, and is the same in all processes.
    ///
    /// # Errors
    /// A sentence, when the folder cannot be made or the address cannot be understood.
    pub fn open(place: &str, key: &[u8; 32], clock: Clock) -> Result<Self, String> {
        let variables = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let aws: Vec<_> = variables.filter(|(name, _)| name.starts_with("aws_")).collect();
        Self::open_with(place, key, clock, &aws)
    }

    /// As [`Files::open`], with the settings of S3 by their names: `aws_region`, `aws_endpoint`, `aws_access_key_id`, ….
    ///
    /// # Errors
    /// As [`Files::open`].
    pub fn open_with<N: AsRef<str>>(
        place: &str,
        key: &[u8; 32],
        clock: Clock,
        aws: &[(N, String)],
    ) -> Result<Self, String> {
        match Url::parse(place) {
            Ok(url) if url.scheme() == "s3" => Ok(Self::new(Some(s3(&url, aws)?), None, key, clock)),
            Ok(url) if place.contains("://") => {
                Err(format!("files are kept in a folder or at s3://…, not at {}://", url.scheme()))
            }
            _ => Ok(Self::new(Some(folder(Path::new(place))?), Some(place.into()), key, clock)),
        }
    }

    /// Files that end with the process, for tests.
    #[must_use]
    pub fn in_memory(key: &[u8; 32], clock: Clock) -> Self {
        Self::new(Some(Arc::new(InMemory::new())), None, key, clock)
    }

    /// No files: uploads are refused with `DEPENDENCY_UNAVAILABLE`.
    #[must_use]
    pub fn none(key: &[u8; 32], clock: Clock) -> Self {
        Self::new(None, None, key, clock)
    }

    fn new(
        store: Option<Arc<dyn ObjectStore>>,
        folder: Option<PathBuf>,
        key: &[u8; 32],
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Inner { store, folder, signer: Signer::new(key), clock, in_flight: Arc::default() }))
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.0.signer
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    pub(crate) fn store(&self) -> Result<&dyn ObjectStore> {
        self.0.store.as_deref().ok_or(Error::Unavailable)
    }

    /// The address that bytes are put at, and until when.
    pub(crate) fn put_address(&self, put: &Put) -> Result<(String, DateTime<Utc>)> {
        let until = self.now() + PUT_FOR;
        Ok((format!("{}/{}", PATH, self.signer().sign(put, until)?), until))
    }

    /// The address that bytes are got from, for five to ten minutes.
    pub(crate) fn get_address(&self, get: &Get) -> Result<String> {
        let step = GET_FOR.num_seconds();
        let begun = self.now().timestamp().div_euclid(step) * step;
        let until = DateTime::from_timestamp(begun, 0).unwrap_or_default() + GET_FOR * 2;
        Ok(format!("{}/{}", PATH, self.signer().sign(get, until)?))
    }

    /// Room for bytes that are about to be put; `None` when there is none now.
    pub(crate) fn admit(&self, organization: Uuid, size: u64) -> Option<InFlight> {
        let mut all = self.0.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = all.get(&organization).copied().unwrap_or_default() + size;
        let fits =
            of_one <= BYTES_IN_FLIGHT_OF_ONE_MAX && all.values().sum::<u64>() + size <= BYTES_IN_FLIGHT_MAX;
        fits.then(|| {
            all.insert(organization, of_one);
            InFlight { organization, size, all: self.0.in_flight.clone() }
        })
    }

    /// Stores bytes under a key that nothing is stored under yet: what was put is never another thing later.
    pub(crate) async fn put(&self, organization: Uuid, file: Uuid, bytes: Bytes) -> Result<Stored> {
        let (store, key) = (self.store()?, key(organization, file));
        let payload = PutPayload::from_bytes(bytes.clone());
        let refused = match in_time(store.put_opts(&key, payload, PutMode::Create.into())).await? {
            Ok(_) => {
                self.settle(&key).await?;
                return Ok(Stored::There);
            }
            Err(error) => error,
        };
        // Some stores say that a key is taken by hanging up on the body: so whatever they say, it is looked what is there.
        match in_time(async { store.get(&key).await?.bytes().await }).await? {
            Ok(there) if Sha256::digest(&there) == Sha256::digest(&bytes) => Ok(Stored::There),
            Ok(_) => Ok(Stored::Others),
            Err(_) => Err(unavailable(refused)),
        }
    }

    /// Sees a file of a folder through to the disk: its receipt is a promise.
    async fn settle(&self, key: &Key) -> Result<()> {
        let Some(folder) = &self.0.folder else { return Ok(()) };
        let path = folder.join(key.as_ref());
        let settled = async {
            tokio::fs::File::open(&path).await?.sync_all().await?;
            tokio::fs::File::open(path.parent().unwrap_or(folder)).await?.sync_all().await
        };
        settled.await.map_err(|error| {
            tracing::warn!(%error, "a file could not be seen through to the disk");
            Error::Unavailable
        })
    }

    /// Puts a few bytes, reads them and removes them, to see whether all of that can be done. They belong to nobody, and are
    /// under a key that no file has.
    ///
    /// # Errors
    /// What the store said.
    pub async fn probe(&self) -> std::result::Result<(), String> {
        const BYTES: &[u8] = b"innoERP looked whether files can be kept here";
        let store = self.0.store.as_deref().ok_or("no place for files is set")?;
        let key = key(Uuid::nil(), Uuid::new_v4());
        let probed = in_time(async {
            store.put(&key, PutPayload::from_static(BYTES)).await?;
            let read = store.get(&key).await?.bytes().await;
            store.delete(&key).await?;
            read
        });
        match probed.await.map_err(|_| "it did not answer in time")? {
            Ok(read) if read == BYTES => Ok(()),
            Ok(_) => Err("what is read is not what was written".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Forgets bytes; those that are not there as well.
    pub(crate) async fn delete(&self, organization: Uuid, file: Uuid) -> Result<()> {
        match in_time(self.store()?.delete(&key(organization, file))).await? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}

/// Keys are ids: names that people choose stand in the database alone.
pub(crate) fn key(organization: Uuid, file: Uuid) -> Key {
    Key::from(format!("{organization}/{file}"))
}

/// What the store could not do. Why is for the log.
pub(crate) fn unavailable(error: object_store::Error) -> Error {
    tracing::warn!(%error, "the file store failed");
    Error::Unavailable
}

pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(TIMEOUT, work).await.map_err(|_| {
        tracing::warn!("the file store did not answer in time");
        Error::Unavailable
    })
}

fn folder(path: &Path) -> Result<Arc<dyn ObjectStore>, String> {
    let cannot = |error: &dyn fmt::Display| format!("files cannot be kept in {}: {error}", path.display());
    std::fs::create_dir_all(path).map_err(|error| cannot(&error))?;
    let store = LocalFileSystem::new_with_prefix(path).map_err(|error| cannot(&error))?;
    Ok(Arc::new(store))
}

fn s3<N: AsRef<str>>(url: &Url, settings: &[(N, String)]) -> Result<Arc<dyn ObjectStore>, String> {
    let retry = RetryConfig { max_retries: 3, retry_timeout: TIMEOUT, ..RetryConfig::default() };
    let is_plain = settings.iter().any(|(_, value)| value.starts_with("http://"));
    let options = ClientOptions::new()
        .with_timeout(TIMEOUT)
        .with_connect_timeout(Duration::from_secs(5))
        .with_allow_http(is_plain);
    let mut bucket =
        AmazonS3Builder::new().with_url(url.as_str()).with_client_options(options).with_retry(retry);
    for (name, value) in settings {
        // Other programs have variables of their own by this beginning.
        if let Ok(key) = name.as_ref().parse::<AmazonS3ConfigKey>() {
            bucket = bucket.with_config(key, value);
        }
    }
    let bucket = bucket.build().map_err(|error| format!("files cannot be kept at {url}: {error}"))?;
    Ok(match url.path().trim_matches('/') {
        "" => Arc::new(bucket),
        prefix => Arc::new(PrefixStore::new(bucket, prefix)),
    })
}

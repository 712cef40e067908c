//! A log in object storage: commits as immutable objects, packs of many of them, documents by
//! compare-and-swap.
//!
//! The names are in [`chain`], what S3 promises in [`bucket`]. Nothing here deletes, and a commit's
//! name is the position that it begins at, so that of two writers one is refused and plans again.

mod bucket;
mod chain;
mod reader;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use secrecy::SecretString;
use tokio::sync::{Mutex, OnceCell};

use super::{
    Appended, Document, DocumentStore, LogBytes, LogStore, Stamp, StoreError, Torn, Version,
};
use crate::domain::{
    events::{Commit, WholeLog, read_line},
    ids::GlobalPosition,
};
use bucket::{Bucket, Condition, Put};
use chain::{COMMITS, Chain, Object, PACKS, best, commit_key, pack_key};

/// How many commits are read at once for a pack.
const AT_ONCE: usize = 8;

/// How an object store is reached.
#[derive(Debug, Clone)]
pub struct S3Access {
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// The address of a compatible server; `None` for AWS.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the path and not in the host's name, as most compatible servers
    /// want it.
    pub path_style: bool,
    /// With what to sign.
    pub keys: S3Keys,
    /// Time-out of one attempt.
    pub patience: Duration,
    /// Before the first retry; doubles each time.
    pub first_pause: Duration,
    /// Objects in one answer of a listing, 1 to 1,000.
    pub page: i32,
}

impl S3Access {
    /// AWS itself, in a region.
    pub fn new(region: String, keys: S3Keys) -> Self {
        Self {
            region,
            endpoint: None,
            path_style: false,
            keys,
            patience: Duration::from_secs(30),
            first_pause: Duration::from_millis(100),
            page: 1_000,
        }
    }
}

/// Credentials of the requests.
#[derive(Debug, Clone)]
pub struct S3Keys {
    /// Its public id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: SecretString,
    /// What goes with a temporary key, as functions have one.
    pub session_token: Option<SecretString>,
}

/// A store in a bucket, below a prefix.
#[derive(Debug)]
pub struct S3Store {
    bucket: Arc<Bucket>,
    /// As far as it was listed or appended to: a later listing begins there.
    chain: Mutex<Option<Chain>>,
    conditions_checked: OnceCell<()>,
}

impl S3Store {
    /// A store that sends no request until it is used. The prefix has no slash at either end.
    pub fn new(bucket: &str, prefix: &str, access: S3Access) -> Self {
        Self {
            bucket: Arc::new(Bucket::new(bucket, prefix, access)),
            chain: Mutex::default(),
            conditions_checked: OnceCell::new(),
        }
    }

    /// The chain as it is now: one listing of what came since.
    async fn chain(&self) -> Result<Chain, StoreError> {
        let mut kept = self.chain.lock().await;
        let mut chain = match &*kept {
            Some(chain) => chain.clone(),
            None => self.packs().await?,
        };
        chain.extend(self.bucket.list(COMMITS, &chain.after(), None).await?);
        *kept = Some(chain.clone());
        Ok(chain)
    }

    /// The packs, and what lies before or between them.
    async fn packs(&self) -> Result<Chain, StoreError> {
        let mut chain = Chain::default();
        for pack in best(&self.bucket.list(PACKS, PACKS, None).await?) {
            if chain.misses_commits_before(&pack) {
                chain.extend(
                    self.bucket
                        .list(COMMITS, &chain.after(), Some(&commit_key(pack.first)))
                        .await?,
                );
            }
            chain.extend([pack]);
        }
        Ok(chain)
    }

    /// Reads from `start`, as objects never change; from the beginning if the log doesn't reach
    /// that far.
    async fn read_now(&self, start: u64) -> Result<LogBytes, StoreError> {
        let mut chain = self.chain().await?;
        // A pack only makes reading cheaper. If it can't be put, the next reader tries again.
        if let Some(objects) = chain.to_pack()
            && self.pack(objects).await.is_ok()
        {
            *self.chain.lock().await = None;
            chain = self.chain().await?;
        }
        Ok(reader::read(self.bucket.clone(), &chain, start))
    }

    /// Puts objects that follow each other into a pack. Where it exists already, another reader has
    /// put the same bytes.
    async fn pack(&self, objects: &[Object]) -> Result<(), StoreError> {
        let mut bytes =
            Vec::with_capacity(objects.iter().map(|object| object.bytes as usize).sum());
        let read = objects.iter().map(|object| async move {
            let read = self
                .bucket
                .get_whole(&object.key())
                .await?
                .map(|(bytes, _)| bytes)
                .unwrap_or_default();
            let is_whole = read.len() as u64 == object.bytes && read.ends_with(b"\n");
            is_whole.then_some(read).ok_or_else(|| {
                self.bucket.failed("packing", &object.key(), "it isn't whole".into())
            })
        });
        let mut read = std::pin::pin!(stream::iter(read.collect::<Vec<_>>()).buffered(AT_ONCE));
        while let Some(part) = read.try_next().await? {
            bytes.extend_from_slice(&part);
        }
        let (Some(first), Some(last)) = (objects.first(), last_position(&bytes)) else {
            return Err(self.bucket.failed("packing", PACKS, "its last line can't be read".into()));
        };
        self.bucket
            .put(&pack_key(first.first, last), bytes.into(), &Condition::Absent)
            .await
            .map(drop)
    }

    /// Detects a server that ignores conditional writes: it would let two writers overwrite each
    /// other. S3 itself honours them (`If-None-Match` since August 2024, `If-Match` since November
    /// 2024), and isn't asked each time a function starts.
    async fn check(&self) -> Result<(), StoreError> {
        if self.bucket.is_at_aws() {
            return Ok(());
        }
        const PROBE: &str = "check/conditions";
        const TEXT: &[u8] = b"A second writer of this object must be refused.\n";
        let probe =
            async |condition| self.bucket.put(PROBE, Bytes::from_static(TEXT), &condition).await;
        let checked = self.conditions_checked.get_or_try_init(|| async {
            // From the second start on, the first put is refused already.
            let honours_absent = probe(Condition::Absent).await? == Put::Refused
                || probe(Condition::Absent).await? == Put::Refused;
            if !honours_absent {
                return Err(StoreError::Unsafe("If-None-Match"));
            }
            let no_objects = format!("\"{}\"", "0".repeat(32));
            match probe(Condition::Unchanged(no_objects)).await? {
                Put::Refused => Ok(()),
                Put::Done => Err(StoreError::Unsafe("If-Match")),
            }
        });
        checked.await.map(drop)
    }

    /// The name is the condition: it says the position that the commit was planned for, and S3
    /// refuses a second one.
    async fn append_now(&self, commit: Commit, seen: Stamp) -> Result<Appended, StoreError> {
        self.check().await?;
        let was_listed_otherwise =
            |chain: &Chain| chain.stamp() != seen.0 || chain.bytes() != commit.base().bytes;
        if self.chain.lock().await.as_ref().is_some_and(was_listed_otherwise) {
            return Err(StoreError::Conflict("the log"));
        }
        let (base, head) = (commit.base(), commit.head());
        let first = GlobalPosition(base.position.0 + 1);
        let lines = Bytes::copy_from_slice(commit.lines());
        match self.bucket.put(&commit_key(first), lines, &Condition::Absent).await? {
            Put::Done => {}
            Put::Refused => return Err(StoreError::Conflict("the log")),
        }
        let mut kept = self.chain.lock().await;
        if let Some(chain) = kept.as_mut().filter(|chain| chain.bytes() == base.bytes) {
            chain.extend([Object { first, last: None, bytes: head.bytes - base.bytes }]);
        }
        Ok(Appended { stamp: Stamp(Chain::stamp_of(head.bytes)), torn: None })
    }

    async fn begin_now(&self, log: WholeLog) -> Result<Option<Torn>, StoreError> {
        self.check().await?;
        if !self.chain().await?.objects().is_empty() {
            return Err(StoreError::NotEmpty);
        }
        if log.bytes().is_empty() {
            return Ok(None);
        }
        // The name of the first commit of all, whatever position its first event has: so no second
        // writer can begin too.
        match self
            .bucket
            .put(
                &commit_key(GlobalPosition(1)),
                Bytes::copy_from_slice(log.bytes()),
                &Condition::Absent,
            )
            .await?
        {
            Put::Done => Ok(None),
            Put::Refused => Err(StoreError::NotEmpty),
        }
    }

    async fn replace_now(
        &self,
        name: &'static str,
        was: Option<Version>,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.check().await?;
        let condition =
            was.map_or(Condition::Absent, |Version(version)| Condition::Unchanged(version));
        match self.bucket.put(&document_key(name), bytes.into(), &condition).await? {
            Put::Done => Ok(()),
            Put::Refused => Err(StoreError::Conflict(name)),
        }
    }
}

fn document_key(name: &str) -> String {
    format!("documents/{name}.json")
}

/// The position of the last event in some lines of a log.
fn last_position(lines: &[u8]) -> Option<GlobalPosition> {
    let line = lines.strip_suffix(b"\n")?.rsplit(|byte| *byte == b'\n').next()?;
    read_line(line).ok().map(|line| line.global_position)
}

impl LogStore for S3Store {
    fn read(&self) -> BoxFuture<'_, Result<LogBytes, StoreError>> {
        self.read_now(0).boxed()
    }

    fn read_from(&self, _seen: Stamp, start: u64) -> BoxFuture<'_, Result<LogBytes, StoreError>> {
        self.read_now(start).boxed()
    }

    fn stamp(&self) -> BoxFuture<'_, Result<Stamp, StoreError>> {
        async { Ok(Stamp(self.chain().await?.stamp())) }.boxed()
    }

    fn append(&self, commit: Commit, seen: Stamp) -> BoxFuture<'_, Result<Appended, StoreError>> {
        self.append_now(commit, seen).boxed()
    }

    fn begin(&self, log: WholeLog) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        self.begin_now(log).boxed()
    }

    /// An object is there whole or not at all, so that nothing can be torn. This checks that the
    /// server is safe instead.
    fn recover(&self) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        async { self.check().await.map(|()| None) }.boxed()
    }
}

impl DocumentStore for S3Store {
    fn get(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Document>, StoreError>> {
        async move {
            let read = self.bucket.get_whole(&document_key(name)).await?;
            Ok(read.map(|(bytes, version)| Document { bytes, version: Version(version) }))
        }
        .boxed()
    }

    fn version(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Version>, StoreError>> {
        async move { Ok(self.bucket.version(&document_key(name)).await?.map(Version)) }.boxed()
    }

    fn replace(
        &self,
        name: &'static str,
        was: Option<Version>,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.replace_now(name, was, bytes).boxed()
    }
}

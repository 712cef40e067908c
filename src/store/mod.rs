//! The adapter to where bytes are kept: one log that only grows, and small documents beside it.
//!
//! [`LogStore`] reads and appends; it has no put, delete, rename or truncate. [`DocumentStore`]
//! replaces a document if it is still the one that the caller read. [`local`] is a folder on this
//! machine, [`memory`] keeps all in memory, `s3` (a feature) a bucket; [`logged`] logs the faults
//! of any of them. Secrets in documents are sealed ([`seal`]).

pub mod local;
mod location;
pub mod logged;
pub mod memory;
#[cfg(feature = "s3")]
pub mod s3;
pub mod seal;
mod tail;

use std::{io::Read, path::PathBuf};

pub use location::{Location, LocationError};

use futures_util::future::BoxFuture;

use crate::domain::events::{Commit, WholeLog};

/// What can go wrong with a store, by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The log or the document isn't what it was when it was read: read it again.
    #[error("{0} was changed by another program in the meantime")]
    Conflict(&'static str),
    /// A whole log can only be put into an empty store.
    #[error("the log has events already: a whole log can only be put into an empty store")]
    NotEmpty,
    /// The object store lets two writers overwrite each other.
    #[error(
        "this object store ignores `{0}`, so that two writers at once could overwrite each other's events or settings: nothing is \
         written there; use AWS S3, or a server that honours conditional writes"
    )]
    Unsafe(&'static str),
    /// The disk or the object store failed.
    #[error("{action} {path} failed: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// A commit that a crash cut short: never acknowledged, never read as events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The file that keeps its bytes.
    pub set_aside: PathBuf,
    /// How many.
    pub bytes: u64,
}

/// The bytes of a log, to be read once.
pub struct LogBytes {
    /// Where the reader begins, in bytes: 0, or the place that the caller asked for.
    pub start: u64,
    /// Length of the whole log in bytes, whatever the reader's start.
    pub length: u64,
    /// Ends at `length`, even if the log grows in the meantime. Reading may wait for the store:
    /// read it on a thread that may block.
    pub reader: Box<dyn Read + Send>,
    /// How many bytes a crash left behind the log; not part of it, and set aside by the next
    /// append.
    pub torn: u64,
    /// How the log looked from outside just before it was opened.
    pub stamp: Stamp,
}

/// A commit that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// How the log looks from outside with this commit at its end.
    pub stamp: Stamp,
    /// What a crash had left and was set aside.
    pub torn: Option<Torn>,
}

/// A small document and its version.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Which state of the document this is.
    pub version: Version,
}

/// Opaque and different for every state of a document, like an ETag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

/// How a log looks from outside; opaque. Equal stamps mean the same bytes, except after an edit
/// that keeps the length within one tick of the file system's clock.
///
/// In a folder that is the file's length, its times of modification and of change, and its inode;
/// in a bucket, the length of the chain of objects, none of which ever changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(String);

/// The log's home.
pub trait LogStore: Send + Sync {
    /// The stored log from its beginning. A commit that a crash cut short isn't part of it.
    fn read(&self) -> BoxFuture<'_, Result<LogBytes, StoreError>>;

    /// The stored log from byte `start` on, if it has only grown since it had the stamp `seen` and
    /// the caller read it up to there; otherwise from its beginning ([`LogBytes::start`] says
    /// which). A store that doesn't know reads from the beginning.
    fn read_from(&self, seen: Stamp, start: u64) -> BoxFuture<'_, Result<LogBytes, StoreError>>;

    /// How the log looks from outside: changes whenever its bytes do.
    fn stamp(&self) -> BoxFuture<'_, Result<Stamp, StoreError>>;

    /// Appends a commit, all or nothing, if the log still has the stamp `seen` and ends at the
    /// commit's base; when this returns, it survives a power cut. What a crash had left is set
    /// aside first, and returned.
    fn append(&self, commit: Commit, seen: Stamp) -> BoxFuture<'_, Result<Appended, StoreError>>;

    /// Begins an empty log with a whole one, all or nothing. What a crash had left is set aside
    /// first, and returned.
    fn begin(&self, log: WholeLog) -> BoxFuture<'_, Result<Option<Torn>, StoreError>>;

    /// Sets aside a commit that a crash cut short, if there is one.
    fn recover(&self) -> BoxFuture<'_, Result<Option<Torn>, StoreError>>;
}

/// The home of small documents.
pub trait DocumentStore: Send + Sync {
    /// A document, if it exists.
    fn get(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Document>, StoreError>>;

    /// A document's version, if it exists: cheaper than reading a large one.
    fn version(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Version>, StoreError>>;

    /// Replaces a document if it still has that version; with `None`, if it doesn't exist.
    fn replace(
        &self,
        name: &'static str,
        was: Option<Version>,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// A place that has both.
pub trait Store: LogStore + DocumentStore {}

impl<T: LogStore + DocumentStore> Store for T {}

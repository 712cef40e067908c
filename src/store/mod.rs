//! The adapter to where bytes are kept: one log that only grows, and small documents beside it.
//!
//! [`LogStore`] reads and appends; it has no put, delete, rename or truncate. [`DocumentStore`] replaces a document if
//! nobody else has since. [`local`] is a folder on this machine, `s3` (a feature) a bucket. Secrets in documents are sealed
//! ([`seal`]).

pub mod local;
mod location;
#[cfg(feature = "s3")]
pub mod s3;
pub mod seal;

use std::{io::Read, path::PathBuf};

pub use location::{Location, LocationError};

use futures_util::future::BoxFuture;

use crate::domain::events::{Commit, WholeLog};

/// What can go wrong with a store, by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The log or the document isn't what it was when it was read: read it again.
    #[error("{0} was changed by somebody else in the meantime")]
    Conflict(&'static str),
    /// A whole log can only go where there is none.
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

/// The bytes of a log, to be read once from the beginning.
pub struct LogBytes {
    /// How many there are.
    pub length: u64,
    /// Ends after that many, even if the log grows in the meantime. Reading may wait for the store: read it on a thread
    /// that may block.
    pub reader: Box<dyn Read + Send>,
    /// How many bytes a crash left behind them; no part of the log, and set aside when something is next appended.
    pub torn: u64,
}

/// A small document and what it was when it was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Told from every other state of the document.
    pub version: Version,
}

/// A state of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

/// How a log looks from outside; equal stamps mean the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(String);

/// The log's home.
pub trait LogStore: Send + Sync {
    /// The log as it stands. A commit that a crash cut short is no part of it.
    fn read(&self) -> BoxFuture<'_, Result<LogBytes, StoreError>>;

    /// What the log looks like from outside: changes whenever its bytes do.
    fn stamp(&self) -> BoxFuture<'_, Result<Stamp, StoreError>>;

    /// Appends a commit, all or nothing, if the log still ends at its base; when this returns, it survives a power cut.
    /// What a crash had left is set aside first, and returned.
    fn append(&self, commit: Commit) -> BoxFuture<'_, Result<Option<Torn>, StoreError>>;

    /// Begins an empty log with a whole one, all or nothing. What a crash had left is set aside first, and returned.
    fn begin(&self, log: WholeLog) -> BoxFuture<'_, Result<Option<Torn>, StoreError>>;

    /// Sets aside a commit that a crash cut short, if there is one.
    fn recover(&self) -> BoxFuture<'_, Result<Option<Torn>, StoreError>>;
}

/// The home of small documents.
pub trait DocumentStore: Send + Sync {
    /// A document, if it exists.
    fn get(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Document>, StoreError>>;

    /// What state a document is in, if it exists: cheaper than reading a large one.
    fn version(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Version>, StoreError>>;

    /// Replaces a document if it is still in that state; `None`: if it doesn't exist.
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

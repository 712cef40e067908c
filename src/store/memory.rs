//! A store in memory, for tests and simulations: it keeps the same promises as the others, and
//! forgets with the process.
//!
//! The log is kept as the bytes of a file, so that what a crash or an editor may leave at its end
//! is found as in a folder ([`super::tail`]). [`MemoryStore::overwrite`] puts such bytes there. A
//! clone is the same store, as a second process has it. Nothing here waits, so that a simulation
//! owns the order of things.

use std::{
    collections::BTreeMap,
    io::Cursor,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    Appended, Document, DocumentStore, LogBytes, LogStore, Stamp, StoreError, Torn, Version,
    tail::Tail,
};
use crate::domain::events::{Commit, WholeLog};

/// A store in memory; a clone shares it.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The log's file, with any bytes that a crash left at its end.
    file: Vec<u8>,
    /// Counts the changes of the file.
    changes: u64,
    /// The change since which the log has only grown.
    grows_since: u64,
    /// What crashes left, oldest first.
    set_aside: Vec<Vec<u8>>,
    documents: BTreeMap<&'static str, StoredDocument>,
}

#[derive(Debug)]
struct StoredDocument {
    bytes: Vec<u8>,
    /// Counts how often it was replaced.
    version: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes of the log's file, with any that a crash left at its end.
    pub fn file(&self) -> Vec<u8> {
        self.state().file.clone()
    }

    /// Changes the log's file behind the store's back, as a crash or an editor does.
    pub fn overwrite(&self, file: Vec<u8>) {
        let mut state = self.state();
        state.file = file;
        state.changes += 1;
        state.grows_since = state.changes;
    }

    /// Commits that crashes cut short and that were set aside, oldest first.
    pub fn set_aside(&self) -> Vec<Vec<u8>> {
        self.state().set_aside.clone()
    }

    /// Every change below is made at once, so that a panic elsewhere leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs work when it is asked for, and at once.
    fn at_once<'a, T: Send + 'a>(
        &'a self,
        work: impl FnOnce(&mut State) -> Result<T, StoreError> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        async move { work(&mut self.state()) }.boxed()
    }
}

impl State {
    fn stamp(&self) -> Stamp {
        Stamp(self.changes.to_string())
    }

    fn tail(&self) -> Result<Tail, StoreError> {
        Tail::read(&mut Cursor::new(&self.file)).map_err(|source| StoreError::Io {
            action: "reading",
            path: PathBuf::from("the log in memory"),
            source,
        })
    }

    /// Reads from `start` if the log has only grown since it had that stamp, otherwise from its
    /// beginning.
    fn read(&self, place: Option<(Stamp, u64)>) -> Result<LogBytes, StoreError> {
        let tail = self.tail()?;
        let only_grew = |Stamp(seen): &Stamp| {
            seen.parse().is_ok_and(|seen| (self.grows_since..=self.changes).contains(&seen))
        };
        let start = match place {
            Some((seen, start)) if start <= tail.end && only_grew(&seen) => start,
            Some(_) | None => 0,
        };
        let bytes = self.file[start as usize..tail.end as usize].to_vec();
        Ok(LogBytes {
            start,
            length: tail.end,
            reader: Box::new(Cursor::new(bytes)),
            torn: tail.torn(),
            stamp: self.stamp(),
        })
    }

    fn append(&mut self, commit: &Commit, seen: &Stamp) -> Result<Appended, StoreError> {
        let (tail, base) = (self.tail()?, commit.base());
        if self.stamp() != *seen || (tail.end, tail.position) != (base.bytes, base.position) {
            return Err(StoreError::Conflict("the log"));
        }
        let torn = self.recover()?;
        self.file.extend_from_slice(commit.lines());
        self.changes += 1;
        Ok(Appended { stamp: self.stamp(), torn })
    }

    fn begin(&mut self, log: &WholeLog) -> Result<Option<Torn>, StoreError> {
        if self.tail()?.end > 0 {
            return Err(StoreError::NotEmpty);
        }
        let torn = self.recover()?;
        self.file = log.bytes().to_vec();
        self.changes += 1;
        Ok(torn)
    }

    fn recover(&mut self) -> Result<Option<Torn>, StoreError> {
        let tail = self.tail()?;
        if tail.torn() == 0 {
            return Ok(None);
        }
        let bytes = self.file.split_off(tail.end as usize);
        self.changes += 1;
        let (position, length) = (tail.position.0 + 1, bytes.len() as u64);
        self.set_aside.push(bytes);
        let name = format!("events.torn-{position:020}-{}.jsonl", self.set_aside.len());
        Ok(Some(Torn { set_aside: name.into(), bytes: length }))
    }

    fn replace(
        &mut self,
        name: &'static str,
        was: Option<&Version>,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        let kept = self.documents.get(name);
        if kept.map(StoredDocument::version).as_ref() != was {
            return Err(StoreError::Conflict(name));
        }
        let version = kept.map_or(0, |kept| kept.version + 1);
        self.documents.insert(name, StoredDocument { bytes, version });
        Ok(())
    }
}

impl StoredDocument {
    fn version(&self) -> Version {
        Version(self.version.to_string())
    }
}

impl LogStore for MemoryStore {
    fn read(&self) -> BoxFuture<'_, Result<LogBytes, StoreError>> {
        self.at_once(|state| state.read(None))
    }

    fn read_from(&self, seen: Stamp, start: u64) -> BoxFuture<'_, Result<LogBytes, StoreError>> {
        self.at_once(move |state| state.read(Some((seen, start))))
    }

    fn stamp(&self) -> BoxFuture<'_, Result<Stamp, StoreError>> {
        self.at_once(|state| Ok(state.stamp()))
    }

    fn append(&self, commit: Commit, seen: Stamp) -> BoxFuture<'_, Result<Appended, StoreError>> {
        self.at_once(move |state| state.append(&commit, &seen))
    }

    fn begin(&self, log: WholeLog) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        self.at_once(move |state| state.begin(&log))
    }

    fn recover(&self) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        self.at_once(State::recover)
    }
}

impl DocumentStore for MemoryStore {
    fn get(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Document>, StoreError>> {
        self.at_once(move |state| {
            let kept = state.documents.get(name);
            Ok(kept.map(|kept| Document { bytes: kept.bytes.clone(), version: kept.version() }))
        })
    }

    fn version(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Version>, StoreError>> {
        self.at_once(move |state| Ok(state.documents.get(name).map(StoredDocument::version)))
    }

    fn replace(
        &self,
        name: &'static str,
        was: Option<Version>,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.at_once(move |state| state.replace(name, was.as_ref(), bytes))
    }
}

//! The log in a folder: one file that only grows.
//!
//! A commit is one write and one sync under the lock, and only if the file still looks as it did
//! when the commit was planned. Bytes are taken away in one place alone,
//! [`LocalStore::recover_locked`], which keeps them in a file of their own first.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

use super::{LocalStore, failed, private, stamp, sync_folder};
use crate::{
    domain::events::{Commit, WholeLog},
    store::{Appended, LogBytes, Stamp, StoreError, Torn, tail::Tail},
};

const LOG: &str = "events.jsonl";

/// The stamps before and after the last appends ([`stamp`]).
const APPENDS: &str = ".appends";

/// An open log file.
struct Open {
    file: File,
    /// How it looked before its tail was read.
    stamp: Stamp,
    tail: Tail,
}

impl LocalStore {
    /// The log and where it ends; `None` if there is none yet.
    fn open(&self) -> Result<Option<Open>, StoreError> {
        let path = self.path(LOG);
        let mut file = match OpenOptions::new().read(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed("opening", &path))?,
        };
        let seen = file.metadata().and_then(|seen| stamp::of(&seen));
        let stamp = seen.map_err(failed("looking at", &path))?;
        let tail = Tail::read(&mut file).map_err(failed("reading", &path))?;
        Ok(Some(Open { file, stamp, tail }))
    }

    /// A reader must not take a commit that is being written for one that a crash cut short: it
    /// waits for the writer. If no lock was ever made nothing is being written, and reading makes
    /// none.
    fn open_at_rest(&self) -> Result<Option<Open>, StoreError> {
        match self.open()? {
            Some(open) if open.tail.may_be_growing() => {
                let path = self.path(".lock");
                let lock = match File::open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    opened => Some(opened.map_err(failed("opening", &path))?),
                };
                lock.as_ref()
                    .map_or(Ok(()), File::lock_shared)
                    .map_err(failed("locking", &path))?;
                self.open()
            }
            opened => Ok(opened),
        }
    }

    /// Reads from `start` if the log has only grown since it had that stamp, otherwise from its
    /// beginning.
    pub(super) fn read_now(&self, place: Option<(Stamp, u64)>) -> Result<LogBytes, StoreError> {
        let path = self.path(LOG);
        let Some(Open { mut file, stamp, tail }) = self.open_at_rest()? else {
            let (reader, stamp) = (Box::new(io::empty()), stamp::absent());
            return Ok(LogBytes { start: 0, length: 0, reader, torn: 0, stamp });
        };
        let only_grew = |seen: &Stamp| stamp::only_grew(&self.path(APPENDS), seen, &stamp);
        let start = match place {
            Some((seen, start)) if start <= tail.end && only_grew(&seen) => start,
            Some(_) | None => 0,
        };
        file.seek(SeekFrom::Start(start)).map_err(failed("reading", &path))?;
        let reader = Box::new(file.take(tail.end - start));
        Ok(LogBytes { start, length: tail.end, reader, torn: tail.torn(), stamp })
    }

    pub(super) fn stamp_now(&self) -> Result<Stamp, StoreError> {
        let path = self.path(LOG);
        let seen = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(stamp::absent()),
            seen => seen.and_then(|seen| stamp::of(&seen)),
        };
        seen.map_err(failed("looking at", &path))
    }

    pub(super) fn append_now(&self, commit: &Commit, seen: &Stamp) -> Result<Appended, StoreError> {
        let _lock = self.lock()?;
        let log = self.open()?;
        let (stamp, tail) = match &log {
            Some(open) => (open.stamp.clone(), open.tail),
            None => (stamp::absent(), Tail::default()),
        };
        let base = commit.base();
        if stamp != *seen || (tail.end, tail.position) != (base.bytes, base.position) {
            return Err(StoreError::Conflict("the log"));
        }
        let torn = self.recover_locked(log)?;
        let path = self.path(LOG);
        if base.bytes == 0 {
            self.put_whole(LOG, commit.lines())?;
        } else {
            self.append_lines(commit)?;
        }
        let looks = fs::metadata(&path)
            .and_then(|file| stamp::with_length(&file, commit.head().bytes))
            .map_err(failed("looking at", &path))?;
        // Without this note another process reads the log from its beginning, no more.
        let _ = stamp::note(&self.path(APPENDS), seen, &looks);
        Ok(Appended { stamp: looks, torn })
    }

    /// One write and one sync.
    fn append_lines(&self, commit: &Commit) -> Result<(), StoreError> {
        let path = self.path(LOG);
        let mut file =
            OpenOptions::new().append(true).open(&path).map_err(failed("opening", &path))?;
        let written = file.write_all(commit.lines()).and_then(|()| file.sync_data());
        written.map_err(|source| {
            // Nothing was acknowledged; what a full disk let through must not stand in the way of
            // the next append.
            let undone = file.set_len(commit.base().bytes).and_then(|()| file.sync_data());
            undone.err().map_or_else(
                || failed("appending to", &path)(source),
                failed("undoing an append to", &path),
            )
        })
    }

    pub(super) fn begin_now(&self, log: &WholeLog) -> Result<Option<Torn>, StoreError> {
        let _lock = self.lock()?;
        let open = self.open()?;
        if open.as_ref().is_some_and(|open| open.tail.end > 0) {
            return Err(StoreError::NotEmpty);
        }
        let torn = self.recover_locked(open)?;
        self.put_whole(LOG, log.bytes()).map(|()| torn)
    }

    pub(super) fn recover_now(&self) -> Result<Option<Torn>, StoreError> {
        if self.open()?.is_none_or(|open| open.tail.torn() == 0) {
            return Ok(None);
        }
        let _lock = self.lock()?;
        self.recover_locked(self.open()?)
    }

    /// Sets aside what a crash left behind the log that the caller opened under the lock.
    fn recover_locked(&self, log: Option<Open>) -> Result<Option<Torn>, StoreError> {
        let Some(Open { mut file, tail, .. }) = log else { return Ok(None) };
        if tail.torn() == 0 {
            return Ok(None);
        }
        let path = self.path(LOG);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(tail.end))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(failed("reading", &path))?;
        let set_aside = self.set_aside_as(tail.position.0 + 1, &bytes)?;
        let log = OpenOptions::new().write(true).open(&path).map_err(failed("opening", &path))?;
        log.set_len(tail.end)
            .and_then(|()| log.sync_all())
            .map_err(failed("setting aside a torn commit of", &path))?;
        Ok(Some(Torn { set_aside, bytes: bytes.len() as u64 }))
    }

    /// Keeps the bytes in a file of their own, named by the position that they would have had.
    fn set_aside_as(&self, position: u64, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        for attempt in 1.. {
            let path = self.path(&format!("events.torn-{position:020}-{attempt}.jsonl"));
            let mut file =
                match private(OpenOptions::new().write(true).create_new(true)).open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                    opened => opened.map_err(failed("making", &path))?,
                };
            let written = file
                .write_all(bytes)
                .and_then(|()| file.sync_all())
                .and_then(|()| sync_folder(&self.folder));
            written.map_err(failed("writing", &path))?;
            return Ok(path);
        }
        Err(StoreError::Conflict("the folder"))
    }
}

//! A store that logs its faults: what failed, and what a crash had left. Each fault is logged once,
//! here, whatever handles the error.

use std::{
    io::{self, Read},
    sync::Arc,
};

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    Appended, Document, DocumentStore, LogBytes, LogStore, Stamp, Store, StoreError, Torn, Version,
};
use crate::domain::events::{Commit, WholeLog};

/// Another store, whose faults it logs.
pub struct Logged(pub Arc<dyn Store>);

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Logs the fault of an answer. It names files and objects; a name of a title is in none of them.
fn logged<T: Send + 'static>(answer: Answer<'_, T>) -> Answer<'_, T> {
    logged_with_torn(answer, |_| None)
}

/// Logs the fault of an answer, or what it says that a crash had left.
fn logged_with_torn<T: Send + 'static>(
    answer: Answer<'_, T>,
    torn: fn(&T) -> Option<&Torn>,
) -> Answer<'_, T> {
    let log = move |result: &Result<T, StoreError>| match result {
        Err(error @ (StoreError::Io { .. } | StoreError::Unsafe(_))) => {
            tracing::warn!(%error, "the store failed");
        }
        Err(error @ (StoreError::Conflict(_) | StoreError::NotEmpty)) => {
            tracing::debug!(%error, "the store refused");
        }
        Ok(done) => {
            if let Some(Torn { set_aside, bytes }) = torn(done) {
                let file = set_aside.display();
                tracing::warn!(%file, bytes, "a crash had cut a commit short: its bytes were set aside");
            }
        }
    };
    answer.inspect(log).boxed()
}

/// Reading fails long after the store has answered, so the reader logs that itself.
struct LoggedReader(Box<dyn Read + Send>);

impl Read for LoggedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer);
        match &read {
            // The caller reads on.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => tracing::warn!(%error, "the store failed"),
            Ok(_) => {}
        }
        read
    }
}

fn with_reader(result: Result<LogBytes, StoreError>) -> Result<LogBytes, StoreError> {
    result.map(|log| LogBytes { reader: Box::new(LoggedReader(log.reader)), ..log })
}

impl LogStore for Logged {
    fn read(&self) -> Answer<'_, LogBytes> {
        logged(self.0.read()).map(with_reader).boxed()
    }

    fn read_from(&self, seen: Stamp, start: u64) -> Answer<'_, LogBytes> {
        logged(self.0.read_from(seen, start)).map(with_reader).boxed()
    }

    fn stamp(&self) -> Answer<'_, Stamp> {
        logged(self.0.stamp())
    }

    fn append(&self, commit: Commit, seen: Stamp) -> Answer<'_, Appended> {
        logged_with_torn(self.0.append(commit, seen), |appended| appended.torn.as_ref())
    }

    fn begin(&self, log: WholeLog) -> Answer<'_, Option<Torn>> {
        logged_with_torn(self.0.begin(log), Option::as_ref)
    }

    fn recover(&self) -> Answer<'_, Option<Torn>> {
        logged_with_torn(self.0.recover(), Option::as_ref)
    }
}

impl DocumentStore for Logged {
    fn get(&self, name: &'static str) -> Answer<'_, Option<Document>> {
        logged(self.0.get(name))
    }

    fn version(&self, name: &'static str) -> Answer<'_, Option<Version>> {
        logged(self.0.version(name))
    }

    fn replace(&self, name: &'static str, was: Option<Version>, bytes: Vec<u8>) -> Answer<'_, ()> {
        logged(self.0.replace(name, was, bytes))
    }
}

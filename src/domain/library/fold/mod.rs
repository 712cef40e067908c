//! The fold: a log's bytes in, the [`Log`] and its [`Library`] out, in one pass; and on from where
//! another fold ended.
//!
//! Lines don't depend on each other until they meet in a stream, and streams don't touch each
//! other. So the bytes are cut into as many parts as there are workers and each part's lines are
//! read ([`part`]); then each worker takes in, in order, the lines of its share of the streams
//! ([`shard`]). The result is the same for any number of workers and any cut of the bytes
//! (`the_fold_is_the_same_however_the_bytes_come`).
//!
//! A fold that goes on copies only the titles that have new events; all others are shared with the
//! fold before it (`a_fold_that_goes_on_says_what_a_whole_one_says`).

mod part;
mod shard;

use std::num::NonZero;

use super::Library;
use crate::domain::{
    events::{Commit, Fault, Growth, LineError, Log, LogHead, StreamHead},
    ids::GlobalPosition,
};
use part::{Part, Record, cut, emptied};
use shard::{Shard, Stream};

/// A log read whole and without a fault, and what it says. A clone is cheap: it shares the titles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folded {
    /// Where it and its streams end.
    pub log: Log,
    /// What it says.
    pub library: Library,
}

/// Why a commit can't go on top of a folded log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtendedError {
    /// The commit was made for a log that ends elsewhere.
    #[error(
        "the commit goes behind position {} ({} bytes), and the log ends at position {} ({} bytes)",
        commit.position, commit.bytes, log.position, log.bytes
    )]
    AnotherLog {
        /// Where the commit's log ends.
        commit: LogHead,
        /// Where this log ends.
        log: LogHead,
    },
    /// One of the commit's own lines can't be read.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Folded {
    /// Folds a whole log.
    ///
    /// # Errors
    /// The first line that can't be read.
    pub fn of(log: &[u8]) -> Result<Self, Fault> {
        let mut fold = Fold::new(NonZero::<usize>::MIN);
        fold.push(log);
        fold.finish()
    }

    /// The log and its library once the commit is appended. Takes as long as the commit is long,
    /// not the log.
    ///
    /// # Errors
    /// The commit was made for another log.
    pub fn extended(&self, commit: &Commit) -> Result<Self, ExtendedError> {
        let (commit_base, log) = (commit.base(), self.log.head());
        if commit_base != log {
            return Err(ExtendedError::AnotherLog { commit: commit_base, log });
        }
        let mut fold = Fold::resume(self, NonZero::<usize>::MIN);
        fold.push(commit.lines());
        Ok(fold.finish()?)
    }
}

/// Below this many bytes at once a second thread costs more than it gives.
const WORTH_A_THREAD: usize = 128 * 1024;

/// A fold in progress. Bytes may be cut anywhere; a line cut in two is kept until its rest comes.
#[derive(Debug)]
pub struct Fold {
    /// The fold that this one goes on from; empty for a whole log.
    base: Folded,
    shards: Vec<Shard>,
    /// The beginning of a line whose rest hasn't come.
    begun: Vec<u8>,
    /// Whether the base's last line has no line feed yet: it must come first.
    awaits_line_feed: bool,
    bytes: u64,
    lines: u64,
    last: GlobalPosition,
    /// All of them: a log is read to its end, so that every fault can be named.
    faults: Vec<Fault>,
    /// Emptied lists of records, to be filled again: new memory for each piece would cost as much
    /// as reading it.
    spare: Vec<Vec<Record<'static>>>,
}

impl Fold {
    /// An empty fold that may use this many threads.
    pub fn new(workers: NonZero<usize>) -> Self {
        Self::resume(&Folded::default(), workers)
    }

    /// A fold that goes on where another ended: the next bytes are those behind its log's head.
    ///
    /// If that log's last line has no line feed, the next byte must be that line feed. Any other
    /// byte belongs to a line that was taken in already, which is a fault here: such a log must be
    /// folded whole.
    pub fn resume(folded: &Folded, workers: NonZero<usize>) -> Self {
        let LogHead { position, bytes } = folded.log.head();
        Self {
            base: folded.clone(),
            shards: (0..workers.get()).map(|_| Shard::default()).collect(),
            begun: Vec::new(),
            awaits_line_feed: folded.log.ends_within_line(),
            bytes,
            lines: folded.log.events(),
            last: position,
            faults: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes in the next bytes of the log.
    pub fn push(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if self.awaits_line_feed
            && let Some(first) = bytes.first()
        {
            self.awaits_line_feed = false;
            if *first == b'\n' {
                bytes = &bytes[1..];
            } else {
                let error = LineError::NotALine("it goes on behind what was read of it".into());
                self.faults.push(Fault { line: self.lines, error });
            }
        }
        if !self.begun.is_empty() {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                return self.begun.extend_from_slice(bytes);
            };
            let (rest, behind) = bytes.split_at(end + 1);
            self.begun.extend_from_slice(rest);
            let line = std::mem::take(&mut self.begun);
            self.take_in(&line);
            bytes = behind;
        }
        let whole = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        self.take_in(&bytes[..whole]);
        self.begun.extend_from_slice(&bytes[whole..]);
    }

    fn take_in(&mut self, lines: &[u8]) {
        let shares = self.shards.len();
        let parts = if lines.len() < WORTH_A_THREAD { 1 } else { shares };
        let mut empty =
            || (0..shares).map(|_| self.spare.pop().unwrap_or_default()).collect::<Vec<_>>();
        let parts = cut(lines, parts).into_iter().map(|lines| (lines, empty())).collect();
        let mut parts: Vec<Part<'_>> =
            in_parallel(parts, |(lines, records)| Part::read(lines, records));
        for part in &mut parts {
            part.follow(self.last, self.lines);
            self.last = self.last.max(part.last);
            self.lines += part.lines;
            self.faults.append(&mut part.faults);
        }
        let read = &parts;
        let base = &self.base;
        let shards = if read.len() == 1 {
            vec![&mut self.shards[..]]
        } else {
            self.shards.chunks_mut(1).collect()
        };
        let faults = in_parallel(
            shards.into_iter().enumerate().collect(),
            |(at, shards): (usize, &mut [Shard])| {
                let mut faults = Vec::new();
                for (share, shard) in (at..).zip(shards) {
                    for part in read {
                        shard.take_in(part, share, base, &mut faults);
                    }
                }
                faults
            },
        );
        self.faults.extend(faults.into_iter().flatten());
        self.spare.extend(parts.into_iter().flat_map(|part| part.records).map(emptied));
    }

    /// Takes in a last line that has no line feed, and says whether there was one.
    fn close(&mut self) -> bool {
        let line = std::mem::take(&mut self.begun);
        self.take_in(&line);
        self.faults.sort_by_key(|fault| fault.line);
        !line.is_empty() || self.awaits_line_feed
    }

    /// How many bytes the log has, as far as it was taken in.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes the log has, and every line that couldn't be read.
    pub fn faults(mut self) -> (u64, Vec<Fault>) {
        self.close();
        (self.bytes, self.faults)
    }

    /// Ends the fold.
    ///
    /// # Errors
    /// The first line that couldn't be read.
    pub fn finish(mut self) -> Result<Folded, Fault> {
        let ends_within_line = self.close();
        if let Some(fault) = self.faults.into_iter().next() {
            return Err(fault);
        }
        let head = LogHead { position: self.last, bytes: self.bytes };
        in_parallel(self.shards.iter_mut().collect(), Shard::settle);
        let mut streams: Vec<Stream> =
            self.shards.into_iter().flat_map(Shard::into_streams).collect();
        streams.sort_unstable_by_key(|stream| stream.first);
        let heads =
            streams.iter().map(|stream| (&stream.id, StreamHead { position: stream.position }));
        let growth = Growth { head, lines: self.lines, ends_within_line, streams: heads };
        let log = self.base.log.grown(growth);
        // A stable sort: almost always the order of the streams is that of the titles.
        streams.sort_by_key(|stream| stream.added);
        let titles = streams.into_iter().filter_map(|stream| stream.title);
        Ok(Folded { log, library: self.base.library.grown(titles) })
    }
}

/// Does the work on one thread each; the first on this one.
fn in_parallel<T: Send, R: Send>(work: Vec<T>, act: impl Fn(T) -> R + Sync) -> Vec<R> {
    let act = &act;
    std::thread::scope(|scope| {
        let mut work = work.into_iter();
        let first = work.next();
        let others: Vec<_> = work.map(|one| scope.spawn(move || act(one))).collect();
        let first = first.map(act);
        let others = others
            .into_iter()
            .map(|thread| thread.join().expect("a worker that panics has panicked the fold"));
        first.into_iter().chain(others).collect()
    })
}

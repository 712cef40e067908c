//! The ledger: the log folded, appended to, checked, exported and imported.
//!
//! The fold is kept between calls and goes on with each append. It is a copy: what the store's
//! stamp says decides whether it is still the log's.

mod newest;

use std::{
    io::{self, Read},
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
};

pub use newest::{EventFilter, EventPage, LoggedEvent};

use super::error::ServiceError;
use crate::{
    domain::{
        events::{Commit, Fault, LineStart, LogHead, WholeLog, read_line},
        ids::GlobalPosition,
        library::{Fold, Folded},
    },
    report::LogStat,
    store::{Appended, LogBytes, Stamp, Store, StoreError, Torn},
};

/// Pieces in which a log is read: large enough to share among threads, small enough to keep nothing
/// of it.
const PIECE: usize = 4 * 1024 * 1024;

/// What `log check` found.
#[derive(Debug)]
pub struct LogCheck {
    /// How many bytes were read.
    pub bytes: u64,
    /// Every fault, by line.
    pub faults: Vec<Fault>,
    /// How many bytes a crash left behind the log; no part of it.
    pub torn: u64,
}

/// What the store says of a log that was read.
struct LogRead {
    torn: u64,
    stamp: Stamp,
}

/// A fold, with the stamp of the log that it was made of.
type Kept = (Stamp, Arc<Folded>);

/// The log of one store.
pub struct Ledger {
    store: Arc<dyn Store>,
    workers: NonZero<usize>,
    /// The last fold.
    folded: Mutex<Option<Kept>>,
    /// Held by the caller that reads the log.
    reading: tokio::sync::Mutex<()>,
}

impl Ledger {
    pub(super) fn new(store: Arc<dyn Store>, workers: NonZero<usize>) -> Self {
        Self { store, workers, folded: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The log folded. A log that has only grown is read from where the last fold ended, and one
    /// that looks the same from outside isn't read at all.
    ///
    /// # Errors
    /// The store fails, or a line can't be read.
    pub async fn folded(&self) -> Result<Arc<Folded>, ServiceError> {
        let kept = self.kept_fold().clone();
        if let Some(folded) = self.if_current(kept.as_ref()).await? {
            return Ok(folded);
        }
        // One caller reads for all: a log of a million events takes time and memory.
        let _reading = self.reading.lock().await;
        let newer = self.kept_fold().clone();
        let is_newer = newer.as_ref().map(|(seen, _)| seen) != kept.as_ref().map(|(seen, _)| seen);
        if is_newer && let Some(folded) = self.if_current(newer.as_ref()).await? {
            return Ok(folded);
        }
        self.read_on(newer).await
    }

    /// A kept fold, if the log still looks as it did then.
    async fn if_current(&self, kept: Option<&Kept>) -> Result<Option<Arc<Folded>>, ServiceError> {
        let Some((seen, folded)) = kept else { return Ok(None) };
        let is_current = self.store.stamp().await? == *seen;
        Ok(is_current.then(|| folded.clone()))
    }

    /// Reads what the kept fold doesn't have.
    async fn read_on(&self, kept: Option<Kept>) -> Result<Arc<Folded>, ServiceError> {
        let Some((seen, folded)) = kept else {
            let (fold, log) = self.read_log().await?;
            return self.keep_fold(fold, log.stamp);
        };
        // Bytes behind a line without its line feed may belong to that line.
        let start = if folded.log.ends_within_line() { 0 } else { folded.log.head().bytes };
        let log = if start == 0 {
            self.store.read().await?
        } else {
            self.store.read_from(seen, start).await?
        };
        let nothing = Folded::default();
        let from = if log.start == 0 { &nothing } else { &*folded };
        let (fold, log) = self.fold_on(from, log).await?;
        self.keep_fold(fold, log.stamp)
    }

    fn kept_fold(&self) -> MutexGuard<'_, Option<Kept>> {
        self.folded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_fold(&self, fold: Fold, stamp: Stamp) -> Result<Arc<Folded>, ServiceError> {
        let folded = Arc::new(fold.finish().map_err(ServiceError::LogCorrupt)?);
        *self.kept_fold() = Some((stamp, folded.clone()));
        Ok(folded)
    }

    /// Appends a commit that was made for that very fold, and goes on with the fold by the commit's
    /// own lines.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the log has changed in any way since that fold: fold and plan
    /// again. Otherwise, the store fails.
    pub async fn append(
        &self,
        base: &Arc<Folded>,
        commit: Commit,
    ) -> Result<Option<Torn>, StoreError> {
        let seen = match &*self.kept_fold() {
            Some((seen, folded)) if Arc::ptr_eq(folded, base) => seen.clone(),
            Some(_) | None => return Err(StoreError::Conflict("the log")),
        };
        let Appended { stamp, torn } = self.store.append(commit.clone(), seen).await?;
        let base = base.clone();
        let extended = tokio::task::spawn_blocking(move || base.extended(&commit)).await;
        let extended = extended.expect("folding a commit doesn't panic");
        // The commit is in the log. If its own lines can't be read, the next read says so with
        // their numbers.
        *self.kept_fold() = extended.ok().map(|folded| (stamp, Arc::new(folded)));
        Ok(torn)
    }

    /// The fold of the whole log, and what the store says of it.
    async fn read_log(&self) -> Result<(Fold, LogRead), ServiceError> {
        let log = self.store.read().await?;
        self.fold_on(&Folded::default(), log).await
    }

    /// Goes on with a fold that ends where the bytes begin.
    async fn fold_on(&self, from: &Folded, log: LogBytes) -> Result<(Fold, LogRead), ServiceError> {
        let LogBytes { reader, torn, stamp, start: _, length: _ } = log;
        let fold = Fold::resume(from, self.workers);
        let fold = tokio::task::spawn_blocking(move || fold_all(fold, reader)).await;
        let fold = fold.expect("folding a log doesn't panic").map_err(ServiceError::Reading)?;
        Ok((fold, LogRead { torn, stamp }))
    }

    /// Reads the whole log and names every fault.
    ///
    /// # Errors
    /// The store fails; a faulty log is an answer.
    pub async fn check(&self) -> Result<LogCheck, ServiceError> {
        let (fold, log) = self.read_log().await?;
        let (bytes, faults) = fold.faults();
        Ok(LogCheck { bytes, faults, torn: log.torn })
    }

    /// Counts what the log holds.
    ///
    /// # Errors
    /// The store fails, or a line can't be read.
    pub async fn stat(&self) -> Result<LogStat, ServiceError> {
        Ok(LogStat::of(&*self.folded().await?))
    }

    /// The log's own lines behind a position, byte for byte.
    ///
    /// # Errors
    /// The store fails.
    pub async fn lines_after(
        &self,
        after: GlobalPosition,
    ) -> Result<Box<dyn Read + Send>, ServiceError> {
        let log = self.store.read().await?;
        if after == GlobalPosition::default() {
            return Ok(log.reader);
        }
        let skipped = tokio::task::spawn_blocking(move || skip_to(log.reader, after)).await;
        skipped.expect("skipping lines doesn't panic").map_err(ServiceError::Reading)
    }

    /// Imports a whole log into an empty store; its positions stay.
    ///
    /// # Errors
    /// A line can't be read, the log has events, or the store fails.
    pub(super) async fn begin(&self, bytes: Vec<u8>) -> Result<WholeLogBegun, ServiceError> {
        let workers = self.workers;
        let whole = tokio::task::spawn_blocking(move || {
            let mut fold = Fold::new(workers);
            fold.push(&bytes);
            let folded = fold.finish()?;
            WholeLog::new(bytes, &folded.log)
        });
        let whole =
            whole.await.expect("folding a log doesn't panic").map_err(ServiceError::BadLog)?;
        let (events, head) = (whole.events(), whole.head());
        let torn = self.store.begin(whole).await?;
        Ok(WholeLogBegun { events, head, torn })
    }

    /// Sets aside a commit that a crash cut short, if there is one.
    ///
    /// # Errors
    /// The store fails.
    pub(super) async fn recover(&self) -> Result<Option<Torn>, ServiceError> {
        Ok(self.store.recover().await?)
    }
}

/// A whole log that an empty store has imported.
#[derive(Debug, Clone)]
pub struct WholeLogBegun {
    /// How many events it holds.
    pub events: u64,
    /// Where it ends.
    pub head: LogHead,
    /// What a crash had left and was set aside.
    pub torn: Option<Torn>,
}

/// Reads on one thread and folds on others, at most two pieces ahead, whatever the log's length.
fn fold_all(mut fold: Fold, mut reader: Box<dyn Read + Send>) -> io::Result<Fold> {
    let (filled, to_fold) = mpsc::sync_channel::<io::Result<Vec<u8>>>(1);
    let (emptied, to_fill) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for fresh in [Vec::new(), Vec::new()]
                .into_iter()
                .map(Some)
                .chain(std::iter::repeat_with(|| None))
            {
                let Some(mut piece) = fresh.or_else(|| to_fill.recv().ok()) else { return };
                piece.clear();
                let read = Read::by_ref(&mut reader).take(PIECE as u64).read_to_end(&mut piece);
                let ended = !matches!(read, Ok(length) if length == PIECE);
                if filled.send(read.map(|_| piece)).is_err() || ended {
                    return;
                }
            }
        });
        for piece in to_fold {
            let piece = piece?;
            fold.push(&piece);
            // Once the reader has ended, it takes no piece back.
            let _ = emptied.send(piece);
        }
        Ok(fold)
    })
}

/// Skips lines up to the position.
fn skip_to(
    reader: Box<dyn Read + Send>,
    after: GlobalPosition,
) -> io::Result<Box<dyn Read + Send>> {
    let mut lines = io::BufReader::with_capacity(256 * 1024, reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        if io::BufRead::read_until(&mut lines, b'\n', &mut line)? == 0 {
            return Ok(Box::new(io::empty()));
        }
        let position = LineStart::read(&line).map(|start| start.global_position);
        let position = position.or_else(|| read_line(&line).ok().map(|line| line.global_position));
        if position.is_none_or(|position| position > after) {
            return Ok(Box::new(io::Cursor::new(line).chain(lines)));
        }
    }
}

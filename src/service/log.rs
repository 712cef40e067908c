//! The log: folded, checked, exported and begun.

use std::{
    io::{self, Read},
    num::NonZero,
    sync::{Arc, mpsc},
};

use super::{Service, ServiceError};
use crate::{
    domain::{
        events::{Fault, Head, Skim, WholeLog, read_line},
        ids::GlobalPosition,
        library::{Fold, Folded},
    },
    report::LogStat,
    store::Torn,
};

/// Pieces in which a log is read: large enough to share among threads, small enough to keep nothing of it.
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

impl Service {
    /// The log folded: read again only if it looks different from outside.
    ///
    /// # Errors
    /// The store fails, or a line can't be read.
    pub async fn folded(&self) -> Result<Arc<Folded>, ServiceError> {
        let stamp = self.store.stamp().await?;
        let kept = self.folded.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        if let Some((seen, folded)) = kept
            && seen == stamp
        {
            return Ok(folded);
        }
        let (fold, _) = self.read_log().await?;
        let folded = Arc::new(fold.finish().map_err(ServiceError::LogCorrupt)?);
        *self.folded.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) =
            Some((stamp, folded.clone()));
        Ok(folded)
    }

    /// The fold of the whole log, and how many bytes a crash left behind it.
    pub(super) async fn read_log(&self) -> Result<(Fold, u64), ServiceError> {
        let log = self.store.read().await?;
        let workers = self.workers;
        let fold = tokio::task::spawn_blocking(move || fold_all(log.reader, workers)).await;
        let fold = fold.expect("folding a log doesn't panic").map_err(ServiceError::Reading)?;
        Ok((fold, log.torn))
    }

    /// Reads the whole log and names every fault.
    ///
    /// # Errors
    /// The store fails; a faulty log is an answer.
    pub async fn check_log(&self) -> Result<LogCheck, ServiceError> {
        let (fold, torn) = self.read_log().await?;
        let (bytes, faults) = fold.faults();
        Ok(LogCheck { bytes, faults, torn })
    }

    /// Counts what the log holds.
    ///
    /// # Errors
    /// The store fails, or a line can't be read.
    pub async fn log_stat(&self) -> Result<LogStat, ServiceError> {
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

    /// Begins an empty log with a whole one, positions kept.
    ///
    /// # Errors
    /// A line can't be read, the log has events, or the store fails.
    pub async fn begin_log(&self, bytes: Vec<u8>) -> Result<WholeLogBegun, ServiceError> {
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
        self.keep_recovery(torn.as_ref()).await?;
        Ok(WholeLogBegun { events, head, torn })
    }

    /// Sets aside a commit that a crash cut short, if there is one.
    ///
    /// # Errors
    /// The store fails.
    pub async fn recover(&self) -> Result<Option<Torn>, ServiceError> {
        let torn = self.store.recover().await?;
        self.keep_recovery(torn.as_ref()).await?;
        Ok(torn)
    }
}

/// A log that an empty store has begun with.
#[derive(Debug, Clone)]
pub struct WholeLogBegun {
    /// How many events it holds.
    pub events: u64,
    /// Where it ends.
    pub head: Head,
    /// What a crash had left and was set aside.
    pub torn: Option<Torn>,
}

/// Reads on one thread and folds on others; two pieces are under way at any time, whatever the log's length.
fn fold_all(mut reader: Box<dyn Read + Send>, workers: NonZero<usize>) -> io::Result<Fold> {
    let mut fold = Fold::new(workers);
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
            // The reader has ended where nobody takes it back.
            let _ = emptied.send(piece);
        }
        Ok(fold)
    })
}

/// Reads lines away until one lies behind the position.
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
        let position = Skim::read(&line).map(|skim| skim.global_position);
        let position = position.or_else(|| read_line(&line).ok().map(|line| line.global_position));
        if position.is_none_or(|position| position > after) {
            return Ok(Box::new(io::Cursor::new(line).chain(lines)));
        }
    }
}

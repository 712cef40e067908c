//! The runs of this process and their progress, for followers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::SyncOptions;
use crate::report::{RunKind, Running, instant};

/// All runs of this process, in the order in which they began.
#[derive(Debug, Clone)]
pub(super) struct Runs(Arc<watch::Sender<Vec<(u64, Running)>>>);

impl Default for Runs {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }
}

/// Keeps a run in the list for as long as it lives.
pub(super) struct RunGuard {
    runs: Runs,
    id: u64,
}

impl Runs {
    /// Registers a run and passes its progress on to followers.
    pub(super) fn begin(
        &self,
        kind: RunKind,
        since: DateTime<Utc>,
        options: &mut SyncOptions,
    ) -> RunGuard {
        let mut id = 0;
        let running = Running { kind, since: instant(since), progress: None };
        self.0.send_modify(|runs| {
            id = runs.last().map_or(0, |(id, _)| id + 1);
            runs.push((id, running));
        });
        let (runs, told) = (self.clone(), options.progress.clone());
        options.progress = Arc::new(move |progress| {
            runs.0.send_modify(|runs| {
                let run = runs.iter_mut().find(|(other, _)| *other == id);
                run.into_iter().for_each(|(_, running)| running.progress = Some(progress));
            });
            told(progress);
        });
        RunGuard { runs: self.clone(), id }
    }

    /// The run that began first of those that aren't over.
    pub(super) fn first(&self) -> Option<Running> {
        self.0.borrow().first().map(|(_, running)| running.clone())
    }

    /// Follows every change of [`Self::first`].
    pub(super) fn follow(&self) -> RunWatch {
        RunWatch(self.0.subscribe())
    }
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        self.runs.0.send_modify(|runs| runs.retain(|(id, _)| *id != self.id));
    }
}

/// Follows the runs of this process.
pub struct RunWatch(watch::Receiver<Vec<(u64, Running)>>);

impl RunWatch {
    /// What runs now; `None` once nothing does.
    pub fn now(&mut self) -> Option<Running> {
        self.0.borrow_and_update().first().map(|(_, running)| running.clone())
    }

    /// Waits until something has changed; false if nothing can change any more.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

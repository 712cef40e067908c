//! Runs in progress in this process, and how far each is; others can follow.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::{
    report::{Progress, RunKind, Running, instant},
    service::progress::Listener,
};

/// All runs of this process, in the order in which they began.
#[derive(Debug, Clone)]
pub(in crate::service) struct Runs(Arc<watch::Sender<Vec<(u64, Running)>>>);

impl Default for Runs {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }
}

/// Keeps a run in the list for as long as it lives, and passes its progress on.
pub(in crate::service) struct RunGuard {
    runs: Runs,
    id: u64,
    listener: Listener,
}

impl RunGuard {
    /// Tells the caller and the followers how far the run is.
    pub fn tell(&self, progress: Progress) {
        self.runs.0.send_modify(|runs| {
            let run = runs.iter_mut().find(|(other, _)| *other == self.id);
            run.into_iter().for_each(|(_, running)| running.progress = Some(progress));
        });
        (self.listener)(progress);
    }
}

impl Runs {
    /// Registers a run and passes its progress on to followers.
    pub(super) fn begin(
        &self,
        kind: RunKind,
        since: DateTime<Utc>,
        listener: Listener,
    ) -> RunGuard {
        let mut id = 0;
        let running = Running { kind, since: instant(since), progress: None };
        self.0.send_modify(|runs| {
            id = runs.last().map_or(0, |(id, _)| id + 1);
            runs.push((id, running));
        });
        RunGuard { runs: self.clone(), id, listener }
    }

    /// The run that began first of those that aren't over.
    pub(super) fn first(&self) -> Option<Running> {
        self.0.borrow().first().map(|(_, running)| running.clone())
    }

    /// Hears of every change of [`Self::first`].
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

    /// Waits for the next change; false if there will be none.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

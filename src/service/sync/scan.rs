//! A scan: what an import would add. It appends nothing.

use std::collections::BTreeSet;

use super::{Sync, SyncOptions, on_a_thread, preferences};
use crate::{
    domain::sync::{forgotten, plan},
    jellyfin::EpisodeRoute,
    report::{Phase, Progress, RunKind, Scan, ScanAnswer, ScanReport},
    service::{error::ServiceError, journal::RunGuard, links::Links},
};

impl Sync {
    /// Says what an import would add. Changes nothing but a renewed token and the status.
    ///
    /// # Errors
    /// There are no settings, Jellyfin fails, or the log can't be read.
    pub async fn scan(&self, options: SyncOptions) -> Result<ScanReport, ServiceError> {
        self.scan_as(options).await
    }

    /// Scans, and makes the answer of the plan in the thread that plans.
    pub(super) async fn scan_as<T: ScanAnswer>(
        &self,
        options: SyncOptions,
    ) -> Result<T, ServiceError> {
        let began = self.outside.now();
        let run = self.journal.begin(RunKind::Scan, began, options.progress.clone());
        let mut route = None;
        let result = self.scan_once::<T>(&options, &run, &mut route).await;
        let found = result.as_ref().map(|answer| (answer.summary(), answer.errors()));
        let kept = self.journal.keep_scan(began, found, route).await;
        // Why the scan failed matters more than that the status can't be saved.
        let answer = result?;
        kept.map(|()| answer)
    }

    async fn scan_once<T: ScanAnswer>(
        &self,
        options: &SyncOptions,
        run: &RunGuard,
        route: &mut Option<EpisodeRoute>,
    ) -> Result<T, ServiceError> {
        let settings = self.account.settings_with_device_id().await?;
        let folded = self.ledger.folded().await?;
        let fetched = self.fetch(&settings, &folded.library, false, options, run).await?;
        *route = fetched.route;
        let snapshot = fetched.complete()?;
        let preferences = preferences(&settings, BTreeSet::new(), BTreeSet::new())?;
        run.tell(Progress { phase: Phase::Plan, done: 0, total: 1 });
        let (answer, links) = on_a_thread(move || {
            let mut plan = plan(&folded.library, &snapshot, &preferences);
            let counts = plan.counts();
            // A scan appends nothing: its additions are dropped before the answer takes memory of
            // its own.
            plan.additions = Vec::new();
            let scan = Scan {
                plan: &plan,
                counts,
                snapshot: &snapshot,
                head: folded.log.head(),
                forgotten: forgotten(&folded.library, &snapshot),
                zone: &preferences.time_zone,
            };
            (T::of(&scan), Links::of(&plan))
        })
        .await;
        self.links.keep(&links).await?;
        run.tell(Progress { phase: Phase::Plan, done: 1, total: 1 });
        Ok(answer)
    }
}

//! A scan: what an import would add. It appends nothing.

use std::collections::BTreeSet;

use super::{Sync, SyncOptions, on_a_thread, preferences};
use crate::{
    domain::sync::{forgotten, plan},
    jellyfin::EpisodeRoute,
    service::{
        ServiceError,
        journal::RunGuard,
        links::Links,
        progress::{Phase, Progress},
        report::ScanReport,
    },
};

impl Sync {
    /// Says what an import would add. Changes nothing but a renewed token and the status.
    ///
    /// # Errors
    /// There are no settings, Jellyfin fails, or the log can't be read.
    pub async fn scan(&self, options: SyncOptions) -> Result<ScanReport, ServiceError> {
        let began = self.outside.now();
        let run = self.journal.begin("scan", began, options.progress.clone());
        let mut route = None;
        let result = self.scan_once(&options, &run, &mut route).await;
        self.journal.keep_scan(began, result.as_ref(), route).await?;
        result
    }

    async fn scan_once(
        &self,
        options: &SyncOptions,
        run: &RunGuard,
        route: &mut Option<EpisodeRoute>,
    ) -> Result<ScanReport, ServiceError> {
        let settings = self.account.settings_with_device_id().await?;
        let folded = self.ledger.folded().await?;
        let fetched = self.fetch(&settings, &folded.library, false, options, run).await?;
        *route = fetched.route;
        let snapshot = fetched.complete()?;
        let preferences = preferences(&settings, BTreeSet::new(), BTreeSet::new())?;
        run.tell(Progress { phase: Phase::Plan, done: 0, total: 1 });
        let (report, links) = on_a_thread(move || {
            let mut plan = plan(&folded.library, &snapshot, &preferences);
            let forgotten = forgotten(&folded.library, &snapshot);
            let report = ScanReport::of(&mut plan, &snapshot, folded.log.head(), forgotten);
            (report, Links::of(&plan))
        })
        .await;
        self.links.keep(&links).await?;
        run.tell(Progress { phase: Phase::Plan, done: 1, total: 1 });
        Ok(report)
    }
}

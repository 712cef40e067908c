//! An import: what a scan would show, appended in one commit.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    ImportRequest, Sync, SyncOptions, on_a_thread, preferences,
    titles::{DescribedTitles, with_titles},
};
use crate::{
    domain::{
        events::{Commit, Via},
        library::Folded,
        snapshot::Snapshot,
        sync::{Preferences, forgotten, plan},
    },
    jellyfin::{EpisodeRoute, JellyfinError},
    report::{FaultReport, ImportReport, LogSpan, Outcome, Phase, Progress, RunKind},
    service::{
        error::ServiceError,
        journal::{RunGuard, recovered},
        links::Links,
    },
    store::StoreError,
};

/// How often a plan is made again because the log moved.
const TRIES: u32 = 10;

/// What an import knows before it plans.
#[derive(Clone)]
struct Ready {
    snapshot: Arc<Snapshot>,
    preferences: Arc<Preferences>,
    described: Arc<DescribedTitles>,
    via: Via,
    deadline: Option<Instant>,
}

/// A commit to append, and what to say about it.
struct Prepared {
    report: ImportReport,
    commit: Commit,
    links: Links,
}

impl Sync {
    /// Adds what a scan would show, in one commit.
    ///
    /// # Errors
    /// There are no settings, Jellyfin fails altogether, the log can't be read or moves again and
    /// again, or the store fails. Then nothing was added.
    pub async fn import(
        &self,
        request: ImportRequest,
        options: SyncOptions,
    ) -> Result<ImportReport, ServiceError> {
        let began = self.outside.now();
        let run = self.journal.begin(RunKind::Import, began, options.progress.clone());
        let mut route = None;
        let mut result = self.import_once(&request, &options, &run, &mut route).await;
        let kept = self.journal.keep_import(began, request.via, result.as_ref(), route).await;
        // A scheduled import that adds nothing must not discard a preview that a person is reading.
        let is_stale = |report: &ImportReport| {
            request.via != Via::Schedule || report.log.after > report.log.before
        };
        let kept = match &result {
            Ok(report) if is_stale(report) => kept.and(self.drop_preview().await),
            Ok(_) | Err(_) => kept,
        };
        if let (Ok(report), Err(error)) = (&mut result, kept) {
            // The additions are in the log, so the import didn't fail; and what did fail must be
            // said.
            let message =
                format!("the plays are in your log, but the status wasn't saved: {error}");
            report.errors.push(FaultReport { item_id: None, name: "status".into(), message });
            report.outcome = Outcome::Partial;
        }
        result
    }

    async fn import_once(
        &self,
        request: &ImportRequest,
        options: &SyncOptions,
        run: &RunGuard,
        route: &mut Option<EpisodeRoute>,
    ) -> Result<ImportReport, ServiceError> {
        let settings = self.account.settings_with_device_id().await?;
        let (exclude, include) = (request.exclude.clone(), request.include.clone());
        let preferences = Arc::new(preferences(&settings, exclude, include)?);
        let folded = self.ledger.folded().await?;
        let auto_add = request.auto_add.unwrap_or(settings.auto_add());
        let fetched = self.fetch(&settings, &folded.library, auto_add, options, run).await?;
        *route = fetched.route;
        let mut snapshot = fetched.partial();
        let mut described = DescribedTitles::default();
        if auto_add {
            let (found, faults) = self
                .describe_missing(&settings, (&folded, &snapshot, &preferences), options.deadline)
                .await?;
            Arc::make_mut(&mut snapshot).faults.extend(faults);
            described = found;
        }
        let (via, deadline) = (request.via, options.deadline);
        let ready = Ready { snapshot, preferences, described: Arc::new(described), via, deadline };
        self.append(&ready, folded, run).await
    }

    /// Plans and appends, again if another writer was quicker: then only what their events don't
    /// have is planned.
    async fn append(
        &self,
        ready: &Ready,
        mut folded: Arc<Folded>,
        run: &RunGuard,
    ) -> Result<ImportReport, ServiceError> {
        for _ in 0..TRIES {
            run.tell(Progress { phase: Phase::Plan, done: 0, total: 1 });
            let Prepared { mut report, commit, links } = self.prepare(&folded, ready).await?;
            // A part of a server doesn't show every title's item.
            if ready.snapshot.coverage.is_everything() {
                self.links.keep(&links).await?;
            }
            let events = commit.events();
            run.tell(Progress { phase: Phase::Append, done: 0, total: events });
            if ready.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(JellyfinError::Deadline { what: "the last of it".into() }.into());
            }
            if events == 0 {
                return Ok(report);
            }
            match self.ledger.append(&folded, commit).await {
                Ok(torn) => {
                    report.recovered = torn.as_ref().map(recovered);
                    run.tell(Progress { phase: Phase::Append, done: events, total: events });
                    return Ok(report);
                }
                Err(StoreError::Conflict(_)) => folded = self.ledger.folded().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::LogConflict(TRIES))
    }

    /// Plans on a fold, with the missing titles in the library.
    async fn prepare(&self, folded: &Arc<Folded>, ready: &Ready) -> Result<Prepared, ServiceError> {
        let (folded, at) = (folded.clone(), self.outside.now());
        let planned = on_a_thread({
            let Ready { snapshot, preferences, described, via, deadline: _ } = ready.clone();
            move || {
                let (with_titles, titles) = with_titles(&folded, &snapshot, &described, (via, at))?;
                let mut plan = plan(&with_titles.library, &snapshot, &preferences);
                plan.additions.splice(0..0, titles);
                let commit = folded.log.extend(&plan.additions, via, at)?;
                let span =
                    LogSpan { before: commit.base().position.0, after: commit.head().position.0 };
                let forgotten = forgotten(&folded.library, &snapshot);
                let report = ImportReport::of(&plan, &snapshot, span, forgotten);
                Ok(Prepared { report, commit, links: Links::of(&plan) })
            }
        });
        planned.await
    }
}

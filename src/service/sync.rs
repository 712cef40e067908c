//! The conductor: read, fold, fetch, plan, extend, append.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Links, Service, ServiceError,
    recovery::RecoveredReport,
    report::{FaultReport, ImportReport, LogSpan, Outcome, ScanReport, ServerReport},
    settings::Settings,
    titles::Described,
};
use crate::{
    domain::{
        events::{Commit, PlacedAddition, Via},
        ids::ItemId,
        library::{Folded, Found, Library},
        snapshot::{ItemFault, Snapshot, TmdbRef},
        sync::{Preferences, forgotten, plan},
    },
    jellyfin::{
        EpisodeRoute, Failures, Fetched, JellyfinError, Progress as FetchProgress, ProgressPhase,
        fetch::{Wanted, fetch},
    },
    store::StoreError,
};

/// How often a plan is made anew because the log moved.
const TRIES: u32 = 10;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Fetching movies.
    Movies,
    /// Fetching series.
    Series,
    /// Fetching episodes.
    Episodes,
    /// Deciding what to add.
    Plan,
    /// Adding it.
    Append,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// Doing what.
    pub phase: Phase,
    /// How much of it is done.
    pub done: u64,
    /// How much there is.
    pub total: u64,
}

impl From<FetchProgress> for Progress {
    fn from(FetchProgress { phase, done, total }: FetchProgress) -> Self {
        let phase = match phase {
            ProgressPhase::Movies => Phase::Movies,
            ProgressPhase::Series => Phase::Series,
            ProgressPhase::Episodes => Phase::Episodes,
        };
        Self { phase, done, total }
    }
}

/// Where a snapshot comes from.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// The server in the settings.
    #[default]
    Server,
    /// One that was saved.
    Saved(Arc<Snapshot>),
}

/// How to run, whatever is run.
#[derive(Clone)]
pub struct SyncOptions {
    /// Where the snapshot comes from.
    pub source: Source,
    /// When the function's own time is up.
    pub deadline: Option<tokio::time::Instant>,
    /// Hears how far it is.
    pub progress: Arc<dyn Fn(Progress) + Send + Sync>,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self { source: Source::Server, deadline: None, progress: Arc::new(|_| {}) }
    }
}

/// What to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Items that stay out.
    pub exclude: BTreeSet<ItemId>,
    /// Possible rewatches that come in although they would wait.
    pub include: BTreeSet<ItemId>,
    /// Whether titles that the library lacks are added; `None` for what the preferences say.
    pub auto_add: Option<bool>,
    /// By which way this came about.
    pub via: Via,
}

/// A snapshot and what is worth knowing of how it was got.
struct Taken {
    snapshot: Arc<Snapshot>,
    failures: Failures,
    route: Option<EpisodeRoute>,
}

/// The log that a commit goes on top of, and the library that it is planned for.
struct Base {
    folded: Arc<Folded>,
    /// The same, with the titles that this very commit adds.
    with_titles: Arc<Folded>,
    titles: Vec<PlacedAddition>,
}

impl Service {
    /// Says what an import would add. Nothing is changed but a refreshed token and the status.
    ///
    /// # Errors
    /// There are no settings, Jellyfin fails, or the log can't be read.
    pub async fn scan(&self, mut options: SyncOptions) -> Result<ScanReport, ServiceError> {
        let began = self.now();
        let _run = self.runs.begin("scan", began, &mut options);
        let mut route = None;
        let result = self.scan_once(&options, &mut route).await;
        self.keep_scan(began, result.as_ref(), route).await?;
        result
    }

    async fn scan_once(
        &self,
        options: &SyncOptions,
        route: &mut Option<EpisodeRoute>,
    ) -> Result<ScanReport, ServiceError> {
        let settings = self.settings_with_device_id().await?;
        let folded = self.folded().await?;
        let taken = self.take_snapshot(&settings, &folded.library, false, options).await?;
        *route = taken.route;
        if let Some(error) = taken.failures.movies.or(taken.failures.series) {
            return Err(error.into());
        }
        let snapshot = taken.snapshot;
        let preferences = preferences(&settings, BTreeSet::new(), BTreeSet::new())?;
        (options.progress)(Progress { phase: Phase::Plan, done: 0, total: 1 });
        let (report, links) = on_a_thread(move || {
            let mut plan = plan(&folded.library, &snapshot, &preferences);
            let report = ScanReport::of(
                &mut plan,
                &snapshot,
                folded.log.head(),
                forgotten(&folded.library, &snapshot),
            );
            (report, Links::of(&plan))
        })
        .await;
        self.keep_links(&links).await?;
        (options.progress)(Progress { phase: Phase::Plan, done: 1, total: 1 });
        Ok(report)
    }

    /// Adds what a scan would show, in one commit.
    ///
    /// # Errors
    /// There are no settings, Jellyfin fails altogether, the log can't be read or moves again and again, or the store
    /// fails. Nothing was added then.
    pub async fn import(
        &self,
        request: ImportRequest,
        mut options: SyncOptions,
    ) -> Result<ImportReport, ServiceError> {
        let began = self.now();
        let _run = self.runs.begin("import", began, &mut options);
        let mut route = None;
        let mut result = self.import_once(&request, &options, &mut route).await;
        let kept = self.keep_import(began, request.via, result.as_ref(), route).await;
        // Who looks through a preview keeps it where an import by itself has added nothing.
        let is_over = |report: &ImportReport| {
            request.via != Via::Schedule || report.log.after > report.log.before
        };
        let kept = match &result {
            Ok(report) if is_over(report) => kept.and(self.drop_preview().await),
            Ok(_) | Err(_) => kept,
        };
        if let (Ok(report), Err(error)) = (&mut result, kept) {
            // The additions stand: an answer that says "failed" would be wrong, one that says nothing too.
            let message =
                format!("what was added is in the log, but the status could not be kept: {error}");
            report.errors.push(FaultReport { item_id: None, name: "status".into(), message });
            report.outcome = Outcome::Partial;
        }
        result
    }

    async fn import_once(
        &self,
        request: &ImportRequest,
        options: &SyncOptions,
        route: &mut Option<EpisodeRoute>,
    ) -> Result<ImportReport, ServiceError> {
        let settings = self.settings_with_device_id().await?;
        let preferences =
            Arc::new(preferences(&settings, request.exclude.clone(), request.include.clone())?);
        let mut folded = self.folded().await?;
        let auto_add = request.auto_add.unwrap_or(settings.auto_add());
        let taken = self.take_snapshot(&settings, &folded.library, auto_add, options).await?;
        *route = taken.route;
        let whole = taken.failures.movies.is_none() && taken.failures.series.is_none();
        let mut snapshot = with_failures(taken);
        let mut described = Described::default();
        if auto_add {
            let (found, faults) =
                self.describe_missing(&settings, &folded, &snapshot, &preferences).await?;
            Arc::make_mut(&mut snapshot).faults.extend(faults);
            described = found;
        }
        for _ in 0..TRIES {
            (options.progress)(Progress { phase: Phase::Plan, done: 0, total: 1 });
            let (with_titles, titles) =
                self.with_titles(&folded, &snapshot, &described, request.via)?;
            let base = Base { folded: folded.clone(), with_titles, titles };
            let (mut report, commit, links) =
                self.plan_import(base, &snapshot, &preferences, request.via).await?;
            if whole {
                self.keep_links(&links).await?;
            } else {
                // What wasn't listed wasn't forgotten.
                report.forgotten = 0;
            }
            let events = commit.events();
            (options.progress)(Progress { phase: Phase::Append, done: 0, total: events });
            if options.deadline.is_some_and(|deadline| deadline <= tokio::time::Instant::now()) {
                return Err(JellyfinError::Deadline { what: "the last of it".into() }.into());
            }
            if events == 0 {
                return Ok(report);
            }
            match self.append(&folded, commit).await {
                Ok(torn) => {
                    report.recovered = torn.as_ref().map(RecoveredReport::of);
                    (options.progress)(Progress {
                        phase: Phase::Append,
                        done: events,
                        total: events,
                    });
                    return Ok(report);
                }
                // Somebody else was quicker: their events are read, and only what they lack is planned.
                Err(StoreError::Conflict(_)) => folded = self.folded().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::LogConflict(TRIES))
    }

    async fn plan_import(
        &self,
        base: Base,
        snapshot: &Arc<Snapshot>,
        preferences: &Arc<Preferences>,
        via: Via,
    ) -> Result<(ImportReport, Commit, Links), ServiceError> {
        let (snapshot, preferences, at) = (snapshot.clone(), preferences.clone(), self.now());
        let planned = on_a_thread(move || {
            let Base { folded, with_titles, titles } = base;
            let mut plan = plan(&with_titles.library, &snapshot, &preferences);
            plan.additions.splice(0..0, titles);
            let commit = folded.log.extend(&plan.additions, via, at)?;
            let span =
                LogSpan { before: commit.base().position.0, after: commit.head().position.0 };
            let report =
                ImportReport::of(&plan, &snapshot, span, forgotten(&folded.library, &snapshot));
            Ok((report, commit, Links::of(&plan)))
        });
        planned.await
    }

    /// Fetches a snapshot and nothing else.
    ///
    /// # Errors
    /// There are no settings, or Jellyfin fails for movies or series.
    pub async fn snapshot(&self, options: SyncOptions) -> Result<Arc<Snapshot>, ServiceError> {
        let settings = self.settings_with_device_id().await?;
        let folded = self.folded().await?;
        let taken = self.take_snapshot(&settings, &folded.library, false, &options).await?;
        match taken.failures.movies.or(taken.failures.series) {
            Some(error) => Err(error.into()),
            None => Ok(taken.snapshot),
        }
    }

    async fn take_snapshot(
        &self,
        settings: &Settings,
        library: &Library,
        auto_add: bool,
        options: &SyncOptions,
    ) -> Result<Taken, ServiceError> {
        if let Source::Saved(snapshot) = &options.source {
            return Ok(Taken {
                snapshot: snapshot.clone(),
                failures: Failures::default(),
                route: None,
            });
        }
        let mut connection = self.connection(settings, options.deadline)?;
        let status = self.status().await?;
        let taken_at = self.now();
        let fetched = async {
            let server = connection.discover().await?;
            let matters = |tmdb: &TmdbRef| match tmdb {
                TmdbRef::Id(id) => match library.series_by_tmdb(*id) {
                    Found::Active(_) => true,
                    Found::Removed => false,
                    Found::Absent => auto_add,
                },
                TmdbRef::Missing | TmdbRef::Invalid(_) => false,
            };
            let wanted = Wanted {
                series: &matters,
                first: Self::route_to_begin_with(&status, taken_at),
                progress: &|progress| (options.progress)(progress.into()),
            };
            fetch(&connection, server, taken_at, &wanted).await
        };
        let fetched = fetched.await.map_err(ServiceError::from);
        self.keep_sign_in(settings, &connection).await?;
        let server = fetched.as_ref().map(|fetched| ServerReport::of(&fetched.snapshot.server));
        self.keep_connection(settings, server.as_ref().map_err(|error| *error)).await?;
        let Fetched { snapshot, failures, route } = fetched?;
        Ok(Taken { snapshot: Arc::new(snapshot), failures, route })
    }
}

/// A list that failed as a whole is said where a series that failed is said: what came is imported all the same.
fn with_failures(taken: Taken) -> Arc<Snapshot> {
    let Taken { snapshot, failures, .. } = taken;
    let failed = [("movies", failures.movies), ("series", failures.series)];
    let faults: Vec<ItemFault> = failed
        .into_iter()
        .filter_map(|(name, error)| {
            error.map(|error| ItemFault {
                item_id: None,
                name: name.to_owned(),
                message: error.to_string(),
            })
        })
        .collect();
    if faults.is_empty() {
        return snapshot;
    }
    let mut snapshot = Arc::unwrap_or_clone(snapshot);
    snapshot.faults.extend(faults);
    Arc::new(snapshot)
}

fn preferences(
    settings: &Settings,
    exclude: BTreeSet<ItemId>,
    include: BTreeSet<ItemId>,
) -> Result<Preferences, ServiceError> {
    Ok(Preferences {
        time_zone: settings.time_zone()?,
        hold_possible_rewatches: settings.hold_possible_rewatches(),
        exclude,
        include,
    })
}

/// Planning ten thousand movies takes longer than a thread that serves others may be kept.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("planning doesn't panic")
}

//! Getting a snapshot: from the server in the settings, or a saved one.

use std::sync::Arc;

use super::{Source, Sync, SyncOptions};
use crate::{
    domain::{
        library::{Found, Library},
        snapshot::{ItemFault, Snapshot, TmdbRef},
    },
    jellyfin::{EpisodeRoute, Failures, FetchOptions, Fetched, JellyfinError, fetch::fetch},
    report::{RunKind, ServerReport},
    service::{account::Settings, error::ServiceError, journal::RunGuard, progress},
};

/// A snapshot, which lists failed, and which episode route worked.
pub(super) struct FetchedSnapshot {
    pub snapshot: Arc<Snapshot>,
    pub failures: Failures,
    pub route: Option<EpisodeRoute>,
}

impl FetchedSnapshot {
    /// The snapshot, if no list failed as a whole.
    pub fn complete(self) -> Result<Arc<Snapshot>, ServiceError> {
        match self.failures.movies.or(self.failures.series) {
            Some(error) => Err(error.into()),
            None => Ok(self.snapshot),
        }
    }

    /// The snapshot with what came; a list that failed as a whole is a fault in it.
    pub fn partial(self) -> Arc<Snapshot> {
        let failed = [("movies", self.failures.movies), ("series", self.failures.series)];
        let fault = |(name, error): (&str, Option<JellyfinError>)| {
            let message = error?.to_string();
            Some(ItemFault { item_id: None, name: name.to_owned(), message })
        };
        let faults: Vec<ItemFault> = failed.into_iter().filter_map(fault).collect();
        if faults.is_empty() {
            return self.snapshot;
        }
        let mut snapshot = Arc::unwrap_or_clone(self.snapshot);
        snapshot.faults.extend(faults);
        Arc::new(snapshot)
    }
}

impl Sync {
    /// Fetches a snapshot and does nothing with it.
    ///
    /// # Errors
    /// There are no settings, or Jellyfin fails for movies or series.
    pub async fn snapshot(&self, options: SyncOptions) -> Result<Arc<Snapshot>, ServiceError> {
        let run = self.journal.begin(RunKind::Scan, self.outside.now(), options.progress.clone());
        let settings = self.account.settings_with_device_id().await?;
        let folded = self.ledger.folded().await?;
        let fetched = self.fetch(&settings, &folded.library, false, &options, &run).await?;
        fetched.complete()
    }

    pub(super) async fn fetch(
        &self,
        settings: &Settings,
        library: &Library,
        auto_add: bool,
        options: &SyncOptions,
        run: &RunGuard,
    ) -> Result<FetchedSnapshot, ServiceError> {
        if let Source::Saved(snapshot) = &options.source {
            let (snapshot, failures) = (snapshot.clone(), Failures::default());
            return Ok(FetchedSnapshot { snapshot, failures, route: None });
        }
        let mut connection = self.account.connection(settings, options.deadline)?;
        let status = self.journal.status().await?;
        let taken_at = self.outside.now();
        let fetched = async {
            let server = connection.discover().await?;
            let wanted = FetchOptions {
                series: &|tmdb| matters(library, tmdb, auto_add),
                first: status.first_route(taken_at),
                progress: &|told| run.tell(progress::of_fetch(told)),
            };
            fetch(&connection, server, taken_at, &wanted).await
        };
        let fetched = fetched.await.map_err(ServiceError::from);
        self.account.keep_sign_in(settings, &connection).await?;
        let server = fetched.as_ref().map(|fetched| ServerReport::of(&fetched.snapshot.server));
        if let Some(account) = settings.account() {
            let server = server.as_ref().map_err(|error| *error);
            self.journal.keep_connection(account, server).await?;
        }
        let Fetched { snapshot, failures, route } = fetched?;
        Ok(FetchedSnapshot { snapshot: Arc::new(snapshot), failures, route })
    }
}

/// Whether the episodes of a series are needed: it is in the library, or it will be added.
fn matters(library: &Library, tmdb: &TmdbRef, auto_add: bool) -> bool {
    match tmdb {
        TmdbRef::Id(id) => match library.series_by_tmdb(*id) {
            Found::Active(_) => true,
            Found::Removed => false,
            Found::Absent => auto_add,
        },
        TmdbRef::Missing | TmdbRef::Invalid(_) => false,
    }
}

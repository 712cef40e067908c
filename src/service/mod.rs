//! Where the domain and the adapters meet: read, fold, fetch, plan, extend, append.
//!
//! Each part owns its state and its methods, and names only parts on lower ranks: `documents` <-
//! `ledger`, `account`, `journal`, `links` <- `setup`, `pictures`, `sync` <- `schedule` <-
//! `status`. [`Service`] builds the parts and hands them out.

mod account;
mod documents;
mod error;
mod interval;
mod journal;
mod ledger;
mod links;
mod outside;
mod pictures;
mod progress;
mod schedule;
mod setup;
mod status;
mod sync;

use std::{num::NonZero, sync::Arc};

pub use account::Account;
pub use error::{ServiceError, SettingError};
pub use interval::Interval;
pub use journal::{Journal, RunWatch};
pub use ledger::{EventFilter, EventPage, Ledger, LogCheck, LoggedEvent};
pub use links::{LinkBook, Links};
pub use outside::{Clock, Outside};
pub use pictures::Pictures;
pub use progress::Listener;
pub use schedule::{Schedule, ScheduledImport};
pub use setup::Setup;
pub use sync::{ImportRequest, Source, Sync, SyncOptions};

use crate::{
    jellyfin::Limits,
    report::StatusReport,
    store::{Store, seal::KeySource},
    tmdb,
};
use documents::Documents;
use sync::Parts;

/// How a service works, independent of its store.
#[derive(Debug, Clone)]
pub struct ServiceOptions {
    /// Limits of requests to Jellyfin.
    pub limits: Limits,
    /// How many threads may fold a log.
    pub workers: NonZero<usize>,
    /// Where TMDB answers.
    pub tmdb_url: String,
}

impl Default for ServiceOptions {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        Self { limits: Limits::default(), workers, tmdb_url: tmdb::BASE_URL.to_owned() }
    }
}

/// The product over one store, whatever stands in front of it: HTTP, a command line, a schedule.
///
/// Its parts keep nothing between two calls that they couldn't read again.
pub struct Service {
    store: Arc<dyn Store>,
    ledger: Arc<Ledger>,
    account: Arc<Account>,
    journal: Arc<Journal>,
    links: Arc<LinkBook>,
    setup: Setup,
    pictures: Pictures,
    sync: Arc<Sync>,
    schedule: Schedule,
}

impl Service {
    /// A service over a store. It does nothing until a caller asks.
    pub fn new(
        store: Arc<dyn Store>,
        key: KeySource,
        outside: Outside,
        options: ServiceOptions,
    ) -> Self {
        let ServiceOptions { limits, workers, tmdb_url } = options;
        let documents = Documents::new(store.clone());
        let ledger = Arc::new(Ledger::new(store.clone(), workers));
        let account =
            Arc::new(Account::new(documents.clone(), key, limits.clone(), outside.clone()));
        let journal = Arc::new(Journal::new(documents.clone(), outside.clone()));
        let links = Arc::new(LinkBook::new(documents.clone()));
        let parts = Parts {
            documents,
            ledger: ledger.clone(),
            account: account.clone(),
            journal: journal.clone(),
            links: links.clone(),
            outside: outside.clone(),
        };
        let sync = Arc::new(Sync::new(parts, tmdb_url));
        Self {
            store,
            setup: Setup::new(account.clone(), journal.clone(), ledger.clone()),
            pictures: Pictures::new(account.clone(), limits),
            schedule: Schedule::new(account.clone(), journal.clone(), sync.clone(), outside),
            ledger,
            account,
            journal,
            links,
            sync,
        }
    }

    /// The store that it works on.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The log.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The settings.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// How the last runs went, and what runs now.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Which Jellyfin item each title is.
    pub fn links(&self) -> &LinkBook {
        &self.links
    }

    /// Connecting a server and beginning a log.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Posters.
    pub fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Scans and imports.
    pub fn sync(&self) -> &Sync {
        &self.sync
    }

    /// Automatic imports.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// How the last runs went, what runs now, and when the next import is due.
    ///
    /// # Errors
    /// The store fails, or the settings can't be read.
    pub async fn status(&self) -> Result<StatusReport, ServiceError> {
        status::report(&self.account, &self.journal, &self.schedule).await
    }
}

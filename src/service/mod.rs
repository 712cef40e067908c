//! Where the domain and the adapters meet, and nowhere else: read, fold, fetch, plan, extend, append.

mod automatic;
mod documents;
mod error;
mod links;
mod log;
mod newest;
mod preview;
mod recovery;
pub mod report;
mod runs;
mod settings;
mod status;
mod sync;
mod titles;

use std::{
    num::NonZero,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};

pub use automatic::{Automatic, Every};
pub use error::{ServiceError, SettingError};
pub use links::Links;
pub use log::{LogCheck, LogStat};
pub use newest::{EventFilter, EventPage, LoggedEvent};
pub use preview::{LeftOut, Preview, PreviewEpisode, PreviewRow};
pub use recovery::{LastRecovery, RecoveredReport};
pub use runs::{RunWatch, Running};
pub use settings::{
    ConnectionTest, JellyfinInput, PreferencesInput, SettingsView, SyncInput, SyncPreferences,
};
pub use status::{Failure, LastConnection, LastImport, LastScan, StatusReport};
pub use sync::{ImportRequest, Phase, Progress, Source, SyncOptions};

use runs::Runs;

use crate::{
    domain::library::Folded,
    jellyfin::{Gallery, Limits},
    store::{Stamp, Store, Version, seal::KeySource},
    tmdb,
};

/// What tells the time: the system's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The product, whatever stands in front of it: HTTP, a command line, a schedule.
///
/// It keeps nothing between two calls that it couldn't read again: the folded log is a copy, valid as long as the log
/// looks the same from outside.
pub struct Service {
    store: Arc<dyn Store>,
    key: KeySource,
    limits: Limits,
    clock: Clock,
    workers: NonZero<usize>,
    tmdb_url: String,
    folded: Mutex<Option<(Stamp, Arc<Folded>)>>,
    runs: Runs,
    every: Mutex<Option<Every>>,
    settings_changed: tokio::sync::Notify,
    preview: Kept<Option<Arc<Preview>>>,
    links: Kept<Arc<Links>>,
    gallery: tokio::sync::Mutex<Option<Arc<Gallery>>>,
}

/// A document as it was decoded last, and what it was then.
type Kept<T> = tokio::sync::Mutex<Option<(Version, T)>>;

impl Service {
    /// A service over a store, that does nothing until it is asked.
    pub fn new(
        store: Arc<dyn Store>,
        key: KeySource,
        limits: Limits,
        clock: Clock,
        workers: NonZero<usize>,
    ) -> Self {
        let tmdb_url = tmdb::BASE_URL.to_owned();
        Self {
            store,
            key,
            limits,
            clock,
            workers,
            tmdb_url,
            folded: Mutex::new(None),
            runs: Runs::default(),
            every: Mutex::default(),
            settings_changed: tokio::sync::Notify::new(),
            preview: Kept::default(),
            links: Kept::default(),
            gallery: tokio::sync::Mutex::default(),
        }
    }

    /// The same with TMDB at another address.
    pub fn with_tmdb_at(self, tmdb_url: String) -> Self {
        Self { tmdb_url, ..self }
    }

    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Follows what runs in this process.
    pub fn follow_runs(&self) -> RunWatch {
        self.runs.follow()
    }

    /// Ends when the settings are next changed in this process.
    pub fn settings_change(&self) -> impl Future<Output = ()> + '_ {
        self.settings_changed.notified()
    }

    /// The store that it works on.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }
}

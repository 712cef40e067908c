//! The sync: read, fold, fetch, plan, extend, append.
//!
//! [`fetching`] gets a snapshot, [`scan`] shows what it would add, [`import`] adds it, [`preview`]
//! keeps what a scan showed.

mod fetching;
mod import;
mod preview;
mod scan;
mod titles;

use std::{collections::BTreeSet, sync::Arc};

use tokio::time::Instant;

use super::{
    account::{Account, Settings},
    documents::{Cached, Documents},
    error::ServiceError,
    journal::Journal,
    ledger::Ledger,
    links::LinkBook,
    outside::Outside,
    progress::Listener,
};
use crate::{
    domain::{events::Via, ids::ItemId, snapshot::Snapshot, sync::Preferences},
    report::Preview,
};

/// Where a snapshot comes from.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// The server in the settings.
    #[default]
    Server,
    /// One that was saved.
    Saved(Arc<Snapshot>),
}

/// Options of any run.
#[derive(Clone)]
pub struct SyncOptions {
    /// Where the snapshot comes from.
    pub source: Source,
    /// When the run must end; `None` for no limit.
    pub deadline: Option<Instant>,
    /// Hears how far the run is.
    pub progress: Listener,
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
    /// Possible rewatches that are added although they would be held.
    pub include: BTreeSet<ItemId>,
    /// Whether missing titles are added to the library; `None` for what the preferences say.
    pub auto_add: Option<bool>,
    /// What started the import.
    pub via: Via,
}

/// Scans and imports.
pub struct Sync {
    documents: Documents,
    ledger: Arc<Ledger>,
    account: Arc<Account>,
    journal: Arc<Journal>,
    links: Arc<LinkBook>,
    outside: Outside,
    tmdb_url: String,
    preview: Cached<Option<Arc<Preview>>>,
}

/// What a sync works with.
pub(super) struct Parts {
    pub documents: Documents,
    pub ledger: Arc<Ledger>,
    pub account: Arc<Account>,
    pub journal: Arc<Journal>,
    pub links: Arc<LinkBook>,
    pub outside: Outside,
}

impl Sync {
    pub(super) fn new(parts: Parts, tmdb_url: String) -> Self {
        let Parts { documents, ledger, account, journal, links, outside } = parts;
        let preview = Cached::new(preview::NAME);
        Self { documents, ledger, account, journal, links, outside, tmdb_url, preview }
    }
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

/// Planning ten thousand movies would keep a thread that serves other callers for too long.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("planning doesn't panic")
}

//! Scheduled imports: when the next one is due, and what pauses them.
//!
//! The journal claims a run by compare-and-swap, so that runs don't pile up: a local process, a
//! schedule on Lambda, or both over one store. Once Jellyfin has refused the sign-in a few times in
//! a row, scheduled imports pause until a person has looked: Jellyfin locks accounts.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    account::Account,
    error::ServiceError,
    interval::Interval,
    journal::{Claim, Journal, Status},
    outside::Outside,
    sync::{ImportRequest, Sync, SyncOptions},
};
use crate::{domain::events::Via, report::ImportReport};

/// The outcome of an import that was due.
#[derive(Debug)]
pub enum ScheduledImport {
    /// It ran.
    Imported(Box<ImportReport>),
    /// There are no Jellyfin settings yet.
    NotSetUp,
    /// Another import is in progress.
    AlreadyRunning,
}

impl ScheduledImport {
    /// The report of the import, or why none ran.
    ///
    /// # Errors
    /// None ran.
    pub fn ran(&self) -> Result<&ImportReport, &'static str> {
        match self {
            Self::Imported(report) => Ok(report),
            Self::NotSetUp => Err("nothing imported: no Jellyfin server is set up"),
            Self::AlreadyRunning => Err("nothing imported: another import is in progress"),
        }
    }
}

/// Imports on a schedule.
pub struct Schedule {
    account: Arc<Account>,
    journal: Arc<Journal>,
    sync: Arc<Sync>,
    outside: Outside,
    /// The interval that the process was started with.
    started_with: Mutex<Option<Interval>>,
}

impl Schedule {
    pub(super) fn new(
        account: Arc<Account>,
        journal: Arc<Journal>,
        sync: Arc<Sync>,
        outside: Outside,
    ) -> Self {
        Self { account, journal, sync, outside, started_with: Mutex::default() }
    }

    /// Imports at this interval, whatever the settings say.
    pub fn import_every(&self, interval: Interval) {
        *self.started_with.lock().unwrap_or_else(PoisonError::into_inner) = Some(interval);
    }

    /// The interval that the process was started with, else the one in the settings.
    pub(super) fn interval(&self, in_the_settings: Option<Interval>) -> Option<Interval> {
        self.started_with.lock().unwrap_or_else(PoisonError::into_inner).or(in_the_settings)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.outside.now()
    }

    /// When the next import is due: now if that is past.
    pub(super) fn next_due(
        &self,
        status: &Status,
        interval: Option<Interval>,
    ) -> Option<DateTime<Utc>> {
        let interval = interval.filter(|_| status.paused().is_none())?;
        let now = self.now();
        Some(status.automatic.last.map_or(now, |last| (last + TimeDelta::from(interval)).max(now)))
    }

    /// How long it is until the next import is due; `None` if none ever will be with these
    /// settings.
    ///
    /// # Errors
    /// The store fails, or the settings can't be read.
    pub async fn next_import_in(&self) -> Result<Option<Duration>, ServiceError> {
        let settings = self.account.settings().await?;
        if settings.account().is_none() {
            return Ok(None);
        }
        let status = self.journal.status().await?;
        let due = self.next_due(&status, self.interval(settings.interval()?));
        Ok(due.map(|due| (due - self.now()).to_std().unwrap_or_default()))
    }

    /// Imports because it is due.
    ///
    /// # Errors
    /// As for any import; and Jellyfin has refused the sign-in so often that scheduled imports are
    /// paused.
    pub async fn import(&self, options: SyncOptions) -> Result<ScheduledImport, ServiceError> {
        if self.account.settings().await?.account().is_none() {
            return Ok(ScheduledImport::NotSetUp);
        }
        match self.journal.claim().await? {
            Claim::Granted => {}
            Claim::Busy => return Ok(ScheduledImport::AlreadyRunning),
            Claim::Paused(refusals) => return Err(ServiceError::SchedulePaused(refusals)),
        }
        let request = ImportRequest {
            exclude: BTreeSet::new(),
            include: BTreeSet::new(),
            auto_add: None,
            via: Via::Schedule,
        };
        let imported = self.sync.import(request, options).await;
        imported.map(|report| ScheduledImport::Imported(Box::new(report)))
    }
}

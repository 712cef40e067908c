//! The journal: a small document that says how the last runs went, and what runs now in this
//! process.
//!
//! The document outlives the process; what runs now doesn't. Runs on a schedule are claimed in the
//! document by compare-and-swap, so that two processes over one store don't run at once.

mod run_log;
mod runs;
mod status;

use chrono::{DateTime, TimeDelta, Utc};

pub use runs::RunWatch;
pub(super) use runs::{RunGuard, Runs};
pub(super) use status::{Status, failure};

use super::{documents::Documents, error::ServiceError, outside::Outside, progress::Listener};
use crate::{
    domain::events::Via,
    jellyfin::EpisodeRoute,
    report::{
        FaultReport, ImportReport, LastConnection, LastRecovery, RecoveredReport, RunKind, Running,
        ServerReport, Summary, instant,
    },
    store::Torn,
};
use status::{ScheduledRuns, last_connection, last_import, last_scan};

const NAME: &str = "status";

/// How many titles of an import the status names; its counts say the rest.
const MOST_TITLES: usize = 100;

/// A scheduled run that never said it ended keeps others away for this long: no function lives
/// longer.
const LONGEST_RUN: TimeDelta = TimeDelta::minutes(15);

/// What the journal says of an attempt to claim a scheduled run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The run is the caller's.
    Granted,
    /// Another run is in progress.
    Busy,
    /// Jellyfin refused the sign-in this many times in a row.
    Paused(u32),
}

/// How the runs of one store went.
pub struct Journal {
    documents: Documents,
    outside: Outside,
    runs: Runs,
}

impl Journal {
    pub(super) fn new(documents: Documents, outside: Outside) -> Self {
        Self { documents, outside, runs: Runs::default() }
    }

    pub(super) async fn status(&self) -> Result<Status, ServiceError> {
        self.documents.read(NAME).await
    }

    /// Changes the stored status; writes nothing if the change made no difference.
    async fn change(&self, mut change: impl FnMut(&mut Status)) -> Result<(), ServiceError> {
        let changed = self.documents.change(NAME, |status: &mut Status| {
            let before = status.clone();
            change(status);
            Ok(*status != before)
        });
        changed.await.map(drop)
    }

    /// Registers a run and passes its progress on to followers.
    pub(super) fn begin(
        &self,
        kind: RunKind,
        since: DateTime<Utc>,
        listener: Listener,
    ) -> RunGuard {
        self.runs.begin(kind, since, listener)
    }

    /// The run in this process that began first, if one is in progress.
    pub fn running(&self) -> Option<Running> {
        self.runs.first()
    }

    /// Follows the runs in this process.
    pub fn follow(&self) -> RunWatch {
        self.runs.follow()
    }

    pub(super) async fn keep_scan(
        &self,
        began: DateTime<Utc>,
        result: Result<(&Summary, &[FaultReport]), &ServiceError>,
        route: Option<EpisodeRoute>,
    ) -> Result<(), ServiceError> {
        run_log::scan(self.outside.now() - began, result);
        let last = last_scan(began, result);
        self.change(|status| {
            status.last_scan = Some(last.clone());
            status.see(route, began);
        })
        .await
    }

    pub(super) async fn keep_import(
        &self,
        began: DateTime<Utc>,
        via: Via,
        result: Result<&ImportReport, &ServiceError>,
        route: Option<EpisodeRoute>,
    ) -> Result<(), ServiceError> {
        run_log::import(self.outside.now() - began, via, result);
        let (last, failure) = last_import(began, result, MOST_TITLES);
        self.change(|status| {
            status.last_import = Some(last.clone());
            let report = last.result.as_ref();
            if let Some(recovered) = report.and_then(|report| report.recovered.clone()) {
                status.recovery = Some(LastRecovery { at: last.at.clone(), recovered });
            }
            if report.is_some_and(|report| report.log.after > report.log.before) {
                status.last_addition = Some(last.clone());
            }
            status.failure = failure.clone();
            if via == Via::Schedule {
                status.automatic.running_since = None;
            }
            status.see(route, began);
        })
        .await
    }

    /// Keeps how a server answered to an account, which is its address and user name.
    pub(super) async fn keep_connection(
        &self,
        account: (&str, &str),
        result: Result<&ServerReport, &ServiceError>,
    ) -> Result<(), ServiceError> {
        let (server_url, username) = account;
        let now = self.outside.now();
        let is_known = |seen: &LastConnection| {
            seen.server_url == server_url
                && seen.username == username
                && seen.server.as_ref() == result.ok()
                && seen.failure.is_none()
        };
        if result.is_ok() && self.status().await?.connection.as_ref().is_some_and(is_known) {
            return Ok(());
        }
        self.change(|status| {
            let before = status.connection.take().filter(|seen| seen.server_url == server_url);
            status.connection = Some(last_connection(before, account, result, now));
        })
        .await
    }

    /// Keeps what a crash left behind the log, if it left anything.
    pub(super) async fn keep_recovery(&self, torn: Option<&Torn>) -> Result<(), ServiceError> {
        let Some(torn) = torn else { return Ok(()) };
        let at = instant(self.outside.now());
        let last = LastRecovery { at, recovered: recovered(torn) };
        self.change(|status| status.recovery = Some(last.clone())).await
    }

    /// Starts scheduled imports again.
    pub(super) async fn forget_refusals(&self) -> Result<(), ServiceError> {
        self.change(|status| {
            if let Some(connection) = &mut status.connection {
                connection.refusals = 0;
            }
        })
        .await
    }

    /// Claims a scheduled run, unless one is in progress here or in another process.
    pub(super) async fn claim(&self) -> Result<Claim, ServiceError> {
        let (now, is_idle) = (self.outside.now(), self.running().is_none());
        let mut claim = Claim::Busy;
        self.change(|status| {
            let since = status.automatic.running_since;
            let is_free = since.is_none_or(|since| (now - since).abs() >= LONGEST_RUN);
            claim = match status.paused() {
                Some(refusals) => Claim::Paused(refusals),
                None if is_idle && is_free => Claim::Granted,
                None => Claim::Busy,
            };
            if claim == Claim::Granted {
                status.automatic = ScheduledRuns { last: Some(now), running_since: Some(now) };
            }
        })
        .await?;
        Ok(claim)
    }
}

/// What a crash left, as the answers show it.
pub(super) fn recovered(torn: &Torn) -> RecoveredReport {
    RecoveredReport { file: torn.set_aside.display().to_string(), bytes: torn.bytes }
}

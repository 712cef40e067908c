//! How the last runs went: a small document that outlives the process, and what runs now, which doesn't.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::settings::Settings;
use super::{
    Running, Service, ServiceError,
    automatic::AutomaticRuns,
    recovery::LastRecovery,
    report::{FaultReport, ImportReport, Outcome, ScanReport, ServerReport, Summary, instant},
};
use crate::{domain::events::Via, jellyfin::EpisodeRoute};

const NAME: &str = "status";

/// How long a way that worked is taken first: Jellyfin makes its statistics daily, after which the flat list is best.
const ROUTE_LASTS: TimeDelta = TimeDelta::hours(24);

/// How many titles of an import the status names; its counts say the rest.
const MOST_TITLES: usize = 100;

/// The document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    last_scan: Option<LastScan>,
    last_import: Option<LastImport>,
    last_addition: Option<LastImport>,
    pub(super) connection: Option<LastConnection>,
    pub(super) automatic: AutomaticRuns,
    /// The failure of the last import that failed, until a later one succeeds.
    failure: Option<Failure>,
    episode_route: Option<RouteSeen>,
    pub(super) recovery: Option<LastRecovery>,
}

/// The last scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastScan {
    /// When it began.
    pub at: String,
    /// How it ended: `complete`, `partial`, or `failed`.
    pub outcome: String,
    /// What it found; null where it failed.
    pub summary: Option<Summary>,
    /// What couldn't be read.
    pub errors: Vec<FaultReport>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// The last import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastImport {
    /// When it began.
    pub at: String,
    /// How it ended: `complete`, `partial`, `nothing_to_add`, or `failed`.
    pub outcome: String,
    /// What it added; null where it failed.
    pub result: Option<ImportReport>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// How a server last answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastConnection {
    /// When.
    pub at: String,
    /// Its address in the settings.
    pub server_url: String,
    /// Who signed in.
    pub username: String,
    /// What it is; null where it was never reached.
    pub server: Option<ServerReport>,
    /// Why it failed; null where it didn't.
    pub failure: Option<Failure>,
    /// How often in a row it refused the sign-in.
    #[serde(default)]
    pub refusals: u32,
}

/// Why a run came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// When.
    pub at: String,
    /// The code for programs.
    pub code: String,
    /// What happened and what to do.
    pub detail: String,
}

/// By which way the episodes last came whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RouteSeen {
    route: EpisodeRoute,
    at: DateTime<Utc>,
}

/// How the last runs went, what runs now, and when the next is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The last scan; null where there was none.
    pub last_scan: Option<LastScan>,
    /// The last import; null where there was none.
    pub last_import: Option<LastImport>,
    /// The last import that added something; null where none did.
    pub last_addition: Option<LastImport>,
    /// How the server in the settings last answered; null where it wasn't asked since they were made.
    pub connection: Option<LastConnection>,
    /// What went wrong last, until a later import succeeds.
    pub failure: Option<Failure>,
    /// What runs in this process.
    pub running: Option<Running>,
    /// How often it imports by itself, such as `30m`: as it was started, or else as the settings say; null for never.
    pub every: Option<String>,
    /// When the next import is due by itself; null where none is.
    pub next_due: Option<String>,
    /// Why no import is tried by itself any more, until the settings are saved or a connection works; null where none was
    /// to be.
    pub stopped: Option<Failure>,
    /// By which way episodes last came whole: `flat` or `by_series`.
    pub episode_route: Option<String>,
    /// What a crash last left behind the log; null where none did.
    pub recovery: Option<LastRecovery>,
}

impl Service {
    pub(super) async fn status(&self) -> Result<Status, ServiceError> {
        self.document(NAME).await
    }

    /// How the last runs went.
    ///
    /// # Errors
    /// The store fails.
    pub async fn status_report(&self) -> Result<StatusReport, ServiceError> {
        let (settings, status) = (self.settings().await?, self.status().await?);
        let every = self.every(settings.every()?);
        let next_due =
            settings.account().and_then(|_| status.next_due(every, self.now())).map(instant);
        let stopped = every.and(status.stopped()).map(|error| Failure::of(&error, self.now()));
        let Status {
            last_scan,
            last_import,
            last_addition,
            connection,
            automatic: _,
            failure,
            episode_route,
            recovery,
        } = status;
        let every = every.map(|every| every.to_string());
        let running = self.runs.first();
        let episode_route = episode_route.map(|seen| match seen.route {
            EpisodeRoute::Flat => "flat".to_owned(),
            EpisodeRoute::BySeries => "by_series".to_owned(),
        });
        Ok(StatusReport {
            last_scan,
            last_import,
            last_addition,
            connection,
            failure,
            running,
            every,
            next_due,
            stopped,
            episode_route,
            recovery,
        })
    }

    pub(super) fn route_to_begin_with(status: &Status, now: DateTime<Utc>) -> EpisodeRoute {
        let seen = status.episode_route.as_ref().filter(|seen| now - seen.at < ROUTE_LASTS);
        seen.map_or(EpisodeRoute::Flat, |seen| seen.route)
    }

    pub(super) async fn keep_scan(
        &self,
        began: DateTime<Utc>,
        result: Result<&ScanReport, &ServiceError>,
        route: Option<EpisodeRoute>,
    ) -> Result<(), ServiceError> {
        let at = instant(began);
        let last = match result {
            Ok(report) => LastScan {
                at,
                outcome: if report.errors.is_empty() { "complete" } else { "partial" }.into(),
                summary: Some(report.summary.clone()),
                errors: report.errors.clone(),
                failure: None,
            },
            Err(error) => {
                let failure = Some(Failure::of(error, began));
                LastScan {
                    at,
                    outcome: "failed".into(),
                    summary: None,
                    errors: Vec::new(),
                    failure,
                }
            }
        };
        self.change_status(|status| {
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
        let at = instant(began);
        let (last, failure) = match result {
            Ok(report) => {
                let (outcome, failure) = match report.outcome {
                    Outcome::Complete => ("complete", None),
                    Outcome::NothingToAdd => ("nothing_to_add", None),
                    Outcome::Partial => (
                        "partial",
                        report.errors.first().map(|error| Failure::of_part(error, began)),
                    ),
                };
                let mut report = report.clone();
                report.titles.truncate(MOST_TITLES);
                (
                    LastImport { at, outcome: outcome.into(), result: Some(report), failure: None },
                    failure,
                )
            }
            Err(error) => {
                let failure = Some(Failure::of(error, began));
                (
                    LastImport {
                        at,
                        outcome: "failed".into(),
                        result: None,
                        failure: failure.clone(),
                    },
                    failure,
                )
            }
        };
        self.change_status(|status| {
            status.last_import = Some(last.clone());
            if let Some(recovered) =
                last.result.as_ref().and_then(|report| report.recovered.clone())
            {
                status.recovery = Some(LastRecovery { at: last.at.clone(), recovered });
            }
            if last.result.as_ref().is_some_and(|report| report.log.after > report.log.before) {
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

    /// Keeps how a server answered, for the account that was tried.
    pub(super) async fn keep_connection(
        &self,
        tried: &Settings,
        result: Result<&ServerReport, &ServiceError>,
    ) -> Result<(), ServiceError> {
        let Some((server_url, username)) = tried.account() else { return Ok(()) };
        let now = self.now();
        let failure = result.err().map(|error| Failure::of(error, now));
        let is_new = |seen: &Option<LastConnection>| {
            let same = |seen: &LastConnection| {
                seen.server_url == server_url
                    && seen.username == username
                    && seen.server.as_ref() == result.ok()
                    && seen.failure.is_none()
            };
            !seen.as_ref().is_some_and(same)
        };
        if failure.is_none() && !is_new(&self.status().await?.connection) {
            return Ok(());
        }
        self.change_status(|status| {
            let before = status.connection.take().filter(|seen| seen.server_url == server_url);
            let refusals = before
                .as_ref()
                .filter(|seen| seen.username == username)
                .map_or(0, |seen| seen.refusals);
            let refusals = match result {
                Ok(_) => 0,
                Err(error) => refusals + u32::from(error.is_refusal()),
            };
            let server = result.ok().cloned().or(before.and_then(|seen| seen.server));
            let (server_url, username) = (server_url.to_owned(), username.to_owned());
            let failure = failure.clone();
            status.connection = Some(LastConnection {
                at: instant(now),
                server_url,
                username,
                server,
                failure,
                refusals,
            });
        })
        .await
    }

    /// Lets imports be tried by themselves again.
    pub(super) async fn forget_refusals(&self) -> Result<(), ServiceError> {
        self.change_status(|status| {
            if let Some(connection) = &mut status.connection {
                connection.refusals = 0;
            }
        })
        .await
    }

    /// Changes the status as it stands in the store.
    pub(super) async fn change_status(
        &self,
        mut change: impl FnMut(&mut Status),
    ) -> Result<(), ServiceError> {
        let changed = self.change_document(NAME, |status: &mut Status| {
            let before = status.clone();
            change(status);
            Ok(*status != before)
        });
        changed.await.map(drop)
    }
}

impl Status {
    fn see(&mut self, route: Option<EpisodeRoute>, at: DateTime<Utc>) {
        match (route, &self.episode_route) {
            (Some(route), Some(seen)) if seen.route == route && at - seen.at < ROUTE_LASTS => {}
            (Some(route), _) => self.episode_route = Some(RouteSeen { route, at }),
            (None, _) => {}
        }
    }
}

impl Failure {
    fn of(error: &ServiceError, at: DateTime<Utc>) -> Self {
        Self { at: instant(at), code: error.code().into(), detail: error.to_string() }
    }

    fn of_part(fault: &FaultReport, at: DateTime<Utc>) -> Self {
        Self {
            at: instant(at),
            code: "jellyfin_error".into(),
            detail: format!("{}: {}", fault.name, fault.message),
        }
    }
}

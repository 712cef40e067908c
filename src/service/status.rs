//! How the last runs went: a small document that outlives the process, and what runs now, which doesn't.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Service, ServiceError, automatic::AutomaticRuns, settings::Settings};
use crate::{
    domain::events::Via,
    jellyfin::EpisodeRoute,
    report::{
        self, Failure, FaultReport, ImportReport, LastConnection, LastImport, LastRecovery,
        LastScan, Outcome, RunOutcome, ServerReport, StatusReport, Summary, instant,
    },
};

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

/// By which way the episodes last came whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RouteSeen {
    route: EpisodeRoute,
    at: DateTime<Utc>,
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
            EpisodeRoute::Flat => report::EpisodeRoute::Flat,
            EpisodeRoute::BySeries => report::EpisodeRoute::BySeries,
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
        result: Result<(&Summary, &[FaultReport]), &ServiceError>,
        route: Option<EpisodeRoute>,
    ) -> Result<(), ServiceError> {
        let at = instant(began);
        let last = match result {
            Ok((summary, errors)) => LastScan {
                at,
                outcome: if errors.is_empty() { RunOutcome::Complete } else { RunOutcome::Partial },
                summary: Some(summary.clone()),
                errors: errors.to_vec(),
                failure: None,
            },
            Err(error) => {
                let failure = Some(Failure::of(error, began));
                LastScan {
                    at,
                    outcome: RunOutcome::Failed,
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
                let failure = match report.outcome {
                    Outcome::Complete | Outcome::NothingToAdd => None,
                    Outcome::Partial => {
                        report.errors.first().map(|error| Failure::of_part(error, at.clone()))
                    }
                };
                let outcome = report.outcome.into();
                let mut report = report.clone();
                report.titles.truncate(MOST_TITLES);
                (LastImport { at, outcome, result: Some(report), failure: None }, failure)
            }
            Err(error) => {
                let failure = Some(Failure::of(error, began));
                (
                    LastImport {
                        at,
                        outcome: RunOutcome::Failed,
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

    /// Changes the stored status by compare-and-swap.
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
        Self { at: instant(at), code: error.code(), detail: error.to_string() }
    }
}

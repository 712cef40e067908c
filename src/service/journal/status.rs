//! The status document, and what the journal enters in it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    jellyfin::EpisodeRoute,
    report::{
        Failure, FaultReport, ImportReport, LastConnection, LastImport, LastRecovery, LastScan,
        Outcome, RunOutcome, ServerReport, Summary, instant,
    },
    service::error::ServiceError,
};

/// A route that worked is tried first for this long: Jellyfin renews its statistics within a day,
/// and then the flat list is the quickest (`docs/jellyfin.md`, "What the lists cost").
const ROUTE_LASTS: TimeDelta = TimeDelta::hours(24);

/// After this many refusals in a row no scheduled import is tried. Jellyfin's usual limit locks an
/// account after three.
const REFUSALS: u32 = 2;

/// The document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::service) struct Status {
    pub last_scan: Option<LastScan>,
    pub last_import: Option<LastImport>,
    pub last_addition: Option<LastImport>,
    pub connection: Option<LastConnection>,
    pub automatic: ScheduledRuns,
    /// The failure of the last import that failed, until a later one succeeds.
    pub failure: Option<Failure>,
    pub episode_route: Option<RouteSeen>,
    pub recovery: Option<LastRecovery>,
}

/// Imports on a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::service) struct ScheduledRuns {
    /// When the last one began.
    pub last: Option<DateTime<Utc>>,
    /// When the current one began; `None` if none is in progress.
    pub running_since: Option<DateTime<Utc>>,
}

/// The route that last returned every episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct RouteSeen {
    pub route: EpisodeRoute,
    at: DateTime<Utc>,
}

impl Status {
    /// The episode route to begin with.
    pub fn first_route(&self, now: DateTime<Utc>) -> EpisodeRoute {
        let seen = self.episode_route.as_ref().filter(|seen| now - seen.at < ROUTE_LASTS);
        seen.map_or(EpisodeRoute::Flat, |seen| seen.route)
    }

    /// The number of refusals in a row, if it is high enough to pause scheduled imports.
    pub fn paused(&self) -> Option<u32> {
        self.connection.as_ref().map(|seen| seen.refusals).filter(|refusals| *refusals >= REFUSALS)
    }

    pub(super) fn see(&mut self, route: Option<EpisodeRoute>, at: DateTime<Utc>) {
        let is_recent = |seen: &RouteSeen| Some(seen.route) == route && at - seen.at < ROUTE_LASTS;
        if let Some(route) = route
            && !self.episode_route.as_ref().is_some_and(is_recent)
        {
            self.episode_route = Some(RouteSeen { route, at });
        }
    }
}

pub(super) fn last_scan(
    began: DateTime<Utc>,
    result: Result<(&Summary, &[FaultReport]), &ServiceError>,
) -> LastScan {
    let at = instant(began);
    match result {
        Ok((summary, errors)) => LastScan {
            at,
            outcome: if errors.is_empty() { RunOutcome::Complete } else { RunOutcome::Partial },
            summary: Some(summary.clone()),
            errors: errors.to_vec(),
            failure: None,
        },
        Err(error) => LastScan {
            at,
            outcome: RunOutcome::Failed,
            summary: None,
            errors: Vec::new(),
            failure: Some(failure(error, began)),
        },
    }
}

/// The entry of an import, and the failure that stands until a later one succeeds.
pub(super) fn last_import(
    began: DateTime<Utc>,
    result: Result<&ImportReport, &ServiceError>,
    most_titles: usize,
) -> (LastImport, Option<Failure>) {
    let at = instant(began);
    match result {
        Ok(report) => {
            let failure = match report.outcome {
                Outcome::Complete | Outcome::NothingToAdd => None,
                Outcome::Partial => {
                    report.errors.first().map(|error| Failure::of_part(error, at.clone()))
                }
            };
            let outcome = report.outcome.into();
            let mut report = report.clone();
            report.titles.truncate(most_titles);
            (LastImport { at, outcome, result: Some(report), failure: None }, failure)
        }
        Err(error) => {
            let failure = Some(failure(error, began));
            let outcome = RunOutcome::Failed;
            (LastImport { at, outcome, result: None, failure: failure.clone() }, failure)
        }
    }
}

/// The entry of an answer to an account, after the one before it from the same server.
pub(super) fn last_connection(
    before: Option<LastConnection>,
    (server_url, username): (&str, &str),
    result: Result<&ServerReport, &ServiceError>,
    now: DateTime<Utc>,
) -> LastConnection {
    let same_user = before.as_ref().filter(|seen| seen.username == username);
    let refusals = match result {
        Ok(_) => 0,
        Err(error) => same_user.map_or(0, |seen| seen.refusals) + u32::from(error.is_refusal()),
    };
    LastConnection {
        at: instant(now),
        server_url: server_url.to_owned(),
        username: username.to_owned(),
        server: result.ok().cloned().or(before.and_then(|seen| seen.server)),
        failure: result.err().map(|error| failure(error, now)),
        refusals,
    }
}

pub(in crate::service) fn failure(error: &ServiceError, at: DateTime<Utc>) -> Failure {
    Failure { at: instant(at), code: error.code(), detail: error.to_string() }
}

//! The status: how the last runs went, what runs now, and when the next import is due.

use super::{
    account::Account,
    error::ServiceError,
    journal::{Journal, failure},
    schedule::Schedule,
};
use crate::{
    jellyfin,
    report::{EpisodeRoute, StatusReport, instant},
};

/// How the last runs went, what runs now, and when the next import is due.
///
/// # Errors
/// The store fails, or the settings can't be read.
pub(super) async fn report(
    account: &Account,
    journal: &Journal,
    schedule: &Schedule,
) -> Result<StatusReport, ServiceError> {
    let (settings, status) = (account.settings().await?, journal.status().await?);
    let every = schedule.interval(settings.interval()?);
    let next_due = settings.account().and_then(|_| schedule.next_due(&status, every));
    let paused = every.and(status.paused()).map(ServiceError::SchedulePaused);
    let route = status.episode_route.map(|seen| match seen.route {
        jellyfin::EpisodeRoute::Flat => EpisodeRoute::Flat,
        jellyfin::EpisodeRoute::BySeries => EpisodeRoute::BySeries,
    });
    Ok(StatusReport {
        last_scan: status.last_scan,
        last_import: status.last_import,
        last_addition: status.last_addition,
        connection: status.connection,
        failure: status.failure,
        running: journal.running(),
        every: every.map(|every| every.to_string()),
        next_due: next_due.map(instant),
        stopped: paused.map(|error| failure(&error, schedule.now())),
        episode_route: route,
        recovery: status.recovery,
    })
}

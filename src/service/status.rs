//! The status: how the last runs went, what runs now, and when the next import is due.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ServiceError,
    account::Account,
    journal::{Journal, LastRecovery, Running, failure},
    report::{FaultReport, ImportReport, ServerReport, Summary, instant},
    schedule::Schedule,
};
use crate::jellyfin::EpisodeRoute;

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
    let paused = every.and(status.paused()).map(ServiceError::Stopped);
    let route = status.episode_route.map(|seen| match seen.route {
        EpisodeRoute::Flat => "flat".to_owned(),
        EpisodeRoute::BySeries => "by_series".to_owned(),
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

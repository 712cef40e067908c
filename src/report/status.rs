//! How the last runs went, and what runs now (`docs/http.md`, "Status").

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    FaultReport, ImportReport, LastRecovery, Outcome, Problem, ProblemCode, ServerReport, Summary,
};

/// What a run does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Fetching movies.
    Movies,
    /// Fetching series.
    Series,
    /// Fetching episodes.
    Episodes,
    /// Deciding what to add.
    Plan,
    /// Adding it.
    Append,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// What it does now.
    pub phase: Phase,
    /// How much of the phase is done, in items or events.
    pub done: u64,
    /// How much there is.
    pub total: u64,
}

/// Whether a run adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// A scan adds nothing.
    Scan,
    /// An import adds.
    Import,
}

/// A run of this process that hasn't ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// `scan` or `import`.
    pub kind: RunKind,
    /// Since when.
    pub since: String,
    /// How far it is.
    pub progress: Option<Progress>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Everything was read and, by an import, added.
    Complete,
    /// Something couldn't be read.
    Partial,
    /// An import found that the log already has everything.
    NothingToAdd,
    /// It failed; nothing was added.
    Failed,
}

impl From<Outcome> for RunOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Complete => Self::Complete,
            Outcome::Partial => Self::Partial,
            Outcome::NothingToAdd => Self::NothingToAdd,
        }
    }
}

/// The last scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastScan {
    /// When it began.
    pub at: String,
    /// How it ended: `complete`, `partial`, or `failed`.
    pub outcome: RunOutcome,
    /// What it found; null if it failed.
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
    /// How it ended.
    pub outcome: RunOutcome,
    /// What it added; null if it failed.
    pub result: Option<ImportReport>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// How a server last answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastConnection {
    /// When it answered or failed.
    pub at: String,
    /// Its address in the settings.
    pub server_url: String,
    /// The user name in the settings.
    pub username: String,
    /// The server; null if it was never reached.
    pub server: Option<ServerReport>,
    /// Why it failed; null if it didn't.
    pub failure: Option<Failure>,
    /// How often in a row it refused the sign-in.
    #[serde(default)]
    pub refusals: u32,
}

/// Why a run or a connection failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// When it failed.
    pub at: String,
    /// The code for programs.
    pub code: ProblemCode,
    /// What happened and what to do.
    pub detail: String,
}

impl Failure {
    /// The part of an import that failed: the rest was added.
    pub fn of_part(fault: &FaultReport, at: String) -> Self {
        let detail = format!("{}: {}", fault.name, fault.message);
        Self { at, code: ProblemCode::JellyfinError, detail }
    }
}

/// How the episodes are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeRoute {
    /// All played episodes of all series in one list.
    Flat,
    /// Series by series.
    BySeries,
}

/// How the last runs went, what runs now, and when the next import is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The last scan; null if there was none.
    pub last_scan: Option<LastScan>,
    /// The last import; null if there was none.
    pub last_import: Option<LastImport>,
    /// The last import that added something; null if none did.
    pub last_addition: Option<LastImport>,
    /// How the server in the settings last answered; null if it wasn't asked since the settings
    /// were saved.
    pub connection: Option<LastConnection>,
    /// Why the last import failed; null once one succeeds.
    pub failure: Option<Failure>,
    /// What runs in this process.
    pub running: Option<Running>,
    /// The interval of scheduled imports, such as `30m`: from the start of the server, or else from
    /// the settings; null for never.
    pub every: Option<String>,
    /// When the next scheduled import is due; null if none is.
    pub next_due: Option<String>,
    /// Why scheduled imports have stopped, until the settings are saved or a connection works; null
    /// if they haven't.
    pub stopped: Option<Failure>,
    /// The route that last returned every episode.
    pub episode_route: Option<EpisodeRoute>,
    /// What a crash last left behind the log; null if none did.
    pub recovery: Option<LastRecovery>,
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        Self::new(failure.code, failure.detail.clone())
    }
}

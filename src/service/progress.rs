//! How far a run is, told while it runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::jellyfin::{FetchPhase, FetchProgress};

/// What a run is doing.
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
    /// What it is doing.
    pub phase: Phase,
    /// How much of it is done.
    pub done: u64,
    /// How much there is.
    pub total: u64,
}

/// Hears how far a run is.
pub type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

impl From<FetchProgress> for Progress {
    fn from(FetchProgress { phase, done, total }: FetchProgress) -> Self {
        let phase = match phase {
            FetchPhase::Movies => Phase::Movies,
            FetchPhase::Series => Phase::Series,
            FetchPhase::Episodes => Phase::Episodes,
        };
        Self { phase, done, total }
    }
}

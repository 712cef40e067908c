//! What is said of the log itself: how it began, what it has, and what a crash left behind it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::library::Folded;

/// A whole log that was put into an empty store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Begun {
    /// How many events it has.
    pub events: u64,
    /// Position of the last one.
    pub position: u64,
}

/// What `log stat` counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogStat {
    /// Length of the log in bytes.
    pub bytes: u64,
    /// Events of every kind.
    pub events: u64,
    /// Position of the last event.
    pub position: u64,
    /// Streams of every kind.
    pub streams: usize,
    /// Movies in the library.
    pub movies: usize,
    /// Their watch sessions.
    pub watch_sessions: usize,
    /// Series in the library.
    pub series: usize,
    /// Episodes watched, over all rewatch sessions.
    pub watched_episodes: usize,
}

impl LogStat {
    /// Counts.
    pub fn of(folded: &Folded) -> Self {
        let Folded { log, library } = folded;
        let rewatches = library.series().flat_map(|series| series.rewatches());
        Self {
            bytes: log.head().bytes,
            events: log.events(),
            position: log.head().position.0,
            streams: log.streams(),
            movies: library.movies().count(),
            watch_sessions: library.movies().map(|movie| movie.sessions().len()).sum(),
            series: library.series().count(),
            watched_episodes: rewatches.map(|rewatch| rewatch.watched.len()).sum(),
        }
    }
}

/// The part of a commit that a crash left behind the log: set aside, never read as events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecoveredReport {
    /// The file that keeps its bytes.
    pub file: String,
    /// How many bytes.
    pub bytes: u64,
}

impl fmt::Display for RecoveredReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, bytes } = self;
        write!(f, "a crash left an incomplete commit: its {bytes} bytes are now in {file}")
    }
}

/// What a crash last left behind the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastRecovery {
    /// When it was set aside.
    pub at: String,
    /// Where it is now, and how much it is.
    #[serde(flatten)]
    pub recovered: RecoveredReport,
}

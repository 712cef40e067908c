//! Every answer in JSON as a type, made of a plan, a library or a status in one step.
//!
//! In comes what the domain found; out go types that HTTP, the command line and the pages show.
//! What a program branches on is an enum here, in JSON and in the OpenAPI document. Nothing in here
//! reads a clock, a store or a network.

mod import;
mod item;
mod library;
mod log;
mod preview;
mod problem;
mod scan;
mod settings;
mod status;
mod words;

use chrono::{DateTime, SecondsFormat, Utc};

pub use import::{AddedTo, ImportReport, LogSpan, Outcome, SkipCounts, UnmatchedCounts};
pub use item::{FaultReport, ItemReport, ItemType, ServerReport};
pub use library::{
    AllSeries, EpisodeView, MovieView, Movies, RewatchSessionView, SeasonView, SeriesView,
    WatchSessionView, WatchedEpisodeView,
};
pub use log::{Begun, LastRecovery, LogStat, RecoveredReport};
pub use preview::{NotAdded, Preview, PreviewEpisode, PreviewRow};
pub use problem::{Problem, ProblemCode};
pub use scan::{
    DecisionReport, EpisodeReport, LogReport, MatchedMovie, MatchedSeries, Scan, ScanAnswer,
    ScanReport, Summary, UnmatchedReport,
};
pub use settings::{
    ConnectionTest, JellyfinInput, JellyfinView, PreferencesInput, SettingsView, SyncInput,
    SyncPreferences, TmdbView, UserReport,
};
pub use status::{
    EpisodeRoute, Failure, LastConnection, LastImport, LastScan, Phase, Progress, RunKind,
    RunOutcome, Running, StatusReport,
};
pub use words::{Coded, NOTHING_TO_ADD, Words, count, movies_and_episodes, number, watch_origin};

/// An instant as the interface gives it: UTC, whole seconds.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

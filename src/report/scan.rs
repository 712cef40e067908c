//! What a scan answers: what an import would add, what it wouldn't, and why (`docs/http.md`,
//! "Scan").

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FaultReport, ItemReport, ItemType, ServerReport, SkipCounts, instant};
use crate::domain::{
    events::LogHead,
    snapshot::{EpisodeItem, Snapshot},
    sync::{
        AdditionCounts, Decision, Note, Plan, PlannedEpisode, PlannedMovie, PlannedSeries, Skip,
        Unmatched, UnmatchedItem,
    },
    zone::Zone,
};

/// All that a scan found: what every answer about it is made of.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// The plan. Its additions may have been dropped: `counts` has their number.
    pub plan: &'a Plan<'a>,
    /// How many additions the plan had.
    pub counts: AdditionCounts,
    /// What was planned from.
    pub snapshot: &'a Snapshot,
    /// Where the log ended.
    pub head: LogHead,
    /// Plays that the log took from Jellyfin and that Jellyfin no longer shows.
    pub forgotten: u64,
    /// The person's time zone.
    pub zone: &'a Zone,
}

/// An answer that is made of a scan.
pub trait ScanAnswer: Sized + Send + 'static {
    /// Makes the answer.
    fn of(scan: &Scan<'_>) -> Self;

    /// Its counts, for the status.
    fn summary(&self) -> &Summary;

    /// What couldn't be read, for the status.
    fn errors(&self) -> &[FaultReport];
}

/// Where the log ended when the scan was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogReport {
    /// Position of the last event.
    pub position: u64,
}

/// What a scan found, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Watch sessions to add.
    pub movies_to_add: u64,
    /// Watched episodes to add.
    pub episodes_to_add: u64,
    /// Movies and episodes that aren't added.
    pub items_skipped: u64,
    /// Movies without a title in the library.
    pub movies_unmatched: u64,
    /// Series without a title in the library.
    pub series_unmatched: u64,
    /// What couldn't be read.
    pub errors: u64,
    /// Plays that the log took from Jellyfin and that Jellyfin no longer shows; the log keeps them.
    pub forgotten: u64,
}

impl Summary {
    pub(super) fn of(scan: &Scan<'_>) -> Self {
        let plan = scan.plan;
        Self {
            movies_to_add: scan.counts.movies,
            episodes_to_add: scan.counts.episodes,
            items_skipped: SkipCounts::of(plan).total(),
            movies_unmatched: plan.unmatched_movies.len() as u64,
            series_unmatched: plan.unmatched_series.len() as u64,
            errors: plan.faults.len() as u64,
            forgotten: scan.forgotten,
        }
    }
}

/// Whether a play is added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum DecisionReport {
    /// It is added.
    Add {
        /// The day, `YYYY-MM-DD`.
        date: String,
        /// What to check before importing.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Note>,
    },
    /// It isn't added.
    Skip {
        /// Why.
        reason: Skip,
    },
}

impl DecisionReport {
    fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Add { date, notes } => {
                Self::Add { date: date.to_string(), notes: notes.iter().copied().collect() }
            }
            Decision::Skip(reason) => Self::Skip { reason: *reason },
        }
    }
}

/// A movie with a title in the library.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchedMovie {
    /// The item.
    pub item: ItemReport,
    /// The title's slug.
    pub slug: String,
    /// The library's name for it.
    pub name: String,
    /// Whether the library has a watch session of it.
    pub has_existing_watch_data: bool,
    /// Whether the play is added.
    pub decision: DecisionReport,
}

impl MatchedMovie {
    fn of(movie: &PlannedMovie<'_>) -> Self {
        Self {
            item: ItemReport::of(movie.item, ItemType::Movie),
            slug: movie.stream.slug().to_owned(),
            name: movie.name.to_owned(),
            has_existing_watch_data: movie.has_existing_watch_data,
            decision: DecisionReport::of(&movie.decision),
        }
    }
}

/// A series with a title in the library.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchedSeries {
    /// The item.
    pub item: ItemReport,
    /// The title's slug.
    pub slug: String,
    /// The library's name for it.
    pub name: String,
    /// Whether the library has a watched episode of it.
    pub has_existing_watch_data: bool,
    /// Its played episodes by number. Jellyfin isn't asked for the others.
    pub episodes: Vec<EpisodeReport>,
}

impl MatchedSeries {
    fn of(series: &PlannedSeries<'_>) -> Self {
        Self {
            item: ItemReport::of(series.item, ItemType::Series),
            slug: series.stream.slug().to_owned(),
            name: series.name.to_owned(),
            has_existing_watch_data: series.has_existing_watch_data,
            episodes: series.episodes.iter().map(EpisodeReport::of).collect(),
        }
    }
}

/// An episode of a matched series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EpisodeReport {
    /// Jellyfin's id.
    pub jellyfin_id: String,
    /// Its season; null if Jellyfin has no number.
    pub season: Option<i32>,
    /// Its number in the season; null if Jellyfin has none.
    pub episode: Option<i32>,
    /// Jellyfin's name for it.
    pub name: String,
    /// Whether Jellyfin counts it as played.
    pub played: bool,
    /// When playback last started, as Jellyfin gave it.
    pub last_played_date: Option<String>,
    /// Whether the play is added.
    pub decision: DecisionReport,
}

impl EpisodeReport {
    fn of(episode: &PlannedEpisode<'_>) -> Self {
        let EpisodeItem { id, name, state, .. } = episode.item;
        Self {
            jellyfin_id: id.to_string(),
            season: episode.number.map(|number| number.season),
            episode: episode.number.map(|number| number.episode),
            name: name.clone(),
            played: state.played,
            last_played_date: state.last_played.text().map(str::to_owned),
            decision: DecisionReport::of(&episode.decision),
        }
    }
}

/// An item without a title in the library.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UnmatchedReport {
    /// The item.
    pub item: ItemReport,
    /// Why.
    pub reason: Unmatched,
}

impl UnmatchedReport {
    fn all(unmatched: &[UnmatchedItem<'_>], item_type: ItemType) -> Vec<Self> {
        let one = |unmatched: &UnmatchedItem<'_>| Self {
            item: ItemReport::of(unmatched.item, item_type),
            reason: unmatched.reason,
        };
        unmatched.iter().map(one).collect()
    }
}

/// What would be added.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanReport {
    /// The scanned server.
    pub server: ServerReport,
    /// When it was scanned.
    pub taken_at: String,
    /// The log that this was planned on.
    pub log: LogReport,
    /// What was found, in numbers.
    pub summary: Summary,
    /// Movies with a title in the library.
    pub matched_movies: Vec<MatchedMovie>,
    /// Series with a title in the library.
    pub matched_series: Vec<MatchedSeries>,
    /// Movies without one.
    pub unmatched_movies: Vec<UnmatchedReport>,
    /// Series without one.
    pub unmatched_series: Vec<UnmatchedReport>,
    /// What couldn't be read.
    pub errors: Vec<FaultReport>,
}

impl ScanReport {
    /// The skipped plays, counted by reason.
    pub fn skipped(&self) -> SkipCounts {
        let episodes = self.matched_series.iter().flat_map(|series| &series.episodes);
        let movies = self.matched_movies.iter().map(|movie| &movie.decision);
        let decisions = movies.chain(episodes.map(|episode| &episode.decision));
        SkipCounts::of_reasons(decisions.filter_map(|decision| match decision {
            DecisionReport::Add { .. } => None,
            DecisionReport::Skip { reason } => Some(*reason),
        }))
    }
}

impl ScanAnswer for ScanReport {
    fn of(scan: &Scan<'_>) -> Self {
        let plan = scan.plan;
        Self {
            server: ServerReport::of(&scan.snapshot.server),
            taken_at: instant(scan.snapshot.taken_at),
            log: LogReport { position: scan.head.position.0 },
            summary: Summary::of(scan),
            matched_movies: plan.movies.iter().map(MatchedMovie::of).collect(),
            matched_series: plan.series.iter().map(MatchedSeries::of).collect(),
            unmatched_movies: UnmatchedReport::all(&plan.unmatched_movies, ItemType::Movie),
            unmatched_series: UnmatchedReport::all(&plan.unmatched_series, ItemType::Series),
            errors: plan.faults.iter().map(FaultReport::of).collect(),
        }
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }

    fn errors(&self) -> &[FaultReport] {
        &self.errors
    }
}

//! What a scan and an import answer, as `docs/http.md` promises it: one set of types for HTTP, the command line and the
//! status.

use std::{borrow::Cow, collections::BTreeMap};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::recovery::RecoveredReport;
use crate::domain::{
    events::LogHead,
    snapshot::{EpisodeItem, Item, ItemFault, Server, Snapshot, TmdbRef},
    sync::{Decision, Plan, PlannedEpisode, PlannedMovie, PlannedSeries, UnmatchedItem},
};

/// A Jellyfin server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerReport {
    /// Its own id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// As it gives it.
    pub version: String,
}

/// Where the log ended when the scan was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogReport {
    /// Position of the last event.
    pub position: u64,
}

/// How many of what.
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

/// A movie or a series in Jellyfin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemReport {
    /// Jellyfin's id.
    pub jellyfin_id: String,
    /// Its name.
    pub name: String,
    /// Year of release.
    pub year: Option<i32>,
    /// `Movie` or `Series`.
    pub item_type: ItemType,
    /// At TMDB.
    pub tmdb_id: Option<u32>,
    /// At IMDb.
    pub imdb_id: Option<String>,
    /// Whether Jellyfin counts it as played.
    pub played: bool,
    /// How often playback was started.
    pub play_count: u32,
    /// When playback last started, as Jellyfin gave it.
    pub last_played_date: Option<String>,
    /// Minutes.
    pub runtime_minutes: Option<i32>,
    /// Genres by name, where Jellyfin sent them.
    pub genres: Vec<String>,
    /// Where it was left, in minutes.
    pub playback_position_minutes: i32,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ItemType {
    /// A movie.
    Movie,
    /// A series.
    Series,
}

/// One of the product's own words, such as a reason: written once, however many items of a large library have it.
pub type Word = Cow<'static, str>;

/// What becomes of a play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum DecisionReport {
    /// It is added.
    Add {
        /// The day, `YYYY-MM-DD`.
        date: String,
        /// What to look at before importing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schema(value_type = Vec<String>)]
        notes: Vec<Word>,
    },
    /// It isn't.
    Skip {
        /// Why.
        #[schema(value_type = String)]
        reason: Word,
    },
}

/// A movie with a title in the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
    /// What becomes of it.
    pub decision: DecisionReport,
}

/// A series with a title in the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
    /// Its episodes by number: the played ones, as the others aren't asked for.
    pub episodes: Vec<EpisodeReport>,
}

/// An episode of a matched series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EpisodeReport {
    /// Jellyfin's id.
    pub jellyfin_id: String,
    /// Its season; null where Jellyfin knows no number.
    pub season: Option<i32>,
    /// Its number in the season; null where Jellyfin knows none.
    pub episode: Option<i32>,
    /// Its name.
    pub name: String,
    /// Whether Jellyfin counts it as played.
    pub played: bool,
    /// When playback last started, as Jellyfin gave it.
    pub last_played_date: Option<String>,
    /// What becomes of it.
    pub decision: DecisionReport,
}

/// An item without a title in the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnmatchedReport {
    /// The item.
    pub item: ItemReport,
    /// Why.
    #[schema(value_type = String)]
    pub reason: Word,
}

/// What couldn't be read; the rest stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FaultReport {
    /// Jellyfin's id, where there is one.
    pub item_id: Option<String>,
    /// The item, or the list.
    pub name: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What would be added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanReport {
    /// The server that was asked.
    pub server: ServerReport,
    /// When it was asked.
    pub taken_at: String,
    /// The log that this was planned on.
    pub log: LogReport,
    /// How many of what.
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

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything was added.
    Complete,
    /// Something couldn't be read; what could be added was.
    Partial,
    /// The log has it all.
    NothingToAdd,
}

/// Unmatched items by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnmatchedCounts {
    /// Movies.
    pub movies: u64,
    /// Series.
    pub series: u64,
}

/// Where the log ended before and after an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogSpan {
    /// Position of the last event before.
    pub before: u64,
    /// Position of the last event after.
    pub after: u64,
}

/// What an import added to a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddedTo {
    /// `Movie` or `Series`.
    pub item_type: ItemType,
    /// The title's slug.
    pub slug: String,
    /// The library's name for it.
    pub name: String,
    /// Watch sessions or watched episodes.
    pub added: u64,
}

/// What was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// How it ended.
    pub outcome: Outcome,
    /// The server that was asked.
    pub server: ServerReport,
    /// When it was asked.
    pub taken_at: String,
    /// Watch sessions added.
    pub movies_added: u64,
    /// Watched episodes added.
    pub episodes_added: u64,
    /// Movies added to the library.
    pub movies_auto_added: u64,
    /// Series added to the library.
    pub series_auto_added: u64,
    /// Movies and episodes that weren't added.
    pub items_skipped: u64,
    /// The same by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Items without a title in the library.
    pub unmatched: UnmatchedCounts,
    /// Plays that the log took from Jellyfin and that Jellyfin no longer shows; the log keeps them.
    pub forgotten: u64,
    /// What couldn't be read.
    pub errors: Vec<FaultReport>,
    /// What was added to which titles; the status keeps the first hundred.
    #[serde(default)]
    pub titles: Vec<AddedTo>,
    /// Where the log ended before and after.
    pub log: LogSpan,
    /// What a crash had left behind the log, and this import set aside; null where there was nothing.
    #[serde(default)]
    pub recovered: Option<RecoveredReport>,
}

impl ServerReport {
    pub(super) fn of(server: &Server) -> Self {
        Self {
            id: server.id.to_string(),
            name: server.name.clone(),
            version: server.version.clone(),
        }
    }
}

impl ItemReport {
    fn of(item: &Item, item_type: ItemType) -> Self {
        let tmdb_id = match &item.tmdb {
            TmdbRef::Id(id) => Some(id.get()),
            TmdbRef::Missing | TmdbRef::Invalid(_) => None,
        };
        Self {
            jellyfin_id: item.id.to_string(),
            name: item.name.clone(),
            year: item.year,
            item_type,
            tmdb_id,
            imdb_id: item.imdb.clone(),
            played: item.played,
            play_count: item.play_count,
            last_played_date: item.last_played.text().map(str::to_owned),
            runtime_minutes: item.runtime_minutes,
            genres: item.genres.clone(),
            playback_position_minutes: item.position_minutes,
        }
    }
}

impl DecisionReport {
    fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Add { date, notes } => Self::Add {
                date: date.to_string(),
                notes: notes.iter().map(|note| note.name().into()).collect(),
            },
            Decision::Skip(skip) => Self::Skip { reason: skip.name().into() },
        }
    }
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

impl EpisodeReport {
    fn of(episode: &PlannedEpisode<'_>) -> Self {
        let EpisodeItem { id, name, played, last_played, .. } = episode.item;
        Self {
            jellyfin_id: id.to_string(),
            season: episode.number.map(|number| number.season),
            episode: episode.number.map(|number| number.episode),
            name: name.clone(),
            played: *played,
            last_played_date: last_played.text().map(str::to_owned),
            decision: DecisionReport::of(&episode.decision),
        }
    }
}

impl UnmatchedReport {
    fn of(unmatched: &UnmatchedItem<'_>, item_type: ItemType) -> Self {
        Self {
            item: ItemReport::of(unmatched.item, item_type),
            reason: unmatched.reason.name().into(),
        }
    }
}

impl FaultReport {
    pub(super) fn of(fault: &ItemFault) -> Self {
        Self {
            item_id: fault.item_id.as_ref().map(ToString::to_string),
            name: fault.name.clone(),
            message: fault.message.clone(),
        }
    }
}

/// An instant as the interface gives it: UTC, whole seconds.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn skipped(plan: &Plan<'_>) -> BTreeMap<String, u64> {
    let mut skipped: BTreeMap<&str, u64> = BTreeMap::new();
    for decision in plan.decisions() {
        if let Decision::Skip(skip) = decision {
            *skipped.entry(skip.name()).or_default() += 1;
        }
    }
    skipped.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect()
}

impl ScanReport {
    /// A scan appends nothing: what it would append is counted, and given up before all of it is described.
    pub(super) fn of(
        plan: &mut Plan<'_>,
        snapshot: &Snapshot,
        head: LogHead,
        forgotten: u64,
    ) -> Self {
        let counts = plan.counts();
        plan.additions = Vec::new();
        let unmatched = |items: &[UnmatchedItem<'_>], kind| {
            items.iter().map(|u| UnmatchedReport::of(u, kind)).collect()
        };
        Self {
            server: ServerReport::of(&snapshot.server),
            taken_at: instant(snapshot.taken_at),
            log: LogReport { position: head.position.0 },
            summary: Summary {
                movies_to_add: counts.movies,
                episodes_to_add: counts.episodes,
                items_skipped: skipped(plan).values().sum(),
                movies_unmatched: plan.unmatched_movies.len() as u64,
                series_unmatched: plan.unmatched_series.len() as u64,
                errors: plan.faults.len() as u64,
                forgotten,
            },
            matched_movies: plan.movies.iter().map(MatchedMovie::of).collect(),
            matched_series: plan.series.iter().map(MatchedSeries::of).collect(),
            unmatched_movies: unmatched(&plan.unmatched_movies, ItemType::Movie),
            unmatched_series: unmatched(&plan.unmatched_series, ItemType::Series),
            errors: plan.faults.iter().map(FaultReport::of).collect(),
        }
    }
}

impl AddedTo {
    fn all(plan: &Plan<'_>) -> Vec<Self> {
        let is_added = |decision: &Decision| matches!(decision, Decision::Add { .. });
        let movies =
            plan.movies.iter().filter(|movie| is_added(&movie.decision)).map(|movie| Self {
                item_type: ItemType::Movie,
                slug: movie.stream.slug().to_owned(),
                name: movie.name.to_owned(),
                added: 1,
            });
        let series = plan.series.iter().map(|series| Self {
            item_type: ItemType::Series,
            slug: series.stream.slug().to_owned(),
            name: series.name.to_owned(),
            added: series.episodes.iter().filter(|episode| is_added(&episode.decision)).count()
                as u64,
        });
        movies.chain(series.filter(|series| series.added > 0)).collect()
    }
}

impl ImportReport {
    pub(super) fn of(plan: &Plan<'_>, snapshot: &Snapshot, span: LogSpan, forgotten: u64) -> Self {
        let counts = plan.counts();
        let skipped = skipped(plan);
        let outcome = match (plan.faults.is_empty(), plan.additions.is_empty()) {
            (false, _) => Outcome::Partial,
            (true, true) => Outcome::NothingToAdd,
            (true, false) => Outcome::Complete,
        };
        Self {
            outcome,
            server: ServerReport::of(&snapshot.server),
            taken_at: instant(snapshot.taken_at),
            movies_added: counts.movies,
            episodes_added: counts.episodes,
            movies_auto_added: counts.movies_auto_added,
            series_auto_added: counts.series_auto_added,
            items_skipped: skipped.values().sum(),
            skipped,
            unmatched: UnmatchedCounts {
                movies: plan.unmatched_movies.len() as u64,
                series: plan.unmatched_series.len() as u64,
            },
            forgotten,
            errors: plan.faults.iter().map(FaultReport::of).collect(),
            titles: AddedTo::all(plan),
            log: span,
            recovered: None,
        }
    }
}

//! What an import answers: what it added to which titles, and what not (`docs/http.md`, "Import").

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::{FaultReport, ItemType, RecoveredReport, ServerReport, instant};
use crate::domain::{
    snapshot::Snapshot,
    sync::{Decision, Plan, Skip},
};

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything was added.
    Complete,
    /// Something couldn't be read; everything else was added.
    Partial,
    /// The log already has everything.
    NothingToAdd,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Skipped movies and episodes, counted by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = BTreeMap<Skip, u64>)]
pub struct SkipCounts(BTreeMap<Skip, u64>);

impl SkipCounts {
    /// Counts the skipped plays of a plan.
    pub fn of(plan: &Plan<'_>) -> Self {
        Self::of_reasons(plan.decisions().filter_map(|decision| match decision {
            Decision::Add { .. } => None,
            Decision::Skip(reason) => Some(*reason),
        }))
    }

    /// Counts the skipped plays among the decisions of a report.
    pub(super) fn of_reasons(reasons: impl Iterator<Item = Skip>) -> Self {
        let mut counts = BTreeMap::new();
        reasons.for_each(|reason| *counts.entry(reason).or_default() += 1);
        Self(counts)
    }

    /// How many there are, whatever the reason.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Every reason that occurs, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Skip, u64)> {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }
}

/// In the order of the codes, so that a reason that is added later moves no other.
impl Serialize for SkipCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let by_code: BTreeMap<&str, u64> =
            self.0.iter().map(|(reason, count)| (reason.code(), *count)).collect();
        by_code.serialize(serializer)
    }
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

/// What was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// How it ended.
    pub outcome: Outcome,
    /// The server that was imported from.
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
    pub skipped: SkipCounts,
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
    /// What a crash left behind the log and this import set aside; null if there was nothing.
    #[serde(default)]
    pub recovered: Option<RecoveredReport>,
}

impl ImportReport {
    /// What the plan adds to a log that it takes from one position to another.
    pub fn of(plan: &Plan<'_>, snapshot: &Snapshot, span: LogSpan, forgotten: u64) -> Self {
        let counts = plan.counts();
        let skipped = SkipCounts::of(plan);
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
            items_skipped: skipped.total(),
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

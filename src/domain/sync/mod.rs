//! The heart: what is to be added to a library so that it holds what Jellyfin saw played.
//!
//! In come a [`Library`], a [`Snapshot`] and [`Preferences`]; out goes a [`Plan`]. The same three
//! always give the same plan, in whatever order the server listed its items. Nothing here appends.

mod episode;
mod forgotten;
mod matching;
mod movie;
mod notes;
mod plan;
mod play;
mod preferences;
mod reasons;
mod titles;

pub use forgotten::forgotten;
pub use plan::{
    AdditionCounts, Decision, Plan, PlannedEpisode, PlannedMovie, PlannedSeries, UnmatchedItem,
};
use play::{DatedPlay, Input};
pub use preferences::Preferences;
pub use reasons::{Note, Skip, Unmatched};
pub use titles::{Missing, Titles, add_titles};

use super::{library::Library, snapshot::Snapshot};

/// Decides what to add: the one function that this product exists for.
pub fn plan<'a>(
    library: &'a Library,
    snapshot: &'a Snapshot,
    preferences: &'a Preferences,
) -> Plan<'a> {
    let input = Input::new(library, snapshot, preferences);
    let mut plan = Plan {
        movies: Vec::with_capacity(snapshot.catalog.movies.len()),
        series: Vec::with_capacity(snapshot.catalog.series.len()),
        unmatched_movies: Vec::new(),
        unmatched_series: Vec::new(),
        faults: snapshot.faults.clone(),
        additions: Vec::new(),
    };
    movie::plan_movies(&input, &mut plan);
    episode::plan_series(&input, &mut plan);
    plan.faults.sort();
    plan
}

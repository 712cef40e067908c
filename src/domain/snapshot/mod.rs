//! What a server said at one moment, in this product's words: the one input of a plan besides the
//! log.
//!
//! In come items, plays and the extent of the answer, from any source. Out goes a [`Snapshot`] that
//! can be planned, saved and read again. It asks no server and decides nothing.

mod catalog;
mod coverage;
mod observations;
mod plays;
mod saved;

pub use catalog::{
    Catalog, EpisodeItem, Item, ItemFault, LastPlayed, PlayState, SeriesItem, Server, TmdbRef,
};
use chrono::{DateTime, Utc};
pub use coverage::Coverage;
pub use observations::{Observations, Sitting, SittingEnd};
pub use plays::{Evidence, Play, PlaysByItem};
pub use saved::ReadSnapshotError;
use serde::{Deserialize, Serialize};

/// Everything that a plan needs to know of a server.
///
/// Whatever decides about a play besides the log and the preferences is in here, so that a saved
/// snapshot gives the same plan again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Snapshot {
    /// The server.
    pub server: Server,
    /// When the server answered. Its day stands in for the date of an undated play.
    pub taken_at: DateTime<Utc>,
    /// What the snapshot speaks of; nothing may be concluded about the rest.
    pub coverage: Coverage,
    /// The items. Each item of a play is one of them; an item may have any number of plays, or
    /// none.
    pub catalog: Catalog,
    /// The plays, in no particular order.
    pub plays: Vec<Play>,
    /// What this product saw itself, before this snapshot.
    pub observations: Observations,
    /// What couldn't be read; the rest of the snapshot holds.
    pub faults: Vec<ItemFault>,
}

/// The answers of a scan while they are collected.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// The server.
    pub server: Server,
    /// When the server was asked.
    pub taken_at: DateTime<Utc>,
    /// The items read until now.
    pub catalog: Catalog,
    /// What couldn't be read.
    pub faults: Vec<ItemFault>,
}

impl Scan {
    /// A scan that has no answer yet.
    pub fn new(server: Server, taken_at: DateTime<Utc>) -> Self {
        Self { server, taken_at, catalog: Catalog::default(), faults: Vec::new() }
    }

    /// The snapshot: each item that counts as played has one play, its last.
    pub fn into_snapshot(self, coverage: Coverage) -> Snapshot {
        let Self { server, taken_at, catalog, faults } = self;
        let states = catalog
            .movies
            .iter()
            .map(|movie| (&movie.id, &movie.state))
            .chain(catalog.episodes().map(|episode| (&episode.id, &episode.state)));
        let plays = states.filter_map(|(item, state)| Play::last_of(item, state, &server));
        Snapshot {
            plays: plays.collect(),
            observations: Observations::default(),
            server,
            taken_at,
            coverage,
            catalog,
            faults,
        }
    }
}

//! A plan: what a sync would add, and why the rest isn't added.
//!
//! These are the results only; the siblings of this file decide.

use std::collections::BTreeSet;

use super::{Note, Skip, Unmatched};
use crate::domain::{
    events::{Addition, PlacedAddition},
    ids::{EpisodeNumber, StreamId},
    snapshot::{EpisodeItem, Item, ItemFault},
    time::WatchDate,
};

/// The decision about one play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is added.
    Add {
        /// The day it is added on.
        date: WatchDate,
        /// What the person should look at.
        notes: BTreeSet<Note>,
    },
    /// It isn't added.
    Skip(Skip),
}

/// A play of a movie that the library has. A movie without a play is one of these too.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedMovie<'a> {
    /// The item that was played.
    pub item: &'a Item,
    /// The movie's stream.
    pub stream: StreamId,
    /// The library's name for the movie.
    pub name: &'a str,
    /// Whether the library has a session of the movie already.
    pub has_existing_watch_data: bool,
    /// The decision about the play.
    pub decision: Decision,
}

/// A series that the library has.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedSeries<'a> {
    /// The item.
    pub item: &'a Item,
    /// The series' stream.
    pub stream: StreamId,
    /// The library's name for the series.
    pub name: &'a str,
    /// Whether the library has a watched episode of the series already.
    pub has_existing_watch_data: bool,
    /// The plays of its episodes, by number.
    pub episodes: Vec<PlannedEpisode<'a>>,
}

/// A play of an episode. A file of two episodes is two of these.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedEpisode<'a> {
    /// The item that was played.
    pub item: &'a EpisodeItem,
    /// The episode's number; `None` if the server has none.
    pub number: Option<EpisodeNumber>,
    /// The decision about the play.
    pub decision: Decision,
}

/// An item without a title in the library.
#[derive(Debug, Clone, PartialEq)]
pub struct UnmatchedItem<'a> {
    /// The item.
    pub item: &'a Item,
    /// Why it has no title.
    pub reason: Unmatched,
}

/// What a sync would add, and why the rest isn't added.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<'a> {
    /// Movies with a title in the library, by slug, then by item.
    pub movies: Vec<PlannedMovie<'a>>,
    /// Series with a title in the library, by slug, then by item.
    pub series: Vec<PlannedSeries<'a>>,
    /// Movies without a title, by name.
    pub unmatched_movies: Vec<UnmatchedItem<'a>>,
    /// Series without a title, by name.
    pub unmatched_series: Vec<UnmatchedItem<'a>>,
    /// What couldn't be read.
    pub faults: Vec<ItemFault>,
    /// What is to be appended, in this order: movies, then series, each by slug, then by date or
    /// number.
    pub additions: Vec<PlacedAddition>,
}

impl Plan<'_> {
    /// The decisions about all plays, movies first.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        let episodes = self.series.iter().flat_map(|s| s.episodes.iter().map(|e| &e.decision));
        self.movies.iter().map(|m| &m.decision).chain(episodes)
    }

    /// Counts the additions of each kind.
    pub fn counts(&self) -> AdditionCounts {
        let mut counts = AdditionCounts::default();
        for added in &self.additions {
            match added.addition {
                Addition::MovieAdded(_) => counts.movies_auto_added += 1,
                Addition::SeriesAdded(_) => counts.series_auto_added += 1,
                Addition::WatchSessionRecorded(..) => counts.movies += 1,
                Addition::EpisodeWatched(..) => counts.episodes += 1,
            }
        }
        counts
    }
}

/// How many additions there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdditionCounts {
    /// Watch sessions.
    pub movies: u64,
    /// Watched episodes.
    pub episodes: u64,
    /// Missing movies, added to the library.
    pub movies_auto_added: u64,
    /// Missing series, added to the library.
    pub series_auto_added: u64,
}

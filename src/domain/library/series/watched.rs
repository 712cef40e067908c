//! The episodes that were watched in one rewatch session.

use rustc_hash::FxHashMap;

use crate::domain::{ids::EpisodeNumber, time::WatchDate};

/// Watched episodes and their days. A hash table, as a large log marks hundreds of thousands of
/// episodes; [`WatchedEpisodes::iter`] puts them in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchedEpisodes(pub(super) FxHashMap<EpisodeNumber, WatchDate>);

impl WatchedEpisodes {
    /// The day on which an episode was watched, if it was.
    pub fn day(&self, number: EpisodeNumber) -> Option<WatchDate> {
        self.0.get(&number).copied()
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = (EpisodeNumber, WatchDate)> {
        let mut all: Vec<_> = self.0.iter().map(|(number, date)| (*number, *date)).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// All of them, in no order.
    pub fn iter_unordered(&self) -> impl Iterator<Item = (EpisodeNumber, WatchDate)> {
        self.0.iter().map(|(number, date)| (*number, *date))
    }

    /// The days alone, in no order.
    pub fn days(&self) -> impl Iterator<Item = WatchDate> {
        self.0.values().copied()
    }

    /// The latest of the days.
    pub fn last_day(&self) -> Option<WatchDate> {
        self.days().max()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

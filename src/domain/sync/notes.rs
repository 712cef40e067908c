//! Bulk marks: plays that share a second, as no person can play them.
//!
//! In come plays with their titles or episodes, out go the seconds. It decides about no play.

use std::collections::BTreeSet;

use super::DatedPlay;
use crate::domain::snapshot::Play;

/// This many things in one second were marked. Two can be a coincidence of dates in whole minutes.
const BULK: usize = 3;

/// The seconds in which more was played than a person can play.
pub(super) struct BulkMarks(BTreeSet<i64>);

impl BulkMarks {
    /// Finds the seconds that plays of different titles or episodes share. Each play comes with its
    /// title or episode: a file of two episodes, or a film in two libraries, counts once.
    pub(super) fn of<'a, T: Ord>(plays: impl Iterator<Item = (T, &'a Play)>) -> Self {
        let mut played: Vec<(i64, T)> = plays
            .filter_map(|(what, play)| Some((play.at.as_ref()?.instant().timestamp(), what)))
            .collect();
        played.sort_unstable();
        played.dedup();
        let seconds = played.chunk_by(|(a, _), (b, _)| a == b);
        Self(seconds.filter(|same| same.len() >= BULK).map(|same| same[0].0).collect())
    }

    /// Whether a play was marked in bulk.
    pub(super) fn contains(&self, play: &DatedPlay<'_>) -> bool {
        play.instant().is_some_and(|instant| self.0.contains(&instant.timestamp()))
    }
}

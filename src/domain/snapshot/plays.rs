//! Plays: this item was played at this instant, and how sure it is that it was seen to the end.
//!
//! In come plays from any source: a scan has at most one for each item, an activity log or a
//! reporting plugin any number. Whether a play becomes an addition is decided in `domain/sync/`.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{LastPlayed, PlayState, Server};
use crate::domain::{ids::ItemId, time::PlayedAt};

/// The first version of Jellyfin that keeps an item played when a person opens it again
/// (`docs/jellyfin.md`, "What changes user data").
const FIRST_THAT_KEEPS_PLAYED: u32 = 12;

/// What one source reports: this item was played at this instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Play {
    /// The item of the catalog.
    pub item: ItemId,
    /// When its last sitting began; `None` if the play is undated.
    pub at: Option<PlayedAt>,
    /// How sure it is that the item was seen to the end.
    pub evidence: Evidence,
}

impl Play {
    /// The play that an item's state tells of. There is none if the item isn't played, or if its
    /// date can't be read.
    pub(super) fn last_of(item: &ItemId, state: &PlayState, server: &Server) -> Option<Self> {
        if !state.played {
            return None;
        }
        let at = match &state.last_played {
            LastPlayed::Unreadable(_) => return None,
            LastPlayed::Undated => None,
            LastPlayed::At(at) => Some(at.clone()),
        };
        let may_be_opened_only = at.is_some() && server.major_version() >= FIRST_THAT_KEEPS_PLAYED;
        let evidence = if may_be_opened_only { Evidence::Unproven } else { Evidence::Played };
        Some(Self { item: item.clone(), at, evidence })
    }
}

/// How sure it is that a play was seen to the end, and from what.
///
/// A scan knows [`Evidence::Played`] and [`Evidence::Unproven`]; the other levels are for sources
/// that are still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The position was seen past the server's threshold, or the webhook said
    /// `PlayedToCompletion`.
    Completed,
    /// Jellyfin counts the item as played, and its version does so only at the end.
    Played,
    /// Jellyfin counts the item as played and shows a date, but from version 12 on opening a
    /// watched item moves the date too. It proves a first viewing; after an earlier one it may be
    /// nothing.
    Unproven,
    /// A person marked the item, or jumped to its end.
    Marked,
    /// Starts and stops of an activity log, added up.
    Spans,
    /// Seconds that a reporting plugin counted.
    Seconds,
    /// The play was held, and the person included it.
    Person,
}

/// An index of plays: finds those of one item without sorting the others.
#[derive(Debug)]
pub struct PlaysByItem<'a> {
    plays: &'a [Play],
    /// The first play of each item.
    first: FxHashMap<&'a ItemId, usize>,
    /// For each play, the next one of the same item.
    next: Vec<Option<usize>>,
}

impl<'a> PlaysByItem<'a> {
    /// Indexes the plays of a snapshot.
    pub fn of(plays: &'a [Play]) -> Self {
        let mut first = FxHashMap::default();
        first.reserve(plays.len());
        let mut next = vec![None; plays.len()];
        for (at, play) in plays.iter().enumerate().rev() {
            next[at] = first.insert(&play.item, at);
        }
        Self { plays, first, next }
    }

    /// The plays of an item, in the order of the snapshot.
    pub fn item(&self, item: &ItemId) -> impl Iterator<Item = &'a Play> {
        let first = self.first.get(item).copied();
        std::iter::successors(first, |at| self.next[*at]).map(|at| &self.plays[at])
    }
}

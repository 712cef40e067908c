//! A play with the day that it counts for: the first step of deciding about it.
//!
//! In comes what a snapshot says of an item, out go its plays, or the reason why there is none. The
//! library isn't looked at yet.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Preferences, Skip};
use crate::domain::{
    events::{Focus, Origin},
    ids::ItemId,
    library::Library,
    snapshot::{Evidence, ItemFault, LastPlayed, Play, PlayState, PlaysByItem, Server, Snapshot},
    time::{PlayKey, PlayedAt, WatchDate},
    zone::Zone,
};

/// A server's clock may run ahead of ours by this much.
const CLOCK_ERROR: TimeDelta = TimeDelta::days(1);

/// The three arguments of a plan, and the snapshot's plays by item.
pub(super) struct Input<'a> {
    pub(super) library: &'a Library,
    pub(super) snapshot: &'a Snapshot,
    pub(super) preferences: &'a Preferences,
    plays: PlaysByItem<'a>,
}

impl<'a> Input<'a> {
    pub(super) fn new(
        library: &'a Library,
        snapshot: &'a Snapshot,
        preferences: &'a Preferences,
    ) -> Self {
        Self { library, snapshot, preferences, plays: PlaysByItem::of(&snapshot.plays) }
    }

    /// The plays of an item as the snapshot has them.
    pub(super) fn plays(&self, item: &ItemId) -> impl Iterator<Item = &'a Play> {
        self.plays.item(item)
    }

    /// The plays of an item with their days. An item without plays gives the reason instead.
    pub(super) fn dated_plays(
        &self,
        item: &ItemId,
        state: &PlayState,
    ) -> impl Iterator<Item = Result<DatedPlay<'a>, Skip>> {
        let mut plays = self.plays(item).peekable();
        let none = plays.peek().is_none().then(|| Err(why_no_play(state)));
        let (taken_at, zone) = (self.snapshot.taken_at, &self.preferences.time_zone);
        plays.map(move |play| DatedPlay::read(play, taken_at, zone)).chain(none)
    }
}

fn why_no_play(state: &PlayState) -> Skip {
    match &state.last_played {
        LastPlayed::Unreadable(_) if state.played => Skip::UnreadableDate,
        LastPlayed::Unreadable(_) | LastPlayed::At(_) | LastPlayed::Undated => Skip::NotPlayed,
    }
}

/// A play with the days that it counts for.
#[derive(Clone, Copy)]
pub(super) struct DatedPlay<'a> {
    /// `None` if the play is undated.
    at: Option<&'a PlayedAt>,
    /// The day in the person's zone.
    pub(super) date: WatchDate,
    /// The day in UTC, which older logs used.
    utc: WatchDate,
    pub(super) evidence: Evidence,
}

impl<'a> DatedPlay<'a> {
    /// An undated play counts for the day of the snapshot.
    fn read(play: &'a Play, taken_at: DateTime<Utc>, zone: &Zone) -> Result<Self, Skip> {
        let at = play.at.as_ref();
        let instant = at.map_or(taken_at, PlayedAt::instant);
        if instant > taken_at + CLOCK_ERROR {
            return Err(Skip::FutureDate);
        }
        Ok(Self {
            at,
            date: WatchDate::of(instant, zone),
            utc: WatchDate::of(instant, &Zone::UTC),
            evidence: play.evidence,
        })
    }

    /// When it was played; `None` if it is undated.
    pub(super) fn instant(&self) -> Option<DateTime<Utc>> {
        self.at.map(PlayedAt::instant)
    }

    pub(super) fn key(&self) -> PlayKey {
        self.instant().map_or(PlayKey::Undated, PlayKey::At)
    }

    /// The days on which the log may have the same viewing.
    pub(super) fn days(&self) -> [WatchDate; 2] {
        [self.date, self.utc]
    }

    pub(super) fn origin(&self, server: &Server, item: &ItemId) -> Origin {
        Origin { server: server.id.clone(), item: item.clone(), played_at: self.at.cloned() }
    }

    /// Whether this play takes a title out of focus: only a play that is known to be later does.
    pub(super) fn clears(&self, in_focus_since: Option<DateTime<Utc>>) -> Focus {
        match (self.instant(), in_focus_since) {
            (Some(played_at), Some(since)) if played_at > since => Focus::Clears,
            (Some(_) | None, Some(_) | None) => Focus::Stays,
        }
    }
}

/// Sorts plays by instant, the undated behind all others.
pub(super) fn oldest_first(play: &DatedPlay<'_>) -> (bool, Option<DateTime<Utc>>) {
    (play.at.is_none(), play.instant())
}

/// The fault of an item whose date can't be read.
pub(super) fn unreadable_date(id: &ItemId, name: &str, state: &PlayState) -> Option<ItemFault> {
    let LastPlayed::Unreadable(text) = &state.last_played else { return None };
    let message = format!(
        "Jellyfin's date of the last play, `{text}`, can't be read: mark the item played again there"
    );
    Some(ItemFault { item_id: Some(id.clone()), name: name.to_owned(), message })
}

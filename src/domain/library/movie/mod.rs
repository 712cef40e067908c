//! A movie folded from its stream: its watch sessions, and what is known of plays that came and
//! went.

mod evolve;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Standing, WatchOrigin};
use crate::domain::{
    events::MovieAdded,
    ids::{ItemId, SessionId, StreamId, TmdbId},
    time::{PlayKey, WatchDate},
};
pub(super) use evolve::NewSession;

/// One viewing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchSession {
    /// Its id.
    pub id: SessionId,
    /// The day it was watched, as last changed.
    pub date: WatchDate,
    /// Minutes.
    pub duration: Option<i32>,
    /// Boxed twice over: most sessions have no friends, and a log holds hundreds of thousands.
    #[expect(
        clippy::box_collection,
        reason = "8 bytes instead of 24 in every session without friends"
    )]
    friends: Option<Box<Vec<Box<str>>>>,
}

impl WatchSession {
    /// Slugs of the friends who watched too, in the order in which they were added.
    pub fn friends(&self) -> &[Box<str>] {
        self.friends.as_ref().map_or(&[], |friends| friends)
    }
}

/// A play that the sync once added, with the session it made, which may since have been moved or
/// removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPlay {
    /// The play.
    pub key: PlayKey,
    /// Jellyfin's item.
    pub item: ItemId,
    /// The session that it became.
    pub session: SessionId,
}

/// A day that a watch session left, by the person's hand: the session was removed, or moved to
/// another day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LeftDay {
    date: WatchDate,
    at: DateTime<Utc>,
}

/// A movie of the library.
///
/// Laid out as written: what every recorded session touches comes first, in one line of the
/// processor's cache.
#[derive(Debug, Clone, PartialEq)]
#[repr(C)]
pub struct Movie {
    sessions: Vec<WatchSession>,
    /// Whether the person has since removed it.
    pub standing: Standing,
    /// Its stream.
    pub stream: StreamId,
    /// Its name.
    pub name: Box<str>,
    /// Year of release.
    pub year: i32,
    /// Minutes.
    pub runtime: Option<i32>,
    /// What it is about.
    pub overview: Box<str>,
    /// Genres by name.
    pub genres: Vec<String>,
    /// Where Mediatheca keeps the poster.
    pub poster_ref: Option<String>,
    /// Where Mediatheca keeps the backdrop.
    pub backdrop_ref: Option<String>,
    /// Its number at TMDB; `None` if the log holds no valid one.
    pub tmdb_id: Option<TmdbId>,
    /// TMDB's rating, 0 to 10.
    pub tmdb_rating: Option<f64>,
    /// The person's own rating.
    pub personal_rating: Option<i32>,
    /// Slugs of the friends who recommended it.
    pub recommended_by: BTreeSet<Box<str>>,
    /// Slugs of the friends to watch it with.
    pub want_to_watch_with: BTreeSet<Box<str>>,
    /// Since when it is in focus, if it is.
    pub in_focus_since: Option<DateTime<Utc>>,
    imported: Vec<ImportedPlay>,
    removed: Vec<LeftDay>,
    moved: Vec<LeftDay>,
}

impl Movie {
    pub(super) fn added(stream: StreamId, data: MovieAdded<'_>) -> Self {
        Self {
            stream,
            name: data.name.into(),
            year: data.year,
            runtime: data.runtime,
            overview: data.overview.into(),
            genres: data.genres,
            poster_ref: data.poster_ref,
            backdrop_ref: data.backdrop_ref,
            tmdb_id: TmdbId::new(data.tmdb_id),
            tmdb_rating: data.tmdb_rating,
            personal_rating: None,
            recommended_by: BTreeSet::new(),
            want_to_watch_with: BTreeSet::new(),
            in_focus_since: None,
            standing: Standing::Active,
            sessions: Vec::new(),
            imported: Vec::new(),
            removed: Vec::new(),
            moved: Vec::new(),
        }
    }

    /// Its watch sessions, in the order in which they were recorded.
    pub fn sessions(&self) -> &[WatchSession] {
        &self.sessions
    }

    /// Whether it has a session on that day.
    pub fn has_session_on(&self, day: WatchDate) -> bool {
        self.sessions.iter().any(|s| s.date == day)
    }

    /// The play of that key that the sync once added, and whether its session is still there.
    pub fn imported(&self, key: PlayKey) -> Option<(&ImportedPlay, bool)> {
        let play = self.imported.iter().find(|play| play.key == key)?;
        Some((play, self.sessions.iter().any(|s| s.id == play.session)))
    }

    /// Every play that the sync ever added.
    pub fn imported_plays(&self) -> &[ImportedPlay] {
        &self.imported
    }

    /// Whether a session on one of those days was removed after that instant; without an instant,
    /// whether any ever was.
    pub fn removed_after(&self, played_at: Option<DateTime<Utc>>, days: &[WatchDate]) -> bool {
        match played_at {
            Some(played_at) => left(&self.removed, played_at, days),
            None => !self.removed.is_empty(),
        }
    }

    /// Whether a session on one of those days was moved to another after that instant.
    pub fn moved_after(&self, played_at: DateTime<Utc>, days: &[WatchDate]) -> bool {
        left(&self.moved, played_at, days)
    }

    /// Where one of its sessions came from.
    pub fn origin(&self, session: &WatchSession) -> WatchOrigin<'_> {
        let play = self.imported.iter().find(|play| play.session == session.id);
        play.map_or(WatchOrigin::Manual, |play| WatchOrigin::Jellyfin(&play.item))
    }
}

fn left(days_left: &[LeftDay], played_at: DateTime<Utc>, days: &[WatchDate]) -> bool {
    days_left.iter().any(|left| left.at >= played_at && days.contains(&left.date))
}

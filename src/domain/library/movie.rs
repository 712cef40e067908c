//! A movie folded from its stream: its watch sessions, and what is known of plays that came and went.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rustc_hash::FxHashSet;

use super::Standing;
use crate::domain::{
    events::{MovieAdded, MovieEvent, Provenance},
    ids::{ItemId, SessionId, StreamId, TmdbId},
    time::{PlayKey, WatchDate},
};

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
    /// Slugs of those who watched too, in the order in which they were added.
    pub fn friends(&self) -> &[Box<str>] {
        self.friends.as_ref().map_or(&[], |friends| friends)
    }
}

/// A play that the sync once added, with the session it made, which may since have been moved or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPlay {
    /// The play.
    pub key: PlayKey,
    /// Jellyfin's item.
    pub item: ItemId,
    /// The session that it became.
    pub session: SessionId,
}

/// A watch session that somebody took from a day: removed, or moved to another day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LeftDay {
    date: WatchDate,
    at: DateTime<Utc>,
}

/// A movie of the library.
///
/// Laid out as written: what every recorded session touches comes first, in one line of the processor's cache.
#[derive(Debug, Clone)]
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
    /// Its number at TMDB; `None` where the log holds none that can be one.
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

    /// Whether a session lies on that day.
    pub fn has_session_on(&self, day: WatchDate) -> bool {
        self.sessions.iter().any(|s| s.date == day)
    }

    /// The play of that key that the sync once added, and whether its session still stands.
    pub fn imported(&self, key: PlayKey) -> Option<(&ImportedPlay, bool)> {
        let play = self.imported.iter().find(|play| play.key == key)?;
        Some((play, self.sessions.iter().any(|s| s.id == play.session)))
    }

    /// Every play that the sync ever added.
    pub fn imported_plays(&self) -> &[ImportedPlay] {
        &self.imported
    }

    /// Whether a session that lay on one of those days was removed after that instant; any removal, for no instant.
    pub fn removed_after(&self, played_at: Option<DateTime<Utc>>, days: &[WatchDate]) -> bool {
        match played_at {
            Some(played_at) => left(&self.removed, played_at, days),
            None => !self.removed.is_empty(),
        }
    }

    /// Whether a session that lay on one of those days was moved to another after that instant.
    pub fn moved_after(&self, played_at: DateTime<Utc>, days: &[WatchDate]) -> bool {
        left(&self.moved, played_at, days)
    }

    pub(super) fn record(
        &mut self,
        session: NewSession<'_>,
        friends: impl Iterator<Item = Box<str>>,
        from: Option<Provenance>,
    ) {
        let NewSession { id, date, duration } = session;
        let friends: Vec<Box<str>> = friends.collect();
        for friend in &friends {
            self.want_to_watch_with.remove(friend);
        }
        if let Some(Provenance { item, key }) = from {
            self.imported.push(ImportedPlay { key, item, session: id.clone() });
        }
        let friends = (!friends.is_empty()).then(|| Box::new(friends));
        let session = WatchSession { id, date: *date, duration, friends };
        self.sessions.push(session);
    }

    /// Ends the fold. Recording an id twice is an error that no writer makes (`docs/event-log.md`); where a log holds one
    /// all the same, the later record stands. Looking for it once here keeps `record` off memory it has no use for.
    pub(super) fn settle(&mut self, seen: &mut FxHashSet<SessionId>) {
        seen.clear();
        if !self.sessions.iter().all(|session| seen.insert(session.id.clone())) {
            seen.clear();
            self.sessions.reverse();
            self.sessions.retain(|session| seen.insert(session.id.clone()));
            self.sessions.reverse();
        }
    }

    /// Takes in one event; what comes after the movie was removed counts for nothing.
    pub(super) fn evolve(
        &mut self,
        event: MovieEvent<'_>,
        from: Option<Provenance>,
        at: DateTime<Utc>,
    ) {
        if self.standing == Standing::Removed {
            return;
        }
        match event {
            MovieEvent::Added(_) => {}
            MovieEvent::Removed => self.standing = Standing::Removed,
            MovieEvent::Categorized(e) => {
                self.genres = e.genres.into_iter().map(Into::into).collect()
            }
            MovieEvent::PosterReplaced(e) => self.poster_ref = Some(e.poster_ref.into()),
            MovieEvent::BackdropReplaced(e) => self.backdrop_ref = Some(e.backdrop_ref.into()),
            MovieEvent::RecommendedBy(e) => {
                self.recommended_by.insert(e.friend_slug.into());
            }
            MovieEvent::RecommendationRemoved(e) => {
                self.recommended_by.remove(&*e.friend_slug);
            }
            MovieEvent::WantToWatchWith(e) => {
                self.want_to_watch_with.insert(e.friend_slug.into());
            }
            MovieEvent::RemovedWantToWatchWith(e) => {
                self.want_to_watch_with.remove(&*e.friend_slug);
            }
            MovieEvent::WatchSessionRecorded(e) => {
                let id = SessionId::from_log(&e.session_id);
                let friends = e.friend_slugs.into_iter().map(Into::into);
                self.record(NewSession { id, date: &e.date, duration: e.duration }, friends, from);
            }
            MovieEvent::WatchSessionDateChanged(e) => {
                if let Some(session) = self.session_mut(&SessionId::from_log(&e.session_id)) {
                    let left = LeftDay { date: session.date, at };
                    session.date = e.date;
                    self.moved.push(left);
                }
            }
            MovieEvent::FriendAddedToWatchSession(e) => {
                self.want_to_watch_with.remove(&*e.friend_slug);
                if let Some(session) = self.session_mut(&SessionId::from_log(&e.session_id)) {
                    let friends = session.friends.get_or_insert_default();
                    if !friends.iter().any(|f| **f == *e.friend_slug) {
                        friends.push(e.friend_slug.into());
                    }
                }
            }
            MovieEvent::FriendRemovedFromWatchSession(e) => {
                if let Some(session) = self.session_mut(&SessionId::from_log(&e.session_id)) {
                    session.friends.get_or_insert_default().retain(|f| **f != *e.friend_slug);
                }
            }
            MovieEvent::WatchSessionRemoved(e) => {
                let id = SessionId::from_log(&e.session_id);
                let removed = self.sessions.extract_if(.., |session| session.id == id);
                self.removed.extend(removed.map(|session| LeftDay { date: session.date, at }));
            }
            MovieEvent::PersonalRatingSet(e) => self.personal_rating = e.rating,
            MovieEvent::InFocusSet => self.in_focus_since = Some(at),
            MovieEvent::InFocusCleared => self.in_focus_since = None,
        }
    }

    /// The latest sessions are looked at first: they are the ones that people correct.
    fn session_mut(&mut self, id: &SessionId) -> Option<&mut WatchSession> {
        self.sessions.iter_mut().rev().find(|s| s.id == *id)
    }
}

/// A session as a `Watch_session_recorded` tells it, friends apart.
pub(super) struct NewSession<'a> {
    pub id: SessionId,
    pub date: &'a WatchDate,
    pub duration: Option<i32>,
}

fn left(days_left: &[LeftDay], played_at: DateTime<Utc>, days: &[WatchDate]) -> bool {
    days_left.iter().any(|left| left.at >= played_at && days.contains(&left.date))
}

//! What each event does to a movie.

use chrono::{DateTime, Utc};
use rustc_hash::FxHashSet;

use super::{ImportedPlay, LeftDay, Movie, WatchSession};
use crate::domain::{
    events::{MovieEvent, Provenance},
    ids::SessionId,
    library::Standing,
    time::WatchDate,
};

/// A session from `Watch_session_recorded`, without its friends.
pub(in crate::domain::library) struct NewSession<'a> {
    pub id: SessionId,
    pub date: &'a WatchDate,
    pub duration: Option<i32>,
}

impl Movie {
    /// Takes in one event. Events behind the movie's removal count for nothing.
    pub(in crate::domain::library) fn evolve(
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
                self.genres = e.genres.into_iter().map(Into::into).collect();
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
            MovieEvent::WatchSessionDateChanged(e) => self.move_to(&e.session_id, e.date, at),
            MovieEvent::FriendAddedToWatchSession(e) => {
                self.add_friend(&e.session_id, &e.friend_slug);
            }
            MovieEvent::FriendRemovedFromWatchSession(e) => {
                self.remove_friend(&e.session_id, &e.friend_slug);
            }
            MovieEvent::WatchSessionRemoved(e) => self.remove(&e.session_id, at),
            MovieEvent::PersonalRatingSet(e) => self.personal_rating = e.rating,
            MovieEvent::InFocusSet => self.in_focus_since = Some(at),
            MovieEvent::InFocusCleared => self.in_focus_since = None,
        }
    }

    pub(in crate::domain::library) fn record(
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

    /// Ends a fold. Recording an id twice is an error that no writer makes (`docs/event-log.md`,
    /// "Movie events"); if a log holds one all the same, the later record counts. Looking for it
    /// once here keeps `record` off memory that it has no use for.
    ///
    /// A fold may end at any line and go on later, so nothing before this may depend on a record
    /// that it drops.
    pub(in crate::domain::library) fn settle(&mut self, seen: &mut FxHashSet<SessionId>) {
        seen.clear();
        if !self.sessions.iter().all(|session| seen.insert(session.id.clone())) {
            seen.clear();
            self.sessions.reverse();
            self.sessions.retain(|session| seen.insert(session.id.clone()));
            self.sessions.reverse();
        }
    }

    fn move_to(&mut self, session: &str, date: WatchDate, at: DateTime<Utc>) {
        let Some(session) = self.session_mut(session) else { return };
        let left = LeftDay { date: session.date, at };
        session.date = date;
        self.moved.push(left);
    }

    fn add_friend(&mut self, session: &str, friend: &str) {
        self.want_to_watch_with.remove(friend);
        let Some(session) = self.session_mut(session) else { return };
        let friends = session.friends.get_or_insert_default();
        if !friends.iter().any(|f| **f == *friend) {
            friends.push(friend.into());
        }
    }

    fn remove_friend(&mut self, session: &str, friend: &str) {
        let Some(session) = self.session_mut(session) else { return };
        session.friends.get_or_insert_default().retain(|f| **f != *friend);
    }

    /// Of several records of that id the last one is the session; the others go with it and leave
    /// no day.
    fn remove(&mut self, session: &str, at: DateTime<Utc>) {
        let id = SessionId::from_log(session);
        let removed = self.sessions.extract_if(.., |session| session.id == id).last();
        self.removed.extend(removed.map(|session| LeftDay { date: session.date, at }));
    }

    /// The latest sessions are looked at first: they are the ones that people correct.
    fn session_mut(&mut self, id: &str) -> Option<&mut WatchSession> {
        let id = SessionId::from_log(id);
        self.sessions.iter_mut().rev().find(|s| s.id == id)
    }
}

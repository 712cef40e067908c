//! The seventeen events of a movie's stream, decoded (`docs/event-log.md`, "Movie events").

use std::borrow::Cow;

use serde::Deserialize;

use crate::domain::time::WatchDate;

/// What happened to a movie in the library.
#[derive(Debug, Clone, PartialEq)]
pub enum MovieEvent<'a> {
    /// `Movie_added_to_library`
    Added(Box<MovieAdded<'a>>),
    /// `Movie_removed_from_library`: gone for good in this stream.
    Removed,
    /// `Movie_categorized`
    Categorized(Genres<'a>),
    /// `Movie_poster_replaced`
    PosterReplaced(PosterRef<'a>),
    /// `Movie_backdrop_replaced`
    BackdropReplaced(BackdropRef<'a>),
    /// `Movie_recommended_by`
    RecommendedBy(Friend<'a>),
    /// `Recommendation_removed`
    RecommendationRemoved(Friend<'a>),
    /// `Want_to_watch_with`
    WantToWatchWith(Friend<'a>),
    /// `Removed_want_to_watch_with`
    RemovedWantToWatchWith(Friend<'a>),
    /// `Watch_session_recorded`
    WatchSessionRecorded(WatchSessionRecorded<'a>),
    /// `Watch_session_date_changed`
    WatchSessionDateChanged(WatchSessionDate<'a>),
    /// `Friend_added_to_watch_session`
    FriendAddedToWatchSession(WatchSessionFriend<'a>),
    /// `Friend_removed_from_watch_session`
    FriendRemovedFromWatchSession(WatchSessionFriend<'a>),
    /// `Watch_session_removed`
    WatchSessionRemoved(WatchSessionRef<'a>),
    /// `Personal_rating_set`
    PersonalRatingSet(Rating),
    /// `Movie_in_focus_set`
    InFocusSet,
    /// `Movie_in_focus_cleared`
    InFocusCleared,
}

impl<'a> MovieEvent<'a> {
    /// Decodes the payload of a known type; `None` for an unknown one.
    ///
    /// # Errors
    /// The payload isn't of the type's shape.
    pub fn decode(event_type: &str, data: &'a str) -> Result<Option<Self>, serde_json::Error> {
        use serde_json::from_str as read;
        Ok(Some(match event_type {
            "Movie_added_to_library" => Self::Added(read(data)?),
            "Movie_removed_from_library" => read::<Nothing>(data).map(|_| Self::Removed)?,
            "Movie_categorized" => Self::Categorized(read(data)?),
            "Movie_poster_replaced" => Self::PosterReplaced(read(data)?),
            "Movie_backdrop_replaced" => Self::BackdropReplaced(read(data)?),
            "Movie_recommended_by" => Self::RecommendedBy(read(data)?),
            "Recommendation_removed" => Self::RecommendationRemoved(read(data)?),
            "Want_to_watch_with" => Self::WantToWatchWith(read(data)?),
            "Removed_want_to_watch_with" => Self::RemovedWantToWatchWith(read(data)?),
            "Watch_session_recorded" => Self::WatchSessionRecorded(read(data)?),
            "Watch_session_date_changed" => Self::WatchSessionDateChanged(read(data)?),
            "Friend_added_to_watch_session" => Self::FriendAddedToWatchSession(read(data)?),
            "Friend_removed_from_watch_session" => Self::FriendRemovedFromWatchSession(read(data)?),
            "Watch_session_removed" => Self::WatchSessionRemoved(read(data)?),
            "Personal_rating_set" => Self::PersonalRatingSet(read(data)?),
            "Movie_in_focus_set" => read::<Nothing>(data).map(|_| Self::InFocusSet)?,
            "Movie_in_focus_cleared" => read::<Nothing>(data).map(|_| Self::InFocusCleared)?,
            _ => return Ok(None),
        }))
    }
}

/// A payload that says nothing: an object, its fields ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Nothing {}

/// Payload of `Movie_added_to_library`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MovieAdded<'a> {
    /// The movie's name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Year of release.
    pub year: i32,
    /// Minutes.
    pub runtime: Option<i32>,
    /// What it is about.
    #[serde(borrow)]
    pub overview: Cow<'a, str>,
    /// Genres by name.
    pub genres: Vec<String>,
    /// Where Mediatheca keeps the poster.
    pub poster_ref: Option<String>,
    /// Where Mediatheca keeps the backdrop.
    pub backdrop_ref: Option<String>,
    /// TMDB's number as written; Mediatheca's own log may hold 0.
    pub tmdb_id: i64,
    /// TMDB's rating, 0 to 10.
    pub tmdb_rating: Option<f64>,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name<'a> {
            $($(#[$field_doc])* pub $field: $type,)+
        }
    )+};
}
pub(super) use payloads;

payloads! {
    /// Payload of the `…_categorized` events.
    Genres {
        /// Genres by name, replacing the old ones.
        genres: Vec<Cow<'a, str>>,
    }
    /// Payload of the `…_poster_replaced` events.
    PosterRef {
        /// Where Mediatheca keeps the new poster.
        poster_ref: Cow<'a, str>,
    }
    /// Payload of the `…_backdrop_replaced` events.
    BackdropRef {
        /// Where Mediatheca keeps the new backdrop.
        backdrop_ref: Cow<'a, str>,
    }
    /// Payload of the events about one friend.
    Friend {
        /// The friend's slug.
        friend_slug: Cow<'a, str>,
    }
    /// Payload of `Watch_session_removed`.
    WatchSessionRef {
        /// Which session.
        session_id: Cow<'a, str>,
    }
    /// Payload of the events about a friend in a session.
    WatchSessionFriend {
        /// Which session.
        session_id: Cow<'a, str>,
        /// The friend's slug.
        friend_slug: Cow<'a, str>,
    }
}

/// Payload of `Watch_session_recorded`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchSessionRecorded<'a> {
    /// The new session's id.
    #[serde(borrow)]
    pub session_id: Cow<'a, str>,
    /// The day it was watched.
    pub date: WatchDate,
    /// Minutes.
    pub duration: Option<i32>,
    /// Who watched too.
    #[serde(borrow)]
    pub friend_slugs: Vec<Cow<'a, str>>,
}

/// Payload of `Watch_session_date_changed`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchSessionDate<'a> {
    /// Which session.
    #[serde(borrow)]
    pub session_id: Cow<'a, str>,
    /// The day it was moved to.
    pub date: WatchDate,
}

/// Payload of `Personal_rating_set`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Rating {
    /// The person's own rating; null takes it back.
    pub rating: Option<i32>,
}

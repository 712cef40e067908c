//! The twenty-six events of a series' stream, decoded (`docs/event-log.md`, "Series events").

use std::borrow::Cow;

use serde::Deserialize;

use super::movie::{BackdropRef, Friend, Genres, Nothing, PosterRef, Rating, payloads};
use crate::domain::{ids::EpisodeNumber, time::WatchDate};

/// What happened to a series in the library.
#[derive(Debug, Clone, PartialEq)]
pub enum SeriesEvent<'a> {
    /// `Series_added_to_library`: makes the rewatch session `default` too.
    Added(Box<SeriesAdded<'a>>),
    /// `Series_removed_from_library`: gone for good in this stream.
    Removed,
    /// `Series_categorized`
    Categorized(Genres<'a>),
    /// `Series_poster_replaced`
    PosterReplaced(PosterRef<'a>),
    /// `Series_backdrop_replaced`
    BackdropReplaced(BackdropRef<'a>),
    /// `Series_recommended_by`
    RecommendedBy(Friend<'a>),
    /// `Series_recommendation_removed`
    RecommendationRemoved(Friend<'a>),
    /// `Series_want_to_watch_with`
    WantToWatchWith(Friend<'a>),
    /// `Series_removed_want_to_watch_with`
    RemovedWantToWatchWith(Friend<'a>),
    /// `Series_personal_rating_set`
    PersonalRatingSet(Rating),
    /// `Rewatch_session_created`
    RewatchSessionCreated(RewatchSessionCreated<'a>),
    /// `Rewatch_session_removed`
    RewatchSessionRemoved(RewatchRef<'a>),
    /// `Default_rewatch_session_changed`
    DefaultRewatchSessionChanged(RewatchRef<'a>),
    /// `Rewatch_session_friend_added`
    RewatchSessionFriendAdded(RewatchFriend<'a>),
    /// `Rewatch_session_friend_removed`
    RewatchSessionFriendRemoved(RewatchFriend<'a>),
    /// `Episode_watched`
    EpisodeWatched(EpisodeOn<'a>),
    /// `Episode_unwatched`
    EpisodeUnwatched(EpisodeRef<'a>),
    /// `Season_marked_watched`: every episode of it known from [`SeriesEvent::Added`].
    SeasonMarkedWatched(SeasonOn<'a>),
    /// `Episodes_watched_up_to`: episodes 1 to that one.
    EpisodesWatchedUpTo(EpisodeOn<'a>),
    /// `Season_marked_unwatched`
    SeasonMarkedUnwatched(SeasonRef<'a>),
    /// `Episode_watched_date_changed`
    EpisodeWatchedDateChanged(EpisodeOn<'a>),
    /// `Series_abandoned`
    Abandoned,
    /// `Series_unabandoned`
    Unabandoned,
    /// `Series_in_focus_set`
    InFocusSet,
    /// `Series_in_focus_cleared`
    InFocusCleared,
    /// `Series_refreshed`
    Refreshed(Refreshed<'a>),
}

impl<'a> SeriesEvent<'a> {
    /// Decodes the payload of a known type; `None` for an unknown one.
    ///
    /// # Errors
    /// The payload isn't of the type's shape.
    pub fn decode(event_type: &str, data: &'a str) -> Result<Option<Self>, serde_json::Error> {
        use serde_json::from_str as read;
        Ok(Some(match event_type {
            "Series_added_to_library" => Self::Added(read(data)?),
            "Series_removed_from_library" => read::<Nothing>(data).map(|_| Self::Removed)?,
            "Series_categorized" => Self::Categorized(read(data)?),
            "Series_poster_replaced" => Self::PosterReplaced(read(data)?),
            "Series_backdrop_replaced" => Self::BackdropReplaced(read(data)?),
            "Series_recommended_by" => Self::RecommendedBy(read(data)?),
            "Series_recommendation_removed" => Self::RecommendationRemoved(read(data)?),
            "Series_want_to_watch_with" => Self::WantToWatchWith(read(data)?),
            "Series_removed_want_to_watch_with" => Self::RemovedWantToWatchWith(read(data)?),
            "Series_personal_rating_set" => Self::PersonalRatingSet(read(data)?),
            "Rewatch_session_created" => Self::RewatchSessionCreated(read(data)?),
            "Rewatch_session_removed" => Self::RewatchSessionRemoved(read(data)?),
            "Default_rewatch_session_changed" => Self::DefaultRewatchSessionChanged(read(data)?),
            "Rewatch_session_friend_added" => Self::RewatchSessionFriendAdded(read(data)?),
            "Rewatch_session_friend_removed" => Self::RewatchSessionFriendRemoved(read(data)?),
            "Episode_watched" => Self::EpisodeWatched(read(data)?),
            "Episode_unwatched" => Self::EpisodeUnwatched(read(data)?),
            "Season_marked_watched" => Self::SeasonMarkedWatched(read(data)?),
            "Episodes_watched_up_to" => Self::EpisodesWatchedUpTo(read(data)?),
            "Season_marked_unwatched" => Self::SeasonMarkedUnwatched(read(data)?),
            "Episode_watched_date_changed" => Self::EpisodeWatchedDateChanged(read(data)?),
            "Series_abandoned" => read::<Nothing>(data).map(|_| Self::Abandoned)?,
            "Series_unabandoned" => read::<Nothing>(data).map(|_| Self::Unabandoned)?,
            "Series_in_focus_set" => read::<Nothing>(data).map(|_| Self::InFocusSet)?,
            "Series_in_focus_cleared" => read::<Nothing>(data).map(|_| Self::InFocusCleared)?,
            "Series_refreshed" => Self::Refreshed(read(data)?),
            _ => return Ok(None),
        }))
    }
}

/// Payload of `Series_added_to_library`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesAdded<'a> {
    /// The series' name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Year of the first episode.
    pub year: i32,
    /// What it is about.
    #[serde(borrow)]
    pub overview: Cow<'a, str>,
    /// Genres by name.
    pub genres: Vec<String>,
    /// `Returning`, `Ended`, `Canceled`, `InProduction`, `Planned` or `Unknown`.
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    /// Where Mediatheca keeps the poster.
    pub poster_ref: Option<String>,
    /// Where Mediatheca keeps the backdrop.
    pub backdrop_ref: Option<String>,
    /// TMDB's number as written.
    pub tmdb_id: i64,
    /// TMDB's rating, 0 to 10.
    pub tmdb_rating: Option<f64>,
    /// Minutes.
    pub episode_runtime: Option<i32>,
    /// The seasons known when the series was added.
    #[serde(borrow)]
    pub seasons: Vec<SeasonAdded<'a>>,
}

payloads! {
    /// A season in `Series_added_to_library`: what the fold needs of it.
    SeasonAdded {
        /// 0 holds the specials.
        season_number: Number,
        /// The season's name.
        name: Cow<'a, str>,
        /// Its episodes.
        episodes: Vec<EpisodeAdded<'a>>,
    }
    /// An episode in `Series_added_to_library`: what the fold needs of it.
    EpisodeAdded {
        /// Its number in the season.
        episode_number: Number,
        /// Its name.
        name: Cow<'a, str>,
    }
    /// Payload of the events about one rewatch session.
    RewatchRef {
        /// Which rewatch session.
        rewatch_id: Cow<'a, str>,
    }
    /// Payload of the events about a friend in a rewatch session.
    RewatchFriend {
        /// Which rewatch session.
        rewatch_id: Cow<'a, str>,
        /// The friend's slug.
        friend_slug: Cow<'a, str>,
    }
    /// Payload of `Season_marked_unwatched`.
    SeasonRef {
        /// In which rewatch session.
        rewatch_id: Cow<'a, str>,
        /// Which season.
        season_number: Number,
    }
    /// Payload of `Season_marked_watched`.
    SeasonOn {
        /// In which rewatch session.
        rewatch_id: Cow<'a, str>,
        /// Which season.
        season_number: Number,
        /// The day it was watched.
        date: Day,
    }
    /// Payload of `Episode_unwatched`.
    EpisodeRef {
        /// In which rewatch session.
        rewatch_id: Cow<'a, str>,
        /// The episode's season.
        season_number: Number,
        /// The episode in that season.
        episode_number: Number,
    }
    /// Payload of the events that watch an episode, or several up to it, on a day.
    EpisodeOn {
        /// In which rewatch session.
        rewatch_id: Cow<'a, str>,
        /// The episode's season.
        season_number: Number,
        /// The episode in that season.
        episode_number: Number,
        /// The day it was watched.
        date: Day,
    }
}

/// Payload of `Rewatch_session_created`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RewatchSessionCreated<'a> {
    /// The new rewatch session.
    #[serde(borrow)]
    pub rewatch_id: Cow<'a, str>,
    /// What the person calls it.
    pub name: Option<String>,
    /// Who watches too.
    #[serde(borrow)]
    pub friend_slugs: Vec<Cow<'a, str>>,
}

/// Payload of `Series_refreshed`; older ones carry more, which is ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refreshed<'a> {
    /// The status since; null means no change.
    #[serde(borrow)]
    pub new_status: Option<Cow<'a, str>>,
}

impl EpisodeRef<'_> {
    /// The episode it is about.
    pub fn number(&self) -> EpisodeNumber {
        EpisodeNumber { season: self.season_number.0, episode: self.episode_number.0 }
    }
}

impl EpisodeOn<'_> {
    /// The episode it is about.
    pub fn number(&self) -> EpisodeNumber {
        EpisodeNumber { season: self.season_number.0, episode: self.episode_number.0 }
    }
}

/// A season's or an episode's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Number(pub i32);

/// The day of a watched episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Day(pub WatchDate);

//! What the sync may append: a closed list without a word for removing or changing anything.

use super::provenance::Origin;
use crate::domain::{
    ids::{EpisodeNumber, SessionId, StreamId, TmdbId},
    time::WatchDate,
};

/// Whether a watch takes the title out of focus. It is part of the watch and can't be added alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The title isn't in focus, or has been put there since: no event follows.
    Stays,
    /// The title is in focus and this play came later: `…_in_focus_cleared` follows in the same
    /// commit.
    Clears,
}

/// A watch session for a movie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchSessionToAdd {
    /// Its id, derived from the play, so that it is the same on every run.
    pub id: SessionId,
    /// The day it was watched.
    pub date: WatchDate,
    /// Minutes, if known.
    pub duration: Option<i32>,
}

/// A watched episode of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedEpisodeToAdd {
    /// The default rewatch session.
    pub rewatch: Box<str>,
    /// Which episode.
    pub number: EpisodeNumber,
    /// The day it was watched.
    pub date: WatchDate,
}

/// A movie for the library, as TMDB describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct MovieToAdd {
    /// Its name.
    pub name: String,
    /// Year of release.
    pub year: i32,
    /// Minutes.
    pub runtime: Option<i32>,
    /// What it is about.
    pub overview: String,
    /// Genres by name.
    pub genres: Vec<String>,
    /// Its number at TMDB.
    pub tmdb_id: TmdbId,
    /// TMDB's rating, 0 to 10.
    pub tmdb_rating: Option<f64>,
}

/// A series for the library, as TMDB describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesToAdd {
    /// Its name.
    pub name: String,
    /// Year of the first episode.
    pub year: i32,
    /// What it is about.
    pub overview: String,
    /// Genres by name.
    pub genres: Vec<String>,
    /// Mediatheca's word for the series' status: `Returning`, `Ended`, ….
    pub status: &'static str,
    /// Its number at TMDB.
    pub tmdb_id: TmdbId,
    /// TMDB's rating, 0 to 10.
    pub tmdb_rating: Option<f64>,
    /// Minutes.
    pub episode_runtime: Option<i32>,
    /// Its seasons and their episodes.
    pub seasons: Vec<SeasonToAdd>,
}

/// A season of a series for the library.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonToAdd {
    /// 0 holds the specials.
    pub number: i32,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub overview: String,
    /// When it began, `YYYY-MM-DD`.
    pub air_date: Option<String>,
    /// Its episodes.
    pub episodes: Vec<EpisodeToAdd>,
}

/// An episode of a series for the library.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeToAdd {
    /// Its number in the season.
    pub number: i32,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub overview: String,
    /// Minutes.
    pub runtime: Option<i32>,
    /// When it was first shown, `YYYY-MM-DD`.
    pub air_date: Option<String>,
    /// TMDB's rating, 0 to 10.
    pub tmdb_rating: Option<f64>,
}

/// One thing that the sync adds to the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Addition {
    /// A movie that isn't in the library yet.
    MovieAdded(MovieToAdd),
    /// A series that isn't in the library yet.
    SeriesAdded(SeriesToAdd),
    /// A movie was watched.
    WatchSessionRecorded(WatchSessionToAdd, Focus),
    /// An episode was watched.
    EpisodeWatched(WatchedEpisodeToAdd, Focus),
}

/// An addition with the stream it goes to and the play it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedAddition {
    /// The title's stream.
    pub stream: StreamId,
    /// What is added.
    pub addition: Addition,
    /// The play in Jellyfin.
    pub origin: Origin,
}

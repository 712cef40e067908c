//! The library as the interface shows it: titles with their watch sessions and watched episodes.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::library::{Library, Movie, RewatchSession, Season, Series, WatchSession};

/// All movies.
#[derive(Debug, Serialize, ToSchema)]
pub struct Movies {
    /// In the order in which they were added.
    movies: Vec<MovieView>,
}

/// A movie.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MovieView {
    slug: String,
    name: String,
    year: i32,
    /// Minutes.
    runtime: Option<i32>,
    overview: String,
    genres: Vec<String>,
    poster_ref: Option<String>,
    backdrop_ref: Option<String>,
    tmdb_id: Option<u32>,
    tmdb_rating: Option<f64>,
    personal_rating: Option<i32>,
    recommended_by: Vec<String>,
    want_to_watch_with: Vec<String>,
    in_focus: bool,
    watch_sessions: Vec<WatchSessionView>,
}

/// A watch session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WatchSessionView {
    session_id: String,
    /// `YYYY-MM-DD`.
    date: String,
    /// Minutes.
    duration: Option<i32>,
    friend_slugs: Vec<String>,
    /// Jellyfin's item, if sync added it; null if it was entered manually.
    jellyfin_id: Option<String>,
}

/// All series.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllSeries {
    /// In the order in which they were added.
    series: Vec<SeriesView>,
}

/// A series.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeriesView {
    slug: String,
    name: String,
    year: i32,
    overview: String,
    genres: Vec<String>,
    /// `Returning`, `Ended`, `Canceled`, `InProduction`, `Planned` or `Unknown`.
    status: String,
    poster_ref: Option<String>,
    backdrop_ref: Option<String>,
    tmdb_id: Option<u32>,
    tmdb_rating: Option<f64>,
    /// Minutes.
    episode_runtime: Option<i32>,
    personal_rating: Option<i32>,
    recommended_by: Vec<String>,
    want_to_watch_with: Vec<String>,
    in_focus: bool,
    abandoned: bool,
    seasons: Vec<SeasonView>,
    rewatch_sessions: Vec<RewatchSessionView>,
}

/// A season.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeasonView {
    season_number: i32,
    name: String,
    episodes: Vec<EpisodeView>,
}

/// An episode that the library knows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EpisodeView {
    episode_number: i32,
    name: String,
}

/// A rewatch session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RewatchSessionView {
    rewatch_id: String,
    name: Option<String>,
    /// Whether plays are added to it.
    is_default: bool,
    friend_slugs: Vec<String>,
    watched_episodes: Vec<WatchedEpisodeView>,
}

/// A watched episode.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WatchedEpisodeView {
    season_number: i32,
    episode_number: i32,
    /// `YYYY-MM-DD`.
    date: String,
}

impl Movies {
    /// All movies of the library.
    pub fn of(library: &Library) -> Self {
        Self { movies: library.movies().map(MovieView::of).collect() }
    }
}

impl AllSeries {
    /// All series of the library.
    pub fn of(library: &Library) -> Self {
        Self { series: library.series().map(SeriesView::of).collect() }
    }
}

impl MovieView {
    /// The movie as the interface shows it.
    pub fn of(movie: &Movie) -> Self {
        let session = |session: &WatchSession| WatchSessionView {
            session_id: session.id.to_string(),
            date: session.date.to_string(),
            duration: session.duration,
            friend_slugs: texts(session.friends()),
            jellyfin_id: movie.origin(session).item().map(ToString::to_string),
        };
        Self {
            slug: movie.stream.slug().to_owned(),
            name: movie.name.to_string(),
            year: movie.year,
            runtime: movie.runtime,
            overview: movie.overview.to_string(),
            genres: movie.genres.clone(),
            poster_ref: movie.poster_ref.clone(),
            backdrop_ref: movie.backdrop_ref.clone(),
            tmdb_id: movie.tmdb_id.map(|id| id.get()),
            tmdb_rating: movie.tmdb_rating,
            personal_rating: movie.personal_rating,
            recommended_by: texts(&movie.recommended_by),
            want_to_watch_with: texts(&movie.want_to_watch_with),
            in_focus: movie.in_focus_since.is_some(),
            watch_sessions: movie.sessions().iter().map(session).collect(),
        }
    }
}

impl SeriesView {
    /// The series as the interface shows it.
    pub fn of(series: &Series) -> Self {
        let seasons = series.seasons.iter().map(|(number, season)| SeasonView::of(*number, season));
        let rewatches =
            series.rewatches().iter().map(|rewatch| RewatchSessionView::of(series, rewatch));
        Self {
            slug: series.stream.slug().to_owned(),
            name: series.name.to_string(),
            year: series.year,
            overview: series.overview.to_string(),
            genres: series.genres.clone(),
            status: series.status.to_string(),
            poster_ref: series.poster_ref.clone(),
            backdrop_ref: series.backdrop_ref.clone(),
            tmdb_id: series.tmdb_id.map(|id| id.get()),
            tmdb_rating: series.tmdb_rating,
            episode_runtime: series.episode_runtime,
            personal_rating: series.personal_rating,
            recommended_by: texts(&series.recommended_by),
            want_to_watch_with: texts(&series.want_to_watch_with),
            in_focus: series.in_focus_since.is_some(),
            abandoned: series.abandoned,
            seasons: seasons.collect(),
            rewatch_sessions: rewatches.collect(),
        }
    }
}

impl SeasonView {
    fn of(number: i32, season: &Season) -> Self {
        let episodes = season
            .episodes
            .iter()
            .map(|(number, name)| EpisodeView { episode_number: *number, name: name.to_string() });
        Self { season_number: number, name: season.name.to_string(), episodes: episodes.collect() }
    }
}

impl RewatchSessionView {
    fn of(series: &Series, rewatch: &RewatchSession) -> Self {
        let watched = rewatch.watched.iter().map(|(number, date)| WatchedEpisodeView {
            season_number: number.season,
            episode_number: number.episode,
            date: date.to_string(),
        });
        Self {
            rewatch_id: rewatch.id.to_string(),
            name: rewatch.name.clone(),
            is_default: rewatch.id == series.default_rewatch().id,
            friend_slugs: texts(&rewatch.friends),
            watched_episodes: watched.collect(),
        }
    }
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a Box<str>>) -> Vec<String> {
    texts.into_iter().map(|text| text.to_string()).collect()
}

//! The library over HTTP: the state folded from the log.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        ids::StreamId,
        library::{Movie, RewatchSession, Series, WatchSession},
    },
    http::{App, Problem},
};

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
    /// Jellyfin's item, if the sync added it; null if it was entered by hand.
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

fn texts<'a>(texts: impl IntoIterator<Item = &'a Box<str>>) -> Vec<String> {
    texts.into_iter().map(|text| text.to_string()).collect()
}

impl MovieView {
    fn of(movie: &Movie) -> Self {
        let session = |session: &WatchSession| WatchSessionView {
            session_id: session.id.to_string(),
            date: session.date.to_string(),
            duration: session.duration,
            friend_slugs: texts(session.friends()),
            jellyfin_id: movie
                .imported_plays()
                .iter()
                .find(|play| play.session == session.id)
                .map(|play| play.item.to_string()),
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
    fn of(series: &Series) -> Self {
        let seasons = series.seasons.iter().map(|(number, season)| SeasonView {
            season_number: *number,
            name: season.name.to_string(),
            episodes: season
                .episodes
                .iter()
                .map(|(number, name)| EpisodeView {
                    episode_number: *number,
                    name: name.to_string(),
                })
                .collect(),
        });
        let default = series.default_rewatch();
        let rewatch = |rewatch: &RewatchSession| RewatchSessionView {
            rewatch_id: rewatch.id.to_string(),
            name: rewatch.name.clone(),
            is_default: rewatch.id == default.id,
            friend_slugs: texts(&rewatch.friends),
            watched_episodes: rewatch
                .watched
                .iter()
                .map(|(number, date)| WatchedEpisodeView {
                    season_number: number.season,
                    episode_number: number.episode,
                    date: date.to_string(),
                })
                .collect(),
        };
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
            rewatch_sessions: series.rewatches().iter().map(rewatch).collect(),
        }
    }
}

/// All movies of the library.
#[utoipa::path(get, path = "/api/library/movies",
    responses((status = 200, body = Movies), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn movies(State(app): State<App>) -> Result<Json<Movies>, Problem> {
    let folded = app.service.folded().await?;
    Ok(Json(Movies { movies: folded.library.movies().map(MovieView::of).collect() }))
}

/// One movie.
#[utoipa::path(get, path = "/api/library/movies/{slug}", params(("slug" = String, Path)),
    responses((status = 200, body = MovieView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn movie(
    State(app): State<App>,
    Path(slug): Path<String>,
) -> Result<Json<MovieView>, Problem> {
    let folded = app.service.folded().await?;
    let movie = folded.library.movie_by_stream(&StreamId::movie(&slug));
    movie.map(|movie| Json(MovieView::of(movie))).ok_or_else(|| no_title("movie", &slug))
}

/// All series of the library.
#[utoipa::path(get, path = "/api/library/series",
    responses((status = 200, body = AllSeries), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn all_series(State(app): State<App>) -> Result<Json<AllSeries>, Problem> {
    let folded = app.service.folded().await?;
    Ok(Json(AllSeries { series: folded.library.series().map(SeriesView::of).collect() }))
}

/// One series.
#[utoipa::path(get, path = "/api/library/series/{slug}", params(("slug" = String, Path)),
    responses((status = 200, body = SeriesView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn one_series(
    State(app): State<App>,
    Path(slug): Path<String>,
) -> Result<Json<SeriesView>, Problem> {
    let folded = app.service.folded().await?;
    let series = folded.library.series_by_stream(&StreamId::series(&slug));
    series.map(|series| Json(SeriesView::of(series))).ok_or_else(|| no_title("series", &slug))
}

fn no_title(kind: &str, slug: &str) -> Problem {
    Problem::new("not_found", format!("the library has no {kind} `{slug}`"))
}

//! The payloads of the four events that the sync appends, field by field in the order that
//! Mediatheca writes them in.

use serde::Serialize;

use super::addition::{
    EpisodeToAdd, MovieToAdd, SeasonToAdd, SeriesToAdd, WatchSessionToAdd, WatchedEpisodeToAdd,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WatchSessionData {
    session_id: String,
    date: String,
    duration: Option<i32>,
    friend_slugs: [&'static str; 0],
}

impl WatchSessionData {
    pub(super) fn of(session: &WatchSessionToAdd) -> Self {
        Self {
            session_id: session.id.to_string(),
            date: session.date.to_string(),
            duration: session.duration,
            friend_slugs: [],
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EpisodeWatchedData<'a> {
    rewatch_id: &'a str,
    season_number: i32,
    episode_number: i32,
    date: String,
}

impl<'a> EpisodeWatchedData<'a> {
    pub(super) fn of(watch: &'a WatchedEpisodeToAdd) -> Self {
        let WatchedEpisodeToAdd { rewatch, number, date } = watch;
        Self {
            rewatch_id: rewatch,
            season_number: number.season,
            episode_number: number.episode,
            date: date.to_string(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MovieAddedData<'a> {
    name: &'a str,
    year: i32,
    runtime: Option<i32>,
    overview: &'a str,
    genres: &'a [String],
    poster_ref: Option<&'a str>,
    backdrop_ref: Option<&'a str>,
    tmdb_id: u32,
    tmdb_rating: Option<f64>,
}

impl<'a> MovieAddedData<'a> {
    pub(super) fn of(movie: &'a MovieToAdd) -> Self {
        Self {
            name: &movie.name,
            year: movie.year,
            runtime: movie.runtime,
            overview: &movie.overview,
            genres: &movie.genres,
            poster_ref: None,
            backdrop_ref: None,
            tmdb_id: movie.tmdb_id.get(),
            tmdb_rating: movie.tmdb_rating,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeriesAddedData<'a> {
    name: &'a str,
    year: i32,
    overview: &'a str,
    genres: &'a [String],
    status: &'a str,
    poster_ref: Option<&'a str>,
    backdrop_ref: Option<&'a str>,
    tmdb_id: u32,
    tmdb_rating: Option<f64>,
    episode_runtime: Option<i32>,
    seasons: Vec<SeasonData<'a>>,
}

impl<'a> SeriesAddedData<'a> {
    pub(super) fn of(series: &'a SeriesToAdd) -> Self {
        Self {
            name: &series.name,
            year: series.year,
            overview: &series.overview,
            genres: &series.genres,
            status: series.status,
            poster_ref: None,
            backdrop_ref: None,
            tmdb_id: series.tmdb_id.get(),
            tmdb_rating: series.tmdb_rating,
            episode_runtime: series.episode_runtime,
            seasons: series.seasons.iter().map(SeasonData::of).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SeasonData<'a> {
    season_number: i32,
    name: &'a str,
    overview: &'a str,
    poster_ref: Option<&'a str>,
    air_date: Option<&'a str>,
    episodes: Vec<EpisodeData<'a>>,
}

impl<'a> SeasonData<'a> {
    fn of(season: &'a SeasonToAdd) -> Self {
        Self {
            season_number: season.number,
            name: &season.name,
            overview: &season.overview,
            poster_ref: None,
            air_date: season.air_date.as_deref(),
            episodes: season.episodes.iter().map(EpisodeData::of).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EpisodeData<'a> {
    episode_number: i32,
    name: &'a str,
    overview: &'a str,
    runtime: Option<i32>,
    air_date: Option<&'a str>,
    still_ref: Option<&'a str>,
    tmdb_rating: Option<f64>,
}

impl<'a> EpisodeData<'a> {
    fn of(episode: &'a EpisodeToAdd) -> Self {
        Self {
            episode_number: episode.number,
            name: &episode.name,
            overview: &episode.overview,
            runtime: episode.runtime,
            air_date: episode.air_date.as_deref(),
            still_ref: None,
            tmdb_rating: episode.tmdb_rating,
        }
    }
}

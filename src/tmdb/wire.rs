//! TMDB's JSON with TMDB's names (`docs/tmdb-and-mediatheca.md`, "TMDB: fields"), and the titles
//! made of it.
//!
//! Only the fields that are read.

use serde::Deserialize;

use crate::domain::{
    events::{EpisodeToAdd, MovieToAdd, SeasonToAdd, SeriesToAdd},
    ids::TmdbId,
};

#[derive(Debug, Deserialize)]
struct GenreDto {
    name: String,
}

/// `GET /movie/{id}`
#[derive(Debug, Deserialize)]
pub(super) struct MovieDto {
    title: String,
    #[serde(default)]
    release_date: Option<String>,
    #[serde(default)]
    runtime: Option<i32>,
    #[serde(default)]
    overview: Option<String>,
    #[serde(default)]
    genres: Vec<GenreDto>,
    #[serde(default)]
    vote_average: Option<f64>,
}

/// `GET /tv/{id}`
#[derive(Debug, Deserialize)]
pub(super) struct SeriesDto {
    name: String,
    #[serde(default)]
    first_air_date: Option<String>,
    #[serde(default)]
    overview: Option<String>,
    #[serde(default)]
    genres: Vec<GenreDto>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    vote_average: Option<f64>,
    #[serde(default)]
    episode_run_time: Vec<i32>,
    #[serde(default)]
    seasons: Vec<SeasonRef>,
}

#[derive(Debug, Deserialize)]
struct SeasonRef {
    season_number: i32,
}

/// A part `season/{n}` of `GET /tv/{id}?append_to_response=…`
#[derive(Debug, Deserialize)]
pub(super) struct SeasonDto {
    season_number: i32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    overview: Option<String>,
    #[serde(default)]
    air_date: Option<String>,
    #[serde(default)]
    episodes: Vec<EpisodeDto>,
}

#[derive(Debug, Deserialize)]
struct EpisodeDto {
    episode_number: i32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    overview: Option<String>,
    #[serde(default)]
    runtime: Option<i32>,
    #[serde(default)]
    air_date: Option<String>,
    #[serde(default)]
    vote_average: Option<f64>,
}

/// The year that a date begins with; 0 if TMDB has none, as Mediatheca writes it.
fn year(date: Option<&str>) -> i32 {
    date.and_then(|date| date.split('-').next()).and_then(|year| year.parse().ok()).unwrap_or(0)
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn names(genres: Vec<GenreDto>) -> Vec<String> {
    genres.into_iter().map(|genre| genre.name).collect()
}

impl MovieDto {
    pub(super) fn title(self, tmdb_id: TmdbId) -> MovieToAdd {
        MovieToAdd {
            name: self.title,
            year: year(self.release_date.as_deref()),
            runtime: self.runtime.filter(|minutes| *minutes > 0),
            overview: self.overview.unwrap_or_default(),
            genres: names(self.genres),
            tmdb_id,
            tmdb_rating: self.vote_average,
        }
    }
}

impl SeriesDto {
    pub(super) fn season_numbers(&self) -> Vec<i32> {
        self.seasons.iter().map(|season| season.season_number).collect()
    }

    pub(super) fn title(self, tmdb_id: TmdbId, seasons: Vec<SeasonToAdd>) -> SeriesToAdd {
        SeriesToAdd {
            name: self.name,
            year: year(self.first_air_date.as_deref()),
            overview: self.overview.unwrap_or_default(),
            genres: names(self.genres),
            status: status(self.status.as_deref().unwrap_or_default()),
            tmdb_id,
            tmdb_rating: self.vote_average,
            episode_runtime: self.episode_run_time.first().copied(),
            seasons,
        }
    }
}

/// Mediatheca's word for TMDB's.
fn status(tmdb: &str) -> &'static str {
    match tmdb {
        "Returning Series" => "Returning",
        "Ended" => "Ended",
        "Canceled" => "Canceled",
        "In Production" => "InProduction",
        "Planned" => "Planned",
        _ => "Unknown",
    }
}

impl SeasonDto {
    pub(super) fn season(self) -> SeasonToAdd {
        let episode = |episode: EpisodeDto| EpisodeToAdd {
            number: episode.episode_number,
            name: episode.name,
            overview: episode.overview.unwrap_or_default(),
            runtime: episode.runtime,
            air_date: given(episode.air_date),
            tmdb_rating: episode.vote_average,
        };
        SeasonToAdd {
            number: self.season_number,
            name: self.name,
            overview: self.overview.unwrap_or_default(),
            air_date: given(self.air_date),
            episodes: self.episodes.into_iter().map(episode).collect(),
        }
    }
}

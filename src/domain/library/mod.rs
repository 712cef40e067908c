//! The library as the log tells it: titles, their watch sessions and rewatch sessions, and every play ever imported.

mod browse;
mod fold;
mod history;
mod movie;
mod series;

use rustc_hash::FxHashMap;

use super::ids::{StreamId, TmdbId};
pub use browse::{Browsed, Kind, Order, Progress, Query, Title, folded};
pub use fold::{Fold, Folded};
pub use history::{Day, History, Viewed, Viewing};
pub use movie::{ImportedPlay, Movie, WatchSession};
pub use series::{ImportedEpisode, RewatchSession, Season, Series, WatchedEpisodes};

/// Whether a title is in the library, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In the library.
    Active,
    /// Removed by the person: nothing brings it back by itself.
    Removed,
}

/// What a library says of a TMDB id.
#[derive(Debug)]
pub enum Found<'a, T> {
    /// The title is in the library.
    Active(&'a T),
    /// It was, until the person removed it.
    Removed,
    /// It never was.
    Absent,
}

/// All titles of a log, in the order in which they first appear.
#[derive(Debug, Clone, Default)]
pub struct Library {
    movies: Vec<Movie>,
    series: Vec<Series>,
    movies_by_tmdb: FxHashMap<TmdbId, Vec<u32>>,
    series_by_tmdb: FxHashMap<TmdbId, Vec<u32>>,
}

impl Library {
    fn new(movies: Vec<Movie>, series: Vec<Series>) -> Self {
        let movies_by_tmdb = by_tmdb(movies.iter().map(|m| m.tmdb_id));
        let series_by_tmdb = by_tmdb(series.iter().map(|s| s.tmdb_id));
        Self { movies, series, movies_by_tmdb, series_by_tmdb }
    }

    /// The movies in the library.
    pub fn movies(&self) -> impl Iterator<Item = &Movie> {
        self.movies.iter().filter(|m| m.standing == Standing::Active)
    }

    /// The series in the library.
    pub fn series(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(|s| s.standing == Standing::Active)
    }

    /// The movie of that stream, if it is in the library.
    pub fn movie(&self, stream: &StreamId) -> Option<&Movie> {
        self.movies().find(|m| m.stream == *stream)
    }

    /// The series of that stream, if it is in the library.
    pub fn one_series(&self, stream: &StreamId) -> Option<&Series> {
        self.series().find(|s| s.stream == *stream)
    }

    /// The movie with that TMDB id. Of several in the library, the first one added.
    pub fn movie_by_tmdb(&self, id: TmdbId) -> Found<'_, Movie> {
        find(&self.movies, self.movies_by_tmdb.get(&id), |m| m.standing)
    }

    /// The series with that TMDB id. Of several in the library, the first one added.
    pub fn series_by_tmdb(&self, id: TmdbId) -> Found<'_, Series> {
        find(&self.series, self.series_by_tmdb.get(&id), |s| s.standing)
    }
}

fn by_tmdb(ids: impl Iterator<Item = Option<TmdbId>>) -> FxHashMap<TmdbId, Vec<u32>> {
    let mut index: FxHashMap<TmdbId, Vec<u32>> = FxHashMap::default();
    for (at, id) in (0..).zip(ids) {
        if let Some(id) = id {
            index.entry(id).or_default().push(at);
        }
    }
    index
}

fn find<'a, T>(
    titles: &'a [T],
    at: Option<&Vec<u32>>,
    standing: impl Fn(&T) -> Standing,
) -> Found<'a, T> {
    let Some(at) = at else { return Found::Absent };
    let mut found = at.iter().map(|index| &titles[*index as usize]);
    found.find(|title| standing(title) == Standing::Active).map_or(Found::Removed, Found::Active)
}

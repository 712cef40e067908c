//! The library as the log tells it: titles, their watch sessions and rewatch sessions, and every
//! play ever imported.

mod browse;
mod fold;
mod history;
mod movie;
mod series;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::ids::{ItemId, StreamId, TmdbId};
pub use browse::{Browsed, Order, Query, Title, TitleFilter, WatchProgress, normalized};
pub use fold::{ExtendedError, Fold, Folded};
pub use history::{Day, History, Viewed, Viewing};
pub use movie::{ImportedPlay, Movie, WatchSession};
pub use series::{ImportedEpisode, RewatchSession, Season, Series, WatchedEpisodes};

/// Whether a title is in the library, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In the library.
    Active,
    /// Removed by the person: the sync never brings it back.
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

/// Where a watch session or a watched episode came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchOrigin<'a> {
    /// The person recorded it in Mediatheca.
    Manual,
    /// The sync added it; the item is Jellyfin's.
    Jellyfin(&'a ItemId),
}

impl<'a> WatchOrigin<'a> {
    /// Jellyfin's item, if the sync added the watch.
    pub fn item(self) -> Option<&'a ItemId> {
        match self {
            Self::Manual => None,
            Self::Jellyfin(item) => Some(item),
        }
    }
}

/// All titles of a log, in the order in which they were added.
///
/// A clone shares its titles, so that a library can go on without being folded again: the fold
/// replaces the few titles that have new events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Library {
    movies: Vec<Arc<Movie>>,
    series: Vec<Arc<Series>>,
    /// Shared between clones until a title is added.
    index: Arc<Index>,
}

/// Which titles are a stream's or a TMDB id's.
#[derive(Debug, Clone, Default, PartialEq)]
struct Index {
    streams: FxHashMap<StreamId, TitleAt>,
    movies_by_tmdb: FxHashMap<TmdbId, Vec<u32>>,
    series_by_tmdb: FxHashMap<TmdbId, Vec<u32>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TitleAt {
    Movie(u32),
    Series(u32),
}

/// A title while the fold changes it.
#[derive(Debug)]
enum FoldedTitle {
    Movie(Box<Movie>),
    Series(Box<Series>),
}

impl Library {
    /// The library with those titles in place of what it had in their streams. New titles come in
    /// the order in which they were added.
    fn grown(mut self, titles: impl Iterator<Item = FoldedTitle>) -> Self {
        for title in titles {
            match title {
                FoldedTitle::Movie(movie) => self.put_movie(movie),
                FoldedTitle::Series(series) => self.put_series(series),
            }
        }
        self
    }

    fn put_movie(&mut self, movie: Box<Movie>) {
        if let Some(TitleAt::Movie(at)) = self.index.streams.get(&movie.stream) {
            self.movies[*at as usize] = movie.into();
            return;
        }
        let at = self.movies.len() as u32;
        let index = Arc::make_mut(&mut self.index);
        index.streams.insert(movie.stream.clone(), TitleAt::Movie(at));
        if let Some(id) = movie.tmdb_id {
            index.movies_by_tmdb.entry(id).or_default().push(at);
        }
        self.movies.push(movie.into());
    }

    fn put_series(&mut self, series: Box<Series>) {
        if let Some(TitleAt::Series(at)) = self.index.streams.get(&series.stream) {
            self.series[*at as usize] = series.into();
            return;
        }
        let at = self.series.len() as u32;
        let index = Arc::make_mut(&mut self.index);
        index.streams.insert(series.stream.clone(), TitleAt::Series(at));
        if let Some(id) = series.tmdb_id {
            index.series_by_tmdb.entry(id).or_default().push(at);
        }
        self.series.push(series.into());
    }

    /// A copy of the title of that stream, removed titles included, for the fold to go on with.
    fn copy_of(&self, stream: &StreamId) -> Option<FoldedTitle> {
        Some(match *self.index.streams.get(stream)? {
            TitleAt::Movie(at) => {
                FoldedTitle::Movie(Box::new(Movie::clone(&self.movies[at as usize])))
            }
            TitleAt::Series(at) => {
                FoldedTitle::Series(Box::new(Series::clone(&self.series[at as usize])))
            }
        })
    }

    /// The movies in the library.
    pub fn movies(&self) -> impl Iterator<Item = &Movie> {
        self.movies.iter().map(|m| &**m).filter(|m| m.standing == Standing::Active)
    }

    /// The series in the library.
    pub fn series(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().map(|s| &**s).filter(|s| s.standing == Standing::Active)
    }

    /// The title of that stream, if it is in the library.
    pub fn title(&self, stream: &StreamId) -> Option<Title<'_>> {
        let (title, standing) = match *self.index.streams.get(stream)? {
            TitleAt::Movie(at) => {
                let movie = &*self.movies[at as usize];
                (Title::Movie(movie), movie.standing)
            }
            TitleAt::Series(at) => {
                let series = &*self.series[at as usize];
                (Title::Series(series), series.standing)
            }
        };
        (standing == Standing::Active).then_some(title)
    }

    /// The movie of that stream, if it is in the library.
    pub fn movie_by_stream(&self, stream: &StreamId) -> Option<&Movie> {
        match self.title(stream)? {
            Title::Movie(movie) => Some(movie),
            Title::Series(_) => None,
        }
    }

    /// The series of that stream, if it is in the library.
    pub fn series_by_stream(&self, stream: &StreamId) -> Option<&Series> {
        match self.title(stream)? {
            Title::Movie(_) => None,
            Title::Series(series) => Some(series),
        }
    }

    /// The movie with that TMDB id. Of several in the library, the first one added.
    pub fn movie_by_tmdb(&self, id: TmdbId) -> Found<'_, Movie> {
        find(&self.movies, self.index.movies_by_tmdb.get(&id), |m| m.standing)
    }

    /// The series with that TMDB id. Of several in the library, the first one added.
    pub fn series_by_tmdb(&self, id: TmdbId) -> Found<'_, Series> {
        find(&self.series, self.index.series_by_tmdb.get(&id), |s| s.standing)
    }
}

fn find<'a, T>(
    titles: &'a [Arc<T>],
    at: Option<&Vec<u32>>,
    standing: impl Fn(&T) -> Standing,
) -> Found<'a, T> {
    let Some(at) = at else { return Found::Absent };
    let mut found = at.iter().map(|index| &*titles[*index as usize]);
    found.find(|title| standing(title) == Standing::Active).map_or(Found::Removed, Found::Active)
}

//! Missing titles: which they are, and what is appended for them once they are described.
//!
//! In come a plan and the descriptions of titles, out go additions. It fetches no description.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, Unmatched, UnmatchedItem};
use crate::domain::{
    events::{Addition, Log, MovieToAdd, Origin, PlacedAddition, SeriesToAdd, slug},
    ids::{ItemId, StreamId, TmdbId},
    library::{Folded, Found},
    snapshot::Server,
};

/// The titles that a plan found missing, each with one of its items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Movies.
    pub movies: BTreeMap<TmdbId, ItemId>,
    /// Series.
    pub series: BTreeMap<TmdbId, ItemId>,
}

impl Missing {
    /// The missing titles of a plan. A title that the person removed isn't missing.
    pub fn of(plan: &Plan<'_>) -> Self {
        Self { movies: missing(&plan.unmatched_movies), series: missing(&plan.unmatched_series) }
    }
}

fn missing(unmatched: &[UnmatchedItem<'_>]) -> BTreeMap<TmdbId, ItemId> {
    let mut missing = BTreeMap::new();
    for UnmatchedItem { item, reason } in unmatched {
        if let (Some(id), Unmatched::NotInLibrary) = (item.tmdb.id(), reason) {
            missing.entry(id).or_insert_with(|| item.id.clone());
        }
    }
    missing
}

/// Descriptions of missing titles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Titles {
    /// Movies.
    pub movies: Vec<MovieToAdd>,
    /// Series.
    pub series: Vec<SeriesToAdd>,
}

/// The additions that put described titles into the library, each in a new stream. A title that the
/// library has by now is left out.
pub fn add_titles(
    folded: &Folded,
    server: &Server,
    missing: &Missing,
    titles: &Titles,
) -> Vec<PlacedAddition> {
    let Folded { log, library } = folded;
    let mut taken = BTreeSet::new();
    let mut add = |stream_of: fn(&str) -> StreamId,
                   name: &str,
                   year: i32,
                   item: Option<&ItemId>,
                   addition: Addition| {
        let item = item?.clone();
        let stream = free_stream(log, &taken, stream_of, &slug(name, year));
        taken.insert(stream.clone());
        Some(PlacedAddition {
            stream,
            addition,
            origin: Origin { server: server.id.clone(), item, played_at: None },
        })
    };
    let mut additions = Vec::new();
    let absent =
        |movie: &&MovieToAdd| matches!(library.movie_by_tmdb(movie.tmdb_id), Found::Absent);
    for movie in titles.movies.iter().filter(absent) {
        let item = missing.movies.get(&movie.tmdb_id);
        additions.extend(add(
            StreamId::movie,
            &movie.name,
            movie.year,
            item,
            Addition::MovieAdded(movie.clone()),
        ));
    }
    let absent =
        |series: &&SeriesToAdd| matches!(library.series_by_tmdb(series.tmdb_id), Found::Absent);
    for series in titles.series.iter().filter(absent) {
        let item = missing.series.get(&series.tmdb_id);
        additions.extend(add(
            StreamId::series,
            &series.name,
            series.year,
            item,
            Addition::SeriesAdded(series.clone()),
        ));
    }
    additions
}

/// `the-matrix-1999`, or with `-2`, `-3`, … behind it where another title has that stream.
fn free_stream(
    log: &Log,
    taken: &BTreeSet<StreamId>,
    stream_of: fn(&str) -> StreamId,
    slug: &str,
) -> StreamId {
    let plain = stream_of(slug);
    let others = (2..).map(|n: u32| stream_of(&format!("{slug}-{n}")));
    let is_free = |stream: &StreamId| log.stream(stream).is_none() && !taken.contains(stream);
    std::iter::once(plain).chain(others).find(is_free).expect("there are more numbers than streams")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movie(name: &str, tmdb: i64) -> MovieToAdd {
        MovieToAdd {
            name: name.into(),
            year: 2013,
            runtime: None,
            overview: String::new(),
            genres: vec![],
            tmdb_id: TmdbId::new(tmdb).unwrap(),
            tmdb_rating: None,
        }
    }

    /// Case 57.
    #[test]
    fn two_films_without_latin_letters_of_one_year_are_two_streams() {
        let server = Server {
            id: "5e".repeat(16).try_into().unwrap(),
            name: "NAS".into(),
            version: "12.0.0".into(),
        };
        let item: ItemId = "1".repeat(32).try_into().unwrap();
        let movies = vec![movie("進撃の巨人", 1), movie("風立ちぬ", 2), movie("Not asked for", 3)];
        let missing = Missing {
            movies: [1, 2].map(|id| (TmdbId::new(id).unwrap(), item.clone())).into(),
            series: BTreeMap::new(),
        };
        let added =
            add_titles(&Folded::default(), &server, &missing, &Titles { movies, series: vec![] });
        let streams: Vec<&str> = added.iter().map(|a| a.stream.as_str()).collect();
        assert_eq!(streams, ["Movie--2013", "Movie--2013-2"]);
    }
}

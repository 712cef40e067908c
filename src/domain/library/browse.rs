//! The library as a person looks at it: titles chosen, searched and put in order.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{Library, Movie, Series};
use crate::domain::{ids::StreamId, time::WatchDate};

/// A movie or a series.
#[derive(Debug, Clone, Copy)]
pub enum Title<'a> {
    /// A movie.
    Movie(&'a Movie),
    /// A series.
    Series(&'a Series),
}

/// Which titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TitleFilter {
    /// Both.
    #[default]
    All,
    /// Movies alone.
    Movies,
    /// Series alone.
    Series,
}

/// How much of a title was watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchProgress {
    /// Nothing.
    Unwatched,
    /// Some episodes, but not all that the library knows.
    InProgress,
    /// A movie at least once; of a series every regular episode.
    Watched,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// What was watched last comes first; what never was, last, by name.
    #[default]
    LastWatched,
    /// By name.
    Name,
    /// The newest first.
    Year,
}

/// What a person looks for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Part of a name; neither case nor accents matter.
    pub text: String,
    /// Which titles.
    pub kind: TitleFilter,
    /// Watched how far; `None` for all.
    pub progress: Option<WatchProgress>,
    /// In which order.
    pub order: Order,
}

/// What was found.
#[derive(Debug)]
pub struct Browsed<'a> {
    /// The titles, in order, with the day each was last watched.
    pub titles: Vec<(Title<'a>, Option<WatchDate>)>,
    /// How many movies the library has.
    pub movies: usize,
    /// How many series the library has.
    pub series: usize,
}

impl<'a> Title<'a> {
    /// The name.
    pub fn name(self) -> &'a str {
        match self {
            Self::Movie(movie) => &movie.name,
            Self::Series(series) => &series.name,
        }
    }

    /// Year of release or of the first episode.
    pub fn year(self) -> i32 {
        match self {
            Self::Movie(movie) => movie.year,
            Self::Series(series) => series.year,
        }
    }

    /// The stream.
    pub fn stream(self) -> &'a StreamId {
        match self {
            Self::Movie(movie) => &movie.stream,
            Self::Series(series) => &series.stream,
        }
    }

    /// The slug: with the kind, a title's address.
    pub fn slug(self) -> &'a str {
        self.stream().slug()
    }

    /// The day it was last watched.
    pub fn last_watched(self) -> Option<WatchDate> {
        match self {
            Self::Movie(movie) => movie.sessions().iter().map(|session| session.date).max(),
            Self::Series(series) => {
                series.rewatches().iter().filter_map(|rewatch| rewatch.watched.last_day()).max()
            }
        }
    }

    /// How much of it was watched. For a series the default rewatch session says; where that is
    /// untouched, the others.
    pub fn progress(self) -> WatchProgress {
        match self {
            Self::Movie(movie) if movie.sessions().is_empty() => WatchProgress::Unwatched,
            Self::Movie(_) => WatchProgress::Watched,
            Self::Series(series) => {
                let default = series.progress_of(series.default_rewatch());
                let others =
                    || series.rewatches().iter().map(|rewatch| series.progress_of(rewatch)).max();
                if default == WatchProgress::Unwatched {
                    others().unwrap_or(default)
                } else {
                    default
                }
            }
        }
    }
}

impl Library {
    /// The titles that fit, in order.
    pub fn browse(&self, query: &Query) -> Browsed<'_> {
        let (movies, series) = (self.movies().count(), self.series().count());
        let text = normalized(query.text.trim());
        let of_movies =
            self.movies().filter(|_| query.kind != TitleFilter::Series).map(Title::Movie);
        let of_series =
            self.series().filter(|_| query.kind != TitleFilter::Movies).map(Title::Series);
        let fits =
            |title: &Title<'_>| query.progress.is_none_or(|progress| title.progress() == progress);
        let named =
            of_movies.chain(of_series).filter(fits).map(|title| (normalized(title.name()), title));
        let found = named.filter(|(name, _)| text.is_empty() || name.contains(&text));
        let mut found: Vec<_> =
            found.map(|(name, title)| (name, title, title.last_watched())).collect();
        found.sort_by(|(name, title, last), (other_name, other, other_last)| {
            let first = match query.order {
                Order::LastWatched => other_last.cmp(last),
                Order::Name => std::cmp::Ordering::Equal,
                Order::Year => other.year().cmp(&title.year()),
            };
            first
                .then_with(|| name.cmp(other_name))
                .then_with(|| title.stream().as_str().cmp(other.stream().as_str()))
        });
        Browsed {
            titles: found.into_iter().map(|(_, title, last)| (title, last)).collect(),
            movies,
            series,
        }
    }
}

/// A text without its case and accents, as people search.
pub fn normalized(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_case_nor_accents_matter() {
        assert_eq!(normalized("Amélie"), normalized("AMELIE"));
        assert_eq!(normalized("Żółć"), normalized("zołc"), "a letter of its own stays one");
        assert_eq!(normalized("千と千尋の神隠し"), normalized("千と千尋の神隠し"));
    }
}

//! What was watched, day by day.

use std::collections::BTreeMap;

use super::{Library, RewatchSession, Title, WatchSession};
use crate::domain::{ids::EpisodeNumber, time::WatchDate};

/// A year of watching.
#[derive(Debug)]
pub struct History<'a> {
    /// The year.
    pub year: i32,
    /// Every year in which something was watched, and how much: movies by session, series by
    /// episode.
    pub years: BTreeMap<i32, u64>,
    /// The year's days on which something was watched, the newest first.
    pub days: Vec<Day<'a>>,
}

/// A day on which something was watched.
#[derive(Debug)]
pub struct Day<'a> {
    /// The day.
    pub date: WatchDate,
    /// What was watched, by name.
    pub viewings: Vec<Viewing<'a>>,
}

/// A title on a day.
#[derive(Debug)]
pub struct Viewing<'a> {
    /// The title.
    pub title: Title<'a>,
    /// What of it.
    pub what: Viewed<'a>,
}

/// What of a title was watched.
#[derive(Debug)]
pub enum Viewed<'a> {
    /// A movie.
    Session(&'a WatchSession),
    /// Episodes of a series, in one of its rewatch sessions.
    Episodes(&'a RewatchSession, Vec<EpisodeNumber>),
}

impl Viewing<'_> {
    /// How much it counts: a movie for one, a series by its episodes.
    pub fn count(&self) -> u64 {
        match &self.what {
            Viewed::Session(_) => 1,
            Viewed::Episodes(_, episodes) => episodes.len() as u64,
        }
    }
}

impl Day<'_> {
    /// How much was watched: movies by session, series by episode.
    pub fn count(&self) -> u64 {
        self.viewings.iter().map(Viewing::count).sum()
    }
}

impl Library {
    /// What was watched in a year; without a year, in the last year that has a viewing.
    pub fn history(&self, year: Option<i32>) -> History<'_> {
        let mut years: BTreeMap<i32, u64> = BTreeMap::new();
        for movie in self.movies() {
            for session in movie.sessions() {
                *years.entry(session.date.year()).or_default() += 1;
            }
        }
        for rewatch in self.series().flat_map(|series| series.rewatches()) {
            for date in rewatch.watched.days() {
                *years.entry(date.year()).or_default() += 1;
            }
        }
        let year = year.or_else(|| years.keys().next_back().copied()).unwrap_or_default();
        let mut days: BTreeMap<WatchDate, Vec<Viewing<'_>>> = BTreeMap::new();
        for movie in self.movies() {
            for session in movie.sessions().iter().filter(|session| session.date.year() == year) {
                let viewing =
                    Viewing { title: Title::Movie(movie), what: Viewed::Session(session) };
                days.entry(session.date).or_default().push(viewing);
            }
        }
        for series in self.series() {
            for rewatch in series.rewatches() {
                let mut by_day: BTreeMap<WatchDate, Vec<EpisodeNumber>> = BTreeMap::new();
                for (number, date) in
                    rewatch.watched.iter_unordered().filter(|(_, date)| date.year() == year)
                {
                    by_day.entry(date).or_default().push(number);
                }
                for (date, mut episodes) in by_day {
                    episodes.sort_unstable();
                    let viewing = Viewing {
                        title: Title::Series(series),
                        what: Viewed::Episodes(rewatch, episodes),
                    };
                    days.entry(date).or_default().push(viewing);
                }
            }
        }
        let days = days.into_iter().rev().map(|(date, mut viewings)| {
            viewings.sort_by(|a, b| a.title.name().cmp(b.title.name()));
            Day { date, viewings }
        });
        History { year, years, days: days.collect() }
    }
}

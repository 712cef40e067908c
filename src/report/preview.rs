//! A scan as it is kept for the pages: shown in parts, after a reload, and tomorrow.

use serde::{Deserialize, Serialize};

use super::{FaultReport, Scan, ScanAnswer, ServerReport, Summary, instant};
use crate::domain::{
    snapshot::LastPlayed,
    sync::{
        Decision, Note, PlannedEpisode, PlannedMovie, PlannedSeries, Skip, Unmatched, UnmatchedItem,
    },
    time::WatchDate,
    zone::Zone,
};

/// A scan as it is kept: what would be added, what wouldn't, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The scanned server.
    pub server: ServerReport,
    /// When it was scanned.
    pub taken_at: String,
    /// Where the log ended.
    pub position: u64,
    /// What was found, in numbers.
    pub summary: Summary,
    /// What would be added, and what is held: movies, then episodes by series.
    pub rows: Vec<PreviewRow>,
    /// What has a title in the library and isn't added.
    pub skipped: Vec<NotAdded<Skip>>,
    /// What has no title in the library.
    pub unmatched: Vec<NotAdded<Unmatched>>,
    /// What couldn't be read.
    pub errors: Vec<FaultReport>,
}

/// A play that would be added, or that is held until the person includes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewRow {
    /// Jellyfin's id of the movie or the episode.
    pub item: String,
    /// The title's slug.
    pub slug: String,
    /// The library's name for the movie or the series.
    pub name: String,
    /// Year of release or of the first episode.
    pub year: Option<i32>,
    /// Which episode; `None` for a movie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<PreviewEpisode>,
    /// The day in the person's time zone, `YYYY-MM-DD`.
    pub date: String,
    /// What to check before importing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Whether it is held until the person includes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// An episode in a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewEpisode {
    /// Jellyfin's id of the series.
    pub series: String,
    /// Season and number, such as `S1E4`; empty if Jellyfin has neither.
    pub number: String,
    /// Jellyfin's name for it.
    pub name: String,
}

/// A play or an item that isn't added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotAdded<R> {
    /// Its name; for an episode with its series, season and number.
    pub name: String,
    /// Year of release; `None` for an episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// Why.
    pub reason: R,
}

impl ScanAnswer for Preview {
    fn of(scan: &Scan<'_>) -> Self {
        let plan = scan.plan;
        let unmatched = plan.unmatched_movies.iter().chain(&plan.unmatched_series);
        let mut preview = Self {
            server: ServerReport::of(&scan.snapshot.server),
            taken_at: instant(scan.snapshot.taken_at),
            position: scan.head.position.0,
            summary: Summary::of(scan),
            rows: Vec::new(),
            skipped: Vec::new(),
            unmatched: unmatched.map(NotAdded::of).collect(),
            errors: plan.faults.iter().map(FaultReport::of).collect(),
        };
        for movie in &plan.movies {
            preview.take_movie(movie, scan.zone);
        }
        for series in &plan.series {
            for episode in &series.episodes {
                preview.take_episode(series, episode, scan.zone);
            }
        }
        preview
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }

    fn errors(&self) -> &[FaultReport] {
        &self.errors
    }
}

impl Preview {
    /// How many plays would be added.
    pub fn additions(&self) -> u64 {
        self.summary.movies_to_add + self.summary.episodes_to_add
    }

    fn take_movie(&mut self, movie: &PlannedMovie<'_>, zone: &Zone) {
        let item = movie.item;
        match Shown::of(&movie.decision, &item.state.last_played, zone) {
            Ok(Shown { date, notes, held }) => self.rows.push(PreviewRow {
                item: item.id.to_string(),
                slug: movie.stream.slug().to_owned(),
                name: movie.name.to_owned(),
                year: item.year,
                episode: None,
                date,
                notes,
                held,
            }),
            Err(reason) => {
                self.skipped.push(NotAdded { name: item.name.clone(), year: item.year, reason });
            }
        }
    }

    fn take_episode(
        &mut self,
        series: &PlannedSeries<'_>,
        episode: &PlannedEpisode<'_>,
        zone: &Zone,
    ) {
        let item = episode.item;
        let number = episode
            .number
            .map(|number| format!("S{}E{}", number.season, number.episode))
            .unwrap_or_default();
        match Shown::of(&episode.decision, &item.state.last_played, zone) {
            Ok(Shown { date, notes, held }) => self.rows.push(PreviewRow {
                item: item.id.to_string(),
                slug: series.stream.slug().to_owned(),
                name: series.name.to_owned(),
                year: series.item.year,
                episode: Some(PreviewEpisode {
                    series: series.item.id.to_string(),
                    number,
                    name: item.name.clone(),
                }),
                date,
                notes,
                held,
            }),
            Err(reason) => {
                let name = format!("{} {number} {}", series.name, item.name);
                self.skipped.push(NotAdded { name, year: None, reason });
            }
        }
    }
}

impl NotAdded<Unmatched> {
    fn of(unmatched: &UnmatchedItem<'_>) -> Self {
        let item = unmatched.item;
        Self { name: item.name.clone(), year: item.year, reason: unmatched.reason }
    }
}

/// A play that has a row of its own.
struct Shown {
    date: String,
    notes: Vec<Note>,
    held: bool,
}

impl Shown {
    /// The row's part that the decision decides; else why the play is skipped.
    fn of(decision: &Decision, played: &LastPlayed, zone: &Zone) -> Result<Self, Skip> {
        match decision {
            Decision::Add { date, notes } => Ok(Self {
                date: date.to_string(),
                notes: notes.iter().copied().collect(),
                held: false,
            }),
            Decision::Skip(Skip::PossibleRewatch) => {
                Ok(Self { date: day(played, zone), notes: vec![Note::PossibleRewatch], held: true })
            }
            Decision::Skip(reason) => Err(*reason),
        }
    }
}

/// The day of a held play. Only a play with a date is ever held (case 11).
fn day(played: &LastPlayed, zone: &Zone) -> String {
    match played {
        LastPlayed::At(at) => WatchDate::of(at.instant(), zone).to_string(),
        LastPlayed::Undated | LastPlayed::Unreadable(_) => String::new(),
    }
}

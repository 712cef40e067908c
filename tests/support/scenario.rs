//! Given a log, when a server shows this, then that is appended: the form of every golden case.

use mediatheca_jellyfin_sync::domain::{
    events::Via,
    ids::ItemId,
    library::Folded,
    snapshot::{
        Coverage, EpisodeItem, Item, LastPlayed, PlayState, Scan, SeriesItem, Server, Snapshot,
        TmdbRef,
    },
    sync::{Decision, Plan, Preferences, forgotten, plan},
};

use super::lines::LogText;

/// The id of an item in a scenario.
pub fn id(n: u32) -> ItemId {
    format!("{n:032x}").try_into().unwrap()
}

/// What a server shows, under construction.
#[derive(Debug, Clone)]
pub struct Seen {
    pub scan: Scan,
    pub coverage: Coverage,
}

impl Seen {
    /// A server of that version, without items.
    pub fn new(version: &str) -> Self {
        let server = Server {
            id: "5e".repeat(16).try_into().unwrap(),
            name: "NAS".into(),
            version: version.into(),
        };
        let scan = Scan::new(server, "2026-11-24T12:00:00Z".parse().unwrap());
        Self { scan, coverage: Coverage::Everything }
    }

    /// A played movie.
    pub fn movie(mut self, n: u32, name: &str, year: i32, tmdb: &str, date: Option<&str>) -> Self {
        self.scan.catalog.movies.push(item(n, name, year, tmdb, state(true, 7, date)));
        self
    }

    /// A movie that isn't played, though it may have a date.
    pub fn unplayed(
        mut self,
        n: u32,
        name: &str,
        year: i32,
        tmdb: &str,
        date: Option<&str>,
    ) -> Self {
        self.scan.catalog.movies.push(item(n, name, year, tmdb, state(false, 7, date)));
        self
    }

    /// A series without episodes.
    pub fn series(mut self, n: u32, name: &str, year: i32, tmdb: &str) -> Self {
        let item = item(n, name, year, tmdb, state(false, 7, None));
        self.scan.catalog.series.push(SeriesItem { item, episodes: vec![] });
        self
    }

    /// A played episode of season 1 in the series that was named last.
    pub fn episode(
        mut self,
        n: u32,
        number: Option<i32>,
        end: Option<i32>,
        date: Option<&str>,
    ) -> Self {
        let episode = EpisodeItem {
            id: id(n),
            name: format!("Episode {n}"),
            season: number.map(|_| 1),
            episode: number,
            episode_end: end,
            state: state(true, 1, date),
            runtime_minutes: None,
        };
        self.scan.catalog.series.last_mut().unwrap().episodes.push(episode);
        self
    }

    pub fn snapshot(&self) -> Snapshot {
        self.scan.clone().into_snapshot(self.coverage.clone())
    }
}

impl From<&Seen> for Snapshot {
    fn from(seen: &Seen) -> Self {
        seen.snapshot()
    }
}

impl From<Seen> for Snapshot {
    fn from(seen: Seen) -> Self {
        seen.snapshot()
    }
}

fn state(played: bool, play_count: u32, date: Option<&str>) -> PlayState {
    PlayState { played, play_count, last_played: LastPlayed::read(date), position_minutes: 0 }
}

/// `tmdb` is a number, or any other text for an item without an id.
fn item(n: u32, name: &str, year: i32, tmdb: &str, state: PlayState) -> Item {
    Item {
        id: id(n),
        name: name.into(),
        year: Some(year),
        tmdb: tmdb.parse().map_or(TmdbRef::Missing, |n: i64| TmdbRef::Id(n.try_into().unwrap())),
        imdb: None,
        state,
        runtime_minutes: Some(90),
        genres: vec![],
    }
}

/// A log, and what the person wants.
pub struct Given {
    log: String,
    preferences: Preferences,
}

/// Begins with a log.
pub fn given(log: impl Into<String>) -> Given {
    Given { log: log.into(), preferences: Preferences::default() }
}

impl From<LogText> for String {
    fn from(log: LogText) -> Self {
        log.text().to_owned()
    }
}

impl From<&LogText> for String {
    fn from(log: &LogText) -> Self {
        log.text().to_owned()
    }
}

impl Given {
    pub fn preferring(self, preferences: &Preferences) -> Self {
        Self { preferences: preferences.clone(), ..self }
    }

    pub fn when(self, seen: impl Into<Snapshot>) -> When {
        let library = Folded::of(self.log.as_bytes()).unwrap();
        When { given: self, library, snapshot: seen.into() }
    }
}

/// A log and a snapshot: everything that a plan needs.
pub struct When {
    given: Given,
    library: Folded,
    snapshot: Snapshot,
}

/// What an import did, and what a second one with the same snapshot would do (case 26).
#[derive(Debug, PartialEq)]
struct Imported {
    decisions: Vec<String>,
    added_again: usize,
}

impl When {
    /// Imports, and compares the decisions; the same snapshot must then add nothing more.
    pub fn then(&self, decisions: &[&str]) -> Then {
        let after = self.append();
        let again = Folded::of(after.as_bytes()).unwrap();
        let again = plan(&again.library, &self.snapshot, &self.given.preferences);
        let imported = Imported { decisions: self.decisions(), added_again: again.additions.len() };
        let decisions = decisions.iter().map(ToString::to_string).collect();
        assert_eq!(imported, Imported { decisions, added_again: 0 });
        Then { after, before: self.given.log.len() }
    }

    /// The log after an import.
    pub fn append(&self) -> String {
        let commit = self
            .library
            .log
            .extend(&self.plan().additions, Via::Import, "2026-11-24T12:00:01Z".parse().unwrap())
            .unwrap();
        format!("{}{}", self.given.log, str::from_utf8(commit.lines()).unwrap())
    }

    pub fn plan(&self) -> Plan<'_> {
        plan(&self.library.library, &self.snapshot, &self.given.preferences)
    }

    /// Every decision in words: `add DAY [notes]`, or the reason to skip.
    pub fn decisions(&self) -> Vec<String> {
        let words = |decision: &Decision| match decision {
            Decision::Skip(skip) => skip.code().to_owned(),
            Decision::Add { date, notes } => {
                let notes = notes.iter().map(|note| format!(" {}", note.code()));
                format!("add {date}{}", notes.collect::<String>())
            }
        };
        self.plan().decisions().map(words).collect()
    }

    /// Names and reasons of the items without a title, movies first.
    pub fn unmatched(&self) -> Vec<String> {
        let plan = self.plan();
        let items = plan.unmatched_movies.iter().chain(&plan.unmatched_series);
        items.map(|one| format!("{}: {}", one.item.name, one.reason.code())).collect()
    }

    /// How many plays the server has forgotten.
    pub fn forgotten(&self) -> u64 {
        forgotten(&self.library.library, &self.snapshot)
    }
}

/// The log after an import.
pub struct Then {
    after: String,
    before: usize,
}

impl Then {
    pub fn log(&self) -> &str {
        &self.after
    }

    pub fn appended(&self) -> &str {
        &self.after[self.before..]
    }

    pub fn last_line(&self) -> &str {
        self.after.lines().last().unwrap()
    }
}

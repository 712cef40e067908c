//! The heart: what is to be added to a library so that it holds what Jellyfin saw played.
//!
//! In come a [`Library`], a [`Snapshot`] and [`Preferences`]; out goes a [`Plan`]. The same three always give the same
//! plan, whatever order Jellyfin listed its items in.

mod episode;
mod forgotten;
mod movie;
mod notes;
mod titles;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

pub use forgotten::forgotten;
use notes::{BulkMarks, suspicious_match};
pub use titles::{Missing, Titles, add_titles};

use super::{
    events::{Addition, Focus, Origin, PlacedAddition},
    ids::{EpisodeNumber, ItemId, StreamId, TmdbId},
    library::{Found, Library},
    snapshot::{EpisodeItem, Item, ItemFault, LastPlayed, Server, Snapshot, TmdbRef},
    time::{PlayKey, PlayedAt, WatchDate},
    zone::Zone,
};

/// What the person wants of a sync.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    /// In which zone a day begins and ends.
    pub time_zone: Zone,
    /// Whether a possible rewatch waits until the person includes it.
    pub hold_possible_rewatches: bool,
    /// Items that stay out: movies, episodes, or series with all their episodes.
    pub exclude: BTreeSet<ItemId>,
    /// Possible rewatches that come in although they would wait.
    pub include: BTreeSet<ItemId>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            time_zone: Zone::UTC,
            hold_possible_rewatches: false,
            exclude: BTreeSet::new(),
            include: BTreeSet::new(),
        }
    }
}

/// Why a play isn't added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    /// Jellyfin doesn't count it as played.
    NotPlayed,
    /// The default rewatch session has the episode, or another has it for this very viewing.
    AlreadyWatched,
    /// The movie has a session on that day.
    SessionOnThatDate,
    /// The sync added this very play before; its date has since been changed.
    AlreadyImported,
    /// This play, or a session on its day, was removed by hand later.
    RemovedByUser,
    /// Played without a date, and the movie has sessions.
    UndatedAndWatched,
    /// No number says which episode it is.
    NoEpisodeNumber,
    /// The person wants it to stay out.
    Excluded,
    /// More than a day in the future.
    FutureDate,
    /// A date that can't be read.
    UnreadableDate,
    /// It may have been opened rather than watched, and waits for the person's word.
    PossibleRewatch,
}

impl Skip {
    /// The name in JSON and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotPlayed => "not_played",
            Self::AlreadyWatched => "already_watched",
            Self::SessionOnThatDate => "session_on_that_date",
            Self::AlreadyImported => "already_imported",
            Self::RemovedByUser => "removed_by_user",
            Self::UndatedAndWatched => "undated_and_watched",
            Self::NoEpisodeNumber => "no_episode_number",
            Self::Excluded => "excluded",
            Self::FutureDate => "future_date",
            Self::UnreadableDate => "unreadable_date",
            Self::PossibleRewatch => "possible_rewatch",
        }
    }
}

/// Why an item has no title in the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unmatched {
    /// The library lacks it.
    NotInLibrary,
    /// Jellyfin gives no TMDB id.
    NoTmdbId,
    /// What Jellyfin gives as a TMDB id can be none.
    InvalidTmdbId,
    /// The person removed the title from the library.
    RemovedFromLibrary,
}

impl Unmatched {
    /// The name in JSON and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotInLibrary => "not_in_library",
            Self::NoTmdbId => "no_tmdb_id",
            Self::InvalidTmdbId => "invalid_tmdb_id",
            Self::RemovedFromLibrary => "removed_from_library",
        }
    }
}

/// What a person should look at before they import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Note {
    /// From Jellyfin 12 on, opening a watched film moves its date: nothing proves that this was seen to the end.
    PossibleRewatch,
    /// Dated before the title's year.
    SuspiciousDate,
    /// Marked together with others, in the same second.
    BulkMarked,
    /// Name or year are far from the library's under the same id.
    SuspiciousMatch,
    /// The library knows no such episode of the series.
    UnknownEpisode,
    /// A session lay on that day until somebody moved it: perhaps the same viewing.
    SessionMoved,
    /// Jellyfin has no date: the day of the snapshot stands in.
    Undated,
}

impl Note {
    /// The name in JSON and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::PossibleRewatch => "possible_rewatch",
            Self::SuspiciousDate => "suspicious_date",
            Self::BulkMarked => "bulk_marked",
            Self::SuspiciousMatch => "suspicious_match",
            Self::UnknownEpisode => "unknown_episode",
            Self::SessionMoved => "session_moved",
            Self::Undated => "undated",
        }
    }
}

/// What becomes of a play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is added on that day.
    Add {
        /// The day.
        date: WatchDate,
        /// What to look at.
        notes: BTreeSet<Note>,
    },
    /// It isn't.
    Skip(Skip),
}

/// A movie of Jellyfin's that the library has.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedMovie<'a> {
    /// The item.
    pub item: &'a Item,
    /// The movie's stream.
    pub stream: StreamId,
    /// The library's name for it.
    pub name: &'a str,
    /// Whether the library has a session of it already.
    pub has_existing_watch_data: bool,
    /// What becomes of it.
    pub decision: Decision,
}

/// A series of Jellyfin's that the library has.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedSeries<'a> {
    /// The item.
    pub item: &'a Item,
    /// The series' stream.
    pub stream: StreamId,
    /// The library's name for it.
    pub name: &'a str,
    /// Whether the library has a watched episode of it already.
    pub has_existing_watch_data: bool,
    /// What becomes of its episodes, by number.
    pub episodes: Vec<PlannedEpisode<'a>>,
}

/// An episode of Jellyfin's in a series that the library has. A file of two episodes is two of these.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedEpisode<'a> {
    /// The item.
    pub item: &'a EpisodeItem,
    /// Its number; `None` where Jellyfin gives none.
    pub number: Option<EpisodeNumber>,
    /// What becomes of it.
    pub decision: Decision,
}

/// An item without a title in the library.
#[derive(Debug, Clone, PartialEq)]
pub struct UnmatchedItem<'a> {
    /// The item.
    pub item: &'a Item,
    /// Why.
    pub reason: Unmatched,
}

/// What a sync would add, and what it would not and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<'a> {
    /// Movies with a title in the library, by slug, then by item.
    pub movies: Vec<PlannedMovie<'a>>,
    /// Series with a title in the library, by slug, then by item.
    pub series: Vec<PlannedSeries<'a>>,
    /// Movies without one, by name.
    pub unmatched_movies: Vec<UnmatchedItem<'a>>,
    /// Series without one, by name.
    pub unmatched_series: Vec<UnmatchedItem<'a>>,
    /// What couldn't be read.
    pub faults: Vec<ItemFault>,
    /// What is to be appended, in that order: movies, then series, each by slug and date or number.
    pub additions: Vec<PlacedAddition>,
}

impl Plan<'_> {
    /// What becomes of every play, movies first.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        let episodes = self.series.iter().flat_map(|s| s.episodes.iter().map(|e| &e.decision));
        self.movies.iter().map(|m| &m.decision).chain(episodes)
    }

    /// How many additions are of each kind.
    pub fn counts(&self) -> AdditionCounts {
        let mut counts = AdditionCounts::default();
        for added in &self.additions {
            match added.addition {
                Addition::MovieAdded(_) => counts.movies_auto_added += 1,
                Addition::SeriesAdded(_) => counts.series_auto_added += 1,
                Addition::WatchSessionRecorded(..) => counts.movies += 1,
                Addition::EpisodeWatched(..) => counts.episodes += 1,
            }
        }
        counts
    }
}

/// How many additions of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdditionCounts {
    /// Watch sessions.
    pub movies: u64,
    /// Watched episodes.
    pub episodes: u64,
    /// Movies that the library lacked.
    pub movies_auto_added: u64,
    /// Series that the library lacked.
    pub series_auto_added: u64,
}

/// Decides what to add: the one function that this product exists for.
pub fn plan<'a>(
    library: &'a Library,
    snapshot: &'a Snapshot,
    preferences: &'a Preferences,
) -> Plan<'a> {
    let mut plan = Plan {
        movies: Vec::with_capacity(snapshot.movies.len()),
        series: Vec::with_capacity(snapshot.series.len()),
        unmatched_movies: Vec::new(),
        unmatched_series: Vec::new(),
        faults: snapshot.faults.clone(),
        additions: Vec::new(),
    };
    movie::plan_movies(library, snapshot, preferences, &mut plan);
    episode::plan_series(library, snapshot, preferences, &mut plan);
    plan.unmatched_movies
        .sort_by(|a, b| (&a.item.name, &a.item.id).cmp(&(&b.item.name, &b.item.id)));
    plan.unmatched_series
        .sort_by(|a, b| (&a.item.name, &a.item.id).cmp(&(&b.item.name, &b.item.id)));
    plan.faults.sort();
    plan
}

/// A title of the library, and the items that are it: a film may lie in two libraries, a series be split over two.
struct Matched<'a, T, I> {
    title: &'a T,
    items: Vec<&'a I>,
}

/// Finds each item's title, and brings the items of one title together, in the order of TMDB ids.
fn match_titles<'a, T, I>(
    items: &'a [I],
    item: impl Fn(&'a I) -> &'a Item,
    find: impl Fn(TmdbId) -> Found<'a, T>,
    unmatched: &mut Vec<UnmatchedItem<'a>>,
) -> Vec<Matched<'a, T, I>> {
    let mut by_id: BTreeMap<TmdbId, Vec<&'a I>> = BTreeMap::new();
    for one in items {
        let reason = match &item(one).tmdb {
            TmdbRef::Id(id) => {
                by_id.entry(*id).or_default().push(one);
                continue;
            }
            TmdbRef::Missing => Unmatched::NoTmdbId,
            TmdbRef::Invalid(_) => Unmatched::InvalidTmdbId,
        };
        unmatched.push(UnmatchedItem { item: item(one), reason });
    }
    let mut matched = Vec::with_capacity(by_id.len());
    for (id, mut items) in by_id {
        items.sort_by(|a, b| item(a).id.cmp(&item(b).id));
        let reason = match find(id) {
            Found::Active(title) => {
                matched.push(Matched { title, items });
                continue;
            }
            Found::Removed => Unmatched::RemovedFromLibrary,
            Found::Absent => Unmatched::NotInLibrary,
        };
        unmatched.extend(items.into_iter().map(|one| UnmatchedItem { item: item(one), reason }));
    }
    matched
}

/// What the sync needs to know of a play before it looks at the library.
struct Play<'a> {
    /// `None` for a play that nobody knows the instant of.
    at: Option<&'a PlayedAt>,
    /// The day in the person's zone.
    local: WatchDate,
    /// The day in UTC, by which older logs were written.
    utc: WatchDate,
}

impl<'a> Play<'a> {
    /// Reads an item's play. A date up to a day ahead of the snapshot may come from a clock that goes wrong.
    fn read(
        played: bool,
        last: &'a LastPlayed,
        snapshot: &Snapshot,
        zone: &Zone,
    ) -> Result<Self, Skip> {
        let at = match last {
            _ if !played => return Err(Skip::NotPlayed),
            LastPlayed::Unreadable(_) => return Err(Skip::UnreadableDate),
            LastPlayed::At(at) if at.instant() > snapshot.taken_at + TimeDelta::days(1) => {
                return Err(Skip::FutureDate);
            }
            LastPlayed::At(at) => Some(at),
            LastPlayed::Undated => None,
        };
        let instant = at.map_or(snapshot.taken_at, PlayedAt::instant);
        Ok(Self {
            at,
            local: WatchDate::of(instant, zone),
            utc: WatchDate::of(instant, &Zone::UTC),
        })
    }

    fn instant(&self) -> Option<DateTime<Utc>> {
        self.at.map(PlayedAt::instant)
    }

    fn key(&self) -> PlayKey {
        self.instant().map_or(PlayKey::Undated, PlayKey::At)
    }

    fn days(&self) -> [WatchDate; 2] {
        [self.local, self.utc]
    }

    fn origin(&self, server: &Server, item: &ItemId) -> Origin {
        Origin { server: server.id.clone(), item: item.clone(), played_at: self.at.cloned() }
    }

    /// Whether this play takes a title out of focus: only one that is known to have come later.
    fn clears(&self, in_focus_since: Option<DateTime<Utc>>) -> Focus {
        match (self.instant(), in_focus_since) {
            (Some(played_at), Some(since)) if played_at > since => Focus::Clears,
            (Some(_) | None, Some(_) | None) => Focus::Stays,
        }
    }
}

/// An item whose date can't be read, as the answer reports it.
fn unreadable(id: &ItemId, name: &str, last: &LastPlayed) -> Option<ItemFault> {
    let LastPlayed::Unreadable(text) = last else { return None };
    let message = format!(
        "Jellyfin's date of the last play, `{text}`, can't be read: mark the item played again there"
    );
    Some(ItemFault { item_id: Some(id.clone()), name: name.to_owned(), message })
}

/// Whether the person wants it to stay out: they may name the item or the series that it belongs to.
fn is_excluded(preferences: &Preferences, ids: &[&ItemId]) -> bool {
    ids.iter().any(|id| preferences.exclude.contains(*id))
}

//! A series folded from its stream: its rewatch sessions, and what is known of plays that came and
//! went.

mod evolve;
mod watched;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{Standing, WatchOrigin, WatchProgress};
use crate::domain::{
    events::SeriesAdded,
    ids::{EpisodeNumber, ItemId, StreamId, TmdbId},
    time::PlayKey,
};
pub use watched::WatchedEpisodes;

/// One time through a series.
#[derive(Debug, Clone, PartialEq)]
pub struct RewatchSession {
    /// Its id; the first is [`Self::FIRST`].
    pub id: Box<str>,
    /// What the person calls it.
    pub name: Option<String>,
    /// Slugs of the friends who watch too.
    pub friends: BTreeSet<Box<str>>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Watched episodes and their days.
    pub watched: WatchedEpisodes,
}

impl RewatchSession {
    /// The id of a series' first rewatch session. In spite of it, another one may be the default
    /// now.
    pub const FIRST: &str = "default";

    /// Whether it is the series' first.
    pub fn is_first(&self) -> bool {
        &*self.id == Self::FIRST
    }
}

/// A season as the library knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    /// Its name.
    pub name: Box<str>,
    /// Names of its episodes by their numbers.
    pub episodes: BTreeMap<i32, Box<str>>,
}

/// A play of an episode that the sync once added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedEpisode {
    /// The play.
    pub key: PlayKey,
    /// Jellyfin's item.
    pub item: ItemId,
}

/// A series of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its stream.
    pub stream: StreamId,
    /// Its name.
    pub name: Box<str>,
    /// Year of the first episode.
    pub year: i32,
    /// What it is about.
    pub overview: Box<str>,
    /// Genres by name.
    pub genres: Vec<String>,
    /// `Returning`, `Ended`, `Canceled`, `InProduction`, `Planned` or `Unknown`.
    pub status: Box<str>,
    /// Where Mediatheca keeps the poster.
    pub poster_ref: Option<String>,
    /// Where Mediatheca keeps the backdrop.
    pub backdrop_ref: Option<String>,
    /// Its number at TMDB; `None` if the log holds no valid one.
    pub tmdb_id: Option<TmdbId>,
    /// TMDB's rating, 0 to 10.
    pub tmdb_rating: Option<f64>,
    /// Minutes.
    pub episode_runtime: Option<i32>,
    /// The person's own rating.
    pub personal_rating: Option<i32>,
    /// Slugs of the friends who recommended it.
    pub recommended_by: BTreeSet<Box<str>>,
    /// Slugs of the friends to watch it with.
    pub want_to_watch_with: BTreeSet<Box<str>>,
    /// Since when it is in focus, if it is.
    pub in_focus_since: Option<DateTime<Utc>>,
    /// Whether the person gave it up.
    pub abandoned: bool,
    /// Whether the person has since removed it.
    pub standing: Standing,
    /// Its seasons, as they were known when it was added.
    ///
    /// Shared between copies, as no event changes them.
    pub seasons: Arc<BTreeMap<i32, Season>>,
    rewatches: Vec<RewatchSession>,
    default_rewatch: usize,
    imported: BTreeMap<EpisodeNumber, Vec<ImportedEpisode>>,
    /// Episodes that the person un-watched, by rewatch session, and when.
    unwatched: BTreeMap<EpisodeNumber, Vec<Unwatched>>,
}

/// An episode's mark, taken back by the person.
#[derive(Debug, Clone, PartialEq)]
struct Unwatched {
    rewatch: Box<str>,
    at: DateTime<Utc>,
}

impl Series {
    pub(super) fn added(stream: StreamId, data: SeriesAdded<'_>, at: DateTime<Utc>) -> Self {
        let seasons = data.seasons.into_iter().map(|season| {
            let episodes =
                season.episodes.into_iter().map(|e| (e.episode_number.0, e.name.into())).collect();
            (season.season_number.0, Season { name: season.name.into(), episodes })
        });
        Self {
            stream,
            name: data.name.into(),
            year: data.year,
            overview: data.overview.into(),
            genres: data.genres,
            status: data.status.into(),
            poster_ref: data.poster_ref,
            backdrop_ref: data.backdrop_ref,
            tmdb_id: TmdbId::new(data.tmdb_id),
            tmdb_rating: data.tmdb_rating,
            episode_runtime: data.episode_runtime,
            personal_rating: None,
            recommended_by: BTreeSet::new(),
            want_to_watch_with: BTreeSet::new(),
            in_focus_since: None,
            abandoned: false,
            standing: Standing::Active,
            seasons: Arc::new(seasons.collect()),
            rewatches: vec![RewatchSession::new(RewatchSession::FIRST, None, BTreeSet::new(), at)],
            default_rewatch: 0,
            imported: BTreeMap::new(),
            unwatched: BTreeMap::new(),
        }
    }

    /// Its rewatch sessions, in the order in which they were made.
    pub fn rewatches(&self) -> &[RewatchSession] {
        &self.rewatches
    }

    /// The default rewatch session: the one that plays are added to.
    pub fn default_rewatch(&self) -> &RewatchSession {
        &self.rewatches[self.default_rewatch]
    }

    /// Whether any episode is watched in any rewatch session.
    pub fn has_watched_episodes(&self) -> bool {
        self.rewatches.iter().any(|r| !r.watched.is_empty())
    }

    /// Whether the sync once added that very play.
    pub fn has_imported(&self, number: EpisodeNumber, key: PlayKey) -> bool {
        self.imported.get(&number).is_some_and(|plays| plays.iter().any(|play| play.key == key))
    }

    /// Every play of an episode that the sync ever added.
    pub fn imported_plays(&self) -> impl Iterator<Item = &ImportedEpisode> {
        self.imported.values().flatten()
    }

    /// Whether the person un-watched the episode after that instant; without an instant, whether
    /// they ever did.
    pub fn unwatched_after(&self, number: EpisodeNumber, played_at: Option<DateTime<Utc>>) -> bool {
        let undone = self.unwatched.get(&number).map_or(&[][..], Vec::as_slice);
        undone.iter().any(|undone| played_at.is_none_or(|played_at| undone.at >= played_at))
    }

    /// Whether the library knows some episodes of the series, but not this one.
    pub fn misses_episode(&self, number: EpisodeNumber) -> bool {
        !self.seasons.is_empty()
            && !self
                .seasons
                .get(&number.season)
                .is_some_and(|season| season.episodes.contains_key(&number.episode))
    }

    /// Where a watched episode came from.
    pub fn origin(&self, number: EpisodeNumber) -> WatchOrigin<'_> {
        let play = self.imported.get(&number).and_then(|plays| plays.last());
        play.map_or(WatchOrigin::Manual, |play| WatchOrigin::Jellyfin(&play.item))
    }

    /// How many episodes the library knows, without the specials.
    pub fn regular_episodes(&self) -> usize {
        self.seasons.range(1..).map(|(_, season)| season.episodes.len()).sum()
    }

    /// How far a rewatch session has come. Specials don't keep a series from being watched.
    pub fn progress_of(&self, rewatch: &RewatchSession) -> WatchProgress {
        let regular = self.regular_episodes();
        let mut known = self.seasons.range(1..).flat_map(|(season, known)| {
            known
                .episodes
                .keys()
                .map(|episode| EpisodeNumber { season: *season, episode: *episode })
        });
        if rewatch.watched.is_empty() {
            WatchProgress::Unwatched
        } else if regular > 0
            && rewatch.watched.len() >= regular
            && known.all(|number| rewatch.watched.day(number).is_some())
        {
            WatchProgress::Watched
        } else {
            WatchProgress::InProgress
        }
    }
}

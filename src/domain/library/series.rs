//! A series folded from its stream: its rewatch sessions, and what is known of plays that came and went.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;

use super::{Progress, Standing};
use crate::domain::{
    events::{Provenance, SeriesAdded, SeriesEvent},
    ids::{EpisodeNumber, ItemId, StreamId, TmdbId},
    time::{PlayKey, WatchDate},
};

/// One time through a series.
#[derive(Debug, Clone)]
pub struct RewatchSession {
    /// Its id; the first is called `default`, which says nothing about which one is the default now.
    pub id: Box<str>,
    /// What the person calls it.
    pub name: Option<String>,
    /// Slugs of those who watch too.
    pub friends: BTreeSet<Box<str>>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Watched episodes and their days.
    pub watched: WatchedEpisodes,
}

/// Watched episodes and their days. A hash table while the fold fills it, as a large log marks hundreds of thousands;
/// in the order of their numbers when somebody reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchedEpisodes(FxHashMap<EpisodeNumber, WatchDate>);

impl WatchedEpisodes {
    /// The day on which an episode was watched, if it was.
    pub fn day(&self, number: EpisodeNumber) -> Option<WatchDate> {
        self.0.get(&number).copied()
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = (EpisodeNumber, WatchDate)> {
        let mut all: Vec<_> = self.0.iter().map(|(number, date)| (*number, *date)).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// All of them, in no order.
    pub fn iter_unordered(&self) -> impl Iterator<Item = (EpisodeNumber, WatchDate)> {
        self.0.iter().map(|(number, date)| (*number, *date))
    }

    /// The days alone, in no order.
    pub fn days(&self) -> impl Iterator<Item = WatchDate> {
        self.0.values().copied()
    }

    /// The latest of the days.
    pub fn last_day(&self) -> Option<WatchDate> {
        self.days().max()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A season as the library knows it.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
    /// Its number at TMDB; `None` where the log holds none that can be one.
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
    pub seasons: BTreeMap<i32, Season>,
    rewatches: Vec<RewatchSession>,
    default_rewatch: usize,
    imported: BTreeMap<EpisodeNumber, Vec<ImportedEpisode>>,
    /// Episodes that somebody un-watched, by rewatch session, and when.
    unwatched: BTreeMap<EpisodeNumber, Vec<Unwatched>>,
}

/// An episode's mark taken back.
#[derive(Debug, Clone)]
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
            seasons: seasons.collect(),
            rewatches: vec![RewatchSession::new("default", None, BTreeSet::new(), at)],
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

    /// Whether somebody un-watched the episode after that instant; at any time, for no instant.
    pub fn unwatched_after(&self, number: EpisodeNumber, played_at: Option<DateTime<Utc>>) -> bool {
        let undone = self.unwatched.get(&number).map_or(&[][..], Vec::as_slice);
        undone.iter().any(|undone| played_at.is_none_or(|played_at| undone.at >= played_at))
    }

    /// Whether the library knows no such episode, though it knows some.
    pub fn lacks_episode(&self, number: EpisodeNumber) -> bool {
        !self.seasons.is_empty()
            && !self
                .seasons
                .get(&number.season)
                .is_some_and(|season| season.episodes.contains_key(&number.episode))
    }

    /// Jellyfin's item of an episode that the sync added.
    pub fn imported_item(&self, number: EpisodeNumber) -> Option<&ItemId> {
        self.imported.get(&number)?.last().map(|play| &play.item)
    }

    /// How many episodes the library knows, specials apart.
    pub fn regular_episodes(&self) -> usize {
        self.seasons.range(1..).map(|(_, season)| season.episodes.len()).sum()
    }

    /// How far a rewatch session has come. Specials don't keep a series from being watched.
    pub fn progress_of(&self, rewatch: &RewatchSession) -> Progress {
        let regular = self.regular_episodes();
        let mut known = self.seasons.range(1..).flat_map(|(season, known)| {
            known
                .episodes
                .keys()
                .map(|episode| EpisodeNumber { season: *season, episode: *episode })
        });
        if rewatch.watched.is_empty() {
            Progress::Unwatched
        } else if regular > 0
            && rewatch.watched.len() >= regular
            && known.all(|number| rewatch.watched.day(number).is_some())
        {
            Progress::Watched
        } else {
            Progress::InProgress
        }
    }

    fn watch(
        &mut self,
        rewatch: &str,
        number: EpisodeNumber,
        date: WatchDate,
        from: Option<Provenance>,
    ) {
        self.watch_in(|id| *id == *rewatch, number, date, from);
    }

    /// Watching an episode in a rewatch session that doesn't exist counts for nothing.
    pub(super) fn watch_in(
        &mut self,
        is: impl Fn(&str) -> bool,
        number: EpisodeNumber,
        date: WatchDate,
        from: Option<Provenance>,
    ) {
        let Some(session) = self.rewatches.iter_mut().find(|r| is(&r.id)) else { return };
        session.watched.0.insert(number, date);
        if let Some(Provenance { item, key }) = from {
            self.imported.entry(number).or_default().push(ImportedEpisode { key, item });
        }
        if !self.unwatched.is_empty()
            && let Entry::Occupied(mut undone) = self.unwatched.entry(number)
        {
            undone.get_mut().retain(|undone| undone.rewatch != session.id);
            if undone.get().is_empty() {
                undone.remove();
            }
        }
    }

    fn unwatch(&mut self, rewatch: &str, number: EpisodeNumber, at: DateTime<Utc>) {
        let Some(index) = self.position(rewatch) else { return };
        if self.rewatches[index].watched.0.remove(&number).is_some() {
            self.unwatched
                .entry(number)
                .or_default()
                .push(Unwatched { rewatch: rewatch.into(), at });
        }
    }

    fn unwatch_all(
        &mut self,
        rewatch: &str,
        of: impl Fn(EpisodeNumber) -> bool,
        at: DateTime<Utc>,
    ) {
        let Some(index) = self.position(rewatch) else { return };
        let gone: Vec<_> = self.rewatches[index]
            .watched
            .iter()
            .map(|(number, _)| number)
            .filter(|number| of(*number))
            .collect();
        gone.into_iter().for_each(|number| self.unwatch(rewatch, number, at));
    }

    /// Takes in one event; what comes after the series was removed counts for nothing.
    pub(super) fn evolve(
        &mut self,
        event: SeriesEvent<'_>,
        from: Option<Provenance>,
        at: DateTime<Utc>,
    ) {
        if self.standing == Standing::Removed {
            return;
        }
        match event {
            SeriesEvent::Added(_) => {}
            SeriesEvent::Removed => self.standing = Standing::Removed,
            SeriesEvent::Categorized(e) => {
                self.genres = e.genres.into_iter().map(Into::into).collect()
            }
            SeriesEvent::PosterReplaced(e) => self.poster_ref = Some(e.poster_ref.into()),
            SeriesEvent::BackdropReplaced(e) => self.backdrop_ref = Some(e.backdrop_ref.into()),
            SeriesEvent::RecommendedBy(e) => {
                self.recommended_by.insert(e.friend_slug.into());
            }
            SeriesEvent::RecommendationRemoved(e) => {
                self.recommended_by.remove(&*e.friend_slug);
            }
            SeriesEvent::WantToWatchWith(e) => {
                self.want_to_watch_with.insert(e.friend_slug.into());
            }
            SeriesEvent::RemovedWantToWatchWith(e) => {
                self.want_to_watch_with.remove(&*e.friend_slug);
            }
            SeriesEvent::PersonalRatingSet(e) => self.personal_rating = e.rating,
            SeriesEvent::RewatchSessionCreated(e) => {
                if self.position(&e.rewatch_id).is_none() {
                    let friends = e.friend_slugs.into_iter().map(Into::into).collect();
                    self.rewatches.push(RewatchSession::new(&e.rewatch_id, e.name, friends, at));
                }
            }
            SeriesEvent::RewatchSessionRemoved(e) => self.remove_rewatch(&e.rewatch_id, at),
            SeriesEvent::DefaultRewatchSessionChanged(e) => {
                self.default_rewatch = self.position(&e.rewatch_id).unwrap_or(self.default_rewatch);
            }
            SeriesEvent::RewatchSessionFriendAdded(e) => {
                if let Some(index) = self.position(&e.rewatch_id) {
                    self.rewatches[index].friends.insert(e.friend_slug.into());
                }
            }
            SeriesEvent::RewatchSessionFriendRemoved(e) => {
                if let Some(index) = self.position(&e.rewatch_id) {
                    self.rewatches[index].friends.remove(&*e.friend_slug);
                }
            }
            SeriesEvent::EpisodeWatched(e) => self.watch(&e.rewatch_id, e.number(), e.date.0, from),
            SeriesEvent::EpisodeUnwatched(e) => self.unwatch(&e.rewatch_id, e.number(), at),
            SeriesEvent::SeasonMarkedWatched(e) => {
                let season = e.season_number.0;
                let episodes: Vec<i32> = self
                    .seasons
                    .get(&season)
                    .into_iter()
                    .flat_map(|s| s.episodes.keys().copied())
                    .collect();
                for episode in episodes {
                    self.watch(&e.rewatch_id, EpisodeNumber { season, episode }, e.date.0, None);
                }
            }
            SeriesEvent::EpisodesWatchedUpTo(e) => {
                let EpisodeNumber { season, episode: last } = e.number();
                for episode in 1..=last.min(MOST_EPISODES_OF_A_SEASON) {
                    self.watch(&e.rewatch_id, EpisodeNumber { season, episode }, e.date.0, None);
                }
            }
            SeriesEvent::SeasonMarkedUnwatched(e) => {
                self.unwatch_all(&e.rewatch_id, |number| number.season == e.season_number.0, at);
            }
            SeriesEvent::EpisodeWatchedDateChanged(e) => {
                if let Some(index) = self.position(&e.rewatch_id)
                    && let Some(date) = self.rewatches[index].watched.0.get_mut(&e.number())
                {
                    *date = e.date.0;
                }
            }
            SeriesEvent::Abandoned => self.abandoned = true,
            SeriesEvent::Unabandoned => self.abandoned = false,
            SeriesEvent::InFocusSet => self.in_focus_since = Some(at),
            SeriesEvent::InFocusCleared => self.in_focus_since = None,
            SeriesEvent::Refreshed(e) => {
                if let Some(status) = e.new_status {
                    self.status = status.into();
                }
            }
        }
    }

    fn position(&self, rewatch: &str) -> Option<usize> {
        self.rewatches.iter().position(|r| *r.id == *rewatch)
    }

    /// The default session can't be removed (`docs/event-log.md`); a log that says so all the same keeps it.
    fn remove_rewatch(&mut self, rewatch: &str, at: DateTime<Utc>) {
        let Some(index) = self.position(rewatch).filter(|index| *index != self.default_rewatch)
        else {
            return;
        };
        self.unwatch_all(rewatch, |_| true, at);
        self.rewatches.remove(index);
        if self.default_rewatch > index {
            self.default_rewatch -= 1;
        }
    }
}

/// "Up to episode two thousand million" must not fill the memory; the longest season on record has some 4,000.
const MOST_EPISODES_OF_A_SEASON: i32 = 20_000;

impl RewatchSession {
    fn new(
        id: &str,
        name: Option<String>,
        friends: BTreeSet<Box<str>>,
        created: DateTime<Utc>,
    ) -> Self {
        Self { id: id.into(), name, friends, created, watched: WatchedEpisodes::default() }
    }
}

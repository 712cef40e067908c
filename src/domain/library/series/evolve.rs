//! What each event does to a series.

use std::collections::{BTreeSet, btree_map::Entry};

use chrono::{DateTime, Utc};

use super::{ImportedEpisode, RewatchSession, Series, Unwatched, WatchedEpisodes};
use crate::domain::{
    events::{EpisodeOn, Provenance, RewatchSessionCreated, SeasonOn, SeriesEvent},
    ids::EpisodeNumber,
    library::Standing,
    time::WatchDate,
};

/// A season has no more episodes: "up to episode two thousand million" must not fill the memory,
/// and the longest season on record has some 4,000.
const MOST_EPISODES_OF_A_SEASON: i32 = 20_000;

impl Series {
    /// Takes in one event. Events behind the series' removal count for nothing.
    pub(in crate::domain::library) fn evolve(
        &mut self,
        event: SeriesEvent<'_>,
        from: Option<Provenance>,
        at: DateTime<Utc>,
    ) {
        use SeriesEvent as E;
        if self.standing == Standing::Removed {
            return;
        }
        match event {
            E::Added(_) => {}
            E::Removed => self.standing = Standing::Removed,
            E::Categorized(e) => self.genres = e.genres.into_iter().map(Into::into).collect(),
            E::PosterReplaced(e) => self.poster_ref = Some(e.poster_ref.into()),
            E::BackdropReplaced(e) => self.backdrop_ref = Some(e.backdrop_ref.into()),
            E::Refreshed(e) => self.refresh(e.new_status.as_deref()),
            E::PersonalRatingSet(e) => self.personal_rating = e.rating,
            E::Abandoned => self.abandoned = true,
            E::Unabandoned => self.abandoned = false,
            E::InFocusSet => self.in_focus_since = Some(at),
            E::InFocusCleared => self.in_focus_since = None,
            E::RecommendedBy(e) => add(&mut self.recommended_by, &e.friend_slug),
            E::RecommendationRemoved(e) => take(&mut self.recommended_by, &e.friend_slug),
            E::WantToWatchWith(e) => add(&mut self.want_to_watch_with, &e.friend_slug),
            E::RemovedWantToWatchWith(e) => take(&mut self.want_to_watch_with, &e.friend_slug),
            E::RewatchSessionCreated(e) => self.create_rewatch(e, at),
            E::RewatchSessionRemoved(e) => self.remove_rewatch(&e.rewatch_id, at),
            E::DefaultRewatchSessionChanged(e) => self.choose_default(&e.rewatch_id),
            E::RewatchSessionFriendAdded(e) => {
                self.change(&e.rewatch_id, |rewatch| add(&mut rewatch.friends, &e.friend_slug));
            }
            E::RewatchSessionFriendRemoved(e) => {
                self.change(&e.rewatch_id, |rewatch| take(&mut rewatch.friends, &e.friend_slug));
            }
            E::EpisodeWatched(e) => {
                self.watch(e.rewatch_id.as_bytes(), e.number(), e.date.0, from);
            }
            E::EpisodeUnwatched(e) => self.unwatch(&e.rewatch_id, e.number(), at),
            E::SeasonMarkedWatched(e) => self.watch_season(&e),
            E::EpisodesWatchedUpTo(e) => self.watch_up_to(&e),
            E::SeasonMarkedUnwatched(e) => {
                self.unwatch_all(&e.rewatch_id, |number| number.season == e.season_number.0, at);
            }
            E::EpisodeWatchedDateChanged(e) => self.change_day(&e),
        }
    }

    /// Marks an episode as watched. In a rewatch session that doesn't exist, that counts for
    /// nothing.
    pub(in crate::domain::library) fn watch(
        &mut self,
        rewatch: &[u8],
        number: EpisodeNumber,
        date: WatchDate,
        from: Option<Provenance>,
    ) {
        let Some(session) = self.rewatches.iter_mut().find(|r| r.id.as_bytes() == rewatch) else {
            return;
        };
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

    fn watch_season(&mut self, e: &SeasonOn<'_>) {
        let season = e.season_number.0;
        let seasons = self.seasons.clone();
        let known = seasons.get(&season).into_iter().flat_map(|season| season.episodes.keys());
        for episode in known {
            let number = EpisodeNumber { season, episode: *episode };
            self.watch(e.rewatch_id.as_bytes(), number, e.date.0, None);
        }
    }

    fn watch_up_to(&mut self, e: &EpisodeOn<'_>) {
        let EpisodeNumber { season, episode: last } = e.number();
        for episode in 1..=last.min(MOST_EPISODES_OF_A_SEASON) {
            let number = EpisodeNumber { season, episode };
            self.watch(e.rewatch_id.as_bytes(), number, e.date.0, None);
        }
    }

    fn change_day(&mut self, e: &EpisodeOn<'_>) {
        self.change(&e.rewatch_id, |rewatch| {
            if let Some(date) = rewatch.watched.0.get_mut(&e.number()) {
                *date = e.date.0;
            }
        });
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

    fn create_rewatch(&mut self, e: RewatchSessionCreated<'_>, at: DateTime<Utc>) {
        if self.position(&e.rewatch_id).is_none() {
            let friends = e.friend_slugs.into_iter().map(Into::into).collect();
            self.rewatches.push(RewatchSession::new(&e.rewatch_id, e.name, friends, at));
        }
    }

    /// The default session can't be removed (`docs/event-log.md`, "Series events"); a log that says
    /// so keeps it.
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

    fn choose_default(&mut self, rewatch: &str) {
        self.default_rewatch = self.position(rewatch).unwrap_or(self.default_rewatch);
    }

    fn refresh(&mut self, status: Option<&str>) {
        if let Some(status) = status {
            self.status = status.into();
        }
    }

    /// Changes a rewatch session, if it exists.
    fn change(&mut self, rewatch: &str, change: impl FnOnce(&mut RewatchSession)) {
        if let Some(index) = self.position(rewatch) {
            change(&mut self.rewatches[index]);
        }
    }

    fn position(&self, rewatch: &str) -> Option<usize> {
        self.rewatches.iter().position(|r| *r.id == *rewatch)
    }
}

fn add(friends: &mut BTreeSet<Box<str>>, slug: &str) {
    friends.insert(slug.into());
}

fn take(friends: &mut BTreeSet<Box<str>>, slug: &str) {
    friends.remove(slug);
}

impl RewatchSession {
    pub(super) fn new(
        id: &str,
        name: Option<String>,
        friends: BTreeSet<Box<str>>,
        created: DateTime<Utc>,
    ) -> Self {
        Self { id: id.into(), name, friends, created, watched: WatchedEpisodes::default() }
    }
}

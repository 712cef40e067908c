//! One series: its played episodes become watched ones in the default rewatch session, unless they are already, or the
//! person said no.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    BulkMarks, Decision, Matched, Note, Plan, PlannedEpisode, PlannedSeries, Play, Preferences,
    Skip, is_excluded, match_titles, suspicious_match, unreadable,
};
use crate::domain::{
    events::{Addition, Focus, PlacedAddition, WatchedEpisodeToAdd},
    ids::EpisodeNumber,
    library::{Library, Series},
    snapshot::{EpisodeItem, LastPlayed, SeriesItem, Snapshot},
};

pub(super) fn plan_series<'a>(
    library: &'a Library,
    snapshot: &'a Snapshot,
    preferences: &Preferences,
    plan: &mut Plan<'a>,
) {
    let find = |id| library.series_by_tmdb(id);
    let mut matched =
        match_titles(&snapshot.series, |series| &series.item, find, &mut plan.unmatched_series);
    matched.sort_by(|a, b| a.title.stream.cmp(&b.title.stream));
    for Matched { title, items } in matched {
        plan_one(title, items, snapshot, preferences, plan);
    }
}

/// One episode number that an item stands for.
struct Row<'a> {
    owner: usize,
    item: &'a EpisodeItem,
    number: Option<EpisodeNumber>,
    play: Result<Play<'a>, Skip>,
}

fn plan_one<'a>(
    series: &'a Series,
    items: Vec<&'a SeriesItem>,
    snapshot: &'a Snapshot,
    preferences: &Preferences,
    plan: &mut Plan<'a>,
) {
    let episodes = || items.iter().flat_map(|series| &series.episodes);
    let bulk = BulkMarks::of(
        episodes().filter(|e| e.played).map(|e| ((e.season, e.episode), &e.last_played)),
    );
    for episode in episodes() {
        plan.faults.extend(unreadable(
            &episode.id,
            &format!("{}: {}", series.name, episode.name),
            &episode.last_played,
        ));
    }
    let mut rows = rows(&items, snapshot, preferences);
    // By number; of two copies of an episode the earlier play first, the undated last.
    rows.sort_by_key(|row| {
        let instant = row.play.as_ref().ok().map(|play| (play.at.is_none(), play.instant()));
        (row.number.is_none(), row.number, instant.is_none(), instant, &row.item.id)
    });
    let mut planned =
        Planned { series, numbers: BTreeSet::new(), in_focus_since: series.in_focus_since };
    let far = suspicious_matches(series, &items);
    let mut decided: BTreeMap<usize, Vec<PlannedEpisode<'a>>> = BTreeMap::new();
    for row in rows {
        let decision = match (&row.play, row.number) {
            _ if is_excluded(preferences, &[&row.item.id, &items[row.owner].item.id]) => {
                Decision::Skip(Skip::Excluded)
            }
            (Err(skip), _) => Decision::Skip(*skip),
            (Ok(_), None) => Decision::Skip(Skip::NoEpisodeNumber),
            (Ok(play), Some(number)) => match planned.decide(number, play) {
                Err(skip) => Decision::Skip(skip),
                Ok(mut notes) => {
                    notes.extend(bulk.note(&row.item.last_played));
                    notes.extend(far.contains(&row.owner).then_some(Note::SuspiciousMatch));
                    plan.additions.push(planned.addition(number, row.item, play, snapshot));
                    Decision::Add { date: play.local, notes }
                }
            },
        };
        let episode = PlannedEpisode { item: row.item, number: row.number, decision };
        decided.entry(row.owner).or_default().push(episode);
    }
    for (owner, series_item) in items.iter().enumerate() {
        plan.series.push(PlannedSeries {
            item: &series_item.item,
            stream: series.stream.clone(),
            name: &series.name,
            has_existing_watch_data: series.has_watched_episodes(),
            episodes: decided.remove(&owner).unwrap_or_default(),
        });
    }
}

fn rows<'a>(
    items: &[&'a SeriesItem],
    snapshot: &Snapshot,
    preferences: &Preferences,
) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (owner, series) in items.iter().enumerate() {
        for item in &series.episodes {
            let play =
                || Play::read(item.played, &item.last_played, snapshot, &preferences.time_zone);
            let (Some(season), Some(first)) = (item.season, item.episode) else {
                rows.push(Row { owner, item, number: None, play: play() });
                continue;
            };
            for episode in first..=item.episode_end.unwrap_or(first) {
                rows.push(Row {
                    owner,
                    item,
                    number: Some(EpisodeNumber { season, episode }),
                    play: play(),
                });
            }
        }
    }
    rows
}

fn suspicious_matches(series: &Series, items: &[&SeriesItem]) -> BTreeSet<usize> {
    let far = |item: &&SeriesItem| suspicious_match(&item.item, &series.name, series.year);
    items.iter().enumerate().filter(|(_, item)| far(item)).map(|(owner, _)| owner).collect()
}

/// A series with the episodes that this plan marks watched in it.
struct Planned<'a> {
    series: &'a Series,
    numbers: BTreeSet<EpisodeNumber>,
    in_focus_since: Option<DateTime<Utc>>,
}

impl Planned<'_> {
    /// Says what to look at where the play is to be added, else why it isn't.
    fn decide(&self, number: EpisodeNumber, play: &Play<'_>) -> Result<BTreeSet<Note>, Skip> {
        let series = self.series;
        let default = series.default_rewatch();
        if self.numbers.contains(&number) || default.watched.day(number).is_some() {
            return Err(Skip::AlreadyWatched);
        }
        let mut watched =
            series.rewatches().iter().filter_map(|rewatch| rewatch.watched.day(number)).peekable();
        let somewhere = watched.peek().is_some();
        let before_default = play.instant().is_none_or(|played_at| played_at < default.created);
        if watched.any(|day| play.at.is_some() && play.days().contains(&day))
            || (somewhere && before_default)
        {
            return Err(Skip::AlreadyWatched);
        }
        if series.has_imported(number, play.key()) {
            return Err(if somewhere { Skip::AlreadyImported } else { Skip::RemovedByUser });
        }
        if series.unwatched_after(number, play.instant()) {
            return Err(Skip::RemovedByUser);
        }
        let mut notes = BTreeSet::new();
        match play.instant() {
            None => drop(notes.insert(Note::Undated)),
            Some(_) if play.local.year() < series.year => drop(notes.insert(Note::SuspiciousDate)),
            Some(_) => {}
        }
        if series.lacks_episode(number) {
            notes.insert(Note::UnknownEpisode);
        }
        Ok(notes)
    }

    fn addition(
        &mut self,
        number: EpisodeNumber,
        item: &EpisodeItem,
        play: &Play<'_>,
        snapshot: &Snapshot,
    ) -> PlacedAddition {
        self.numbers.insert(number);
        let focus = play.clears(self.in_focus_since);
        if focus == Focus::Clears {
            self.in_focus_since = None;
        }
        let watch = WatchedEpisodeToAdd {
            rewatch: self.series.default_rewatch().id.clone(),
            number,
            date: play.local,
        };
        PlacedAddition {
            stream: self.series.stream.clone(),
            addition: Addition::EpisodeWatched(watch, focus),
            origin: play.origin(&snapshot.server, &item.id),
        }
    }
}

/// Bulk marks are told by the item's date alone.
impl BulkMarks {
    pub(super) fn note(&self, last: &LastPlayed) -> Option<Note> {
        self.contains(last).then_some(Note::BulkMarked)
    }
}

//! One series: its plays become watched episodes of the default rewatch session, unless the library
//! has them or the person said no.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    DatedPlay, Decision, Input, Note, Plan, PlannedEpisode, PlannedSeries, Skip,
    matching::{Matched, is_suspicious, match_titles},
    notes::BulkMarks,
    play::{oldest_first, unreadable_date},
};
use crate::domain::{
    events::{Addition, Focus, PlacedAddition, WatchedEpisodeToAdd},
    ids::EpisodeNumber,
    library::Series,
    snapshot::{EpisodeItem, Item, ItemFault, SeriesItem, Server},
};

/// Decides about all series of a snapshot.
pub(super) fn plan_series<'a>(input: &Input<'a>, plan: &mut Plan<'a>) {
    let find = |id| input.library.series_by_tmdb(id);
    let items = &input.snapshot.catalog.series;
    let mut matched = match_titles(items, find, &mut plan.unmatched_series);
    matched.sort_by(|a, b| a.title.stream.cmp(&b.title.stream));
    for series in matched {
        plan_one(series, input, plan);
    }
}

fn plan_one<'a>(
    Matched { title: series, items }: Matched<'a, Series, SeriesItem>,
    input: &Input<'a>,
    plan: &mut Plan<'a>,
) {
    plan.faults.extend(unreadable_dates(series, &items));
    let bulk = bulk_marks(&items, input);
    let mut rows = rows(&items, input);
    // By number; of two copies of an episode the earlier play first, the undated last.
    rows.sort_by_key(|row| {
        let order = row.play.as_ref().ok().map(oldest_first);
        (row.number.is_none(), row.number, order.is_none(), order, &row.item.id)
    });
    let mut decider =
        SeriesDecider { series, numbers: BTreeSet::new(), in_focus_since: series.in_focus_since };
    let mut planned: Vec<_> = items.iter().map(|one| planned_series(series, &one.item)).collect();
    for row in rows {
        let decision = match decider.decide(&row, input, &bulk) {
            Err(skip) => Decision::Skip(skip),
            Ok((number, play, notes)) => {
                let server = &input.snapshot.server;
                plan.additions.push(decider.add(number, row.item, &play, server));
                Decision::Add { date: play.date, notes }
            }
        };
        let episode = PlannedEpisode { item: row.item, number: row.number, decision };
        planned[row.owner].episodes.push(episode);
    }
    plan.series.append(&mut planned);
}

fn planned_series<'a>(series: &'a Series, item: &'a Item) -> PlannedSeries<'a> {
    PlannedSeries {
        item,
        stream: series.stream.clone(),
        name: &series.name,
        has_existing_watch_data: series.has_watched_episodes(),
        episodes: Vec::new(),
    }
}

fn unreadable_dates(series: &Series, items: &[&SeriesItem]) -> Vec<ItemFault> {
    let episodes = items.iter().flat_map(|series| &series.episodes);
    let faults = episodes.filter_map(|episode| {
        let mut fault = unreadable_date(&episode.id, &episode.name, &episode.state)?;
        fault.name = format!("{}: {}", series.name, episode.name);
        Some(fault)
    });
    faults.collect()
}

fn bulk_marks(items: &[&SeriesItem], input: &Input<'_>) -> BulkMarks {
    let episodes = items.iter().flat_map(|series| &series.episodes);
    BulkMarks::of(episodes.flat_map(|episode| {
        input.plays(&episode.id).map(|play| ((episode.season, episode.episode), play))
    }))
}

/// A play of one episode number; or an episode without a play, and why it has none.
struct Row<'a> {
    /// The place of the series' item among the items of this title.
    owner: usize,
    series: &'a Item,
    item: &'a EpisodeItem,
    number: Option<EpisodeNumber>,
    play: Result<DatedPlay<'a>, Skip>,
}

/// A row for each play and each number that its file holds.
fn rows<'a>(items: &[&'a SeriesItem], input: &Input<'a>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (owner, series) in items.iter().enumerate() {
        for item in &series.episodes {
            for play in input.dated_plays(&item.id, &item.state) {
                let row = |number| Row { owner, series: &series.item, item, number, play };
                let (Some(season), Some(first)) = (item.season, item.episode) else {
                    rows.push(row(None));
                    continue;
                };
                let numbers = first..=item.episode_end.unwrap_or(first);
                rows.extend(numbers.map(|episode| row(Some(EpisodeNumber { season, episode }))));
            }
        }
    }
    rows
}

/// Decides about the plays of one series; each addition counts for the next play.
struct SeriesDecider<'a> {
    series: &'a Series,
    /// The episodes that this plan adds.
    numbers: BTreeSet<EpisodeNumber>,
    in_focus_since: Option<DateTime<Utc>>,
}

impl SeriesDecider<'_> {
    /// A play to add and what the person should look at, or the reason to skip it.
    fn decide<'p>(
        &self,
        row: &Row<'p>,
        input: &Input<'_>,
        bulk: &BulkMarks,
    ) -> Result<(EpisodeNumber, DatedPlay<'p>, BTreeSet<Note>), Skip> {
        let exclude = &input.preferences.exclude;
        if exclude.contains(&row.item.id) || exclude.contains(&row.series.id) {
            return Err(Skip::Excluded);
        }
        let play = row.play?;
        let number = row.number.ok_or(Skip::NoEpisodeNumber)?;
        self.check_log(number, &play)?;
        let mut notes = self.notes(number, &play, row.series);
        if bulk.contains(&play) {
            notes.insert(Note::BulkMarked);
        }
        Ok((number, play, notes))
    }

    /// Whether the log needs a watched episode for this play; else the reason why not.
    fn check_log(&self, number: EpisodeNumber, play: &DatedPlay<'_>) -> Result<(), Skip> {
        let series = self.series;
        let default = series.default_rewatch();
        if self.numbers.contains(&number) || default.watched.day(number).is_some() {
            return Err(Skip::AlreadyWatched);
        }
        let mut watched =
            series.rewatches().iter().filter_map(|rewatch| rewatch.watched.day(number)).peekable();
        let somewhere = watched.peek().is_some();
        let is_dated = play.instant().is_some();
        let before_default = play.instant().is_none_or(|played_at| played_at < default.created);
        if watched.any(|day| is_dated && play.days().contains(&day))
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
        Ok(())
    }

    fn notes(&self, number: EpisodeNumber, play: &DatedPlay<'_>, item: &Item) -> BTreeSet<Note> {
        let series = self.series;
        let mut notes = BTreeSet::new();
        if play.instant().is_none() {
            notes.insert(Note::Undated);
        } else if play.date.year() < series.year {
            notes.insert(Note::SuspiciousDate);
        }
        if series.misses_episode(number) {
            notes.insert(Note::UnknownEpisode);
        }
        if is_suspicious(item, &series.name, series.year) {
            notes.insert(Note::SuspiciousMatch);
        }
        notes
    }

    /// The addition of a play; the plays after it are decided with it.
    fn add(
        &mut self,
        number: EpisodeNumber,
        item: &EpisodeItem,
        play: &DatedPlay<'_>,
        server: &Server,
    ) -> PlacedAddition {
        self.numbers.insert(number);
        let focus = play.clears(self.in_focus_since);
        if focus == Focus::Clears {
            self.in_focus_since = None;
        }
        let watch = WatchedEpisodeToAdd {
            rewatch: self.series.default_rewatch().id.clone(),
            number,
            date: play.date,
        };
        PlacedAddition {
            stream: self.series.stream.clone(),
            addition: Addition::EpisodeWatched(watch, focus),
            origin: play.origin(server, &item.id),
        }
    }
}

//! A scan as a page shows it: what would be added, page by page, with the person's choices; the
//! rest folded away.

use std::collections::{BTreeMap, BTreeSet};

use super::{posters::PosterView, window::Window, words};
use crate::{
    domain::{
        library::normalized,
        sync::{Skip, Unmatched},
    },
    http::request::FormBody,
    report::{
        Coded, FaultReport, ItemType, NOTHING_TO_ADD, NotAdded, Preview, PreviewRow, SettingsView,
        count, movies_and_episodes, number,
    },
};

/// Rows on a page: with poster, date and notes a row has some 400 bytes.
const ROWS: usize = 40;

/// Up to this many rows of series are shown unfolded.
const OPEN: usize = 25;

/// Names of a reason that are shown at once; the rest has a page of its own.
const NAMES: usize = 8;

/// What a person chose in a preview, on any of its pages.
#[derive(Debug, Default)]
pub(super) struct Choices {
    /// Items that would be added and are unticked.
    pub excluded: BTreeSet<String>,
    /// Held items that are ticked.
    pub included: BTreeSet<String>,
    q: String,
    page: Option<usize>,
    pub auto_add: Option<bool>,
}

impl Choices {
    /// Reads a form: the choices on other pages, and the ticks of the page that was shown.
    pub(super) fn read(form: &FormBody, preview: &Preview) -> Self {
        let ids = |name: &str| -> BTreeSet<String> {
            let all = form.get(name).unwrap_or_default();
            all.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect()
        };
        let (mut excluded, mut included) = (ids("excluded"), ids("included"));
        let ticked: BTreeSet<&str> = form.all("add").collect();
        let shown = ids("shown");
        for row in preview.rows.iter().filter(|row| shown.contains(&row.item)) {
            let is_ticked = ticked.contains(row.item.as_str());
            let (list, differs) =
                if row.held { (&mut included, is_ticked) } else { (&mut excluded, !is_ticked) };
            if differs {
                list.insert(row.item.clone());
            } else {
                list.remove(&row.item);
            }
        }
        let q = form.get("q").unwrap_or_default().to_owned();
        let page = form.get("page").and_then(|page| page.parse().ok());
        Self { excluded, included, q, page, auto_add: Some(form.is_ticked("autoAdd")) }
    }

    fn ticks(&self, row: &PreviewRow) -> bool {
        if row.held {
            self.included.contains(&row.item)
        } else {
            !self.excluded.contains(&row.item)
        }
    }
}

/// What the template shows.
pub(super) struct PreviewView {
    pub heading: String,
    pub when: String,
    pub errors: Vec<FaultReport>,
    pub shown: String,
    pub excluded: String,
    pub included: String,
    pub searchable: bool,
    pub q: String,
    pub movies: Vec<RowView>,
    pub series: Vec<SeriesView>,
    pub open: bool,
    pub page: usize,
    pub pages: usize,
    pub can_auto_add: bool,
    pub auto_add: bool,
    pub missing: String,
    pub additions: u64,
    pub held: usize,
    pub to_add: String,
    pub skipped: Vec<Group>,
    pub skipped_total: String,
    pub unmatched: Vec<Group>,
    pub unmatched_total: String,
    pub forgotten: u64,
}

/// A movie or an episode.
pub(super) struct RowView {
    pub item: String,
    pub path: String,
    pub name: String,
    pub year: Option<i32>,
    pub date: String,
    pub notes: Vec<String>,
    pub checked: bool,
    pub poster: PosterView,
}

/// A series with those of its new episodes that are on this page.
pub(super) struct SeriesView {
    pub path: String,
    pub name: String,
    pub year: Option<i32>,
    pub count: String,
    pub poster: PosterView,
    pub rows: Vec<RowView>,
}

/// What isn't added for one reason.
pub(super) struct Group {
    pub code: &'static str,
    pub reason: &'static str,
    pub meaning: &'static str,
    pub count: String,
    pub names: Vec<String>,
    pub more: bool,
}

impl PreviewView {
    pub(super) fn new(preview: &Preview, choices: &Choices, settings: &SettingsView) -> Self {
        let searched = normalized(choices.q.trim());
        let fits =
            |row: &&PreviewRow| searched.is_empty() || normalized(&row.name).contains(&searched);
        let rows: Vec<&PreviewRow> = preview.rows.iter().filter(fits).collect();
        let window = Window::new(choices.page, ROWS, rows.len());
        let on_page = &rows[window.range()];
        let movies = on_page.iter().filter(|row| row.episode.is_none());
        let series = SeriesView::all(on_page, &rows, choices);
        let missing = preview.unmatched.iter().map(|one| one.reason);
        let missing = missing.filter(|reason| *reason == Unmatched::NotInLibrary).count();
        let chosen = preview.rows.iter().filter(|row| choices.ticks(row)).count();
        Self {
            heading: heading(preview),
            when: when(preview, settings),
            errors: preview.errors.clone(),
            shown: on_page.iter().map(|row| row.item.as_str()).collect::<Vec<_>>().join(","),
            excluded: joined(&choices.excluded),
            included: joined(&choices.included),
            searchable: preview.rows.len() > ROWS || !choices.q.is_empty(),
            q: choices.q.clone(),
            open: series.iter().map(|series| series.rows.len()).sum::<usize>() <= OPEN,
            movies: movies.map(|row| RowView::of(row, choices)).collect(),
            series,
            page: window.page,
            pages: window.pages,
            can_auto_add: settings.tmdb.has_api_key && missing > 0,
            auto_add: choices.auto_add.unwrap_or(settings.sync.auto_add),
            missing: missing_titles(missing),
            additions: preview.additions(),
            held: preview.rows.iter().filter(|row| row.held).count(),
            to_add: format!("{} to add", number(chosen as u64)),
            skipped: groups::<Skip>(&preview.skipped),
            skipped_total: number(preview.skipped.len() as u64),
            unmatched: groups::<Unmatched>(&preview.unmatched),
            unmatched_total: number(preview.unmatched.len() as u64),
            forgotten: preview.summary.forgotten,
        }
    }
}

fn heading(preview: &Preview) -> String {
    let Preview { summary, .. } = preview;
    match preview.additions() {
        0 => NOTHING_TO_ADD.to_owned(),
        _ => format!(
            "{} would be added",
            movies_and_episodes(summary.movies_to_add, summary.episodes_to_add)
        ),
    }
}

fn when(preview: &Preview, settings: &SettingsView) -> String {
    let (server, zone) = (&preview.server, words::zone(&settings.time_zone));
    let at = words::instant(&preview.taken_at, &zone);
    format!("Scanned {} (Jellyfin {}) on {at}.", server.name, server.version)
}

fn missing_titles(missing: usize) -> String {
    let those = if missing == 1 { "title that isn't" } else { "titles that aren't" };
    format!("Also add {} {those} in your library yet (details from TMDB)", number(missing as u64))
}

fn joined(ids: &BTreeSet<String>) -> String {
    ids.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

impl SeriesView {
    /// The series of a page's rows. The count says how many new episodes each has on all pages.
    fn all(on_page: &[&PreviewRow], all: &[&PreviewRow], choices: &Choices) -> Vec<Self> {
        let mut series = Vec::<(&str, Self)>::new();
        for row in on_page {
            let Some(episode) = &row.episode else { continue };
            if series.last().is_none_or(|(slug, _)| *slug != row.slug) {
                let same = |other: &&&PreviewRow| other.episode.is_some() && other.slug == row.slug;
                let view = Self {
                    path: words::title_path(ItemType::Series, &row.slug),
                    name: row.name.clone(),
                    year: row.year,
                    count: count(all.iter().filter(same).count(), "new episode", "new episodes"),
                    poster: PosterView::new(&row.name, Some(&episode.series)),
                    rows: Vec::new(),
                };
                series.push((&row.slug, view));
            }
            let last = series.last_mut().into_iter();
            last.for_each(|(_, series)| series.rows.push(RowView::of(row, choices)));
        }
        series.into_iter().map(|(_, series)| series).collect()
    }
}

impl RowView {
    fn of(row: &PreviewRow, choices: &Choices) -> Self {
        let name = match &row.episode {
            Some(episode) => format!("{} {}", episode.number, episode.name).trim().to_owned(),
            None => row.name.clone(),
        };
        Self {
            item: row.item.clone(),
            path: words::title_path(ItemType::Movie, &row.slug),
            poster: PosterView::new(&row.name, Some(&row.item)),
            name,
            year: row.year,
            date: words::day_text(&row.date),
            notes: row.notes.iter().map(|note| note.words().title.to_owned()).collect(),
            checked: choices.ticks(row),
        }
    }
}

fn groups<R: Coded>(all: &[NotAdded<R>]) -> Vec<Group> {
    let mut by_reason: BTreeMap<&str, (R, Vec<&NotAdded<R>>)> = BTreeMap::new();
    for not_added in all {
        let group = by_reason.entry(not_added.reason.code());
        group.or_insert((not_added.reason, Vec::new())).1.push(not_added);
    }
    let group = |(reason, members): (R, Vec<&NotAdded<R>>)| Group {
        code: reason.code(),
        reason: reason.words().title,
        meaning: reason.words().meaning,
        count: number(members.len() as u64),
        names: members.iter().take(NAMES).map(|not_added| name(not_added)).collect(),
        more: members.len() > NAMES,
    };
    by_reason.into_values().map(group).collect()
}

/// A name with its year, if there is one.
pub(super) fn name<R>(not_added: &NotAdded<R>) -> String {
    match not_added.year {
        Some(year) => format!("{} ({year})", not_added.name),
        None => not_added.name.clone(),
    }
}

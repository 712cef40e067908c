//! A scan as a page shows it: what would be added, page by page, with what the person ticked off; the rest folded away.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::{Query, State},
    response::Response,
};
use serde::Deserialize;

use super::{
    PageProblem, html,
    posters::PosterView,
    shell::{Section, Shell, Visitor},
    window::Window,
    words,
};
use crate::{
    domain::library::normalized,
    http::{App, Problem, request::FormBody},
    service::{LeftOut, Preview, PreviewRow, SettingsView, report::FaultReport},
};

/// Rows on a page: with poster, date and notes a row has some 400 bytes.
const ROWS: usize = 40;

/// Up to how many rows of series are shown unfolded.
const OPEN: usize = 25;

/// Names of a reason that are shown at once; the rest has a page of its own.
const NAMES: usize = 8;

/// Names on that page.
const NAMES_ON_A_PAGE: usize = 300;

/// What a person chose in a preview, on whichever of its pages.
#[derive(Debug, Default)]
pub(super) struct Choices {
    /// Items of rows that would be added and stay out.
    pub excluded: BTreeSet<String>,
    /// Items of rows that would wait and come in.
    pub included: BTreeSet<String>,
    q: String,
    page: Option<usize>,
    pub auto_add: Option<bool>,
}

impl Choices {
    /// Reads a form: what it carries of other pages, and the ticks of the one that was shown.
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
    pub lacking: String,
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
    pub slug: String,
    pub name: String,
    pub year: Option<i32>,
    pub date: String,
    pub notes: Vec<String>,
    pub checked: bool,
    pub poster: PosterView,
}

/// A series with its new episodes, as many of them as are on this page.
pub(super) struct SeriesView {
    pub slug: String,
    pub name: String,
    pub year: Option<i32>,
    pub count: String,
    pub poster: PosterView,
    pub rows: Vec<RowView>,
}

/// What is left out for one reason.
pub(super) struct Group {
    pub code: String,
    pub reason: String,
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
        let (mut movies, mut series) = (Vec::new(), Vec::<SeriesView>::new());
        for row in on_page {
            let Some(episode) = &row.episode else {
                movies.push(RowView::of(row, choices));
                continue;
            };
            if series.last().is_none_or(|last| last.slug != row.slug) {
                let all = rows
                    .iter()
                    .filter(|other| other.episode.is_some() && other.slug == row.slug)
                    .count();
                series.push(SeriesView {
                    slug: row.slug.clone(),
                    name: row.name.clone(),
                    year: row.year,
                    count: words::count(all as u64, "new episode", "new episodes"),
                    poster: PosterView::new(&row.name, Some(&episode.series)),
                    rows: Vec::new(),
                });
            }
            series
                .last_mut()
                .into_iter()
                .for_each(|series| series.rows.push(RowView::of(row, choices)));
        }
        let additions = preview.additions();
        let lacking =
            preview.unmatched.iter().filter(|left_out| left_out.reason == "not_in_library").count();
        let chosen = preview.rows.iter().filter(|row| choices.ticks(row)).count();
        let join =
            |ids: &BTreeSet<String>| ids.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let zone = words::zone(&settings.time_zone);
        let server = &preview.server;
        Self {
            heading: match additions {
                0 => "Nothing to add: your log has it all".to_owned(),
                _ => format!(
                    "{} would be added",
                    both(preview.summary.movies_to_add, preview.summary.episodes_to_add)
                ),
            },
            when: format!(
                "{} {} was asked {}.",
                server.name,
                server.version,
                words::instant(&preview.taken_at, &zone)
            ),
            errors: preview.errors.clone(),
            shown: on_page.iter().map(|row| row.item.as_str()).collect::<Vec<_>>().join(","),
            excluded: join(&choices.excluded),
            included: join(&choices.included),
            searchable: preview.rows.len() > ROWS || !choices.q.is_empty(),
            q: choices.q.clone(),
            open: series.iter().map(|series| series.rows.len()).sum::<usize>() <= OPEN,
            movies,
            series,
            page: window.page,
            pages: window.pages,
            can_auto_add: settings.tmdb.has_api_key && lacking > 0,
            auto_add: choices.auto_add.unwrap_or(settings.sync.auto_add),
            lacking: words::count(lacking as u64, "title", "titles"),
            additions,
            held: preview.rows.iter().filter(|row| row.held).count(),
            to_add: format!("{} to add", words::grouped(chosen as u64)),
            skipped: groups(&preview.skipped),
            skipped_total: words::grouped(preview.skipped.len() as u64),
            unmatched: groups(&preview.unmatched),
            unmatched_total: words::grouped(preview.unmatched.len() as u64),
            forgotten: preview.summary.forgotten,
        }
    }
}

/// `1 movie and 3 episodes`.
pub(super) fn both(movies: u64, episodes: u64) -> String {
    let (of_movies, of_episodes) =
        (words::count(movies, "movie", "movies"), words::count(episodes, "episode", "episodes"));
    match (movies, episodes) {
        (_, 0) => of_movies,
        (0, _) => of_episodes,
        (_, _) => format!("{of_movies} and {of_episodes}"),
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
            slug: row.slug.clone(),
            poster: PosterView::new(&row.name, Some(&row.item)),
            name,
            year: row.year,
            date: words::day_text(&row.date),
            notes: row.notes.iter().map(|note| words::reason(note).0.to_owned()).collect(),
            checked: choices.ticks(row),
        }
    }
}

fn groups(all: &[LeftOut]) -> Vec<Group> {
    let mut by_reason: BTreeMap<&str, Vec<&LeftOut>> = BTreeMap::new();
    for left_out in all {
        by_reason.entry(&left_out.reason).or_default().push(left_out);
    }
    let group = |(code, members): (&str, Vec<&LeftOut>)| {
        let (reason, meaning) = words::reason(code);
        Group {
            code: code.to_owned(),
            reason: reason.to_owned(),
            meaning,
            count: words::grouped(members.len() as u64),
            names: members.iter().take(NAMES).map(|left_out| name(left_out)).collect(),
            more: members.len() > NAMES,
        }
    };
    by_reason.into_iter().map(group).collect()
}

fn name(left_out: &LeftOut) -> String {
    match left_out.year {
        Some(year) => format!("{} ({year})", left_out.name),
        None => left_out.name.clone(),
    }
}

#[derive(askama::Template)]
#[template(path = "left_out.html")]
struct LeftOutPage {
    shell: Shell,
    reason: String,
    meaning: &'static str,
    names: Vec<String>,
    window: Window,
    path: String,
}

/// Which reason, and which part of its list.
#[derive(Deserialize)]
pub(super) struct Which {
    reason: String,
    page: Option<usize>,
}

pub(super) async fn left_out(
    visitor: Visitor,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Response, PageProblem> {
    let preview = app.service.preview().await?;
    let gone = || Problem::new("not_found", "the scan that showed this is over: scan again");
    let preview = preview.ok_or_else(gone)?;
    let all = preview
        .skipped
        .iter()
        .chain(&preview.unmatched)
        .filter(|left_out| left_out.reason == which.reason);
    let all: Vec<&LeftOut> = all.collect();
    let window = Window::new(which.page, NAMES_ON_A_PAGE, all.len());
    let (reason, meaning) = words::reason(&which.reason);
    let reason = format!("{reason}: {}", words::grouped(all.len() as u64));
    Ok(html(&LeftOutPage {
        shell: visitor.shell(reason.clone(), Some(Section::Sync)),
        reason,
        meaning,
        names: all[window.range()].iter().map(|left_out| name(left_out)).collect(),
        window,
        path: format!("/sync/left-out?reason={}&", words::encoded(&which.reason)),
    }))
}

//! The library: titles as a grid of posters, searched and filtered.

use axum::{
    extract::{Query, State},
    response::Response,
};
use serde::Deserialize;

use super::{
    PageProblem, html,
    posters::PosterView,
    settings::Choice,
    shell::{Section, Shell, Visitor},
    window::Window,
    words,
};
use crate::{
    domain::{
        library::{self, Order, Title, TitleFilter, WatchProgress},
        time::WatchDate,
    },
    http::App,
    service::Links,
};

/// Titles on a page.
const TITLES: usize = 60;

#[derive(askama::Template)]
#[template(path = "library.html")]
struct LibraryPage {
    shell: Shell,
    counts: String,
    q: String,
    selects: [Select; 3],
    found: String,
    titles: Vec<TitleView>,
    window: Window,
    path: String,
}

struct Select {
    name: &'static str,
    label: &'static str,
    choices: Vec<Choice>,
}

struct TitleView {
    path: String,
    poster: PosterView,
    name: String,
    detail: String,
    progress: (&'static str, String),
}

/// What is looked for.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    q: String,
    kind: String,
    watched: String,
    order: String,
    page: Option<usize>,
}

impl Wanted {
    fn query(&self) -> library::Query {
        library::Query {
            text: self.q.clone(),
            kind: match self.kind.as_str() {
                "movies" => TitleFilter::Movies,
                "series" => TitleFilter::Series,
                _ => TitleFilter::All,
            },
            progress: match self.watched.as_str() {
                "yes" => Some(WatchProgress::Watched),
                "no" => Some(WatchProgress::Unwatched),
                "partly" => Some(WatchProgress::InProgress),
                _ => None,
            },
            order: match self.order.as_str() {
                "name" => Order::Name,
                "year" => Order::Year,
                _ => Order::LastWatched,
            },
        }
    }

    fn path(&self) -> String {
        let Self { q, kind, watched, order, .. } = self;
        let pairs = [("q", q), ("kind", kind), ("watched", watched), ("order", order)];
        let given = pairs.iter().filter(|(_, value)| !value.is_empty());
        let query: String =
            given.map(|(name, value)| format!("{name}={}&", words::encoded(value))).collect();
        format!("/library?{query}")
    }
}

pub(super) async fn page(
    visitor: Visitor,
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageProblem> {
    let folded = super::log::folded(&app).await?;
    let links = app.service.links().await?;
    let found = folded.library.browse(&wanted.query());
    let window = Window::new(wanted.page, TITLES, found.titles.len());
    let select = |name, label, choices: &[(&str, &str)], chosen: &str| Select {
        name,
        label,
        choices: Choice::all(choices, chosen),
    };
    let page = LibraryPage {
        shell: visitor.shell("Library", Some(Section::Library)),
        counts: format!(
            "{} and {}.",
            words::count(found.movies as u64, "movie", "movies"),
            words::count(found.series as u64, "series", "series")
        ),
        selects: [
            select(
                "kind",
                "Show",
                &[("", "Movies and series"), ("movies", "Movies"), ("series", "Series")],
                &wanted.kind,
            ),
            select(
                "watched",
                "Watched",
                &[("", "All"), ("yes", "Watched"), ("no", "Unwatched"), ("partly", "In progress")],
                &wanted.watched,
            ),
            select(
                "order",
                "Order",
                &[("", "Last watched"), ("name", "Name"), ("year", "Year")],
                &wanted.order,
            ),
        ],
        found: words::count(found.titles.len() as u64, "title", "titles"),
        titles: found.titles[window.range()]
            .iter()
            .map(|(title, last)| TitleView::of(*title, *last, &links))
            .collect(),
        window,
        path: wanted.path(),
        q: wanted.q,
    };
    Ok(html(&page))
}

impl TitleView {
    fn of(title: Title<'_>, last: Option<WatchDate>, links: &Links) -> Self {
        let times = match title {
            Title::Movie(movie) if movie.sessions().len() > 1 => {
                format!(", {} times", movie.sessions().len())
            }
            Title::Series(series) => {
                let rewatch = series.default_rewatch();
                match (rewatch.watched.len(), series.regular_episodes()) {
                    (0, _) => String::new(),
                    (watched, 0) => format!(", {watched}"),
                    (watched, known) => format!(", {watched} of {known}"),
                }
            }
            Title::Movie(_) => String::new(),
        };
        let progress = match title.progress() {
            WatchProgress::Watched => ("watched", format!("Watched{times}")),
            WatchProgress::InProgress => ("in-progress", format!("In progress{times}")),
            WatchProgress::Unwatched => ("unwatched", "Unwatched".to_owned()),
        };
        let detail = last.map_or_else(
            || title.year().to_string(),
            |last| format!("{} · {}", title.year(), words::day(last)),
        );
        Self {
            path: path(title),
            poster: PosterView::of(title, links),
            name: title.name().to_owned(),
            detail,
            progress,
        }
    }
}

/// A title's page.
pub(super) fn path(title: Title<'_>) -> String {
    let kind = match title {
        Title::Movie(_) => "movies",
        Title::Series(_) => "series",
    };
    format!("/library/{kind}/{}", words::encoded(title.stream().slug()))
}

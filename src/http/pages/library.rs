//! The library: titles as a grid of posters, searched and filtered.

use axum::{
    extract::{Query, State},
    response::Response,
};
use serde::Deserialize;

use super::{
    answer::{PageProblem, folded, html},
    choice::Choice,
    posters::PosterView,
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
    report::count,
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

impl Select {
    fn all(wanted: &Wanted) -> [Self; 3] {
        let select = |name, label, choices: &[(&str, &str)], chosen: &str| Self {
            name,
            label,
            choices: Choice::all(choices, chosen),
        };
        let kinds = [("", "Movies and series"), ("movies", "Movies"), ("series", "Series")];
        let watched =
            [("", "All"), ("yes", "Watched"), ("no", "Unwatched"), ("partly", "In progress")];
        let orders = [("", "Last watched"), ("name", "Name"), ("year", "Year")];
        [
            select("kind", "Show", &kinds, &wanted.kind),
            select("watched", "Watched", &watched, &wanted.watched),
            select("order", "Order", &orders, &wanted.order),
        ]
    }
}

struct TitleView {
    path: String,
    poster: PosterView,
    name: String,
    detail: String,
    progress: (&'static str, String),
}

/// What a person looks for.
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
    let folded = folded(&app).await?;
    let links = app.service.links().read().await?;
    let found = folded.library.browse(&wanted.query());
    let window = Window::new(wanted.page, TITLES, found.titles.len());
    let page = LibraryPage {
        shell: visitor.shell("Library", Some(Section::Library)),
        counts: format!(
            "{} and {}.",
            count(found.movies as u64, "movie", "movies"),
            count(found.series as u64, "series", "series")
        ),
        selects: Select::all(&wanted),
        found: count(found.titles.len() as u64, "title", "titles"),
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
        let progress = progress(title);
        let detail = last.map_or_else(
            || title.year().to_string(),
            |last| format!("{} · {}", title.year(), words::day(last)),
        );
        Self {
            path: words::path_of(title),
            poster: PosterView::of(title, links),
            name: title.name().to_owned(),
            detail,
            progress,
        }
    }
}

/// The class of the mark on a title's poster, and its text.
fn progress(title: Title<'_>) -> (&'static str, String) {
    let text = |plain: &str| match title {
        Title::Movie(movie) => match movie.sessions().len() {
            0 | 1 => plain.to_owned(),
            2 => "Watched twice".to_owned(),
            times => format!("Watched {times} times"),
        },
        Title::Series(series) => {
            let watched = series.default_rewatch().watched.len();
            match (watched, series.regular_episodes()) {
                (0, _) => plain.to_owned(),
                (_, 0) => count(watched, "episode", "episodes"),
                (_, known) => format!("{watched} of {known} episodes"),
            }
        }
    };
    match title.progress() {
        WatchProgress::Watched => ("watched", text("Watched")),
        WatchProgress::InProgress => ("in-progress", text("In progress")),
        WatchProgress::Unwatched => ("unwatched", "Unwatched".to_owned()),
    }
}

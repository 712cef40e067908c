//! What was watched: by day, and the year as a heat map and as bars, each with a table of the same
//! numbers.

use std::collections::BTreeMap;

use axum::{
    extract::{Query, State},
    response::Response,
};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use super::{
    answer::{PageProblem, folded, html},
    shell::{Section, Shell, Visitor},
    window::Window,
    words,
};
use crate::{
    domain::library::{Day, History, Viewed, Viewing},
    http::App,
    report::{count, number},
};

/// Titles on a page; a day is never split.
const ON_A_PAGE: usize = 45;

/// Titles of a day that are named.
const OF_A_DAY: usize = 30;

/// Pixels from one day of the heat map to the next.
const CELL: u32 = 12;

#[derive(askama::Template)]
#[template(path = "history.html")]
struct HistoryPage {
    shell: Shell,
    years: Vec<YearLink>,
    year: i32,
    summary: String,
    heat: Heat,
    bars: Vec<Bar>,
    days: Vec<DayView>,
    window: Window,
    path: String,
}

struct YearLink {
    year: i32,
    count: String,
    shown: bool,
}

/// A year's days as paths, one for each level. A rectangle for each day would make the page three
/// times as large.
struct Heat {
    width: u32,
    months: Vec<(u32, &'static str)>,
    levels: Vec<(u32, String)>,
    days: Vec<(String, u64)>,
}

struct Bar {
    x: u32,
    y: u64,
    height: u64,
    initial: String,
    name: String,
    count: u64,
}

struct DayView {
    date: String,
    viewings: Vec<ViewingView>,
}

struct ViewingView {
    path: String,
    name: String,
    detail: String,
}

/// The year, and the part of its days.
#[derive(Deserialize)]
pub(super) struct Which {
    year: Option<i32>,
    page: Option<usize>,
}

pub(super) async fn page(
    visitor: Visitor,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Response, PageProblem> {
    let folded = folded(&app).await?;
    let history = folded.library.history(which.year);
    let counts: BTreeMap<NaiveDate, u64> =
        history.days.iter().map(|day| (day.date.day(), day.count())).collect();
    let total: u64 = counts.values().sum();
    let pages = pages(&history.days);
    let window = Window::new(which.page, 1, pages.len());
    let shown = pages.get(window.range().start).copied().unwrap_or_default();
    let years = history.years.iter().rev().map(|(year, watched)| YearLink {
        year: *year,
        count: number(*watched),
        shown: *year == history.year,
    });
    let page = HistoryPage {
        shell: visitor.shell("History", Some(Section::History)),
        years: years.collect(),
        year: history.year,
        summary: format!("{} on {}", count(total, "play", "plays"), days(&history)),
        heat: Heat::of(history.year, &counts),
        bars: bars(&counts),
        days: shown.iter().map(DayView::of).collect(),
        window,
        path: format!("/history?year={}&", history.year),
    };
    Ok(html(&page))
}

/// Days by page, so that no page names many more titles than [`ON_A_PAGE`].
fn pages<'a, 'b>(days: &'a [Day<'b>]) -> Vec<&'a [Day<'b>]> {
    let mut pages = Vec::new();
    let (mut from, mut titles) = (0, 0);
    for (at, day) in days.iter().enumerate() {
        let more = day.viewings.len().min(OF_A_DAY);
        if titles + more > ON_A_PAGE && at > from {
            pages.push(&days[from..at]);
            (from, titles) = (at, 0);
        }
        titles += more;
    }
    pages.push(&days[from..]);
    pages
}

fn days(history: &History<'_>) -> String {
    count(history.days.len() as u64, "day", "days")
}

impl Heat {
    fn of(year: i32, counts: &BTreeMap<NaiveDate, u64>) -> Self {
        let names =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        let column = |day: NaiveDate| (day.ordinal0() + words::weekday(first)) / 7;
        let mut levels: BTreeMap<u32, String> = BTreeMap::new();
        let mut months = Vec::new();
        for day in first.iter_days().take_while(|day| day.year() == year) {
            let (x, y) = (column(day) * CELL, 14 + words::weekday(day) * CELL);
            if day.day() == 1 {
                months.push((x, names[day.month0() as usize]));
            }
            let level = match counts.get(&day) {
                None => 0,
                Some(1) => 1,
                Some(2 | 3) => 2,
                Some(_) => 3,
            };
            *levels.entry(level).or_default() += &format!("M{x} {y}h10v10h-10z");
        }
        let width = column(NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or_default()) * CELL + 10;
        let days = counts
            .iter()
            .rev()
            .map(|(day, count)| (day.format("%-d %b").to_string(), *count))
            .collect();
        Self { width, months, levels: levels.into_iter().collect(), days }
    }
}

fn bars(counts: &BTreeMap<NaiveDate, u64>) -> Vec<Bar> {
    let mut by_month = [0_u64; 12];
    for (day, watched) in counts {
        by_month[day.month0() as usize] += watched;
    }
    let most = by_month.iter().copied().max().unwrap_or_default().max(1);
    let bar = |(month, count): (u32, u64)| {
        // A bar above zero is at least 2 px high.
        let height = if count == 0 { 0 } else { (count * 80 / most).max(2) };
        let name = words::month(month + 1);
        let initial = name.chars().next().map(String::from).unwrap_or_default();
        Bar { x: month * 30 + 4, y: 86 - height, height, initial, name, count }
    };
    (0..).zip(by_month).map(bar).collect()
}

impl DayView {
    fn of(day: &Day<'_>) -> Self {
        let mut viewings: Vec<_> =
            day.viewings.iter().take(OF_A_DAY).map(ViewingView::of).collect();
        if day.viewings.len() > OF_A_DAY {
            let rest = count((day.viewings.len() - OF_A_DAY) as u64, "more title", "more titles");
            viewings.push(ViewingView {
                path: "/log".into(),
                name: rest,
                detail: "in the log".into(),
            });
        }
        Self { date: words::long_day(day.date), viewings }
    }
}

impl ViewingView {
    fn of(viewing: &Viewing<'_>) -> Self {
        let detail = match &viewing.what {
            Viewed::Session(session) => {
                let with = words::list(session.friends());
                if with.is_empty() { String::new() } else { format!("with {with}") }
            }
            Viewed::Episodes(rewatch, episodes) => {
                let number_of = |at: usize| {
                    episodes
                        .get(at)
                        .map(|n| format!("S{}E{}", n.season, n.episode))
                        .unwrap_or_default()
                };
                let of = match episodes.len() {
                    1 => number_of(0),
                    many => format!("{many} episodes, {} to {}", number_of(0), number_of(many - 1)),
                };
                match &rewatch.name {
                    Some(name) => format!("{of}, {name}"),
                    None => of,
                }
            }
        };
        Self { path: words::path_of(viewing.title), name: viewing.title.name().to_owned(), detail }
    }
}

//! One title: a movie with its watch sessions, a series with its episodes in one of its rewatch
//! sessions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use serde::Deserialize;

use super::{
    answer::{PageProblem, folded, html},
    posters::{PosterView, item_of},
    shell::{Section, Shell, Visitor},
    words,
};
use crate::{
    domain::{
        ids::{EpisodeNumber, StreamId},
        library::{Folded, RewatchSession, Series, Title, WatchProgress},
    },
    http::App,
    report::{ItemType, Problem, ProblemCode, count, watch_origin},
    service::Links,
};

/// Rows that are shown of a movie's sessions or of a season; the log has the rest.
const MOST: usize = 250;

/// What both kinds show at the top.
struct Head {
    poster: PosterView,
    name: String,
    year: i32,
    facts: String,
    overview: String,
    play: Option<String>,
    stream: String,
}

#[derive(askama::Template)]
#[template(path = "movie.html")]
struct MoviePage {
    shell: Shell,
    head: Head,
    sessions: Vec<SessionRow>,
}

struct SessionRow {
    date: String,
    duration: String,
    friends: String,
    from: &'static str,
}

#[derive(askama::Template)]
#[template(path = "series.html")]
struct SeriesPage {
    shell: Shell,
    head: Head,
    rewatches: Vec<RewatchRow>,
    seasons: Vec<SeasonView>,
}

struct RewatchRow {
    path: String,
    name: String,
    detail: String,
    shown: bool,
}

struct SeasonView {
    name: String,
    count: String,
    open: bool,
    path: String,
    episodes: Vec<EpisodeRow>,
}

struct EpisodeRow {
    name: String,
    date: String,
    from: &'static str,
}

/// The title's page in Jellyfin's own web interface, from 10.9 on.
fn play(server: Option<&str>, title: Title<'_>, links: &Links) -> Option<String> {
    let (server, item) = (server?, item_of(title, links)?);
    Some(format!("{server}/web/#/details?id={item}"))
}

async fn around(app: &App) -> Result<(Arc<Folded>, Arc<Links>, Option<String>), PageProblem> {
    let folded = folded(app).await?;
    let server = app.service.account().view().await?.jellyfin.server_url;
    Ok((folded, app.service.links().read().await?, server))
}

fn head(
    title: Title<'_>,
    facts: Vec<String>,
    overview: &str,
    server: Option<&str>,
    links: &Links,
) -> Head {
    Head {
        poster: PosterView::of(title, links),
        name: title.name().to_owned(),
        year: title.year(),
        facts: words::list(facts),
        overview: overview.to_owned(),
        play: play(server, title, links),
        stream: title.stream().to_string(),
    }
}

fn none(kind: &str, slug: &str) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("your library has no {kind} `{slug}`"))
}

fn rated(rating: Option<i32>) -> Option<String> {
    rating.map(|rating| format!("your rating: {rating}"))
}

pub(super) async fn movie(
    visitor: Visitor,
    State(app): State<App>,
    Path(slug): Path<String>,
) -> Result<Response, PageProblem> {
    let (folded, links, server) = around(&app).await?;
    let stream = StreamId::movie(&slug);
    let movie = folded.library.movie_by_stream(&stream).ok_or_else(|| none("movie", &slug))?;
    let mut facts: Vec<String> =
        movie.runtime.map(|minutes| format!("{minutes} minutes")).into_iter().collect();
    facts.extend(movie.genres.iter().cloned());
    facts.extend(rated(movie.personal_rating));
    let mut sessions: Vec<_> = movie.sessions().iter().collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.date));
    let sessions = sessions.into_iter().take(MOST).map(|session| SessionRow {
        date: words::day(session.date),
        duration: session.duration.map(|minutes| format!("{minutes} min")).unwrap_or_default(),
        friends: words::list(session.friends()),
        from: watch_origin(movie.origin(session)),
    });
    let page = MoviePage {
        shell: visitor.shell(movie.name.to_string(), Some(Section::Library)),
        head: head(Title::Movie(movie), facts, &movie.overview, server.as_deref(), &links),
        sessions: sessions.collect(),
    };
    Ok(html(&page))
}

/// The part of a series that a person asks for.
#[derive(Deserialize)]
pub(super) struct Part {
    rewatch: Option<String>,
    season: Option<i32>,
}

pub(super) async fn series(
    visitor: Visitor,
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(part): Query<Part>,
) -> Result<Response, PageProblem> {
    let (folded, links, server) = around(&app).await?;
    let stream = StreamId::series(&slug);
    let series = folded.library.series_by_stream(&stream).ok_or_else(|| none("series", &slug))?;
    let asked = part
        .rewatch
        .as_deref()
        .and_then(|id| series.rewatches().iter().find(|rewatch| *rewatch.id == *id));
    let rewatch = asked.unwrap_or_else(|| series.default_rewatch());
    let mut facts = vec![series.status.to_string()];
    facts.extend(series.genres.iter().cloned());
    facts.extend(rated(series.personal_rating));
    facts.extend(series.abandoned.then(|| "abandoned".to_owned()));
    let path = format!("{}?rewatch=", words::title_path(ItemType::Series, &slug));
    let page = SeriesPage {
        shell: visitor.shell(series.name.to_string(), Some(Section::Library)),
        head: head(Title::Series(series), facts, &series.overview, server.as_deref(), &links),
        rewatches: series
            .rewatches()
            .iter()
            .map(|one| RewatchRow::of(series, one, rewatch, &path))
            .collect(),
        seasons: seasons(
            series,
            rewatch,
            part.season,
            &format!("{path}{}", words::encoded(&rewatch.id)),
        ),
    };
    Ok(html(&page))
}

impl RewatchRow {
    fn of(series: &Series, rewatch: &RewatchSession, shown: &RewatchSession, path: &str) -> Self {
        let name = rewatch.name.clone().unwrap_or_else(|| {
            if rewatch.is_first() {
                "First watch".to_owned()
            } else {
                format!("Since {}", rewatch.created.format("%-d %b %Y"))
            }
        });
        let is_default = rewatch.id == series.default_rewatch().id;
        let is_watched = series.progress_of(rewatch) == WatchProgress::Watched;
        let mut detail = vec![count(rewatch.watched.len() as u64, "episode", "episodes")];
        detail.extend(is_watched.then(|| "all watched".to_owned()));
        if !rewatch.friends.is_empty() {
            detail.push(format!("with {}", words::list(&rewatch.friends)));
        }
        let here = if is_default { " (new plays go here)" } else { "" };
        Self {
            path: format!("{path}{}", words::encoded(&rewatch.id)),
            name,
            detail: format!("{}{here}", words::list(detail)),
            shown: rewatch.id == shown.id,
        }
    }
}

/// All seasons, with the episodes of the one that is shown: the one asked for, or the first that
/// isn't watched.
fn seasons(
    series: &Series,
    rewatch: &RewatchSession,
    asked: Option<i32>,
    path: &str,
) -> Vec<SeasonView> {
    let mut numbers: BTreeMap<i32, BTreeSet<i32>> = series
        .seasons
        .iter()
        .map(|(number, season)| (*number, season.episodes.keys().copied().collect()))
        .collect();
    for (number, _) in rewatch.watched.iter_unordered() {
        numbers.entry(number.season).or_default().insert(number.episode);
    }
    let unfinished = || {
        numbers.iter().find(|(season, episodes)| {
            **season > 0 && watched(rewatch, **season, episodes) < episodes.len()
        })
    };
    let shown = asked
        .or_else(|| unfinished().map(|(season, _)| *season))
        .or_else(|| numbers.keys().next_back().copied());
    let view = |(number, episodes): (&i32, &BTreeSet<i32>)| {
        SeasonView::of(series, rewatch, (*number, episodes), Some(*number) == shown, path)
    };
    numbers.iter().map(view).collect()
}

fn watched(rewatch: &RewatchSession, season: i32, episodes: &BTreeSet<i32>) -> usize {
    let is_watched = |episode: &&i32| {
        rewatch.watched.day(EpisodeNumber { season, episode: **episode }).is_some()
    };
    episodes.iter().filter(is_watched).count()
}

impl SeasonView {
    fn of(
        series: &Series,
        rewatch: &RewatchSession,
        (number, episodes): (i32, &BTreeSet<i32>),
        open: bool,
        path: &str,
    ) -> Self {
        let known = series.seasons.get(&number);
        let row = |episode: &i32| {
            let of = EpisodeNumber { season: number, episode: *episode };
            let name = known.and_then(|season| season.episodes.get(episode));
            let date = rewatch.watched.day(of);
            EpisodeRow {
                name: format!("{episode}. {}", name.map(|name| &**name).unwrap_or_default()),
                date: date.map(words::day).unwrap_or_default(),
                from: date.map_or("", |_| watch_origin(series.origin(of))),
            }
        };
        let watched = watched(rewatch, number, episodes);
        Self {
            name: known
                .map_or_else(|| format!("Season {number}"), |season| season.name.to_string()),
            count: format!("{watched} of {} watched", episodes.len()),
            open,
            path: format!("{path}&season={number}"),
            episodes: if open { episodes.iter().take(MOST).map(row).collect() } else { Vec::new() },
        }
    }
}

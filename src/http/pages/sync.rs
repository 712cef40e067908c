//! The sync page: scan, look through what would be added, import, and see what was added.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
};

use super::{
    answer::{PageProblem, html},
    preview::{Choices, PreviewView},
    shell::{self, Section, Shell, Visitor},
    steps::step,
    words,
};
use crate::{
    domain::{events::Via, ids::ItemId},
    http::{App, deadline::DeadlineOf, progress, request::FormBody},
    report::{
        AddedTo, Coded, Failure, FaultReport, ImportReport, LastImport, Phase, Problem,
        SettingsView, StatusReport, count, number,
    },
    service::{ImportRequest, Source, SyncOptions},
};

#[derive(askama::Template)]
#[template(path = "sync.html")]
struct SyncPage {
    shell: Shell,
    step: Option<u8>,
    problem: Option<Problem>,
    stopped: Option<Problem>,
    configured: bool,
    server: String,
    running: Option<&'static str>,
    phases: String,
    preview: Option<PreviewView>,
    result: Option<ResultView>,
    added: Option<AddedView>,
}

/// How the last import ended.
struct ResultView {
    heading: String,
    when: String,
    failure: Option<Failure>,
    counts: Vec<(&'static str, String)>,
    errors: Vec<FaultReport>,
    items_skipped: String,
    skipped: Vec<(&'static str, String)>,
}

/// What was added last, by title.
struct AddedView {
    heading: String,
    titles: Vec<AddedTitle>,
    more: Option<String>,
}

struct AddedTitle {
    path: String,
    name: String,
    added: u64,
}

pub(super) async fn page(
    visitor: Visitor,
    State(app): State<App>,
) -> Result<Response, PageProblem> {
    show(visitor, &app, &Choices::default()).await
}

async fn show(visitor: Visitor, app: &App, choices: &Choices) -> Result<Response, PageProblem> {
    let (settings, status) = (app.service.account().view().await?, app.service.status().await?);
    let preview = app.service.sync().preview().await?;
    let page = SyncPage {
        shell: visitor.shell("Sync", Some(Section::Sync)),
        step: step(&settings, &status),
        problem: failed_scan(&status),
        stopped: shell::stopped(&status),
        configured: settings.jellyfin.server_url.is_some(),
        server: server(&settings, &status),
        running: status.running.as_ref().map(|running| running.kind.words()),
        phases: phases(),
        preview: preview.map(|preview| PreviewView::new(&preview, choices, &settings)),
        result: status.last_import.as_ref().map(|last| ResultView::of(last, &settings)),
        added: status.last_addition.as_ref().and_then(|last| AddedView::of(last, &settings)),
    };
    Ok(html(&page))
}

/// What the server calls itself, or else its address.
fn server(settings: &SettingsView, status: &StatusReport) -> String {
    let server_url = &settings.jellyfin.server_url;
    let seen =
        status.connection.as_ref().filter(|seen| Some(&seen.server_url) == server_url.as_ref());
    let name = seen.and_then(|seen| seen.server.as_ref()).map(|server| server.name.clone());
    name.or(server_url.clone()).unwrap_or_default()
}

/// Every phase's words as JSON, for the script.
fn phases() -> String {
    let words = Phase::ALL.map(|phase| (serde_json::json!(phase), phase.words()));
    let words = words.iter().map(|(code, words)| format!("{code}:{}", serde_json::json!(words)));
    format!("{{{}}}", words.collect::<Vec<_>>().join(","))
}

/// The last scan's failure, unless there was an import since.
fn failed_scan(status: &StatusReport) -> Option<Problem> {
    let scan = status.last_scan.as_ref()?;
    let later = status.last_import.as_ref().is_some_and(|import| import.at >= scan.at);
    scan.failure.as_ref().filter(|_| !later).map(Problem::from)
}

impl ResultView {
    fn of(last: &LastImport, settings: &SettingsView) -> Self {
        let when = words::instant(&last.at, &words::zone(&settings.time_zone));
        let Some(report) = &last.result else {
            return Self {
                heading: last.outcome.words(0, 0),
                when,
                failure: last.failure.clone(),
                counts: Vec::new(),
                errors: Vec::new(),
                items_skipped: String::new(),
                skipped: Vec::new(),
            };
        };
        let skipped = report.skipped.iter();
        Self {
            heading: last.outcome.words(report.movies_added, report.episodes_added),
            when,
            failure: None,
            counts: counts(report),
            errors: report.errors.clone(),
            items_skipped: number(report.items_skipped),
            skipped: skipped.map(|(reason, n)| (reason.words().title, number(n))).collect(),
        }
    }
}

fn counts(report: &ImportReport) -> Vec<(&'static str, String)> {
    let titles = report.movies_auto_added + report.series_auto_added;
    let always = [
        ("Watch sessions added", report.movies_added),
        ("Episodes added", report.episodes_added),
        ("Titles added", titles),
        ("Skipped", report.items_skipped),
        ("Unmatched", report.unmatched.movies + report.unmatched.series),
        ("No longer in Jellyfin", report.forgotten),
    ];
    let is_shown = |(name, n): &(&str, u64)| {
        *n > 0 || !matches!(*name, "Titles added" | "No longer in Jellyfin")
    };
    always.into_iter().filter(is_shown).map(|(name, n)| (name, number(n))).collect()
}

impl AddedView {
    fn of(last: &LastImport, settings: &SettingsView) -> Option<Self> {
        let report = last.result.as_ref().filter(|report| !report.titles.is_empty())?;
        let title = |added: &AddedTo| AddedTitle {
            path: words::title_path(added.item_type, &added.slug),
            name: added.name.clone(),
            added: added.added,
        };
        let named: u64 = report.titles.iter().map(|added| added.added).sum();
        let more = (report.movies_added + report.episodes_added)
            .checked_sub(named)
            .filter(|more| *more > 0);
        let at = words::instant(&last.at, &words::zone(&settings.time_zone));
        Some(Self {
            heading: format!("Added {at}"),
            titles: report.titles.iter().map(title).collect(),
            more: more.map(|more| format!("And {}.", count(more, "more play", "more plays"))),
        })
    }
}

fn options(DeadlineOf(deadline): DeadlineOf, progress: progress::Listener) -> SyncOptions {
    SyncOptions { source: Source::Server, deadline, progress }
}

/// The page's script gets the progress; a browser without script gets the page when the run is
/// over.
async fn back_to_the_page(headers: &HeaderMap, run: Response) -> Response {
    if progress::is_wanted(headers) { run } else { Redirect::to("/sync").into_response() }
}

pub(super) async fn scan(
    State(app): State<App>,
    deadline: DeadlineOf,
    headers: HeaderMap,
    _form: FormBody,
) -> Response {
    let run = |progress| async move {
        app.service.sync().scan_for_preview(options(deadline, progress)).await
    };
    back_to_the_page(&headers, progress::answer(&headers, run).await).await
}

pub(super) async fn import(
    State(app): State<App>,
    deadline: DeadlineOf,
    headers: HeaderMap,
    form: FormBody,
) -> Result<Response, PageProblem> {
    let choices = match app.service.sync().preview().await? {
        Some(preview) => Choices::read(&form, &preview),
        None => Choices::default(),
    };
    let ids = |ids: BTreeSet<String>| ids.iter().filter_map(|id| ItemId::parse(id).ok()).collect();
    let request = ImportRequest {
        exclude: ids(choices.excluded),
        include: ids(choices.included),
        auto_add: choices.auto_add,
        via: Via::Import,
    };
    let run = |progress| async move {
        app.service.sync().import(request, options(deadline, progress)).await.map(|_| ())
    };
    Ok(back_to_the_page(&headers, progress::answer(&headers, run).await).await)
}

/// Another page of the preview, with the choices made so far.
pub(super) async fn turn(
    visitor: Visitor,
    State(app): State<App>,
    form: FormBody,
) -> Result<Response, PageProblem> {
    match app.service.sync().preview().await? {
        Some(preview) => show(visitor, &app, &Choices::read(&form, &preview)).await,
        None => Ok(Redirect::to("/sync").into_response()),
    }
}

/// The progress of what runs in this process, until nothing runs.
pub(super) async fn progress(State(app): State<App>) -> Response {
    let mut runs = app.service.journal().follow();
    let (tell, told) = tokio::sync::mpsc::channel(8);
    tokio::spawn(async move {
        while let Some(running) = runs.now() {
            let event = running.progress.map(|progress| progress::event("progress", &progress));
            let heard = match event {
                Some(event) => tell.send(event).await.is_ok(),
                None => !tell.is_closed(),
            };
            if !heard || !runs.changed().await {
                return;
            }
        }
        // Fails if the browser has disconnected.
        let _ = tell.send(Event::default().event("done").data("{}")).await;
    });
    let events = futures_util::StreamExt::map(
        tokio_stream::wrappers::ReceiverStream::new(told),
        Ok::<_, Infallible>,
    );
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

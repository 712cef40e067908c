//! The sync: scan, look through what would be added, import, and read what was.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
};

use super::{
    PageProblem, html,
    preview::{Choices, PreviewView, both},
    settings,
    shell::{self, Section, Shell, Visitor},
    words,
};
use crate::{
    domain::{events::Via, ids::ItemId},
    http::{App, Problem, deadline::Deadline, progress, request::FormBody},
    service::{
        Failure, ImportRequest, LastImport, SettingsView, Source, StatusReport, SyncOptions,
        report::{AddedTo, FaultReport, ItemType, Outcome},
    },
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
    running: Option<String>,
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
    skipped: Vec<(String, String)>,
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
    let preview = match preview {
        Some(preview) => {
            let view = PreviewView::new(&preview, choices, &settings);
            Some(view)
        }
        None => None,
    };
    let page = SyncPage {
        shell: visitor.shell("Sync", Some(Section::Sync)),
        step: settings::step(&settings, &status),
        problem: failed_scan(&status),
        stopped: shell::stopped(&status),
        configured: settings.jellyfin.server_url.is_some(),
        server: settings.jellyfin.server_url.clone().unwrap_or_default(),
        running: status.running.as_ref().map(|running| match running.kind.as_str() {
            "scan" => "A scan is under way".to_owned(),
            _ => "An import is under way".to_owned(),
        }),
        preview,
        result: status.last_import.as_ref().map(|last| ResultView::of(last, &settings)),
        added: status.last_addition.as_ref().and_then(|last| AddedView::of(last, &settings)),
    };
    Ok(html(&page))
}

/// The last scan's failure, unless something was imported since.
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
                heading: "The last import failed; nothing was added".into(),
                when,
                failure: last.failure.clone(),
                counts: Vec::new(),
                errors: Vec::new(),
                items_skipped: String::new(),
                skipped: Vec::new(),
            };
        };
        let heading = match (report.outcome, report.movies_added, report.episodes_added) {
            (Outcome::NothingToAdd, _, _) => "Nothing to add: your log has it all".to_owned(),
            (Outcome::Partial, 0, 0) => "Partly done: nothing was added".to_owned(),
            (Outcome::Partial, movies, episodes) => {
                format!("Partly done: {} added", both(movies, episodes))
            }
            (Outcome::Complete, movies, episodes) => format!("{} added", both(movies, episodes)),
        };
        let mut counts = vec![
            ("Watch sessions added", words::grouped(report.movies_added)),
            ("Episodes added", words::grouped(report.episodes_added)),
            ("Skipped", words::grouped(report.items_skipped)),
            ("Unmatched", words::grouped(report.unmatched.movies + report.unmatched.series)),
        ];
        let titles = report.movies_auto_added + report.series_auto_added;
        if titles > 0 {
            counts.insert(2, ("Titles added", words::grouped(titles)));
        }
        if report.forgotten > 0 {
            counts.push(("No longer shown by Jellyfin", words::grouped(report.forgotten)));
        }
        let skipped = report
            .skipped
            .iter()
            .map(|(code, count)| (words::reason(code).0.to_owned(), words::grouped(*count)));
        Self {
            heading,
            when,
            failure: None,
            counts,
            errors: report.errors.clone(),
            items_skipped: words::grouped(report.items_skipped),
            skipped: skipped.collect(),
        }
    }
}

impl AddedView {
    fn of(last: &LastImport, settings: &SettingsView) -> Option<Self> {
        let report = last.result.as_ref().filter(|report| !report.titles.is_empty())?;
        let title = |added: &AddedTo| {
            let kind = match added.item_type {
                ItemType::Movie => "movies",
                ItemType::Series => "series",
            };
            AddedTitle {
                path: format!("/library/{kind}/{}", added.slug),
                name: added.name.clone(),
                added: added.added,
            }
        };
        let told: u64 = report.titles.iter().map(|added| added.added).sum();
        let more = (report.movies_added + report.episodes_added)
            .checked_sub(told)
            .filter(|more| *more > 0);
        Some(Self {
            heading: format!(
                "Added {}",
                words::instant(&last.at, &words::zone(&settings.time_zone))
            ),
            titles: report.titles.iter().map(title).collect(),
            more: more
                .map(|more| format!("And {}.", words::count(more, "more play", "more plays"))),
        })
    }
}

fn options(Deadline(deadline): Deadline, progress: progress::Listener) -> SyncOptions {
    SyncOptions { source: Source::Server, deadline, progress }
}

/// A page that waits hears how far it is; one without script gets the page when it is done.
async fn back_to_the_page(headers: &HeaderMap, run: Response) -> Response {
    if progress::is_wanted(headers) { run } else { Redirect::to("/sync").into_response() }
}

pub(super) async fn scan(
    State(app): State<App>,
    Extension(deadline): Extension<Deadline>,
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
    Extension(deadline): Extension<Deadline>,
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

/// Another page of the preview; what was ticked goes along.
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

/// What runs in this process, told until nothing does.
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
        // Whoever has gone away needn't hear that it is over.
        let _ = tell.send(Event::default().event("done").data("{}")).await;
    });
    let events = futures_util::StreamExt::map(
        tokio_stream::wrappers::ReceiverStream::new(told),
        Ok::<_, Infallible>,
    );
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

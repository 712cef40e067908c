//! Scan, import and status over HTTP.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    domain::{events::Via, ids::ItemId},
    http::{App, deadline::DeadlineOf, progress, request::OptionalJsonBody},
    report::{ImportReport, Problem, ProblemCode, ScanReport, StatusReport},
    service::{ImportRequest, Source, SyncOptions},
};

/// What to import.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportInput {
    /// Jellyfin ids of items that aren't imported: movies, episodes, or series with all their
    /// episodes.
    exclude: Vec<String>,
    /// Jellyfin ids of held possible rewatches that are imported after all.
    include: Vec<String>,
    /// Whether missing titles are added to the library; left out, the preference decides.
    auto_add: Option<bool>,
}

/// Says what an import would add. It changes nothing, except for a renewed token.
///
/// With `Accept: text/event-stream` the answer is a stream of `progress` events and one `result` or
/// `problem`.
#[utoipa::path(post, path = "/api/jellyfin/scan",
    responses((status = 200, content((ScanReport = "application/json"), (String = "text/event-stream"))), Problem))]
pub async fn scan(
    State(app): State<App>,
    DeadlineOf(deadline): DeadlineOf,
    headers: HeaderMap,
) -> Response {
    let run = |progress| async move {
        app.service.sync().scan(SyncOptions { source: Source::Server, deadline, progress }).await
    };
    progress::answer(&headers, run).await
}

/// Adds what a scan would show, in one commit. Running it again adds nothing.
///
/// With `Accept: text/event-stream` the answer is a stream of `progress` events and one `result` or
/// `problem`.
#[utoipa::path(post, path = "/api/jellyfin/import", request_body = Option<ImportInput>,
    responses((status = 200, content((ImportReport = "application/json"), (String = "text/event-stream"))), Problem))]
pub async fn import(
    State(app): State<App>,
    DeadlineOf(deadline): DeadlineOf,
    headers: HeaderMap,
    OptionalJsonBody(input): OptionalJsonBody<ImportInput>,
) -> Response {
    let request = match input.request() {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let run = |progress| async move {
        app.service
            .sync()
            .import(request, SyncOptions { source: Source::Server, deadline, progress })
            .await
    };
    progress::answer(&headers, run).await
}

impl ImportInput {
    fn request(self) -> Result<ImportRequest, Problem> {
        let read = |field: &str, ids: Vec<String>| {
            let ids = ids.iter().map(|id| ItemId::parse(id)).collect::<Result<BTreeSet<_>, _>>();
            ids.map_err(|error| {
                Problem::new(ProblemCode::InvalidRequest, format!("`{field}`: {error}"))
            })
        };
        Ok(ImportRequest {
            exclude: read("exclude", self.exclude)?,
            include: read("include", self.include)?,
            auto_add: self.auto_add,
            via: Via::Import,
        })
    }
}

/// How the last runs went, what runs now, and when the next is due.
#[utoipa::path(get, path = "/api/jellyfin/status",
    responses((status = 200, body = StatusReport), Problem))]
pub async fn status(State(app): State<App>) -> Result<Json<StatusReport>, Problem> {
    Ok(Json(app.service.status().await?))
}

//! Scan, import and status over HTTP.

use std::collections::BTreeSet;

use axum::{
    Extension, Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    domain::{events::Via, ids::ItemId},
    http::{App, Problem, deadline::Deadline, progress, request::OptionalJsonBody},
    service::{
        ImportRequest, Source, StatusReport, SyncOptions,
        report::{ImportReport, ScanReport},
    },
};

/// What to import.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportInput {
    /// Jellyfin ids of items that stay out: movies, episodes, or series with all their episodes.
    exclude: Vec<String>,
    /// Jellyfin ids of possible rewatches that come in although they would wait.
    include: Vec<String>,
    /// Whether titles that the library lacks are added, as TMDB describes them; left out, the preferences say.
    auto_add: Option<bool>,
}

/// Says what an import would add. Nothing is changed by it but a refreshed token.
///
/// With `Accept: text/event-stream` the answer is a stream of `progress` events and one `result` or `problem`.
#[utoipa::path(post, path = "/api/jellyfin/scan",
    responses((status = 200, content((ScanReport = "application/json"), (String = "text/event-stream"))), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn scan(
    State(app): State<App>,
    Extension(Deadline(deadline)): Extension<Deadline>,
    headers: HeaderMap,
) -> Response {
    let run = |progress| async move {
        app.service.sync().scan(SyncOptions { source: Source::Server, deadline, progress }).await
    };
    progress::answer(&headers, run).await
}

/// Adds what a scan would show, in one commit. Running it again adds nothing.
///
/// With `Accept: text/event-stream` the answer is a stream of `progress` events and one `result` or `problem`.
#[utoipa::path(post, path = "/api/jellyfin/import", request_body = Option<ImportInput>,
    responses((status = 200, content((ImportReport = "application/json"), (String = "text/event-stream"))), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn import(
    State(app): State<App>,
    Extension(Deadline(deadline)): Extension<Deadline>,
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
            ids.map_err(|error| Problem::new("invalid_request", format!("`{field}`: {error}")))
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
    responses((status = 200, body = StatusReport), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn status(State(app): State<App>) -> Result<Json<StatusReport>, Problem> {
    Ok(Json(app.service.status().await?))
}

//! A log line for every request (`docs/http.md`, "Log output").

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{Extensions, Method, StatusCode},
    middleware::Next,
    response::Response,
};

use super::HEALTH;
use crate::report::Problem;

/// Remembers which route answers: below the routes alone is that known, and above them alone how it
/// ended.
pub(super) async fn remember_route(
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// Logs how a request ended. The path itself may name a title, so it is logged at `debug` only; a
/// query never is.
pub(super) async fn write(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let began = Instant::now();
    let response = next.run(request).await;
    let answered_in = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, extensions) = (response.status(), response.extensions());
    if path == HEALTH {
        tracing::debug!(%method, route = HEALTH, status = status.as_u16(), ms = answered_in, "request");
        return response;
    }
    match extensions.get::<Problem>() {
        Some(problem) if status.is_server_error() => fault(&method, extensions, status, problem),
        _ => {
            let route = route(extensions);
            tracing::info!(%method, route, status = status.as_u16(), ms = answered_in, "request");
        }
    }
    tracing::debug!(path, "the request's path");
    response
}

fn route(extensions: &Extensions) -> &str {
    extensions.get::<MatchedPath>().map_or("none", MatchedPath::as_str)
}

/// The reason may name a title, so it is logged at `debug` only. `store::logged` logs what failed
/// in the store.
fn fault(method: &Method, extensions: &Extensions, status: StatusCode, problem: &Problem) {
    let (route, status, code) = (route(extensions), status.as_u16(), problem.code());
    tracing::warn!(%method, route, status, %code, "request failed");
    tracing::debug!(detail = problem.detail(), "why it failed");
}

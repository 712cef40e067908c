//! The one handler, the same in a local process and on Lambda: the interface's routes on this page,
//! the pages' in [`pages`].

mod access;
mod api;
mod deadline;
mod pages;
mod problem;
mod progress;
mod request;
mod request_log;

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware,
    response::IntoResponse,
    routing::get,
};
use tower::ServiceExt;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use access::Access;
pub use deadline::Deadline;
pub use progress::is_wanted as wants_progress;

use crate::{report::Problem, service::Service};
use api::{events, health, library, session, settings, sync};

/// What handlers share.
#[derive(Clone)]
pub struct App {
    service: Arc<Service>,
    access: Access,
}

/// The route that only says that the process answers.
const HEALTH: &str = "/healthz";

/// Body limits in bytes: an ordinary request, and a whole log.
const SMALL: usize = 256 * 1024;
const WHOLE_LOG: usize = 1024 * 1024 * 1024;

#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    info(
        title = "Mediatheca Jellyfin Sync",
        description = "Adds what a person watched on their Jellyfin server to their own event log, and never removes or changes anything there."
    )
)]
struct Description;

/// All routes of the interface and its description, made of the handlers themselves.
fn api() -> (Router<App>, utoipa::openapi::OpenApi) {
    let whole_log =
        OpenApiRouter::new().routes(routes!(events::begin)).layer(DefaultBodyLimit::max(WHOLE_LOG));
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(health::health))
        .routes(routes!(session::sign_in, session::sign_out))
        .routes(routes!(settings::get_settings))
        .routes(routes!(settings::put_jellyfin, settings::forget_jellyfin))
        .routes(routes!(settings::test_jellyfin))
        .routes(routes!(settings::put_tmdb))
        .routes(routes!(settings::put_preferences))
        .routes(routes!(sync::scan))
        .routes(routes!(sync::import))
        .routes(routes!(sync::status))
        .routes(routes!(library::movies))
        .routes(routes!(library::movie))
        .routes(routes!(library::all_series))
        .routes(routes!(library::one_series))
        .routes(routes!(events::lines))
        .layer(DefaultBodyLimit::max(SMALL))
        .merge(whole_log)
        .split_for_parts()
}

/// Every route but [`HEALTH`].
fn routes() -> Router<App> {
    let (routes, description) = api();
    let description = description.to_json().expect("a description made of types always encodes");
    let openapi =
        || async move { ([("content-type", "application/json")], description).into_response() };
    routes
        .route("/api/openapi.json", get(openapi))
        .merge(pages::routes())
        .fallback(problem::not_found)
        .route_layer(middleware::from_fn(request_log::remember_route))
        .method_not_allowed_fallback(problem::method_not_allowed)
}

/// The handler over a service.
///
/// Its routes are put together on the first request that needs them: a function that starts for
/// [`HEALTH`] alone needs none, and describing them takes as long as everything else at its start.
pub fn router(service: Arc<Service>, access: Access) -> Router {
    let app = App { service, access };
    let (others, with_app) = (Arc::new(OnceLock::new()), app.clone());
    let others = move |request: Request| {
        let others: Router = others.get_or_init(|| routes().with_state(with_app.clone())).clone();
        others.oneshot(request)
    };
    Router::new()
        .route(HEALTH, get(health::health))
        .method_not_allowed_fallback(problem::method_not_allowed)
        .fallback(others)
        .layer(middleware::from_fn_with_state(app.clone(), access::check))
        .layer(middleware::from_fn(request_log::write))
        .layer(middleware::from_fn_with_state(app.clone(), pages::finish))
        .with_state(app)
}

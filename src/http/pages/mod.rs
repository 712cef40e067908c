//! The pages, rendered on the server; each handler is a few lines over the service.
//!
//! A handler makes a view of plain texts, so that templates decide nothing. `tests/architecture.rs`
//! has the ranks of the modules in here.

mod answer;
mod assets;
mod choice;
mod history;
mod left_out;
mod library;
mod log;
mod posters;
mod preview;
mod session;
mod settings;
mod shell;
mod steps;
mod sync;
mod title;
mod window;
mod words;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{App, HEALTH, problem::status_of, request::accepts};
use crate::report::Problem;
use answer::{PageProblem, html};
use shell::{Shell, Visitor};

/// The largest form in bytes: a preview's has the ids of everything that isn't imported.
const FORM: usize = 2 * 1024 * 1024;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/sync", get(sync::page))
        .route("/sync/scan", post(sync::scan))
        .route("/sync/preview", post(sync::turn))
        .route("/sync/import", post(sync::import))
        .route("/sync/progress", get(sync::progress))
        .route("/sync/left-out", get(left_out::page))
        .route("/library", get(library::page))
        .route("/library/movies/{slug}", get(title::movie))
        .route("/library/series/{slug}", get(title::series))
        .route("/history", get(history::page))
        .route("/log", get(log::page))
        .route("/settings", get(settings::page))
        .route("/settings/jellyfin", post(settings::jellyfin))
        .route("/settings/tmdb", post(settings::tmdb))
        .route("/settings/preferences", post(settings::preferences))
        .route("/settings/appearance", post(settings::appearance))
        .route("/sign-in", get(session::page).post(session::sign_in))
        .route("/sign-out", post(session::sign_out))
        .route("/posters/{item}", get(posters::poster))
        .route("/assets/{file}", get(assets::asset))
        .layer(DefaultBodyLimit::max(FORM))
}

/// A person who hasn't connected a server yet starts at the settings.
async fn home(State(app): State<App>) -> Result<Redirect, PageProblem> {
    let connected = app.service.account().view().await?.jellyfin.server_url.is_some();
    Ok(Redirect::to(if connected { "/sync" } else { "/settings" }))
}

#[derive(askama::Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    shell: Shell,
    problem: Problem,
    faults: Vec<String>,
}

/// Renders problems for browsers, and adds the headers that keep a page safe to every answer.
pub(super) async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = !path.starts_with("/api/") && !path.starts_with(HEALTH);
    let reads_html = is_page && accepts(request.headers(), &mime::TEXT_HTML);
    let visitor = Visitor::of(&app, request.headers());
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    let here = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let from_elsewhere =
        request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let mut response = next.run(request).await;
    let extensions = response.extensions_mut();
    let problem = extensions
        .remove::<PageProblem>()
        .or_else(|| extensions.remove::<Problem>().map(PageProblem::from));
    match problem {
        Some(PageProblem(problem, _))
            if reads_html
                && status_of(&problem) == StatusCode::UNAUTHORIZED
                && app.access.asks_for_a_token() =>
        {
            response = session::ask(&visitor, if is_read { &here } else { "/" }, from_elsewhere);
        }
        Some(PageProblem(problem, faults)) if reads_html => {
            let status = status_of(&problem);
            let shell = visitor.shell("Something went wrong", None);
            response = (status, html(&ProblemPage { shell, problem, faults })).into_response();
        }
        Some(PageProblem(problem, _)) if is_page => response = problem.into_response(),
        Some(_) | None => {}
    }
    let headers = response.headers_mut();
    for (name, value) in SAFE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Nothing from elsewhere, nothing inline, in no frame, and nothing in a cache that others could
/// read.
///
/// `same-origin` as referrer policy and not `no-referrer`: under the latter, browsers send forms
/// with `Origin: null`, and such a form looks the same as another site's.
const SAFE: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

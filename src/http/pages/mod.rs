//! The pages: read, then rendered on the server; each handler is a few lines over the service.
//!
//! What a template shows is made ready in a view of plain texts, so that templates decide nothing.

mod assets;
mod history;
mod library;
mod log;
mod posters;
mod preview;
mod session;
mod settings;
mod shell;
mod sync;
mod title;
mod window;
mod words;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{App, HEALTH, Problem};
use crate::service::ServiceError;
use shell::{Shell, Visitor};

/// What a form sends, in bytes: a preview's carries the ids of everything that stays out.
const FORM: usize = 2 * 1024 * 1024;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/sync", get(sync::page))
        .route("/sync/scan", post(sync::scan))
        .route("/sync/preview", post(sync::turn))
        .route("/sync/import", post(sync::import))
        .route("/sync/progress", get(sync::progress))
        .route("/sync/left-out", get(preview::left_out))
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

/// Whoever isn't connected yet is led to the settings.
async fn home(State(app): State<App>) -> Result<Redirect, PageProblem> {
    let connected = app.service.account().view().await?.jellyfin.server_url.is_some();
    Ok(Redirect::to(if connected { "/sync" } else { "/settings" }))
}

/// Renders a page.
fn html(template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(page) => Html(page).into_response(),
        // Writing into a text fails only where a value can't be displayed, and all of ours can.
        Err(error) => {
            Problem::new("internal", format!("the page can't be made: {error}")).into_response()
        }
    }
}

/// A problem as a page: read by a person, not by a program.
#[derive(Debug)]
pub(super) struct PageProblem(pub Problem, Vec<String>);

impl From<ServiceError> for PageProblem {
    fn from(error: ServiceError) -> Self {
        Self(error.into(), Vec::new())
    }
}

impl From<Problem> for PageProblem {
    fn from(problem: Problem) -> Self {
        Self(problem, Vec::new())
    }
}

/// The problem travels with the answer, to be rendered where the visitor is known.
impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        let mut response = self.0.status().into_response();
        response.extensions_mut().insert(Carried(self.0, self.1));
        response
    }
}

#[derive(Debug, Clone)]
struct Carried(Problem, Vec<String>);

#[derive(askama::Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    shell: Shell,
    problem: Problem,
    faults: Vec<String>,
}

/// Renders problems for browsers, and sends every answer with what keeps a page safe.
pub(super) async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = !path.starts_with("/api/") && !path.starts_with(HEALTH);
    let reads_html = is_page && accepts_html(request.headers());
    let visitor = Visitor::of(&app, request.headers());
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    let here = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let from_elsewhere =
        request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let mut response = next.run(request).await;
    let carried = response
        .extensions_mut()
        .remove::<Carried>()
        .map(|Carried(problem, faults)| (problem, faults));
    let problem = carried.or_else(|| {
        response.extensions_mut().remove::<Problem>().map(|problem| (problem, Vec::new()))
    });
    match problem {
        Some((problem, _))
            if reads_html
                && problem.status() == StatusCode::UNAUTHORIZED
                && app.access.asks_for_a_token() =>
        {
            response = session::ask(&visitor, if is_read { &here } else { "/" }, from_elsewhere);
        }
        Some((problem, faults)) if reads_html => {
            let status = problem.status();
            let shell = visitor.shell("Something is wrong", None);
            response = (status, html(&ProblemPage { shell, problem, faults })).into_response();
        }
        Some((problem, _)) if is_page => response = problem.into_response(),
        Some(_) | None => {}
    }
    let headers = response.headers_mut();
    for (name, value) in SAFE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Nothing from elsewhere, nothing inline, in no frame; and nothing kept where others might look.
///
/// `same-origin` as referrer policy and not `no-referrer`: under the latter, browsers send forms with `Origin: null`,
/// which could not be told from another site's.
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

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

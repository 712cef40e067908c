//! Signing in and out with a browser, by a form.

use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    html,
    shell::{Shell, Visitor},
};
use crate::http::{App, Problem, access, request::FormBody};

#[derive(askama::Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    to: String,
    problem: Option<Problem>,
    /// Whether to ask once more, from here: a browser that came by a link of another site kept its cookie back.
    retry: bool,
}

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct To {
    to: Option<String>,
}

/// A path of ours, and nobody else's.
fn inside(to: &str) -> String {
    let is_path = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n']);
    if is_path { to.to_owned() } else { "/".to_owned() }
}

fn show(visitor: &Visitor, to: &str, problem: Option<Problem>, retry: bool) -> Response {
    let shell = Shell { signed_in: false, ..visitor.shell("Sign in", None) };
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let mut page = html(&SignInPage { shell, to: inside(to), problem, retry });
    *page.status_mut() = status;
    page
}

/// What stands where a page would, for whoever isn't signed in.
pub(super) fn ask(visitor: &Visitor, to: &str, from_elsewhere: bool) -> Response {
    let mut page = show(visitor, to, None, from_elsewhere);
    *page.status_mut() = StatusCode::UNAUTHORIZED;
    page
}

pub(super) async fn page(visitor: Visitor, State(app): State<App>, Query(To { to }): Query<To>) -> Response {
    if !app.access.asks_for_a_token() {
        return Redirect::to("/").into_response();
    }
    show(&visitor, to.as_deref().unwrap_or("/"), None, false)
}

pub(super) async fn sign_in(visitor: Visitor, State(app): State<App>, headers: HeaderMap, form: FormBody) -> Response {
    let to = inside(form.get("to").unwrap_or("/"));
    let token = form.get("token").unwrap_or_default().to_owned().into();
    let cookie = app.access.cookie(&token, access::is_over_tls(&headers));
    match cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response(),
        None => show(&visitor, &to, Some(Problem::new("unauthorized", "that is not the API token")), false),
    }
}

pub(super) async fn sign_out() -> Response {
    ([(header::SET_COOKIE, access::NO_COOKIE)], Redirect::to("/sign-in")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "evil", ""] {
            assert_eq!(inside(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(inside("/library?q=a"), "/library?q=a");
    }
}

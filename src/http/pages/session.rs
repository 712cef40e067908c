//! Signing in and out with a browser, by a form.

use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use url::Url;

use super::{
    answer::html,
    shell::{Shell, Visitor},
};
use crate::{
    http::{App, access, problem::status_of, request::FormBody},
    report::{Problem, ProblemCode},
};

#[derive(askama::Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    to: String,
    problem: Option<Problem>,
    /// Whether the page loads itself again: a browser that follows another site's link doesn't send
    /// its cookie, and sends it with a request of our own.
    retry: bool,
}

/// The path to go to after signing in.
#[derive(Deserialize)]
pub(super) struct To {
    to: Option<String>,
}

/// The path if it leads into this product, else `/`. A URL parser says where a browser would go.
/// Browsers drop control characters and read a backslash as a slash, so neither is allowed, encoded
/// or not.
fn inside(to: &str) -> String {
    let decoded = percent_decoded(to);
    let is_odd = |byte: &u8| byte.is_ascii_control() || *byte == b'\\';
    let base = Url::parse("http://this.invalid/").expect("it is a URL");
    let found = base
        .join(to)
        .ok()
        .filter(|found| found.origin() == base.origin() && !found.path().starts_with("//"));
    let is_ours = to.starts_with('/') && !decoded.iter().any(is_odd) && found.is_some();
    if is_ours { to.to_owned() } else { "/".to_owned() }
}

/// The bytes of a percent-encoded text.
fn percent_decoded(text: &str) -> Vec<u8> {
    let digit =
        |at: usize| text.as_bytes().get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let encoded = (*byte == b'%').then(|| digit(at + 1).zip(digit(at + 2))).flatten();
        let decoded_byte = encoded.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        decoded.push(decoded_byte.unwrap_or(*byte));
        at += if decoded_byte.is_some() { 3 } else { 1 };
    }
    decoded
}

fn show(visitor: &Visitor, to: &str, problem: Option<Problem>, retry: bool) -> Response {
    let shell = Shell { signed_in: false, ..visitor.shell("Sign in", None) };
    let status = problem.as_ref().map_or(StatusCode::OK, status_of);
    let mut page = html(&SignInPage { shell, to: inside(to), problem, retry });
    *page.status_mut() = status;
    page
}

/// The sign-in page in place of the page that was asked for.
pub(super) fn ask(visitor: &Visitor, to: &str, from_elsewhere: bool) -> Response {
    let mut page = show(visitor, to, None, from_elsewhere);
    *page.status_mut() = StatusCode::UNAUTHORIZED;
    page
}

pub(super) async fn page(
    visitor: Visitor,
    State(app): State<App>,
    Query(To { to }): Query<To>,
) -> Response {
    if !app.access.asks_for_a_token() {
        return Redirect::to("/").into_response();
    }
    show(&visitor, to.as_deref().unwrap_or("/"), None, false)
}

pub(super) async fn sign_in(
    visitor: Visitor,
    State(app): State<App>,
    headers: HeaderMap,
    form: FormBody,
) -> Response {
    let to = inside(form.get("to").unwrap_or("/"));
    let token = form.get("token").unwrap_or_default().to_owned().into();
    let cookie = app.access.cookie(&token, access::is_over_tls(&headers));
    match cookie {
        Some(cookie) => (CookieJar::new().add(cookie), Redirect::to(&to)).into_response(),
        None => {
            let problem = Problem::new(ProblemCode::Unauthorized, access::WRONG_TOKEN);
            show(&visitor, &to, Some(problem), false)
        }
    }
}

pub(super) async fn sign_out() -> Response {
    (CookieJar::new().add(access::no_cookie()), Redirect::to("/sign-in")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        let elsewhere = [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n//evil.example",
            "/%09/evil.example",
            "/%5Cevil.example",
            "/%5c/evil.example",
            "/library%0d%0aset-cookie:a=b",
            "/\u{7f}/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "///evil.example",
            "javascript:alert(1)",
            "evil",
            "",
        ];
        for elsewhere in elsewhere {
            assert_eq!(inside(elsewhere), "/", "{elsewhere}");
        }
        for own in [
            "/library?q=a",
            "/library/movies/-2001",
            "/library?q=100%25",
            "/log?stream=%C3%A9#end",
            "/library?q=%",
        ] {
            assert_eq!(inside(own), own);
        }
    }
}

//! Who may call: the holder of the API token, or, without a token, this machine alone; never
//! another site's page (`docs/http.md`, "Who may call").

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::{
    extract::cookie::{Cookie, CookieJar, SameSite},
    headers::{Authorization, HeaderMapExt, authorization::Bearer},
};
use cookie::time::Duration;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{App, HEALTH};
use crate::report::{Problem, ProblemCode};

/// Which callers get an answer.
#[derive(Debug, Clone)]
pub enum Access {
    /// A caller with the token.
    Token(SecretString),
    /// A caller on this machine that uses a name of this machine.
    Loopback,
    /// No caller: a function without a token is open to the whole net.
    Closed,
}

/// Name of the cookie that a browser gets when it signs in.
const COOKIE: &str = "mediatheca_session";

/// What a person reads who entered a wrong token.
pub(super) const WRONG_TOKEN: &str = "use the value of MEDIATHECA_API_TOKEN on your server";

/// Whether the browser's connection is encrypted. In front of a function it always is, and the
/// front says so.
pub(super) fn is_over_tls(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https")
}

/// A cookie for all of this site that no script reads and no other site sends.
pub(super) fn own_cookie(name: &'static str, value: String, lasts: Duration) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(lasts)
        .build()
}

/// Makes a browser forget the session.
pub(super) fn no_cookie() -> Cookie<'static> {
    own_cookie(COOKIE, String::new(), Duration::ZERO)
}

/// How long a browser keeps a cookie.
pub(super) const YEAR: Duration = Duration::days(365);

impl Access {
    /// The cookie for a browser that gave the right token. Its value isn't the token itself.
    pub(super) fn cookie(&self, given: &SecretString, over_tls: bool) -> Option<Cookie<'static>> {
        match self {
            Self::Token(token) if is_same(given.expose_secret(), token.expose_secret()) => {
                let mut cookie = own_cookie(COOKIE, session(token), YEAR);
                cookie.set_secure(over_tls);
                Some(cookie)
            }
            Self::Token(_) | Self::Loopback | Self::Closed => None,
        }
    }

    /// Whether a browser has to sign in.
    pub(super) fn asks_for_a_token(&self) -> bool {
        matches!(self, Self::Token(_))
    }

    fn admits(&self, reads: bool, headers: &HeaderMap) -> Result<(), Problem> {
        if let Some(problem) = from_elsewhere(reads, headers) {
            return Err(problem);
        }
        match self {
            Self::Closed => Err(Problem::new(
                ProblemCode::Unauthorized,
                "this function has no API token yet: set MEDIATHECA_API_TOKEN in its environment",
            )),
            Self::Loopback => {
                let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
                match host {
                    Some(host) if is_loopback_host(host) => Ok(()),
                    host => Err(unknown_host(host.unwrap_or_default())),
                }
            }
            Self::Token(token) => {
                let bearer = headers.typed_get::<Authorization<Bearer>>();
                let by_bearer =
                    bearer.is_some_and(|given| is_same(given.token(), token.expose_secret()));
                let by_cookie = || {
                    let cookies = CookieJar::from_headers(headers);
                    cookies.get(COOKIE).is_some_and(|given| is_same(given.value(), &session(token)))
                };
                if by_bearer || by_cookie() { Ok(()) } else { Err(no_token()) }
            }
        }
    }
}

fn no_token() -> Problem {
    let detail = "send the API token: `Authorization: Bearer <token>`";
    Problem::new(ProblemCode::Unauthorized, detail)
}

fn unknown_host(host: &str) -> Problem {
    let detail = format!(
        "unknown host name `{host}`: without an API token, only this machine may call, as localhost; \
         to call from elsewhere, set MEDIATHECA_API_TOKEN"
    );
    Problem::new(ProblemCode::ForbiddenOrigin, detail)
}

/// A page of another site can send requests here; its `Origin` gives it away, and in newer browsers
/// `Sec-Fetch-Site`.
fn from_elsewhere(reads: bool, headers: &HeaderMap) -> Option<Problem> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (origin, host) = (text(header::ORIGIN), text(header::HOST));
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    // Top-level navigations may come from any site, as they only read.
    let has = |name: &str, expected: &str| headers.get(name).is_some_and(|value| value == expected);
    let opens_a_page = has("sec-fetch-mode", "navigate") && has("sec-fetch-dest", "document");
    let foreign = match (origin, site) {
        (None, Some(_)) if reads && opens_a_page => false,
        (Some(origin), _) => origin.split_once("://").map(|(_, origin_host)| origin_host) != host,
        (None, Some(site)) => matches!(site, "cross-site" | "same-site"),
        (None, None) => false,
    };
    foreign.then(|| {
        let detail = "a page of another site sent this request; it gets no answer";
        Problem::new(ProblemCode::ForbiddenOrigin, detail)
    })
}

fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Compares digests, so that the time it takes reveals nothing about the text.
fn is_same(given: &str, secret: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(secret)
}

fn session(token: &SecretString) -> String {
    let digest = Sha256::digest(format!("mediatheca session\n{}", token.expose_secret()));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether one of our own pages sent a form. Every current browser says so.
pub(super) fn is_own_form(headers: &HeaderMap) -> bool {
    let says = headers.contains_key(header::ORIGIN)
        || headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    says && from_elsewhere(false, headers).is_none()
}

/// Lets a request through or answers why not. Health is open; so are signing in and the sign-in
/// page's style and script if there is a token to sign in with.
pub(super) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let open = path == HEALTH;
    let signs_in =
        matches!(path, "/api/session" | "/sign-in" | "/sign-out") || path.starts_with("/assets/");
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let admitted = match () {
        () if open => Ok(()),
        () if signs_in && app.access.asks_for_a_token() => {
            from_elsewhere(reads, request.headers()).map_or(Ok(()), Err)
        }
        () => app.access.admits(reads, request.headers()),
    };
    match admitted {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn admitted(access: &Access, pairs: &[(&'static str, &str)]) -> Result<(), &'static str> {
        access
            .admits(true, &headers(pairs))
            .map_err(|problem| if problem == no_token() { "token" } else { "other" })
    }

    #[test]
    fn without_a_token_this_machine_alone_is_answered_by_its_own_names() {
        for host in ["localhost:8787", "127.0.0.1:8787", "[::1]:8787", "LOCALHOST", "127.0.0.2"] {
            assert_eq!(admitted(&Access::Loopback, &[("host", host)]), Ok(()), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "192.168.1.5:8787", "", "127.0.0.1.nip.io"]
        {
            assert_eq!(admitted(&Access::Loopback, &[("host", host)]), Err("other"), "{host}");
        }
        assert_eq!(admitted(&Access::Loopback, &[]), Err("other"));
    }

    #[test]
    fn a_page_of_another_site_is_never_answered() {
        let local = ("host", "127.0.0.1:8787");
        assert_eq!(
            admitted(&Access::Loopback, &[local, ("origin", "http://127.0.0.1:8787")]),
            Ok(())
        );
        for origin in
            ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8787"]
        {
            assert_eq!(
                admitted(&Access::Loopback, &[local, ("origin", origin)]),
                Err("other"),
                "{origin}"
            );
        }
        assert_eq!(
            admitted(&Access::Loopback, &[local, ("sec-fetch-site", "cross-site")]),
            Err("other")
        );
        assert_eq!(
            admitted(&Access::Loopback, &[local, ("sec-fetch-site", "same-origin")]),
            Ok(())
        );
    }

    #[test]
    fn a_link_of_another_site_opens_a_page_and_sends_nothing() {
        let site = ("sec-fetch-site", "cross-site");
        let link = headers(&[
            ("host", "localhost"),
            site,
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ]);
        assert!(Access::Loopback.admits(true, &link).is_ok());
        assert!(
            Access::Loopback.admits(false, &link).is_err(),
            "a form of another site isn't a link"
        );
        let frame = headers(&[
            ("host", "localhost"),
            site,
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe"),
        ]);
        assert!(Access::Loopback.admits(true, &frame).is_err());
    }

    #[test]
    fn a_form_is_taken_from_this_products_own_pages_alone() {
        let host = ("host", "sync.example");
        assert!(is_own_form(&headers(&[host, ("origin", "https://sync.example")])));
        assert!(is_own_form(&headers(&[host, ("sec-fetch-site", "same-origin")])));
        for other in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "same-site"),
            ("x-a", "b"),
        ] {
            assert!(!is_own_form(&headers(&[host, other])), "{other:?}");
        }
    }

    #[test]
    fn with_a_token_its_holder_is_answered_from_anywhere() {
        let access = Access::Token(SecretString::from("s3cret"));
        let host = ("host", "sync.example");
        assert_eq!(admitted(&access, &[host, ("authorization", "Bearer s3cret")]), Ok(()));
        assert_eq!(admitted(&access, &[host, ("authorization", "Bearer wrong")]), Err("token"));
        assert_eq!(admitted(&access, &[host, ("authorization", "Basic s3cret")]), Err("token"));
        assert_eq!(admitted(&access, &[host]), Err("token"));
        let cookie = access.cookie(&SecretString::from("s3cret"), true).unwrap();
        assert!(!cookie.value().contains("s3cret"));
        let pair = cookie.stripped().to_string();
        assert_eq!(admitted(&access, &[host, ("cookie", &format!("a=b; {pair}"))]), Ok(()));
        assert!(access.cookie(&SecretString::from("wrong"), true).is_none());
    }

    #[test]
    fn a_function_without_a_token_answers_no_caller() {
        assert_eq!(admitted(&Access::Closed, &[("host", "localhost")]), Err("other"));
    }
}

//! Who may call: the holder of the API token, or, without one, this machine alone; and never another site's page.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{App, HEALTH, Problem};

/// The rule by which callers are let in.
#[derive(Debug, Clone)]
pub enum Access {
    /// Whoever holds the token.
    Token(SecretString),
    /// Whoever calls from this machine, by a name of this machine.
    Loopback,
    /// Nobody: a function on the open net without a token.
    Nobody,
}

/// Name of the cookie that a browser holds once it has signed in.
const COOKIE: &str = "mediatheca_session";

/// What makes a browser forget it.
pub(super) const NO_COOKIE: &str =
    "mediatheca_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";

/// Whether the browser's end of the way is encrypted: in front of a function it always is, and the front says so.
pub(super) fn is_over_tls(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https")
}

impl Access {
    /// The cookie for a browser that gave the right token; it isn't the token itself.
    pub(super) fn cookie(&self, given: &SecretString, over_tls: bool) -> Option<String> {
        match self {
            Self::Token(token) if is_same(given.expose_secret(), token.expose_secret()) => {
                let secure = if over_tls { "; Secure" } else { "" };
                Some(format!(
                    "{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000{secure}",
                    session(token)
                ))
            }
            Self::Token(_) | Self::Loopback | Self::Nobody => None,
        }
    }

    /// Whether a browser has to sign in.
    pub(super) fn asks_for_a_token(&self) -> bool {
        matches!(self, Self::Token(_))
    }

    fn admits(&self, reads: bool, headers: &HeaderMap) -> Result<(), Problem> {
        let text =
            |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(problem) = from_elsewhere(reads, headers) {
            return Err(problem);
        }
        match self {
            Self::Nobody => Err(Problem::new(
                "unauthorized",
                "no API token is set, so nobody is let in: set one in the environment of the function",
            )),
            Self::Loopback => match text(header::HOST) {
                Some(host) if is_loopback_host(host) => Ok(()),
                host => Err(Problem::new(
                    "forbidden_origin",
                    format!(
                        "without an API token only this machine is answered, and `{}` is no name of it: use localhost, or set a token",
                        host.unwrap_or_default()
                    ),
                )),
            },
            Self::Token(token) => {
                let bearer = text(header::AUTHORIZATION).and_then(|value| {
                    let (scheme, given) = value.split_once(' ')?;
                    scheme.eq_ignore_ascii_case("bearer").then(|| given.trim())
                });
                let by_bearer = bearer.is_some_and(|given| is_same(given, token.expose_secret()));
                let by_cookie = || {
                    let cookies = headers
                        .get_all(header::COOKIE)
                        .iter()
                        .filter_map(|value| value.to_str().ok());
                    let mut values = cookies
                        .flat_map(|cookies| cookies.split(';'))
                        .filter_map(|one| one.trim().split_once('='));
                    values.any(|(name, value)| name == COOKIE && is_same(value, &session(token)))
                };
                if by_bearer || by_cookie() {
                    Ok(())
                } else {
                    Err(Problem::new(
                        "unauthorized",
                        "send the API token: `Authorization: Bearer <token>`",
                    ))
                }
            }
        }
    }
}

/// A page of another site can send requests here; its `Origin` gives it away, and in newer browsers `Sec-Fetch-Site`.
fn from_elsewhere(reads: bool, headers: &HeaderMap) -> Option<Problem> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (origin, host) = (text(header::ORIGIN), text(header::HOST));
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    // A link or a bookmark leads here from anywhere; what it opens is read, not sent, and only into a page of its own.
    let has = |name: &str, expected: &str| headers.get(name).is_some_and(|value| value == expected);
    let opens_a_page = has("sec-fetch-mode", "navigate") && has("sec-fetch-dest", "document");
    let foreign = match (origin, site) {
        (None, Some(_)) if reads && opens_a_page => false,
        (Some(origin), _) => origin.split_once("://").map(|(_, origin_host)| origin_host) != host,
        (None, Some(site)) => matches!(site, "cross-site" | "same-site"),
        (None, None) => false,
    };
    foreign.then(|| {
        Problem::new(
            "forbidden_origin",
            "a page of another site sent this, which is never answered",
        )
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

/// Compares digests, so that the time it takes tells nothing of the text.
fn is_same(given: &str, secret: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(secret)
}

fn session(token: &SecretString) -> String {
    let digest = Sha256::digest(format!("mediatheca session\n{}", token.expose_secret()));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a request is a form that this product's own page sent; every browser of today says so.
pub(super) fn is_own_form(headers: &HeaderMap) -> bool {
    let says = headers.contains_key(header::ORIGIN)
        || headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    says && from_elsewhere(false, headers).is_none()
}

/// Lets a request through or answers why not. Health, signing in, and what the sign-in page is made of are open to all
/// who come by the right name.
pub(super) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let open = path == HEALTH;
    let is_door =
        matches!(path, "/api/session" | "/sign-in" | "/sign-out") || path.starts_with("/assets/");
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let admitted = match () {
        () if open => Ok(()),
        () if is_door && app.access.asks_for_a_token() => {
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
        access.admits(true, &headers(pairs)).map_err(|problem| {
            if problem
                == Problem::new(
                    "unauthorized",
                    "send the API token: `Authorization: Bearer <token>`",
                )
            {
                "token"
            } else {
                "other"
            }
        })
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
            "a form of another site is no link"
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
        assert!(!cookie.contains("s3cret"));
        let pair = cookie.split(';').next().unwrap();
        assert_eq!(admitted(&access, &[host, ("cookie", &format!("a=b; {pair}"))]), Ok(()));
        assert!(access.cookie(&SecretString::from("wrong"), true).is_none());
    }

    #[test]
    fn a_function_without_a_token_answers_nobody() {
        assert_eq!(admitted(&Access::Nobody, &[("host", "localhost")]), Err("other"));
    }
}

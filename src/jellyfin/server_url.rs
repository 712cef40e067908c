//! A Jellyfin server's address: what a person pastes comes in, a base URL without slash, query and
//! web page goes out.
//!
//! Nothing is asked here; whether Jellyfin is there is found out by the connection.

use std::fmt;

use url::Url;

/// Why a text isn't a server's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// Nothing was given.
    #[error(
        "the server URL is empty: enter the address you use to open Jellyfin, such as http://nas:8096"
    )]
    Empty,
    /// It can't be read as an address. Only its text is kept: it may hold a password.
    #[error(
        "`{text}` isn't a valid server URL ({reason}): enter the address you use to open Jellyfin, such as http://nas:8096"
    )]
    Unreadable {
        /// What was given, without what stands before an `@`.
        text: String,
        /// What is wrong with it.
        reason: UrlFault,
    },
    /// Neither http nor https.
    #[error("the server URL begins with `{0}:`, which is neither http nor https")]
    Scheme(String),
    /// It holds a user name or password.
    #[error(
        "the server URL holds a user name or a password: enter them in their own fields, as URLs end in access logs"
    )]
    Credentials,
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// What the parser says.
    #[error(transparent)]
    Syntax(#[from] url::ParseError),
    /// It can be read, and has no host.
    #[error("it names no host")]
    NoHost,
}

/// The address of a server, with its base path and without a slash behind it: `http://nas:8096`,
/// `https://h/jellyfin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
    /// Reads an address: a missing scheme is http, and what belongs to Jellyfin's web page is cut
    /// off.
    ///
    /// # Errors
    /// See [`ServerUrlError`]; each says what to enter instead.
    pub fn parse(text: &str) -> Result<Self, ServerUrlError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(ServerUrlError::Empty);
        }
        let with_scheme =
            if trimmed.contains("://") { trimmed.to_owned() } else { format!("http://{trimmed}") };
        let unreadable = |reason| ServerUrlError::Unreadable { text: redacted(trimmed), reason };
        let url = Url::parse(&with_scheme).map_err(|e| unreadable(e.into()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ServerUrlError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerUrlError::Credentials);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(unreadable(UrlFault::NoHost));
        }
        let base = without_web_page(url.path()).to_owned();
        Ok(Self::with_base(url, &base))
    }

    fn with_base(mut url: Url, base: &str) -> Self {
        url.set_path(base.trim_end_matches('/'));
        url.set_query(None);
        url.set_fragment(None);
        Self(url)
    }

    /// The address of a path such as `/System/Info/Public`, with a query as it goes over the wire.
    pub fn join(&self, path: &str, query: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url.set_query((!query.is_empty()).then_some(query));
        url
    }

    /// The server that a redirect from `asked` points to, if it is this one under a base path, or
    /// this one over TLS.
    ///
    /// A server under `/jellyfin` answers everything outside it with a `Location` such as
    /// `../../jellyfin/web/` (recorded in `base-path.json`). Another host is never followed: it
    /// would get the password.
    pub fn redirected(&self, asked: &Url, location: &str) -> Option<Self> {
        let target = asked.join(location).ok()?;
        let same_host = target.host_str() == self.0.host_str();
        let same_port = target.scheme() == self.0.scheme()
            && target.port_or_known_default() == self.0.port_or_known_default();
        let to_tls = self.0.scheme() == "http" && target.scheme() == "https";
        if !same_host || !(same_port || to_tls) {
            return None;
        }
        let path = target.path();
        let asked_path =
            asked.path().strip_prefix(self.0.path().trim_end_matches('/')).unwrap_or(asked.path());
        let base = match path.strip_suffix(asked_path) {
            Some(base) => base,
            None => without_web_page(path),
        };
        let found = Self::with_base(target.clone(), base);
        (found != *self).then_some(found)
    }

    /// Whether both have the same scheme, host and port: what is entered for one origin is sent to
    /// no other.
    pub fn has_origin_of(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// The address as text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Cuts off what follows a base path: the web page, the API's documentation.
fn without_web_page(path: &str) -> &str {
    let lower = path.to_ascii_lowercase();
    let page = ["/web/", "/api-docs/"].into_iter().filter_map(|page| lower.find(page)).min();
    let end = page.or_else(|| lower.strip_suffix("/web").map(str::len)).unwrap_or(path.len());
    path[..end].trim_end_matches('/')
}

/// A text that may hold a password before an `@` is not shown.
fn redacted(text: &str) -> String {
    text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, behind)| format!("…@{behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_made_right() {
        for (pasted, right) in [
            ("http://h:8096/", "http://h:8096"),
            ("h:8096", "http://h:8096"),
            (" nas ", "http://nas"),
            ("192.168.1.5:8096", "http://192.168.1.5:8096"),
            ("https://h/jellyfin", "https://h/jellyfin"),
            ("https://h/jellyfin/", "https://h/jellyfin"),
            ("https://h/web/index.html#!/home", "https://h"),
            ("http://h:8096/jellyfin/web/index.html#!/home.html", "http://h:8096/jellyfin"),
            ("http://h:8096/web", "http://h:8096"),
            ("http://h:8096/web/#/home", "http://h:8096"),
            ("http://[::1]:8096", "http://[::1]:8096"),
            ("HTTP://NAS:8096", "http://nas:8096"),
        ] {
            assert_eq!(ServerUrl::parse(pasted).unwrap().as_str(), right, "{pasted}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_a_sentence_and_without_a_password() {
        assert_eq!(ServerUrl::parse("  "), Err(ServerUrlError::Empty));
        assert_eq!(ServerUrl::parse("ftp://h"), Err(ServerUrlError::Scheme("ftp".into())));
        assert_eq!(ServerUrl::parse("http://anna:secret@h"), Err(ServerUrlError::Credentials));
        assert!(matches!(ServerUrl::parse("http://"), Err(ServerUrlError::Unreadable { .. })));
        let error = ServerUrl::parse("http://anna:secret@:::").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn a_base_path_is_read_from_a_redirect_and_another_host_never_is() {
        let plain = ServerUrl::parse("http://127.0.0.1:8097").unwrap();
        let asked = plain.join("/System/Info/Public", "");
        let found = |location: &str| plain.redirected(&asked, location).map(|url| url.to_string());
        for location in [
            "../../jellyfin/web/",
            "../../jellyfin/api-docs/swagger",
            "/jellyfin/System/Info/Public",
        ] {
            assert_eq!(
                found(location).as_deref(),
                Some("http://127.0.0.1:8097/jellyfin"),
                "{location}"
            );
        }
        assert_eq!(
            found("https://127.0.0.1/System/Info/Public").as_deref(),
            Some("https://127.0.0.1")
        );
        for elsewhere in [
            "http://evil/jellyfin/web/",
            "//evil/web/",
            "http://127.0.0.1:1/web/",
            "ftp://127.0.0.1:8097/",
        ] {
            assert_eq!(found(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(found("/web/"), None, "leads back to where it came from");
    }
}

//! An error as a program and a person read it (RFC 9457), each with its stable code
//! (`docs/http.md`, "Errors").

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which problem it is. Programs branch on the code, so a code never changes (`docs/http.md`,
/// "Errors").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request can't be used; `detail` names the field.
    InvalidRequest,
    /// The API token is missing or wrong.
    Unauthorized,
    /// Another site's page sent the request, or `Host` isn't a name of this machine.
    ForbiddenOrigin,
    /// No such route or title.
    NotFound,
    /// The route exists for another method.
    MethodNotAllowed,
    /// The body is over the route's limit.
    PayloadTooLarge,
    /// The answer is over what Lambda passes on.
    AnswerTooLarge,
    /// No Jellyfin server is set up.
    NotConfigured,
    /// The log changed again and again during the request; nothing was added.
    LogConflict,
    /// A whole log can only go into an empty store.
    LogNotEmpty,
    /// A line of the log can't be read.
    LogCorrupt,
    /// The disk or the object store failed, or a document is damaged.
    StoreUnavailable,
    /// No connection, an untrusted certificate, or no answer in time.
    JellyfinUnreachable,
    /// The address answers, but not as Jellyfin does.
    #[serde(rename = "jellyfin_not_a_server")]
    JellyfinNotAServer,
    /// Jellyfin refused the sign-in, or scheduled imports stopped after refusals.
    JellyfinCredentialsRejected,
    /// Jellyfin refused the token, and no password is stored.
    JellyfinReauthenticationRequired,
    /// Any other failure of Jellyfin.
    JellyfinError,
    /// An answer of Jellyfin's passes a bound in bytes, rows, nesting or time.
    JellyfinAnswerTooLarge,
    /// TMDB refused the token or failed.
    TmdbError,
    /// A mistake in this product; also a stored code that this version doesn't know.
    #[serde(other)]
    Internal,
}

impl ProblemCode {
    /// The usual HTTP status, and a few words that are the same for every problem of the code.
    fn known(self) -> (u16, &'static str) {
        match self {
            Self::InvalidRequest => (422, "Please check this field"),
            Self::Unauthorized => (401, "Wrong API token"),
            Self::ForbiddenOrigin => (403, "Blocked"),
            Self::NotFound => (404, "Page not found"),
            Self::MethodNotAllowed => (405, "Method not allowed"),
            Self::PayloadTooLarge => (413, "Request too large"),
            Self::AnswerTooLarge => (500, "Answer too large"),
            Self::NotConfigured => (409, "Jellyfin isn't set up yet"),
            Self::LogConflict => (409, "The log changed meanwhile"),
            Self::LogNotEmpty => (409, "The log already has events"),
            Self::LogCorrupt => (500, "The log can't be read"),
            Self::StoreUnavailable => (503, "The store failed"),
            Self::JellyfinUnreachable => (502, "Can't reach Jellyfin"),
            Self::JellyfinNotAServer => (502, "Not a Jellyfin server"),
            Self::JellyfinCredentialsRejected => (502, "Jellyfin refused the sign-in"),
            Self::JellyfinReauthenticationRequired => (502, "Please sign in to Jellyfin again"),
            Self::JellyfinError => (502, "Jellyfin failed"),
            Self::JellyfinAnswerTooLarge => (502, "Jellyfin's answer is too large"),
            Self::TmdbError => (502, "TMDB failed"),
            Self::Internal => (500, "Something went wrong"),
        }
    }

    /// The usual HTTP status.
    pub fn status(self) -> u16 {
        self.known().0
    }

    /// A few words for a person, the same for every problem of the code.
    pub fn title(self) -> &'static str {
        self.known().1
    }
}

impl std::fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.serialize(f)
    }
}

/// An error as the interface shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says which problem it is.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: &'static str,
    /// A few words, the same for every problem of the code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened, with what, and what to do.
    detail: String,
    /// For programs: stable.
    code: ProblemCode,
}

impl Problem {
    /// A problem of that code. The detail may be a part of a sentence, as error texts are; a person
    /// reads a whole one.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: code.title(),
            status: code.status(),
            detail: sentence(&detail.into()),
            code,
        }
    }

    /// The same code with one of its other statuses.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Which problem it is.
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// A few words for a person.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// What happened and what to do, as a sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let capital: String =
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if capital.ends_with(['.', '!', '?']) { capital } else { format!("{capital}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status_and_a_detail_is_a_sentence() {
        for (text, status) in [
            ("invalid_request", 422),
            ("unauthorized", 401),
            ("forbidden_origin", 403),
            ("not_found", 404),
            ("method_not_allowed", 405),
            ("payload_too_large", 413),
            ("answer_too_large", 500),
            ("not_configured", 409),
            ("log_conflict", 409),
            ("log_not_empty", 409),
            ("log_corrupt", 500),
            ("store_unavailable", 503),
            ("jellyfin_unreachable", 502),
            ("jellyfin_not_a_server", 502),
            ("jellyfin_credentials_rejected", 502),
            ("jellyfin_reauthentication_required", 502),
            ("jellyfin_error", 502),
            ("jellyfin_answer_too_large", 502),
            ("tmdb_error", 502),
            ("internal", 500),
        ] {
            let code: ProblemCode = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            let problem = Problem::new(code, "a thing failed");
            assert_eq!((problem.status, problem.detail.as_str()), (status, "A thing failed."));
            assert_eq!(problem.code.to_string(), text);
        }
    }

    #[test]
    fn a_stored_code_of_another_version_is_still_read() {
        assert_eq!(
            serde_json::from_str::<ProblemCode>("\"of_next_year\"").unwrap(),
            ProblemCode::Internal
        );
    }
}

//! Errors as `application/problem+json` (RFC 9457), each with its stable code.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::{Failure, ServiceError};

/// An error as the interface shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says which problem it is.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: &'static str,
    /// A few words, the same for every problem of the code.
    pub(super) title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened, with what, and what to do.
    pub(super) detail: String,
    /// For programs: stable.
    pub(super) code: &'static str,
}

impl Problem {
    /// A problem of that code.
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        let (code, status, title) = known(code);
        Self {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail: sentence(detail.into()),
            code,
        }
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The same code with one of its other statuses.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status.as_u16();
        self
    }
}

fn known(code: &str) -> (&'static str, StatusCode, &'static str) {
    match code {
        "invalid_request" => (
            "invalid_request",
            StatusCode::UNPROCESSABLE_ENTITY,
            "The request can't be taken as it is",
        ),
        "unauthorized" => {
            ("unauthorized", StatusCode::UNAUTHORIZED, "No access without the API token")
        }
        "forbidden_origin" => ("forbidden_origin", StatusCode::FORBIDDEN, "Called from elsewhere"),
        "not_found" => ("not_found", StatusCode::NOT_FOUND, "There is no such thing"),
        "method_not_allowed" => {
            ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, "This can't be done here")
        }
        "payload_too_large" => {
            ("payload_too_large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large")
        }
        "answer_too_large" => (
            "answer_too_large",
            StatusCode::INTERNAL_SERVER_ERROR,
            "The answer is too large for this front",
        ),
        "not_configured" => ("not_configured", StatusCode::CONFLICT, "Jellyfin isn't set up yet"),
        "log_conflict" => ("log_conflict", StatusCode::CONFLICT, "The log moved"),
        "log_not_empty" => ("log_not_empty", StatusCode::CONFLICT, "The log has events already"),
        "log_corrupt" => {
            ("log_corrupt", StatusCode::INTERNAL_SERVER_ERROR, "The log can't be read")
        }
        "store_unavailable" => {
            ("store_unavailable", StatusCode::SERVICE_UNAVAILABLE, "The store failed")
        }
        "jellyfin_unreachable" => {
            ("jellyfin_unreachable", StatusCode::BAD_GATEWAY, "Jellyfin can't be reached")
        }
        "jellyfin_not_a_server" => {
            ("jellyfin_not_a_server", StatusCode::BAD_GATEWAY, "That is no Jellyfin server")
        }
        "jellyfin_credentials_rejected" => (
            "jellyfin_credentials_rejected",
            StatusCode::BAD_GATEWAY,
            "Jellyfin refused the sign-in",
        ),
        "jellyfin_reauthentication_required" => (
            "jellyfin_reauthentication_required",
            StatusCode::BAD_GATEWAY,
            "Jellyfin wants a new sign-in",
        ),
        "jellyfin_error" => ("jellyfin_error", StatusCode::BAD_GATEWAY, "Jellyfin failed"),
        "jellyfin_answer_too_large" => {
            ("jellyfin_answer_too_large", StatusCode::BAD_GATEWAY, "Jellyfin's answer is too large")
        }
        "tmdb_error" => ("tmdb_error", StatusCode::BAD_GATEWAY, "TMDB failed"),
        _ => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something failed"),
    }
}

/// Errors are written as parts of sentences; a person reads a whole one.
fn sentence(detail: String) -> String {
    let mut letters = detail.chars();
    let capital = letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect::<String>())
        .unwrap_or_default();
    if capital.ends_with(['.', '!', '?']) { capital } else { format!("{capital}.") }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        Self::new(&failure.code, failure.detail.clone())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        // For pages, which show it to people (`pages::finish`).
        let for_people = self.clone();
        let mut response = (status, Json(self)).into_response();
        response.extensions_mut().insert(for_people);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

pub(super) async fn not_found(uri: Uri) -> Problem {
    Problem::new("not_found", format!("there is nothing at {}", uri.path()))
}

pub(super) async fn method_not_allowed(method: axum::http::Method, uri: Uri) -> Problem {
    Problem::new("method_not_allowed", format!("{} can't be used with {method}", uri.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status_and_a_detail_is_a_sentence() {
        for (code, status) in [
            ("invalid_request", 422),
            ("unauthorized", 401),
            ("forbidden_origin", 403),
            ("not_found", 404),
            ("method_not_allowed", 405),
            ("payload_too_large", 413),
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
        ] {
            let problem = Problem::new(code, "a thing failed");
            assert_eq!(
                (problem.status, problem.detail.as_str()),
                (status, "A thing failed."),
                "{code}"
            );
        }
    }
}

//! Bodies: read whole, as JSON, with an error that says what is wrong with them.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;

use super::{Problem, access};

/// A JSON body.
pub(super) struct JsonBody<T>(pub T);

/// A JSON body that may be left out.
pub(super) struct OptionalJsonBody<T>(pub T);

/// Any body, up to the route's limit.
pub(super) struct RawBody(pub Bytes);

/// A form that one of our own pages sent: names and values, a name as often as it was sent.
pub(super) struct FormBody(Vec<(String, String)>);

impl FormBody {
    /// The first value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Every value of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box of that name is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        if !access::is_own_form(request.headers()) {
            let detail = "this form came from elsewhere: open the page here and send it from there";
            return Err(Problem::new("forbidden_origin", detail).into_response());
        }
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        let is_form = kind.split(';').next().unwrap_or_default().trim()
            == "application/x-www-form-urlencoded";
        let RawBody(body) = RawBody::from_request(request, state).await?;
        if !is_form && !body.is_empty() {
            let problem = Problem::new(
                "invalid_request",
                "a form is sent as `application/x-www-form-urlencoded`",
            );
            return Err(problem.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE).into_response());
        }
        Ok(Self(url::form_urlencoded::parse(&body).into_owned().collect()))
    }
}

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| {
            let problem = match rejection {
                rejection if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                    Problem::new("payload_too_large", "the body is larger than this route takes")
                }
                BytesRejection::FailedToBufferBody(_) | _ => {
                    Problem::new("invalid_request", "the body ended too early")
                        .with_status(StatusCode::BAD_REQUEST)
                }
            };
            problem.into_response()
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).cloned();
        let RawBody(body) = RawBody::from_request(request, state).await?;
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        read(kind, &body).map(Self).map_err(IntoResponse::into_response)
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).cloned();
        let RawBody(body) = RawBody::from_request(request, state).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        read(kind, &body).map(Self).map_err(IntoResponse::into_response)
    }
}

/// JSON is asked for by name: a form that another site's page sends never is.
fn read<T: DeserializeOwned>(kind: &str, body: &[u8]) -> Result<T, Problem> {
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            "invalid_request",
            "send the body as `Content-Type: application/json`",
        )
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::new(
            "invalid_request",
            format!("the body isn't of the right shape: {}", shape(&error)),
        ),
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => {
            let place = format!("line {}, column {}", error.line(), error.column());
            Problem::new(
                "invalid_request",
                format!("the body isn't JSON: it goes wrong at {place}"),
            )
            .with_status(StatusCode::BAD_REQUEST)
        }
    })
}

/// What serde says of a value may quote it, and the value may be a password in the wrong place.
fn shape(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected ")) {
        Some((_, expected)) => format!("expected {expected}"),
        None => text,
    }
}

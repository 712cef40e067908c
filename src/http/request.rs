//! Bodies: read whole, as JSON or a form, with an error that says what is wrong with them.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use mime::Mime;
use serde::de::DeserializeOwned;

use super::{access, problem::invalid};
use crate::report::{Problem, ProblemCode};

/// A JSON body.
pub(super) struct JsonBody<T>(pub T);

/// A JSON body that may be left out.
pub(super) struct OptionalJsonBody<T>(pub T);

/// Any body, up to the route's limit.
pub(super) struct RawBody(pub Bytes);

/// A form that one of our own pages sent, as pairs of name and value. A name can occur more than
/// once.
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
            let detail =
                "this form was sent from another site: open the page here and send it again";
            return Err(Problem::new(ProblemCode::ForbiddenOrigin, detail).into_response());
        }
        let is_form = has_content_type(request.headers(), &mime::APPLICATION_WWW_FORM_URLENCODED);
        let RawBody(body) = RawBody::from_request(request, state).await?;
        if !is_form && !body.is_empty() {
            let detail = "send a form as `application/x-www-form-urlencoded`";
            return Err(invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response());
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
                    let detail = "the body is larger than this route accepts";
                    Problem::new(ProblemCode::PayloadTooLarge, detail)
                }
                BytesRejection::FailedToBufferBody(_) | _ => {
                    invalid(StatusCode::BAD_REQUEST, "the body ended too early")
                }
            };
            problem.into_response()
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let is_json = has_content_type(request.headers(), &mime::APPLICATION_JSON);
        let RawBody(body) = RawBody::from_request(request, state).await?;
        read(is_json, &body).map(Self).map_err(IntoResponse::into_response)
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let is_json = has_content_type(request.headers(), &mime::APPLICATION_JSON);
        let RawBody(body) = RawBody::from_request(request, state).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        read(is_json, &body).map(Self).map_err(IntoResponse::into_response)
    }
}

/// Whether a request names that content type, whatever its parameters are.
fn has_content_type(headers: &HeaderMap, expected: &Mime) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    given
        .and_then(|kind| kind.parse::<Mime>().ok())
        .is_some_and(|kind| kind.essence_str() == expected.essence_str())
}

/// Whether a request accepts that content type by name. `*/*` doesn't count: every program sends
/// it.
pub(super) fn accepts(headers: &HeaderMap, expected: &Mime) -> bool {
    let given = headers.get_all(header::ACCEPT).iter().filter_map(|kinds| kinds.to_str().ok());
    given
        .flat_map(|kinds| kinds.split(','))
        .filter_map(|kind| kind.trim().parse::<Mime>().ok())
        .any(|kind| kind.essence_str() == expected.essence_str())
}

/// A JSON body needs its content type: a form that another site's page sends can't have it.
fn read<T: DeserializeOwned>(is_json: bool, body: &[u8]) -> Result<T, Problem> {
    if !is_json {
        let detail = "send the body as `Content-Type: application/json`";
        return Err(invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::new(
            ProblemCode::InvalidRequest,
            format!("the body doesn't fit: {}", shape(&error)),
        ),
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => {
            let place = format!("line {}, column {}", error.line(), error.column());
            invalid(StatusCode::BAD_REQUEST, format!("the body isn't JSON: see {place}"))
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

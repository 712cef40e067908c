//! Errors as answers: `application/problem+json` (RFC 9457), and what the OpenAPI document says of
//! them.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{Ref, RefOr, ResponseBuilder, content::ContentBuilder, response},
};

use crate::report::{Problem, ProblemCode};

/// The content type of a problem (RFC 9457, section 3).
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// The status of a problem's answer.
pub(super) fn status_of(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A problem with the usual code of a wrong request, and another status than its usual one.
pub(super) fn invalid(status: StatusCode, detail: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::InvalidRequest, detail).with_status(status.as_u16())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = status_of(&self);
        // For pages, which show it to people (`pages::finish`).
        let for_people = self.clone();
        let mut response = (status, Json(self)).into_response();
        response.extensions_mut().insert(for_people);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Every route may answer a problem, in addition to its own answers.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        let schema = Ref::from_schema_name(Self::name());
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let problem = ResponseBuilder::new().content(PROBLEM_JSON, content).build();
        BTreeMap::from([("default".to_owned(), problem.into())])
    }
}

pub(super) async fn not_found(uri: Uri) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no page or route at {}", uri.path()))
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(ProblemCode::MethodNotAllowed, format!("{} doesn't support {method}", uri.path()))
}

//! Signing in with a browser: the API token once, a cookie from then on.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::{App, Problem, access, request::JsonBody};

/// The API token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// As it is set in the environment.
    #[schema(value_type = String)]
    token: SecretString,
}

/// Signs a browser in.
#[utoipa::path(post, path = "/api/session", request_body = SignIn,
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SignIn>,
) -> Response {
    match app
        .access
        .cookie(&body.token, access::is_over_tls(&headers))
        .and_then(|cookie| HeaderValue::from_str(&cookie).ok())
    {
        Some(cookie) => (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response(),
        None => Problem::new("unauthorized", "that is not the API token").into_response(),
    }
}

/// Signs a browser out.
#[utoipa::path(delete, path = "/api/session",
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn sign_out() -> Response {
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, access::NO_COOKIE)]).into_response()
}

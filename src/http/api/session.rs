//! Signing in with a browser: the API token once, a cookie from then on.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use axum_extra::extract::CookieJar;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    http::{App, access, request::JsonBody},
    report::{Problem, ProblemCode},
};

/// The API token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The value of `MEDIATHECA_API_TOKEN` on the server.
    #[schema(value_type = String)]
    token: SecretString,
}

/// Signs a browser in.
#[utoipa::path(post, path = "/api/session", request_body = SignIn,
    responses((status = 204), Problem))]
pub async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SignIn>,
) -> Result<(CookieJar, StatusCode), Problem> {
    let cookie = app.access.cookie(&body.token, access::is_over_tls(&headers));
    let cookie =
        cookie.ok_or_else(|| Problem::new(ProblemCode::Unauthorized, access::WRONG_TOKEN))?;
    Ok((CookieJar::new().add(cookie), StatusCode::NO_CONTENT))
}

/// Signs a browser out.
#[utoipa::path(delete, path = "/api/session",
    responses((status = 204), Problem))]
pub async fn sign_out() -> (CookieJar, StatusCode) {
    (CookieJar::new().add(access::no_cookie()), StatusCode::NO_CONTENT)
}

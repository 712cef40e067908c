//! Settings over HTTP.

use axum::{Json, extract::State};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    http::{
        App, Problem,
        request::{JsonBody, OptionalJsonBody},
    },
    service::{ConnectionTest, JellyfinInput, PreferencesInput, SettingsView},
};

type Answer<T> = Result<Json<T>, Problem>;

/// The settings, without their secrets.
#[utoipa::path(get, path = "/api/settings",
    responses((status = 200, body = SettingsView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn get_settings(State(app): State<App>) -> Answer<SettingsView> {
    Ok(Json(app.service.account().view().await?))
}

/// Saves Jellyfin settings. Another server or another user drops the stored sign-in.
#[utoipa::path(put, path = "/api/settings/jellyfin", request_body = JellyfinInput,
    responses((status = 200, body = SettingsView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn put_jellyfin(
    State(app): State<App>,
    JsonBody(input): JsonBody<JellyfinInput>,
) -> Answer<SettingsView> {
    Ok(Json(app.service.setup().save_jellyfin(&input).await?))
}

/// Forgets the Jellyfin settings, and ends the sign-in with Jellyfin where that works.
#[utoipa::path(delete, path = "/api/settings/jellyfin",
    responses((status = 200, body = SettingsView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn forget_jellyfin(State(app): State<App>) -> Answer<SettingsView> {
    Ok(Json(app.service.account().forget().await?))
}

/// Signs in with what is given and what is stored for the rest; on success all of it is saved, else nothing.
#[utoipa::path(post, path = "/api/settings/jellyfin/test", request_body = Option<JellyfinInput>,
    responses((status = 200, body = ConnectionTest), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn test_jellyfin(
    State(app): State<App>,
    OptionalJsonBody(input): OptionalJsonBody<JellyfinInput>,
) -> Answer<ConnectionTest> {
    Ok(Json(app.service.setup().test_jellyfin(&input).await?))
}

/// Saves preferences; what is left out stays as it is.
#[utoipa::path(put, path = "/api/settings/preferences", request_body = PreferencesInput,
    responses((status = 200, body = SettingsView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn put_preferences(
    State(app): State<App>,
    JsonBody(input): JsonBody<PreferencesInput>,
) -> Answer<SettingsView> {
    Ok(Json(app.service.account().save_preferences(&input).await?))
}

/// TMDB's key.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TmdbInput {
    /// The API Read Access Token.
    #[schema(value_type = String)]
    api_key: SecretString,
}

/// Saves the key for TMDB.
#[utoipa::path(put, path = "/api/settings/tmdb", request_body = TmdbInput,
    responses((status = 200, body = SettingsView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn put_tmdb(
    State(app): State<App>,
    JsonBody(input): JsonBody<TmdbInput>,
) -> Answer<SettingsView> {
    Ok(Json(app.service.account().save_tmdb(&input.api_key).await?))
}

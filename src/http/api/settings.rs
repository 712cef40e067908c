//! Settings over HTTP.

use axum::{Json, extract::State};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    http::{
        App,
        request::{JsonBody, OptionalJsonBody},
    },
    report::{ConnectionTest, JellyfinInput, PreferencesInput, Problem, SettingsView},
};

type Answer<T> = Result<Json<T>, Problem>;

/// The settings, without their secrets.
#[utoipa::path(get, path = "/api/settings",
    responses((status = 200, body = SettingsView), Problem))]
pub async fn get_settings(State(app): State<App>) -> Answer<SettingsView> {
    Ok(Json(app.service.account().view().await?))
}

/// Saves Jellyfin settings. Another server or another user drops the stored sign-in.
#[utoipa::path(put, path = "/api/settings/jellyfin", request_body = JellyfinInput,
    responses((status = 200, body = SettingsView), Problem))]
pub async fn put_jellyfin(
    State(app): State<App>,
    JsonBody(input): JsonBody<JellyfinInput>,
) -> Answer<SettingsView> {
    Ok(Json(app.service.setup().save_jellyfin(&input).await?))
}

/// Forgets the Jellyfin settings, and signs out of Jellyfin if it can be reached.
#[utoipa::path(delete, path = "/api/settings/jellyfin",
    responses((status = 200, body = SettingsView), Problem))]
pub async fn forget_jellyfin(State(app): State<App>) -> Answer<SettingsView> {
    Ok(Json(app.service.account().forget().await?))
}

/// Signs in with the given values, and the stored ones for the rest. On success all of them are
/// saved, else none.
#[utoipa::path(post, path = "/api/settings/jellyfin/test", request_body = Option<JellyfinInput>,
    responses((status = 200, body = ConnectionTest), Problem))]
pub async fn test_jellyfin(
    State(app): State<App>,
    OptionalJsonBody(input): OptionalJsonBody<JellyfinInput>,
) -> Answer<ConnectionTest> {
    Ok(Json(app.service.setup().test_jellyfin(&input).await?))
}

/// Saves preferences; a field that is left out keeps its value.
#[utoipa::path(put, path = "/api/settings/preferences", request_body = PreferencesInput,
    responses((status = 200, body = SettingsView), Problem))]
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
    responses((status = 200, body = SettingsView), Problem))]
pub async fn put_tmdb(
    State(app): State<App>,
    JsonBody(input): JsonBody<TmdbInput>,
) -> Answer<SettingsView> {
    Ok(Json(app.service.account().save_tmdb(&input.api_key).await?))
}

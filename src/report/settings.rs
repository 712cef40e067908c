//! What comes in as settings and what goes out: never a secret (`docs/http.md`, "Settings").

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ServerReport;

/// What a person may see of the settings: never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    /// The Jellyfin server.
    pub jellyfin: JellyfinView,
    /// The Movie Database.
    pub tmdb: TmdbView,
    /// The time zone that decides which day a play belongs to.
    pub time_zone: String,
    /// Choices for scans and imports.
    pub sync: SyncPreferences,
}

/// What a person may see of the Jellyfin settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JellyfinView {
    /// The server's address.
    pub server_url: Option<String>,
    /// The user name at Jellyfin.
    pub username: Option<String>,
    /// Jellyfin's id of that user, after the first sign-in.
    pub user_id: Option<String>,
    /// Whether a password is stored.
    pub has_password: bool,
    /// Whether a token is stored.
    pub has_access_token: bool,
    /// Whether untrusted certificates are allowed.
    pub accept_invalid_certificates: bool,
}

/// What a person may see of the TMDB settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TmdbView {
    /// Whether a key is stored.
    pub has_api_key: bool,
}

/// The person's choices for scans and imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncPreferences {
    /// Whether missing titles are added to the library.
    pub auto_add: bool,
    /// Stored, without effect yet: whether watches are marked in Jellyfin too.
    pub push_watched: bool,
    /// The interval of scheduled imports, such as `30m`; null for never.
    pub every: Option<String>,
    /// Whether possible rewatches are held until the person includes them.
    pub hold_possible_rewatches: bool,
}

/// Jellyfin settings to save or to try; a field that is left out keeps its value.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JellyfinInput {
    /// The address of Jellyfin, such as `http://nas:8096`.
    pub server_url: Option<String>,
    /// The user name at Jellyfin.
    pub username: Option<String>,
    /// Their password.
    #[schema(value_type = Option<String>)]
    pub password: Option<SecretString>,
    /// Whether untrusted certificates are allowed.
    pub accept_invalid_certificates: Option<bool>,
}

/// Preferences to save; a field that is left out keeps its value.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreferencesInput {
    /// A name such as `Europe/Vienna`.
    pub time_zone: Option<String>,
    /// Choices for scans and imports.
    pub sync: Option<SyncInput>,
}

/// Sync preferences to save; a field that is left out keeps its value.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncInput {
    /// Whether missing titles are added to the library.
    pub auto_add: Option<bool>,
    /// Stored, without effect yet: whether watches are marked in Jellyfin too.
    pub push_watched: Option<bool>,
    /// The interval of scheduled imports, such as `30m`; null for never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub every: Option<Option<String>>,
    /// Whether possible rewatches are held until the person includes them.
    pub hold_possible_rewatches: Option<bool>,
}

/// Distinguishes a null from a field that is left out.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A connection that worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTest {
    /// Always true: a failure is a problem.
    pub connected: bool,
    /// The server that answered.
    pub server: ServerReport,
    /// The user that signed in.
    pub user: UserReport,
}

/// A user of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserReport {
    /// Jellyfin's id.
    pub id: String,
    /// The user name.
    pub name: String,
}

//! What comes in as settings and what goes out: never a secret.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::report::ServerReport;

/// What a person may see of the settings: never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    /// The Jellyfin server.
    pub jellyfin: JellyfinView,
    /// The Movie Database.
    pub tmdb: TmdbView,
    /// In which zone a day begins and ends.
    pub time_zone: String,
    /// How to sync.
    pub sync: SyncPreferences,
}

/// What a person may see of the Jellyfin settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JellyfinView {
    /// The server's address.
    pub server_url: Option<String>,
    /// Who signs in.
    pub username: Option<String>,
    /// Jellyfin's id of that user, once signed in.
    pub user_id: Option<String>,
    /// Whether a password is stored.
    pub has_password: bool,
    /// Whether a token is stored.
    pub has_access_token: bool,
    /// Whether a certificate is accepted that this machine doesn't trust.
    pub accept_invalid_certificates: bool,
}

/// What a person may see of the TMDB settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TmdbView {
    /// Whether a key is stored.
    pub has_api_key: bool,
}

/// How to sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncPreferences {
    /// Whether titles that the library lacks are added.
    pub auto_add: bool,
    /// Whether watches are marked in Jellyfin too.
    pub push_watched: bool,
    /// How often to import by itself; null for never.
    pub every: Option<String>,
    /// Whether a possible rewatch waits until the person includes it.
    pub hold_possible_rewatches: bool,
}

/// Jellyfin settings to save or to try; what is left out stays as it is stored.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JellyfinInput {
    /// The address under which Jellyfin is opened.
    pub server_url: Option<String>,
    /// Who signs in.
    pub username: Option<String>,
    /// Their password.
    #[schema(value_type = Option<String>)]
    pub password: Option<SecretString>,
    /// Whether a certificate is accepted that this machine doesn't trust.
    pub accept_invalid_certificates: Option<bool>,
}

/// Preferences to save; what is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreferencesInput {
    /// A name such as `Europe/Vienna`.
    pub time_zone: Option<String>,
    /// How to sync.
    pub sync: Option<SyncInput>,
}

/// Sync preferences to save; what is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncInput {
    /// Whether titles that the library lacks are added.
    pub auto_add: Option<bool>,
    /// Whether watches are marked in Jellyfin too.
    pub push_watched: Option<bool>,
    /// How often to import by itself, such as `30m`; null for never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub every: Option<Option<String>>,
    /// Whether a possible rewatch waits until the person includes it.
    pub hold_possible_rewatches: Option<bool>,
}

/// Tells a null that was given from a field that was left out.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A connection that worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTest {
    /// Always true: what fails is an error.
    pub connected: bool,
    /// The server.
    pub server: ServerReport,
    /// Who signed in.
    pub user: UserReport,
}

/// A user of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserReport {
    /// Jellyfin's id.
    pub id: String,
    /// As they sign in.
    pub name: String,
}

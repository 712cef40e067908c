//! The settings document: its keys, and how input changes it. Secrets in it are sealed.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{ids::UserId, zone::Zone},
    jellyfin::ServerUrl,
    report::{
        JellyfinInput, JellyfinView, PreferencesInput, SettingsView, SyncInput, SyncPreferences,
        TmdbView,
    },
    service::{
        error::{ServiceError, SettingError},
        interval::Interval,
    },
    store::seal::{Entropy, SealingKey},
};

/// The names that secrets are sealed for.
pub(super) const PASSWORD: &str = "jellyfin_password";
pub(super) const TOKEN: &str = "jellyfin_access_token";
pub(super) const TMDB_KEY: &str = "tmdb_api_key";

/// The document, with the keys that a seed file uses. Keys of a later version are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::service) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jellyfin_server_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jellyfin_username: Option<String>,
    /// Sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jellyfin_password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jellyfin_user_id: Option<UserId>,
    /// Sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jellyfin_access_token: Option<String>,
    /// One per installation: never forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jellyfin_device_id: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) jellyfin_accept_invalid_certificates: bool,
    /// Sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tmdb_api_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    sync_auto_add: bool,
    sync_push_watched: bool,
    sync_hold_possible_rewatches: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_every: Option<String>,
    #[serde(flatten)]
    later: serde_json::Map<String, serde_json::Value>,
}

impl Settings {
    pub(in crate::service) fn time_zone(&self) -> Result<Zone, SettingError> {
        Ok(self.time_zone.as_deref().map_or(Ok(Zone::UTC), Zone::named)?)
    }

    /// The account: server address and user name.
    pub(in crate::service) fn account(&self) -> Option<(&str, &str)> {
        self.jellyfin_server_url.as_deref().zip(self.jellyfin_username.as_deref())
    }

    /// The server's address, and whether its certificate may be untrusted.
    pub(in crate::service) fn address(&self) -> Result<Option<(ServerUrl, bool)>, SettingError> {
        let server = self.jellyfin_server_url.as_deref().map(ServerUrl::parse).transpose()?;
        Ok(server.map(|server| (server, self.jellyfin_accept_invalid_certificates)))
    }

    pub(in crate::service) fn hold_possible_rewatches(&self) -> bool {
        self.sync_hold_possible_rewatches
    }

    pub(in crate::service) fn auto_add(&self) -> bool {
        self.sync_auto_add
    }

    /// The interval of automatic imports; `None` for never.
    pub(in crate::service) fn interval(&self) -> Result<Option<Interval>, SettingError> {
        self.sync_every.as_deref().map(str::parse).transpose()
    }

    pub(super) fn view(&self) -> SettingsView {
        SettingsView {
            jellyfin: JellyfinView {
                server_url: self.jellyfin_server_url.clone(),
                username: self.jellyfin_username.clone(),
                user_id: self.jellyfin_user_id.as_ref().map(UserId::to_string),
                has_password: self.jellyfin_password.is_some(),
                has_access_token: self.jellyfin_access_token.is_some(),
                accept_invalid_certificates: self.jellyfin_accept_invalid_certificates,
            },
            tmdb: TmdbView { has_api_key: self.tmdb_api_key.is_some() },
            time_zone: self.time_zone.clone().unwrap_or_else(|| "UTC".into()),
            sync: SyncPreferences {
                auto_add: self.sync_auto_add,
                push_watched: self.sync_push_watched,
                every: self.sync_every.clone(),
                hold_possible_rewatches: self.sync_hold_possible_rewatches,
            },
        }
    }

    /// Takes over what was given. Password, token, user id and the exception for certificates
    /// belong to one origin and one user name: with another of either they are dropped, so that no
    /// caller can have them sent to an address of their choosing. Says whether that happened.
    pub(super) fn take(
        &mut self,
        input: &JellyfinInput,
        key: &SealingKey,
    ) -> Result<bool, ServiceError> {
        let server_url = input
            .server_url
            .as_deref()
            .map(ServerUrl::parse)
            .transpose()
            .map_err(SettingError::from)?;
        let username = input.username.as_deref().map(str::trim).map(str::to_owned);
        if username.as_deref() == Some("") {
            return Err(SettingError::NoUsername.into());
        }
        let stored = self.jellyfin_server_url.as_deref().and_then(|url| ServerUrl::parse(url).ok());
        let is_other_origin = server_url
            .as_ref()
            .is_some_and(|new| stored.is_none_or(|stored| !stored.has_origin_of(new)));
        let is_other_user = username.is_some() && username != self.jellyfin_username;
        let is_other = is_other_origin || is_other_user;
        if is_other {
            self.jellyfin_password = None;
            self.jellyfin_user_id = None;
            self.jellyfin_access_token = None;
            self.jellyfin_accept_invalid_certificates = false;
        }
        self.jellyfin_server_url =
            server_url.map(|url| url.to_string()).or(self.jellyfin_server_url.take());
        self.jellyfin_username = username.or(self.jellyfin_username.take());
        if let Some(password) = &input.password {
            self.jellyfin_password = Some(key.seal(PASSWORD, password)?);
        }
        if let Some(accept) = input.accept_invalid_certificates {
            self.jellyfin_accept_invalid_certificates = accept;
        }
        Ok(is_other)
    }

    /// Takes over an account that worked: all of it, as parts of two accounts must never meet.
    pub(super) fn take_account(&mut self, tried: &Self) {
        self.jellyfin_server_url = tried.jellyfin_server_url.clone();
        self.jellyfin_username = tried.jellyfin_username.clone();
        self.jellyfin_password = tried.jellyfin_password.clone();
        self.jellyfin_user_id = tried.jellyfin_user_id.clone();
        self.jellyfin_access_token = tried.jellyfin_access_token.clone();
        self.jellyfin_accept_invalid_certificates = tried.jellyfin_accept_invalid_certificates;
        self.jellyfin_device_id =
            self.jellyfin_device_id.take().or(tried.jellyfin_device_id.clone());
    }

    /// Forgets the account. The device id belongs to the installation and stays.
    pub(super) fn forget_account(&mut self) {
        self.jellyfin_server_url = None;
        self.jellyfin_username = None;
        self.jellyfin_password = None;
        self.jellyfin_user_id = None;
        self.jellyfin_access_token = None;
        self.jellyfin_accept_invalid_certificates = false;
    }

    pub(super) fn take_preferences(&mut self, preferences: &Preferences) {
        let Preferences { time_zone, sync, every } = preferences;
        self.time_zone = time_zone.clone().or(self.time_zone.take());
        self.sync_auto_add = sync.auto_add.unwrap_or(self.sync_auto_add);
        self.sync_push_watched = sync.push_watched.unwrap_or(self.sync_push_watched);
        self.sync_hold_possible_rewatches =
            sync.hold_possible_rewatches.unwrap_or(self.sync_hold_possible_rewatches);
        self.sync_every = every
            .map_or(self.sync_every.take(), |every| every.map(|interval| interval.to_string()));
    }

    pub(super) fn ensure_device_id(&mut self, entropy: &Entropy) -> Result<(), ServiceError> {
        if self.jellyfin_device_id.is_none() {
            self.jellyfin_device_id = Some(entropy.id()?);
        }
        Ok(())
    }
}

/// Preferences to save, each value read and valid.
pub(super) struct Preferences {
    time_zone: Option<String>,
    sync: SyncInput,
    every: Option<Option<Interval>>,
}

impl Preferences {
    pub(super) fn read(input: &PreferencesInput) -> Result<Self, SettingError> {
        let zone = input.time_zone.as_deref().map(Zone::named).transpose()?;
        let sync = input.sync.clone().unwrap_or_default();
        let read = |every: &Option<String>| every.as_deref().map(str::parse).transpose();
        let every = sync.every.as_ref().map(read).transpose()?;
        Ok(Self { time_zone: zone.map(|zone| zone.name().to_owned()), sync, every })
    }
}

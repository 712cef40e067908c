//! Settings: one document beside the log, secrets in it sealed.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Every, Service, ServiceError, SettingError};
use crate::{
    domain::{ids::UserId, zone::Zone},
    jellyfin::{Connection, Credentials, ServerUrl},
    report::{
        ConnectionTest, JellyfinInput, JellyfinView, PreferencesInput, ServerReport, SettingsView,
        SyncPreferences, TmdbView, UserReport,
    },
    store::seal::{SealingKey, random_id},
};

const NAME: &str = "settings";

/// The document, with the keys that a seed file uses. Keys of a later version are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    jellyfin_server_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jellyfin_username: Option<String>,
    /// Sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    jellyfin_password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jellyfin_user_id: Option<UserId>,
    /// Sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    jellyfin_access_token: Option<String>,
    /// One per installation: never forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    jellyfin_device_id: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    jellyfin_accept_invalid_certificates: bool,
    /// Sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    tmdb_api_key: Option<String>,
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
    pub(super) fn time_zone(&self) -> Result<Zone, SettingError> {
        Ok(self.time_zone.as_deref().map_or(Ok(Zone::UTC), Zone::named)?)
    }

    /// Whose account it is, by server and name.
    pub(super) fn account(&self) -> Option<(&str, &str)> {
        self.jellyfin_server_url.as_deref().zip(self.jellyfin_username.as_deref())
    }

    /// Where the server is, and whether any certificate of its is taken.
    pub(super) fn address(&self) -> Result<Option<(ServerUrl, bool)>, SettingError> {
        let server = self.jellyfin_server_url.as_deref().map(ServerUrl::parse).transpose()?;
        Ok(server.map(|server| (server, self.jellyfin_accept_invalid_certificates)))
    }

    pub(super) fn hold_possible_rewatches(&self) -> bool {
        self.sync_hold_possible_rewatches
    }

    pub(super) fn auto_add(&self) -> bool {
        self.sync_auto_add
    }

    /// How often it imports by itself.
    pub(in crate::service) fn every(&self) -> Result<Option<Every>, SettingError> {
        self.sync_every.as_deref().map(str::parse).transpose()
    }

    fn view(&self) -> SettingsView {
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

    /// Takes over what was given. Password, token, user id and the exception for certificates belong to one origin and
    /// one user name: with another of either they are dropped, so that no caller can have them sent to an address of
    /// their choosing. Says whether that happened.
    fn take(&mut self, input: &JellyfinInput, key: &SealingKey) -> Result<bool, ServiceError> {
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
            self.jellyfin_password = Some(key.seal("jellyfin_password", password)?);
        }
        if let Some(accept) = input.accept_invalid_certificates {
            self.jellyfin_accept_invalid_certificates = accept;
        }
        Ok(is_other)
    }

    /// Takes over an account that worked: all of it, as parts of two accounts must never meet.
    fn take_account(&mut self, tried: &Self) {
        self.jellyfin_server_url = tried.jellyfin_server_url.clone();
        self.jellyfin_username = tried.jellyfin_username.clone();
        self.jellyfin_password = tried.jellyfin_password.clone();
        self.jellyfin_user_id = tried.jellyfin_user_id.clone();
        self.jellyfin_access_token = tried.jellyfin_access_token.clone();
        self.jellyfin_accept_invalid_certificates = tried.jellyfin_accept_invalid_certificates;
        self.jellyfin_device_id =
            self.jellyfin_device_id.take().or(tried.jellyfin_device_id.clone());
    }

    fn ensure_device_id(&mut self) -> Result<(), ServiceError> {
        if self.jellyfin_device_id.is_none() {
            self.jellyfin_device_id = Some(random_id()?);
        }
        Ok(())
    }
}

impl Service {
    pub(super) async fn settings(&self) -> Result<Settings, ServiceError> {
        self.document(NAME).await
    }

    pub(super) fn key(&self) -> Result<SealingKey, ServiceError> {
        Ok(SealingKey::load(&self.key)?)
    }

    /// Changes the settings as they stand in the store.
    async fn change_settings(
        &self,
        mut change: impl FnMut(&mut Settings) -> Result<(), ServiceError>,
    ) -> Result<Settings, ServiceError> {
        let changed =
            self.change_document(NAME, |settings| change(settings).map(|()| true)).await?;
        self.settings_changed.notify_waiters();
        Ok(changed)
    }

    /// The settings, without their secrets.
    ///
    /// # Errors
    /// The store fails.
    pub async fn settings_view(&self) -> Result<SettingsView, ServiceError> {
        Ok(self.settings().await?.view())
    }

    /// Saves Jellyfin settings.
    ///
    /// # Errors
    /// A value is wrong, or the store fails; then nothing is saved.
    pub async fn save_jellyfin(&self, input: &JellyfinInput) -> Result<SettingsView, ServiceError> {
        let key = self.key()?;
        let saved = self.change_settings(|settings| settings.take(input, &key).map(drop)).await?;
        // Whoever has entered something anew wants it tried anew.
        self.forget_refusals().await?;
        Ok(saved.view())
    }

    /// Forgets the Jellyfin settings, and ends the sign-in there where that works.
    ///
    /// # Errors
    /// The store fails.
    pub async fn forget_jellyfin(&self) -> Result<SettingsView, ServiceError> {
        // A server that is gone, or a lost key, must not keep a person from forgetting it.
        if let Ok(connection) = self.connection(&self.settings().await?, None) {
            let _ = connection.sign_out().await;
        }
        let forgotten = self.change_settings(|settings| {
            settings.jellyfin_server_url = None;
            settings.jellyfin_username = None;
            settings.jellyfin_password = None;
            settings.jellyfin_user_id = None;
            settings.jellyfin_access_token = None;
            settings.jellyfin_accept_invalid_certificates = false;
            Ok(())
        });
        Ok(forgotten.await?.view())
    }

    /// Saves preferences.
    ///
    /// # Errors
    /// A value is wrong, or the store fails; then nothing is saved.
    pub async fn save_preferences(
        &self,
        input: &PreferencesInput,
    ) -> Result<SettingsView, ServiceError> {
        let time_zone = input
            .time_zone
            .as_deref()
            .map(Zone::named)
            .transpose()
            .map_err(SettingError::from)?
            .map(|zone| zone.name().to_owned());
        let sync = input.sync.clone().unwrap_or_default();
        let every = sync
            .every
            .map(|every| every.as_deref().map(str::parse::<Every>).transpose())
            .transpose()?;
        let saved = self.change_settings(|settings| {
            settings.time_zone = time_zone.clone().or(settings.time_zone.take());
            settings.sync_auto_add = sync.auto_add.unwrap_or(settings.sync_auto_add);
            settings.sync_push_watched = sync.push_watched.unwrap_or(settings.sync_push_watched);
            settings.sync_hold_possible_rewatches =
                sync.hold_possible_rewatches.unwrap_or(settings.sync_hold_possible_rewatches);
            settings.sync_every = every
                .map_or(settings.sync_every.take(), |every| every.map(|every| every.to_string()));
            Ok(())
        });
        Ok(saved.await?.view())
    }

    /// Saves the key for TMDB.
    ///
    /// # Errors
    /// It is empty, or the store fails.
    pub async fn save_tmdb(&self, api_key: &SecretString) -> Result<SettingsView, ServiceError> {
        if secrecy::ExposeSecret::expose_secret(api_key).trim().is_empty() {
            return Err(SettingError::NoApiKey.into());
        }
        let sealed = self.key()?.seal("tmdb_api_key", api_key)?;
        let saved = self.change_settings(|settings| {
            settings.tmdb_api_key = Some(sealed.clone());
            Ok(())
        });
        Ok(saved.await?.view())
    }

    /// Signs in with what is given, and what is stored for the rest; on success all of it is saved.
    ///
    /// # Errors
    /// Something is missing or wrong, or Jellyfin refuses; then nothing is saved.
    pub async fn test_jellyfin(
        &self,
        input: &JellyfinInput,
    ) -> Result<ConnectionTest, ServiceError> {
        let key = self.key()?;
        let mut tried = self.settings_with(input, &key).await?;
        let mut connection = self.connection(&tried, None)?;
        let answered = async {
            let server = connection.discover().await?;
            let signed_in = connection.sign_in().await?;
            Ok((server, signed_in, connection.me().await?))
        };
        let (server, signed_in, user) = match answered.await {
            Ok(answered) => answered,
            Err(error) => {
                let error = ServiceError::Jellyfin(error);
                // Of an account that isn't saved, nothing is kept.
                if self.settings().await?.account() == tried.account() {
                    self.keep_connection(&tried, Err(&error)).await?;
                }
                return Err(error);
            }
        };
        tried.jellyfin_access_token = Some(key.seal("jellyfin_access_token", &signed_in.token)?);
        tried.jellyfin_server_url = Some(connection.server_url().to_string());
        tried.jellyfin_user_id = Some(user.id.clone());
        let saved = self.change_settings(|settings| {
            settings.take_account(&tried);
            Ok(())
        });
        self.keep_connection(&saved.await?, Ok(&ServerReport::of(&server))).await?;
        let user = UserReport { id: user.id.to_string(), name: user.name };
        Ok(ConnectionTest { connected: true, server: ServerReport::of(&server), user })
    }

    /// The settings as they would be with the input; nothing is saved. Another account wants its own password.
    async fn settings_with(
        &self,
        input: &JellyfinInput,
        key: &SealingKey,
    ) -> Result<Settings, ServiceError> {
        let mut settings = self.settings().await?;
        let had_secrets =
            settings.jellyfin_password.is_some() || settings.jellyfin_access_token.is_some();
        if settings.take(input, key)? && had_secrets && settings.jellyfin_password.is_none() {
            return Err(SettingError::PasswordOfAnother.into());
        }
        settings.ensure_device_id()?;
        Ok(settings)
    }

    /// The stored key for TMDB.
    pub(super) fn tmdb_key(
        &self,
        settings: &Settings,
    ) -> Result<Option<SecretString>, ServiceError> {
        match &settings.tmdb_api_key {
            Some(sealed) => Ok(Some(self.key()?.open("tmdb_api_key", sealed)?)),
            None => Ok(None),
        }
    }

    /// A connection with the stored settings.
    pub(super) fn connection(
        &self,
        settings: &Settings,
        deadline: Option<tokio::time::Instant>,
    ) -> Result<Connection, ServiceError> {
        let (Some(server_url), Some(username)) =
            (&settings.jellyfin_server_url, &settings.jellyfin_username)
        else {
            return Err(ServiceError::NotConfigured);
        };
        let server_url = ServerUrl::parse(server_url).map_err(SettingError::from)?;
        let open = |name: &str, sealed: &Option<String>| match sealed {
            Some(sealed) => self.key()?.open(name, sealed).map(Some).map_err(ServiceError::from),
            None => Ok(None),
        };
        let password = open("jellyfin_password", &settings.jellyfin_password)?;
        let token = open("jellyfin_access_token", &settings.jellyfin_access_token)?;
        let token = settings.jellyfin_user_id.clone().zip(token);
        if password.is_none() && token.is_none() {
            return Err(ServiceError::NotConfigured);
        }
        let device_id = settings.jellyfin_device_id.clone().unwrap_or_default();
        let credentials = Credentials { username: username.clone(), password, token, device_id };
        let accept = settings.jellyfin_accept_invalid_certificates;
        Ok(Connection::new(server_url, credentials, accept, self.limits.clone(), deadline)?)
    }

    /// The stored settings with a device id, made and saved where there was none.
    pub(super) async fn settings_with_device_id(&self) -> Result<Settings, ServiceError> {
        let settings = self.settings().await?;
        if settings.jellyfin_device_id.is_some() || settings.jellyfin_server_url.is_none() {
            return Ok(settings);
        }
        self.change_settings(Settings::ensure_device_id).await
    }

    /// Keeps a sign-in that was renewed during a run, unless the settings were changed meanwhile.
    pub(super) async fn keep_sign_in(
        &self,
        before: &Settings,
        connection: &Connection,
    ) -> Result<(), ServiceError> {
        let Some((user, token)) = connection.signed_in().await else { return Ok(()) };
        let key = self.key()?;
        let stored = match &before.jellyfin_access_token {
            Some(sealed) => Some(key.open("jellyfin_access_token", sealed)?),
            None => None,
        };
        let expose = secrecy::ExposeSecret::expose_secret;
        let is_same_token = stored.as_ref().is_some_and(|stored| expose(stored) == expose(&token));
        if is_same_token && before.jellyfin_user_id.as_ref() == Some(&user) {
            return Ok(());
        }
        let sealed = key.seal("jellyfin_access_token", &token)?;
        self.change_settings(|settings| {
            let same_account = settings.jellyfin_server_url == before.jellyfin_server_url
                && settings.jellyfin_username == before.jellyfin_username;
            if same_account {
                settings.jellyfin_user_id = Some(user.clone());
                settings.jellyfin_access_token = Some(sealed.clone());
            }
            Ok(())
        })
        .await?;
        Ok(())
    }
}

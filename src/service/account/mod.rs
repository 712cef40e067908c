//! The account: the settings document with its sealed secrets, and connections made from it.
//!
//! A password, a token and a user id leave this part only inside a connection to the origin that
//! they were entered for.

mod settings;

use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::watch, time::Instant};

pub(super) use settings::Settings;

use super::{
    documents::Documents,
    error::{ServiceError, SettingError},
    outside::Outside,
};
use crate::{
    jellyfin::{Connection, Credentials, Limits, ServerUrl, SignedIn, User},
    report::{JellyfinInput, PreferencesInput, SettingsView},
    store::seal::{KeySource, SealingKey},
};
use settings::{PASSWORD, Preferences, TMDB_KEY, TOKEN};

const NAME: &str = "settings";

/// The settings of one store, and the key to their secrets.
pub struct Account {
    documents: Documents,
    key: KeySource,
    limits: Limits,
    outside: Outside,
    changed: watch::Sender<()>,
}

/// Settings to be tried before they are saved.
pub(super) struct Trial {
    pub settings: Settings,
    key: SealingKey,
}

impl Account {
    pub(super) fn new(
        documents: Documents,
        key: KeySource,
        limits: Limits,
        outside: Outside,
    ) -> Self {
        Self { documents, key, limits, outside, changed: watch::Sender::new(()) }
    }

    pub(super) async fn settings(&self) -> Result<Settings, ServiceError> {
        self.documents.read(NAME).await
    }

    /// Follows changes of the settings in this process.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn sealing_key(&self) -> Result<SealingKey, ServiceError> {
        Ok(SealingKey::load(&self.key, &self.outside.entropy)?)
    }

    async fn change(
        &self,
        mut change: impl FnMut(&mut Settings) -> Result<(), ServiceError>,
    ) -> Result<Settings, ServiceError> {
        let changed =
            self.documents.change(NAME, |settings| change(settings).map(|()| true)).await?;
        self.changed.send_replace(());
        Ok(changed)
    }

    /// The settings, without their secrets.
    ///
    /// # Errors
    /// The store fails.
    pub async fn view(&self) -> Result<SettingsView, ServiceError> {
        Ok(self.settings().await?.view())
    }

    /// Saves Jellyfin settings.
    ///
    /// # Errors
    /// A value isn't valid, or the store fails; then nothing is saved.
    pub(super) async fn save(&self, input: &JellyfinInput) -> Result<SettingsView, ServiceError> {
        let key = self.sealing_key()?;
        let saved = self.change(|settings| settings.take(input, &key).map(drop)).await?;
        Ok(saved.view())
    }

    /// Forgets the account, and signs out at the server if that works.
    ///
    /// # Errors
    /// The store fails.
    pub async fn forget(&self) -> Result<SettingsView, ServiceError> {
        // A person can forget a server that is gone, or whose secrets can't be opened any more.
        if let Ok(connection) = self.connection(&self.settings().await?, None) {
            let _ = connection.sign_out().await;
        }
        let forgotten = self.change(|settings| {
            settings.forget_account();
            Ok(())
        });
        Ok(forgotten.await?.view())
    }

    /// Saves preferences.
    ///
    /// # Errors
    /// A value isn't valid, or the store fails; then nothing is saved.
    pub async fn save_preferences(
        &self,
        input: &PreferencesInput,
    ) -> Result<SettingsView, ServiceError> {
        let preferences = Preferences::read(input)?;
        let saved = self.change(|settings| {
            settings.take_preferences(&preferences);
            Ok(())
        });
        Ok(saved.await?.view())
    }

    /// Saves the token for TMDB.
    ///
    /// # Errors
    /// It is empty, or the store fails.
    pub async fn save_tmdb(&self, api_key: &SecretString) -> Result<SettingsView, ServiceError> {
        if api_key.expose_secret().trim().is_empty() {
            return Err(SettingError::NoApiKey.into());
        }
        let sealed = self.sealing_key()?.seal(TMDB_KEY, api_key)?;
        let saved = self.change(|settings| {
            settings.tmdb_api_key = Some(sealed.clone());
            Ok(())
        });
        Ok(saved.await?.view())
    }

    /// The stored token for TMDB.
    pub(super) fn tmdb_key(
        &self,
        settings: &Settings,
    ) -> Result<Option<SecretString>, ServiceError> {
        match &settings.tmdb_api_key {
            Some(sealed) => Ok(Some(self.sealing_key()?.open(TMDB_KEY, sealed)?)),
            None => Ok(None),
        }
    }

    /// The settings as they would be with the input; nothing is saved. Another account needs its
    /// own password.
    pub(super) async fn trial(&self, input: &JellyfinInput) -> Result<Trial, ServiceError> {
        let key = self.sealing_key()?;
        let mut settings = self.settings().await?;
        let had_secrets =
            settings.jellyfin_password.is_some() || settings.jellyfin_access_token.is_some();
        if settings.take(input, &key)? && had_secrets && settings.jellyfin_password.is_none() {
            return Err(SettingError::PasswordOfAnother.into());
        }
        settings.ensure_device_id(&self.outside.entropy)?;
        Ok(Trial { settings, key })
    }

    /// Saves an account that worked: all of it, as parts of two accounts must never meet.
    pub(super) async fn keep_trial(
        &self,
        trial: Trial,
        server: &ServerUrl,
        user: &User,
        signed_in: &SignedIn,
    ) -> Result<Settings, ServiceError> {
        let Trial { settings: mut tried, key } = trial;
        tried.jellyfin_access_token = Some(key.seal(TOKEN, &signed_in.token)?);
        tried.jellyfin_server_url = Some(server.to_string());
        tried.jellyfin_user_id = Some(user.id.clone());
        self.change(|settings| {
            settings.take_account(&tried);
            Ok(())
        })
        .await
    }

    /// A connection with these settings.
    pub(super) fn connection(
        &self,
        settings: &Settings,
        deadline: Option<Instant>,
    ) -> Result<Connection, ServiceError> {
        let (Some((server, accept)), Some(username)) =
            (settings.address()?, &settings.jellyfin_username)
        else {
            return Err(ServiceError::NotConfigured);
        };
        let open = |name: &str, sealed: &Option<String>| match sealed {
            Some(sealed) => Ok(Some(self.sealing_key()?.open(name, sealed)?)),
            None => Ok::<_, ServiceError>(None),
        };
        let password = open(PASSWORD, &settings.jellyfin_password)?;
        let token = open(TOKEN, &settings.jellyfin_access_token)?;
        let token = settings.jellyfin_user_id.clone().zip(token);
        if password.is_none() && token.is_none() {
            return Err(ServiceError::NotConfigured);
        }
        let device_id = settings.jellyfin_device_id.clone().unwrap_or_default();
        let credentials = Credentials { username: username.clone(), password, token, device_id };
        Ok(Connection::new(server, credentials, accept, self.limits.clone(), deadline)?)
    }

    /// The stored settings with a device id, which is made and saved on first use.
    pub(super) async fn settings_with_device_id(&self) -> Result<Settings, ServiceError> {
        let settings = self.settings().await?;
        if settings.jellyfin_device_id.is_some() || settings.jellyfin_server_url.is_none() {
            return Ok(settings);
        }
        self.change(|settings| settings.ensure_device_id(&self.outside.entropy)).await
    }

    /// Keeps a sign-in that was renewed during a run, unless the account changed in the meantime.
    pub(super) async fn keep_sign_in(
        &self,
        before: &Settings,
        connection: &Connection,
    ) -> Result<(), ServiceError> {
        let Some((user, token)) = connection.signed_in().await else { return Ok(()) };
        let key = self.sealing_key()?;
        let stored = match &before.jellyfin_access_token {
            Some(sealed) => Some(key.open(TOKEN, sealed)?),
            None => None,
        };
        let is_same_token =
            stored.is_some_and(|stored| stored.expose_secret() == token.expose_secret());
        if is_same_token && before.jellyfin_user_id.as_ref() == Some(&user) {
            return Ok(());
        }
        let sealed = key.seal(TOKEN, &token)?;
        self.change(|settings| {
            if settings.account() == before.account() {
                settings.jellyfin_user_id = Some(user.clone());
                settings.jellyfin_access_token = Some(sealed.clone());
            }
            Ok(())
        })
        .await?;
        Ok(())
    }
}

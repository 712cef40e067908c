//! Setting up: connecting a server, beginning a log, and putting right what a crash left.

use std::sync::Arc;

use super::{
    account::{Account, Trial},
    error::ServiceError,
    journal::Journal,
    ledger::{Ledger, WholeLogBegun},
};
use crate::{
    domain::snapshot::Server,
    jellyfin::{JellyfinError, ServerUrl, SignedIn, User},
    report::{ConnectionTest, JellyfinInput, ServerReport, SettingsView, UserReport},
    store::Torn,
};

/// What a person does once, or after something went wrong.
pub struct Setup {
    account: Arc<Account>,
    journal: Arc<Journal>,
    ledger: Arc<Ledger>,
}

/// What a server answered to a sign-in.
struct Answered {
    server: Server,
    url: ServerUrl,
    signed_in: SignedIn,
    user: User,
}

impl Setup {
    pub(super) fn new(account: Arc<Account>, journal: Arc<Journal>, ledger: Arc<Ledger>) -> Self {
        Self { account, journal, ledger }
    }

    /// Saves Jellyfin settings.
    ///
    /// # Errors
    /// A value isn't valid, or the store fails; then nothing is saved.
    pub async fn save_jellyfin(&self, input: &JellyfinInput) -> Result<SettingsView, ServiceError> {
        let saved = self.account.save(input).await?;
        // A person who entered something new wants it tried.
        self.journal.forget_refusals().await?;
        Ok(saved)
    }

    /// Signs in with the given values, and the stored ones for the rest; saves all of them if that
    /// works.
    ///
    /// # Errors
    /// A value is missing or isn't valid, or Jellyfin refuses; then nothing is saved.
    pub async fn test_jellyfin(
        &self,
        input: &JellyfinInput,
    ) -> Result<ConnectionTest, ServiceError> {
        let trial = self.account.trial(input).await?;
        let Answered { server, url, signed_in, user } = match self.ask(&trial).await? {
            Ok(answered) => answered,
            Err(error) => {
                let error = ServiceError::Jellyfin(error);
                // The journal keeps nothing about an account that isn't saved.
                if self.account.settings().await?.account() == trial.settings.account() {
                    self.keep_failure(&trial, &error).await?;
                }
                return Err(error);
            }
        };
        let saved = self.account.keep_trial(trial, &url, &user, &signed_in).await?;
        let server = ServerReport::of(&server);
        if let Some(account) = saved.account() {
            self.journal.keep_connection(account, Ok(&server)).await?;
        }
        let user = UserReport { id: user.id.to_string(), name: user.name };
        Ok(ConnectionTest { connected: true, server, user })
    }

    async fn ask(&self, trial: &Trial) -> Result<Result<Answered, JellyfinError>, ServiceError> {
        let mut connection = self.account.connection(&trial.settings, None)?;
        let answered = async {
            let server = connection.discover().await?;
            let signed_in = connection.sign_in().await?;
            let user = connection.me().await?;
            Ok(Answered { server, url: connection.server_url().clone(), signed_in, user })
        };
        Ok(answered.await)
    }

    async fn keep_failure(&self, trial: &Trial, error: &ServiceError) -> Result<(), ServiceError> {
        match trial.settings.account() {
            Some(account) => self.journal.keep_connection(account, Err(error)).await,
            None => Ok(()),
        }
    }

    /// Imports a whole log into an empty store, positions kept.
    ///
    /// # Errors
    /// A line can't be read, the log has events, or the store fails.
    pub async fn begin_log(&self, bytes: Vec<u8>) -> Result<WholeLogBegun, ServiceError> {
        let begun = self.ledger.begin(bytes).await?;
        self.journal.keep_recovery(begun.torn.as_ref()).await?;
        Ok(begun)
    }

    /// Sets aside what a crash left behind the log, if it left anything.
    ///
    /// # Errors
    /// The store fails.
    pub async fn recover(&self) -> Result<Option<Torn>, ServiceError> {
        let torn = self.ledger.recover().await?;
        self.journal.keep_recovery(torn.as_ref()).await?;
        Ok(torn)
    }
}

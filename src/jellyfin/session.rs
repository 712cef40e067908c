//! Who is signed in: a user name and password become a token, and a refused token is renewed once.

use reqwest::{Method, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::{
    error::{JellyfinError, Refusal},
    transport::{Outgoing, Size, Transport},
    wire::{AuthenticationResult, UserDto},
};
use crate::{
    domain::ids::UserId,
    outbound::{Body, decode},
};

/// What to sign in with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// As the person types it when they sign in to Jellyfin.
    pub username: String,
    /// Absent if only a token is stored.
    pub password: Option<SecretString>,
    /// From the last sign-in.
    pub token: Option<(UserId, SecretString)>,
    /// One per installation, and always the same: a sign-in ends the same device's earlier one.
    pub device_id: String,
}

/// A user of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The name to sign in with.
    pub name: String,
}

/// A sign-in that worked.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The user that the token belongs to.
    pub user: User,
    /// The token to send from now on.
    pub token: SecretString,
}

/// The sign-in of one run, and the way that its requests take.
#[derive(Debug)]
pub(super) struct Session {
    pub transport: Transport,
    username: String,
    password: Option<SecretString>,
    token: Mutex<Option<(UserId, SecretString)>>,
    renewal: Mutex<Renewal>,
}

/// How the renewal of a refused token went so far. It is locked while one sign-in is made for all
/// requests that were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Renewal {
    Possible,
    PasswordRefused,
    /// It failed in another way, for this reason. Jellyfin may have counted the password as wrong.
    Failed(String),
}

impl Session {
    pub fn new(transport: Transport, credentials: Credentials) -> Self {
        let Credentials { username, password, token, device_id: _ } = credentials;
        let (token, renewal) = (Mutex::new(token), Mutex::new(Renewal::Possible));
        Self { transport, username, password, token, renewal }
    }

    /// The user and token in use now.
    pub async fn signed_in(&self) -> Option<(UserId, SecretString)> {
        self.token.lock().await.clone()
    }

    /// The user and token to send a request with; without one, a sign-in is made first.
    pub async fn token(&self) -> Result<(UserId, SecretString), JellyfinError> {
        if let Some(current) = self.signed_in().await {
            return Ok(current);
        }
        self.renew(None).await?;
        self.signed_in().await.ok_or(JellyfinError::ReauthenticationRequired)
    }

    /// Signs in with user name and password: once, as wrong passwords get accounts locked.
    pub async fn sign_in(&self) -> Result<SignedIn, JellyfinError> {
        let what = "a sign-in";
        let response = self.authenticate(what).await?;
        match response.status() {
            StatusCode::UNAUTHORIZED => Err(self.rejected(Refusal::WrongPassword)),
            StatusCode::FORBIDDEN => Err(self.rejected(Refusal::Disabled)),
            status if !status.is_success() => Err(self.transport.status_error(&response, what)),
            _ => {
                let body = self.transport.body(response, what, Size::Small).await?;
                let read: AuthenticationResult =
                    decode(&body.bytes).map_err(|e| JellyfinError::unreadable(what, e))?;
                let user = user(read.user, what)?;
                let token = SecretString::from(read.access_token);
                *self.token.lock().await = Some((user.id.clone(), token.clone()));
                Ok(SignedIn { user, token })
            }
        }
    }

    /// Sends user name and password. 429 and 503 say that Jellyfin didn't look at the password:
    /// only then they are sent again.
    async fn authenticate(&self, what: &str) -> Result<Response, JellyfinError> {
        let password = self.password.as_ref().ok_or(JellyfinError::ReauthenticationRequired)?;
        let body = serde_json::json!({ "Username": self.username, "Pw": password.expose_secret() });
        let body = body.to_string().into_bytes();
        let mut retries = self.transport.retries();
        loop {
            let request = Outgoing {
                method: Method::POST,
                url: self.transport.server.join("/Users/AuthenticateByName", ""),
                token: None,
                body: Some(body.clone()),
                what,
                patience: self.transport.limits.answer,
            };
            let response = self.transport.send(request).await?;
            match response.status() {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                    retries.wait(self.transport.passing(&response, what)).await?;
                }
                _ => return Ok(response),
            }
        }
    }

    /// Ends the sign-in with Jellyfin.
    pub async fn sign_out(&self) -> Result<(), JellyfinError> {
        let Some((_, token)) = self.token.lock().await.take() else { return Ok(()) };
        let what = "the end of the sign-in";
        let request = Outgoing {
            method: Method::POST,
            url: self.transport.server.join("/Sessions/Logout", ""),
            token: Some(&token),
            body: None,
            what,
            patience: self.transport.limits.answer,
        };
        let response = self.transport.send(request).await?;
        match response.status() {
            status if status.is_success() || status == StatusCode::UNAUTHORIZED => Ok(()),
            _ => Err(self.transport.status_error(&response, what)),
        }
    }

    /// Signs in again, unless another refused request did so already, or tried in vain: a run sends
    /// the password once.
    pub async fn renew(&self, refused: Option<&SecretString>) -> Result<(), JellyfinError> {
        let mut renewal = self.renewal.lock().await;
        let is_refused = |current: &SecretString| {
            refused.is_some_and(|refused| current.expose_secret() == refused.expose_secret())
        };
        if self.signed_in().await.is_some_and(|(_, current)| !is_refused(&current)) {
            return Ok(());
        }
        match &*renewal {
            Renewal::Possible => {}
            Renewal::PasswordRefused => return Err(self.rejected(Refusal::StoredPassword)),
            Renewal::Failed(reason) => {
                return Err(JellyfinError::SignInFailed { reason: reason.clone() });
            }
        }
        let signed_in = self.sign_in().await;
        match &signed_in {
            Err(JellyfinError::CredentialsRejected { .. }) => *renewal = Renewal::PasswordRefused,
            Err(error) => *renewal = Renewal::Failed(error.to_string()),
            Ok(_) => {}
        }
        signed_in.map(|_| ())
    }

    /// The error for a refused sign-in.
    pub fn rejected(&self, refusal: Refusal) -> JellyfinError {
        JellyfinError::CredentialsRejected { username: self.username.clone(), refusal }
    }
}

/// The user that an answer names.
pub(super) fn read_user(body: &Body, what: &str) -> Result<User, JellyfinError> {
    let dto = decode(&body.bytes).map_err(|e| JellyfinError::unreadable(what, e))?;
    user(dto, what)
}

fn user(dto: UserDto, what: &str) -> Result<User, JellyfinError> {
    let id = UserId::parse(&dto.id).map_err(|e| JellyfinError::unreadable(what, e))?;
    Ok(User { id, name: dto.name })
}

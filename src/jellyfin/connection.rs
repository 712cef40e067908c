//! A connection to one server: signing in, and sending requests that may be sent again.
//!
//! The only header that every server from 10.8 to 12 takes is `Authorization: MediaBrowser …, Token="…"`; a token never
//! goes into a URL. A refused token is renewed once. Redirects are never followed.

use std::{error::Error as _, sync::Arc, time::Duration};

use reqwest::{Method, Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use url::Url;

use super::{
    Bound, Budget, JellyfinError, ServerUrl,
    body::{self, Asked, Body, BodyError, Size},
    bounds,
    retry::{self, RETRIES},
    wire::{AuthenticationResult, PublicSystemInfo, StartingSystemInfo, UserDto},
};
use crate::domain::{
    ids::{ServerId, UserId},
    snapshot::Server,
};

/// How long to wait, how often, and how much at once.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until an answer begins.
    pub answer: Duration,
    /// Until the answer for a page of episodes begins; then the other way is taken (`docs/jellyfin.md`, "What the lists
    /// cost").
    pub episodes: Duration,
    /// Between two pieces of an answer.
    pub silence: Duration,
    /// Until a page of a list has come whole; any other answer has a quarter of it.
    pub whole: Duration,
    /// Before the first retry; doubles each time.
    pub first_pause: Duration,
    /// Requests at once.
    pub at_once: usize,
    /// Items a page.
    pub page: u64,
    /// Bytes that lists may hold while they are read, shared by all connections with these limits.
    pub budget: Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(90),
            episodes: Duration::from_secs(20),
            silence: Duration::from_secs(60),
            whole: Duration::from_secs(120),
            first_pause: Duration::from_millis(500),
            at_once: 4,
            page: 2_500,
            budget: Budget::default(),
        }
    }
}

/// With what to sign in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// As typed at Jellyfin's own door.
    pub username: String,
    /// Absent where only a token is stored.
    pub password: Option<SecretString>,
    /// From the last sign-in.
    pub token: Option<(UserId, SecretString)>,
    /// One per installation, and always the same: a sign-in ends the same device's earlier one.
    pub device_id: String,
}

/// A user of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// As they sign in.
    pub name: String,
}

/// A sign-in that worked.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The token to send from now on.
    pub token: SecretString,
}

/// A connection to one server, for one run.
#[derive(Debug)]
pub struct Connection {
    http: reqwest::Client,
    server: ServerUrl,
    credentials: Credentials,
    token: Mutex<Option<(UserId, SecretString)>>,
    /// Held while signing in, so that requests refused together sign in once; true once the password was refused.
    renewing: Mutex<bool>,
    /// Limits of this run.
    pub limits: Limits,
    deadline: Option<Instant>,
    places: Arc<Semaphore>,
}

impl Connection {
    /// A connection that hasn't asked anything yet.
    ///
    /// # Errors
    /// This machine's TLS can't be set up.
    pub fn new(
        server: ServerUrl,
        credentials: Credentials,
        accept_invalid_certificates: bool,
        limits: Limits,
        deadline: Option<Instant>,
    ) -> Result<Self, JellyfinError> {
        let http = client(&server, accept_invalid_certificates, &limits)?;
        let token = Mutex::new(credentials.token.clone());
        let places = Arc::new(Semaphore::new(limits.at_once));
        Ok(Self {
            http,
            server,
            credentials,
            token,
            renewing: Mutex::new(false),
            limits,
            deadline,
            places,
        })
    }

    /// The server's address, with the base path that was found.
    pub fn server_url(&self) -> &ServerUrl {
        &self.server
    }

    /// The user and token in use now: newer than the stored ones where a refused token was renewed.
    pub async fn signed_in(&self) -> Option<(UserId, SecretString)> {
        self.token.lock().await.clone()
    }

    /// Asks the server who it is, and finds its base path where it has one.
    ///
    /// # Errors
    /// It can't be reached, isn't Jellyfin, or is still starting after three tries.
    pub async fn discover(&mut self) -> Result<Server, JellyfinError> {
        const PATH: &str = "/System/Info/Public";
        let mut retry = 0;
        let mut redirected = false;
        loop {
            let url = self.server.join(PATH, "");
            let sent = self
                .send_once(Method::GET, url.clone(), None, None, "its name", self.limits.answer)
                .await;
            let error = match sent {
                Ok(response) if response.status().is_redirection() => {
                    let location = response
                        .headers()
                        .get(header::LOCATION)
                        .and_then(|l| l.to_str().ok())
                        .unwrap_or_default();
                    match self.server.redirected(&url, location) {
                        Some(found) if !redirected => {
                            redirected = true;
                            self.server = found;
                            continue;
                        }
                        Some(_) | None => {
                            let reason = format!("it redirects to `{}`", without_query(location));
                            return Err(JellyfinError::NotAServer {
                                server: self.server.clone(),
                                reason,
                            });
                        }
                    }
                }
                Ok(response) => match self.read_public_info(response).await {
                    Ok(server) => return Ok(server),
                    Err(
                        error
                        @ (JellyfinError::Starting { .. } | JellyfinError::Unreachable { .. }),
                    ) => error,
                    Err(error) => return Err(error),
                },
                Err(error @ JellyfinError::Unreachable { .. }) => error,
                Err(error) => return Err(error),
            };
            let asked = if let JellyfinError::Starting { retry_after, .. } = &error {
                Some(*retry_after)
            } else {
                None
            };
            if retry == RETRIES || !self.pause(retry, asked).await {
                return Err(error);
            }
            retry += 1;
        }
    }

    async fn read_public_info(&self, response: Response) -> Result<Server, JellyfinError> {
        let server = || self.server.clone();
        let status = response.status();
        let retry_after = retry::retry_after(response.headers()).unwrap_or(Duration::from_secs(5));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(JellyfinError::Starting { server: server(), retry_after });
        }
        let not = |reason: String| JellyfinError::NotAServer { server: server(), reason };
        if !status.is_success() {
            return Err(not(format!("status {}", status.as_u16())));
        }
        let body = self.body(response, "its name", Size::Small).await?.bytes;
        let info: PublicSystemInfo = match serde_json::from_slice(&body) {
            Ok(info) => info,
            Err(_) if serde_json::from_slice::<StartingSystemInfo>(&body).is_ok() => {
                return Err(JellyfinError::Starting { server: server(), retry_after });
            }
            Err(error) => return Err(not(error.to_string())),
        };
        let id = ServerId::parse(&info.id).map_err(|e| not(e.to_string()))?;
        Ok(Server { id, name: info.server_name.unwrap_or_default(), version: info.version })
    }

    /// Signs in with user name and password: once, as wrong passwords get accounts locked.
    ///
    /// # Errors
    /// The credentials are refused, there is no password, or the server fails.
    pub async fn sign_in(&self) -> Result<SignedIn, JellyfinError> {
        let what = "a sign-in";
        let password =
            self.credentials.password.as_ref().ok_or(JellyfinError::ReauthenticationRequired)?;
        let body = serde_json::json!({ "Username": self.credentials.username, "Pw": password.expose_secret() });
        let body = serde_json::to_vec(&body).expect("an object of two texts always encodes");
        let url = self.server.join("/Users/AuthenticateByName", "");
        let mut retry = 0;
        let response = loop {
            let response = self
                .send_once(
                    Method::POST,
                    url.clone(),
                    None,
                    Some(body.clone()),
                    what,
                    self.limits.answer,
                )
                .await?;
            let status = response.status();
            // 503 and 429 say that nobody looked at the password.
            let unseen =
                matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
            if !unseen
                || retry == RETRIES
                || !self.pause(retry, retry::retry_after(response.headers())).await
            {
                break response;
            }
            retry += 1;
        };
        match response.status() {
            StatusCode::UNAUTHORIZED => {
                Err(self.rejected("the user name or the password is wrong; it was tried once, so correct it before trying again"))
            }
            StatusCode::FORBIDDEN => {
                Err(self.rejected("the user is disabled or may not sign in from here; ask who runs the server"))
            }
            status if !status.is_success() => Err(self.status_error(&response, what)),
            _ => {
                let body = self.body(response, what, Size::Small).await?;
                let read: AuthenticationResult = self.decode(&body.bytes, what)?;
                let user = self.user(read.user, what)?;
                let token = SecretString::from(read.access_token);
                *self.token.lock().await = Some((user.id.clone(), token.clone()));
                Ok(SignedIn { user, token })
            }
        }
    }

    /// Asks who the token belongs to.
    ///
    /// # Errors
    /// As for any request.
    pub async fn me(&self) -> Result<User, JellyfinError> {
        let what = "the user";
        let asked = Asked {
            path: "/Users/Me",
            what,
            patience: self.limits.answer,
            again_if_slow: true,
            size: Size::Small,
        };
        let body = self.get(&asked, |_| String::new()).await?;
        let user = self.decode(&body.bytes, what)?;
        self.user(user, what)
    }

    /// Ends the sign-in with Jellyfin.
    ///
    /// # Errors
    /// As for any request; the token may be dead already.
    pub async fn sign_out(&self) -> Result<(), JellyfinError> {
        let Some((_, token)) = self.token.lock().await.take() else { return Ok(()) };
        let url = self.server.join("/Sessions/Logout", "");
        let what = "the end of the sign-in";
        let response =
            self.send_once(Method::POST, url, Some(&token), None, what, self.limits.answer).await?;
        match response.status() {
            status if status.is_success() || status == StatusCode::UNAUTHORIZED => Ok(()),
            _ => Err(self.status_error(&response, what)),
        }
    }

    fn user(&self, dto: UserDto, what: &str) -> Result<User, JellyfinError> {
        let unreadable =
            |reason: String| JellyfinError::Unreadable { what: what.to_owned(), reason };
        let id = UserId::parse(&dto.id).map_err(|e| unreadable(e.to_string()))?;
        Ok(User { id, name: dto.name })
    }

    /// Sends a GET, again where that may help, and returns the body of a success.
    ///
    /// `query` gets the user's id, which changes if the sign-in is renewed.
    ///
    /// # Errors
    /// See [`JellyfinError`].
    pub(super) async fn get(
        &self,
        asked_for: &Asked<'_>,
        query: impl Fn(&UserId) -> String,
    ) -> Result<Body, JellyfinError> {
        let Asked { path, what, patience, again_if_slow, size } = *asked_for;
        let mut renewed = false;
        let mut retry = 0;
        loop {
            let (user, token) = self.current_token().await?;
            let url = self.server.join(path, &query(&user));
            let place = self.list_place(size, what).await?;
            let (error, asked) =
                match self.send_once(Method::GET, url, Some(&token), None, what, patience).await {
                    Ok(response) if response.status() == StatusCode::UNAUTHORIZED => {
                        if renewed {
                            return Err(self.rejected(
                                "the new sign-in is refused as well; ask who runs the server",
                            ));
                        }
                        renewed = true;
                        self.renew(Some(&token)).await?;
                        continue;
                    }
                    Ok(response) if response.status().is_success() => {
                        match self.body(response, what, size).await {
                            Ok(body) => return Ok(body.holding(place)),
                            Err(error) => (error, None),
                        }
                    }
                    Ok(response) if retry::may_pass(response.status()) => {
                        let asked = retry::retry_after(response.headers());
                        (self.status_error(&response, what), asked)
                    }
                    Ok(response) => return Err(self.status_error(&response, what)),
                    Err(error) => (error, None),
                };
            let hopeless = match &error {
                JellyfinError::Deadline { .. }
                | JellyfinError::Certificate { .. }
                | JellyfinError::AnswerTooLarge { .. } => true,
                JellyfinError::TooSlow { .. } => !again_if_slow,
                _ => false,
            };
            drop(place);
            if hopeless || retry == RETRIES || !self.pause(retry, asked).await {
                return Err(error);
            }
            retry += 1;
        }
    }

    /// A place among the lists that are read at once, whatever the number of runs; a list holds it until it is read.
    async fn list_place(
        &self,
        size: Size,
        what: &str,
    ) -> Result<Option<OwnedSemaphorePermit>, JellyfinError> {
        if size == Size::Small {
            return Ok(None);
        }
        let place = tokio::time::timeout(self.time_left(what)?, self.limits.budget.place()).await;
        place.map(Some).map_err(|_| JellyfinError::Deadline { what: what.to_owned() })
    }

    async fn current_token(&self) -> Result<(UserId, SecretString), JellyfinError> {
        if let Some(current) = self.signed_in().await {
            return Ok(current);
        }
        self.renew(None).await?;
        self.signed_in().await.ok_or(JellyfinError::ReauthenticationRequired)
    }

    /// Signs in again, unless another request that was refused as well has done so already, or was told that the
    /// password is wrong: that is said once and not tried twice.
    async fn renew(&self, refused: Option<&SecretString>) -> Result<(), JellyfinError> {
        let mut password_refused = self.renewing.lock().await;
        let current = self.signed_in().await;
        let is_new = match (&current, refused) {
            (Some((_, current)), Some(refused)) => {
                current.expose_secret() != refused.expose_secret()
            }
            (current, None) => current.is_some(),
            (None, Some(_)) => false,
        };
        if is_new {
            return Ok(());
        }
        if *password_refused {
            return Err(self
                .rejected("the stored password is refused; enter the right one in the settings"));
        }
        let signed_in = self.sign_in().await;
        *password_refused = matches!(signed_in, Err(JellyfinError::CredentialsRejected { .. }));
        signed_in.map(|_| ())
    }

    fn rejected(&self, reason: &'static str) -> JellyfinError {
        JellyfinError::CredentialsRejected { username: self.credentials.username.clone(), reason }
    }

    async fn send_once(
        &self,
        method: Method,
        url: Url,
        token: Option<&SecretString>,
        body: Option<Vec<u8>>,
        what: &str,
        patience: Duration,
    ) -> Result<Response, JellyfinError> {
        let _place = self.places.acquire().await.expect("nobody closes the semaphore");
        let patience = patience.min(self.time_left(what)?);
        let mut request =
            self.http.request(method, url).header(header::AUTHORIZATION, self.authorization(token));
        request = request.header(header::ACCEPT_ENCODING, body::ACCEPTED);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        match tokio::time::timeout(patience, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(transport_error(&self.server, &error)),
            Err(_) if self.time_left(what).is_err() => {
                Err(JellyfinError::Deadline { what: what.to_owned() })
            }
            Err(_) => Err(JellyfinError::TooSlow { what: what.to_owned(), after: patience }),
        }
    }

    /// Reads a body within its bounds, and within its time as a whole.
    async fn body(
        &self,
        response: Response,
        what: &str,
        size: Size,
    ) -> Result<Body, JellyfinError> {
        let (most, patience, share) = match size {
            Size::List => (bounds::LIST_PAGE, self.limits.whole, Some(self.limits.budget.share())),
            Size::Small => (bounds::OTHER, self.limits.whole / 4, None),
        };
        let left = self.time_left(what)?;
        let too_large = |bound| JellyfinError::AnswerTooLarge { what: what.to_owned(), bound };
        match tokio::time::timeout(patience.min(left), body::read(response, most, share)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(BodyError::TooLarge(bound))) => Err(too_large(bound)),
            Ok(Err(BodyError::Transport(error))) => Err(transport_error(&self.server, &error)),
            Ok(Err(BodyError::Packing(reason))) => {
                Err(JellyfinError::Unreadable { what: what.to_owned(), reason })
            }
            Err(_) if left <= patience => Err(JellyfinError::Deadline { what: what.to_owned() }),
            Err(_) => Err(too_large(Bound::Time(patience))),
        }
    }

    /// Decodes a body.
    pub(super) fn decode<T: DeserializeOwned>(
        &self,
        body: &[u8],
        what: &str,
    ) -> Result<T, JellyfinError> {
        serde_json::from_slice(body)
            .map_err(|e| JellyfinError::Unreadable { what: what.to_owned(), reason: e.to_string() })
    }

    /// Waits before that retry; false where there is no time for it, and what failed last is the answer.
    async fn pause(&self, retry: u32, asked: Option<Duration>) -> bool {
        let pause = retry::pause(retry, asked, self.limits.first_pause);
        let in_time = self.deadline.is_none_or(|deadline| Instant::now() + pause < deadline);
        if in_time {
            tokio::time::sleep(pause).await;
        }
        in_time
    }

    fn time_left(&self, what: &str) -> Result<Duration, JellyfinError> {
        let Some(deadline) = self.deadline else { return Ok(Duration::from_secs(3_600)) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(JellyfinError::Deadline { what: what.to_owned() })
        } else {
            Ok(left)
        }
    }

    fn authorization(&self, token: Option<&SecretString>) -> String {
        let device = &self.credentials.device_id;
        let mut value = format!(
            "MediaBrowser Client=\"Mediatheca Jellyfin Sync\", Device=\"Mediatheca\", DeviceId=\"{device}\", Version=\"{}\"",
            env!("CARGO_PKG_VERSION")
        );
        if let Some(token) = token {
            value.push_str(&format!(", Token=\"{}\"", token.expose_secret()));
        }
        value
    }

    fn status_error(&self, response: &Response, what: &str) -> JellyfinError {
        let is_html = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
        match (response.status(), retry::retry_after(response.headers())) {
            (StatusCode::SERVICE_UNAVAILABLE, Some(retry_after)) if is_html => {
                JellyfinError::Starting { server: self.server.clone(), retry_after }
            }
            (status, _) => JellyfinError::Status { status: status.as_u16(), what: what.to_owned() },
        }
    }
}

/// A client for one server: it follows no redirect, and waits no longer than the limits say.
pub(super) fn client(
    server: &ServerUrl,
    accept_invalid_certificates: bool,
    limits: &Limits,
) -> Result<reqwest::Client, JellyfinError> {
    reqwest::Client::builder()
        .user_agent(concat!("mediatheca-jellyfin-sync/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(limits.connect)
        .read_timeout(limits.silence)
        .danger_accept_invalid_certs(accept_invalid_certificates)
        .build()
        .map_err(|e| JellyfinError::Unreachable { server: server.clone(), reason: reasons(&e) })
}

pub(super) fn transport_error(server: &ServerUrl, error: &reqwest::Error) -> JellyfinError {
    let (server, reason) = (server.clone(), reasons(error));
    if reason.to_ascii_lowercase().contains("certificate") {
        JellyfinError::Certificate { server, reason }
    } else {
        JellyfinError::Unreachable { server, reason }
    }
}

/// An error with all its causes, and without the URL, which people may have put anything into.
fn reasons(error: &reqwest::Error) -> String {
    let mut reasons = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        reasons.push(error.to_string());
        cause = error.source();
    }
    if reasons.is_empty() { "the request failed".into() } else { reasons.join(": ") }
}

fn without_query(location: &str) -> &str {
    location.split(['?', '#']).next().unwrap_or_default()
}

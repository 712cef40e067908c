//! A connection to one server: finding it, and asking it for something, again if that may help.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode, header};
use secrecy::SecretString;
use tokio::time::Instant;

use super::{
    error::{JellyfinError, NotJellyfin, Refusal},
    limits::Limits,
    server_url::ServerUrl,
    session::{Credentials, Session, SignedIn, User, read_user},
    transport::{Outgoing, Size, Transport},
    wire::{PublicSystemInfo, StartingSystemInfo},
};
use crate::{
    domain::{
        ids::{ServerId, UserId},
        snapshot::Server,
    },
    outbound::{Body, Certificates, Failure, decode, may_pass, retry_after},
};

/// How long to wait for a server that is starting and doesn't say how long that takes.
const STARTING: Duration = Duration::from_secs(5);

/// What a GET asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Such as `/Items`.
    pub path: &'a str,
    /// In words, for errors.
    pub what: &'a str,
    /// Until the answer begins.
    pub patience: Duration,
    pub if_slow: IfSlow,
    pub size: Size,
}

/// What to do after a request that wasn't answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfSlow {
    AskAgain,
    /// The server goes on working on the first request, and a second one would slow that.
    GiveUp,
}

/// A connection to one server, for one run.
#[derive(Debug)]
pub struct Connection {
    session: Session,
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
        let certificates = Certificates::accepting_all(accept_invalid_certificates);
        let device_id = credentials.device_id.clone();
        let transport = Transport::new(server, certificates, device_id, limits, deadline)?;
        Ok(Self { session: Session::new(transport, credentials) })
    }

    /// The server's address, with the base path that was found.
    pub fn server_url(&self) -> &ServerUrl {
        &self.session.transport.server
    }

    /// The limits of this run.
    pub(super) fn limits(&self) -> &Limits {
        &self.session.transport.limits
    }

    /// The user and token in use now: newer than the stored ones if a refused token was renewed.
    pub async fn signed_in(&self) -> Option<(UserId, SecretString)> {
        self.session.signed_in().await
    }

    /// Signs in with user name and password: once, as wrong passwords get accounts locked.
    ///
    /// # Errors
    /// The credentials are refused, there is no password, or the server fails.
    pub async fn sign_in(&self) -> Result<SignedIn, JellyfinError> {
        self.session.sign_in().await
    }

    /// Ends the sign-in with Jellyfin.
    ///
    /// # Errors
    /// As for any request; an already refused token isn't an error.
    pub async fn sign_out(&self) -> Result<(), JellyfinError> {
        self.session.sign_out().await
    }

    /// Asks for the user that the token belongs to.
    ///
    /// # Errors
    /// As for any request.
    pub async fn me(&self) -> Result<User, JellyfinError> {
        let what = "the user";
        let asked = Asked {
            path: "/Users/Me",
            what,
            patience: self.limits().answer,
            if_slow: IfSlow::AskAgain,
            size: Size::Small,
        };
        read_user(&self.get(&asked, |_| String::new()).await?, what)
    }

    /// Asks the server for its name and version, and finds its base path if it has one.
    ///
    /// # Errors
    /// It can't be reached, isn't Jellyfin, or is still starting after three retries.
    pub async fn discover(&mut self) -> Result<Server, JellyfinError> {
        let mut retries = self.session.transport.retries();
        let mut redirects_left = 1;
        loop {
            match self.ask_name().await {
                Ok(Named::Server(server)) => return Ok(server),
                Ok(Named::Elsewhere { found: Some(found), .. }) if redirects_left > 0 => {
                    redirects_left -= 1;
                    self.session.transport.server = found;
                }
                Ok(Named::Elsewhere { location, .. }) => {
                    return Err(self.not_jellyfin(NotJellyfin::Redirect(location)));
                }
                Err(failure) => retries.wait(failure).await?,
            }
        }
    }

    async fn ask_name(&self) -> Result<Named, Failure<JellyfinError>> {
        let transport = &self.session.transport;
        let url = transport.server.join("/System/Info/Public", "");
        let request = Outgoing {
            method: Method::GET,
            url: url.clone(),
            token: None,
            body: None,
            what: "its name",
            patience: transport.limits.answer,
        };
        let asked = async {
            let response = transport.send(request).await?;
            if !response.status().is_redirection() {
                return self.read_public_info(response).await.map(Named::Server);
            }
            let location = response.headers().get(header::LOCATION);
            let location = location.and_then(|l| l.to_str().ok()).unwrap_or_default();
            let found = transport.server.redirected(&url, location);
            Ok(Named::Elsewhere { found, location: without_query(location).to_owned() })
        };
        asked.await.map_err(|error| match error {
            JellyfinError::Starting { retry_after, .. } => {
                Failure::Passing(error, Some(retry_after))
            }
            JellyfinError::Unreachable { .. } => Failure::Passing(error, None),
            error => Failure::Final(error),
        })
    }

    async fn read_public_info(&self, response: Response) -> Result<Server, JellyfinError> {
        let transport = &self.session.transport;
        let status = response.status();
        let retry_after = retry_after(response.headers()).unwrap_or(STARTING);
        let starting = || JellyfinError::Starting { server: transport.server.clone(), retry_after };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(starting());
        }
        if !status.is_success() {
            return Err(self.not_jellyfin(NotJellyfin::Status(status.as_u16())));
        }
        let body = transport.body(response, "its name", Size::Small).await?.bytes;
        let info: PublicSystemInfo = match decode(&body) {
            Ok(info) => info,
            Err(_) if decode::<StartingSystemInfo>(&body).is_ok() => return Err(starting()),
            Err(error) => return Err(self.not_jellyfin(error.into())),
        };
        let id = ServerId::parse(&info.id).map_err(|e| self.not_jellyfin(e.into()))?;
        Ok(Server { id, name: info.server_name.unwrap_or_default(), version: info.version })
    }

    fn not_jellyfin(&self, source: NotJellyfin) -> JellyfinError {
        JellyfinError::NotAServer { server: self.server_url().clone(), source }
    }

    /// Sends a GET, again if that may help, and returns the body of a success.
    ///
    /// `query` gets the user's id, which changes if the sign-in is renewed.
    ///
    /// # Errors
    /// See [`JellyfinError`].
    pub(super) async fn get(
        &self,
        asked: &Asked<'_>,
        query: impl Fn(&UserId) -> String,
    ) -> Result<Body, JellyfinError> {
        let mut refused = Refused::NotYet;
        let mut retries = self.session.transport.retries();
        loop {
            match self.get_once(asked, &query, &mut refused).await {
                Ok(Some(body)) => return Ok(body),
                Ok(None) => {}
                Err(failure) => retries.wait(failure).await?,
            }
        }
    }

    /// One attempt; `None` if the token was refused and is renewed now.
    async fn get_once(
        &self,
        asked: &Asked<'_>,
        query: impl Fn(&UserId) -> String,
        refused: &mut Refused,
    ) -> Result<Option<Body>, Failure<JellyfinError>> {
        let Asked { path, what, patience, if_slow, size } = *asked;
        let transport = &self.session.transport;
        let (user, token) = self.session.token().await.map_err(Failure::Final)?;
        let place = transport.list_place(size, what).await.map_err(Failure::Final)?;
        let request = Outgoing {
            method: Method::GET,
            url: transport.server.join(path, &query(&user)),
            token: Some(&token),
            body: None,
            what,
            patience,
        };
        let failure = |error| failure(error, if_slow);
        let response = transport.send(request).await.map_err(failure)?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            if *refused == Refused::Once {
                return Err(Failure::Final(self.session.rejected(Refusal::NewToken)));
            }
            *refused = Refused::Once;
            return self.session.renew(Some(&token)).await.map(|()| None).map_err(Failure::Final);
        }
        if status.is_success() {
            let body = transport.body(response, what, size).await.map_err(failure)?;
            return Ok(Some(body.holding(place)));
        }
        Err(if may_pass(status) {
            transport.passing(&response, what)
        } else {
            Failure::Final(transport.status_error(&response, what))
        })
    }
}

/// The answer to the question for a server's name.
enum Named {
    Server(Server),
    /// The server under another base path, if it leads to that; and where it leads to, without a
    /// query.
    Elsewhere {
        found: Option<ServerUrl>,
        location: String,
    },
}

/// Whether a request was refused for its token, which is renewed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    NotYet,
    Once,
}

/// Whether a request that failed without an answer is sent again.
fn failure(error: JellyfinError, if_slow: IfSlow) -> Failure<JellyfinError> {
    match error {
        JellyfinError::TooSlow { .. } if if_slow == IfSlow::GiveUp => Failure::Final(error),
        JellyfinError::TooSlow { .. }
        | JellyfinError::Unreachable { .. }
        | JellyfinError::Unreadable { .. } => Failure::Passing(error, None),
        JellyfinError::Deadline { .. }
        | JellyfinError::Certificate { .. }
        | JellyfinError::AnswerTooLarge { .. }
        | JellyfinError::NotAServer { .. }
        | JellyfinError::Starting { .. }
        | JellyfinError::CredentialsRejected { .. }
        | JellyfinError::SignInFailed { .. }
        | JellyfinError::ReauthenticationRequired
        | JellyfinError::Status { .. }
        | JellyfinError::ShortRead { .. }
        | JellyfinError::NoUserData { .. } => Failure::Final(error),
    }
}

fn without_query(location: &str) -> &str {
    location.split(['?', '#']).next().unwrap_or_default()
}

//! One request out, one bounded answer in, within the run's deadline and its number of requests at
//! the same time.
//!
//! The only header that every server from 10.8 to 12 accepts is `Authorization: MediaBrowser …,
//! Token="…"`; a token never goes into a URL. Redirects are never followed. Nothing here signs in
//! or tries again.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use url::Url;

use super::{
    error::JellyfinError,
    limits::{LIST_PAGE, Limits, SMALL_ANSWER},
    server_url::ServerUrl,
};
use crate::outbound::{
    self, Allowance, Body, BodyError, Bound, Certificates, Deadline, Failure, Retries, retry_after,
};

/// How large an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// A page of a list.
    List,
    /// Any other answer.
    Small,
}

/// A request as it is sent.
pub(super) struct Outgoing<'a> {
    pub method: Method,
    pub url: Url,
    pub token: Option<&'a SecretString>,
    /// JSON.
    pub body: Option<Vec<u8>>,
    /// What is asked for, in words, for errors.
    pub what: &'a str,
    /// Until the answer begins.
    pub patience: Duration,
}

/// The way to one server, for one run.
#[derive(Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    /// The server, with the base path that was found.
    pub server: ServerUrl,
    pub limits: Limits,
    device_id: String,
    deadline: Deadline,
    places: Semaphore,
}

impl Transport {
    /// A way that wasn't used yet.
    pub fn new(
        server: ServerUrl,
        certificates: Certificates,
        device_id: String,
        limits: Limits,
        deadline: Option<Instant>,
    ) -> Result<Self, JellyfinError> {
        let http = outbound::client(limits.patience(), certificates)
            .map_err(|source| JellyfinError::connecting(&server, source))?;
        let places = Semaphore::new(limits.at_once);
        Ok(Self { http, server, limits, device_id, deadline: deadline.into(), places })
    }

    /// The attempts of a request that is about to be sent.
    pub fn retries(&self) -> Retries {
        Retries::new(self.limits.first_pause, self.deadline)
    }

    /// Sends a request once.
    pub async fn send(&self, request: Outgoing<'_>) -> Result<Response, JellyfinError> {
        let Outgoing { method, url, token, body, what, patience } = request;
        let _place = self.places.acquire().await.expect("this semaphore is never closed");
        let patience = patience.min(self.time_left(what)?);
        let mut request = self
            .http
            .request(method, url)
            .header(header::AUTHORIZATION, self.authorization(token))
            .header(header::ACCEPT_ENCODING, outbound::ACCEPTED);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        match tokio::time::timeout(patience, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(JellyfinError::connecting(&self.server, error.into())),
            Err(_) => {
                self.time_left(what)?;
                Err(JellyfinError::TooSlow { what: what.to_owned(), after: patience })
            }
        }
    }

    /// Reads a body within its bounds and the deadline.
    pub async fn body(
        &self,
        response: Response,
        what: &str,
        size: Size,
    ) -> Result<Body, JellyfinError> {
        let whole = self.limits.whole;
        let (bytes, time, share) = match size {
            Size::List => (LIST_PAGE, whole, Some(self.limits.budget.share())),
            Size::Small => (SMALL_ANSWER, whole / 4, None),
        };
        let left = self.time_left(what)?;
        let allowed = Allowance { bytes, time: time.min(left) };
        outbound::read(response, allowed, share).await.map_err(|error| match error {
            BodyError::TooLarge(Bound::Time(_)) if left <= time => deadline(what),
            error => JellyfinError::body(&self.server, what, error),
        })
    }

    /// Waits for a place among the lists that are read at the same time, over all runs; a list
    /// keeps it until it is read. Small answers need none.
    pub async fn list_place(
        &self,
        size: Size,
        what: &str,
    ) -> Result<Option<OwnedSemaphorePermit>, JellyfinError> {
        if size == Size::Small {
            return Ok(None);
        }
        let place = tokio::time::timeout(self.time_left(what)?, self.limits.budget.place()).await;
        place.map(Some).map_err(|_| deadline(what))
    }

    /// The error for an answer that isn't success. A server that is starting answers 503 with a
    /// page of HTML (`docs/jellyfin.md`, "Finding the server").
    pub fn status_error(&self, response: &Response, what: &str) -> JellyfinError {
        let is_html = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        match (response.status(), retry_after(response.headers())) {
            (StatusCode::SERVICE_UNAVAILABLE, Some(retry_after)) if is_html => {
                JellyfinError::Starting { server: self.server.clone(), retry_after }
            }
            (status, _) => JellyfinError::Status { status: status.as_u16(), what: what.to_owned() },
        }
    }

    /// The failure for an answer that isn't success: one that may pass waits as long as the server
    /// asks.
    pub fn passing(&self, response: &Response, what: &str) -> Failure<JellyfinError> {
        Failure::Passing(self.status_error(response, what), retry_after(response.headers()))
    }

    fn time_left(&self, what: &str) -> Result<Duration, JellyfinError> {
        self.deadline.left().map_err(|_| deadline(what))
    }

    fn authorization(&self, token: Option<&SecretString>) -> String {
        let device = &self.device_id;
        let mut value = format!(
            "MediaBrowser Client=\"Mediatheca Jellyfin Sync\", Device=\"Mediatheca\", DeviceId=\"{device}\", Version=\"{}\"",
            env!("CARGO_PKG_VERSION")
        );
        if let Some(token) = token {
            value.push_str(&format!(", Token=\"{}\"", token.expose_secret()));
        }
        value
    }
}

fn deadline(what: &str) -> JellyfinError {
    JellyfinError::Deadline { what: what.to_owned() }
}

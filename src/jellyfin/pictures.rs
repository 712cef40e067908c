//! Posters. They are asked for without a token, because Jellyfin gives them to any caller
//! (`docs/jellyfin.md`, "Images").

use std::time::Duration;

use reqwest::{Response, StatusCode, header};
use tokio::sync::Semaphore;

use super::{
    error::{JellyfinError, UnreadableAnswer},
    limits::Limits,
    server_url::ServerUrl,
};
use crate::{
    domain::ids::ItemId,
    outbound::{self, Allowance, BodyError, Certificates, MB},
};

/// Wide enough for a grid on a dense screen, in pixels.
const WIDTH: u32 = 320;

/// Largest accepted poster in bytes; real ones have about 60 kB.
const LARGEST: usize = 2 * MB;

/// A person looks at the page meanwhile: a poster that takes longer isn't worth waiting for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A picture.
#[derive(Debug, Clone)]
pub struct Poster {
    /// One of [`PICTURES`].
    pub content_type: &'static str,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

/// The accepted kinds of picture: they can hold no script.
pub const PICTURES: [&str; 5] =
    ["image/jpeg", "image/webp", "image/png", "image/avif", "image/gif"];

/// A server's pictures.
#[derive(Debug)]
pub struct Gallery {
    http: reqwest::Client,
    server: ServerUrl,
    certificates: Certificates,
    places: Semaphore,
}

impl Gallery {
    /// The pictures of a server; nothing is asked yet.
    ///
    /// # Errors
    /// This machine's TLS can't be set up.
    pub fn new(
        server: ServerUrl,
        accept_invalid_certificates: bool,
        limits: &Limits,
    ) -> Result<Self, JellyfinError> {
        let certificates = Certificates::accepting_all(accept_invalid_certificates);
        let http = outbound::client(limits.patience(), certificates)
            .map_err(|source| JellyfinError::connecting(&server, source))?;
        Ok(Self { http, server, certificates, places: Semaphore::new(limits.at_once) })
    }

    /// Whether these are the pictures of that server, under the same rule for certificates.
    pub fn is_at(&self, server: &ServerUrl, accept_invalid_certificates: bool) -> bool {
        self.server == *server
            && self.certificates == Certificates::accepting_all(accept_invalid_certificates)
    }

    /// An item's poster, if it has one.
    ///
    /// # Errors
    /// The server can't be reached, or sends something other than a picture.
    pub async fn poster(&self, item: &ItemId) -> Result<Option<Poster>, JellyfinError> {
        let what = format!("the poster of item {item}");
        let _place = self.places.acquire().await.expect("this semaphore is never closed");
        let fetched = tokio::time::timeout(PATIENCE, self.fetch(item, &what)).await;
        fetched.unwrap_or(Err(JellyfinError::TooSlow { what, after: PATIENCE }))
    }

    async fn fetch(&self, item: &ItemId, what: &str) -> Result<Option<Poster>, JellyfinError> {
        let path = format!("/Items/{item}/Images/Primary");
        let url = self.server.join(&path, &format!("maxWidth={WIDTH}"));
        let sent = self.http.get(url).send().await;
        let response = sent.map_err(|e| JellyfinError::connecting(&self.server, e.into()))?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(JellyfinError::Status { status: status.as_u16(), what: what.to_owned() });
        }
        let content_type =
            kind(&response).map_err(|other| JellyfinError::unreadable(what, other))?;
        let allowed = Allowance { bytes: LARGEST, time: PATIENCE };
        let read = outbound::read(response, allowed, None).await;
        let body = read.map_err(|error| match error {
            BodyError::TooLarge(bound) => {
                JellyfinError::unreadable(what, UnreadableAnswer::LargePicture(bound))
            }
            BodyError::Transport(_) | BodyError::Packing(_) => {
                JellyfinError::body(&self.server, what, error)
            }
        })?;
        Ok(Some(Poster { content_type, bytes: body.bytes }))
    }
}

/// The content type of an answer, if it is one of a picture.
fn kind(response: &Response) -> Result<&'static str, UnreadableAnswer> {
    let given = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    PICTURES
        .into_iter()
        .find(|kind| kind.eq_ignore_ascii_case(essence))
        .ok_or_else(|| UnreadableAnswer::NotAPicture(essence.to_owned()))
}

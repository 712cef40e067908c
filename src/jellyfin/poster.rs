//! Posters: asked for without a token, as Jellyfin gives them to anybody (`docs/jellyfin.md`, "Images").

use std::time::Duration;

use reqwest::{StatusCode, header};
use tokio::sync::Semaphore;

use super::{
    JellyfinError, Limits, ServerUrl,
    connection::{client, transport_error},
};
use crate::domain::ids::ItemId;

/// Wide enough for a grid on a dense screen, in pixels.
const WIDTH: u32 = 320;

/// A poster of that width has some 60 kB; what is larger than this is none, in bytes.
const LARGEST: usize = 2 * 1024 * 1024;

/// A person looks at the page meanwhile: a poster that takes longer isn't worth waiting for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A picture.
#[derive(Debug, Clone)]
pub struct Poster {
    /// One of [`PICTURES`].
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What is taken for a picture: kinds that can hold no script.
pub const PICTURES: [&str; 5] =
    ["image/jpeg", "image/webp", "image/png", "image/avif", "image/gif"];

/// A server's pictures.
#[derive(Debug)]
pub struct Gallery {
    http: reqwest::Client,
    server: ServerUrl,
    accept_invalid_certificates: bool,
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
        let http = client(&server, accept_invalid_certificates, limits)?;
        Ok(Self {
            http,
            server,
            accept_invalid_certificates,
            places: Semaphore::new(limits.at_once),
        })
    }

    /// Whether these are the pictures of that server, asked in that way.
    pub fn is_at(&self, server: &ServerUrl, accept_invalid_certificates: bool) -> bool {
        self.server == *server && self.accept_invalid_certificates == accept_invalid_certificates
    }

    /// An item's poster; `None` where it has none.
    ///
    /// # Errors
    /// The server can't be reached, or sends something that is no picture.
    pub async fn poster(&self, item: &ItemId) -> Result<Option<Poster>, JellyfinError> {
        let what = || format!("the poster of item {item}");
        let _place = self.places.acquire().await.expect("nobody closes the semaphore");
        let url = self
            .server
            .join(&format!("/Items/{item}/Images/Primary"), &format!("maxWidth={WIDTH}"));
        let fetched = tokio::time::timeout(PATIENCE, async {
            let mut response =
                self.http.get(url).send().await.map_err(|e| transport_error(&self.server, &e))?;
            let status = response.status();
            if status == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            if !status.is_success() {
                return Err(JellyfinError::Status { status: status.as_u16(), what: what() });
            }
            let given = response
                .headers()
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            let essence = given.split(';').next().unwrap_or_default().trim();
            let Some(content_type) =
                PICTURES.into_iter().find(|kind| kind.eq_ignore_ascii_case(essence))
            else {
                return Err(JellyfinError::Unreadable {
                    what: what(),
                    reason: format!("it is `{essence}`, which is no picture"),
                });
            };
            let mut bytes = Vec::new();
            while let Some(piece) =
                response.chunk().await.map_err(|e| transport_error(&self.server, &e))?
            {
                if bytes.len() + piece.len() > LARGEST {
                    return Err(JellyfinError::Unreadable {
                        what: what(),
                        reason: "it is larger than 2 MB".into(),
                    });
                }
                bytes.extend_from_slice(&piece);
            }
            Ok(Some(Poster { content_type, bytes }))
        });
        fetched
            .await
            .unwrap_or_else(|_| Err(JellyfinError::TooSlow { what: what(), after: PATIENCE }))
    }
}

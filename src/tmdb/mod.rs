//! The adapter to The Movie Database: ids in, titles out.
//!
//! Only the API Read Access Token is used, as it goes into a header; the older API key would have to go into the URL.

mod wire;

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream};
use reqwest::{StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use self::wire::{MovieDto, SeasonDto, SeriesDto};
use crate::domain::{
    events::{MovieToAdd, SeriesToAdd},
    ids::TmdbId,
};

/// TMDB's own address.
pub const BASE_URL: &str = "https://api.themoviedb.org/3";

/// TMDB takes at most so many `append_to_response` parts in one request.
const PARTS: usize = 20;

/// Requests at once.
const AT_ONCE: usize = 4;

/// Why TMDB said nothing of a title.
#[derive(Debug, thiserror::Error)]
pub enum TmdbError {
    /// No key is stored.
    #[error(
        "titles that the library lacks are described by TMDB, and no key for it is stored: save your API Read Access Token in the settings"
    )]
    NoKey,
    /// The older API key.
    #[error(
        "the stored TMDB key is an API key of version 3, which would have to be sent in the URL: save the API Read Access Token instead"
    )]
    OldKey,
    /// The key is refused.
    #[error("TMDB refuses the stored key: save the API Read Access Token from your account there")]
    Refused,
    /// TMDB doesn't know the title, any more.
    #[error("TMDB knows no {0}: correct its id in Jellyfin")]
    Unknown(String),
    /// TMDB can't be reached or fails.
    #[error("TMDB failed for {what} ({reason}): try again later")]
    Failed {
        /// What was asked for.
        what: String,
        /// What went wrong.
        reason: String,
    },
}

/// A client for one run.
#[derive(Debug)]
pub struct Tmdb {
    http: reqwest::Client,
    base_url: String,
    token: SecretString,
}

impl Tmdb {
    /// A client that hasn't asked anything yet.
    ///
    /// # Errors
    /// The key is of the older kind, or this machine's TLS can't be set up.
    pub fn new(base_url: &str, token: SecretString) -> Result<Self, TmdbError> {
        let text = token.expose_secret().trim();
        if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(TmdbError::OldKey);
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("mediatheca-jellyfin-sync/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|e| TmdbError::Failed {
                what: "a connection".into(),
                reason: e.without_url().to_string(),
            })?;
        Ok(Self { http, base_url: base_url.to_owned(), token })
    }

    /// Describes movies, each on its own: one that fails says why.
    pub async fn movies(&self, ids: &[TmdbId]) -> Vec<(TmdbId, Result<MovieToAdd, TmdbError>)> {
        stream::iter(ids.to_vec())
            .map(|id| async move { (id, self.movie(id).await) })
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    /// Describes series with their seasons, each on its own: one that fails says why.
    pub async fn series(&self, ids: &[TmdbId]) -> Vec<(TmdbId, Result<SeriesToAdd, TmdbError>)> {
        stream::iter(ids.to_vec())
            .map(|id| async move { (id, self.one_series(id).await) })
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    async fn movie(&self, id: TmdbId) -> Result<MovieToAdd, TmdbError> {
        let what = format!("movie {id}");
        let movie: MovieDto = self.get(&format!("/movie/{id}"), &what).await?;
        Ok(movie.title(id))
    }

    async fn one_series(&self, id: TmdbId) -> Result<SeriesToAdd, TmdbError> {
        let what = format!("series {id}");
        let series: SeriesDto = self.get(&format!("/tv/{id}"), &what).await?;
        let mut seasons = Vec::new();
        for numbers in series.season_numbers().chunks(PARTS) {
            let parts: Vec<String> =
                numbers.iter().map(|number| format!("season/{number}")).collect();
            let path = format!("/tv/{id}?append_to_response={}", parts.join(","));
            let mut answer: BTreeMap<String, serde_json::Value> = self.get(&path, &what).await?;
            for part in parts {
                if let Some(season) = answer.remove(&part) {
                    let season: SeasonDto =
                        serde_json::from_value(season).map_err(|e| failed(&what, e))?;
                    seasons.push(season.season());
                }
            }
        }
        Ok(series.title(id, seasons))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, what: &str) -> Result<T, TmdbError> {
        let request = self
            .http
            .get(format!("{}{path}", self.base_url))
            .bearer_auth(self.token.expose_secret().trim());
        let sent = request.header(header::ACCEPT, "application/json").send().await;
        let response = sent.map_err(|e| failed(what, e.without_url()))?;
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(TmdbError::Refused),
            StatusCode::NOT_FOUND => Err(TmdbError::Unknown(what.to_owned())),
            status if !status.is_success() => {
                Err(failed(what, format!("status {}", status.as_u16())))
            }
            _ => {
                let body = response.bytes().await.map_err(|e| failed(what, e.without_url()))?;
                serde_json::from_slice(&body).map_err(|e| failed(what, e))
            }
        }
    }
}

fn failed(what: &str, reason: impl ToString) -> TmdbError {
    TmdbError::Failed { what: what.to_owned(), reason: reason.to_string() }
}

//! Asks TMDB for titles: one GET after the other, each tried again if that may help.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream};
use reqwest::{Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    error::TmdbError,
    wire::{MovieDto, SeasonDto, SeriesDto},
};
use crate::{
    domain::{
        events::{MovieToAdd, SeasonToAdd, SeriesToAdd},
        ids::TmdbId,
    },
    outbound::{
        self, Allowance, BodyError, Certificates, Deadline, Failure, MB, Patience, Retries,
        TimeIsUp, decode, may_pass, retry_after,
    },
};

/// Most parts of `append_to_response` in one request (`docs/tmdb-and-mediatheca.md`, "TMDB:
/// access").
const PARTS: usize = 20;

/// Requests at the same time.
const AT_ONCE: usize = 4;

/// Largest answer in bytes: a series with twenty long seasons has some 2 MB.
const LARGEST: usize = 8 * MB;

/// How long to wait for TMDB.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Until a connection is made.
    pub connect: Duration,
    /// Until an answer begins, and again until all of it has arrived.
    pub answer: Duration,
    /// Before the first retry; doubles each time.
    pub first_pause: Duration,
    /// When the run must end, if it must.
    pub deadline: Option<Instant>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            first_pause: Duration::from_millis(500),
            deadline: None,
        }
    }
}

/// A client for one run.
#[derive(Debug)]
pub struct Tmdb {
    http: reqwest::Client,
    base_url: String,
    token: SecretString,
    limits: Limits,
    deadline: Deadline,
}

impl Tmdb {
    /// A client that hasn't asked anything yet.
    ///
    /// # Errors
    /// The token is an API key of the older kind, or this machine's TLS can't be set up.
    pub fn new(base_url: &str, token: SecretString, limits: Limits) -> Result<Self, TmdbError> {
        let text = token.expose_secret().trim();
        if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(TmdbError::OldKey);
        }
        let patience = Patience { connect: limits.connect, silence: None };
        let http = outbound::client(patience, Certificates::Trusted)
            .map_err(|source| TmdbError::Unreachable { what: "a connection".into(), source })?;
        let deadline = limits.deadline.into();
        Ok(Self { http, base_url: base_url.to_owned(), token, limits, deadline })
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
            .map(|id| async move { (id, self.series_with_seasons(id).await) })
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    async fn movie(&self, id: TmdbId) -> Result<MovieToAdd, TmdbError> {
        let what = format!("movie {id}");
        let body = self.get(&format!("/movie/{id}"), &what).await?;
        let movie: MovieDto = decode(&body).map_err(|e| TmdbError::unreadable(&what, e))?;
        Ok(movie.title(id))
    }

    async fn series_with_seasons(&self, id: TmdbId) -> Result<SeriesToAdd, TmdbError> {
        let what = format!("series {id}");
        let body = self.get(&format!("/tv/{id}"), &what).await?;
        let series: SeriesDto = decode(&body).map_err(|e| TmdbError::unreadable(&what, e))?;
        drop(body);
        let mut seasons = Vec::new();
        for numbers in series.season_numbers().chunks(PARTS) {
            seasons.extend(self.seasons(id, numbers, &what).await?);
        }
        Ok(series.title(id, seasons))
    }

    /// Some seasons of a series; one that TMDB leaves out is left out.
    async fn seasons(
        &self,
        series: TmdbId,
        numbers: &[i32],
        what: &str,
    ) -> Result<Vec<SeasonToAdd>, TmdbError> {
        let parts: Vec<String> = numbers.iter().map(|number| format!("season/{number}")).collect();
        let path = format!("/tv/{series}?append_to_response={}", parts.join(","));
        let body = self.get(&path, what).await?;
        let read = |parts: &[String]| -> Result<Vec<SeasonToAdd>, serde_json::Error> {
            let mut answer: BTreeMap<String, &RawValue> = serde_json::from_slice(&body)?;
            let found = parts.iter().filter_map(|part| answer.remove(part));
            let seasons = found.map(|season| serde_json::from_str::<SeasonDto>(season.get()));
            seasons.map(|season| season.map(SeasonDto::season)).collect()
        };
        read(&parts).map_err(|e| TmdbError::unreadable(what, e))
    }

    async fn get(&self, path: &str, what: &str) -> Result<Vec<u8>, TmdbError> {
        let mut retries = Retries::new(self.limits.first_pause, self.deadline);
        loop {
            match self.get_once(path, what).await {
                Ok(body) => return Ok(body),
                Err(failure) => retries.wait(failure).await?,
            }
        }
    }

    /// One attempt. Only an answer that may pass is worth another: without a network every title
    /// would wait for its retries.
    async fn get_once(&self, path: &str, what: &str) -> Result<Vec<u8>, Failure<TmdbError>> {
        let response = self.send(path, what).await.map_err(Failure::Final)?;
        let status = response.status();
        let failed = || TmdbError::Status { what: what.to_owned(), status: status.as_u16() };
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Failure::Final(TmdbError::Refused))
            }
            StatusCode::NOT_FOUND => Err(Failure::Final(TmdbError::Unknown(what.to_owned()))),
            status if may_pass(status) => {
                Err(Failure::Passing(failed(), retry_after(response.headers())))
            }
            status if !status.is_success() => Err(Failure::Final(failed())),
            _ => self.body(response, what).await.map_err(Failure::Final),
        }
    }

    async fn send(&self, path: &str, what: &str) -> Result<Response, TmdbError> {
        let time = self.time_left(what)?;
        let request = self
            .http
            .get(format!("{}{path}", self.base_url))
            .bearer_auth(self.token.expose_secret().trim())
            .header(header::ACCEPT, "application/json");
        match tokio::time::timeout(time, request.send()).await {
            Ok(sent) => {
                sent.map_err(|error| TmdbError::body(what, BodyError::Transport(error.into())))
            }
            Err(_) => {
                self.time_left(what)?;
                Err(TmdbError::TooSlow { what: what.to_owned(), after: time })
            }
        }
    }

    async fn body(&self, response: Response, what: &str) -> Result<Vec<u8>, TmdbError> {
        let allowed = Allowance { bytes: LARGEST, time: self.time_left(what)? };
        match outbound::read(response, allowed, None).await {
            Ok(body) => Ok(body.bytes),
            Err(error) => {
                self.time_left(what)?;
                Err(TmdbError::body(what, error))
            }
        }
    }

    /// The time for one answer, or what the deadline leaves of it.
    fn time_left(&self, what: &str) -> Result<Duration, TmdbError> {
        let left = self.deadline.left();
        let left = left.map_err(|TimeIsUp| TmdbError::Deadline { what: what.to_owned() })?;
        Ok(left.min(self.limits.answer))
    }
}

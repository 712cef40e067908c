//! The last scan, kept so that a page can show it in parts, again after a reload, and tomorrow.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Service, ServiceError, SyncOptions,
    report::{DecisionReport, EpisodeReport, FaultReport, ItemReport, MatchedSeries, ScanReport, ServerReport, Summary},
};
use crate::store::StoreError;

const NAME: &str = "preview";

/// The document where there is nothing to show.
const NONE: &[u8] = b"null";

/// How often a document is replaced again because somebody else was quicker.
const TRIES: u32 = 10;

/// A scan as it is kept: what would be added, what wouldn't and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The server that was asked.
    pub server: ServerReport,
    /// When it was asked.
    pub taken_at: String,
    /// Where the log ended.
    pub position: u64,
    /// How many of what.
    pub summary: Summary,
    /// What would be added, and what waits to be included: movies, then episodes by series.
    pub rows: Vec<PreviewRow>,
    /// What has a title in the library and isn't added.
    pub skipped: Vec<LeftOut>,
    /// What has no title in the library.
    pub unmatched: Vec<LeftOut>,
    /// What couldn't be read.
    pub errors: Vec<FaultReport>,
}

/// A play that would be added, or that waits until the person includes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewRow {
    /// Jellyfin's id of the movie or the episode.
    pub item: String,
    /// The title's slug.
    pub slug: String,
    /// The library's name for the movie or the series.
    pub name: String,
    /// Year of release or of the first episode.
    pub year: Option<i32>,
    /// Which episode; none for a movie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<PreviewEpisode>,
    /// The day, `YYYY-MM-DD`; of a play that waits, the day in UTC.
    pub date: String,
    /// What to look at before importing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Whether it waits until the person includes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// An episode in a preview.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PreviewEpisode {
    /// Jellyfin's id of the series.
    pub series: String,
    /// Season and number, such as `S1E4`.
    pub number: String,
    /// Its name.
    pub name: String,
}

/// A play or an item that isn't added.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name, and of an episode its series' name, season and number.
    pub name: String,
    /// Year of release; none for an episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// Why.
    pub reason: String,
}

impl Preview {
    fn of(report: &ScanReport) -> Self {
        let mut preview = Self {
            server: report.server.clone(),
            taken_at: report.taken_at.clone(),
            position: report.log.position,
            summary: report.summary.clone(),
            rows: Vec::new(),
            skipped: Vec::new(),
            unmatched: Vec::new(),
            errors: report.errors.clone(),
        };
        for movie in &report.matched_movies {
            let row = |date: String, notes: &[String], held| PreviewRow {
                item: movie.item.jellyfin_id.clone(),
                slug: movie.slug.clone(),
                name: movie.name.clone(),
                year: movie.item.year,
                episode: None,
                date,
                notes: notes.to_vec(),
                held,
            };
            match &movie.decision {
                DecisionReport::Add { date, notes } => preview.rows.push(row(date.clone(), notes, false)),
                DecisionReport::Skip { reason } if reason == HELD => {
                    preview.rows.push(row(day(movie.item.last_played_date.as_deref()), &[HELD.to_owned()], true));
                }
                DecisionReport::Skip { reason } => preview.skipped.push(LeftOut::item(&movie.item, reason)),
            }
        }
        for series in &report.matched_series {
            for episode in &series.episodes {
                preview.take_episode(series, episode);
            }
        }
        for unmatched in report.unmatched_movies.iter().chain(&report.unmatched_series) {
            preview.unmatched.push(LeftOut::item(&unmatched.item, &unmatched.reason));
        }
        preview
    }

    fn take_episode(&mut self, series: &MatchedSeries, episode: &EpisodeReport) {
        let number = number(episode);
        let row = |date: String, notes: &[String], held| PreviewRow {
            item: episode.jellyfin_id.clone(),
            slug: series.slug.clone(),
            name: series.name.clone(),
            year: series.item.year,
            episode: Some(PreviewEpisode {
                series: series.item.jellyfin_id.clone(),
                number: number.clone(),
                name: episode.name.clone(),
            }),
            date,
            notes: notes.to_vec(),
            held,
        };
        match &episode.decision {
            DecisionReport::Add { date, notes } => self.rows.push(row(date.clone(), notes, false)),
            DecisionReport::Skip { reason } if reason == HELD => {
                self.rows.push(row(day(episode.last_played_date.as_deref()), &[HELD.to_owned()], true));
            }
            DecisionReport::Skip { reason } => {
                let name = format!("{} {number} {}", series.name, episode.name);
                self.skipped.push(LeftOut { name, year: None, reason: reason.clone() });
            }
        }
    }

    /// How many plays would be added.
    pub fn additions(&self) -> u64 {
        self.summary.movies_to_add + self.summary.episodes_to_add
    }
}

/// The reason and the note of a play that waits.
const HELD: &str = "possible_rewatch";

impl LeftOut {
    fn item(item: &ItemReport, reason: &str) -> Self {
        Self { name: item.name.clone(), year: item.year, reason: reason.to_owned() }
    }
}

fn day(played: Option<&str>) -> String {
    played.and_then(|text| text.get(..10)).unwrap_or_default().to_owned()
}

fn number(episode: &EpisodeReport) -> String {
    match (episode.season, episode.episode) {
        (Some(season), Some(number)) => format!("S{season}E{number}"),
        (Some(season), None) => format!("S{season}"),
        (None, Some(number)) => format!("E{number}"),
        (None, None) => String::new(),
    }
}

impl Service {
    /// Scans, and keeps what the scan showed until the next one or an import.
    ///
    /// # Errors
    /// As for a scan; then an earlier preview stands.
    pub async fn scan_for_preview(&self, options: SyncOptions) -> Result<(), ServiceError> {
        let report = self.scan(options).await?;
        let preview = tokio::task::spawn_blocking(move || Preview::of(&report)).await;
        self.keep_preview(Some(&preview.expect("a preview is made of what was read"))).await
    }

    /// The last scan, unless something was imported since.
    ///
    /// # Errors
    /// The store fails.
    pub async fn preview(&self) -> Result<Option<Arc<Preview>>, ServiceError> {
        let Some(document) = self.store.get(NAME).await? else { return Ok(None) };
        let mut kept = self.preview.lock().await;
        if let Some((version, preview)) = &*kept
            && *version == document.version
        {
            return Ok(preview.clone());
        }
        let preview: Option<Arc<Preview>> =
            serde_json::from_slice(&document.bytes).map_err(|e| ServiceError::Document { name: NAME, reason: e.to_string() })?;
        *kept = Some((document.version, preview.clone()));
        Ok(preview)
    }

    /// After an import there is nothing to look forward to.
    pub(super) async fn drop_preview(&self) -> Result<(), ServiceError> {
        match self.store.get(NAME).await? {
            Some(document) if document.bytes != NONE => self.keep_preview(None).await,
            Some(_) | None => Ok(()),
        }
    }

    async fn keep_preview(&self, preview: Option<&Preview>) -> Result<(), ServiceError> {
        let bytes = serde_json::to_vec(&preview).expect("texts and numbers always encode");
        let mut tries = 0;
        loop {
            let version = self.store.get(NAME).await?.map(|document| document.version);
            tries += 1;
            match self.store.replace(NAME, version, bytes.clone()).await {
                Err(StoreError::Conflict(_)) if tries < TRIES => {}
                replaced => return Ok(replaced?),
            }
        }
    }
}

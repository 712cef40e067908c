//! The last scan, kept so that a page can show it in parts, again after a reload, and tomorrow.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Sync, SyncOptions};
use crate::service::{
    ServiceError,
    report::{
        DecisionReport, EpisodeReport, FaultReport, MatchedMovie, MatchedSeries, ScanReport,
        ServerReport, Summary, UnmatchedReport, Word,
    },
};

pub(super) const NAME: &str = "preview";

/// The document where there is nothing to show.
const NONE: &[u8] = b"null";

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
    pub notes: Vec<Word>,
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
    pub reason: Word,
}

impl Preview {
    fn of(report: ScanReport) -> Self {
        let mut preview = Self {
            server: report.server,
            taken_at: report.taken_at,
            position: report.log.position,
            summary: report.summary,
            rows: Vec::new(),
            skipped: Vec::new(),
            unmatched: Vec::new(),
            errors: report.errors,
        };
        for MatchedMovie { item, slug, name, decision, .. } in report.matched_movies {
            match Fate::of(decision, item.last_played_date.as_deref()) {
                Fate::Shown { date, notes, held } => {
                    let (item, year) = (item.jellyfin_id, item.year);
                    preview.rows.push(PreviewRow {
                        item,
                        slug,
                        name,
                        year,
                        episode: None,
                        date,
                        notes,
                        held,
                    });
                }
                Fate::LeftOut(reason) => {
                    preview.skipped.push(LeftOut { name: item.name, year: item.year, reason })
                }
            }
        }
        for MatchedSeries { item, slug, name, episodes, .. } in report.matched_series {
            for episode in episodes {
                let number = number(&episode);
                match Fate::of(episode.decision, episode.last_played_date.as_deref()) {
                    Fate::Shown { date, notes, held } => preview.rows.push(PreviewRow {
                        item: episode.jellyfin_id,
                        slug: slug.clone(),
                        name: name.clone(),
                        year: item.year,
                        episode: Some(PreviewEpisode {
                            series: item.jellyfin_id.clone(),
                            number,
                            name: episode.name,
                        }),
                        date,
                        notes,
                        held,
                    }),
                    Fate::LeftOut(reason) => {
                        let name = format!("{name} {number} {}", episode.name);
                        preview.skipped.push(LeftOut { name, year: None, reason });
                    }
                }
            }
        }
        for UnmatchedReport { item, reason } in
            report.unmatched_movies.into_iter().chain(report.unmatched_series)
        {
            preview.unmatched.push(LeftOut { name: item.name, year: item.year, reason });
        }
        preview
    }

    /// How many plays would be added.
    pub fn additions(&self) -> u64 {
        self.summary.movies_to_add + self.summary.episodes_to_add
    }
}

/// The reason and the note of a play that waits.
const HELD: &str = "possible_rewatch";

/// Where a play stands in a preview.
enum Fate {
    Shown { date: String, notes: Vec<Word>, held: bool },
    LeftOut(Word),
}

impl Fate {
    fn of(decision: DecisionReport, played: Option<&str>) -> Self {
        match decision {
            DecisionReport::Add { date, notes } => Self::Shown { date, notes, held: false },
            DecisionReport::Skip { reason } if reason == HELD => {
                Self::Shown { date: day(played), notes: vec![HELD.into()], held: true }
            }
            DecisionReport::Skip { reason } => Self::LeftOut(reason),
        }
    }
}

/// As it is stored. A large one isn't copied again and again while it grows.
fn encoded(preview: &Preview) -> Vec<u8> {
    let left_out = preview.skipped.len() + preview.unmatched.len();
    let mut bytes = Vec::with_capacity(1024 + 256 * preview.rows.len() + 128 * left_out);
    serde_json::to_writer(&mut bytes, preview).expect("texts and numbers always encode");
    bytes
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

impl Sync {
    /// Scans, and keeps what the scan showed until the next one or an import.
    ///
    /// # Errors
    /// As for a scan; then an earlier preview stands.
    pub async fn scan_for_preview(&self, options: SyncOptions) -> Result<(), ServiceError> {
        let report = self.scan(options).await?;
        let preview = tokio::task::spawn_blocking(move || Preview::of(report)).await;
        self.keep_preview(&preview.expect("a preview is made of what was read")).await
    }

    /// The last scan, unless something was imported since.
    ///
    /// # Errors
    /// The store fails.
    pub async fn preview(&self) -> Result<Option<Arc<Preview>>, ServiceError> {
        Ok(self.preview.read(&self.documents).await?.flatten())
    }

    /// An import makes the preview stale.
    pub(super) async fn drop_preview(&self) -> Result<(), ServiceError> {
        let drop = self.documents.replace(NAME, |stored| {
            Ok(stored.filter(|document| document.bytes != NONE).map(|_| NONE.to_vec()))
        });
        drop.await
    }

    async fn keep_preview(&self, preview: &Preview) -> Result<(), ServiceError> {
        self.documents.overwrite(NAME, &encoded(preview)).await
    }
}

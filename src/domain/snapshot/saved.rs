//! The saved form of a snapshot: JSON that names its format.
//!
//! In come the bytes of a file, out goes a [`Snapshot`], and the other way round. Files of every
//! earlier format can still be read; only the newest is written.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Catalog, Coverage, EpisodeItem, Item, ItemFault, LastPlayed, PlayState, Scan, SeriesItem,
    Server, Snapshot, TmdbRef,
};
use crate::domain::ids::ItemId;

/// The format that is written.
const FORMAT: u32 = 2;

/// A file that can't be read as a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum ReadSnapshotError {
    /// It isn't JSON, or not the JSON of its format.
    #[error("this isn't a saved snapshot")]
    NotASnapshot(#[from] serde_json::Error),
    /// A newer version of this program wrote it.
    #[error("the snapshot has format {0}; this version reads formats 1 to {FORMAT}")]
    UnknownFormat(u32),
    /// A play of an item that the snapshot doesn't list.
    #[error("the snapshot has a play of `{0}`, an item that it doesn't list: save it again")]
    UnlistedItem(ItemId),
}

impl Snapshot {
    /// Reads a saved snapshot of any format.
    ///
    /// # Errors
    /// The bytes aren't a snapshot, or one of a format that this version doesn't know.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadSnapshotError> {
        let Format { format } = serde_json::from_slice(bytes)?;
        match format {
            1 => Ok(serde_json::from_slice::<First>(bytes)?.into()),
            FORMAT => serde_json::from_slice::<Saved<Self>>(bytes)?.snapshot.with_listed_items(),
            unknown => Err(ReadSnapshotError::UnknownFormat(unknown)),
        }
    }

    /// The snapshot itself, if each of its plays is of an item in its catalog.
    fn with_listed_items(self) -> Result<Self, ReadSnapshotError> {
        let movies = self.catalog.movies.iter().map(|movie| &movie.id);
        let episodes = self.catalog.episodes().map(|episode| &episode.id);
        let listed: BTreeSet<_> = movies.chain(episodes).collect();
        match self.plays.iter().find(|play| !listed.contains(&play.item)) {
            Some(play) => Err(ReadSnapshotError::UnlistedItem(play.item.clone())),
            None => Ok(self),
        }
    }

    /// The snapshot as it is saved: JSON with line breaks, without one at the end.
    pub fn to_saved(&self) -> String {
        serde_json::to_string_pretty(&Saved { format: FORMAT, snapshot: self })
            .expect("a snapshot has no map whose keys aren't texts, so it always encodes")
    }
}

/// What every format has in common.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// The second format: the snapshot as it is in memory.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved<S> {
    format: u32,
    snapshot: S,
}

/// The first format: what a whole scan brought, without plays of its own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct First {
    #[serde(rename = "format")]
    _format: u32,
    server: Server,
    taken_at: DateTime<Utc>,
    movies: Vec<FirstItem>,
    series: Vec<FirstSeries>,
    faults: Vec<ItemFault>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FirstItem {
    id: ItemId,
    name: String,
    year: Option<i32>,
    tmdb: TmdbRef,
    imdb: Option<String>,
    played: bool,
    play_count: u32,
    last_played: LastPlayed,
    runtime_minutes: Option<i32>,
    position_minutes: i32,
    genres: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FirstSeries {
    item: FirstItem,
    episodes: Vec<FirstEpisode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FirstEpisode {
    id: ItemId,
    name: String,
    season: Option<i32>,
    episode: Option<i32>,
    episode_end: Option<i32>,
    played: bool,
    play_count: u32,
    last_played: LastPlayed,
}

impl From<First> for Snapshot {
    /// Only whole scans were saved, so a file of the first format covers everything.
    fn from(first: First) -> Self {
        let First { _format, server, taken_at, movies, series, faults } = first;
        let catalog = Catalog {
            movies: movies.into_iter().map(Item::from).collect(),
            series: series.into_iter().map(SeriesItem::from).collect(),
        };
        Scan { server, taken_at, catalog, faults }.into_snapshot(Coverage::Everything)
    }
}

impl From<FirstItem> for Item {
    fn from(first: FirstItem) -> Self {
        Self {
            id: first.id,
            name: first.name,
            year: first.year,
            tmdb: first.tmdb,
            imdb: first.imdb,
            state: PlayState {
                played: first.played,
                play_count: first.play_count,
                last_played: first.last_played,
                position_minutes: first.position_minutes,
            },
            runtime_minutes: first.runtime_minutes,
            genres: first.genres,
        }
    }
}

impl From<FirstSeries> for SeriesItem {
    fn from(first: FirstSeries) -> Self {
        let episodes = first.episodes.into_iter().map(EpisodeItem::from).collect();
        Self { item: first.item.into(), episodes }
    }
}

impl From<FirstEpisode> for EpisodeItem {
    /// The first format has neither position nor running time of an episode.
    fn from(first: FirstEpisode) -> Self {
        Self {
            id: first.id,
            name: first.name,
            season: first.season,
            episode: first.episode,
            episode_end: first.episode_end,
            state: PlayState {
                played: first.played,
                play_count: first.play_count,
                last_played: first.last_played,
                position_minutes: 0,
            },
            runtime_minutes: None,
        }
    }
}

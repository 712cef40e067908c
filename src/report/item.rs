//! What Jellyfin said of a server, an item, or something that can't be read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    ids::{StreamId, StreamKind},
    snapshot::{Item, ItemFault, Server, TmdbRef},
};

/// A Jellyfin server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerReport {
    /// Jellyfin's id of the server.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Such as `10.11.11`.
    pub version: String,
}

impl ServerReport {
    /// The server as the interface shows it.
    pub fn of(server: &Server) -> Self {
        Self {
            id: server.id.to_string(),
            name: server.name.clone(),
            version: server.version.clone(),
        }
    }
}

/// What an item or a title is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ItemType {
    /// A movie.
    Movie,
    /// A series.
    Series,
}

impl ItemType {
    /// What the title of a stream is; `None` for a stream that isn't a title's
    /// (`docs/event-log.md`, "A line").
    pub fn of_stream(stream: &StreamId) -> Option<Self> {
        match stream.kind() {
            StreamKind::Movie => Some(Self::Movie),
            StreamKind::Series => Some(Self::Series),
            StreamKind::Other => None,
        }
    }
}

/// A movie or a series in Jellyfin.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemReport {
    /// Jellyfin's id.
    pub jellyfin_id: String,
    /// Jellyfin's name for it.
    pub name: String,
    /// Year of release.
    pub year: Option<i32>,
    /// `Movie` or `Series`.
    pub item_type: ItemType,
    /// At TMDB.
    pub tmdb_id: Option<u32>,
    /// At IMDb.
    pub imdb_id: Option<String>,
    /// Whether Jellyfin counts it as played.
    pub played: bool,
    /// How often playback was started.
    pub play_count: u32,
    /// When playback last started, as Jellyfin gave it.
    pub last_played_date: Option<String>,
    /// Minutes.
    pub runtime_minutes: Option<i32>,
    /// Genres by name, if Jellyfin sent them.
    pub genres: Vec<String>,
    /// Where playback stopped, in minutes.
    pub playback_position_minutes: i32,
}

impl ItemReport {
    /// The item as the interface shows it.
    pub fn of(item: &Item, item_type: ItemType) -> Self {
        let tmdb_id = match &item.tmdb {
            TmdbRef::Id(id) => Some(id.get()),
            TmdbRef::Missing | TmdbRef::Invalid(_) => None,
        };
        Self {
            jellyfin_id: item.id.to_string(),
            name: item.name.clone(),
            year: item.year,
            item_type,
            tmdb_id,
            imdb_id: item.imdb.clone(),
            played: item.state.played,
            play_count: item.state.play_count,
            last_played_date: item.state.last_played.text().map(str::to_owned),
            runtime_minutes: item.runtime_minutes,
            genres: item.genres.clone(),
            playback_position_minutes: item.state.position_minutes,
        }
    }
}

/// What couldn't be read; the rest was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FaultReport {
    /// Jellyfin's id, if there is one.
    pub item_id: Option<String>,
    /// The item, or the list.
    pub name: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl FaultReport {
    /// The fault as the interface shows it.
    pub fn of(fault: &ItemFault) -> Self {
        Self {
            item_id: fault.item_id.as_ref().map(ToString::to_string),
            name: fault.name.clone(),
            message: fault.message.clone(),
        }
    }
}

//! What Jellyfin said at one moment, in our words: the one input of a plan besides the log.
//!
//! A snapshot can be saved and replayed without a server, so it is serialisable, and its JSON form is its own
//! (`snapshot save`), not Jellyfin's.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    ids::{ItemId, ServerId, TmdbId},
    time::PlayedAt,
};

/// Version of the saved form; a file of another version is refused.
pub const FORMAT: u32 = 1;

/// Everything that a plan needs to know of a Jellyfin server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Snapshot {
    /// Always [`FORMAT`].
    pub format: u32,
    /// The server.
    pub server: Server,
    /// When the server was asked. Its day stands in where a play has no date.
    pub taken_at: DateTime<Utc>,
    /// All movies.
    pub movies: Vec<Item>,
    /// All series, each with its episodes.
    pub series: Vec<SeriesItem>,
    /// What couldn't be read; the rest of the snapshot stands.
    pub faults: Vec<ItemFault>,
}

/// A Jellyfin server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its own id.
    pub id: ServerId,
    /// What its owner calls it.
    pub name: String,
    /// As it gives it: `10.11.11`.
    pub version: String,
}

impl Server {
    /// The version's first number; 0 where it can't be read.
    pub fn major_version(&self) -> u32 {
        self.version.split('.').next().and_then(|major| major.trim().parse().ok()).unwrap_or(0)
    }
}

/// A movie or a series in Jellyfin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// Its name.
    pub name: String,
    /// Year of release, where known.
    pub year: Option<i32>,
    /// What it says of TMDB.
    pub tmdb: TmdbRef,
    /// Its id at IMDb, unread.
    pub imdb: Option<String>,
    /// Whether it counts as played. For a series this says little: an empty one counts as played.
    pub played: bool,
    /// How often playback was *started*; never turned into sessions.
    pub play_count: u32,
    /// When playback last started.
    pub last_played: LastPlayed,
    /// Whole minutes.
    pub runtime_minutes: Option<i32>,
    /// Where it was left, in whole minutes; 0 where it wasn't.
    pub position_minutes: i32,
    /// Genres by name, where Jellyfin sent them.
    pub genres: Vec<String>,
}

/// A series in Jellyfin with its episodes: the played ones at least.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeriesItem {
    /// The series itself.
    pub item: Item,
    /// Its episodes, in the order in which Jellyfin gave them.
    pub episodes: Vec<EpisodeItem>,
}

/// An episode in Jellyfin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EpisodeItem {
    /// Its id.
    pub id: ItemId,
    /// Its name.
    pub name: String,
    /// Number of its season; 0 holds the specials.
    pub season: Option<i32>,
    /// Its number in the season.
    pub episode: Option<i32>,
    /// The last number, where one file holds several episodes.
    pub episode_end: Option<i32>,
    /// Whether it counts as played.
    pub played: bool,
    /// How often playback was started.
    pub play_count: u32,
    /// When playback last started.
    pub last_played: LastPlayed,
}

/// What an item says of TMDB.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TmdbRef {
    /// Nothing.
    Missing,
    /// Something that can be no id: `abc`, `0`, twenty digits.
    Invalid(String),
    /// An id.
    Id(TmdbId),
}

/// When an item was last played, as far as Jellyfin knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LastPlayed {
    /// No date, or one of nobody's: year 1, the first day of 1970.
    Undated,
    /// Then.
    At(PlayedAt),
    /// A text that is no instant.
    Unreadable(String),
}

impl LastPlayed {
    /// Reads Jellyfin's `LastPlayedDate`.
    pub fn read(text: Option<&str>) -> Self {
        match text.map(PlayedAt::parse) {
            None => Self::Undated,
            Some(Ok(at)) if at.is_zero_date() => Self::Undated,
            Some(Ok(at)) => Self::At(at),
            Some(Err(_)) => Self::Unreadable(text.unwrap_or_default().to_owned()),
        }
    }

    /// The text as Jellyfin gave it, where it gave one that names a date.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Undated => None,
            Self::At(at) => Some(at.text()),
            Self::Unreadable(text) => Some(text),
        }
    }
}

impl Serialize for PlayedAt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for PlayedAt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Something of the library that couldn't be read or isn't as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFault {
    /// The item, where it has an id.
    pub item_id: Option<ItemId>,
    /// Its name, or what it is a part of.
    pub name: String,
    /// What is wrong, and what to do.
    pub message: String,
}

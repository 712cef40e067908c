//! Titles and episodes as one server has them: names, numbers, ids, and the state of each item.
//!
//! In come the rows of a server's lists, already in this product's types. A catalog says what there
//! is; what was played is in [`super::plays`]. It must not say anything about the library.

use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{ItemId, ServerId, TmdbId},
    time::PlayedAt,
};

/// All items that a snapshot speaks of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Catalog {
    /// Movies.
    pub movies: Vec<Item>,
    /// Series, each with its episodes.
    pub series: Vec<SeriesItem>,
}

impl Catalog {
    /// The episodes of all series.
    pub fn episodes(&self) -> impl Iterator<Item = &EpisodeItem> {
        self.series.iter().flat_map(|series| &series.episodes)
    }
}

/// A Jellyfin server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its own id.
    pub id: ServerId,
    /// The name that its owner gave it.
    pub name: String,
    /// As the server writes it: `10.11.11`.
    pub version: String,
}

impl Server {
    /// The first number of the version; 0 if it can't be read.
    pub fn major_version(&self) -> u32 {
        self.version.split('.').next().and_then(|major| major.trim().parse().ok()).unwrap_or(0)
    }
}

/// A movie or a series on a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    /// Its id on that server.
    pub id: ItemId,
    /// Its name.
    pub name: String,
    /// Year of release, if known.
    pub year: Option<i32>,
    /// Its TMDB id, if it has one.
    pub tmdb: TmdbRef,
    /// Its IMDb id, as the server writes it.
    pub imdb: Option<String>,
    /// What the user did with it. A series' own state says little: an empty one counts as played
    /// (`docs/jellyfin.md`, "User data").
    pub state: PlayState,
    /// Running time in whole minutes, if known.
    pub runtime_minutes: Option<i32>,
    /// Genres by name; empty if the server wasn't asked for them.
    pub genres: Vec<String>,
}

/// A series on a server, with its episodes: at least the played ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeriesItem {
    /// The series itself.
    pub item: Item,
    /// Its episodes, in the server's order.
    pub episodes: Vec<EpisodeItem>,
}

/// An episode on a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EpisodeItem {
    /// Its id on that server.
    pub id: ItemId,
    /// Its name.
    pub name: String,
    /// Number of its season; 0 is the season of the specials.
    pub season: Option<i32>,
    /// Its number in the season.
    pub episode: Option<i32>,
    /// The last number, if one file holds several episodes.
    pub episode_end: Option<i32>,
    /// What the user did with it.
    pub state: PlayState,
    /// Running time in whole minutes, if known.
    pub runtime_minutes: Option<i32>,
}

/// What a server shows of one user and one item at this moment (`docs/jellyfin.md`, "User data").
///
/// It isn't a list of plays: the server keeps the last one only, and a count of starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlayState {
    /// Whether the server counts the item as played.
    pub played: bool,
    /// How often playback was *started*; never turned into sessions.
    pub play_count: u32,
    /// When playback last started.
    pub last_played: LastPlayed,
    /// Where playback stopped, in whole minutes; 0 at the beginning and after the end.
    pub position_minutes: i32,
}

impl PlayState {
    /// Whether anything of this state comes from a play, finished or not.
    pub fn shows_a_play(&self) -> bool {
        self.played || self.play_count > 0 || self.last_played != LastPlayed::Undated
    }
}

/// The TMDB id of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TmdbRef {
    /// The item has none.
    Missing,
    /// A text that can't be an id: `abc`, `0`, twenty digits.
    Invalid(String),
    /// An id.
    Id(TmdbId),
}

impl TmdbRef {
    /// The id, if it is valid.
    pub fn id(&self) -> Option<TmdbId> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Missing | Self::Invalid(_) => None,
        }
    }
}

/// An item or a list that couldn't be read, or isn't as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFault {
    /// The item, if its id is known.
    pub item_id: Option<ItemId>,
    /// Its name, or the name of what it is a part of.
    pub name: String,
    /// What is wrong, and what the person can do.
    pub message: String,
}

/// When an item was last played, as far as the server knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LastPlayed {
    /// There is no date, or one that stands for none: year 1, the first day of 1970.
    Undated,
    /// At this instant.
    At(PlayedAt),
    /// A text that isn't an instant.
    Unreadable(String),
}

impl LastPlayed {
    /// Reads Jellyfin's `LastPlayedDate`.
    pub fn read(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::Undated };
        match PlayedAt::parse(text) {
            Ok(at) if at.is_zero_date() => Self::Undated,
            Ok(at) => Self::At(at),
            Err(_) => Self::Unreadable(text.to_owned()),
        }
    }

    /// The text as Jellyfin wrote it, unless it stands for no date.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Undated => None,
            Self::At(at) => Some(at.text()),
            Self::Unreadable(text) => Some(text),
        }
    }
}

//! Where an added event came from, as its `metadata` says, so that the same play is recognized for
//! ever.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{ItemId, ServerId},
    time::{PlayKey, PlayedAt},
};

/// How an addition came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// A person pressed Import.
    Import,
    /// Jellyfin called a webhook.
    Webhook,
    /// A scheduled import.
    Schedule,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Where an addition's date comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DateSource {
    /// Jellyfin's `LastPlayedDate`.
    LastPlayed,
    /// Jellyfin had no date; the day of the snapshot is used.
    Snapshot,
}

/// What an addition's metadata call its source.
pub const JELLYFIN: &str = "jellyfin";

/// The play in Jellyfin that an addition records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The server that said so.
    pub server: ServerId,
    /// The item that was played.
    pub item: ItemId,
    /// When, as Jellyfin gave it; `None` if it gave no date.
    pub played_at: Option<PlayedAt>,
}

impl Origin {
    /// Distinguishes this play from the title's others.
    pub fn key(&self) -> PlayKey {
        self.played_at.as_ref().map_or(PlayKey::Undated, |at| PlayKey::At(at.instant()))
    }

    /// Where the addition's date comes from.
    pub fn date_source(&self) -> DateSource {
        if self.played_at.is_some() { DateSource::LastPlayed } else { DateSource::Snapshot }
    }
}

/// Provenance read back from an event's `metadata`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Jellyfin's item.
    pub item: ItemId,
    /// The play.
    pub key: PlayKey,
}

impl Provenance {
    /// Reads a `metadata` text; `None` if it holds no provenance of ours.
    ///
    /// # Errors
    /// The text isn't a JSON object.
    pub fn read(metadata: &str) -> Result<Option<Self>, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Metadata {
            source: Option<serde_json::Value>,
            item_id: Option<serde_json::Value>,
            last_played_date: Option<serde_json::Value>,
        }
        let read: Metadata = serde_json::from_str(metadata)?;
        let text = |value: &Option<serde_json::Value>| {
            value.as_ref().and_then(|v| v.as_str()).map(str::to_owned)
        };
        if text(&read.source).as_deref() != Some(JELLYFIN) {
            return Ok(None);
        }
        let item = text(&read.item_id).and_then(|id| ItemId::parse(&id).ok());
        let played_at = text(&read.last_played_date).and_then(|at| PlayedAt::parse(&at).ok());
        let key = played_at.map_or(PlayKey::Undated, |at| PlayKey::At(at.instant()));
        Ok(item.map(|item| Self { item, key }))
    }
}

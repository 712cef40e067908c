//! What this product saw itself: sittings that it followed live, and the server's version before.
//!
//! A plan may need them to decide about a play, so they are part of the snapshot and saved with it.
//! Nothing records them yet; today's snapshots have none.

use serde::{Deserialize, Serialize};

use crate::domain::{ids::ItemId, time::PlayedAt};

/// Everything that was observed of one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Observations {
    /// The sittings, at most one for each item and instant.
    pub sittings: Vec<Sitting>,
    /// The server's version at the run before; `None` if there was none.
    pub last_version: Option<String>,
}

/// One sitting that was followed to its stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sitting {
    /// The item that was played.
    pub item: ItemId,
    /// The instant that Jellyfin showed for the item after the stop.
    pub at: PlayedAt,
    /// How the sitting ended.
    pub end: SittingEnd,
}

/// How a sitting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SittingEnd {
    /// It stopped below the server's `MinResumePct`: the item was opened and not watched.
    OpenedOnly,
    /// It stopped between the thresholds: the person may go on later.
    Unfinished,
    /// It was played past the server's `MaxResumePct`.
    Completed,
    /// The person jumped past `MaxResumePct`, as people do to mark an item.
    Jumped,
}

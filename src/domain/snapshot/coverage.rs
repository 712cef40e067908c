//! How much of a server a snapshot speaks for, and so what may be concluded from absence.
//!
//! A scan that got all lists speaks for everything; one message of a webhook speaks for one item.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::ids::ItemId;

/// The part of a server that a snapshot speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All movies and all series with their played episodes.
    Everything,
    /// All movies; the series couldn't be read.
    Movies,
    /// All series with their played episodes; the movies couldn't be read.
    Series,
    /// These items and no others.
    Only(BTreeSet<ItemId>),
}

impl Coverage {
    /// Whether the server doesn't have what the snapshot doesn't show.
    ///
    /// Only then may a play count as forgotten, or a link to an item be dropped: a film that is
    /// missing from one list may have come back in another (case 66).
    pub fn is_everything(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::Movies | Self::Series | Self::Only(_) => false,
        }
    }
}

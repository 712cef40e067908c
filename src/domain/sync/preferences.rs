//! What the person wants of a sync: the third input of every plan, besides library and snapshot.
//!
//! The settings and the request of one import make it; nothing here reads them.

use std::collections::BTreeSet;

use crate::domain::{ids::ItemId, zone::Zone};

/// What the person wants of a sync.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    /// Decides which day a play belongs to.
    pub time_zone: Zone,
    /// Whether possible rewatches are held until the person includes them.
    pub hold_possible_rewatches: bool,
    /// Items that stay out: movies, episodes, or series with all their episodes.
    pub exclude: BTreeSet<ItemId>,
    /// Items whose possible rewatches aren't held.
    pub include: BTreeSet<ItemId>,
}

impl Preferences {
    /// Whether possible rewatches of this item are held.
    pub(super) fn holds(&self, item: &ItemId) -> bool {
        self.hold_possible_rewatches && !self.include.contains(item)
    }
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            time_zone: Zone::UTC,
            hold_possible_rewatches: false,
            exclude: BTreeSet::new(),
            include: BTreeSet::new(),
        }
    }
}

//! What a list brought: the items, and the faults of the rows that can't be read.

use crate::domain::snapshot::ItemFault;

/// Most faults of one list that are kept; further ones are counted.
const MOST_FAULTS: usize = 1_000;

/// Items, and what couldn't be read.
pub(super) struct List<T> {
    pub items: Vec<T>,
    faults: Vec<ItemFault>,
    /// Faults besides those that are kept.
    more_faults: u64,
}

impl<T> List<T> {
    pub fn new() -> Self {
        Self { items: Vec::new(), faults: Vec::new(), more_faults: 0 }
    }

    /// Adds what another page brought.
    pub fn append(&mut self, other: Self) {
        self.items.extend(other.items);
        self.more_faults += other.more_faults;
        other.faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// Keeps a fault, or counts it.
    pub fn fault(&mut self, fault: ItemFault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        } else {
            self.more_faults += 1;
        }
    }

    /// Returns the items and adds the faults to those of other lists.
    pub fn split(mut self, faults: &mut Vec<ItemFault>) -> Vec<T> {
        faults.append(&mut self.faults);
        if self.more_faults > 0 {
            let message = format!("{} more entries of this list can't be read", self.more_faults);
            faults.push(ItemFault { item_id: None, name: "Jellyfin".into(), message });
        }
        self.items
    }
}

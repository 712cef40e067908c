//! A log of which every line parsed: where it ends, and where each of its streams ends.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{GlobalPosition, StreamId};

/// Where a log ends: what a commit is planned on, and what the log must still be when it is appended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Position of the last event; 0 in an empty log.
    pub position: GlobalPosition,
    /// Length in bytes.
    pub bytes: u64,
}

/// Where a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamHead {
    /// Position of the stream's last event, from 0.
    pub position: u64,
}

/// A log that was read whole and without a fault: the only thing that a [`super::Commit`] can be made from.
#[derive(Debug, Clone, Default)]
pub struct Log {
    head: Head,
    lines: u64,
    streams: FxHashMap<StreamId, StreamHead>,
    /// Whether the last line lacks its line feed: an editor may have taken it, and the next commit begins with it.
    lacks_line_feed: bool,
}

impl Log {
    /// The fold alone makes one, and only of a log without a fault.
    pub(in crate::domain) fn new(
        head: Head,
        lines: u64,
        streams: FxHashMap<StreamId, StreamHead>,
        lacks_line_feed: bool,
    ) -> Self {
        Self { head, lines, streams, lacks_line_feed }
    }

    /// What must stand before the first line that is appended: nothing, or the line feed that the last line lacks.
    pub(super) fn separator(&self) -> &'static [u8] {
        if self.lacks_line_feed { b"\n" } else { b"" }
    }

    /// Where the log ends.
    pub fn head(&self) -> Head {
        self.head
    }

    /// How many events it holds.
    pub fn events(&self) -> u64 {
        self.lines
    }

    /// The end of a stream; `None` where the log has no such stream.
    pub fn stream(&self, id: &StreamId) -> Option<StreamHead> {
        self.streams.get(id).copied()
    }

    /// How many streams it holds, of every kind.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }
}

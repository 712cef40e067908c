//! A log of which every line parsed: where it ends, and where each of its streams ends.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{GlobalPosition, StreamId};

/// Where a log ends: what a commit is planned on, and what the log must still be when it is
/// appended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
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

/// A log that was read whole and without a fault: the only thing that a [`super::Commit`] can be
/// made from.
///
/// A clone copies one number per stream and shares the rest, so that a log can go on without being
/// read again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    head: LogHead,
    lines: u64,
    /// Which of `heads` is a stream's. Shared between clones until a stream is opened.
    index: Arc<FxHashMap<StreamId, u32>>,
    /// In the order in which the streams first appear.
    heads: Vec<StreamHead>,
    /// Whether the last line has no line feed: an editor may have taken it, and the next commit
    /// begins with it.
    ends_within_line: bool,
}

/// What the fold has read behind the end of a [`Log`].
pub(in crate::domain) struct Growth<S> {
    /// Where the log ends now.
    pub head: LogHead,
    /// How many lines it has now.
    pub lines: u64,
    /// Whether its last line has no line feed.
    pub ends_within_line: bool,
    /// The streams that have new events, with their new ends. New streams come in the order in
    /// which they first appear.
    pub streams: S,
}

impl Log {
    /// The log with what was read behind its end. The fold alone calls this, and only if it found
    /// no fault.
    pub(in crate::domain) fn grown<'a>(
        mut self,
        growth: Growth<impl Iterator<Item = (&'a StreamId, StreamHead)>>,
    ) -> Self {
        let Growth { head, lines, ends_within_line, streams } = growth;
        for (id, end) in streams {
            match self.index.get(id) {
                Some(at) => self.heads[*at as usize] = end,
                None => {
                    let at = self.heads.len() as u32;
                    Arc::make_mut(&mut self.index).insert(id.clone(), at);
                    self.heads.push(end);
                }
            }
        }
        Self { head, lines, ends_within_line, ..self }
    }

    /// What must stand before the first line that is appended: nothing, or the line feed that the
    /// last line has not.
    pub(super) fn separator(&self) -> &'static [u8] {
        if self.ends_within_line { b"\n" } else { b"" }
    }

    /// Whether the last line has no line feed. Bytes that are read behind such a log may belong to
    /// that line.
    pub fn ends_within_line(&self) -> bool {
        self.ends_within_line
    }

    /// Where the log ends.
    pub fn head(&self) -> LogHead {
        self.head
    }

    /// How many events it holds.
    pub fn events(&self) -> u64 {
        self.lines
    }

    /// The end of a stream; `None` if the log has no such stream.
    pub fn stream(&self, id: &StreamId) -> Option<StreamHead> {
        self.stream_named(id.as_str()).map(|(_, head)| head)
    }

    /// The stream of that name, with its end.
    pub(in crate::domain) fn stream_named(&self, name: &str) -> Option<(&StreamId, StreamHead)> {
        let (id, at) = self.index.get_key_value(name)?;
        Some((id, self.heads[*at as usize]))
    }

    /// How many streams it holds, of every kind.
    pub fn streams(&self) -> usize {
        self.heads.len()
    }
}

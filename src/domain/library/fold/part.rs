//! Some lines of the log, read but not yet taken in.
//!
//! In come whole lines; out go records, sorted by the share of the streams that they belong to, and
//! the faults of lines that can't be read. A part knows nothing of what came before it until
//! [`Part::follow`].

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::domain::{
    events::{FastEvent, Fault, LineError, LineStart, LineText, read_line},
    ids::GlobalPosition,
};

/// Cuts lines into parts of about the same length, each of whole lines.
pub(super) fn cut(mut lines: &[u8], parts: usize) -> Vec<&[u8]> {
    let mut cut = Vec::with_capacity(parts);
    for left in (1..=parts).rev() {
        let about = lines.len() / left;
        let end = memchr::memchr(b'\n', &lines[about.saturating_sub(1)..])
            .map_or(lines.len(), |end| about.max(1) + end);
        let (part, rest) = lines.split_at(end.min(lines.len()));
        cut.push(part);
        lines = rest;
    }
    cut
}

/// Lines of the log that were read, by share of the streams.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub records: Vec<Vec<Record<'a>>>,
    pub lines: u64,
    /// How many lines of the log come before.
    pub lines_before: u64,
    first: Option<GlobalPosition>,
    /// The highest position; 0 for none.
    pub last: GlobalPosition,
    /// By line of the part until it has followed, by line of the log from then on.
    pub faults: Vec<Fault>,
}

/// A line that was read.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Its number in the part, from 1.
    pub line: u64,
    pub global_position: GlobalPosition,
    /// Of the stream's name.
    pub hash: u64,
    pub content: Content<'a>,
}

#[derive(Debug)]
pub(super) enum Content<'a> {
    Fast { stream_id: &'a [u8], stream_position: u64, event: FastEvent<'a> },
    Text(Box<LineText<'a>>),
}

impl Content<'_> {
    pub fn stream_id(&self) -> &[u8] {
        match self {
            Self::Fast { stream_id, .. } => stream_id,
            Self::Text(text) => text.stream_id.as_bytes(),
        }
    }

    pub fn stream_position(&self) -> u64 {
        match self {
            Self::Fast { stream_position, .. } => *stream_position,
            Self::Text(text) => text.stream_position,
        }
    }
}

impl<'a> Part<'a> {
    pub fn read(mut bytes: &'a [u8], records: Vec<Vec<Record<'a>>>) -> Self {
        let mut part = Self {
            records,
            lines: 0,
            lines_before: 0,
            first: None,
            last: GlobalPosition::default(),
            faults: Vec::new(),
        };
        while !bytes.is_empty() {
            part.lines += 1;
            let fast = LineStart::read(bytes).and_then(|start| Some((start, start.fast()?)));
            if let Some((LineStart { global_position, stream_id, .. }, line)) = fast {
                bytes = line.behind;
                let content = Content::Fast {
                    stream_id,
                    stream_position: line.stream_position,
                    event: line.event,
                };
                part.push(global_position, stream_id, content);
                continue;
            }
            let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
            let (line, behind) = bytes.split_at(end);
            bytes = behind;
            match read_line(line) {
                Ok(text) => {
                    let stream_id = text.stream_id.clone();
                    part.push(
                        text.global_position,
                        stream_id.as_bytes(),
                        Content::Text(Box::new(text)),
                    );
                }
                Err(error) => part.faults.push(Fault { line: part.lines, error }),
            }
        }
        part
    }

    fn push(&mut self, global_position: GlobalPosition, stream_id: &[u8], content: Content<'a>) {
        let before = self.last;
        self.last = global_position.max(before);
        if self.first.is_none() {
            self.first = Some(global_position);
        } else if global_position <= before {
            self.faults.push(Fault {
                line: self.lines,
                error: LineError::GlobalPosition { before, found: global_position },
            });
        }
        let hash = hash_of(stream_id);
        // High bits: the low ones choose the place in a shard's index.
        let share = (hash >> 40) as usize % self.records.len();
        self.records[share].push(Record { line: self.lines, global_position, hash, content });
    }

    /// Learns what came before, and finds the fault that lies between.
    pub fn follow(&mut self, before: GlobalPosition, lines_before: u64) {
        self.lines_before = lines_before;
        if let Some(found) = self.first.filter(|found| *found <= before) {
            let line = self.records.iter().flatten().map(|r| r.line).min().unwrap_or(1);
            self.faults.push(Fault { line, error: LineError::GlobalPosition { before, found } });
        }
        self.faults.iter_mut().for_each(|fault| fault.line += lines_before);
    }
}

/// The hash of a stream's name: chooses its shard, and its place there.
pub(super) fn hash_of(stream_id: &[u8]) -> u64 {
    FxBuildHasher.hash_one(stream_id)
}

/// The memory of a list of records, without the records and what they borrowed.
#[expect(
    clippy::unnecessary_filter_map,
    reason = "a filter would keep the lifetime, and losing it is the point"
)]
pub(super) fn emptied(mut records: Vec<Record<'_>>) -> Vec<Record<'static>> {
    records.clear();
    records.into_iter().filter_map(|_| None).collect()
}

//! Where a log file ends, and what a crash left behind its end.
//!
//! In comes a file; out goes a [`Tail`]. Only the end of the file is read, whatever its length.
//! Whole lines always count, also those that another program wrote or an editor changed. Half a
//! line is a crash's if the line before it carries our mark ([`CommitMark`]): the commit that it
//! cut short goes with it. Half a line behind a line without a mark comes from another program; it
//! is part of the log, and a fault that the fold reports.

use std::io::{self, Read, Seek, SeekFrom};

use crate::domain::{
    events::{CommitMark, read_line},
    ids::GlobalPosition,
};

/// The end of a log file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Length of the log: all lines that count.
    pub end: u64,
    /// Position of its last event, 0 for none; also 0 if the last line can't be read, which the
    /// fold reports.
    pub position: GlobalPosition,
    /// Length of the file.
    length: u64,
    /// Whether the last commit says that it goes on.
    is_within_commit: bool,
}

impl Tail {
    /// How many bytes stand behind the log.
    pub fn torn(self) -> u64 {
        self.length - self.end
    }

    /// Whether a writer may be in the middle of a commit.
    pub fn may_be_growing(self) -> bool {
        self.torn() > 0 || self.is_within_commit
    }

    /// Reads as much of the file's end as it takes.
    pub fn read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let mut window = 64 * 1024;
        loop {
            let start = length.saturating_sub(window);
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            Read::by_ref(file).take(length - start).read_to_end(&mut bytes)?;
            let found = End::of(&bytes, start == 0);
            if let Some(End { bytes, position, is_within_commit }) = found {
                return Ok(Self { end: start + bytes as u64, position, length, is_within_commit });
            }
            window = window.saturating_mul(8);
        }
    }
}

/// Where the log ends in the last bytes of its file.
struct End {
    bytes: usize,
    position: GlobalPosition,
    is_within_commit: bool,
}

impl End {
    /// `None` if more of the file must be read.
    fn of(bytes: &[u8], from_start: bool) -> Option<Self> {
        let last = match LastLine::of(bytes, from_start)? {
            // A line without its line feed is a line.
            LastLine::Line(last) => return Some(Self::after(&last)),
            LastLine::None => {
                return Some(Self {
                    bytes: bytes.len(),
                    position: GlobalPosition(0),
                    is_within_commit: false,
                });
            }
            LastLine::Unreadable(start) => start,
        };
        // Half a line, or a whole one that can't be read: the latter is never a crash's.
        let unreadable =
            Self { bytes: bytes.len(), position: GlobalPosition(0), is_within_commit: false };
        if bytes.ends_with(b"\n") {
            return Some(unreadable);
        }
        match LastLine::of(&bytes[..last], from_start)? {
            LastLine::Line(line) if line.is_within_commit() => {
                Self::before_commit(&bytes[..last], line.mark, from_start)
            }
            LastLine::Line(line @ Line { mark: Some(_), .. }) => Some(Self::after(&line)),
            LastLine::Line(Line { mark: None, .. }) | LastLine::None | LastLine::Unreadable(_) => {
                Some(unreadable)
            }
        }
    }

    /// The end of the last line that isn't part of the commit with that mark; `None` if more of the
    /// file must be read.
    fn before_commit(bytes: &[u8], mark: Option<CommitMark>, from_start: bool) -> Option<Self> {
        let mut end = bytes.len();
        loop {
            match LastLine::of(&bytes[..end], from_start)? {
                LastLine::Line(line) if line.mark == mark => end = line.start,
                LastLine::Line(line) => return Some(Self::after(&line)),
                LastLine::None | LastLine::Unreadable(_) => {
                    return Some(Self {
                        bytes: end,
                        position: GlobalPosition(0),
                        is_within_commit: false,
                    });
                }
            }
        }
    }

    fn after(line: &Line) -> Self {
        Self { bytes: line.end, position: line.position, is_within_commit: line.is_within_commit() }
    }
}

/// The last of some lines.
enum LastLine {
    /// There are no lines.
    None,
    /// It can't be read; where it starts.
    Unreadable(usize),
    Line(Line),
}

struct Line {
    start: usize,
    end: usize,
    position: GlobalPosition,
    mark: Option<CommitMark>,
}

impl Line {
    /// Whether its commit goes on behind it.
    fn is_within_commit(&self) -> bool {
        self.mark.is_some_and(|mark| mark.first <= self.position && mark.last > self.position)
    }
}

impl LastLine {
    /// Reads the last line, with its line feed or without; `None` if its beginning isn't among the
    /// bytes.
    fn of(lines: &[u8], from_start: bool) -> Option<Self> {
        let content = lines.strip_suffix(b"\n").unwrap_or(lines);
        let start = match memchr::memrchr(b'\n', content) {
            Some(before) => before + 1,
            None if !from_start => return None,
            None if lines.is_empty() => return Some(Self::None),
            None => 0,
        };
        Some(match read_line(&content[start..]) {
            Ok(line) => {
                let mark = CommitMark::read(&line.metadata);
                Self::Line(Line { start, end: lines.len(), position: line.global_position, mark })
            }
            Err(_) => Self::Unreadable(start),
        })
    }
}

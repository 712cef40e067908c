//! Where a log file ends, and whether a crash cut its last commit short.
//!
//! Only the end of the file is read, whatever its length. A commit's lines each say where the commit begins and ends
//! ([`CommitMark`]), so a cut between two lines is known as well as one within a line. A whole line without a mark was
//! not written by us and is never taken for torn.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use crate::domain::{
    events::{CommitMark, read_line},
    ids::GlobalPosition,
};

/// The end of the acknowledged log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Length of the acknowledged log.
    pub end: u64,
    /// Position of its last event, 0 for none; also 0 where the last line can't be read, which the fold reports.
    pub position: GlobalPosition,
    /// Length of the file.
    length: u64,
}

impl Tail {
    /// Whether something stands behind the acknowledged log.
    pub fn is_torn(self) -> bool {
        self.length > self.end
    }

    /// Reads as much of the file's end as it takes.
    pub fn read(file: &mut File) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let mut window = 64 * 1024;
        loop {
            let start = length.saturating_sub(window);
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            Read::by_ref(file).take(length - start).read_to_end(&mut bytes)?;
            if let Some((end, position)) = acknowledged(&bytes, start == 0) {
                return Ok(Self { end: start + end as u64, position, length });
            }
            window = window.saturating_mul(8);
        }
    }
}

/// Where the acknowledged log ends in the file's last bytes, and its last position; `None` where more must be read.
fn acknowledged(bytes: &[u8], from_start: bool) -> Option<(usize, GlobalPosition)> {
    let whole = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
    if whole == 0 && !from_start {
        return None;
    }
    let mut end = whole;
    let rest = &bytes[whole..];
    if let Ok(line) = read_line(rest)
        && CommitMark::read(&line.metadata).is_none()
    {
        // Somebody else's line without its line feed: a fault to report, not ours to set aside.
        end = bytes.len();
        return Some((end, line.global_position));
    }
    let Some((_, position, mark)) = last_line(&bytes[..end], from_start)? else {
        return Some((end, GlobalPosition::default()));
    };
    let Some(mark) = mark.filter(|mark| mark.last > position && mark.first <= position) else {
        return Some((end, position));
    };
    loop {
        match last_line(&bytes[..end], from_start)? {
            Some((start, _, found)) if found == Some(mark) => end = start,
            Some((_, position, _)) => return Some((end, position)),
            None => return Some((end, GlobalPosition::default())),
        }
    }
}

/// Start, position and mark of the last of some whole lines; inner `None` where there is none that can be read.
fn last_line(lines: &[u8], from_start: bool) -> Option<Option<(usize, GlobalPosition, Option<CommitMark>)>> {
    let Some(content) = lines.strip_suffix(b"\n") else { return if from_start { Some(None) } else { None } };
    let start = match memchr::memrchr(b'\n', content) {
        Some(before) => before + 1,
        None if from_start => 0,
        None => return None,
    };
    Some(read_line(&content[start..]).ok().map(|line| (start, line.global_position, CommitMark::read(&line.metadata))))
}

//! A commit: additions numbered and encoded, for a log that ends where the plan saw it end.
//!
//! Mediatheca and other programs read these bytes: `tests/golden.rs` compares them with literals.

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{
    addition::{Addition, Focus, PlacedAddition},
    line::{Fault, read_line},
    log::{Log, LogHead},
    payload::{EpisodeWatchedData, MovieAddedData, SeriesAddedData, WatchSessionData},
    provenance::{DateSource, JELLYFIN, Origin, Via},
};
use crate::domain::{
    ids::{GlobalPosition, LAST_POSITION, StreamId},
    time::log_timestamp,
};

/// Why additions can't be appended to a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtendError {
    /// A watch was addressed to a stream that the log doesn't have: a mistake in the plan, never
    /// written.
    #[error(
        "the plan does not fit the log, which has no stream `{0}` to add to; please report this"
    )]
    NoSuchStream(StreamId),
    /// A title was to be added to a stream that exists.
    #[error("the plan does not fit the log, which has a stream `{0}` already; please report this")]
    StreamExists(StreamId),
    /// There are no positions left for the events.
    #[error(
        "{place} ends at position {last}, and no position above {LAST_POSITION} can be read: nothing can be added to it"
    )]
    NoPositionLeft {
        /// The log, or the stream by its name.
        place: String,
        /// Its last position.
        last: u64,
    },
}

/// Which commit an event was appended in: the first and the last position, in every event's
/// metadata.
///
/// A crash can cut a commit short between two lines as well as within one; by this a reader knows
/// (`docs/decisions/0002-torn-commits.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitMark {
    /// Position of the commit's first event.
    pub first: GlobalPosition,
    /// Position of the commit's last event.
    pub last: GlobalPosition,
}

impl CommitMark {
    /// The mark in a line's metadata, if it has one.
    pub fn read(metadata: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Marked {
            commit: CommitMark,
        }
        serde_json::from_str::<Marked>(metadata).ok().map(|m| m.commit)
    }
}

/// A whole log from elsewhere, read without a fault: what an empty store may begin with.
#[derive(Debug, Clone)]
pub struct WholeLog {
    head: LogHead,
    events: u64,
    bytes: Vec<u8>,
}

/// Why a store can't begin with these bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WholeLogError {
    /// A line can't be read.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It was cut off within a commit, which is all or nothing.
    #[error("the log ends at position {ends}, within a commit that goes on to {}: it was cut short, so get the whole of it", mark.last)]
    EndsWithinCommit {
        /// Position of the last line.
        ends: GlobalPosition,
        /// The commit.
        mark: CommitMark,
    },
}

impl WholeLog {
    /// Takes bytes whose fold found no fault.
    ///
    /// # Errors
    /// The fold found one, or the last commit isn't whole.
    pub fn new(mut bytes: Vec<u8>, log: &Log) -> Result<Self, WholeLogError> {
        let (ends, events) = (log.head().position, log.events());
        // What an editor took from the end of the file belongs to the line.
        bytes.extend_from_slice(log.separator());
        let lines = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let last = memchr::memrchr(b'\n', lines).map_or(lines, |at| &lines[at + 1..]);
        let mark = read_line(last).ok().and_then(|line| CommitMark::read(&line.metadata));
        match mark.filter(|mark| mark.last > ends) {
            Some(mark) => Err(WholeLogError::EndsWithinCommit { ends, mark }),
            None => Ok(Self {
                head: LogHead { bytes: bytes.len() as u64, ..log.head() },
                events,
                bytes,
            }),
        }
    }

    /// Where it ends.
    pub fn head(&self) -> LogHead {
        self.head
    }

    /// How many events it holds.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Its bytes as they came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Lines to append, all or none, to a log that ends at [`Commit::base`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    base: LogHead,
    last: GlobalPosition,
    lines: Vec<u8>,
}

impl Commit {
    /// Where the log ended when this was planned, and must still end.
    pub fn base(&self) -> LogHead {
        self.base
    }

    /// Where the log will end.
    pub fn head(&self) -> LogHead {
        LogHead { position: self.last, bytes: self.base.bytes + self.lines.len() as u64 }
    }

    /// The bytes to append: whole lines.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// How many events it holds.
    pub fn events(&self) -> u64 {
        self.last.0 - self.base.position.0
    }
}

impl Log {
    /// Numbers and encodes additions, one line each and one more where a watch takes its title out
    /// of focus.
    ///
    /// # Errors
    /// An addition is addressed to the wrong kind of stream; see [`ExtendError`].
    pub fn extend(
        &self,
        additions: &[PlacedAddition],
        via: Via,
        at: DateTime<Utc>,
    ) -> Result<Commit, ExtendError> {
        let cleared = |a: &PlacedAddition| match a.addition {
            Addition::WatchSessionRecorded(_, Focus::Clears)
            | Addition::EpisodeWatched(_, Focus::Clears) => 1,
            Addition::WatchSessionRecorded(_, Focus::Stays)
            | Addition::EpisodeWatched(_, Focus::Stays) => 0,
            Addition::MovieAdded(_) | Addition::SeriesAdded(_) => 0,
        };
        let events = additions.iter().map(|a| 1 + cleared(a)).sum::<u64>();
        let base = self.head();
        let no_position_left =
            || ExtendError::NoPositionLeft { place: "the log".into(), last: base.position.0 };
        let last = base
            .position
            .0
            .checked_add(events)
            .filter(|last| *last <= LAST_POSITION)
            .ok_or_else(no_position_left)?;
        let last = GlobalPosition(last);
        let mark = CommitMark { first: GlobalPosition(base.position.0 + 1), last };
        let mut writer = Writer {
            log: self,
            timestamp: log_timestamp(at),
            next: mark.first,
            streams: FxHashMap::default(),
            lines: Vec::with_capacity(512 * additions.len()),
        };
        writer.lines.extend_from_slice(self.separator());
        for added in additions {
            writer.write(added, via, mark)?;
        }
        Ok(Commit { base, last, lines: writer.lines })
    }
}

struct Writer<'a> {
    log: &'a Log,
    timestamp: String,
    next: GlobalPosition,
    /// Next position of every stream written to so far.
    streams: FxHashMap<&'a StreamId, u64>,
    lines: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn write(
        &mut self,
        added: &'a PlacedAddition,
        via: Via,
        mark: CommitMark,
    ) -> Result<(), ExtendError> {
        let PlacedAddition { stream, addition, origin } = added;
        let opens = matches!(addition, Addition::MovieAdded(_) | Addition::SeriesAdded(_));
        let metadata = json(&Metadata::of(origin, !opens, via, mark));
        let known = self.streams.contains_key(stream) || self.log.stream(stream).is_some();
        let (event_type, data, cleared) = match addition {
            Addition::MovieAdded(movie) => {
                ("Movie_added_to_library", json(&MovieAddedData::of(movie)), None)
            }
            Addition::SeriesAdded(series) => {
                ("Series_added_to_library", json(&SeriesAddedData::of(series)), None)
            }
            Addition::WatchSessionRecorded(session, focus) => (
                "Watch_session_recorded",
                json(&WatchSessionData::of(session)),
                cleared("Movie_in_focus_cleared", *focus),
            ),
            Addition::EpisodeWatched(watch, focus) => (
                "Episode_watched",
                json(&EpisodeWatchedData::of(watch)),
                cleared("Series_in_focus_cleared", *focus),
            ),
        };
        match (opens, known) {
            (true, true) => return Err(ExtendError::StreamExists(stream.clone())),
            (false, false) => return Err(ExtendError::NoSuchStream(stream.clone())),
            (true, false) | (false, true) => {}
        }
        self.line(stream, event_type, &data, &metadata)?;
        cleared.map_or(Ok(()), |cleared| self.line(stream, cleared, "{}", &metadata))
    }

    fn line(
        &mut self,
        stream: &'a StreamId,
        event_type: &str,
        data: &str,
        metadata: &str,
    ) -> Result<(), ExtendError> {
        let after_head = self.log.stream(stream).map_or(0, |head| head.position + 1);
        let position = self.streams.entry(stream).or_insert(after_head);
        if *position > LAST_POSITION {
            return Err(ExtendError::NoPositionLeft {
                place: stream.to_string(),
                last: *position - 1,
            });
        }
        let line = LineFields {
            global_position: self.next,
            stream_id: stream.as_str(),
            stream_position: *position,
            event_type,
            data,
            metadata,
            timestamp: &self.timestamp,
        };
        *position += 1;
        self.next.0 += 1;
        self.lines.extend_from_slice(json(&line).as_bytes());
        self.lines.push(b'\n');
        Ok(())
    }
}

fn cleared(event_type: &'static str, focus: Focus) -> Option<&'static str> {
    match focus {
        Focus::Clears => Some(event_type),
        Focus::Stays => None,
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain structs of texts and numbers always encode")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineFields<'a> {
    global_position: GlobalPosition,
    stream_id: &'a str,
    stream_position: u64,
    event_type: &'a str,
    data: &'a str,
    metadata: &'a str,
    timestamp: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    source: &'static str,
    via: Via,
    server_id: &'a str,
    item_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_played_date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_source: Option<DateSource>,
    commit: CommitMark,
}

impl<'a> Metadata<'a> {
    fn of(origin: &'a Origin, is_watch: bool, via: Via, commit: CommitMark) -> Self {
        Self {
            source: JELLYFIN,
            via,
            server_id: origin.server.as_str(),
            item_id: origin.item.as_str(),
            last_played_date: origin.played_at.as_ref().map(|at| at.text()),
            date_source: is_watch.then(|| origin.date_source()),
            commit,
        }
    }
}

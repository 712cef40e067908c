//! One line of the log: seven fields in a fixed order, two of them JSON written as a string
//! (`docs/event-log.md`, "A line").
//!
//! In come the bytes of a line; out go its fields, or a [`LineError`]. Neither of the two embedded
//! texts is decoded here. [`read_line`] reads every legal spelling; [`fast`] reads the usual
//! spelling of the two commonest events without a JSON parser, and both must say the same
//! (`both_ways_of_reading_agree`).

mod fast;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Deserialize;

pub use fast::{FastEvent, LineStart};

use crate::domain::{
    ids::{GlobalPosition, LAST_POSITION},
    time::parse_instant,
};

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not a JSON object of the seven fields.
    #[error("not a line of the log: {0}")]
    NotALine(String),
    /// The timestamp isn't an instant.
    #[error("`timestamp`: {0}")]
    Timestamp(String),
    /// The payload of a known event isn't of its shape.
    #[error("the payload of `{event_type}` does not decode: {reason}")]
    Payload {
        /// The event's type.
        event_type: String,
        /// What the decoder says.
        reason: String,
    },
    /// The metadata isn't a JSON object.
    #[error("`metadata` isn't a JSON object: {0}")]
    Metadata(String),
    /// A position beyond what Mediatheca can read.
    #[error("`{field}` is {found}, above {LAST_POSITION}, the highest position a log can have")]
    PositionTooHigh {
        /// `globalPosition` or `streamPosition`.
        field: &'static str,
        /// The position of this line.
        found: u64,
    },
    /// `globalPosition` doesn't rise.
    #[error("`globalPosition` is {found}, which is not above {before}, the one before it")]
    GlobalPosition {
        /// The position of the line before.
        before: GlobalPosition,
        /// The position of this line.
        found: GlobalPosition,
    },
    /// `streamPosition` doesn't rise in its stream.
    #[error(
        "`streamPosition` is {found}, which is not above {before}, the one before it in `{stream}`"
    )]
    StreamPosition {
        /// The stream.
        stream: String,
        /// The stream's last position.
        before: u64,
        /// The position of this line.
        found: u64,
    },
}

/// A line that can't be read, with its number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {error}")]
pub struct Fault {
    /// The line's number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub error: LineError,
}

/// The seven fields of a line, the two embedded texts unescaped, neither of them decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineText<'a> {
    /// Position in the whole log.
    pub global_position: GlobalPosition,
    /// The stream's name.
    pub stream_id: Cow<'a, str>,
    /// Position in the stream, from 0.
    pub stream_position: u64,
    /// The event's name.
    pub event_type: Cow<'a, str>,
    /// The payload: JSON.
    pub data: Cow<'a, str>,
    /// Provenance: JSON, mostly `{}`.
    pub metadata: Cow<'a, str>,
    /// When it was appended.
    pub timestamp: DateTime<Utc>,
}

/// Reads a line, with or without its line feed, in any legal JSON spelling.
///
/// # Errors
/// It isn't JSON, one of the seven fields is missing, or one has another type.
pub fn read_line(line: &[u8]) -> Result<LineText<'_>, LineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Raw<'a> {
        global_position: u64,
        #[serde(borrow)]
        stream_id: Cow<'a, str>,
        stream_position: u64,
        #[serde(borrow)]
        event_type: Cow<'a, str>,
        #[serde(borrow)]
        data: Cow<'a, str>,
        #[serde(borrow)]
        metadata: Cow<'a, str>,
        #[serde(borrow)]
        timestamp: Cow<'a, str>,
    }
    let raw: Raw = serde_json::from_slice(line).map_err(|e| LineError::NotALine(e.to_string()))?;
    for (field, found) in
        [("globalPosition", raw.global_position), ("streamPosition", raw.stream_position)]
    {
        if found > LAST_POSITION {
            return Err(LineError::PositionTooHigh { field, found });
        }
    }
    Ok(LineText {
        global_position: GlobalPosition(raw.global_position),
        stream_id: raw.stream_id,
        stream_position: raw.stream_position,
        event_type: raw.event_type,
        data: raw.data,
        metadata: raw.metadata,
        timestamp: parse_instant(&raw.timestamp)
            .map_err(|e| LineError::Timestamp(e.to_string()))?,
    })
}

//! One line of the log: seven fields in a fixed order, two of them JSON written as a string (`docs/event-log.md`, "A line").
//!
//! In come the bytes of a line; out go its fields, or a [`LineError`]. Lines as Mediatheca and this product write them
//! are cut by hand ([`Skim`]), and the two commonest events are read without a JSON parser at all ([`Hot`]): a log of
//! a million lines is read in the time it takes to look at its bytes. Whatever isn't written just so goes to
//! `serde_json`, and both ways must say the same (`both_ways_of_reading_agree`).

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::domain::{
    ids::{EpisodeNumber, GlobalPosition, LAST_POSITION, SessionId},
    time::{WatchDate, parse_instant, usual_instant},
};

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not a JSON object of the seven fields.
    #[error("not a line of the log: {0}")]
    NotALine(String),
    /// The timestamp is no instant.
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
    /// The metadata is no JSON object.
    #[error("`metadata` is no JSON object: {0}")]
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
/// It isn't JSON, lacks one of the seven fields, or holds one of another type.
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

/// The first two fields of a line that is written as usual, and what stands behind them.
#[derive(Debug, Clone, Copy)]
pub struct Skim<'a> {
    /// Position in the whole log.
    pub global_position: GlobalPosition,
    /// The stream's name: no escape in it, not yet known to be UTF-8.
    pub stream_id: &'a [u8],
    behind: Cursor<'a>,
}

impl<'a> Skim<'a> {
    /// Looks at the beginning of `bytes`, which begins with a line; `None` where that isn't written as usual.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        cursor.literal(b"{\"globalPosition\":")?;
        let global_position = GlobalPosition(cursor.number()?);
        cursor.literal(b",\"streamId\":\"")?;
        let stream_id = cursor.plain_text()?;
        Some(Self { global_position, stream_id, behind: cursor })
    }

    /// Reads the rest of one of the two commonest events; `None` for all others, and where it isn't written as usual.
    pub fn hot(&self) -> Option<Hot<'a>> {
        let mut cursor = self.behind;
        cursor.literal(b",\"streamPosition\":")?;
        let stream_position = cursor.number()?;
        cursor.literal(b",\"eventType\":\"")?;
        let event = if self.stream_id.starts_with(b"Movie-") {
            cursor.watch_session()?
        } else if self.stream_id.starts_with(b"Series-") {
            cursor.episode_watched()?
        } else {
            return None;
        };
        cursor.literal(b"\",\"metadata\":\"{}\",\"timestamp\":\"")?;
        usual_instant(cursor.take(33)?)?;
        cursor.literal(b"\"}\n")?;
        Some(Hot { stream_position, event, behind: cursor.0 })
    }
}

/// One of the two commonest events, read whole, with empty metadata.
#[derive(Debug)]
pub struct Hot<'a> {
    /// Position in the stream.
    pub stream_position: u64,
    /// The event.
    pub event: HotEvent<'a>,
    /// What stands behind the line.
    pub behind: &'a [u8],
}

/// What the two commonest events say.
#[derive(Debug)]
pub enum HotEvent<'a> {
    /// `Watch_session_recorded`
    WatchSession {
        /// The new session.
        id: SessionId,
        /// The day it was watched.
        date: WatchDate,
        /// Minutes.
        duration: Option<i32>,
        /// Who watched too: `\"slug\"`s with commas between them.
        friends: HotFriends<'a>,
    },
    /// `Episode_watched`
    Episode {
        /// In which rewatch session: printable ASCII.
        rewatch: &'a [u8],
        /// Which episode.
        number: EpisodeNumber,
        /// The day it was watched.
        date: WatchDate,
    },
}

/// Friends' slugs, still escaped: each is cut out as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct HotFriends<'a>(&'a str);

impl<'a> Iterator for HotFriends<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let inner = self.0.strip_prefix(',').unwrap_or(self.0).strip_prefix("\\\"")?;
        let (slug, rest) = inner.split_once("\\\"")?;
        self.0 = rest;
        Some(slug)
    }
}

#[derive(Debug, Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Its length is known when this is compiled, so that it is a comparison of a few registers.
    #[inline(always)]
    fn literal<const N: usize>(&mut self, expected: &[u8; N]) -> Option<()> {
        let (found, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        (found == expected).then_some(())
    }

    /// Whether a literal stands here, which is eaten if it does.
    #[inline(always)]
    fn has<const N: usize>(&mut self, expected: &[u8; N]) -> bool {
        match self.0.split_first_chunk::<N>() {
            Some((found, rest)) if found == expected => {
                self.0 = rest;
                true
            }
            Some(_) | None => false,
        }
    }

    #[inline(always)]
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number as JSON writes it: no sign, no leading zero, at most 18 digits.
    #[inline(always)]
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        let mut length = 0;
        while let Some(digit) =
            self.0.get(length).map(|b| b.wrapping_sub(b'0')).filter(|digit| *digit < 10)
        {
            number = number * 10 + u64::from(digit);
            length += 1;
            if length > 18 {
                return None;
            }
        }
        if length == 0 || (length > 1 && self.0[0] == b'0') {
            return None;
        }
        self.0 = &self.0[length..];
        Some(number)
    }

    fn small_number(&mut self) -> Option<i32> {
        i32::try_from(self.number()?).ok()
    }

    /// Text up to the next quote, without an escape or a control character in it; the quote is eaten.
    fn plain_text(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr2(b'"', b'\\', self.0)?;
        let text = self.take(end)?;
        self.literal(b"\"")?;
        (!text.iter().any(|b| *b < 0x20)).then_some(text)
    }

    /// Text up to the next escaped quote inside an embedded payload: printable ASCII alone; the quote is eaten.
    #[inline(always)]
    fn embedded_text(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'\\', self.0)?;
        let text = self.take(end)?;
        self.literal(b"\\\"")?;
        text.iter().all(|b| matches!(b, b' '..=b'~') && *b != b'"').then_some(text)
    }

    #[inline(always)]
    fn embedded_date(&mut self) -> Option<WatchDate> {
        let day = self.0.first_chunk::<10>()?;
        let date = WatchDate::of_digits(day)?;
        self.0 = &self.0[10..];
        self.literal(b"\\\"")?;
        Some(date)
    }

    fn watch_session(&mut self) -> Option<HotEvent<'a>> {
        self.literal(b"Watch_session_recorded\",\"data\":\"{\\\"sessionId\\\":\\\"")?;
        let id = self.session_id()?;
        self.literal(b",\\\"date\\\":\\\"")?;
        let date = self.embedded_date()?;
        self.literal(b",\\\"duration\\\":")?;
        let duration = if self.has(b"null") { None } else { Some(self.small_number()?) };
        self.literal(b",\\\"friendSlugs\\\":[")?;
        let friends = self.friends()?;
        self.literal(b"]}")?;
        Some(HotEvent::WatchSession { id, date, duration, friends })
    }

    /// The usual form, 32 small hex digits, alone.
    #[inline(always)]
    fn session_id(&mut self) -> Option<SessionId> {
        let id = SessionId::of_hex_digits(self.0.first_chunk::<32>()?)?;
        self.0 = &self.0[32..];
        self.literal(b"\\\"")?;
        Some(id)
    }

    #[inline(always)]
    fn friends(&mut self) -> Option<HotFriends<'a>> {
        let start = self.0;
        if self.0.first() == Some(&b']') {
            return Some(HotFriends(""));
        } else {
            loop {
                self.literal(b"\\\"")?;
                self.embedded_text()?;
                if !self.has(b",") {
                    break;
                }
            }
        }
        std::str::from_utf8(&start[..start.len() - self.0.len()]).ok().map(HotFriends)
    }

    fn episode_watched(&mut self) -> Option<HotEvent<'a>> {
        self.literal(b"Episode_watched\",\"data\":\"{\\\"rewatchId\\\":\\\"")?;
        let rewatch = self.embedded_text()?;
        self.literal(b",\\\"seasonNumber\\\":")?;
        let season = self.small_number()?;
        self.literal(b",\\\"episodeNumber\\\":")?;
        let episode = self.small_number()?;
        self.literal(b",\\\"date\\\":\\\"")?;
        let date = self.embedded_date()?;
        self.literal(b"}")?;
        Some(HotEvent::Episode { rewatch, number: EpisodeNumber { season, episode }, date })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::{Event, MovieEvent, SeriesEvent};

    const SESSION: &str = r#"{"globalPosition":7,"streamId":"Movie-the-matrix-1999","streamPosition":1,"eventType":"Watch_session_recorded","data":"{\"sessionId\":\"6b962a471c01400c98acf1ca7713fe41\",\"date\":\"2024-03-15\",\"duration\":136,\"friendSlugs\":[\"anna\",\"j-rg\"]}","metadata":"{}","timestamp":"2024-03-16T07:00:00.0000000+00:00"}"#;
    const EPISODE: &str = r#"{"globalPosition":8,"streamId":"Series-dark-2017","streamPosition":4,"eventType":"Episode_watched","data":"{\"rewatchId\":\"default\",\"seasonNumber\":0,\"episodeNumber\":12,\"date\":\"2016-05-05\"}","metadata":"{}","timestamp":"2026-11-24T00:32:54.7153256+00:00"}"#;

    fn hot(line: &str) -> Option<(GlobalPosition, u64, String)> {
        let line = format!("{line}\n");
        let skim = Skim::read(line.as_bytes())?;
        let hot = skim.hot()?;
        assert!(hot.behind.is_empty());
        let said = match hot.event {
            HotEvent::WatchSession { id, date, duration, friends } => {
                format!("{id} {date} {duration:?} {:?}", friends.collect::<Vec<_>>())
            }
            HotEvent::Episode { rewatch, number, date } => {
                format!("{} {number:?} {date}", str::from_utf8(rewatch).unwrap())
            }
        };
        Some((skim.global_position, hot.stream_position, said))
    }

    fn whole(line: &str) -> Option<(GlobalPosition, u64, String)> {
        let text = read_line(line.as_bytes()).ok()?;
        let said = match Event::decode(&text.stream_id, &text.event_type, &text.data).ok()?? {
            Event::Movie(MovieEvent::WatchSessionRecorded(e)) => {
                format!("{} {} {:?} {:?}", e.session_id, e.date, e.duration, e.friend_slugs)
            }
            Event::Series(SeriesEvent::EpisodeWatched(e)) => {
                format!("{} {:?} {}", e.rewatch_id, e.number(), e.date.0)
            }
            other => panic!("not a hot event: {other:?}"),
        };
        Some((text.global_position, text.stream_position, said))
    }

    #[test]
    fn the_commonest_events_are_read_without_a_json_parser() {
        for line in [SESSION, EPISODE] {
            assert!(hot(line).is_some(), "{line}");
        }
    }

    #[test]
    fn both_ways_of_reading_agree() {
        let variants = [
            (r"136", "null"),
            (r"136", "0136"),
            (r"136", "136.5"),
            (r"136", "99999999999"),
            (r#"[\"anna\",\"j-rg\"]"#, "[]"),
            (r#"[\"anna\",\"j-rg\"]"#, r#"[\"anna\"]"#),
            (r#"[\"anna\",\"j-rg\"]"#, r#"[\"anna\",]"#),
            (r#"[\"anna\",\"j-rg\"]"#, r#"[\"a\\\"b\"]"#),
            (r#"[\"anna\",\"j-rg\"]"#, r#"[\"zoë\"]"#),
            ("2024-03-15", "2024-03-15T20:00:00"),
            ("2024-03-15", "2024-02-30"),
            ("2024-03-15", ""),
            (r#""metadata":"{}""#, r#""metadata":"{ }""#),
            ("07:00:00.0000000+00:00", "07:00:00Z"),
            ("07:00:00.0000000+00:00", "27:00:00.0000000+00:00"),
            ("\"globalPosition\":7", "\"globalPosition\": 7"),
            ("\"globalPosition\":7", "\"globalPosition\":07"),
            ("6b962a471c01400c98acf1ca7713fe41", "s1"),
            ("Movie-the", "Series-the"),
            (r#"\"seasonNumber\":0"#, r#"\"seasonNumber\":-1"#),
            (r#"\"date\":\"2016-05-05\"}"#, r#"\"date\":\"2016-05-05\",\"more\":1}"#),
            ("default", "second time\t"),
        ];
        for line in [SESSION, EPISODE] {
            assert_eq!(hot(line), whole(line));
            for (from, to) in variants.iter().filter(|(from, _)| line.contains(from)) {
                let odd = line.replace(from, to);
                if let Some(said) = hot(&odd) {
                    assert_eq!(Some(said), whole(&odd), "{odd}");
                }
            }
        }
    }

    #[test]
    fn a_line_that_lacks_a_field_or_nests_its_payload_is_a_fault_that_says_so() {
        let lacking = SESSION.replace(r#","metadata":"{}""#, "");
        assert!(read_line(lacking.as_bytes()).unwrap_err().to_string().contains("metadata"));
        let nested = r#"{"globalPosition":1,"streamId":"Movie-a-1999","streamPosition":0,"eventType":"x","data":{},"metadata":"{}","timestamp":"2024-03-16T07:00:00.0000000+00:00"}"#;
        assert!(matches!(read_line(nested.as_bytes()), Err(LineError::NotALine(_))));
        assert!(matches!(read_line(b"half a li"), Err(LineError::NotALine(_))));
        let timeless = SESSION.replace("2024-03-16T07:00:00.0000000+00:00", "yesterday");
        assert!(matches!(read_line(timeless.as_bytes()), Err(LineError::Timestamp(_))));
    }

    #[test]
    fn unknown_fields_of_a_line_are_ignored() {
        let more = SESSION.replace(r#""metadata""#, r#""extra":{"a":[1]},"metadata""#);
        assert_eq!(read_line(more.as_bytes()).unwrap(), read_line(SESSION.as_bytes()).unwrap());
    }
}

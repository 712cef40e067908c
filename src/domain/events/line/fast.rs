//! The usual spelling of a line, cut by hand: a log of a million lines is read in the time it takes
//! to look at its bytes.
//!
//! In comes text that begins with a line; out go its fields, or `None` for every spelling but the
//! one that Mediatheca and this product write. The caller then takes the general way. Nothing here
//! may accept what that way refuses.

use crate::domain::{
    ids::{EpisodeNumber, GlobalPosition, SessionId, StreamKind},
    time::{WatchDate, usual_instant},
};

/// The first two fields of a line that is written as usual, and the bytes behind them.
#[derive(Debug, Clone, Copy)]
pub struct LineStart<'a> {
    /// Position in the whole log.
    pub global_position: GlobalPosition,
    /// The stream's name: no escape in it, not yet known to be UTF-8.
    pub stream_id: &'a [u8],
    behind: Cursor<'a>,
}

impl<'a> LineStart<'a> {
    /// Reads the beginning of `bytes`, which begins with a line; `None` if that line isn't written
    /// as usual.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        cursor.literal(b"{\"globalPosition\":")?;
        let global_position = GlobalPosition(cursor.number()?);
        cursor.literal(b",\"streamId\":\"")?;
        let stream_id = cursor.plain_text()?;
        Some(Self { global_position, stream_id, behind: cursor })
    }

    /// Reads the rest of one of the two commonest events; `None` for all others, and for an unusual
    /// spelling.
    pub fn fast(&self) -> Option<FastLine<'a>> {
        let mut cursor = self.behind;
        cursor.literal(b",\"streamPosition\":")?;
        let stream_position = cursor.number()?;
        cursor.literal(b",\"eventType\":\"")?;
        let event = match StreamKind::of(self.stream_id) {
            StreamKind::Movie => cursor.watch_session()?,
            StreamKind::Series => cursor.episode_watched()?,
            StreamKind::Other => return None,
        };
        cursor.literal(b"\",\"metadata\":\"{}\",\"timestamp\":\"")?;
        usual_instant(cursor.take(33)?)?;
        cursor.literal(b"\"}\n")?;
        Some(FastLine { stream_position, event, behind: cursor.0 })
    }
}

/// One of the two commonest events, read whole, with empty metadata.
#[derive(Debug)]
pub struct FastLine<'a> {
    /// Position in the stream.
    pub stream_position: u64,
    /// The event.
    pub event: FastEvent<'a>,
    /// The bytes behind the line.
    pub behind: &'a [u8],
}

/// The two commonest events.
#[derive(Debug)]
pub enum FastEvent<'a> {
    /// `Watch_session_recorded`
    WatchSession {
        /// The new session.
        id: SessionId,
        /// The day it was watched.
        date: WatchDate,
        /// Minutes.
        duration: Option<i32>,
        /// Friends who watched too.
        friends: FastFriends<'a>,
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

/// Friends' slugs, still escaped, `\"slug\"` with commas between them: an iterator, so that nothing
/// is allocated.
#[derive(Debug, Clone, Copy)]
pub struct FastFriends<'a>(&'a str);

impl<'a> Iterator for FastFriends<'a> {
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
    /// The literal's length is known at compile time, which makes this a comparison of a few
    /// registers.
    #[inline(always)]
    fn literal<const N: usize>(&mut self, expected: &[u8; N]) -> Option<()> {
        let (found, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        (found == expected).then_some(())
    }

    /// Skips a literal if it comes next, and says whether it did.
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

    /// Text up to the next quote, without an escape or a control character in it; skips the quote.
    fn plain_text(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr2(b'"', b'\\', self.0)?;
        let text = self.take(end)?;
        self.literal(b"\"")?;
        (!text.iter().any(|b| *b < 0x20)).then_some(text)
    }

    /// Text up to the next escaped quote inside an embedded payload: printable ASCII alone; skips
    /// the quote.
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

    fn watch_session(&mut self) -> Option<FastEvent<'a>> {
        self.literal(b"Watch_session_recorded\",\"data\":\"{\\\"sessionId\\\":\\\"")?;
        let id = self.session_id()?;
        self.literal(b",\\\"date\\\":\\\"")?;
        let date = self.embedded_date()?;
        self.literal(b",\\\"duration\\\":")?;
        let duration = if self.has(b"null") { None } else { Some(self.small_number()?) };
        self.literal(b",\\\"friendSlugs\\\":[")?;
        let friends = self.friends()?;
        self.literal(b"]}")?;
        Some(FastEvent::WatchSession { id, date, duration, friends })
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
    fn friends(&mut self) -> Option<FastFriends<'a>> {
        let start = self.0;
        if self.0.first() == Some(&b']') {
            return Some(FastFriends(""));
        }
        loop {
            self.literal(b"\\\"")?;
            self.embedded_text()?;
            if !self.has(b",") {
                break;
            }
        }
        std::str::from_utf8(&start[..start.len() - self.0.len()]).ok().map(FastFriends)
    }

    fn episode_watched(&mut self) -> Option<FastEvent<'a>> {
        self.literal(b"Episode_watched\",\"data\":\"{\\\"rewatchId\\\":\\\"")?;
        let rewatch = self.embedded_text()?;
        self.literal(b",\\\"seasonNumber\\\":")?;
        let season = self.small_number()?;
        self.literal(b",\\\"episodeNumber\\\":")?;
        let episode = self.small_number()?;
        self.literal(b",\\\"date\\\":\\\"")?;
        let date = self.embedded_date()?;
        self.literal(b"}")?;
        Some(FastEvent::Episode { rewatch, number: EpisodeNumber { season, episode }, date })
    }
}

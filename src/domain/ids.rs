//! Newtypes for every id that crosses a module border, each with the rule that makes it valid.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A text that isn't a valid id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A TMDB id is a number from 1 to 2,147,483,647.
    #[error("`{0}` isn't a valid TMDB id: it must be a whole number from 1 to 2147483647")]
    Tmdb(String),
    /// A Jellyfin id that is empty, too long, or holds characters no id has.
    #[error("`{0}` isn't a valid Jellyfin id: it must be 1 to 64 letters, digits or dashes")]
    Jellyfin(String),
}

/// A title's number at The Movie Database, 1 to 2,147,483,647 (Mediatheca keeps it in a signed
/// 32-bit integer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct TmdbId(u32);

impl TmdbId {
    /// Reads an id as Jellyfin's `ProviderIds` hold it: a plain number, white space around it
    /// allowed.
    ///
    /// # Errors
    /// [`IdError::Tmdb`] if the text isn't a number, is zero, or is too big.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let digits = text.trim();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdError::Tmdb(text.to_owned()));
        }
        digits.parse::<i64>().ok().and_then(Self::new).ok_or_else(|| IdError::Tmdb(text.to_owned()))
    }

    /// The id of that number, if it is in range. A log may hold 0, which names no title.
    pub fn new(number: i64) -> Option<Self> {
        u32::try_from(number).ok().filter(|n| (1..=i32::MAX as u32).contains(n)).map(Self)
    }

    /// The plain number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<i64> for TmdbId {
    type Error = IdError;

    fn try_from(number: i64) -> Result<Self, IdError> {
        Self::new(number).ok_or_else(|| IdError::Tmdb(number.to_string()))
    }
}

impl From<TmdbId> for i64 {
    fn from(id: TmdbId) -> i64 {
        i64::from(id.0)
    }
}

impl fmt::Display for TmdbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An id of Jellyfin's. A snapshot of a large library holds a hundred thousand of them: the usual
/// form lies in place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum JellyfinId {
    /// 32 small hex digits.
    Guid([u8; 32]),
    Other(Box<str>),
}

impl JellyfinId {
    /// Dashes and case of a GUID differ between routes, so a GUID is brought to 32 small digits.
    fn parse(text: &str) -> Result<Self, IdError> {
        let mut digits = [0; 32];
        let mut given = text.bytes().filter(|byte| *byte != b'-');
        let mut is_guid = true;
        for digit in &mut digits {
            let byte = given.next().unwrap_or_default();
            is_guid &= byte.is_ascii_hexdigit();
            *digit = byte.to_ascii_lowercase();
        }
        if is_guid && given.next().is_none() {
            return Ok(Self::Guid(digits));
        }
        let plain = !text.is_empty()
            && text.len() <= 64
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if plain { Ok(Self::Other(text.into())) } else { Err(IdError::Jellyfin(text.to_owned())) }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Guid(digits) => str::from_utf8(digits).expect("hex digits are ASCII"),
            Self::Other(text) => text,
        }
    }
}

macro_rules! jellyfin_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(JellyfinId);

        impl $name {
            /// Reads the id as any of Jellyfin's routes writes it.
            ///
            /// # Errors
            /// [`IdError::Jellyfin`] if it can't be one.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                JellyfinId::parse(text).map(Self)
            }

            /// The id as it goes into URLs and into the log.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

jellyfin_ids! {
    /// A movie, series or episode on one Jellyfin server: 32 small hex digits.
    ItemId;
    /// A Jellyfin server: 32 small hex digits.
    ServerId;
    /// A user of one Jellyfin server: 32 small hex digits.
    UserId;
}

/// A watch session's id: 32 small hex digits in all that Mediatheca and this product write.
///
/// That form is kept in 16 bytes, as a large log holds hundreds of thousands; any other text is
/// kept as it is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionId(SessionIdForm);

#[derive(Clone, PartialEq, Eq, Hash)]
enum SessionIdForm {
    Hex([u8; 16]),
    Other(Box<str>),
}

impl SessionId {
    /// The id of those sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(SessionIdForm::Hex(bytes))
    }

    /// The id as a log writes it; every text is one.
    pub fn from_log(text: &str) -> Self {
        let usual = text.as_bytes().try_into().ok().and_then(Self::of_hex_digits);
        usual.unwrap_or_else(|| Self(SessionIdForm::Other(text.into())))
    }

    /// The id that 32 *small* hex digits spell. Capital letters aren't valid, so that an id is
    /// written as it was read.
    #[inline]
    pub(super) fn of_hex_digits(text: &[u8; 32]) -> Option<Self> {
        let mut bytes = [0; 16];
        let mut odd = 0;
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let (high, low) = (HEX_DIGITS[pair[0] as usize], HEX_DIGITS[pair[1] as usize]);
            odd |= high | low;
            *byte = high << 4 | low;
        }
        (odd < 16).then_some(Self(SessionIdForm::Hex(bytes)))
    }
}

/// What each small hex digit stands for; 0xFF for every other byte.
const HEX_DIGITS: [u8; 256] = {
    let mut digits = [0xFF; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            SessionIdForm::Hex(bytes) => bytes.iter().try_for_each(|b| write!(f, "{b:02x}")),
            SessionIdForm::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// An event's position in the whole log, from 1; 0 stands for "before the first event".
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct GlobalPosition(pub u64);

/// The highest position that a log may hold, in the whole log or in a stream: Mediatheca reads
/// positions as signed 64-bit integers.
pub const LAST_POSITION: u64 = i64::MAX as u64;

impl fmt::Display for GlobalPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a stream's name says that the stream is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// A movie: `Movie-<slug>`.
    Movie,
    /// A series: `Series-<slug>`.
    Series,
    /// Anything else that Mediatheca keeps; its events are kept and passed over.
    Other,
}

const MOVIE: &str = "Movie-";
const SERIES: &str = "Series-";

impl StreamKind {
    /// The kind of the stream of that name, which needn't be UTF-8.
    #[inline]
    pub fn of(name: &[u8]) -> Self {
        if name.starts_with(MOVIE.as_bytes()) {
            Self::Movie
        } else if name.starts_with(SERIES.as_bytes()) {
            Self::Series
        } else {
            Self::Other
        }
    }
}

/// A stream's name: `Movie-<slug>` or `Series-<slug>` for what the sync reads and writes.
///
/// A clone shares the text: the fold, the log and the library hold each name several times.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// The stream of that name; every name is legal, only two prefixes are ours.
    pub fn from_log(name: &str) -> Self {
        Self(name.into())
    }

    /// The stream of the movie with that slug.
    pub fn movie(slug: &str) -> Self {
        Self([MOVIE, slug].concat().into())
    }

    /// The stream of the series with that slug.
    pub fn series(slug: &str) -> Self {
        Self([SERIES, slug].concat().into())
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the stream is about.
    pub fn kind(&self) -> StreamKind {
        StreamKind::of(self.0.as_bytes())
    }

    /// The text behind the first dash: a title's slug. A slug may itself begin with a dash
    /// (`Movie--2001`).
    pub fn slug(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, slug)| slug)
    }
}

/// So that a table of streams can be asked with a name that is still part of a line.
impl Borrow<str> for StreamId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which episode of a series: season 0 holds the specials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpisodeNumber {
    /// The season's number.
    pub season: i32,
    /// The episode's number in its season.
    pub episode: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tmdb_id_is_a_plain_number_with_or_without_white_space_around_it() {
        assert_eq!(TmdbId::parse("603").map(TmdbId::get), Ok(603));
        assert_eq!(TmdbId::parse(" 603 ").map(TmdbId::get), Ok(603));
        assert_eq!(TmdbId::parse("2147483647").map(TmdbId::get), Ok(2_147_483_647));
        for odd in [
            "",
            " ",
            "0",
            "abc",
            "-1",
            "+603",
            "6 03",
            "2147483648",
            "99999999999999999999",
            "603a",
        ] {
            assert_eq!(TmdbId::parse(odd), Err(IdError::Tmdb(odd.to_owned())), "{odd:?}");
        }
    }

    #[test]
    fn the_same_guid_is_the_same_item_however_it_is_written() {
        let plain = ItemId::parse("3d546a962020c907356d9a331b3cd5fe").unwrap();
        assert_eq!(ItemId::parse("3D546A96-2020-C907-356D-9A331B3CD5FE").unwrap(), plain);
        assert!(ItemId::parse("").is_err());
        assert!(ItemId::parse("../Users").is_err());
    }

    #[test]
    fn a_session_id_is_written_as_it_was_read() {
        for text in
            ["6b962a471c01400c98acf1ca7713fe41", "6B962A471C01400C98ACF1CA7713FE41", "one", ""]
        {
            assert_eq!(SessionId::from_log(text).to_string(), text);
        }
    }

    #[test]
    fn a_stream_is_named_by_its_kind_and_slug() {
        for (stream, name, kind) in [
            (StreamId::movie("the-matrix-1999"), "Movie-the-matrix-1999", StreamKind::Movie),
            (StreamId::series("-2001"), "Series--2001", StreamKind::Series),
            (StreamId::from_log("Movies-a"), "Movies-a", StreamKind::Other),
        ] {
            assert_eq!((stream.as_str(), stream.kind()), (name, kind));
        }
    }

    #[test]
    fn a_slug_may_begin_with_a_dash() {
        assert_eq!(StreamId::from_log("Movie--2001").slug(), "-2001");
        assert_eq!(StreamId::from_log("Movie-the-matrix-1999").slug(), "the-matrix-1999");
    }
}

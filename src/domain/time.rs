//! Days and instants, read from the texts of Jellyfin and of the log.
//!
//! In come texts, out go a [`WatchDate`] or an instant. Nothing here knows what time it is.

use std::{fmt, sync::Arc};

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::zone::Zone;

/// A text that isn't a date or an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not `YYYY-MM-DD…`.
    #[error("`{0}` isn't a date: it must begin with YYYY-MM-DD")]
    Date(String),
    /// Not an instant as Jellyfin or .NET writes one.
    #[error("`{0}` isn't an instant: it must look like 2024-03-01T20:15:30Z")]
    Instant(String),
}

/// The day on which something was watched, as the person's calendar shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WatchDate(NaiveDate);

impl WatchDate {
    /// The day of an instant in a time zone.
    pub fn of(instant: DateTime<Utc>, zone: &Zone) -> Self {
        Self(zone.local(instant).date())
    }

    /// Reads the first ten characters: older logs have a time behind them (`docs/event-log.md`,
    /// "Movie events").
    ///
    /// # Errors
    /// [`TimeError::Date`] if they aren't a day of the calendar.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let day = text.as_bytes().first_chunk::<10>().and_then(Self::of_digits);
        day.ok_or_else(|| TimeError::Date(text.to_owned()))
    }

    /// Reads ten characters `YYYY-MM-DD`; `None` if they aren't a day of the calendar.
    #[inline]
    pub(super) fn of_digits(day: &[u8; 10]) -> Option<Self> {
        if day[4] != b'-' || day[7] != b'-' {
            return None;
        }
        NaiveDate::from_ymd_opt(digits(&day[..4])? as i32, digits(&day[5..7])?, digits(&day[8..])?)
            .map(Self)
    }

    /// The day of the calendar.
    pub fn day(self) -> NaiveDate {
        self.0
    }

    /// The year of the day.
    pub fn year(self) -> i32 {
        chrono::Datelike::year(&self.0)
    }
}

impl fmt::Display for WatchDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl Serialize for WatchDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WatchDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DateText;
        impl serde::de::Visitor<'_> for DateText {
            type Value = WatchDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date that begins with YYYY-MM-DD")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<WatchDate, E> {
                WatchDate::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(DateText)
    }
}

/// The number that ASCII digits spell; `None` for anything else. Callers pass nine digits at most,
/// so it can't overflow.
#[inline(always)]
fn digits(text: &[u8]) -> Option<u32> {
    let (mut number, mut all) = (0, true);
    for b in text {
        let digit = b.wrapping_sub(b'0');
        all &= digit < 10;
        number = number * 10 + u32::from(digit);
    }
    all.then_some(number)
}

/// Reads an instant as .NET writes it: zero to nine fraction digits, then `Z` or a numeric offset.
/// A text without either is in UTC (`docs/jellyfin.md`, "User data").
///
/// # Errors
/// [`TimeError::Instant`] if the text isn't an instant.
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, TimeError> {
    usual_instant(text.as_bytes())
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc()))
        .or_else(|| text.parse::<chrono::NaiveDateTime>().ok().map(|t| t.and_utc()))
        .ok_or_else(|| TimeError::Instant(text.to_owned()))
}

/// Reads the form of a log's timestamps, `2026-01-05T20:15:30.1234567+00:00`, without a general
/// parser: a log of a million lines has a million of them.
#[inline]
pub(super) fn usual_instant(text: &[u8]) -> Option<DateTime<Utc>> {
    let text: &[u8; 33] = text.try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.')];
    if marks.iter().any(|(at, mark)| text[*at] != *mark) || &text[27..] != b"+00:00" {
        return None;
    }
    let number = |from: usize, to: usize| digits(&text[from..to]);
    NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?)?
        .and_hms_nano_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 27)? * 100)
        .map(|t| t.and_utc())
}

/// Writes an instant in .NET's round-trip form, as a log has it: seven fraction digits, then
/// `+00:00`.
pub fn log_timestamp(instant: DateTime<Utc>) -> String {
    format!(
        "{}.{:07}+00:00",
        instant.format("%Y-%m-%dT%H:%M:%S"),
        instant.timestamp_subsec_nanos() / 100
    )
}

/// An instant with the text that its source gave, which goes into the log unchanged.
///
/// The text is shared, because a snapshot, its plays and the additions made of them all have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayedAt {
    instant: DateTime<Utc>,
    text: Arc<str>,
}

impl PlayedAt {
    /// Reads the text.
    ///
    /// # Errors
    /// [`TimeError::Instant`] if it isn't an instant.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        Ok(Self { instant: parse_instant(text)?, text: text.into() })
    }

    /// The instant.
    pub fn instant(&self) -> DateTime<Utc> {
        self.instant
    }

    /// The text as the source gave it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this stands for no date: year 1 (.NET's default) or the first day of 1970 (Unix'
    /// zero).
    pub fn is_zero_date(&self) -> bool {
        self.instant < DateTime::UNIX_EPOCH + TimeDelta::days(1)
    }
}

impl Serialize for PlayedAt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for PlayedAt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Identifies a play among those of one title: by its instant. All undated plays are one play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlayKey {
    /// Played at this instant, as any of the title's items.
    At(DateTime<Utc>),
    /// Played at an unknown instant.
    Undated,
}

impl PlayKey {
    /// The instant; `None` if the play is undated.
    pub fn instant(self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(instant) => Some(instant),
            Self::Undated => None,
        }
    }
}

impl fmt::Display for PlayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(instant) => f.write_str(&instant.to_rfc3339_opts(SecondsFormat::Nanos, true)),
            Self::Undated => f.write_str("undated"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_with_any_number_of_fraction_digits() {
        let whole = parse_instant("2024-03-01T20:15:30Z").unwrap();
        for same in [
            "2024-03-01T20:15:30.0000000Z",
            "2024-03-01T20:15:30.0+00:00",
            "2024-03-01T21:15:30+01:00",
            "2024-03-01T20:15:30",
            "2024-03-01T20:15:30.0000000+00:00",
        ] {
            assert_eq!(parse_instant(same).unwrap(), whole, "{same}");
        }
        assert_eq!(
            parse_instant("2024-03-01T20:15:30.1234567Z").unwrap().timestamp_subsec_nanos(),
            123_456_700
        );
        for odd in [
            "",
            "yesterday",
            "2024-13-01T00:00:00Z",
            "2024-02-30T00:00:00.0000000+00:00",
            "20240301",
        ] {
            assert_eq!(parse_instant(odd), Err(TimeError::Instant(odd.to_owned())));
        }
    }

    #[test]
    fn a_timestamp_is_written_in_dot_nets_round_trip_form() {
        let text = "2026-01-05T20:15:30.1234567+00:00";
        assert_eq!(log_timestamp(parse_instant(text).unwrap()), text);
    }

    #[test]
    fn a_play_at_half_past_eleven_in_the_evening_of_greenwich_is_tomorrows_in_berlin() {
        let instant = parse_instant("2024-03-01T23:30:00Z").unwrap();
        assert_eq!(
            WatchDate::of(instant, &Zone::named("Europe/Berlin").unwrap()).to_string(),
            "2024-03-02"
        );
        assert_eq!(WatchDate::of(instant, &Zone::UTC).to_string(), "2024-03-01");
    }

    #[test]
    fn a_date_is_its_first_ten_characters() {
        assert_eq!(WatchDate::parse("2024-03-15T20:00:00").unwrap().to_string(), "2024-03-15");
        for odd in ["", "2024-3-15", "2024-02-30", "15.03.2024", "2024/03/15"] {
            assert!(WatchDate::parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn year_one_and_unix_zero_stand_for_no_date() {
        for zero in
            ["0001-01-01T00:00:00.0000000Z", "1970-01-01T00:00:00.0000000Z", "1970-01-01T12:00:00Z"]
        {
            assert!(PlayedAt::parse(zero).unwrap().is_zero_date(), "{zero}");
        }
        assert!(!PlayedAt::parse("1970-01-02T00:00:00Z").unwrap().is_zero_date());
    }
}

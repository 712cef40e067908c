//! Time zones: in which of them the person's days begin and end.
//!
//! The zones are data that the binary carries, so that the same log and snapshot give the same days on every machine: the
//! system's own database differs from one to the next, and a function has none.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};

/// A time zone by its name in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A name that no zone has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone: give a name such as Europe/Vienna")]
pub struct NoSuchZone(String);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of that name, in whatever case.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, NoSuchZone> {
        TimeZoneDatabase::bundled()
            .get(name.trim())
            .map(Self)
            .map_err(|_| NoSuchZone(name.to_owned()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What clocks show there at an instant.
    pub fn local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        // An instant of the year 10,000 or later is nobody's: it has no zone.
        let offset = Timestamp::from_second(instant.timestamp())
            .map_or(0, |second| self.0.to_offset(second).seconds());
        instant
            .naive_utc()
            .checked_add_signed(TimeDelta::seconds(offset.into()))
            .unwrap_or(instant.naive_utc())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(zone: &str, instant: &str) -> String {
        Zone::named(zone).unwrap().local(instant.parse().unwrap()).to_string()
    }

    #[test]
    fn clocks_show_what_they_showed_there_then() {
        assert_eq!(local("Europe/Berlin", "2024-03-01T23:30:00Z"), "2024-03-02 00:30:00");
        assert_eq!(
            local("Europe/Berlin", "2024-07-01T23:30:00Z"),
            "2024-07-02 01:30:00",
            "in summer"
        );
        assert_eq!(local("Pacific/Kiritimati", "2024-03-01T10:00:00Z"), "2024-03-02 00:00:00");
        assert_eq!(local("America/St_Johns", "1999-12-31T23:00:00Z"), "1999-12-31 19:30:00");
        assert_eq!(
            local("Europe/Vienna", "2060-07-01T00:00:00Z"),
            "2060-07-01 02:00:00",
            "by the rules of today"
        );
        assert_eq!(local("UTC", "2024-03-01T23:30:00.5Z"), "2024-03-01 23:30:00.500");
        let far = DateTime::<Utc>::MAX_UTC;
        assert_eq!(Zone::named("Europe/Berlin").unwrap().local(far), far.naive_utc());
    }

    #[test]
    fn a_zone_is_known_by_its_name() {
        assert_eq!(Zone::named(" europe/vienna ").unwrap().name(), "Europe/Vienna");
        assert_eq!(Zone::named("UTC"), Ok(Zone::UTC));
        assert_eq!(Zone::UTC.name(), "UTC");
        for none in ["", "Vienna", "Europe/", "../etc/passwd", "UTC+1"] {
            assert!(Zone::named(none).is_err(), "{none}");
        }
    }
}

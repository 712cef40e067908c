//! Time zones: they decide when a person's day begins and ends.
//!
//! In comes a name or an instant, out goes a zone or the time on its clocks. The zones are data in
//! the binary, never the system's: a machine's own database differs from the next one's, and a
//! function on AWS has none. So the same log and snapshot give the same days everywhere.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};

/// A time zone by its name in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A name that isn't in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` isn't a valid time zone: use a name such as Europe/Vienna")]
pub struct NoSuchZone(String);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Finds a zone by its name. Upper and lower case are the same.
    ///
    /// # Errors
    /// The database has no zone of that name.
    pub fn named(name: &str) -> Result<Self, NoSuchZone> {
        TimeZoneDatabase::bundled()
            .get(name.trim())
            .map(Self)
            .map_err(|_| NoSuchZone(name.to_owned()))
    }

    /// Its name in the IANA database.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The time on the clocks of this zone at an instant.
    pub fn local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        // `jiff` ends with the year 9999. No play is that late, so any offset will do.
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
    fn a_zone_is_found_by_its_name() {
        assert_eq!(Zone::named(" europe/vienna ").unwrap().name(), "Europe/Vienna");
        assert_eq!(Zone::named("UTC"), Ok(Zone::UTC));
        assert_eq!(Zone::UTC.name(), "UTC");
        for none in ["", "Vienna", "Europe/", "../etc/passwd", "UTC+1"] {
            assert!(Zone::named(none).is_err(), "{none}");
        }
    }
}

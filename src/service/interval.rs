//! How often automatic imports run.

use std::{fmt, str::FromStr};

use chrono::TimeDelta;

use super::error::SettingError;

/// How often to import automatically: whole minutes, from five minutes to a week, written `30m` or
/// `6h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(u32);

impl FromStr for Interval {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let wrong = || SettingError::Interval(text.to_owned());
        let text = text.trim();
        let (number, minutes) = match (text.strip_suffix('m'), text.strip_suffix('h')) {
            (Some(number), _) => (number, 1),
            (None, Some(number)) => (number, 60),
            (None, None) => return Err(wrong()),
        };
        let minutes = number.parse::<u32>().ok().and_then(|n| n.checked_mul(minutes));
        let minutes = minutes.ok_or_else(wrong)?;
        if (5..=7 * 24 * 60).contains(&minutes) { Ok(Self(minutes)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 60 {
            0 => write!(f, "{}h", self.0 / 60),
            _ => write!(f, "{}m", self.0),
        }
    }
}

impl From<Interval> for TimeDelta {
    fn from(interval: Interval) -> Self {
        Self::minutes(interval.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_minutes_or_hours_and_neither_too_short_nor_too_long() {
        for (text, shown) in [
            ("5m", "5m"),
            (" 30m ", "30m"),
            ("90m", "90m"),
            ("60m", "1h"),
            ("6h", "6h"),
            ("168h", "168h"),
        ] {
            assert_eq!(text.parse::<Interval>().unwrap().to_string(), shown);
        }
        for text in ["", "m", "4m", "169h", "1d", "-5m", "30", "99999999999h", "4294967295h"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }
}

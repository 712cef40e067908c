//! Reasons, notes, days and instants in words that a person reads.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::domain::{time::WatchDate, zone::Zone};

/// A reason to skip or to leave unmatched, or a note: a few words, and what they mean.
pub(super) fn reason(code: &str) -> (&str, &'static str) {
    match code {
        "not_played" => ("Not played", "Jellyfin doesn’t count them as played."),
        "already_watched" => ("Already watched", "Your log has them as watched."),
        "session_on_that_date" => {
            ("A session on that day", "Your log has a watch session on the day of the play.")
        }
        "already_imported" => {
            ("Already imported", "This very play was added before; its date was changed since.")
        }
        "removed_by_user" => (
            "You took it back",
            "You removed this play, or what lay on that day, by hand. That stands.",
        ),
        "undated_and_watched" => {
            ("No date, and watched", "Jellyfin has no date for it, and your log has sessions.")
        }
        "no_episode_number" => ("No episode number", "Jellyfin doesn’t know which episode it is."),
        "excluded" => ("Left out", "You left it out of this import."),
        "future_date" => {
            ("In the future", "Its date lies more than a day ahead: a clock was wrong.")
        }
        "unreadable_date" => ("Unreadable date", "Its date can’t be read."),
        "possible_rewatch" => {
            ("Possible rewatch", "Perhaps it was merely opened; it waits until you include it.")
        }
        "not_in_library" => ("Not in your library", "Your library has no such title."),
        "no_tmdb_id" => ("No TMDB id", "Jellyfin gives no TMDB id: identify them there."),
        "invalid_tmdb_id" => ("Unusable TMDB id", "What Jellyfin gives as a TMDB id can be none."),
        "removed_from_library" => (
            "Removed from your library",
            "You removed the title. Nothing brings it back by itself.",
        ),
        "suspicious_date" => ("before its year", ""),
        "bulk_marked" => ("marked together with others", ""),
        "suspicious_match" => ("name or year far off", ""),
        "unknown_episode" => ("episode unknown here", ""),
        "session_moved" => ("you moved a session from that day", ""),
        "undated" => ("Jellyfin has no date", ""),
        other => (other, ""),
    }
}

/// An instant of the interface's in a person's zone: `24 Nov 2026, 15:04`.
pub(super) fn instant(text: &str, zone: &Zone) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => zone.local(at.to_utc()).format("%-d %b %Y, %H:%M").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// The same of an event's.
pub(super) fn event_instant(at: DateTime<Utc>, zone: &Zone) -> String {
    zone.local(at).format("%-d %b %Y, %H:%M:%S").to_string()
}

/// A day: `24 Nov 2026`.
pub(super) fn day(date: WatchDate) -> String {
    date.day().format("%-d %b %Y").to_string()
}

/// A day in a list by days: `Tuesday, 24 November`.
pub(super) fn long_day(date: WatchDate) -> String {
    date.day().format("%A, %-d %B").to_string()
}

/// A day as JSON holds it, in words.
pub(super) fn day_text(text: &str) -> String {
    WatchDate::parse(text).map_or_else(|_| text.to_owned(), day)
}

/// A month's name.
pub(super) fn month(number: u32) -> String {
    NaiveDate::from_ymd_opt(2000, number, 1)
        .map(|day| day.format("%B").to_string())
        .unwrap_or_default()
}

/// How many of what: `1 movie`, `3 movies`.
pub(super) fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// An event's or a field's name without what programs need: `Watch session recorded`.
pub(super) fn plain(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        match c {
            '_' => words.push(' '),
            c if c.is_ascii_uppercase() && !words.is_empty() => {
                words.push(' ');
                words.push(c.to_ascii_lowercase());
            }
            c => words.push(c),
        }
    }
    words
}

/// The weekday, Monday 0.
pub(super) fn weekday(date: NaiveDate) -> u32 {
    date.weekday().num_days_from_monday()
}

/// A zone by its name; the settings hold none that doesn't exist.
pub(super) fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap_or(Zone::UTC)
}

/// A slug as a part of a path or query.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Texts with commas between them.
pub(super) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    texts.into_iter().map(|text| text.as_ref().to_owned()).collect::<Vec<_>>().join(", ")
}

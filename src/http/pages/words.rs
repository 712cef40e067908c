//! Days, instants, names and addresses as a page shows them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::{
    domain::{library::Title, time::WatchDate, zone::Zone},
    report::ItemType,
};

/// An instant of an answer in a person's zone: `24 Nov 2026, 15:04`.
pub(super) fn instant(text: &str, zone: &Zone) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => zone.local(at.to_utc()).format("%-d %b %Y, %H:%M").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// An instant of an event, with its seconds.
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

/// An event's or a field's name as people write it: `Watch session recorded`.
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

/// A zone by its name. The settings only store names of zones.
pub(super) fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap_or(Zone::UTC)
}

/// The address of the page of the title with that slug.
pub(super) fn title_path(kind: ItemType, slug: &str) -> String {
    let kind = match kind {
        ItemType::Movie => "movies",
        ItemType::Series => "series",
    };
    format!("/library/{kind}/{}", encoded(slug))
}

/// The address of a title's page.
pub(super) fn path_of(title: Title<'_>) -> String {
    let kind = match title {
        Title::Movie(_) => ItemType::Movie,
        Title::Series(_) => ItemType::Series,
    };
    title_path(kind, title.stream().slug())
}

/// A text as a part of a path or query.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Texts with commas between them.
pub(super) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    texts.into_iter().map(|text| text.as_ref().to_owned()).collect::<Vec<_>>().join(", ")
}

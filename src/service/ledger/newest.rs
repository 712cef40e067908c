//! The newest events, for people to read.

use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, BufRead, BufReader, Read},
};

use chrono::{DateTime, Utc};
use memchr::memmem;
use rustc_hash::FxHashSet;

use super::Ledger;
use crate::{
    domain::{
        events::{LineStart, read_line},
        ids::GlobalPosition,
    },
    service::error::ServiceError,
};

/// Which events.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Part of the stream's name; empty for all.
    pub stream: String,
    /// The event's name; empty for all.
    pub event_type: String,
    /// Only events before that position.
    pub before: Option<GlobalPosition>,
}

/// An event as the log holds it.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// Where in the log.
    pub position: GlobalPosition,
    /// The stream.
    pub stream: String,
    /// The event's name.
    pub event_type: String,
    /// When it was appended.
    pub at: DateTime<Utc>,
    /// The payload, JSON.
    pub data: String,
    /// Where it came from, JSON.
    pub metadata: String,
}

impl LoggedEvent {
    fn read(line: &[u8]) -> Option<Self> {
        let text = read_line(line).ok()?;
        Some(Self {
            position: text.global_position,
            stream: text.stream_id.into(),
            event_type: text.event_type.into(),
            at: text.timestamp,
            data: text.data.into(),
            metadata: text.metadata.into(),
        })
    }
}

/// A page of events that fit.
#[derive(Debug, Clone, Default)]
pub struct EventPage {
    /// The newest first.
    pub events: Vec<LoggedEvent>,
    /// Whether older ones fit too.
    pub more: bool,
    /// The names of all events that were passed.
    pub types: BTreeSet<String>,
}

impl Ledger {
    /// The newest events that fit, at most `most` of them.
    ///
    /// # Errors
    /// The store fails.
    pub async fn newest_events(
        &self,
        filter: EventFilter,
        most: usize,
    ) -> Result<EventPage, ServiceError> {
        let log = self.store.read().await?;
        let found = tokio::task::spawn_blocking(move || newest(log.reader, &filter, most)).await;
        found.expect("reading lines doesn't panic").map_err(ServiceError::Reading)
    }
}

/// One pass, in which no more than the lines to be shown are kept.
fn newest(
    reader: Box<dyn Read + Send>,
    filter: &EventFilter,
    most: usize,
) -> io::Result<EventPage> {
    let mut lines = BufReader::with_capacity(1024 * 1024, reader);
    let wanted_type = format!("\"eventType\":\"{}", filter.event_type);
    let by_type = memmem::Finder::new(&wanted_type);
    let mut kept: VecDeque<Vec<u8>> = VecDeque::with_capacity(most + 2);
    let mut line = Vec::new();
    let mut types: FxHashSet<Vec<u8>> = FxHashSet::default();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if let (Some(start), Some(before)) = (LineStart::read(&line), filter.before)
            && start.global_position >= before
        {
            break;
        }
        if let Some(name) = event_type(&line)
            && !types.contains(name)
        {
            types.insert(name.to_owned());
        }
        let may_fit = memmem::find(&line, filter.stream.as_bytes()).is_some()
            && by_type.find(&line).is_some();
        if may_fit && (is_plain(filter) || fits(&line, filter)) {
            kept.push_back(std::mem::take(&mut line));
            if kept.len() > most + 1 {
                // Its memory is used again.
                line = kept.pop_front().unwrap_or_default();
            }
        }
    }
    let more = kept.len() > most;
    let events = kept.iter().rev().take(most).filter_map(|line| LoggedEvent::read(line));
    let types = types.into_iter().filter_map(|name| String::from_utf8(name).ok());
    Ok(EventPage { events: events.collect(), more, types: types.collect() })
}

/// The event's name, if the line is written as usual.
fn event_type(line: &[u8]) -> Option<&[u8]> {
    const BEFORE: &[u8] = b"\"eventType\":\"";
    let name = &line[memmem::find(line, BEFORE)? + BEFORE.len()..];
    Some(&name[..memchr::memchr(b'"', name)?])
}

fn is_plain(filter: &EventFilter) -> bool {
    filter.stream.is_empty() && filter.event_type.is_empty() && filter.before.is_none()
}

/// The words may be in a payload too, so the line's own fields decide.
fn fits(line: &[u8], filter: &EventFilter) -> bool {
    read_line(line).is_ok_and(|text| {
        text.stream_id.contains(&filter.stream)
            && (filter.event_type.is_empty() || text.event_type == filter.event_type)
            && filter.before.is_none_or(|before| text.global_position < before)
    })
}

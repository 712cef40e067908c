//! The log: the newest events, readable, and whether every line can be read.

use axum::{
    extract::{Query, State},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    answer::{PageProblem, faults, html},
    choice::Choice,
    shell::{Section, Shell, Visitor},
    words,
};
use crate::{
    domain::{
        events::JELLYFIN,
        ids::{GlobalPosition, StreamId},
        zone::Zone,
    },
    http::App,
    report::{ItemType, count},
    service::{EventFilter, LoggedEvent, ServiceError},
};

/// Events on a page.
const EVENTS: usize = 40;

/// Letters of a value that are shown: a whole overview would hide the rest.
const LETTERS: usize = 120;

#[derive(askama::Template)]
#[template(path = "log.html")]
struct LogPage {
    shell: Shell,
    check: String,
    faults: Vec<String>,
    stream: String,
    types: Vec<Choice>,
    events: Vec<EventView>,
    paged: bool,
    newest: String,
    older: Option<String>,
}

struct EventView {
    position: u64,
    name: String,
    stream: String,
    path: Option<String>,
    at: String,
    from: Option<String>,
    fields: Vec<(String, String)>,
}

/// The events that a person looks for.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    stream: String,
    #[serde(rename = "type")]
    event_type: String,
    before: Option<u64>,
}

impl Wanted {
    fn path(&self) -> String {
        let (stream, event_type) = (words::encoded(&self.stream), words::encoded(&self.event_type));
        format!("/log?stream={stream}&type={event_type}")
    }
}

pub(super) async fn page(
    visitor: Visitor,
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageProblem> {
    let (check, faults) = match app.service.ledger().folded().await {
        Ok(folded) => {
            let events = count(folded.log.events(), "event", "events");
            (format!("Log healthy: {events}, no errors."), Vec::new())
        }
        Err(ServiceError::LogCorrupt(_)) => {
            let what =
                "Some lines of the log can’t be read. Nothing is added until you repair them.";
            (what.to_owned(), faults(&app).await?)
        }
        Err(error) => return Err(error.into()),
    };
    let zone = words::zone(&app.service.account().view().await?.time_zone);
    let filter = EventFilter {
        stream: wanted.stream.trim().to_owned(),
        event_type: wanted.event_type.clone(),
        before: wanted.before.map(GlobalPosition),
    };
    let newest = app.service.ledger().newest_events(filter, EVENTS).await?;
    let path = wanted.path();
    let last = newest.events.last().map(|event| event.position.0);
    let page = LogPage {
        shell: visitor.shell("Log", Some(Section::Log)),
        check,
        faults,
        types: newest
            .types
            .iter()
            .map(|name| Choice {
                value: name.clone(),
                text: words::plain(name),
                chosen: *name == wanted.event_type,
            })
            .collect(),
        events: newest.events.iter().map(|event| EventView::of(event, &zone)).collect(),
        paged: wanted.before.is_some(),
        older: last.filter(|_| newest.more).map(|before| format!("{path}&before={before}")),
        newest: path,
        stream: wanted.stream,
    };
    Ok(html(&page))
}

impl EventView {
    fn of(event: &LoggedEvent, zone: &Zone) -> Self {
        let stream = StreamId::from_log(&event.stream);
        let kind = ItemType::of_stream(&stream);
        let metadata: Value = serde_json::from_str(&event.metadata).unwrap_or_default();
        let from = metadata["source"]
            .as_str()
            .map(|source| if source == JELLYFIN { "Jellyfin" } else { source }.to_owned());
        let fields = match serde_json::from_str(&event.data) {
            Ok(Value::Object(fields)) => fields
                .iter()
                // A path in Mediatheca's picture store is of no use to a person.
                .filter(|(name, value)| {
                    !value.is_null()
                        && *value != &Value::Array(Vec::new())
                        && !name.ends_with("Ref")
                })
                .map(|(name, value)| (words::plain(name).to_lowercase(), shown(value)))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            Ok(_) | Err(_) => vec![("data".to_owned(), cut(&event.data))],
        };
        Self {
            position: event.position.0,
            name: words::plain(&event.event_type),
            path: kind.map(|kind| words::title_path(kind, stream.slug())),
            stream: event.stream.clone(),
            at: words::event_instant(event.at, zone),
            from,
            fields,
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            cut(&words::list(all.iter().filter_map(Value::as_str)))
        }
        Value::Array(all) => count(all.len() as u64, "entry", "entries"),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

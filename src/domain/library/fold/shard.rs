//! A share of the streams, each with its title, as the lines of its parts are taken in.
//!
//! In come records in the order of the log; out go the streams that have events, and the faults of
//! lines that don't fit into their stream. A stream that the fold goes on from is copied on its
//! first new event.

use chrono::{DateTime, Utc};
use hashbrown::HashTable;
use rustc_hash::FxHashSet;

use super::{
    Folded,
    part::{Content, Part, Record, hash_of},
};
use crate::domain::{
    events::{Event, FastEvent, Fault, LineError, LineText, MovieEvent, Provenance, SeriesEvent},
    ids::{GlobalPosition, StreamId},
    library::{FoldedTitle, Movie, Series, Standing, movie::NewSession},
};

/// A stream that has events in this fold.
#[derive(Debug)]
pub(super) struct Stream {
    pub id: StreamId,
    /// Where this fold opened it; `None` if an earlier fold did.
    pub first: Option<GlobalPosition>,
    /// Its last event's position in it.
    pub position: u64,
    /// Where this fold added its title; `None` if an earlier fold did, or none has.
    pub added: Option<GlobalPosition>,
    /// `None` until the title is added: nothing counts before that, and in foreign streams nothing
    /// ever does.
    pub title: Option<FoldedTitle>,
}

/// A share of the streams.
#[derive(Debug, Default)]
pub(super) struct Shard {
    index: HashTable<u32>,
    streams: Vec<Stream>,
}

impl Shard {
    /// Takes in records a few at a time: their streams are looked up one right after another, so
    /// that the processor waits for their memory once and not for each.
    pub fn take_in(
        &mut self,
        part: &Part<'_>,
        share: usize,
        base: &Folded,
        faults: &mut Vec<Fault>,
    ) {
        const FEW: usize = 32;
        for records in part.records[share].chunks(FEW) {
            let mut found = [None; FEW];
            for (found, record) in found.iter_mut().zip(records) {
                *found = self.find(record.hash, record.content.stream_id());
            }
            for (found, record) in found.into_iter().zip(records) {
                // Another of these few may have opened it.
                let at = found.or_else(|| self.find(record.hash, record.content.stream_id()));
                if let Err(error) = self.take_in_one(at, record, base) {
                    faults.push(Fault { line: part.lines_before + record.line, error });
                }
            }
        }
    }

    fn take_in_one(
        &mut self,
        at: Option<usize>,
        record: &Record<'_>,
        base: &Folded,
    ) -> Result<(), LineError> {
        let stream_id = record.content.stream_id();
        let not_utf8 = |_| LineError::NotALine("`streamId` is not UTF-8".into());
        let at = match at {
            Some(at) => at,
            None => self.open(record, str::from_utf8(stream_id).map_err(not_utf8)?, base),
        };
        let stream = &mut self.streams[at];
        stream.follow(record, record.content.stream_position())?;
        match &record.content {
            Content::Fast { event, .. } => {
                stream.take_in_fast(event);
                Ok(())
            }
            Content::Text(text) => stream.decode(text, record.global_position),
        }
    }

    fn find(&self, hash: u64, stream_id: &[u8]) -> Option<usize> {
        let is = |at: &u32| self.streams[*at as usize].id.as_str().as_bytes() == stream_id;
        self.index.find(hash, is).map(|at| *at as usize)
    }

    fn open(&mut self, record: &Record<'_>, name: &str, base: &Folded) -> usize {
        let at = self.streams.len();
        self.streams.push(match base.log.stream_named(name) {
            Some((id, head)) => Stream {
                id: id.clone(),
                first: None,
                position: head.position,
                added: None,
                title: base.library.copy_of(id),
            },
            None => Stream {
                id: StreamId::from_log(name),
                first: Some(record.global_position),
                position: record.content.stream_position(),
                added: None,
                title: None,
            },
        });
        let streams = &self.streams;
        let hash = |at: &u32| hash_of(streams[*at as usize].id.as_str().as_bytes());
        self.index.insert_unique(record.hash, at as u32, hash);
        at
    }

    /// Ends the fold of its streams.
    pub fn settle(&mut self) {
        let mut seen = FxHashSet::default();
        for stream in &mut self.streams {
            if let Some(FoldedTitle::Movie(movie)) = &mut stream.title {
                movie.settle(&mut seen);
            }
        }
    }

    pub fn into_streams(self) -> Vec<Stream> {
        self.streams
    }
}

impl Stream {
    /// Positions rise within a stream; the first may be any number.
    fn follow(&mut self, record: &Record<'_>, found: u64) -> Result<(), LineError> {
        let before = self.position;
        if found > before || Some(record.global_position) == self.first {
            self.position = found;
            return Ok(());
        }
        Err(LineError::StreamPosition { stream: self.id.to_string(), before, found })
    }

    fn take_in_fast(&mut self, event: &FastEvent<'_>) {
        match (&mut self.title, event) {
            (
                Some(FoldedTitle::Movie(movie)),
                FastEvent::WatchSession { id, date, duration, friends },
            ) => {
                if movie.standing == Standing::Active {
                    let session = NewSession { id: id.clone(), date, duration: *duration };
                    movie.record(session, friends.map(Into::into), None);
                }
            }
            (Some(FoldedTitle::Series(series)), FastEvent::Episode { rewatch, number, date }) => {
                if series.standing == Standing::Active {
                    series.watch(rewatch, *number, *date, None);
                }
            }
            (None | Some(FoldedTitle::Movie(_) | FoldedTitle::Series(_)), _) => {}
        }
    }

    fn decode(&mut self, text: &LineText<'_>, position: GlobalPosition) -> Result<(), LineError> {
        let event = Event::decode(&text.stream_id, &text.event_type, &text.data).map_err(|e| {
            LineError::Payload { event_type: text.event_type.to_string(), reason: e.to_string() }
        })?;
        let provenance = match &*text.metadata {
            "{}" => None,
            metadata => {
                Provenance::read(metadata).map_err(|e| LineError::Metadata(e.to_string()))?
            }
        };
        if let Some(event) = event {
            self.take_in(event, provenance, text.timestamp, position);
        }
        Ok(())
    }

    fn take_in(
        &mut self,
        event: Event<'_>,
        from: Option<Provenance>,
        at: DateTime<Utc>,
        position: GlobalPosition,
    ) {
        let id = || self.id.clone();
        let title = match (&mut self.title, event) {
            (Some(FoldedTitle::Movie(movie)), Event::Movie(event)) => {
                return movie.evolve(event, from, at);
            }
            (Some(FoldedTitle::Series(series)), Event::Series(event)) => {
                return series.evolve(event, from, at);
            }
            (None, Event::Movie(MovieEvent::Added(data))) => {
                FoldedTitle::Movie(Box::new(Movie::added(id(), *data)))
            }
            (None, Event::Series(SeriesEvent::Added(data))) => {
                FoldedTitle::Series(Box::new(Series::added(id(), *data, at)))
            }
            (
                None | Some(FoldedTitle::Movie(_) | FoldedTitle::Series(_)),
                Event::Movie(_) | Event::Series(_),
            ) => return,
        };
        (self.title, self.added) = (Some(title), Some(position));
    }
}

//! The fold: a log's bytes in, the [`Log`] and its [`Library`] out, in one pass.
//!
//! Lines don't depend on each other until they meet in a stream, and streams don't touch each other. So the bytes are
//! cut into as many parts as there are workers and each part's lines are read ([`Part`]); then each worker takes in,
//! in order, the lines of its share of the streams ([`Shard`]). What comes out is the same for any number of workers
//! and any cut of the bytes (`the_fold_is_the_same_however_the_bytes_come`).

use std::{hash::BuildHasher, num::NonZero};

use chrono::{DateTime, Utc};
use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::{Library, Movie, Series, Standing, movie::NewSession};
use crate::domain::{
    events::{
        Event, Fault, Head, HotEvent, LineError, LineText, Log, MovieEvent, Provenance,
        SeriesEvent, Skim, StreamHead, read_line,
    },
    ids::{GlobalPosition, StreamId},
};

/// A log read whole and without a fault, and what it says.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// Where it and its streams end.
    pub log: Log,
    /// What it says.
    pub library: Library,
}

impl Folded {
    /// Folds a whole log.
    ///
    /// # Errors
    /// The first line that can't be read.
    pub fn of(log: &[u8]) -> Result<Self, Fault> {
        let mut fold = Fold::new(NonZero::<usize>::MIN);
        fold.push(log);
        fold.finish()
    }
}

/// Below this many bytes at once a second thread costs more than it gives.
const WORTH_A_THREAD: usize = 128 * 1024;

/// A fold under way. Bytes may be cut anywhere; a line cut in two is kept until its rest comes.
#[derive(Debug)]
pub struct Fold {
    shards: Vec<Shard>,
    /// The beginning of a line whose rest hasn't come.
    begun: Vec<u8>,
    bytes: u64,
    lines: u64,
    last: GlobalPosition,
    /// All of them: a log is read to its end, so that every fault can be named.
    faults: Vec<Fault>,
    /// Emptied lists of records, to be filled again: new memory for each piece would cost as much as reading it.
    spare: Vec<Vec<Record<'static>>>,
}

impl Fold {
    /// An empty fold that may use that many threads.
    pub fn new(workers: NonZero<usize>) -> Self {
        Self {
            shards: (0..workers.get()).map(|_| Shard::default()).collect(),
            begun: Vec::new(),
            bytes: 0,
            lines: 0,
            last: GlobalPosition::default(),
            faults: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes in the next bytes of the log.
    pub fn push(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if !self.begun.is_empty() {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                return self.begun.extend_from_slice(bytes);
            };
            let (rest, behind) = bytes.split_at(end + 1);
            self.begun.extend_from_slice(rest);
            let line = std::mem::take(&mut self.begun);
            self.take_in(&line);
            bytes = behind;
        }
        let whole = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        self.take_in(&bytes[..whole]);
        self.begun.extend_from_slice(&bytes[whole..]);
    }

    fn take_in(&mut self, lines: &[u8]) {
        let shares = self.shards.len();
        let parts = if lines.len() < WORTH_A_THREAD { 1 } else { shares };
        let mut empty =
            || (0..shares).map(|_| self.spare.pop().unwrap_or_default()).collect::<Vec<_>>();
        let parts = cut(lines, parts).into_iter().map(|lines| (lines, empty())).collect();
        let mut parts: Vec<Part<'_>> =
            in_parallel(parts, |(lines, records)| Part::read(lines, records));
        for part in &mut parts {
            part.follow(self.last, self.lines);
            self.last = self.last.max(part.last);
            self.lines += part.lines;
            self.faults.append(&mut part.faults);
        }
        let read = &parts;
        let shards = if read.len() == 1 {
            vec![&mut self.shards[..]]
        } else {
            self.shards.chunks_mut(1).collect()
        };
        let faults = in_parallel(
            shards.into_iter().enumerate().collect(),
            |(at, shards): (usize, &mut [Shard])| {
                let mut faults = Vec::new();
                for (share, shard) in (at..).zip(shards) {
                    for part in read {
                        shard.take_in(&part.records[share], part.lines_before, &mut faults);
                    }
                }
                faults
            },
        );
        self.faults.extend(faults.into_iter().flatten());
        self.spare.extend(parts.into_iter().flat_map(|part| part.records).map(emptied));
    }

    /// Takes in a last line that lacks its line feed, and says whether there was one.
    fn close(&mut self) -> bool {
        let line = std::mem::take(&mut self.begun);
        self.take_in(&line);
        self.faults.sort_by_key(|fault| fault.line);
        !line.is_empty()
    }

    /// How many bytes were taken in.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes were taken in, and every line that couldn't be read.
    pub fn faults(mut self) -> (u64, Vec<Fault>) {
        self.close();
        (self.bytes, self.faults)
    }

    /// Ends the fold.
    ///
    /// # Errors
    /// The first line that couldn't be read.
    pub fn finish(mut self) -> Result<Folded, Fault> {
        let lacks_line_feed = self.close();
        if let Some(fault) = self.faults.into_iter().next() {
            return Err(fault);
        }
        let head = Head { position: self.last, bytes: self.bytes };
        in_parallel(self.shards.iter_mut().collect(), Shard::settle);
        let mut streams: Vec<Stream> =
            self.shards.into_iter().flat_map(|shard| shard.streams).collect();
        streams.sort_unstable_by_key(|stream| stream.first);
        let mut heads = FxHashMap::with_capacity_and_hasher(streams.len(), FxBuildHasher);
        let (mut movies, mut series) = (Vec::new(), Vec::new());
        for stream in streams {
            heads.insert(stream.id, StreamHead { position: stream.position });
            match stream.title {
                Title::Movie(movie) => movies.push(*movie),
                Title::Series(one) => series.push(*one),
                Title::None => {}
            }
        }
        Ok(Folded {
            log: Log::new(head, self.lines, heads, lacks_line_feed),
            library: Library::new(movies, series),
        })
    }
}

/// Does the work on one thread each; the first on this one.
fn in_parallel<T: Send, R: Send>(work: Vec<T>, act: impl Fn(T) -> R + Sync) -> Vec<R> {
    let act = &act;
    std::thread::scope(|scope| {
        let mut work = work.into_iter();
        let first = work.next();
        let others: Vec<_> = work.map(|one| scope.spawn(move || act(one))).collect();
        let first = first.map(act);
        let others = others
            .into_iter()
            .map(|thread| thread.join().expect("a worker that panics has panicked the fold"));
        first.into_iter().chain(others).collect()
    })
}

/// The same list without its records, free of what they borrowed; mapping none of them keeps the memory.
#[expect(
    clippy::unnecessary_filter_map,
    reason = "a filter would keep the lifetime, and losing it is the point"
)]
fn emptied(mut records: Vec<Record<'_>>) -> Vec<Record<'static>> {
    records.clear();
    records.into_iter().filter_map(|_| None).collect()
}

/// Cuts lines into parts of about the same length, each of whole lines.
fn cut(mut lines: &[u8], parts: usize) -> Vec<&[u8]> {
    let mut cut = Vec::with_capacity(parts);
    for left in (1..=parts).rev() {
        let about = lines.len() / left;
        let end = memchr::memchr(b'\n', &lines[about.saturating_sub(1)..])
            .map_or(lines.len(), |end| about.max(1) + end);
        let (part, rest) = lines.split_at(end.min(lines.len()));
        cut.push(part);
        lines = rest;
    }
    cut
}

/// Some lines of the log, read but not yet taken in, by share of the streams.
#[derive(Debug)]
struct Part<'a> {
    records: Vec<Vec<Record<'a>>>,
    lines: u64,
    lines_before: u64,
    first: Option<GlobalPosition>,
    last: GlobalPosition,
    faults: Vec<Fault>,
}

/// A line that was read.
#[derive(Debug)]
struct Record<'a> {
    /// Its number in the part, from 1.
    line: u64,
    global_position: GlobalPosition,
    /// Of the stream's name.
    hash: u64,
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    Hot { stream_id: &'a [u8], stream_position: u64, event: HotEvent<'a> },
    Text(Box<LineText<'a>>),
}

impl Content<'_> {
    fn stream_id(&self) -> &[u8] {
        match self {
            Self::Hot { stream_id, .. } => stream_id,
            Self::Text(text) => text.stream_id.as_bytes(),
        }
    }

    fn stream_position(&self) -> u64 {
        match self {
            Self::Hot { stream_position, .. } => *stream_position,
            Self::Text(text) => text.stream_position,
        }
    }
}

impl<'a> Part<'a> {
    fn read(mut bytes: &'a [u8], records: Vec<Vec<Record<'a>>>) -> Self {
        let mut part = Self {
            records,
            lines: 0,
            lines_before: 0,
            first: None,
            last: GlobalPosition::default(),
            faults: Vec::new(),
        };
        while !bytes.is_empty() {
            part.lines += 1;
            let hot = Skim::read(bytes).and_then(|skim| Some((skim, skim.hot()?)));
            if let Some((Skim { global_position, stream_id, .. }, hot)) = hot {
                bytes = hot.behind;
                let content = Content::Hot {
                    stream_id,
                    stream_position: hot.stream_position,
                    event: hot.event,
                };
                part.push(global_position, stream_id, content);
                continue;
            }
            let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
            let (line, behind) = bytes.split_at(end);
            bytes = behind;
            match read_line(line) {
                Ok(text) => {
                    let stream_id = text.stream_id.clone();
                    part.push(
                        text.global_position,
                        stream_id.as_bytes(),
                        Content::Text(Box::new(text)),
                    );
                }
                Err(error) => part.faults.push(Fault { line: part.lines, error }),
            }
        }
        part
    }

    fn push(&mut self, global_position: GlobalPosition, stream_id: &[u8], content: Content<'a>) {
        let before = self.last;
        self.last = global_position.max(before);
        if self.first.is_none() {
            self.first = Some(global_position);
        } else if global_position <= before {
            self.faults.push(Fault {
                line: self.lines,
                error: LineError::GlobalPosition { before, found: global_position },
            });
        }
        let hash = FxBuildHasher.hash_one(stream_id);
        // High bits: the low ones choose the place in a shard's index.
        let share = (hash >> 40) as usize % self.records.len();
        self.records[share].push(Record { line: self.lines, global_position, hash, content });
    }

    /// Learns what came before.
    fn follow(&mut self, before: GlobalPosition, lines_before: u64) {
        self.lines_before = lines_before;
        if let Some(found) = self.first.filter(|found| *found <= before) {
            let line = self.records.iter().flatten().map(|r| r.line).min().unwrap_or(1);
            self.faults.push(Fault { line, error: LineError::GlobalPosition { before, found } });
        }
        self.faults.iter_mut().for_each(|fault| fault.line += lines_before);
    }
}

/// What a stream has come to.
#[derive(Debug)]
enum Title {
    /// Nothing counts before the title is added; in foreign streams nothing ever counts.
    None,
    Movie(Box<Movie>),
    Series(Box<Series>),
}

#[derive(Debug)]
struct Stream {
    id: StreamId,
    first: GlobalPosition,
    position: u64,
    title: Title,
}

/// A share of the streams.
#[derive(Debug, Default)]
struct Shard {
    index: HashTable<u32>,
    streams: Vec<Stream>,
}

impl Shard {
    /// Takes in records a few at a time: their streams are looked up one right after another, so that the processor
    /// waits for their memory once and not for each.
    fn take_in(&mut self, records: &[Record<'_>], lines_before: u64, faults: &mut Vec<Fault>) {
        const FEW: usize = 32;
        for records in records.chunks(FEW) {
            let mut found = [None; FEW];
            for (found, record) in found.iter_mut().zip(records) {
                *found = self.find(record.hash, record.content.stream_id());
            }
            for (found, record) in found.into_iter().zip(records) {
                // Another of these few may have opened it.
                let at = found.or_else(|| self.find(record.hash, record.content.stream_id()));
                let taken_in = self.take_in_one(at, record);
                faults.extend(
                    taken_in.err().map(|error| Fault { line: lines_before + record.line, error }),
                );
            }
        }
    }

    fn take_in_one(&mut self, at: Option<usize>, record: &Record<'_>) -> Result<(), LineError> {
        let stream_id = record.content.stream_id();
        let not_utf8 = |_| LineError::NotALine("`streamId` is not UTF-8".into());
        let at = match at {
            Some(at) => at,
            None => self.open(record, str::from_utf8(stream_id).map_err(not_utf8)?),
        };
        let stream = &mut self.streams[at];
        stream.follow(record, record.content.stream_position())?;
        match &record.content {
            Content::Hot { event, .. } => {
                stream.take_in_hot(event);
                Ok(())
            }
            Content::Text(text) => stream.decode(text),
        }
    }

    fn find(&self, hash: u64, stream_id: &[u8]) -> Option<usize> {
        let is = |at: &u32| self.streams[*at as usize].id.as_str().as_bytes() == stream_id;
        self.index.find(hash, is).map(|at| *at as usize)
    }

    fn open(&mut self, record: &Record<'_>, stream_id: &str) -> usize {
        let position = record.content.stream_position();
        let at = self.streams.len();
        let id = StreamId::from_log(stream_id);
        self.streams.push(Stream {
            id,
            first: record.global_position,
            position,
            title: Title::None,
        });
        let streams = &self.streams;
        let hash = |at: &u32| FxBuildHasher.hash_one(streams[*at as usize].id.as_str().as_bytes());
        self.index.insert_unique(record.hash, at as u32, hash);
        at
    }

    fn settle(&mut self) {
        let mut seen = FxHashSet::default();
        for stream in &mut self.streams {
            if let Title::Movie(movie) = &mut stream.title {
                movie.settle(&mut seen);
            }
        }
    }
}

impl Stream {
    /// A stream's positions rise; its first is whatever it is.
    fn follow(&mut self, record: &Record<'_>, found: u64) -> Result<(), LineError> {
        let before = self.position;
        if found > before || record.global_position == self.first {
            self.position = found;
            return Ok(());
        }
        Err(LineError::StreamPosition { stream: self.id.to_string(), before, found })
    }

    fn take_in_hot(&mut self, event: &HotEvent<'_>) {
        match (&mut self.title, event) {
            (Title::Movie(movie), HotEvent::WatchSession { id, date, duration, friends }) => {
                if movie.standing == Standing::Active {
                    let session = NewSession { id: id.clone(), date, duration: *duration };
                    movie.record(session, friends.map(Into::into), None);
                }
            }
            (Title::Series(series), HotEvent::Episode { rewatch, number, date }) => {
                if series.standing == Standing::Active {
                    series.watch_in(|id| id.as_bytes() == *rewatch, *number, *date, None);
                }
            }
            // Nothing counts before the title was added.
            (Title::None | Title::Movie(_) | Title::Series(_), _) => {}
        }
    }

    fn decode(&mut self, text: &LineText<'_>) -> Result<(), LineError> {
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
            self.take_in(event, provenance, text.timestamp);
        }
        Ok(())
    }

    fn take_in(&mut self, event: Event<'_>, from: Option<Provenance>, at: DateTime<Utc>) {
        match (&mut self.title, event) {
            (Title::Movie(movie), Event::Movie(event)) => movie.evolve(event, from, at),
            (Title::Series(series), Event::Series(event)) => series.evolve(event, from, at),
            (Title::None, Event::Movie(MovieEvent::Added(data))) => {
                self.title = Title::Movie(Box::new(Movie::added(self.id.clone(), *data)));
            }
            (Title::None, Event::Series(SeriesEvent::Added(data))) => {
                self.title = Title::Series(Box::new(Series::added(self.id.clone(), *data, at)));
            }
            (
                Title::None | Title::Movie(_) | Title::Series(_),
                Event::Movie(_) | Event::Series(_),
            ) => {}
        }
    }
}

//! The log's language: its lines, its events, and what may be appended to it.
//!
//! [`Event`] can be decoded and never encoded; [`Addition`] can be encoded and never removes or
//! changes anything. A [`Commit`] exists only for a [`Log`] whose every line parsed.

mod addition;
mod commit;
mod line;
mod log;
mod movie;
mod payload;
mod provenance;
mod series;
mod slug;

pub use addition::{
    Addition, EpisodeToAdd, Focus, MovieToAdd, PlacedAddition, SeasonToAdd, SeriesToAdd,
    WatchSessionToAdd, WatchedEpisodeToAdd,
};
pub use commit::{Commit, CommitMark, ExtendError, WholeLog, WholeLogError};
pub use line::{FastEvent, Fault, LineError, LineStart, LineText, read_line};
pub(in crate::domain) use log::Growth;
pub use log::{Log, LogHead, StreamHead};
pub use movie::{MovieAdded, MovieEvent};
pub use provenance::{DateSource, JELLYFIN, Origin, Provenance, Via};
pub use series::{
    EpisodeOn, RewatchSessionCreated, SeasonAdded, SeasonOn, SeriesAdded, SeriesEvent,
};
pub use slug::slug;

use super::ids::StreamKind;

/// An event of one of the two kinds of stream that this product reads.
///
/// It has no encoder: what others wrote is kept as bytes and never written again.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// In a stream `Movie-<slug>`.
    Movie(MovieEvent<'a>),
    /// In a stream `Series-<slug>`.
    Series(SeriesEvent<'a>),
}

impl<'a> Event<'a> {
    /// Decodes a payload; `None` for a foreign stream or an unknown type, which are kept and passed
    /// over.
    ///
    /// # Errors
    /// The type is known, and the payload isn't of its shape.
    pub fn decode(
        stream_id: &str,
        event_type: &str,
        data: &'a str,
    ) -> Result<Option<Self>, serde_json::Error> {
        Ok(match StreamKind::of(stream_id.as_bytes()) {
            StreamKind::Movie => MovieEvent::decode(event_type, data)?.map(Event::Movie),
            StreamKind::Series => SeriesEvent::decode(event_type, data)?.map(Event::Series),
            StreamKind::Other => None,
        })
    }
}

//! The body of an answer: unpacked and counted while it arrives, so that no more of it is held than
//! is allowed.

use std::{
    io::{self, Write},
    time::Duration,
};

use flate2::write::MultiGzDecoder;
use reqwest::{Response, header};
use tokio::sync::OwnedSemaphorePermit;

use super::{bounds::Bound, budget::Share, error::TransportError};

/// The value of `Accept-Encoding`: the one packing that is unpacked here.
pub const ACCEPTED: &str = "gzip";

/// How much of a body is read, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Most bytes, as sent and as unpacked.
    pub bytes: usize,
    /// Until the last byte has arrived.
    pub time: Duration,
}

/// A complete body. Its share of the budget and its place are given back when it is dropped.
#[derive(Debug)]
pub struct Body {
    /// The unpacked bytes.
    pub bytes: Vec<u8>,
    _share: Option<Share>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Body {
    /// The same body, which keeps a place until it is dropped.
    pub fn holding(self, place: Option<OwnedSemaphorePermit>) -> Self {
        Self { _place: place, ..self }
    }
}

/// Why a body isn't complete.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It exceeds a bound.
    #[error("{0}")]
    TooLarge(Bound),
    /// The connection failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It can't be unpacked.
    #[error(transparent)]
    Packing(#[from] PackingError),
}

/// Why a body can't be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum PackingError {
    /// It is packed in a way that the request didn't ask for.
    #[error("it is packed as `{0}`, which wasn't asked for")]
    Unknown(String),
    /// It isn't packed as it says.
    #[error("{0}")]
    Damaged(#[source] io::Error),
}

/// Reads a body within its allowance. The share grows with the unpacked bytes.
///
/// # Errors
/// See [`BodyError`]; nothing of the body is kept.
pub async fn read(
    response: Response,
    allowed: Allowance,
    share: Option<Share>,
) -> Result<Body, BodyError> {
    let read = read_all(response, allowed.bytes, share);
    tokio::time::timeout(allowed.time, read)
        .await
        .unwrap_or(Err(BodyError::TooLarge(Bound::Time(allowed.time))))
}

async fn read_all(
    mut response: Response,
    most: usize,
    share: Option<Share>,
) -> Result<Body, BodyError> {
    let packing = response
        .headers()
        .get(header::CONTENT_ENCODING)
        .map(|packing| packing.as_bytes().to_ascii_lowercase());
    let sink = Sink { bytes: Vec::new(), most, share, passed: None };
    let mut sink = match packing.as_deref() {
        None | Some(b"identity" | b"") => Unpacker::Plain(sink),
        Some(b"gzip" | b"x-gzip") => Unpacker::Gzip(Box::new(MultiGzDecoder::new(sink))),
        Some(other) => {
            let other = String::from_utf8_lossy(other).into_owned();
            return Err(PackingError::Unknown(other).into());
        }
    };
    let mut sent = 0;
    while let Some(piece) = response.chunk().await.map_err(TransportError::from)? {
        sent += piece.len();
        if sent > most {
            return Err(BodyError::TooLarge(Bound::Sent(most)));
        }
        sink.take(&piece)?;
    }
    sink.finish()
}

/// Unpacks each piece as it arrives.
enum Unpacker {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
}

impl Unpacker {
    fn take(&mut self, piece: &[u8]) -> Result<(), BodyError> {
        let (taken, sink) = match self {
            Self::Plain(sink) => (sink.write_all(piece), &*sink),
            Self::Gzip(gzip) => (gzip.write_all(piece), gzip.get_ref()),
        };
        taken.map_err(|error| sink.failure(error))
    }

    fn finish(self) -> Result<Body, BodyError> {
        let sink = match self {
            Self::Plain(sink) => sink,
            Self::Gzip(mut gzip) => {
                let ended = gzip.try_finish();
                ended.map_err(|error| gzip.get_ref().failure(error))?;
                gzip.finish().map_err(PackingError::Damaged)?
            }
        };
        Ok(Body { bytes: sink.bytes, _share: sink.share, _place: None })
    }
}

/// Takes the unpacked bytes, up to a bound.
struct Sink {
    bytes: Vec<u8>,
    most: usize,
    share: Option<Share>,
    passed: Option<Bound>,
}

/// The most memory that a body with a share of the budget takes ahead, in bytes. Doubling it,
/// as a `Vec` does by default, would take up to twice what is counted.
const AHEAD: usize = 256 * 1024;

impl Sink {
    /// Takes the memory for a body of that length out of the budget.
    fn make_room(&mut self, length: usize) -> Result<(), Bound> {
        let Some(share) = &mut self.share else { return Ok(()) };
        let held = self.bytes.capacity();
        if length <= held {
            return Ok(());
        }
        let wanted = (length + (length / 4).min(AHEAD)).min(self.most);
        share.grow(wanted - held)?;
        self.bytes.reserve_exact(wanted - self.bytes.len());
        Ok(())
    }

    /// What a failed write means: a bound of ours, or damage.
    fn failure(&self, error: io::Error) -> BodyError {
        match self.passed {
            Some(bound) => BodyError::TooLarge(bound),
            None => PackingError::Damaged(error).into(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let length = self.bytes.len() + piece.len();
        let allowed = if length > self.most {
            Err(Bound::Unpacked(self.most))
        } else {
            self.make_room(length)
        };
        match allowed {
            Ok(()) => {
                self.bytes.extend_from_slice(piece);
                Ok(piece.len())
            }
            Err(bound) => {
                self.passed = Some(bound);
                Err(io::ErrorKind::FileTooLarge.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

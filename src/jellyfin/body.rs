//! The body of an answer: unpacked and counted while it comes, so that no more of it is ever held than is allowed.

use std::{
    io::{self, Write},
    time::Duration,
};

use flate2::write::MultiGzDecoder;
use reqwest::{Response, header};
use tokio::sync::OwnedSemaphorePermit;

use super::bounds::{Bound, Share};

/// What a request says it takes: the one packing that is unpacked here.
pub(super) const ACCEPTED: &str = "gzip";

/// How large an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// A page of a list.
    List,
    /// Any other answer.
    Small,
}

/// What a GET asks for, and how long it is worth waiting for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Such as `/Items`.
    pub path: &'a str,
    /// In words, for errors.
    pub what: &'a str,
    /// Until the answer begins.
    pub patience: Duration,
    /// Whether a request that timed out is repeated: the server goes on working on it, and a second one slows the first.
    pub again_if_slow: bool,
    /// How large the answer may be.
    pub size: Size,
}

/// A body that came whole, and what it takes of the budget until it is dropped.
#[derive(Debug)]
pub(super) struct Body {
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

/// Why a body didn't come whole.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It passes a bound.
    TooLarge(Bound),
    /// The connection failed.
    Transport(reqwest::Error),
    /// It isn't packed as it says.
    Packing(String),
}

/// Reads a body of at most that many bytes, as sent and as unpacked; of a list's, the budget has a share.
pub(super) async fn read(
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
            let other = String::from_utf8_lossy(other);
            return Err(BodyError::Packing(format!(
                "it is packed as `{other}`, which nobody asked for"
            )));
        }
    };
    let mut sent = 0;
    while let Some(piece) = response.chunk().await.map_err(BodyError::Transport)? {
        sent += piece.len();
        if sent > most {
            return Err(BodyError::TooLarge(Bound::Sent(most)));
        }
        sink.take(&piece)?;
    }
    sink.finish()
}

/// What comes is unpacked at once.
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
        taken.map_err(|error| sink.failure(&error))
    }

    fn finish(self) -> Result<Body, BodyError> {
        let sink = match self {
            Self::Plain(sink) => sink,
            Self::Gzip(mut gzip) => {
                let ended = gzip.try_finish();
                ended.map_err(|error| gzip.get_ref().failure(&error))?;
                gzip.finish().map_err(|error| BodyError::Packing(error.to_string()))?
            }
        };
        Ok(Body { bytes: sink.bytes, _share: sink.share, _place: None })
    }
}

/// Where the unpacked bytes go, up to a bound.
struct Sink {
    bytes: Vec<u8>,
    most: usize,
    share: Option<Share>,
    passed: Option<Bound>,
}

impl Sink {
    fn failure(&self, error: &io::Error) -> BodyError {
        self.passed.map_or_else(|| BodyError::Packing(error.to_string()), BodyError::TooLarge)
    }
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let allowed = if self.bytes.len() + piece.len() > self.most {
            Err(Bound::Unpacked(self.most))
        } else {
            self.share.as_mut().map_or(Ok(()), |share| share.grow(piece.len()))
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

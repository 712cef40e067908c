//! The log's objects as one stream of bytes, a few begun ahead of the one that is read.

use std::{
    io::{self, Read},
    sync::Arc,
};

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::{
    bucket::Bucket,
    chain::{Chain, Object},
};
use crate::store::{LogBytes, Stamp, StoreError};

/// Objects begun at once.
const AHEAD: usize = 8;

/// Pieces that wait to be read.
const PIECES: usize = 16;

/// How often an answer may break off before its first byte.
const TRIES: u32 = 4;

/// Reads the objects of a chain one after the other, from byte `start` of the log on; from its
/// beginning if the log doesn't reach that far.
pub(super) fn read(bucket: Arc<Bucket>, chain: &Chain, start: u64) -> LogBytes {
    let (send, pieces) = mpsc::channel(PIECES);
    let length = chain.bytes();
    let start = if start <= length { start } else { 0 };
    let objects: Vec<_> = chain.from(start).map(|(object, at)| (object.clone(), at)).collect();
    tokio::spawn(async move {
        let begun = stream::iter(objects).map(|(object, at)| {
            let bucket = bucket.clone();
            async move {
                let answer = bucket.get(&object.key(), at).await;
                (object, at, answer)
            }
        });
        let mut begun = std::pin::pin!(begun.buffered(AHEAD));
        while let Some((object, at, answer)) = begun.next().await {
            let passed_on = match answer {
                Ok(answer) => {
                    pass_on(&bucket, &object, at, answer.map(|answer| answer.body), &send).await
                }
                Err(error) => Err(error),
            };
            match passed_on {
                Ok(true) => {}
                // The reader was dropped.
                Ok(false) => return,
                Err(error) => {
                    let _ = send.send(Err(io::Error::other(error))).await;
                    return;
                }
            }
        }
    });
    let left = length - start;
    LogBytes {
        start,
        length,
        reader: Box::new(Pieces { pieces, current: Vec::new(), at: 0, left }),
        torn: 0,
        stamp: Stamp(chain.stamp()),
    }
}

/// Passes an object on from a byte on; asks for it again from where an answer breaks off. False if
/// the reader was dropped.
async fn pass_on(
    bucket: &Bucket,
    object: &Object,
    mut at: u64,
    mut body: Option<aws_sdk_s3::primitives::ByteStream>,
    send: &mpsc::Sender<io::Result<Vec<u8>>>,
) -> Result<bool, StoreError> {
    let mut tries = 1;
    loop {
        let broke_off = match body.as_mut() {
            Some(body) => match body.try_next().await {
                Ok(Some(piece)) => {
                    at += piece.len() as u64;
                    tries = 1;
                    if send.send(Ok(piece.to_vec())).await.is_err() {
                        return Ok(false);
                    }
                    continue;
                }
                Ok(None) if at == object.bytes => return Ok(true),
                Ok(None) if at > object.bytes => {
                    let reason = format!("it was listed with {} bytes and has {at}", object.bytes);
                    return Err(bucket.failed("reading", &object.key(), reason));
                }
                Ok(None) => format!("it ends after {at} of {} bytes", object.bytes),
                Err(_) if at == object.bytes => return Ok(true),
                Err(error) => error.to_string(),
            },
            None => "it was listed and is gone".to_owned(),
        };
        if tries == TRIES {
            return Err(bucket.failed("reading", &object.key(), broke_off));
        }
        tries += 1;
        body = bucket.get(&object.key(), at).await?.map(|answer| answer.body);
    }
}

/// Pieces, read as one stream. Blocks its thread while it waits, so the caller reads it on a thread
/// that may block.
struct Pieces {
    pieces: mpsc::Receiver<io::Result<Vec<u8>>>,
    current: Vec<u8>,
    at: usize,
    left: u64,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.current.len() {
            match self.pieces.blocking_recv() {
                Some(piece) => (self.current, self.at) = (piece?, 0),
                None if self.left == 0 => return Ok(0),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let length = buffer.len().min(self.current.len() - self.at);
        buffer[..length].copy_from_slice(&self.current[self.at..self.at + length]);
        self.at += length;
        self.left = self.left.saturating_sub(length as u64);
        Ok(length)
    }
}

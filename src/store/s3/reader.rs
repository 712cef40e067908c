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
use crate::store::{LogBytes, StoreError};

/// Objects begun at once.
const AHEAD: usize = 8;

/// Pieces that wait to be read.
const PIECES: usize = 16;

/// How often an answer may break off before its first byte.
const TRIES: u32 = 4;

/// Reads all objects of a chain, one after the other.
pub(super) fn read(bucket: Arc<Bucket>, chain: &Chain) -> LogBytes {
    let (send, pieces) = mpsc::channel(PIECES);
    let (objects, length) = (chain.objects().to_vec(), chain.bytes());
    tokio::spawn(async move {
        let begun = stream::iter(objects).map(|object| {
            let bucket = bucket.clone();
            async move {
                let answer = bucket.get(&object.key(), 0).await;
                (object, answer)
            }
        });
        let mut begun = std::pin::pin!(begun.buffered(AHEAD));
        while let Some((object, answer)) = begun.next().await {
            let passed_on = match answer {
                Ok(answer) => {
                    pass_on(&bucket, &object, answer.map(|answer| answer.body), &send).await
                }
                Err(error) => Err(error),
            };
            match passed_on {
                Ok(true) => {}
                // Whoever read has gone away.
                Ok(false) => return,
                Err(error) => {
                    let _ = send.send(Err(io::Error::other(error))).await;
                    return;
                }
            }
        }
    });
    LogBytes {
        length,
        reader: Box::new(Pieces { pieces, current: Vec::new(), at: 0, left: length }),
        torn: 0,
    }
}

/// Passes an object on, asked for again from where an answer breaks off; false where nobody reads any more.
async fn pass_on(
    bucket: &Bucket,
    object: &Object,
    mut body: Option<aws_sdk_s3::primitives::ByteStream>,
    send: &mpsc::Sender<io::Result<Vec<u8>>>,
) -> Result<bool, StoreError> {
    let (mut at, mut tries) = (0, 1);
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

/// What comes in pieces, read as one. Blocks its thread while it waits, so it is read on a thread of its own.
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

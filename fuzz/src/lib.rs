//! What is fuzzed, callable with any bytes: it must not panic, and what it says must hold together.

use std::num::NonZero;

use mediatheca_jellyfin_sync::{
    domain::{
        events::{Event, LineStart, read_line},
        library::{Fold, Folded},
    },
    jellyfin::{
        ServerUrl,
        rows::{EPISODES, MOVIES},
        wire::PublicSystemInfo,
    },
};

/// Bytes as a log: a fold, however it is cut, ends in the same head or the same fault.
pub fn log_lines(bytes: &[u8]) {
    let whole = Folded::of(bytes).map(|folded| folded.log.head());
    let mut fold = Fold::new(NonZero::new(2).expect("two is not zero"));
    for piece in bytes.chunks(7) {
        fold.push(piece);
    }
    assert_eq!(fold.finish().map(|folded| folded.log.head()), whole);
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(text) = read_line(line) else { continue };
        if let Some(start) = LineStart::read(line) {
            assert_eq!(start.global_position, text.global_position);
        }
        let _ = Event::decode(&text.stream_id, &text.event_type, &text.data);
    }
}

/// Bytes as an answer of Jellyfin's: every item is read or refused on its own.
pub fn jellyfin_answers(bytes: &[u8]) {
    let _ = serde_json::from_slice::<PublicSystemInfo>(bytes);
    let _ = std::str::from_utf8(bytes).map(ServerUrl::parse);
    let _ = (MOVIES.read_page(bytes), EPISODES.read_page(bytes));
}

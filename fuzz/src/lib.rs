//! What is fuzzed, callable with any bytes: it must not panic, and what it says must hold together.

use std::num::NonZero;

use mediatheca_jellyfin_sync::{
    domain::{
        events::{Event, Skim, read_line},
        library::{Fold, Folded},
    },
    jellyfin::{
        ServerUrl, convert,
        wire::{BaseItemDto, PublicSystemInfo, QueryResult},
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
        if let Some(skim) = Skim::read(line) {
            assert_eq!(skim.global_position, text.global_position);
        }
        let _ = Event::decode(&text.stream_id, &text.event_type, &text.data);
    }
}

/// Bytes as an answer of Jellyfin's: every item is read or refused on its own.
pub fn jellyfin_answers(bytes: &[u8]) {
    let _ = serde_json::from_slice::<PublicSystemInfo>(bytes);
    let _ = std::str::from_utf8(bytes).map(ServerUrl::parse);
    let Ok(list) = serde_json::from_slice::<QueryResult<&serde_json::value::RawValue>>(bytes) else { return };
    for item in list.items {
        if let Ok(dto) = serde_json::from_str::<BaseItemDto>(item.get()) {
            let _ = (convert::item(&dto), convert::episode(&dto));
        }
    }
}

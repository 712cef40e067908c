//! What a server may send at most, whatever it says of itself: whoever answers at Jellyfin's address may be anybody.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes in a megabyte.
pub(super) const MB: usize = 1024 * 1024;

/// A page of a list: 2,500 items have some 4 MB.
pub(super) const LIST_PAGE: usize = 64 * MB;

/// Any other answer.
pub(super) const OTHER: usize = MB;

/// Rows in one page: a server that ignores `limit` sends its whole library.
pub(super) const ROWS_OF_A_PAGE: u64 = 100_000;

/// Rows in a whole list; large homes have 50,000 episodes.
pub(super) const ROWS_OF_A_LIST: u64 = 250_000;

/// Bytes in all pages of a list together.
pub(super) const WHOLE_LIST: usize = 256 * MB;

/// Lists that are read at once, by all connections that share a budget.
const LISTS_AT_ONCE: usize = 4;

/// How deep an answer may nest; Jellyfin's own lists nest three deep.
pub(super) const NESTING: usize = 64;

/// The bound that an answer passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Bytes as they are sent.
    Sent(usize),
    /// Bytes once they are unpacked.
    Unpacked(usize),
    /// Bytes of all list answers that are under way at once.
    UnderWay(usize),
    /// Rows of a page or a list.
    Rows(u64),
    /// Objects and lists within each other.
    Nesting(usize),
    /// The time that reading it may take.
    Time(Duration),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(bytes) => write!(f, "more than {} MB", bytes / MB),
            Self::Unpacked(bytes) => write!(f, "more than {} MB once unpacked", bytes / MB),
            Self::UnderWay(bytes) => {
                write!(f, "more than {} MB together with the other lists being read", bytes / MB)
            }
            Self::Rows(rows) => write!(f, "more than {rows} rows"),
            Self::Nesting(depth) => write!(f, "more than {depth} levels deep"),
            Self::Time(time) => write!(f, "not all sent within {} s", time.as_secs_f32()),
        }
    }
}

/// The bytes that list answers may hold at once, over all connections that share it.
#[derive(Debug, Clone)]
pub struct Budget {
    held: Arc<AtomicUsize>,
    whole: usize,
    places: Arc<Semaphore>,
}

impl Budget {
    /// A budget of that many bytes.
    pub fn of(bytes: usize) -> Self {
        Self { held: Arc::default(), whole: bytes, places: Arc::new(Semaphore::new(LISTS_AT_ONCE)) }
    }

    /// A place among the lists that are read at once.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        self.places.clone().acquire_owned().await.expect("nobody closes the semaphore")
    }

    /// A share of nothing, to be grown.
    pub(super) fn share(&self) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(LIST_PAGE)
    }
}

/// A part of a budget, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Budget,
    bytes: usize,
}

impl Share {
    /// Takes that much more.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Bound> {
        let whole = self.budget.whole;
        let held = self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        if held + bytes > whole { Err(Bound::UnderWay(whole)) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Whether JSON nests deeper than that. Text that isn't JSON gives some answer, and is refused by its decoder.
pub(super) fn nests_deeper(json: &[u8], bound: usize) -> bool {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_text(json, at + 1),
            b'{' | b'[' if depth == bound => return true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    false
}

/// Where the quote is that ends a text.
fn end_of_text(json: &[u8], mut at: usize) -> usize {
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if json[at] == b'"' {
            return at;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_texts() {
        assert!(!nests_deeper(br#"{"a":[{"b":1}]}"#, 3));
        assert!(nests_deeper(br#"{"a":[{"b":1}]}"#, 2));
        assert!(!nests_deeper(br#"{"a":"[[[[[[","b":"\"[[[[\\"}"#, 1));
        assert!(!nests_deeper(b"[][][][]", 1));
        assert!(nests_deeper(&[b'['; 100], 99));
        assert!(!nests_deeper(b"\"never ends \\", 0));
    }

    #[test]
    fn a_share_is_given_back_when_it_is_dropped() {
        let budget = Budget::of(10);
        let mut share = budget.share();
        assert_eq!(share.grow(6), Ok(()));
        assert_eq!(budget.share().grow(5), Err(Bound::UnderWay(10)));
        assert_eq!(share.grow(4), Ok(()));
        drop(share);
        assert_eq!(budget.share().grow(10), Ok(()));
    }
}

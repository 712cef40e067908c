//! How long a run waits, how much it asks for at the same time, and how large an answer may be.

use std::time::Duration;

use crate::outbound::{Budget, MB, Patience};

/// Largest page of a list, in bytes; 2,500 items have some 4 MB.
pub(super) const LIST_PAGE: usize = 64 * MB;

/// Largest other answer, in bytes.
pub(super) const SMALL_ANSWER: usize = MB;

/// Most rows in one page: a server that ignores `limit` sends its whole library.
pub(super) const ROWS_OF_A_PAGE: u64 = 100_000;

/// Most rows in a whole list; large homes have 50,000 episodes.
pub(super) const ROWS_OF_A_LIST: u64 = 250_000;

/// Largest list, in bytes of all its pages.
pub(super) const WHOLE_LIST: usize = 256 * MB;

/// Deepest nesting of an answer; Jellyfin's own lists nest three deep.
pub(super) const NESTING: usize = 64;

/// How long to wait, how often, and how much at the same time.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Until a connection is made.
    pub connect: Duration,
    /// Until an answer begins.
    pub answer: Duration,
    /// Until the answer for a page of episodes begins; after that the episodes are fetched series
    /// by series (`docs/jellyfin.md`, "What the lists cost").
    pub episodes: Duration,
    /// Between two pieces of an answer.
    pub silence: Duration,
    /// Until a page of a list is complete; any other answer has a quarter of it.
    pub whole: Duration,
    /// Before the first retry; doubles each time.
    pub first_pause: Duration,
    /// Requests at the same time.
    pub at_once: usize,
    /// Items a page.
    pub page: u64,
    /// Bytes that lists may hold while they are read, shared by all connections with these limits.
    pub budget: Budget,
}

impl Limits {
    /// What the HTTP client has to know of them.
    pub(super) fn patience(&self) -> Patience {
        Patience { connect: self.connect, silence: Some(self.silence) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(90),
            episodes: Duration::from_secs(20),
            silence: Duration::from_secs(60),
            whole: Duration::from_secs(120),
            first_pause: Duration::from_millis(500),
            at_once: 4,
            page: 2_500,
            budget: Budget::of(LIST_PAGE),
        }
    }
}

//! What the product takes from outside besides its store and its servers: the time, and random
//! bytes. Both come in together through the composition root, so that a test or a simulation owns
//! both.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::store::seal::Entropy;

/// Tells the time: the system's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A clock and a source of random bytes.
#[derive(Clone)]
pub struct Outside {
    /// Tells the time.
    pub clock: Clock,
    /// Gives bytes that can't be guessed.
    pub entropy: Entropy,
}

impl Outside {
    /// That clock, and the system's random bytes.
    pub fn with_clock(clock: Clock) -> Self {
        Self { clock, entropy: Entropy::system() }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }
}

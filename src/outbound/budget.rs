//! One budget of bytes for all large answers that are read at the same time, however many runs read
//! them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::bounds::Bound;

/// Large answers that are read at the same time, over all users of a budget.
const ANSWERS_AT_ONCE: usize = 4;

/// The bytes that large answers may hold at the same time. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    held: Arc<AtomicUsize>,
    whole: usize,
    places: Arc<Semaphore>,
}

impl Budget {
    /// A budget of this many bytes.
    pub fn of(bytes: usize) -> Self {
        let places = Arc::new(Semaphore::new(ANSWERS_AT_ONCE));
        Self { held: Arc::default(), whole: bytes, places }
    }

    /// Waits for a place among the large answers that are read at the same time.
    pub async fn place(&self) -> OwnedSemaphorePermit {
        self.places.clone().acquire_owned().await.expect("this semaphore is never closed")
    }

    /// An empty share; it grows with the bytes that its holder reads.
    pub fn share(&self) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }
}

/// A part of a budget, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    bytes: usize,
}

impl Share {
    /// Takes this many more bytes of the budget.
    ///
    /// # Errors
    /// All shares together exceed the budget.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Bound> {
        let whole = self.budget.whole;
        let held = self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        if held + bytes > whole {
            self.budget.held.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Bound::UnderWay(whole));
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_given_back_when_it_is_dropped() {
        let budget = Budget::of(10);
        let mut share = budget.share();
        assert_eq!(share.grow(6), Ok(()));
        let mut refused = budget.share();
        assert_eq!(refused.grow(5), Err(Bound::UnderWay(10)));
        assert_eq!(share.grow(4), Ok(()), "a refused share holds nothing");
        drop(share);
        assert_eq!(budget.share().grow(10), Ok(()));
    }
}

//! Which requests are sent again, when, and until when.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use tokio::time::Instant;

/// How many times a request is sent again after the first time.
const RETRIES: u32 = 3;

/// The longest wait before a retry, whatever the server asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Whether a later answer may differ: the server is busy, starting, or failed.
pub fn may_pass(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// What `Retry-After` asks for, in seconds; Jellyfin writes five as `005` (`docs/jellyfin.md`,
/// "Finding the server").
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// When a run must end, if it must.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Option<Instant>);

/// The deadline has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeIsUp;

impl Deadline {
    /// The longest time that is granted to one request without a deadline.
    const LONGEST: Duration = Duration::from_secs(3_600);

    /// The time that is left.
    ///
    /// # Errors
    /// None is left.
    pub fn left(self) -> Result<Duration, TimeIsUp> {
        let Some(deadline) = self.0 else { return Ok(Self::LONGEST) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(TimeIsUp) } else { Ok(left) }
    }

    fn allows(self, wait: Duration) -> bool {
        self.0.is_none_or(|deadline| Instant::now() + wait < deadline)
    }
}

impl From<Option<Instant>> for Deadline {
    fn from(deadline: Option<Instant>) -> Self {
        Self(deadline)
    }
}

/// Why one attempt failed, and whether another may succeed.
#[derive(Debug)]
pub enum Failure<E> {
    /// Another attempt would fail as well.
    Final(E),
    /// It may pass; the server may have said how long to wait.
    Passing(E, Option<Duration>),
}

/// The attempts of one request.
///
/// ```text
/// let mut retries = Retries::new(first_pause, deadline);
/// loop {
///     match attempt().await {
///         Ok(answer) => return Ok(answer),
///         Err(failure) => retries.wait(failure).await?,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Retries {
    first_pause: Duration,
    deadline: Deadline,
    made: u32,
}

impl Retries {
    /// No retry made yet. The first pause doubles with each.
    pub fn new(first_pause: Duration, deadline: Deadline) -> Self {
        Self { first_pause, deadline, made: 0 }
    }

    /// Waits until the next attempt is due.
    ///
    /// # Errors
    /// The failure's own error, if it is final, the retries are used up, or the deadline leaves no
    /// time to wait.
    pub async fn wait<E>(&mut self, failure: Failure<E>) -> Result<(), E> {
        let (error, asked) = match failure {
            Failure::Final(error) => return Err(error),
            Failure::Passing(error, asked) => (error, asked),
        };
        let pause = pause(self.made, asked, self.first_pause);
        if self.made == RETRIES || !self.deadline.allows(pause) {
            return Err(error);
        }
        self.made += 1;
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// How long to wait before a retry (counted from 0): what the server asks for, otherwise twice as
/// long each time.
fn pause(retry: u32, asked: Option<Duration>, first: Duration) -> Duration {
    asked.unwrap_or(first * 2_u32.pow(retry)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_unless_the_server_names_one() {
        let first = Duration::from_millis(500);
        let pauses: Vec<_> =
            (0..RETRIES).map(|retry| pause(retry, None, first).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000]);
        assert_eq!(pause(0, Some(Duration::from_secs(5)), first), Duration::from_secs(5));
        assert_eq!(pause(0, Some(Duration::from_secs(86_400)), first), LONGEST_WAIT);
    }

    #[test]
    fn jellyfins_005_is_five_seconds() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "005".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(5)));
    }

    #[tokio::test]
    async fn a_passing_failure_is_tried_again_three_times_and_a_final_one_never() {
        let mut retries = Retries::new(Duration::ZERO, None.into());
        for _ in 0..RETRIES {
            assert_eq!(retries.wait(Failure::Passing("busy", None)).await, Ok(()));
        }
        assert_eq!(retries.wait(Failure::Passing("busy", None)).await, Err("busy"));
        let mut retries = Retries::new(Duration::ZERO, None.into());
        assert_eq!(retries.wait(Failure::Final("unknown")).await, Err("unknown"));
    }
}

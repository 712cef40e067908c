//! When the invocation's own time is up: on Lambda a request carries it; a local process has none.

use std::time::{Duration, SystemTime};

use axum::{extract::Request, middleware::Next, response::Response};
use tokio::time::Instant;

/// Kept back from the invocation's time for the answer itself.
const RESERVE: Duration = Duration::from_secs(2);

/// By when a request must be answered, if by any time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(pub Option<Instant>);

/// Milliseconds since 1970 that no deadline of today is less than.
const LONG_AGO: u64 = 1_000_000_000_000;

/// By when an invocation must have come to its end, its answer apart.
pub fn deadline_of(context: &lambda_http::Context) -> Instant {
    let left = match context.deadline {
        // The emulator of cargo-lambda 1.9.2 sends how long there is in place of the instant at which it is over.
        milliseconds if milliseconds < LONG_AGO => Duration::from_millis(milliseconds),
        _ => context.deadline().duration_since(SystemTime::now()).unwrap_or_default(),
    };
    Instant::now() + left.saturating_sub(RESERVE)
}

pub(super) async fn set(mut request: Request, next: Next) -> Response {
    let deadline = request.extensions().get::<lambda_http::Context>().map(deadline_of);
    request.extensions_mut().insert(Deadline(deadline));
    next.run(request).await
}

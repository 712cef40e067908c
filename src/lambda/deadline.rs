//! When an invocation's time is over, as an extension of its request: the handler itself knows
//! nothing of Lambda.

use std::time::{Duration, SystemTime};

use axum::{extract::Request, middleware::Next, response::Response};
use lambda_http::Context;
use tokio::time::Instant;

use crate::http::Deadline;

/// Kept back from the invocation's time for the answer itself.
const RESERVE: Duration = Duration::from_secs(2);

/// A deadline below this many milliseconds since 1970 is a duration.
const LONG_AGO: u64 = 1_000_000_000_000;

/// The time until which an invocation's work must be done, so that its answer is sent in time.
pub(super) fn deadline_of(context: &Context) -> Instant {
    let left = match context.deadline {
        // The emulator of cargo-lambda 1.9.2 sends how much time there is, not when it is over.
        milliseconds if milliseconds < LONG_AGO => Duration::from_millis(milliseconds),
        _ => context.deadline().duration_since(SystemTime::now()).unwrap_or_default(),
    };
    Instant::now() + left.saturating_sub(RESERVE)
}

/// Sets the deadline of a request that comes with its invocation's context.
pub(super) async fn set(mut request: Request, next: Next) -> Response {
    if let Some(deadline) = request.extensions().get::<Context>().map(deadline_of) {
        request.extensions_mut().insert(Deadline(deadline));
    }
    next.run(request).await
}

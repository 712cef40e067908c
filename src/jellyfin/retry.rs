//! When to ask again, and how long to wait before.

use std::time::Duration;

use reqwest::{StatusCode, header::HeaderMap};

/// How often a request is sent again after the first time.
pub(super) const RETRIES: u32 = 3;

/// Longer than this nobody waits, whatever a server asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Whether an answer may be another one if asked again.
pub(super) fn may_pass(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// What `Retry-After` asks for, in seconds; Jellyfin writes five as `005`.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// How long to wait before that retry (from 0): what the server asks for, else longer each time.
pub(super) fn pause(retry: u32, asked: Option<Duration>, first: Duration) -> Duration {
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
}

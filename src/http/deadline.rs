//! The time until which a request must be answered, if there is one: an extension that the caller
//! of the handler sets.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use tokio::time::Instant;

/// The time until which a request must be answered. A request without this extension has all the
/// time it takes.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Instant);

/// The request's deadline, if it has one.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeadlineOf(pub Option<Instant>);

impl<S: Sync> FromRequestParts<S> for DeadlineOf {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Deadline>().map(|Deadline(at)| *at)))
    }
}

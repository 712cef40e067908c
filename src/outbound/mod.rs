//! What every request that leaves this product has in common, whichever server it goes to.
//!
//! A client with fixed policies, bodies within bounds, waiting and trying again, and errors that
//! keep their cause. What is asked for and what the answer means is up to the clients that use
//! this; nothing here knows a server's API.

mod body;
mod bounds;
mod budget;
mod client;
mod error;
mod nesting;
mod retry;

pub use body::{ACCEPTED, Allowance, Body, BodyError, PackingError, read};
pub use bounds::{Bound, MB};
pub use budget::{Budget, Share};
pub use client::{Certificates, Patience, client};
pub use error::{DecodeError, TransportError, decode};
pub use nesting::nests_deeper;
pub use retry::{Deadline, Failure, Retries, TimeIsUp, may_pass, retry_after};

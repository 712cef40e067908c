//! The adapter to Jellyfin: HTTP in, a [`Snapshot`](crate::domain::snapshot::Snapshot) out.
//!
//! [`Connection`] signs in and sends requests; [`fetch`] asks for the lists that a plan needs, [`Gallery`] for posters; [`wire`] has Jellyfin's
//! names and [`convert`] puts them into ours. Facts about servers are from `docs/jellyfin.md` and the recordings.

mod body;
mod bounds;
pub mod connection;
pub mod convert;
mod error;
pub mod fetch;
pub mod page;
mod poster;
mod retry;
mod server_url;
pub mod wire;

pub use bounds::{Bound, Budget};
pub use connection::{Connection, Credentials, Limits, SignedIn, User};
pub use error::JellyfinError;
pub use fetch::{EpisodeRoute, Failures, Fetched, Progress, ProgressPhase};
pub use poster::{Gallery, PICTURES, Poster};
pub use server_url::{ServerUrl, ServerUrlError};

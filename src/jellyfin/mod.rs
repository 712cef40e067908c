//! The adapter to Jellyfin: HTTP in, a [`Snapshot`](crate::domain::snapshot::Snapshot) out.
//!
//! Its files are ranks, and each names only those above it here (`tests/architecture.rs` holds
//! that):
//!
//! - words: [`server_url`] a server's address, [`limits`] bounds and times, [`error`] what can go
//!   wrong, [`wire`] Jellyfin's names, [`convert`] from those to ours, [`progress`] how far a fetch
//!   is, [`list`] and [`page`] what came, [`rows`] how it is read;
//! - [`transport`] one request out, one bounded answer in;
//! - [`session`] who is signed in, and the renewal of a refused token;
//! - [`connection`] finding the server, and asking again if that may help;
//! - [`lists`] the lists of a library, [`by_series`] episodes series by series;
//! - [`played_episodes`] what was played of each series, [`mod@fetch`] asks for the lists and makes
//!   the snapshot.
//!
//! [`pictures`] stand beside all but the words. Facts about servers are from `docs/jellyfin.md` and
//! the recordings.

mod by_series;
pub mod connection;
pub mod convert;
mod error;
pub mod fetch;
mod limits;
mod list;
mod lists;
mod page;
mod pictures;
mod played_episodes;
mod progress;
pub mod rows;
mod server_url;
mod session;
mod transport;
pub mod wire;

pub use connection::Connection;
pub use error::{JellyfinError, NotJellyfin, Refusal, UnreadableAnswer};
pub use fetch::{EpisodeRoute, Failures, FetchOptions, Fetched};
pub use limits::Limits;
pub use pictures::{Gallery, PICTURES, Poster};
pub use progress::{FetchPhase, FetchProgress};
pub use server_url::{ServerUrl, ServerUrlError, UrlFault};
pub use session::{Credentials, SignedIn, User};

pub use crate::outbound::{Bound, Budget};

//! The adapter to The Movie Database: ids in, titles out (`docs/tmdb-and-mediatheca.md`, "TMDB:
//! access").
//!
//! Only the API Read Access Token is used, as it goes into a header; the older API key would have
//! to go into the URL.

mod client;
mod error;
mod wire;

pub use client::{Limits, Tmdb};
pub use error::TmdbError;

/// TMDB's own address.
pub const BASE_URL: &str = "https://api.themoviedb.org/3";

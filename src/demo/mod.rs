//! An embedded Jellyfin with a sample library, and a sample log: so that one command shows a sync.
//!
//! It listens on loopback and is asked by the same client over real HTTP; it knows the routes that
//! the client uses.

mod server;

pub use server::Jellyfin;

/// A small log as Mediatheca writes one.
pub const LOG: &str = include_str!("../../events/logs/sample.jsonl");

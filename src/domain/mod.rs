//! The pure core: what a log says, what Jellyfin said, and what is therefore to be added.
//!
//! In come bytes of a log and a [`snapshot::Snapshot`]; out go a [`library::Library`], a
//! [`sync::Plan`] and the bytes of a commit. Nothing in here waits, reads a clock, touches a disk
//! or a network, or draws a random number, so the same input gives the same output on every run and
//! on every machine.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod events;
pub mod ids;
pub mod library;
pub mod snapshot;
pub mod sync;
pub mod time;
pub mod zone;

//! What crosses the product's edge: HTTP, the recordings, the store under faults, the command line,
//! the tree itself.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod architecture;
mod automatic;
mod bounds;
mod citations;
mod cli;
mod client;
mod emulator;
mod golden;
mod http;
mod infra;
mod lambda;
#[cfg(feature = "s3")]
mod object_store;
mod pages;
mod properties;
mod recordings;
mod report;
mod secrets;
mod serving;
mod snapshots;
mod store;
mod support;
mod titles;

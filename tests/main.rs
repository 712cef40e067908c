//! What crosses the product's edge: HTTP, the recordings, the store under faults, the command line, the tree itself.
#![allow(missing_docs)]

mod architecture;
mod cli;
mod client;
mod golden;
mod http;
mod properties;
mod recordings;
mod store;
mod support;

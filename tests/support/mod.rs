//! What tests share: a server that replays recordings, a service over a folder, and lines of a log.

pub mod app;
#[cfg(feature = "s3")]
pub mod faults;
pub mod lines;
pub mod replay;
pub mod runtime;
pub mod scenario;

pub use app::TestApp;
pub use replay::Replay;

//! What tests share: a server that replays recordings, a service over a folder, and lines of a log.

pub mod app;
pub mod lines;
pub mod replay;

pub use app::TestApp;
pub use replay::Replay;

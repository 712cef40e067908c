//! What tests share: two Jellyfins, a service over a folder, and lines of a log.

pub mod app;
#[cfg(feature = "s3")]
pub mod faults;
pub mod jellyfin;
pub mod lines;
pub mod process;
pub mod runtime;
pub mod scenario;

pub use app::TestApp;
pub use jellyfin::Replay;

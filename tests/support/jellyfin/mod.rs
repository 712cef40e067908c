//! Two Jellyfins: one answers as a test scripts it, one replays what real servers answered.

mod replay;
mod scripted;

pub use replay::Replay;
pub use scripted::{
    Answer, Scripted, USER, cut_off, dripping, gated, gzip, item, ok, page, scripted,
    scripted_over_tls, sound, status, without_end,
};

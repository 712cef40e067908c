//! The bounds of an answer: any program may be listening at a server's address, so no answer is
//! trusted to end.

use std::{fmt, time::Duration};

/// Bytes in a megabyte.
pub const MB: usize = 1024 * 1024;

/// The bound that an answer exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Bytes as they are sent.
    Sent(usize),
    /// Bytes after unpacking.
    Unpacked(usize),
    /// Bytes of all answers that share a [`Budget`](super::Budget).
    UnderWay(usize),
    /// Rows of a page or a list.
    Rows(u64),
    /// Objects and lists within each other.
    Nesting(usize),
    /// The time for reading all of it.
    Time(Duration),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(bytes) => write!(f, "more than {} MB", bytes / MB),
            Self::Unpacked(bytes) => write!(f, "more than {} MB once unpacked", bytes / MB),
            Self::UnderWay(bytes) => {
                write!(f, "more than {} MB together with the other lists being read", bytes / MB)
            }
            Self::Rows(rows) => write!(f, "more than {rows} rows"),
            Self::Nesting(depth) => write!(f, "more than {depth} levels deep"),
            Self::Time(time) => write!(f, "not all sent within {} s", time.as_secs_f32()),
        }
    }
}

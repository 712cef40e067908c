//! Why TMDB gave no details of a title, by what the person has to do next.

use std::time::Duration;

use crate::outbound::{BodyError, Bound, DecodeError, PackingError, TransportError};

/// A title without details from TMDB. No text of it holds the token.
#[derive(Debug, thiserror::Error)]
pub enum TmdbError {
    /// No token is stored.
    #[error(
        "details of missing titles come from TMDB, and no token for it is stored: save your API Read Access Token in the settings"
    )]
    NoKey,
    /// The older API key is stored.
    #[error(
        "the stored TMDB key is an API key of version 3, which would have to be sent in the URL: save the API Read Access Token instead"
    )]
    OldKey,
    /// The token is refused.
    #[error(
        "TMDB refuses the stored token: save the API Read Access Token from your account there"
    )]
    Refused,
    /// TMDB doesn't have the title, or no longer.
    #[error("TMDB doesn't have {0}: correct its id in Jellyfin")]
    Unknown(String),
    /// No connection, or an answer that broke off.
    #[error("TMDB failed for {what} ({source}): try again later")]
    Unreachable {
        /// What was asked for.
        what: String,
        /// What failed.
        source: TransportError,
    },
    /// No answer began in time.
    #[error("TMDB didn't answer for {what} within {} s: try again later", after.as_secs_f32())]
    TooSlow {
        /// What was asked for.
        what: String,
        /// How long the request waited.
        after: Duration,
    },
    /// The deadline of the run has passed.
    #[error(
        "the time for this run is nearly up while asking TMDB for {what}: nothing was written; run it again with more time"
    )]
    Deadline {
        /// What was being asked for.
        what: String,
    },
    /// An answer that isn't success, after all retries.
    #[error("TMDB failed for {what} (status {status}): try again later")]
    Status {
        /// What was asked for.
        what: String,
        /// HTTP status.
        status: u16,
    },
    /// An answer that exceeds a bound.
    #[error("TMDB's answer for {what} is too large ({bound}), so it was not read")]
    TooLarge {
        /// What was asked for.
        what: String,
        /// The bound.
        bound: Bound,
    },
    /// An answer that can't be decoded.
    #[error("TMDB's answer for {what} can't be read ({source}): try again later")]
    Unreadable {
        /// What was asked for.
        what: String,
        /// What the decoder says.
        source: DecodeError,
    },
    /// An answer that can't be unpacked.
    #[error("TMDB's answer for {what} can't be read ({source}): try again later")]
    Packing {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        source: PackingError,
    },
}

impl TmdbError {
    /// Whether it says nothing about TMDB's answers for other titles.
    pub fn is_about_one_title(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::NoKey
            | Self::OldKey
            | Self::Refused
            | Self::Unreachable { .. }
            | Self::TooSlow { .. }
            | Self::Deadline { .. }
            | Self::Status { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. }
            | Self::Packing { .. } => false,
        }
    }
}

impl TmdbError {
    /// The error for an answer whose body isn't complete.
    pub(super) fn body(what: &str, error: BodyError) -> Self {
        let what = what.to_owned();
        match error {
            BodyError::TooLarge(bound) => Self::TooLarge { what, bound },
            BodyError::Transport(source) => Self::Unreachable { what, source },
            BodyError::Packing(source) => Self::Packing { what, source },
        }
    }

    /// The error for an answer that can't be decoded.
    pub(super) fn unreadable(what: &str, source: impl Into<DecodeError>) -> Self {
        Self::Unreadable { what: what.to_owned(), source: source.into() }
    }
}

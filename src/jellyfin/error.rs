//! What can go wrong with a Jellyfin server, by what the person has to do next.

use std::time::Duration;

use super::{Bound, ServerUrl};

/// A request to Jellyfin that came to nothing. No text of it holds a password or a token.
#[derive(Debug, thiserror::Error)]
pub enum JellyfinError {
    /// No connection, no name, or no answer in time.
    #[error(
        "{server} can't be reached ({reason}): check that Jellyfin is running and that the address is right"
    )]
    Unreachable {
        /// The server.
        server: ServerUrl,
        /// What failed.
        reason: String,
    },
    /// The certificate isn't trusted.
    #[error(
        "the certificate of {server} isn't trusted ({reason}): use one that this machine trusts, or set `acceptInvalidCertificates` if you know the server to be yours"
    )]
    Certificate {
        /// The server.
        server: ServerUrl,
        /// What the TLS library says.
        reason: String,
    },
    /// An answer that Jellyfin wouldn't give.
    #[error("{server} answers, but not as Jellyfin does ({reason}): check the address")]
    NotAServer {
        /// The server.
        server: ServerUrl,
        /// What is odd about the answer.
        reason: String,
    },
    /// The server is starting.
    #[error("Jellyfin on {server} is starting: try again in {} seconds", retry_after.as_secs().max(1))]
    Starting {
        /// The server.
        server: ServerUrl,
        /// How long it asks to wait.
        retry_after: Duration,
    },
    /// User name or password are wrong, or the user is disabled.
    #[error("Jellyfin refused {username}: {reason}")]
    CredentialsRejected {
        /// Who tried.
        username: String,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// The token is refused, and there is no password to get a new one with.
    #[error(
        "Jellyfin no longer accepts the stored sign-in, and no password is stored: enter it in the settings and test the connection"
    )]
    ReauthenticationRequired,
    /// Any other answer that isn't success.
    #[error("Jellyfin answered {status} when asked for {what}")]
    Status {
        /// HTTP status.
        status: u16,
        /// What was asked for.
        what: String,
    },
    /// An answer that can't be read.
    #[error(
        "Jellyfin's answer for {what} can't be read ({reason}): perhaps its version isn't supported"
    )]
    Unreadable {
        /// What was asked for.
        what: String,
        /// What the decoder says.
        reason: String,
    },
    /// An answer that is larger than any server's would be.
    #[error(
        "Jellyfin's answer for {what} is too large ({bound}), so it was not read: check that the address is your Jellyfin's"
    )]
    AnswerTooLarge {
        /// What was asked for.
        what: String,
        /// The bound that it passes.
        bound: Bound,
    },
    /// A list that isn't what its own count says.
    #[error(
        "Jellyfin sent {rows} of {total} {what}: the list changed while it was read, so try again"
    )]
    ShortRead {
        /// What was asked for.
        what: String,
        /// Different items read.
        rows: u64,
        /// How many there are said to be.
        total: u64,
    },
    /// No item says what the user watched.
    #[error(
        "Jellyfin sent {what} without saying what was watched: sign in with a user name and a password instead of an API key"
    )]
    NoUserData {
        /// What was asked for.
        what: String,
    },
    /// No answer began in time; the server goes on working, so the list isn't asked for again.
    #[error("Jellyfin did not begin to answer for {what} within {} s", after.as_secs())]
    TooSlow {
        /// What was asked for.
        what: String,
        /// How long was waited.
        after: Duration,
    },
    /// The function's own time is nearly up.
    #[error(
        "the time for this run is nearly up while asking Jellyfin for {what}: nothing was written; run it again with more time"
    )]
    Deadline {
        /// What was being asked for.
        what: String,
    },
}

impl JellyfinError {
    /// Whether another route to the same facts may do where this one failed. Nothing helps where the server can't be
    /// reached, doesn't know the user, or time is up.
    pub fn is_about_one_list(&self) -> bool {
        match self {
            Self::Status { .. }
            | Self::Unreadable { .. }
            | Self::AnswerTooLarge { .. }
            | Self::ShortRead { .. }
            | Self::TooSlow { .. }
            | Self::NoUserData { .. } => true,
            Self::Unreachable { .. }
            | Self::Certificate { .. }
            | Self::NotAServer { .. }
            | Self::Starting { .. }
            | Self::CredentialsRejected { .. }
            | Self::ReauthenticationRequired
            | Self::Deadline { .. } => false,
        }
    }
}

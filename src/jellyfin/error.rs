//! What can go wrong with a Jellyfin server, by what the person has to do next.

use std::time::Duration;

use super::server_url::ServerUrl;
use crate::{
    domain::ids::IdError,
    outbound::{BodyError, Bound, DecodeError, PackingError, TransportError},
};

/// A failed request to Jellyfin. No text of it holds a password or a token.
#[derive(Debug, thiserror::Error)]
pub enum JellyfinError {
    /// No connection, no such name, or an answer that broke off.
    #[error(
        "{server} can't be reached ({source}): check that Jellyfin is running and that the address is right"
    )]
    Unreachable {
        /// The server.
        server: ServerUrl,
        /// What failed.
        source: TransportError,
    },
    /// The certificate isn't trusted.
    #[error(
        "the certificate of {server} isn't trusted ({source}): use one that this machine trusts, or set `acceptInvalidCertificates` if you know that the server is yours"
    )]
    Certificate {
        /// The server.
        server: ServerUrl,
        /// What the TLS library says.
        source: TransportError,
    },
    /// An answer that Jellyfin wouldn't give.
    #[error("{server} answers, but not as Jellyfin does ({source}): check the address")]
    NotAServer {
        /// The server.
        server: ServerUrl,
        /// What is odd about the answer.
        source: NotJellyfin,
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
    #[error("Jellyfin refused {username}: {refusal}")]
    CredentialsRejected {
        /// The user name that was refused.
        username: String,
        /// Why, and what to do.
        refusal: Refusal,
    },
    /// An earlier sign-in of this run failed.
    #[error(
        "the sign-in failed ({reason}), and the password isn't sent twice in one run: try again"
    )]
    SignInFailed {
        /// Why it failed.
        reason: String,
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
        "Jellyfin's answer for {what} can't be read ({source}): perhaps its version isn't supported"
    )]
    Unreadable {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        source: UnreadableAnswer,
    },
    /// An answer that is larger than any of a real server.
    #[error(
        "Jellyfin's answer for {what} is too large ({bound}), so it was not read: check that the address is your Jellyfin's"
    )]
    AnswerTooLarge {
        /// What was asked for.
        what: String,
        /// The bound that it exceeds.
        bound: Bound,
    },
    /// A list whose rows don't add up to its own count.
    #[error(
        "Jellyfin sent {rows} of {total} {what}: the list changed while it was read, so try again"
    )]
    ShortRead {
        /// What was asked for.
        what: String,
        /// Different rows read.
        rows: u64,
        /// The count that Jellyfin gave.
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
    /// No answer began in time. The server goes on working on it, so a list isn't asked for again.
    #[error("Jellyfin did not begin to answer for {what} within {} s", after.as_secs())]
    TooSlow {
        /// What was asked for.
        what: String,
        /// How long the request waited.
        after: Duration,
    },
    /// The deadline of the run has passed or is too close.
    #[error(
        "the time for this run is nearly up while asking Jellyfin for {what}: nothing was written; run it again with more time"
    )]
    Deadline {
        /// What was being asked for.
        what: String,
    },
}

/// How an answer shows that its sender isn't Jellyfin.
#[derive(Debug, thiserror::Error)]
pub enum NotJellyfin {
    /// It leads away from the server; the location is shown without its query.
    #[error("it redirects to `{0}`")]
    Redirect(String),
    /// HTTP status.
    #[error("status {0}")]
    Status(u16),
    /// It doesn't hold a server's name and version.
    #[error(transparent)]
    Json(#[from] DecodeError),
    /// The server's id isn't one.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// Why an answer can't be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableAnswer {
    /// It isn't JSON, or not of the expected shape.
    #[error(transparent)]
    Json(#[from] DecodeError),
    /// An id that isn't one.
    #[error(transparent)]
    Id(#[from] IdError),
    /// It can't be unpacked.
    #[error(transparent)]
    Packing(#[from] PackingError),
    /// A content type other than those of [`PICTURES`](super::PICTURES).
    #[error("`{0}` isn't a picture")]
    NotAPicture(String),
    /// A picture that exceeds a bound.
    #[error("the picture is too large: {0}")]
    LargePicture(Bound),
}

/// Why a sign-in was refused, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 401 to a sign-in (`docs/jellyfin.md`, "Sign-in").
    #[error(
        "the user name or the password is wrong. Check them and try again (we tried only once)"
    )]
    WrongPassword,
    /// 403 to a sign-in.
    #[error("the user is disabled or may not sign in from here; ask who runs the server")]
    Disabled,
    /// 401 to a token that is seconds old.
    #[error("the new sign-in is refused as well; ask who runs the server")]
    NewToken,
    /// Another request of this run was told so; the password isn't sent again.
    #[error("the stored password is refused; enter the right one in the settings")]
    StoredPassword,
}

impl JellyfinError {
    /// The error for a connection that failed.
    pub(super) fn connecting(server: &ServerUrl, source: TransportError) -> Self {
        let server = server.clone();
        if source.is_untrusted_certificate() {
            Self::Certificate { server, source }
        } else {
            Self::Unreachable { server, source }
        }
    }

    /// The error for an answer whose body isn't complete.
    pub(super) fn body(server: &ServerUrl, what: &str, error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(bound) => Self::AnswerTooLarge { what: what.to_owned(), bound },
            BodyError::Transport(source) => Self::connecting(server, source),
            BodyError::Packing(source) => Self::unreadable(what, source),
        }
    }

    /// The error for an answer that can't be read.
    pub(super) fn unreadable(what: &str, source: impl Into<UnreadableAnswer>) -> Self {
        Self::Unreadable { what: what.to_owned(), source: source.into() }
    }

    /// Whether another route to the same facts may still work. None does if the server can't be
    /// reached, doesn't accept the user, or the time is up.
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
            | Self::SignInFailed { .. }
            | Self::ReauthenticationRequired
            | Self::Deadline { .. } => false,
        }
    }

    /// The error itself if it is about one list, so that the others can be used; otherwise it ends
    /// the run.
    ///
    /// # Errors
    /// It isn't about one list.
    pub(super) fn about_one_list(self) -> Result<Self, Self> {
        if self.is_about_one_list() { Ok(self) } else { Err(self) }
    }
}

//! What a call can end in, each with the stable code that programs branch on (`docs/http.md`, "Errors").

use crate::{
    domain::{
        events::{ExtendError, Fault, WholeLogError},
        zone::NoSuchZone,
    },
    jellyfin::{JellyfinError, ServerUrlError},
    store::{StoreError, seal::SealError},
    tmdb::TmdbError,
};

/// A setting that can't be what was given.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The server's address.
    #[error("`serverUrl`: {0}")]
    ServerUrl(#[from] ServerUrlError),
    /// The user name.
    #[error("`username` is empty: give the name that you sign in to Jellyfin with")]
    NoUsername,
    /// The stored password belongs to another account.
    #[error(
        "`password`: the stored one belongs to another server or user name and is not sent to this one: enter the password"
    )]
    PasswordOfAnother,
    /// The time zone.
    #[error("`timeZone`: {0}")]
    TimeZone(#[from] NoSuchZone),
    /// How often to import by itself.
    #[error(
        "`sync.every`: `{0}` is no interval: give minutes or hours, 5m at least, such as 30m or 6h, or null for never"
    )]
    Every(String),
    /// TMDB's key.
    #[error(
        "`apiKey` is empty: give the API Read Access Token from your TMDB account, or delete it"
    )]
    NoApiKey,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Something given is wrong.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// No Jellyfin settings yet.
    #[error(
        "no Jellyfin server is set up yet: save its address, your user name and password in the settings and test the connection"
    )]
    NotConfigured,
    /// Jellyfin failed.
    #[error(transparent)]
    Jellyfin(#[from] JellyfinError),
    /// Jellyfin refused the sign-in so often in a row that no import is tried by itself any more.
    #[error(
        "Jellyfin refused the sign-in {0} times in a row, so no import is tried by itself any more, before the account gets locked: \
         enter the password again in the settings and test the connection"
    )]
    Stopped(u32),
    /// TMDB failed for everything that was asked of it.
    #[error(transparent)]
    Tmdb(#[from] TmdbError),
    /// The log moved under the call again and again.
    #[error(
        "the log was changed by somebody else {0} times while this ran: nothing was added, so try again"
    )]
    LogConflict(u32),
    /// A whole log into a log that has events.
    #[error("the log has events already: a whole log can only be put into an empty store")]
    LogNotEmpty,
    /// The log can't be read.
    #[error(
        "the log can't be read: {0}; nothing was written, and nothing will be until that line is mended"
    )]
    LogCorrupt(Fault),
    /// The log that was given can't be read.
    #[error("the log that was given can't be read: {0}; nothing was written")]
    BadLog(WholeLogError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Reading the log failed half-way.
    #[error("reading the log failed: {0}")]
    Reading(std::io::Error),
    /// A document of the store is damaged.
    #[error("the document `{name}.json` can't be read ({reason}): mend it or move it away")]
    Document {
        /// Which.
        name: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// A secret can't be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Additions that can't be appended to the log; nothing was written.
    #[error("nothing was written: {0}")]
    Extend(#[from] ExtendError),
}

impl ServiceError {
    /// The stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Setting(_) | Self::BadLog(_) => "invalid_request",
            Self::NotConfigured => "not_configured",
            Self::Stopped(_) => "jellyfin_credentials_rejected",
            Self::Tmdb(_) => "tmdb_error",
            Self::LogConflict(_) => "log_conflict",
            Self::LogNotEmpty => "log_not_empty",
            Self::LogCorrupt(_) => "log_corrupt",
            Self::Extend(ExtendError::NoPositionLeft { .. }) => "log_corrupt",
            Self::Store(_)
            | Self::Reading(_)
            | Self::Document { .. }
            | Self::Seal(_)
            | Self::Extend(_) => "store_unavailable",
            Self::Jellyfin(error) => match error {
                JellyfinError::Unreachable { .. }
                | JellyfinError::Certificate { .. }
                | JellyfinError::TooSlow { .. }
                | JellyfinError::Deadline { .. } => "jellyfin_unreachable",
                JellyfinError::NotAServer { .. } => "jellyfin_not_a_server",
                JellyfinError::CredentialsRejected { .. } => "jellyfin_credentials_rejected",
                JellyfinError::ReauthenticationRequired => "jellyfin_reauthentication_required",
                JellyfinError::AnswerTooLarge { .. } => "jellyfin_answer_too_large",
                JellyfinError::Starting { .. }
                | JellyfinError::Status { .. }
                | JellyfinError::Unreadable { .. }
                | JellyfinError::ShortRead { .. }
                | JellyfinError::NoUserData { .. } => "jellyfin_error",
            },
        }
    }

    /// Whether Jellyfin refused the sign-in, as it will again.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Jellyfin(
                JellyfinError::CredentialsRejected { .. } | JellyfinError::ReauthenticationRequired
            )
        )
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotEmpty => Self::LogNotEmpty,
            StoreError::Conflict(_) | StoreError::Unsafe(_) | StoreError::Io { .. } => {
                Self::Store(error)
            }
        }
    }
}

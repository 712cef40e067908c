//! How a call can fail, each with the stable code that programs branch on (`docs/http.md`,
//! "Errors").

use crate::{
    domain::{
        events::{ExtendError, Fault, WholeLogError},
        zone::NoSuchZone,
    },
    jellyfin::{JellyfinError, ServerUrlError},
    report::{Problem, ProblemCode},
    store::{StoreError, seal::SealError},
    tmdb::TmdbError,
};

/// A setting whose value isn't valid.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The server's address.
    #[error("`serverUrl`: {0}")]
    ServerUrl(#[from] ServerUrlError),
    /// The user name.
    #[error("`username` is empty: enter the name that you sign in to Jellyfin with")]
    NoUsername,
    /// The stored password belongs to another account.
    #[error(
        "`password`: the saved one belongs to another server or user name, so we don't send it to this one: enter the password"
    )]
    PasswordOfAnother,
    /// The time zone.
    #[error("`timeZone`: {0}")]
    TimeZone(#[from] NoSuchZone),
    /// The interval of scheduled imports.
    #[error(
        "`sync.every`: `{0}` isn't a valid interval: use minutes or hours from 5m to 168h, such as 30m or 6h, or null for never"
    )]
    Interval(String),
    /// TMDB's key.
    #[error("`apiKey` is empty: enter the API Read Access Token from your TMDB account")]
    NoApiKey,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Something given is wrong.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// No Jellyfin settings yet.
    #[error(
        "no Jellyfin server is set up yet: enter its address, your user name and password in the settings, and test the connection"
    )]
    NotConfigured,
    /// Jellyfin failed.
    #[error(transparent)]
    Jellyfin(#[from] JellyfinError),
    /// Jellyfin refused the sign-in this often in a row, and scheduled imports have stopped.
    #[error(
        "Jellyfin refused the sign-in {0} times in a row. Scheduled imports have stopped, so that your account isn't locked: \
         enter the password again in the settings and test the connection"
    )]
    SchedulePaused(u32),
    /// TMDB failed for every title.
    #[error(transparent)]
    Tmdb(#[from] TmdbError),
    /// Other writers changed the log this often during the call.
    #[error(
        "another writer changed the log {0} times during this import: nothing was added, so try again"
    )]
    LogConflict(u32),
    /// The store's log has events, so a whole log can't be put into it.
    #[error("the log already has events: a log can only be imported into an empty store")]
    LogNotEmpty,
    /// The log can't be read.
    #[error(
        "the log can't be read: {0}; nothing was written, and nothing will be until you repair that line"
    )]
    LogCorrupt(Fault),
    /// A log that was to be imported can't be read.
    #[error("this log can't be read: {0}; nothing was written")]
    BadLog(WholeLogError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Reading the log failed half-way.
    #[error("reading the log failed: {0}")]
    Reading(std::io::Error),
    /// A document of the store is damaged.
    #[error("the document `{name}.json` can't be read ({reason}): repair it or move it away")]
    Document {
        /// Its name, without `.json`.
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

impl SettingError {
    /// The field of the settings that the error is about, as JSON and the form call it.
    pub fn field(&self) -> &'static str {
        match self {
            Self::ServerUrl(_) => "serverUrl",
            Self::NoUsername => "username",
            Self::PasswordOfAnother => "password",
            Self::TimeZone(_) => "timeZone",
            Self::Interval(_) => "every",
            Self::NoApiKey => "apiKey",
        }
    }
}

impl ServiceError {
    /// The field of the settings that the error is about, if it is about one.
    pub fn field(&self) -> Option<&'static str> {
        if let Self::Setting(error) = self { Some(error.field()) } else { None }
    }

    /// The stable code for programs.
    pub fn code(&self) -> ProblemCode {
        match self {
            Self::Setting(_) | Self::BadLog(_) => ProblemCode::InvalidRequest,
            Self::NotConfigured => ProblemCode::NotConfigured,
            Self::SchedulePaused(_) => ProblemCode::JellyfinCredentialsRejected,
            Self::Tmdb(_) => ProblemCode::TmdbError,
            Self::LogConflict(_) => ProblemCode::LogConflict,
            Self::LogNotEmpty => ProblemCode::LogNotEmpty,
            Self::LogCorrupt(_) => ProblemCode::LogCorrupt,
            Self::Extend(ExtendError::NoPositionLeft { .. }) => ProblemCode::LogCorrupt,
            Self::Store(_)
            | Self::Reading(_)
            | Self::Document { .. }
            | Self::Seal(_)
            | Self::Extend(ExtendError::NoSuchStream(_) | ExtendError::StreamExists(_)) => {
                ProblemCode::StoreUnavailable
            }
            Self::Jellyfin(error) => match error {
                JellyfinError::Unreachable { .. }
                | JellyfinError::Certificate { .. }
                | JellyfinError::TooSlow { .. }
                | JellyfinError::Deadline { .. } => ProblemCode::JellyfinUnreachable,
                JellyfinError::NotAServer { .. } => ProblemCode::JellyfinNotAServer,
                JellyfinError::CredentialsRejected { .. } => {
                    ProblemCode::JellyfinCredentialsRejected
                }
                JellyfinError::ReauthenticationRequired => {
                    ProblemCode::JellyfinReauthenticationRequired
                }
                JellyfinError::AnswerTooLarge { .. } => ProblemCode::JellyfinAnswerTooLarge,
                JellyfinError::SignInFailed { .. }
                | JellyfinError::Starting { .. }
                | JellyfinError::Status { .. }
                | JellyfinError::Unreadable { .. }
                | JellyfinError::ShortRead { .. }
                | JellyfinError::NoUserData { .. } => ProblemCode::JellyfinError,
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

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        Self::new(error.code(), error.to_string())
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

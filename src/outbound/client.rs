//! The HTTP client: it follows no redirect, and waits no longer than it is told.

use std::time::Duration;

use super::error::TransportError;

/// How long a client waits for a connection.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until a connection is made.
    pub connect: Duration,
    /// Between two pieces of an answer; `None` if the caller limits the time of the whole answer
    /// anyway.
    pub silence: Option<Duration>,
}

/// The certificates that a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificates {
    /// Those that this machine trusts.
    Trusted,
    /// All, self-signed ones among them.
    Any,
}

impl Certificates {
    /// All if the person's setting says so.
    pub fn accepting_all(accept: bool) -> Self {
        if accept { Self::Any } else { Self::Trusted }
    }
}

/// A client. It never follows a redirect: the next host would get the password or the token.
///
/// # Errors
/// This machine's TLS can't be set up.
pub fn client(
    patience: Patience,
    certificates: Certificates,
) -> Result<reqwest::Client, TransportError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("mediatheca-jellyfin-sync/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(patience.connect)
        .danger_accept_invalid_certs(certificates == Certificates::Any);
    if let Some(silence) = patience.silence {
        builder = builder.read_timeout(silence);
    }
    Ok(builder.build()?)
}

//! What can go wrong on the way, in one line each: the cause is kept, the URL is not.

use std::{error::Error, fmt, io};

use serde::de::DeserializeOwned;

/// Longest part of a decoder's message that is shown, in bytes: it may quote the answer.
const LONGEST_REASON: usize = 300;

/// A failure of the connection, shown with all its causes. Its URL is gone, as people may have put
/// a secret into it.
#[derive(Debug)]
pub struct TransportError(reqwest::Error);

impl TransportError {
    /// Whether the server's certificate isn't trusted.
    pub fn is_untrusted_certificate(&self) -> bool {
        let refusal = |cause: &(dyn Error + 'static)| {
            matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
        };
        causes(&self.0).any(refusal)
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        Self(error.without_url())
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cause = self.0.source();
        if cause.is_none() {
            return f.write_str("the request failed");
        }
        let mut separator = "";
        while let Some(error) = cause {
            write!(f, "{separator}{error}")?;
            separator = ": ";
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// All causes of an error. [`io::Error`] passes over the error that it holds, so that one is looked
/// up.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => Some(held),
            None => error.source(),
        }
    })
}

/// An answer that can't be decoded. What the decoder quotes of it is cut.
#[derive(Debug)]
pub struct DecodeError(serde_json::Error);

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        match text.char_indices().map(|(at, _)| at).find(|at| *at > LONGEST_REASON) {
            Some(end) => write!(f, "{}…", &text[..end]),
            None => f.write_str(&text),
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Decodes JSON.
///
/// # Errors
/// It isn't JSON, or not of the expected shape.
pub fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    Ok(serde_json::from_slice(json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoders_message_is_cut_before_it_quotes_a_whole_answer() {
        let long = format!("\"{}\"", "ä".repeat(10_000));
        let message = decode::<u32>(long.as_bytes()).unwrap_err().to_string();
        assert!(message.len() < LONGEST_REASON + 10, "{}", message.len());
        assert!(message.ends_with('…'), "{message}");
    }

    #[test]
    fn a_refused_certificate_is_found_inside_an_io_error() {
        let refusal = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::other(refusal));
        assert!(causes(&wrapped).any(|cause| cause.is::<rustls::Error>()));
    }
}

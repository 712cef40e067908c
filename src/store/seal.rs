//! Secrets in documents: sealed with a key that lies elsewhere, each bound to the name it is kept
//! under.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::{ExposeSecret, SecretString};

/// What a sealed secret begins with: the way it is sealed.
const PREFIX: &str = "sealed:v1:";

/// Why a secret can't be sealed or opened. Nothing of it holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key isn't 32 bytes in Base64.
    #[error("the secret key must be 32 bytes in Base64, as `openssl rand -base64 32` makes them")]
    BadKey,
    /// The key file failed.
    #[error("{action} the key file {path} failed: {source}", path = path.display())]
    KeyFile {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Others could read the key.
    #[error("the key file {path} can be read by others: run `chmod 600 {path}`", path = path.display())]
    KeyFileOpen {
        /// The file.
        path: PathBuf,
    },
    /// Another key sealed it, or it was changed since.
    #[error("`{0}` was sealed with another key: bring that key back, or enter the secret again")]
    WrongKey(String),
    /// The system gives no randomness.
    #[error("the system gives no random numbers: {0}")]
    NoRandomness(getrandom::Error),
}

/// Where the key is.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// In a file of mode 0600, made on first use.
    File(PathBuf),
    /// Given by the environment.
    Given(SecretString),
}

/// Fills a buffer.
type Fill = dyn Fn(&mut [u8]) -> Result<(), getrandom::Error> + Send + Sync;

/// Gives bytes that can't be guessed: the system's, or a test's.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

impl Entropy {
    /// The system's.
    pub fn system() -> Self {
        Self::from_source(getrandom::fill)
    }

    /// Bytes from a source of the caller's.
    pub fn from_source(
        fill: impl Fn(&mut [u8]) -> Result<(), getrandom::Error> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(fill))
    }

    /// That many bytes.
    ///
    /// # Errors
    /// The source fails.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], SealError> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes).map_err(SealError::NoRandomness)?;
        Ok(bytes)
    }

    /// An id that occurs only once: 32 small hex digits.
    ///
    /// # Errors
    /// The source fails.
    pub fn id(&self) -> Result<String, SealError> {
        Ok(self.bytes::<16>()?.map(|byte| format!("{byte:02x}")).concat())
    }
}

/// A key that seals and opens.
#[derive(Clone)]
pub struct SealingKey {
    cipher: XChaCha20Poly1305,
    entropy: Entropy,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl SealingKey {
    /// Gets the key; a file that doesn't exist is made.
    ///
    /// # Errors
    /// The key is malformed, or its file can't be read or made.
    pub fn load(source: &KeySource, entropy: &Entropy) -> Result<Self, SealError> {
        match source {
            KeySource::Given(text) => Self::parse(text.expose_secret(), entropy),
            KeySource::File(path) => match read_key_file(path)? {
                Some(text) => Self::parse(&text, entropy),
                None => Self::create(path, entropy),
            },
        }
    }

    fn parse(text: &str, entropy: &Entropy) -> Result<Self, SealError> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| SealError::BadKey)?;
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| SealError::BadKey)?;
        Ok(Self { cipher, entropy: entropy.clone() })
    }

    fn create(path: &Path, entropy: &Entropy) -> Result<Self, SealError> {
        let text = BASE64_STANDARD.encode(entropy.bytes::<32>()?);
        let failed =
            |source| SealError::KeyFile { action: "making", path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(mut file) => {
                file.write_all(format!("{text}\n").as_bytes())
                    .and_then(|()| file.sync_all())
                    .map_err(failed)?;
                Self::parse(&text, entropy)
            }
            // Another process was quicker: its key is the key.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Self::parse(&read_key_file(path)?.ok_or(SealError::BadKey)?, entropy)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Seals a secret for a name.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn seal(&self, name: &str, secret: &SecretString) -> Result<String, SealError> {
        let nonce = self.entropy.bytes::<24>()?;
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: name.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a password is far below the cipher's limit of 256 GB");
        Ok(format!("{PREFIX}{}", BASE64_STANDARD.encode([&nonce[..], &sealed].concat())))
    }

    /// Opens what was sealed for that name.
    ///
    /// # Errors
    /// It was sealed with another key or for another name, or changed since.
    pub fn open(&self, name: &str, sealed: &str) -> Result<SecretString, SealError> {
        let wrong = || SealError::WrongKey(name.to_owned());
        let bytes = sealed
            .strip_prefix(PREFIX)
            .and_then(|text| BASE64_STANDARD.decode(text).ok())
            .ok_or_else(wrong)?;
        let (nonce, sealed) = bytes.split_first_chunk::<24>().ok_or_else(wrong)?;
        let opened = self
            .cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: name.as_bytes() })
            .map_err(|_| wrong())?;
        String::from_utf8(opened).map(SecretString::from).map_err(|_| wrong())
    }
}

fn read_key_file(path: &Path) -> Result<Option<String>, SealError> {
    let failed = |source| SealError::KeyFile { action: "reading", path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(failed)?,
    };
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).map_err(failed)?);
        if mode & 0o077 != 0 {
            return Err(SealError::KeyFileOpen { path: path.to_owned() });
        }
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::parse(&BASE64_STANDARD.encode([byte; 32]), &Entropy::system()).unwrap()
    }

    #[test]
    fn a_secret_opens_under_its_own_key_and_name_alone() {
        let sealed =
            key(1).seal("jellyfin_password", &SecretString::from("correct horse")).unwrap();
        assert!(!sealed.contains("horse"));
        assert_eq!(
            key(1).open("jellyfin_password", &sealed).unwrap().expose_secret(),
            "correct horse"
        );
        assert!(matches!(key(2).open("jellyfin_password", &sealed), Err(SealError::WrongKey(_))));
        assert!(matches!(key(1).open("tmdb_api_key", &sealed), Err(SealError::WrongKey(_))));
        assert!(matches!(
            key(1).open("jellyfin_password", "correct horse"),
            Err(SealError::WrongKey(_))
        ));
    }

    #[test]
    fn the_same_secret_is_never_sealed_alike_twice() {
        let seal = || key(1).seal("a", &SecretString::from("b")).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::File(folder.path().join("deeper/key"));
        let sealed = SealingKey::load(&source, &Entropy::system())
            .unwrap()
            .seal("a", &SecretString::from("b"))
            .unwrap();
        assert_eq!(
            SealingKey::load(&source, &Entropy::system())
                .unwrap()
                .open("a", &sealed)
                .unwrap()
                .expose_secret(),
            "b"
        );
        #[cfg(unix)]
        {
            let KeySource::File(path) = &source else { panic!("it is a file") };
            fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
            assert!(matches!(
                SealingKey::load(&source, &Entropy::system()),
                Err(SealError::KeyFileOpen { .. })
            ));
        }
    }
}

//! Where a store is, as a person writes it: a folder, or `s3://bucket/prefix`.

use std::{fmt, path::PathBuf, str::FromStr};

/// The home of a log and its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket and a prefix in it, which has no slash at either end and may be empty.
    Bucket {
        /// The bucket.
        bucket: String,
        /// The prefix.
        prefix: String,
    },
}

/// A text that names no place for a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Nothing at all.
    #[error("the store has no name: give a folder, or s3://bucket/prefix")]
    Empty,
    /// No bucket.
    #[error("`{0}` names no bucket: write it as s3://bucket/prefix")]
    NoBucket(String),
    /// A prefix that not every server keeps as it is written.
    #[error(
        "the prefix of `{0}` must be made of letters, digits and `-._` between single slashes, as in s3://bucket/home/log"
    )]
    Prefix(String),
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if text.trim().is_empty() {
            return Err(LocationError::Empty);
        }
        let Some(place) = text.strip_prefix("s3://") else { return Ok(Self::Folder(text.into())) };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(LocationError::NoBucket(text.to_owned()));
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let is_plain = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        if !prefix.is_empty() && !prefix.split('/').all(is_plain) {
            return Err(LocationError::Prefix(text.to_owned()));
        }
        Ok(Self::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_folder_or_a_prefix_in_a_bucket() {
        for (text, shown) in [
            ("s3://log", "s3://log"),
            ("s3://log/", "s3://log"),
            ("s3://log/home/marta", "s3://log/home/marta"),
            ("s3://log/home/", "s3://log/home"),
            ("/var/lib/log", "/var/lib/log"),
            ("s3", "s3"),
        ] {
            assert_eq!(
                text.parse::<Location>().map(|location| location.to_string()),
                Ok(shown.to_owned()),
                "{text}"
            );
        }
        assert_eq!("s3:/log".parse(), Ok(Location::Folder("s3:/log".into())));
    }

    #[test]
    fn what_names_no_place_is_said() {
        for text in [
            "s3://log//home",
            "s3://log/home//",
            "s3://log/../other",
            "s3://log/a b",
            "s3:///home",
            "s3://",
            " ",
        ] {
            assert!(text.parse::<Location>().is_err(), "{text}");
        }
    }
}

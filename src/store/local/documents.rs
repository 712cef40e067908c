//! Documents in a folder: a file each, its version the digest of its bytes.

use std::{
    fs::{self, File},
    io::{self, Read},
};

use sha2::{Digest, Sha256};

use super::{LocalStore, failed};
use crate::store::{Document, StoreError, Version};

impl LocalStore {
    pub(super) fn get_now(&self, name: &str) -> Result<Option<Document>, StoreError> {
        let path = self.path(&format!("{name}.json"));
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => {
                let bytes = read.map_err(failed("reading", &path))?;
                let version = version_of(Sha256::new_with_prefix(&bytes));
                Ok(Some(Document { bytes, version }))
            }
        }
    }

    /// The version alone; the document may be of any size.
    pub(super) fn version_now(&self, name: &str) -> Result<Option<Version>, StoreError> {
        let path = self.path(&format!("{name}.json"));
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed("opening", &path))?,
        };
        let mut digest = Sha256::new();
        let mut piece = [0; 16 * 1024];
        loop {
            match file.read(&mut piece).map_err(failed("reading", &path))? {
                0 => return Ok(Some(version_of(digest))),
                length => digest.update(&piece[..length]),
            }
        }
    }

    pub(super) fn replace_now(
        &self,
        name: &'static str,
        was: Option<&Version>,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        if self.version_now(name)?.as_ref() != was {
            return Err(StoreError::Conflict(name));
        }
        self.put_whole(&format!("{name}.json"), bytes)
    }
}

fn version_of(digest: Sha256) -> Version {
    Version(format!("{:x?}", digest.finalize()))
}

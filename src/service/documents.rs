//! Small documents beside the log: read, and changed by compare-and-swap.
//!
//! A document that another writer replaced in the meantime is read and changed again. This part
//! knows names and JSON, and nothing of what the documents say.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;

use super::error::ServiceError;
use crate::store::{Document, Store, StoreError, Version};

/// How often a document is replaced again because another writer was quicker.
const TRIES: u32 = 10;

/// The documents of a store.
#[derive(Clone)]
pub(super) struct Documents {
    store: Arc<dyn Store>,
}

impl Documents {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Reads a document; its default if it doesn't exist.
    pub(super) async fn read<T: Default + DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<T, ServiceError> {
        match self.store.get(name).await? {
            None => Ok(T::default()),
            Some(document) => decode(name, &document.bytes),
        }
    }

    /// Changes a stored document; writes nothing if the change returns false.
    pub(super) async fn change<T: Default + Serialize + DeserializeOwned>(
        &self,
        name: &'static str,
        mut change: impl FnMut(&mut T) -> Result<bool, ServiceError>,
    ) -> Result<T, ServiceError> {
        let mut changed = T::default();
        self.replace(name, |stored| {
            changed = stored.map_or_else(|| Ok(T::default()), |one| decode(name, &one.bytes))?;
            let is_new = change(&mut changed)?;
            Ok(is_new.then(|| encode(&changed)))
        })
        .await?;
        Ok(changed)
    }

    /// Compare-and-swap: `next` gets the stored document and returns the new bytes, or `None` to
    /// write nothing.
    pub(super) async fn replace(
        &self,
        name: &'static str,
        mut next: impl FnMut(Option<&Document>) -> Result<Option<Vec<u8>>, ServiceError>,
    ) -> Result<(), ServiceError> {
        let mut tries = 0;
        loop {
            let document = self.store.get(name).await?;
            let Some(bytes) = next(document.as_ref())? else { return Ok(()) };
            tries += 1;
            let version = document.map(|document| document.version);
            if self.put(name, version, bytes, tries).await? {
                return Ok(());
            }
        }
    }

    /// Replaces a document whatever it says now, without reading a large one.
    pub(super) async fn overwrite(
        &self,
        name: &'static str,
        bytes: &[u8],
    ) -> Result<(), ServiceError> {
        let mut tries = 0;
        loop {
            let version = self.store.version(name).await?;
            tries += 1;
            if self.put(name, version, bytes.to_vec(), tries).await? {
                return Ok(());
            }
        }
    }

    /// Puts a document over that version of it. False if another writer was quicker and this wasn't
    /// the last try.
    async fn put(
        &self,
        name: &'static str,
        was: Option<Version>,
        bytes: Vec<u8>,
        tries: u32,
    ) -> Result<bool, ServiceError> {
        match self.store.replace(name, was, bytes).await {
            Err(StoreError::Conflict(_)) if tries < TRIES => Ok(false),
            replaced => Ok(replaced.map(|()| true)?),
        }
    }
}

fn decode<T: DeserializeOwned>(name: &'static str, bytes: &[u8]) -> Result<T, ServiceError> {
    serde_json::from_slice(bytes)
        .map_err(|source| ServiceError::Document { name, reason: source.to_string() })
}

fn encode(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(document).expect("texts, numbers and flags always encode")
}

/// A decoded document, kept with the version it came from.
pub(super) struct Cached<T> {
    name: &'static str,
    kept: Mutex<Option<(Version, T)>>,
}

impl<T: Clone + DeserializeOwned> Cached<T> {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, kept: Mutex::default() }
    }

    /// The document; decoded again only if it changed. `None` if it doesn't exist.
    pub(super) async fn read(&self, documents: &Documents) -> Result<Option<T>, ServiceError> {
        let Some(document) = documents.store.get(self.name).await? else { return Ok(None) };
        let mut kept = self.kept.lock().await;
        if let Some((version, decoded)) = &*kept
            && *version == document.version
        {
            return Ok(Some(decoded.clone()));
        }
        let decoded: T = decode(self.name, &document.bytes)?;
        *kept = Some((document.version, decoded.clone()));
        Ok(Some(decoded))
    }
}

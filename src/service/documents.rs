//! Small documents beside the log: read, and changed as they stand, again where somebody else was quicker.

use serde::{Serialize, de::DeserializeOwned};

use super::{Service, ServiceError};
use crate::store::{Document, StoreError};

/// How often a document is replaced again because somebody else was quicker.
pub(super) const TRIES: u32 = 10;

/// Decodes a document.
pub(super) fn decode<T: DeserializeOwned>(
    name: &'static str,
    bytes: &[u8],
) -> Result<T, ServiceError> {
    serde_json::from_slice(bytes)
        .map_err(|e| ServiceError::Document { name, reason: e.to_string() })
}

impl Service {
    /// A document, or what stands for one that isn't there.
    pub(super) async fn document<T: Default + DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<T, ServiceError> {
        match self.store.get(name).await? {
            None => Ok(T::default()),
            Some(document) => decode(name, &document.bytes),
        }
    }

    /// Changes a document as it stands in the store; where the change says that it changed nothing, nothing is written.
    pub(super) async fn change_document<T: Default + Serialize + DeserializeOwned>(
        &self,
        name: &'static str,
        mut change: impl FnMut(&mut T) -> Result<bool, ServiceError>,
    ) -> Result<T, ServiceError> {
        let mut changed = T::default();
        self.replace_document(name, |stands| {
            changed = stands
                .map_or_else(|| Ok(T::default()), |document| decode(name, &document.bytes))?;
            let is_new = change(&mut changed)?;
            Ok(is_new.then(|| {
                serde_json::to_vec_pretty(&changed).expect("texts, numbers and flags always encode")
            }))
        })
        .await?;
        Ok(changed)
    }

    /// Replaces a document by what is to follow on it as it stands; by nothing where that is none.
    pub(super) async fn replace_document(
        &self,
        name: &'static str,
        mut next: impl FnMut(Option<&Document>) -> Result<Option<Vec<u8>>, ServiceError>,
    ) -> Result<(), ServiceError> {
        let mut tries = 0;
        loop {
            let document = self.store.get(name).await?;
            let Some(bytes) = next(document.as_ref())? else { return Ok(()) };
            tries += 1;
            match self.store.replace(name, document.map(|document| document.version), bytes).await {
                Err(StoreError::Conflict(_)) if tries < TRIES => {}
                replaced => return Ok(replaced?),
            }
        }
    }
}

//! The last scan, kept so that a page can show it in parts, again after a reload, and tomorrow.

use std::sync::Arc;

use super::{
    Service, ServiceError, SyncOptions,
    documents::{TRIES, decode},
};
use crate::{
    report::Preview,
    store::{Document, StoreError},
};

const NAME: &str = "preview";

/// The document where there is nothing to show.
const NONE: &[u8] = b"null";

/// As it is stored. A large one isn't copied again and again while it grows.
fn encoded(preview: &Preview) -> Vec<u8> {
    let left_out = preview.skipped.len() + preview.unmatched.len();
    let mut bytes = Vec::with_capacity(1024 + 256 * preview.rows.len() + 128 * left_out);
    serde_json::to_writer(&mut bytes, preview).expect("texts and numbers always encode");
    bytes
}

impl Service {
    /// Scans, and keeps what the scan showed until the next one or an import.
    ///
    /// # Errors
    /// As for a scan; then an earlier preview stands.
    pub async fn scan_for_preview(&self, options: SyncOptions) -> Result<(), ServiceError> {
        let preview: Preview = self.scan_as(options).await?;
        self.keep_preview(&preview).await
    }

    /// The last scan, unless something was imported since.
    ///
    /// # Errors
    /// The store fails.
    pub async fn preview(&self) -> Result<Option<Arc<Preview>>, ServiceError> {
        let Some(document) = self.store.get(NAME).await? else { return Ok(None) };
        let mut kept = self.preview.lock().await;
        if let Some((version, preview)) = &*kept
            && *version == document.version
        {
            return Ok(preview.clone());
        }
        let preview: Option<Arc<Preview>> = decode(NAME, &document.bytes)?;
        *kept = Some((document.version, preview.clone()));
        Ok(preview)
    }

    /// After an import there is nothing to look forward to.
    pub(super) async fn drop_preview(&self) -> Result<(), ServiceError> {
        let is_shown = |document: &Document| document.bytes != NONE;
        self.replace_document(NAME, |stands| {
            Ok(stands.filter(|document| is_shown(document)).map(|_| NONE.to_vec()))
        })
        .await
    }

    /// Replaces the preview whatever it is now, without reading a large one.
    async fn keep_preview(&self, preview: &Preview) -> Result<(), ServiceError> {
        let mut tries = 0;
        loop {
            let version = self.store.version(NAME).await?;
            tries += 1;
            match self.store.replace(NAME, version, encoded(preview)).await {
                Err(StoreError::Conflict(_)) if tries < TRIES => {}
                replaced => return Ok(replaced?),
            }
        }
    }
}

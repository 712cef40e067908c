//! The last scan, kept so that a page can show it in parts, again after a reload, and tomorrow.

use std::sync::Arc;

use super::{Sync, SyncOptions};
use crate::{report::Preview, service::error::ServiceError};

pub(super) const NAME: &str = "preview";

/// The document if there is nothing to show.
const NONE: &[u8] = b"null";

/// The stored form. A large one isn't copied again and again while it grows.
fn encoded(preview: &Preview) -> Vec<u8> {
    let not_added = preview.skipped.len() + preview.unmatched.len();
    let mut bytes = Vec::with_capacity(1024 + 256 * preview.rows.len() + 128 * not_added);
    serde_json::to_writer(&mut bytes, preview).expect("texts and numbers always encode");
    bytes
}

impl Sync {
    /// Scans, and keeps what the scan showed until the next one or an import.
    ///
    /// # Errors
    /// As for a scan; then an earlier preview stays.
    pub async fn scan_for_preview(&self, options: SyncOptions) -> Result<(), ServiceError> {
        let preview: Preview = self.scan_as(options).await?;
        self.documents.overwrite(NAME, &encoded(&preview)).await
    }

    /// The last scan, unless something was imported since.
    ///
    /// # Errors
    /// The store fails.
    pub async fn preview(&self) -> Result<Option<Arc<Preview>>, ServiceError> {
        Ok(self.preview.read(&self.documents).await?.flatten())
    }

    /// An import makes the preview stale.
    pub(super) async fn drop_preview(&self) -> Result<(), ServiceError> {
        let drop = self.documents.replace(NAME, |stored| {
            Ok(stored.filter(|document| document.bytes != NONE).map(|_| NONE.to_vec()))
        });
        drop.await
    }
}

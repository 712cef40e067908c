//! Posters, from the Jellyfin server in the settings.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::{account::Account, error::ServiceError};
use crate::{
    domain::ids::ItemId,
    jellyfin::{Gallery, Limits, Poster, ServerUrl},
};

/// The pictures of the server in the settings.
pub struct Pictures {
    account: Arc<Account>,
    limits: Limits,
    /// A page asks for sixty posters at once, so the connections to a server are kept.
    gallery: Mutex<Option<Arc<Gallery>>>,
}

impl Pictures {
    pub(super) fn new(account: Arc<Account>, limits: Limits) -> Self {
        Self { account, limits, gallery: Mutex::default() }
    }

    /// An item's poster; `None` if it doesn't have one.
    ///
    /// # Errors
    /// There are no settings, or Jellyfin fails.
    pub async fn poster(&self, item: &ItemId) -> Result<Option<Poster>, ServiceError> {
        let address = self.account.settings().await?.address()?;
        let (server, accept) = address.ok_or(ServiceError::NotConfigured)?;
        let gallery = self.gallery_at(server, accept).await?;
        Ok(gallery.poster(item).await?)
    }

    async fn gallery_at(
        &self,
        server: ServerUrl,
        accept: bool,
    ) -> Result<Arc<Gallery>, ServiceError> {
        let mut kept = self.gallery.lock().await;
        if let Some(gallery) = kept.as_ref().filter(|gallery| gallery.is_at(&server, accept)) {
            return Ok(gallery.clone());
        }
        let gallery = Arc::new(Gallery::new(server, accept, &self.limits)?);
        *kept = Some(gallery.clone());
        Ok(gallery)
    }
}

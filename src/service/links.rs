//! Which item of Jellyfin's a title of the library is, as the last run saw it: for posters, and for "play in Jellyfin".

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Service, ServiceError, documents::decode};
use crate::{
    domain::{ids::ItemId, sync::Plan},
    jellyfin::{Gallery, Poster, ServerUrl},
};

const NAME: &str = "links";

/// Items of Jellyfin's by the stream of the title they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Links(BTreeMap<String, ItemId>);

impl Links {
    /// Every title that the plan matched.
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let movies =
            plan.movies.iter().map(|movie| (movie.stream.to_string(), movie.item.id.clone()));
        let series =
            plan.series.iter().map(|series| (series.stream.to_string(), series.item.id.clone()));
        Self(movies.chain(series).collect())
    }

    /// The item of a title.
    pub fn item(&self, stream: &str) -> Option<&ItemId> {
        self.0.get(stream)
    }
}

impl Service {
    /// The links as the last run saw them.
    ///
    /// # Errors
    /// The store fails.
    pub async fn links(&self) -> Result<Arc<Links>, ServiceError> {
        let Some(document) = self.store.get(NAME).await? else { return Ok(Arc::default()) };
        let mut kept = self.links.lock().await;
        if let Some((version, links)) = &*kept
            && *version == document.version
        {
            return Ok(links.clone());
        }
        let links: Arc<Links> = decode(NAME, &document.bytes)?;
        *kept = Some((document.version, links.clone()));
        Ok(links)
    }

    pub(super) async fn keep_links(&self, links: &Links) -> Result<(), ServiceError> {
        let kept = self.replace_document(NAME, |stands| {
            let bytes = serde_json::to_vec(links).expect("texts always encode");
            Ok(stands.is_none_or(|document| document.bytes != bytes).then_some(bytes))
        });
        kept.await
    }

    /// An item's poster, from Jellyfin; `None` where it has none.
    ///
    /// # Errors
    /// There are no settings, or Jellyfin fails.
    pub async fn poster(&self, item: &ItemId) -> Result<Option<Poster>, ServiceError> {
        let (server, accept) =
            self.settings().await?.address()?.ok_or(ServiceError::NotConfigured)?;
        let gallery = self.gallery_at(server, accept).await?;
        Ok(gallery.poster(item).await?)
    }

    /// The connections to a server are kept: a page asks for sixty posters at once.
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

//! Which Jellyfin item a title of the library is, as the last whole run saw it: for posters, and
//! for "Play in Jellyfin".

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    documents::{Cached, Documents},
    error::ServiceError,
};
use crate::domain::{ids::ItemId, sync::Plan};

const NAME: &str = "links";

/// Jellyfin's items by the stream of the title each is.
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

/// The document that keeps the links.
pub struct LinkBook {
    documents: Documents,
    cached: Cached<Arc<Links>>,
}

impl LinkBook {
    pub(super) fn new(documents: Documents) -> Self {
        Self { documents, cached: Cached::new(NAME) }
    }

    /// The links as the last whole run saw them.
    ///
    /// # Errors
    /// The store fails.
    pub async fn read(&self) -> Result<Arc<Links>, ServiceError> {
        Ok(self.cached.read(&self.documents).await?.unwrap_or_default())
    }

    pub(super) async fn keep(&self, links: &Links) -> Result<(), ServiceError> {
        let bytes = serde_json::to_vec(links).expect("texts always encode");
        let changed = self.documents.replace(NAME, |stored| {
            let is_new = stored.is_none_or(|document| document.bytes != bytes);
            Ok(is_new.then(|| bytes.clone()))
        });
        changed.await
    }
}

//! Episodes fetched series by series: the route if a server is too slow for the flat list, or fails
//! for it.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};

use super::{
    convert::ListedEpisode,
    error::JellyfinError,
    limits::ROWS_OF_A_LIST,
    list::List,
    lists::Lists,
    page::Page,
    progress::{FetchPhase, FetchProgress},
};
use crate::{
    domain::{
        ids::ItemId,
        snapshot::{ItemFault, Server},
    },
    outbound::Bound,
};

/// From this version on an empty list means that a series has no episodes.
const NEVER_HIDES: u32 = 12;

/// Episodes of some series.
pub(super) struct BySeries {
    pub list: List<ListedEpisode>,
    /// Whether every series' episodes came; one that failed is a fault in the list.
    pub is_complete: bool,
    /// Of the episodes that came: 12 gives those of both halves of a split series for either (case
    /// 52).
    seen: BTreeSet<ItemId>,
}

/// Fetches the episodes of these series, named for errors.
pub(super) async fn fetch(
    lists: &Lists<'_>,
    series: Vec<(ItemId, String)>,
    server: &Server,
) -> Result<BySeries, JellyfinError> {
    let total = series.len() as u64;
    let answers = stream::iter(series).map(async |(id, name)| {
        let page = lists.episodes_of(&id, &name).await;
        (id, name, page)
    });
    let mut answers = std::pin::pin!(answers.buffer_unordered(lists.jellyfin.limits().at_once));
    let mut found = BySeries { list: List::new(), is_complete: true, seen: BTreeSet::new() };
    let mut done = 0;
    while let Some((id, name, answer)) = answers.next().await {
        done += 1;
        (lists.progress)(FetchProgress { phase: FetchPhase::Episodes, done, total });
        match answer {
            // Between a series' first library scan and its second, 10.11 hides its episodes here
            // (case 53). Such a series looks like an empty one, so it is a fault, and the flat list
            // comes first again next time.
            Ok(page) if page.rows == 0 && server.major_version() < NEVER_HIDES => {
                let message = "Jellyfin listed no episodes of this series; if it has some, scan its library in Jellyfin and try again";
                found.miss(id, name, message.into());
            }
            Ok(page) => found.append(page)?,
            Err(error) => found.miss(id, name, error.about_one_list()?.to_string()),
        }
    }
    Ok(found)
}

impl BySeries {
    fn miss(&mut self, series: ItemId, name: String, message: String) {
        self.list.fault(ItemFault { item_id: Some(series), name, message });
        self.is_complete = false;
    }

    fn append(&mut self, page: Page<ListedEpisode>) -> Result<(), JellyfinError> {
        let mut list = page.list;
        list.items.retain(|episode| self.seen.insert(episode.item.id.clone()));
        self.list.append(list);
        if self.seen.len() as u64 > ROWS_OF_A_LIST {
            let what = "played episodes".to_owned();
            return Err(JellyfinError::AnswerTooLarge { what, bound: Bound::Rows(ROWS_OF_A_LIST) });
        }
        Ok(())
    }
}

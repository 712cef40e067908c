//! Gives each series its played episodes: pure.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::convert::ListedEpisode;
use crate::domain::{
    ids::ItemId,
    snapshot::{EpisodeItem, Item, ItemFault, SeriesItem},
};

/// Played episodes by the series that they name.
pub(super) struct PlayedEpisodes(FxHashMap<ItemId, OneSeries>);

#[derive(Default)]
struct OneSeries {
    name: Option<String>,
    episodes: Vec<EpisodeItem>,
}

impl PlayedEpisodes {
    /// Of all episodes, those that were played.
    pub fn of(episodes: Vec<ListedEpisode>) -> Self {
        let mut by_series: FxHashMap<ItemId, OneSeries> = FxHashMap::default();
        for ListedEpisode { series, series_name, item } in episodes {
            if item.state.played {
                let of = by_series.entry(series).or_default();
                of.name = of.name.take().or(series_name);
                of.episodes.push(item);
            }
        }
        Self(by_series)
    }

    /// The series that episodes name and the list of series doesn't have. Jellyfin 12 lists only
    /// one of two series items with the same ids (case 52).
    pub fn unlisted(&self, series: &[Item]) -> Vec<ItemId> {
        let listed: BTreeSet<&ItemId> = series.iter().map(|item| &item.id).collect();
        let mut unlisted: Vec<ItemId> =
            self.0.keys().filter(|id| !listed.contains(id)).cloned().collect();
        unlisted.sort();
        unlisted
    }

    /// Gives each series its episodes. Episodes without a series are a fault.
    pub fn put_to(mut self, series: Vec<Item>, faults: &mut Vec<ItemFault>) -> Vec<SeriesItem> {
        let with_episodes = series.into_iter().map(|item| {
            let episodes = self.0.remove(&item.id).unwrap_or_default().episodes;
            SeriesItem { item, episodes }
        });
        let with_episodes = with_episodes.collect();
        faults.extend(self.0.into_iter().map(|(id, of)| ItemFault {
            item_id: Some(id),
            name: of.name.unwrap_or_default(),
            message:
                "Jellyfin shows episodes of this series but not the series itself: scan its library there, then try again"
                    .into(),
        }));
        with_episodes
    }
}

//! The lists that a plan needs: movies, series, played episodes, series by id.
//!
//! A list is read page by page, several pages at the same time, and counts as read only if every
//! row of it came.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    connection::{Asked, Connection, IfSlow},
    convert::ListedEpisode,
    error::JellyfinError,
    list::List,
    page::Page,
    progress::{FetchPhase, FetchProgress},
    rows::{EPISODES, ItemKind, MOVIES, SERIES},
    transport::Size,
};
use crate::{
    domain::{
        ids::{ItemId, UserId},
        snapshot::Item,
    },
    outbound::{Body, Bound},
};

/// Fields and options of every list, as the recorded requests name them.
const OPTIONS: &str = "enableImages=false&fields=ProviderIds&enableUserData=true";

/// Most series that are asked for by id: only a series with a twin in another library has to be.
const MOST_BY_ID: usize = 2_000;

/// Ids in one request: with forty the URL stays below the 2,000 characters that every proxy lets
/// through.
const IDS_AT_ONCE: usize = 40;

/// The lists of one server. The caller hears how far they are.
pub(super) struct Lists<'a> {
    pub jellyfin: &'a Connection,
    pub progress: &'a (dyn Fn(FetchProgress) + Sync),
}

/// A list that comes in pages.
struct Paged<T: 'static> {
    kind: &'static ItemKind<T>,
    /// A part of the query.
    filter: &'static str,
    phase: FetchPhase,
    patience: Duration,
    if_slow: IfSlow,
}

impl Lists<'_> {
    pub async fn movies(&self) -> Result<List<Item>, JellyfinError> {
        self.titles(&MOVIES, FetchPhase::Movies).await
    }

    pub async fn series(&self) -> Result<List<Item>, JellyfinError> {
        self.titles(&SERIES, FetchPhase::Series).await
    }

    async fn titles(
        &self,
        kind: &'static ItemKind<Item>,
        phase: FetchPhase,
    ) -> Result<List<Item>, JellyfinError> {
        let patience = self.jellyfin.limits().answer;
        self.pages(Paged { kind, filter: "", phase, patience, if_slow: IfSlow::AskAgain }).await
    }

    /// The played episodes of all series.
    pub async fn played_episodes(&self) -> Result<List<ListedEpisode>, JellyfinError> {
        let list = Paged {
            kind: &EPISODES,
            filter: "&isPlayed=true",
            phase: FetchPhase::Episodes,
            patience: self.jellyfin.limits().episodes,
            if_slow: IfSlow::GiveUp,
        };
        self.pages(list).await
    }

    /// All pages of a list. The total says how many to ask for; after a page that isn't full no
    /// more are asked for.
    async fn pages<T: Send>(&self, list: Paged<T>) -> Result<List<T>, JellyfinError> {
        let size = self.jellyfin.limits().page;
        let first = self.page(&list, 0).await?;
        let total = first.total.unwrap_or(first.rows);
        let is_full = AtomicBool::new(first.rows >= size);
        let starts = (1..)
            .map(|n| n * size)
            .take_while(|start| *start < total && is_full.load(Ordering::Relaxed));
        let rest = stream::iter(starts)
            .map(async |start| self.page(&list, start).await)
            .buffered(self.jellyfin.limits().at_once);
        let mut pages = std::pin::pin!(stream::iter([Ok(first)]).chain(rest));
        let mut joined = Page::new();
        while let Some(page) = pages.try_next().await? {
            if page.rows < size {
                is_full.store(false, Ordering::Relaxed);
            }
            joined.append(page, total, list.kind.what)?;
            let done = joined.rows.min(total);
            (self.progress)(FetchProgress { phase: list.phase, done, total });
        }
        joined.finish(list.kind.what, total)
    }

    async fn page<T: Send>(&self, list: &Paged<T>, start: u64) -> Result<Page<T>, JellyfinError> {
        let Paged { kind, filter, patience, if_slow, .. } = *list;
        let limit = self.jellyfin.limits().page;
        let query = |user: &UserId| {
            format!(
                "userId={user}&recursive=true&{OPTIONS}&includeItemTypes={}{filter}&startIndex={start}&limit={limit}&sortBy=DateCreated,SortName",
                kind.name
            )
        };
        let asked = Asked { path: "/Items", what: kind.what, patience, if_slow, size: Size::List };
        read(self.jellyfin.get(&asked, query).await?, kind).await
    }

    /// Series by their ids, in any order.
    pub async fn series_by_id(&self, ids: &[ItemId]) -> Result<List<Item>, JellyfinError> {
        if ids.len() > MOST_BY_ID {
            let what = "series that only their episodes name".into();
            return Err(JellyfinError::AnswerTooLarge {
                what,
                bound: Bound::Rows(MOST_BY_ID as u64),
            });
        }
        let asked = self.asked("/Items", "series by id");
        let mut found = List::new();
        for ids in ids.chunks(IDS_AT_ONCE) {
            let ids = ids.iter().map(ItemId::as_str).collect::<Vec<_>>().join(",");
            let query = |user: &UserId| format!("userId={user}&ids={ids}&{OPTIONS}");
            found.append(read(self.jellyfin.get(&asked, query).await?, &SERIES).await?.list);
        }
        Ok(found)
    }

    /// All episodes of one series, played or not: they come in one answer.
    pub async fn episodes_of(
        &self,
        series: &ItemId,
        name: &str,
    ) -> Result<Page<ListedEpisode>, JellyfinError> {
        let query = |user: &UserId| {
            format!("userId={user}&fields=ProviderIds&enableImages=false&enableUserData=true")
        };
        let what = format!("episodes of {name}");
        let path = format!("/Shows/{series}/Episodes");
        let body = self.jellyfin.get(&self.asked(&path, &what), query).await?;
        let page = read(body, &EPISODES).await?;
        page.check_single(&what)?;
        Ok(page)
    }

    fn asked<'r>(&self, path: &'r str, what: &'r str) -> Asked<'r> {
        let patience = self.jellyfin.limits().answer;
        Asked { path, what, patience, if_slow: IfSlow::AskAgain, size: Size::List }
    }
}

/// Reads a page on a thread of its own, while the next ones arrive. Its body is held until it is
/// read.
async fn read<T: Send + 'static>(
    body: Body,
    kind: &'static ItemKind<T>,
) -> Result<Page<T>, JellyfinError> {
    let read = tokio::task::spawn_blocking(move || kind.read_page(&body.bytes));
    read.await.expect("reading a page doesn't panic")
}

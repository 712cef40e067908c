//! The lists that a plan needs, and the snapshot made of them.
//!
//! All movies, all series, and of the episodes the played ones in one flat list. Where a server is too slow for that
//! list (it has no database statistics yet) or fails, the series that matter are asked one by one: both ways give the
//! same plan.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::{
    Bound, Connection, JellyfinError,
    body::{Asked, Body, Size},
    bounds::{ROWS_OF_A_LIST, WHOLE_LIST},
    page::{EPISODES, Episode, Kind, List, MOVIES, Page, RowId, SERIES},
};
use crate::domain::{
    ids::{ItemId, UserId},
    snapshot::{
        Coverage, EpisodeItem, Item, ItemFault, Scan, SeriesItem, Server, Snapshot, TmdbRef,
    },
};

/// Fields and options of every list, as the recorded requests name them.
const OPTIONS: &str = "enableImages=false&fields=ProviderIds&enableUserData=true";

/// More series than these are never hidden: one needs a twin in another library.
const MOST_HIDDEN: usize = 2_000;

/// By which way the episodes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeRoute {
    /// The played ones of all series in one list.
    Flat,
    /// Series by series.
    BySeries,
}

/// What is being fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressPhase {
    /// The list of movies.
    Movies,
    /// The list of series.
    Series,
    /// Episodes; by series, the count is of series.
    Episodes,
}

/// How far a fetch is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Of which list.
    pub phase: ProgressPhase,
    /// How many came.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

/// Lists that failed as a whole while others came.
#[derive(Debug, Default)]
pub struct Failures {
    /// Why the movies are missing.
    pub movies: Option<JellyfinError>,
    /// Why the series or all their episodes are missing.
    pub series: Option<JellyfinError>,
}

/// What a fetch brought.
#[derive(Debug)]
pub struct Fetched {
    /// What Jellyfin said.
    pub snapshot: Snapshot,
    /// What it didn't.
    pub failures: Failures,
    /// By which way the episodes came whole; `None` where they didn't.
    pub route: Option<EpisodeRoute>,
}

/// Which series' episodes matter, and by which way to begin.
pub struct Wanted<'a> {
    /// Asked by series, only these are.
    pub series: &'a (dyn Fn(&TmdbRef) -> bool + Sync),
    /// What worked last time.
    pub first: EpisodeRoute,
    /// Hears how far it is.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// Fetches a snapshot.
///
/// # Errors
/// The server can't be reached, refuses the user, or fails for movies and series both. One list failing is in
/// [`Fetched::failures`], one series failing in the snapshot's faults.
pub async fn fetch(
    jellyfin: &Connection,
    server: Server,
    taken_at: DateTime<Utc>,
    wanted: &Wanted<'_>,
) -> Result<Fetched, JellyfinError> {
    let lists = Lists { jellyfin, progress: wanted.progress };
    let flat = async {
        match wanted.first {
            EpisodeRoute::Flat => Some(lists.played_episodes().await),
            EpisodeRoute::BySeries => None,
        }
    };
    let (movies, series, flat) = tokio::join!(lists.movies(), lists.series(), flat);
    let mut scan = Scan::new(server, taken_at);
    let mut failures = Failures::default();
    match movies {
        Ok(list) => scan.catalog.movies = list.split(&mut scan.faults),
        Err(error) => failures.movies = Some(tolerable(error)?),
    }
    let mut route = None;
    match with_episodes(&lists, series, flat, wanted, &mut scan).await {
        Ok(found) => route = found,
        Err(error) => failures.series = Some(tolerable(error)?),
    }
    let coverage = match failures {
        Failures { movies: Some(error), series: Some(_) } => return Err(error),
        Failures { movies: None, series: None } => Coverage::Everything,
        Failures { movies: None, series: Some(_) } => Coverage::Movies,
        Failures { movies: Some(_), series: None } => Coverage::Series,
    };
    Ok(Fetched { snapshot: scan.into_snapshot(coverage), failures, route })
}

fn tolerable(error: JellyfinError) -> Result<JellyfinError, JellyfinError> {
    if error.is_about_one_list() { Ok(error) } else { Err(error) }
}

async fn with_episodes(
    lists: &Lists<'_>,
    series: Result<List<Item>, JellyfinError>,
    flat: Option<Result<List<Episode>, JellyfinError>>,
    wanted: &Wanted<'_>,
    scan: &mut Scan,
) -> Result<Option<EpisodeRoute>, JellyfinError> {
    let mut items = series?.split(&mut scan.faults);
    let mut route = Some(EpisodeRoute::Flat);
    let list = match flat {
        Some(Ok(list)) => list,
        Some(Err(error)) if !error.is_about_one_list() => return Err(error),
        asked => {
            let ids = items
                .iter()
                .filter(|item| (wanted.series)(&item.tmdb))
                .map(|item| (item.id.clone(), item.name.clone()));
            let (by_series, whole) =
                lists.episodes_by_series(ids.collect(), scan.server.major_version()).await?;
            // Where episodes may be hidden and the flat list wasn't asked for yet, it is.
            let flat =
                if whole || asked.is_some() { None } else { lists.played_episodes().await.ok() };
            route = if flat.is_some() {
                Some(EpisodeRoute::Flat)
            } else {
                whole.then_some(EpisodeRoute::BySeries)
            };
            flat.unwrap_or(by_series)
        }
    };
    let episodes = list.split(&mut scan.faults);
    let mut by_series: FxHashMap<ItemId, Unlisted> = FxHashMap::default();
    for Episode { series, series_name, item } in
        episodes.into_iter().filter(|episode| episode.item.state.played)
    {
        let unlisted = by_series.entry(series).or_default();
        unlisted.name = unlisted.name.take().or(series_name);
        unlisted.episodes.push(item);
    }
    // Jellyfin 12 lists one of two series items with the same ids; the episodes of the other name it (case 52).
    let listed: BTreeSet<&ItemId> = items.iter().map(|item| &item.id).collect();
    let mut hidden: Vec<ItemId> =
        by_series.keys().filter(|id| !listed.contains(id)).cloned().collect();
    hidden.sort();
    if !hidden.is_empty() {
        items.extend(lists.series_by_id(&hidden).await?.split(&mut scan.faults));
    }
    for item in items {
        let episodes = by_series.remove(&item.id).unwrap_or_default().episodes;
        scan.catalog.series.push(SeriesItem { item, episodes });
    }
    for (id, Unlisted { name, .. }) in by_series {
        let name = name.unwrap_or_default();
        let message =
            "Jellyfin shows episodes of this series but not the series itself: scan its library there, then try again".into();
        scan.faults.push(ItemFault { item_id: Some(id), name, message });
    }
    Ok(route)
}

/// Played episodes that wait for their series.
#[derive(Default)]
struct Unlisted {
    name: Option<String>,
    episodes: Vec<EpisodeItem>,
}

struct Lists<'a> {
    jellyfin: &'a Connection,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl Lists<'_> {
    async fn movies(&self) -> Result<List<Item>, JellyfinError> {
        self.pages(&MOVIES, "", ProgressPhase::Movies, self.jellyfin.limits.answer, true).await
    }

    async fn series(&self) -> Result<List<Item>, JellyfinError> {
        self.pages(&SERIES, "", ProgressPhase::Series, self.jellyfin.limits.answer, true).await
    }

    async fn played_episodes(&self) -> Result<List<Episode>, JellyfinError> {
        self.pages(
            &EPISODES,
            "&isPlayed=true",
            ProgressPhase::Episodes,
            self.jellyfin.limits.episodes,
            false,
        )
        .await
    }

    /// All pages of a list. Its total says when the last one came; what is asked for goes by what really comes: behind a
    /// page that comes short there is none.
    async fn pages<T: Send + 'static>(
        &self,
        kind: &'static Kind<T>,
        filter: &str,
        phase: ProgressPhase,
        patience: Duration,
        again_if_slow: bool,
    ) -> Result<List<T>, JellyfinError> {
        let size = self.jellyfin.limits.page;
        let asked =
            Asked { path: "/Items", what: kind.what, patience, again_if_slow, size: Size::List };
        let page = async |start: u64| {
            let query = |user: &UserId| {
                format!(
                    "userId={user}&recursive=true&{OPTIONS}&includeItemTypes={}{filter}&startIndex={start}&limit={size}&sortBy=DateCreated,SortName",
                    kind.name
                )
            };
            read(self.jellyfin.get(&asked, query).await?, kind).await
        };
        let first = page(0).await?;
        let total = first.total.unwrap_or(first.rows);
        let is_full = AtomicBool::new(first.rows >= size);
        let starts = (1..)
            .map(|n| n * size)
            .take_while(|start| *start < total && is_full.load(Ordering::Relaxed));
        let rest = stream::iter(starts).map(page).buffered(self.jellyfin.limits.at_once);
        let mut pages = std::pin::pin!(stream::iter([Ok(first)]).chain(rest));
        let mut whole = Whole::new();
        while let Some(page) = pages.try_next().await? {
            if page.rows < size {
                is_full.store(false, Ordering::Relaxed);
            }
            if page.total.unwrap_or(page.rows) != total {
                return Err(whole.short(kind.what, total));
            }
            whole.take_in(page, kind.what)?;
            (self.progress)(Progress { phase, done: whole.rows.min(total), total });
        }
        whole.finish(kind.what, total)
    }

    async fn series_by_id(&self, ids: &[ItemId]) -> Result<List<Item>, JellyfinError> {
        if ids.len() > MOST_HIDDEN {
            let bound = Bound::Rows(MOST_HIDDEN as u64);
            return Err(JellyfinError::AnswerTooLarge {
                what: "series that only their episodes name".into(),
                bound,
            });
        }
        let what = "series by id";
        let asked = Asked {
            path: "/Items",
            what,
            patience: self.jellyfin.limits.answer,
            again_if_slow: true,
            size: Size::List,
        };
        let mut found = List::new();
        // Some forty ids keep the URL under the 2,000 characters that every proxy lets through.
        for ids in ids.chunks(40) {
            let ids = ids.iter().map(ItemId::as_str).collect::<Vec<_>>().join(",");
            let query = |user: &UserId| format!("userId={user}&ids={ids}&{OPTIONS}");
            found.extend(read(self.jellyfin.get(&asked, query).await?, &SERIES).await?.list);
        }
        Ok(found)
    }

    /// Episodes series by series; whether all came whole. A series that fails is a fault of its own.
    async fn episodes_by_series(
        &self,
        series: Vec<(ItemId, String)>,
        version: u32,
    ) -> Result<(List<Episode>, bool), JellyfinError> {
        let total = series.len() as u64;
        let answers = stream::iter(series).map(async |(id, name)| {
            let query = |user: &UserId| {
                format!("userId={user}&fields=ProviderIds&enableImages=false&enableUserData=true")
            };
            let what = format!("episodes of {name}");
            let path = format!("/Shows/{id}/Episodes");
            let patience = self.jellyfin.limits.answer;
            let asked =
                Asked { path: &path, what: &what, patience, again_if_slow: true, size: Size::List };
            let page = match self.jellyfin.get(&asked, query).await {
                Ok(body) => read(body, &EPISODES).await,
                Err(error) => Err(error),
            };
            (id, name, page)
        });
        let mut answers = std::pin::pin!(answers.buffer_unordered(self.jellyfin.limits.at_once));
        let mut found = List::new();
        let (mut done, mut whole, mut seen) = (0, true, BTreeSet::new());
        while let Some((id, name, answer)) = answers.next().await {
            done += 1;
            (self.progress)(Progress { phase: ProgressPhase::Episodes, done, total });
            let page = match answer.and_then(|page| whole_series(page, &name)) {
                Ok(page) => page,
                Err(error) => {
                    found.fault(ItemFault {
                        item_id: Some(id),
                        name,
                        message: tolerable(error)?.to_string(),
                    });
                    whole = false;
                    continue;
                }
            };
            if page.rows == 0 && version < 12 {
                // 10.11 hides a series' episodes here between its first library scan and its second (case 53). Such a
                // series can't be told from an empty one, so it is said, and the flat list comes first again next time.
                let message =
                    "Jellyfin listed no episodes of this series; if it has some, scan its library in Jellyfin and try again"
                        .into();
                found.fault(ItemFault { item_id: Some(id), name, message });
                whole = false;
                continue;
            }
            let mut list = page.list;
            // 12 gives the episodes of both halves of a split series for either.
            list.items.retain(|episode| seen.insert(episode.item.id.clone()));
            if seen.len() as u64 > ROWS_OF_A_LIST {
                let bound = Bound::Rows(ROWS_OF_A_LIST);
                return Err(JellyfinError::AnswerTooLarge { what: EPISODES.what.into(), bound });
            }
            found.extend(list);
        }
        Ok((found, whole))
    }
}

/// Reads a page on a thread of its own: while one is read, the next is on its way. Its body is held until it is read.
async fn read<T: Send + 'static>(
    body: Body,
    kind: &'static Kind<T>,
) -> Result<Page<T>, JellyfinError> {
    let read = tokio::task::spawn_blocking(move || (kind.read_page(&body.bytes), body.bytes.len()));
    let (page, bytes) = read.await.expect("reading a page doesn't panic");
    Ok(Page { bytes, ..page? })
}

/// The pages of a list, one after the other.
struct Whole<T> {
    list: List<T>,
    rows: u64,
    bytes: usize,
    ids: FxHashSet<RowId>,
    of_kind: u64,
    with_user_data: u64,
}

impl<T> Whole<T> {
    fn new() -> Self {
        Self {
            list: List::new(),
            rows: 0,
            bytes: 0,
            ids: FxHashSet::default(),
            of_kind: 0,
            with_user_data: 0,
        }
    }

    fn take_in(&mut self, page: Page<T>, what: &str) -> Result<(), JellyfinError> {
        self.rows += page.rows;
        self.bytes += page.bytes;
        self.of_kind += page.of_kind;
        self.with_user_data += page.with_user_data;
        self.ids.extend(page.ids);
        self.list.extend(page.list);
        let passed = match () {
            () if self.rows > ROWS_OF_A_LIST => Bound::Rows(ROWS_OF_A_LIST),
            () if self.bytes > WHOLE_LIST => Bound::Unpacked(WHOLE_LIST),
            () => return Ok(()),
        };
        Err(JellyfinError::AnswerTooLarge { what: what.to_owned(), bound: passed })
    }

    fn short(&self, what: &str, total: u64) -> JellyfinError {
        JellyfinError::ShortRead { what: what.to_owned(), rows: self.ids.len() as u64, total }
    }

    /// Rows counted, and every one another: a row that moved between two pages comes twice and hides a third.
    fn finish(self, what: &str, total: u64) -> Result<List<T>, JellyfinError> {
        if self.rows != total || self.ids.len() as u64 != total {
            return Err(self.short(what, total));
        }
        if self.of_kind > 0 && self.with_user_data == 0 {
            return Err(JellyfinError::NoUserData { what: what.to_owned() });
        }
        Ok(self.list)
    }
}

/// A series' episodes come in one answer, and with user data or not at all: for a user that doesn't exist they come
/// without.
fn whole_series(page: Page<Episode>, name: &str) -> Result<Page<Episode>, JellyfinError> {
    let what = format!("episodes of {name}");
    match page.total {
        Some(total) if total != page.rows => {
            Err(JellyfinError::ShortRead { what, rows: page.rows, total })
        }
        _ if page.of_kind > 0 && page.with_user_data == 0 => {
            Err(JellyfinError::NoUserData { what })
        }
        _ => Ok(page),
    }
}

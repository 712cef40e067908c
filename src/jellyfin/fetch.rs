//! The lists that a plan needs, and the snapshot made of them.
//!
//! All movies, all series, and of the episodes the played ones in one flat list. Where a server is too slow for that
//! list (it has no database statistics yet) or fails, the series that matter are asked one by one: both ways give the
//! same plan.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Connection, JellyfinError, convert,
    wire::{BaseItemDto, QueryResult},
};
use crate::domain::{
    ids::{ItemId, UserId},
    snapshot::{EpisodeItem, FORMAT, Item, ItemFault, SeriesItem, Server, Snapshot, TmdbRef},
};

/// Fields and options of every list, as the recorded requests name them.
const OPTIONS: &str = "enableImages=false&fields=ProviderIds&enableUserData=true";

/// Memory for no more items than this is taken before they come.
const MOST_EXPECTED: usize = 200_000;

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
    let mut snapshot = Snapshot { format: FORMAT, server, taken_at, movies: Vec::new(), series: Vec::new(), faults: Vec::new() };
    let mut failures = Failures::default();
    match movies {
        Ok(list) => snapshot.movies = list.split(&mut snapshot.faults),
        Err(error) => failures.movies = Some(tolerable(error)?),
    }
    let mut route = None;
    match with_episodes(&lists, series, flat, wanted, &mut snapshot).await {
        Ok(found) => route = found,
        Err(error) => failures.series = Some(tolerable(error)?),
    }
    match failures {
        Failures { movies: Some(error), series: Some(_) } => Err(error),
        failures => Ok(Fetched { snapshot, failures, route }),
    }
}

fn tolerable(error: JellyfinError) -> Result<JellyfinError, JellyfinError> {
    if error.is_about_one_list() { Ok(error) } else { Err(error) }
}

async fn with_episodes(
    lists: &Lists<'_>,
    series: Result<List<Item>, JellyfinError>,
    flat: Option<Result<List<Episode>, JellyfinError>>,
    wanted: &Wanted<'_>,
    snapshot: &mut Snapshot,
) -> Result<Option<EpisodeRoute>, JellyfinError> {
    let mut items = series?.split(&mut snapshot.faults);
    let mut route = Some(EpisodeRoute::Flat);
    let list = match flat {
        Some(Ok(list)) => list,
        Some(Err(error)) if !error.is_about_one_list() => return Err(error),
        asked => {
            let ids = items.iter().filter(|item| (wanted.series)(&item.tmdb)).map(|item| (item.id.clone(), item.name.clone()));
            let (by_series, whole) = lists.episodes_by_series(ids.collect(), snapshot.server.major_version()).await?;
            // Where episodes may be hidden and the flat list wasn't asked for yet, it is.
            let flat = if whole || asked.is_some() { None } else { lists.played_episodes().await.ok() };
            route = if flat.is_some() { Some(EpisodeRoute::Flat) } else { whole.then_some(EpisodeRoute::BySeries) };
            flat.unwrap_or(by_series)
        }
    };
    let episodes = list.split(&mut snapshot.faults);
    let mut by_series: FxHashMap<ItemId, Unlisted> = FxHashMap::default();
    for Episode { series, series_name, item } in episodes.into_iter().filter(|episode| episode.item.played) {
        let unlisted = by_series.entry(series).or_default();
        unlisted.name = unlisted.name.take().or(series_name);
        unlisted.episodes.push(item);
    }
    // Jellyfin 12 lists one of two series items with the same ids; the episodes of the other name it (case 52).
    let listed: BTreeSet<&ItemId> = items.iter().map(|item| &item.id).collect();
    let mut hidden: Vec<ItemId> = by_series.keys().filter(|id| !listed.contains(id)).cloned().collect();
    hidden.sort();
    if !hidden.is_empty() {
        items.extend(lists.series_by_id(&hidden).await?.split(&mut snapshot.faults));
    }
    for item in items {
        let episodes = by_series.remove(&item.id).unwrap_or_default().episodes;
        snapshot.series.push(SeriesItem { item, episodes });
    }
    for (id, Unlisted { name, .. }) in by_series {
        let name = name.unwrap_or_default();
        let message =
            "Jellyfin shows episodes of this series but not the series itself: scan its library there, then try again".into();
        snapshot.faults.push(ItemFault { item_id: Some(id), name, message });
    }
    Ok(route)
}

/// Played episodes that wait for their series.
#[derive(Default)]
struct Unlisted {
    name: Option<String>,
    episodes: Vec<EpisodeItem>,
}

/// An episode with the series it says it belongs to.
struct Episode {
    series: ItemId,
    series_name: Option<String>,
    item: EpisodeItem,
}

/// What a list brought: items, and what couldn't be read.
struct List<T> {
    items: Vec<T>,
    faults: Vec<ItemFault>,
}

impl<T> List<T> {
    /// The items, and what couldn't be read put with the rest of that.
    fn split(mut self, faults: &mut Vec<ItemFault>) -> Vec<T> {
        faults.append(&mut self.faults);
        self.items
    }
}

/// A kind of item: its name in Jellyfin, and how it is read.
struct Kind<T> {
    name: &'static str,
    what: &'static str,
    read: fn(&BaseItemDto<'_>) -> Result<T, ItemFault>,
}

static MOVIES: Kind<Item> = Kind { name: "Movie", what: "movies", read: convert::item };
static SERIES: Kind<Item> = Kind { name: "Series", what: "series", read: convert::item };
static EPISODES: Kind<Episode> = Kind { name: "Episode", what: "played episodes", read: read_episode };

fn read_episode(dto: &BaseItemDto<'_>) -> Result<Episode, ItemFault> {
    let item = convert::episode(dto)?;
    let series_name = dto.series_name.as_deref().map(str::to_owned);
    match dto.series_id.as_deref().map(ItemId::parse) {
        Some(Ok(series)) => Ok(Episode { series, series_name, item }),
        Some(Err(_)) | None => {
            let message = "Jellyfin doesn't say which series this episode belongs to".to_owned();
            Err(ItemFault { item_id: Some(item.id), name: item.name, message })
        }
    }
}

/// A page as it was read.
struct Page<T> {
    rows: u64,
    total: Option<u64>,
    /// Ids of all rows, whatever their kind; what is no id, or no row that can be read, as it stands.
    ids: Vec<Result<ItemId, Box<str>>>,
    list: List<T>,
    /// Rows of the kind that was asked for, and of those the ones with user data.
    of_kind: u64,
    with_user_data: u64,
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
        self.pages(&EPISODES, "&isPlayed=true", ProgressPhase::Episodes, self.jellyfin.limits.episodes, false).await
    }

    /// All pages of a list: the first one tells how many there are, the others come several at once.
    async fn pages<T: Send + 'static>(
        &self,
        kind: &'static Kind<T>,
        filter: &str,
        phase: ProgressPhase,
        patience: Duration,
        again_if_slow: bool,
    ) -> Result<List<T>, JellyfinError> {
        let size = self.jellyfin.limits.page;
        let page = async |start: u64| {
            let query = |user: &UserId| {
                format!(
                    "userId={user}&recursive=true&{OPTIONS}&includeItemTypes={}{filter}&startIndex={start}&limit={size}&sortBy=DateCreated,SortName",
                    kind.name
                )
            };
            let body = self.jellyfin.get("/Items", query, kind.what, patience, again_if_slow).await?;
            read(body, kind).await
        };
        let first = page(0).await?;
        let total = first.total.unwrap_or(first.rows);
        (self.progress)(Progress { phase, done: first.rows.min(total), total });
        let starts: Vec<u64> = (1..).map(|n| n * size).take_while(|start| *start < total).collect();
        let rest = stream::iter(starts).map(page).buffered(self.jellyfin.limits.at_once);
        let (mut rows, mut ids, mut of_kind, mut with_user_data) =
            (first.rows, FxHashSet::default(), first.of_kind, first.with_user_data);
        ids.extend(first.ids);
        let mut list = first.list;
        // As large as it will be, so that it needn't be copied as it grows; a total that no library has isn't believed.
        let to_come = usize::try_from(total).unwrap_or(usize::MAX).min(MOST_EXPECTED).saturating_sub(list.items.len());
        list.items.reserve_exact(to_come);
        ids.reserve(to_come);
        let short = |rows: u64| JellyfinError::ShortRead { what: kind.what.to_owned(), rows, total };
        let mut rest = std::pin::pin!(rest);
        while let Some(page) = rest.try_next().await? {
            if page.total != Some(total) {
                return Err(short(rows));
            }
            rows += page.rows;
            of_kind += page.of_kind;
            with_user_data += page.with_user_data;
            ids.extend(page.ids);
            list.items.extend(page.list.items);
            list.faults.extend(page.list.faults);
            (self.progress)(Progress { phase, done: rows.min(total), total });
        }
        // Rows counted, and every one another: a row that moved between two pages comes twice and hides a third.
        if rows != total || ids.len() as u64 != total {
            return Err(short(ids.len() as u64));
        }
        if of_kind > 0 && with_user_data == 0 {
            return Err(JellyfinError::NoUserData { what: kind.what.to_owned() });
        }
        Ok(list)
    }

    async fn series_by_id(&self, ids: &[ItemId]) -> Result<List<Item>, JellyfinError> {
        let mut found = List { items: Vec::new(), faults: Vec::new() };
        // Some forty ids keep the URL under the 2,000 characters that every proxy lets through.
        for ids in ids.chunks(40) {
            let ids = ids.iter().map(ItemId::as_str).collect::<Vec<_>>().join(",");
            let query = |user: &UserId| format!("userId={user}&ids={ids}&{OPTIONS}");
            let body = self.jellyfin.get("/Items", query, "series by id", self.jellyfin.limits.answer, true).await?;
            found.items.extend(read(body, &SERIES).await?.list.split(&mut found.faults));
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
            let query = |user: &UserId| format!("userId={user}&fields=ProviderIds&enableImages=false&enableUserData=true");
            let what = format!("episodes of {name}");
            let path = format!("/Shows/{id}/Episodes");
            let body = self.jellyfin.get(&path, query, &what, self.jellyfin.limits.answer, true).await;
            let page = match body {
                Ok(body) => read(body, &EPISODES).await,
                Err(error) => Err(error),
            };
            (id, name, page)
        });
        let mut answers = std::pin::pin!(answers.buffer_unordered(self.jellyfin.limits.at_once));
        let mut found = List { items: Vec::new(), faults: Vec::new() };
        let (mut done, mut whole, mut seen) = (0, true, BTreeSet::new());
        while let Some((id, name, answer)) = answers.next().await {
            done += 1;
            (self.progress)(Progress { phase: ProgressPhase::Episodes, done, total });
            let page = match answer.and_then(|page| whole_series(page, &name)) {
                Ok(page) => page,
                Err(error) => {
                    found.faults.push(ItemFault { item_id: Some(id), name, message: tolerable(error)?.to_string() });
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
                found.faults.push(ItemFault { item_id: Some(id), name, message });
                whole = false;
                continue;
            }
            found.faults.extend(page.list.faults);
            // 12 gives the episodes of both halves of a split series for either.
            found.items.extend(page.list.items.into_iter().filter(|episode| seen.insert(episode.item.id.clone())));
        }
        Ok((found, whole))
    }
}

/// Reads a page on a thread of its own: while one is read, the next is on its way.
async fn read<T: Send + 'static>(body: Vec<u8>, kind: &'static Kind<T>) -> Result<Page<T>, JellyfinError> {
    tokio::task::spawn_blocking(move || kind.read_page(&body)).await.expect("reading a page doesn't panic")
}

impl<T> Kind<T> {
    /// Most pages hold nothing odd and are read in one pass; in one that does, each item is read on its own.
    fn read_page(&self, body: &[u8]) -> Result<Page<T>, JellyfinError> {
        let unreadable = |e: serde_json::Error| JellyfinError::Unreadable { what: self.what.to_owned(), reason: e.to_string() };
        if let Ok(QueryResult::<BaseItemDto> { items, total_record_count }) = serde_json::from_slice(body) {
            let mut page = Page::new(items.len(), total_record_count);
            items.iter().for_each(|dto| page.take_in(dto, self));
            return Ok(page);
        }
        let result: QueryResult<&RawValue> = serde_json::from_slice(body).map_err(unreadable)?;
        let mut page = Page::new(result.items.len(), result.total_record_count);
        for (row, item) in result.items.iter().enumerate() {
            match serde_json::from_str(item.get()) {
                Ok(dto) => page.take_in(&dto, self),
                Err(error) => {
                    page.ids.push(Err(item.get().into()));
                    page.list.faults.push(unreadable_item(item.get(), row, self.what, &error));
                }
            }
        }
        Ok(page)
    }
}

impl<T> Page<T> {
    fn new(rows: usize, total: Option<u64>) -> Self {
        let list = List { items: Vec::with_capacity(rows), faults: Vec::new() };
        Self { rows: rows as u64, total, ids: Vec::with_capacity(rows), list, of_kind: 0, with_user_data: 0 }
    }

    fn take_in(&mut self, dto: &BaseItemDto<'_>, kind: &Kind<T>) {
        self.ids.push(ItemId::parse(&dto.id).map_err(|_| dto.id.as_ref().into()));
        // A server that doesn't know a parameter ignores it and sends everything.
        if dto.kind != kind.name {
            return;
        }
        self.of_kind += 1;
        self.with_user_data += u64::from(dto.user_data.is_some());
        match (kind.read)(dto) {
            Ok(item) => self.list.items.push(item),
            Err(fault) => self.list.faults.push(fault),
        }
    }
}

/// A series' episodes come in one answer, and with user data or not at all: for a user that doesn't exist they come
/// without.
fn whole_series(page: Page<Episode>, name: &str) -> Result<Page<Episode>, JellyfinError> {
    let what = format!("episodes of {name}");
    match page.total {
        Some(total) if total != page.rows => Err(JellyfinError::ShortRead { what, rows: page.rows, total }),
        _ if page.of_kind > 0 && page.with_user_data == 0 => Err(JellyfinError::NoUserData { what }),
        _ => Ok(page),
    }
}

/// What can be said of an item that isn't shaped like one.
fn unreadable_item(json: &str, row: usize, what: &str, error: &serde_json::Error) -> ItemFault {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let text = |field: &str| value.get(field).and_then(|v| v.as_str()).map(str::to_owned);
    ItemFault {
        item_id: text("Id").and_then(|id| ItemId::parse(&id).ok()),
        name: text("Name").unwrap_or_else(|| format!("row {} of the {what}", row + 1)),
        message: format!("Jellyfin's entry can't be read: {error}"),
    }
}

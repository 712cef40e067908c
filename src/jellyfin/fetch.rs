//! Fetches a snapshot: all movies, all series, and the played episodes.
//!
//! The episodes come as one flat list. If a server is too slow for that list (it has no database
//! statistics yet) or fails for it, they are fetched series by series instead. Both routes give the
//! same plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    by_series::{self, BySeries},
    connection::Connection,
    convert::ListedEpisode,
    error::JellyfinError,
    list::List,
    lists::Lists,
    played_episodes::PlayedEpisodes,
    progress::FetchProgress,
};
use crate::domain::snapshot::{
    Coverage, Item, ItemFault, Scan, SeriesItem, Server, Snapshot, TmdbRef,
};

/// How the episodes are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeRoute {
    /// The played ones of all series in one list.
    Flat,
    /// Series by series.
    BySeries,
}

/// What to fetch, and how to begin.
pub struct FetchOptions<'a> {
    /// Whether a series' episodes are needed; asked only if they are fetched series by series.
    pub series: &'a (dyn Fn(&TmdbRef) -> bool + Sync),
    /// The route to try first: the one that worked last time.
    pub first: EpisodeRoute,
    /// Hears how far the fetch is.
    pub progress: &'a (dyn Fn(FetchProgress) + Sync),
}

/// A snapshot, which lists failed, and which episode route worked.
#[derive(Debug)]
pub struct Fetched {
    /// What Jellyfin said.
    pub snapshot: Snapshot,
    /// Lists that failed as a whole.
    pub failures: Failures,
    /// The route that returned every episode, if one did.
    pub route: Option<EpisodeRoute>,
}

/// Lists that failed as a whole while others came.
#[derive(Debug, Default)]
pub struct Failures {
    /// Why the movies are missing.
    pub movies: Option<JellyfinError>,
    /// Why the series or all their episodes are missing.
    pub series: Option<JellyfinError>,
}

/// Fetches a snapshot.
///
/// # Errors
/// The server can't be reached, refuses the user, or fails for both movies and series. A list that
/// fails alone is in [`Fetched::failures`], a series that fails alone in the snapshot's faults.
pub async fn fetch(
    jellyfin: &Connection,
    server: Server,
    taken_at: DateTime<Utc>,
    options: &FetchOptions<'_>,
) -> Result<Fetched, JellyfinError> {
    let lists = Lists { jellyfin, progress: options.progress };
    let flat = async {
        match options.first {
            EpisodeRoute::Flat => Some(lists.played_episodes().await),
            EpisodeRoute::BySeries => None,
        }
    };
    let (movies, series, flat) = tokio::join!(lists.movies(), lists.series(), flat);
    let mut scan = Scan::new(server, taken_at);
    let mut failures = Failures::default();
    match movies {
        Ok(list) => scan.catalog.movies = list.split(&mut scan.faults),
        Err(error) => failures.movies = Some(error.about_one_list()?),
    }
    let found = async {
        let series = series?.split(&mut scan.faults);
        with_episodes(&lists, series, flat, options, &scan.server, &mut scan.faults).await
    };
    let mut route = None;
    match found.await {
        Ok(found) => (scan.catalog.series, route) = found,
        Err(error) => failures.series = Some(error.about_one_list()?),
    }
    let coverage = match failures {
        Failures { movies: Some(error), series: Some(_) } => return Err(error),
        Failures { movies: None, series: None } => Coverage::Everything,
        Failures { movies: None, series: Some(_) } => Coverage::Movies,
        Failures { movies: Some(_), series: None } => Coverage::Series,
    };
    Ok(Fetched { snapshot: scan.into_snapshot(coverage), failures, route })
}

/// The series with their played episodes, and the route that returned all of these.
async fn with_episodes(
    lists: &Lists<'_>,
    mut series: Vec<Item>,
    flat: Option<Result<List<ListedEpisode>, JellyfinError>>,
    options: &FetchOptions<'_>,
    server: &Server,
    faults: &mut Vec<ItemFault>,
) -> Result<(Vec<SeriesItem>, Option<EpisodeRoute>), JellyfinError> {
    let (list, route) = match flat {
        Some(Ok(list)) => (list, Some(EpisodeRoute::Flat)),
        Some(Err(error)) => {
            error.about_one_list()?;
            let found = fetch_by_series(lists, &series, options, server).await?;
            (found.list, found.is_complete.then_some(EpisodeRoute::BySeries))
        }
        None => {
            let found = fetch_by_series(lists, &series, options, server).await?;
            if found.is_complete {
                (found.list, Some(EpisodeRoute::BySeries))
            } else if let Ok(list) = lists.played_episodes().await {
                // Only series by series may Jellyfin hide episodes, so the flat list is better
                // (case 53).
                (list, Some(EpisodeRoute::Flat))
            } else {
                (found.list, None)
            }
        }
    };
    let episodes = PlayedEpisodes::of(list.split(faults));
    let unlisted = episodes.unlisted(&series);
    if !unlisted.is_empty() {
        series.extend(lists.series_by_id(&unlisted).await?.split(faults));
    }
    Ok((episodes.put_to(series, faults), route))
}

async fn fetch_by_series(
    lists: &Lists<'_>,
    series: &[Item],
    options: &FetchOptions<'_>,
    server: &Server,
) -> Result<BySeries, JellyfinError> {
    let needed = series.iter().filter(|item| (options.series)(&item.tmdb));
    let needed = needed.map(|item| (item.id.clone(), item.name.clone())).collect();
    by_series::fetch(lists, needed, server).await
}

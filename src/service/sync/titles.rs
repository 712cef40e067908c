//! Missing titles, added with an import if the person wants that.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::{Sync, on_a_thread};
use crate::{
    domain::{
        events::{PlacedAddition, Via},
        ids::ItemId,
        library::{ExtendedError, Folded},
        snapshot::{ItemFault, Snapshot},
        sync::{Missing, Preferences, Titles, add_titles, plan},
    },
    service::{account::Settings, error::ServiceError},
    store::StoreError,
    tmdb::{Limits, Tmdb, TmdbError},
};

/// TMDB's descriptions of missing titles, with the Jellyfin item each is for.
#[derive(Default)]
pub(super) struct DescribedTitles {
    missing: Missing,
    titles: Titles,
}

/// What TMDB failed to describe.
#[derive(Default)]
struct Faults {
    of_items: Vec<ItemFault>,
    last: Option<TmdbError>,
}

impl Faults {
    /// The titles that were described; the others become faults of their items.
    fn without<Id: Ord, T>(
        &mut self,
        answers: Vec<(Id, Result<T, TmdbError>)>,
        items: &BTreeMap<Id, ItemId>,
    ) -> Vec<T> {
        let mut described = Vec::new();
        for (id, answer) in answers {
            match answer {
                Ok(title) => described.push(title),
                Err(error) => {
                    self.of_items.push(ItemFault {
                        item_id: items.get(&id).cloned(),
                        name: "TMDB".into(),
                        message: error.to_string(),
                    });
                    self.last = Some(error);
                }
            }
        }
        described
    }
}

impl Sync {
    /// Asks TMDB about the titles that aren't in the library. One that fails is a fault; all
    /// failing is an error.
    ///
    /// # Errors
    /// There is no usable key, or TMDB failed for every title.
    pub(super) async fn describe_missing(
        &self,
        settings: &Settings,
        ready: (&Arc<Folded>, &Arc<Snapshot>, &Arc<Preferences>),
        deadline: Option<Instant>,
    ) -> Result<(DescribedTitles, Vec<ItemFault>), ServiceError> {
        let (folded, snapshot, preferences) = (ready.0.clone(), ready.1.clone(), ready.2.clone());
        let missing = on_a_thread(move || {
            let mut missing = Missing::of(&plan(&folded.library, &snapshot, &preferences));
            missing.movies.retain(|_, item| !preferences.exclude.contains(item));
            missing.series.retain(|_, item| !preferences.exclude.contains(item));
            missing
        })
        .await;
        if missing == Missing::default() {
            return Ok((DescribedTitles::default(), Vec::new()));
        }
        let key = self.account.tmdb_key(settings)?.ok_or(TmdbError::NoKey)?;
        let limits = Limits { deadline, ..Limits::default() };
        let tmdb = Tmdb::new(&self.tmdb_url, key, limits)?;
        let movies = tmdb.movies(&missing.movies.keys().copied().collect::<Vec<_>>()).await;
        let series = tmdb.series(&missing.series.keys().copied().collect::<Vec<_>>()).await;
        let mut faults = Faults::default();
        let titles = Titles {
            movies: faults.without(movies, &missing.movies),
            series: faults.without(series, &missing.series),
        };
        match faults.last {
            Some(error) if titles == Titles::default() && !error.is_about_one_title() => {
                Err(error.into())
            }
            Some(_) | None => Ok((DescribedTitles { missing, titles }, faults.of_items)),
        }
    }
}

/// The log and library as they will be with the titles in them, and the additions that put them
/// there.
///
/// # Errors
/// The additions don't fit the log.
pub(super) fn with_titles(
    folded: &Arc<Folded>,
    snapshot: &Snapshot,
    described: &DescribedTitles,
    (via, at): (Via, DateTime<Utc>),
) -> Result<(Arc<Folded>, Vec<PlacedAddition>), ServiceError> {
    let additions = add_titles(folded, &snapshot.server, &described.missing, &described.titles);
    if additions.is_empty() {
        return Ok((folded.clone(), additions));
    }
    let commit = folded.log.extend(&additions, via, at)?;
    let with_titles = folded.extended(&commit).map_err(|error| match error {
        ExtendedError::Fault(fault) => ServiceError::LogCorrupt(fault),
        ExtendedError::AnotherLog { .. } => StoreError::Conflict("the log").into(),
    })?;
    Ok((Arc::new(with_titles), additions))
}

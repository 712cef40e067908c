//! Forgotten plays: the log took them from Jellyfin, and Jellyfin no longer shows them.
//!
//! In come a library and a snapshot, out goes a number for the person. The log keeps the plays.

use rustc_hash::FxHashSet;

use crate::domain::{
    ids::{ItemId, TmdbId},
    library::Library,
    snapshot::Snapshot,
};

/// Counts the items whose plays the log has and that Jellyfin shows as never played, or not at all.
///
/// Nothing counts unless the snapshot covers everything. A movie counts as remembered if any of its
/// copies shows a play: a film replaced by a better copy has a new item. A series whose episodes
/// couldn't be read counts as remembered too.
pub fn forgotten(library: &Library, snapshot: &Snapshot) -> u64 {
    if !snapshot.coverage.is_everything() {
        return 0;
    }
    let remembered = Remembered::of(snapshot);
    let movies =
        library.movies().filter(|m| m.tmdb_id.is_none_or(|id| !remembered.movies.contains(&id)));
    let movies = movies.flat_map(|m| m.imported_plays().iter().map(|play| &play.item));
    let series = library
        .series()
        .filter(|s| s.tmdb_id.is_none_or(|id| !remembered.unread_series.contains(&id)));
    let episodes = series.flat_map(|s| s.imported_plays().map(|play| &play.item));
    let gone: FxHashSet<&ItemId> =
        movies.chain(episodes).filter(|item| !remembered.items.contains(item)).collect();
    gone.len() as u64
}

/// What a snapshot still shows as played, and what it can't tell.
struct Remembered<'a> {
    items: FxHashSet<&'a ItemId>,
    movies: FxHashSet<TmdbId>,
    unread_series: FxHashSet<TmdbId>,
}

impl<'a> Remembered<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let faulty: FxHashSet<&ItemId> =
            snapshot.faults.iter().filter_map(|f| f.item_id.as_ref()).collect();
        let catalog = &snapshot.catalog;
        let movies = catalog.movies.iter().filter(|item| item.state.shows_a_play());
        let unread = catalog.series.iter().filter(|series| faulty.contains(&series.item.id));
        let played = catalog
            .episodes()
            .filter(|episode| episode.state.played || episode.state.play_count > 0);
        Self {
            movies: movies.clone().filter_map(|item| item.tmdb.id()).collect(),
            items: movies.map(|item| &item.id).chain(played.map(|episode| &episode.id)).collect(),
            unread_series: unread.filter_map(|series| series.item.tmdb.id()).collect(),
        }
    }
}

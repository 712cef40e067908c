//! What Jellyfin forgot: watches that the sync took from it and that it no longer shows. The log keeps them.

use rustc_hash::FxHashSet;

use crate::domain::{
    ids::{ItemId, TmdbId},
    library::Library,
    snapshot::{Item, LastPlayed, Snapshot, TmdbRef},
};

/// Counts the items whose plays the log holds and that Jellyfin shows as never played, or not at all.
///
/// A title that still shows a play counts as remembered, whichever of its copies has it: a film replaced by a better
/// copy has a new item. A series whose episodes couldn't be read counts as remembered too.
pub fn forgotten(library: &Library, snapshot: &Snapshot) -> u64 {
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

struct Remembered<'a> {
    items: FxHashSet<&'a ItemId>,
    movies: FxHashSet<TmdbId>,
    unread_series: FxHashSet<TmdbId>,
}

impl<'a> Remembered<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let faulty: FxHashSet<&ItemId> =
            snapshot.faults.iter().filter_map(|f| f.item_id.as_ref()).collect();
        let movies = snapshot.movies.iter().filter(|item| shows_a_play(item));
        let unread = snapshot.series.iter().filter(|series| faulty.contains(&series.item.id));
        let episodes = snapshot.series.iter().flat_map(|series| &series.episodes);
        let played = episodes.filter(|e| e.played || e.play_count > 0).map(|e| &e.id);
        Self {
            movies: movies.clone().filter_map(tmdb_id).collect(),
            items: movies.map(|item| &item.id).chain(played).collect(),
            unread_series: unread.filter_map(|series| tmdb_id(&series.item)).collect(),
        }
    }
}

fn shows_a_play(item: &Item) -> bool {
    item.played || item.play_count > 0 || item.last_played != LastPlayed::Undated
}

fn tmdb_id(item: &Item) -> Option<TmdbId> {
    match item.tmdb {
        TmdbRef::Id(id) => Some(id),
        TmdbRef::Missing | TmdbRef::Invalid(_) => None,
    }
}

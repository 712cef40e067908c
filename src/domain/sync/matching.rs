//! Which title of the library an item is: the one with the same TMDB id, and no other.
//!
//! In come items, out go titles with their items, and the items without a title. Names and years
//! never match anything; they only make a match look suspicious.

use std::collections::BTreeMap;

use super::{Unmatched, UnmatchedItem};
use crate::domain::{
    ids::TmdbId,
    library::Found,
    snapshot::{Item, SeriesItem, TmdbRef},
};

/// A title of the library with its items: a film may be in two of the server's libraries, a series
/// split over two.
pub(super) struct Matched<'a, T, I> {
    pub(super) title: &'a T,
    /// By id.
    pub(super) items: Vec<&'a I>,
}

/// A row of the catalog that is a title of its own.
pub(super) trait TitleItem {
    /// The item with the title's name and ids.
    fn item(&self) -> &Item;
}

impl TitleItem for Item {
    fn item(&self) -> &Item {
        self
    }
}

impl TitleItem for SeriesItem {
    fn item(&self) -> &Item {
        &self.item
    }
}

/// Finds the title of each item, and brings the items of one title together, in the order of TMDB
/// ids.
pub(super) fn match_titles<'a, T, I: TitleItem>(
    items: &'a [I],
    find: impl Fn(TmdbId) -> Found<'a, T>,
    unmatched: &mut Vec<UnmatchedItem<'a>>,
) -> Vec<Matched<'a, T, I>> {
    let mut by_id: BTreeMap<TmdbId, Vec<&'a I>> = BTreeMap::new();
    for one in items {
        let reason = match &one.item().tmdb {
            TmdbRef::Id(id) => {
                by_id.entry(*id).or_default().push(one);
                continue;
            }
            TmdbRef::Missing => Unmatched::NoTmdbId,
            TmdbRef::Invalid(_) => Unmatched::InvalidTmdbId,
        };
        unmatched.push(UnmatchedItem { item: one.item(), reason });
    }
    let mut matched = Vec::with_capacity(by_id.len());
    for (id, mut items) in by_id {
        items.sort_by(|a, b| a.item().id.cmp(&b.item().id));
        let reason = match find(id) {
            Found::Active(title) => {
                matched.push(Matched { title, items });
                continue;
            }
            Found::Removed => Unmatched::RemovedFromLibrary,
            Found::Absent => Unmatched::NotInLibrary,
        };
        unmatched.extend(items.into_iter().map(|one| UnmatchedItem { item: one.item(), reason }));
    }
    unmatched.sort_by(|a, b| (&a.item.name, &a.item.id).cmp(&(&b.item.name, &b.item.id)));
    matched
}

/// Whether an item looks like another title than the library's title with the same TMDB id: the
/// years are more than one apart, or the names share little.
///
/// Names can't be compared if one of them has no Latin letter or digit. Then only the year counts.
pub(super) fn is_suspicious(item: &Item, name: &str, year: i32) -> bool {
    let years_apart = item.year.is_some_and(|own| (own - year).abs() > 1);
    years_apart || names_differ(&item.name, name)
}

fn names_differ(a: &str, b: &str) -> bool {
    // Most names are the same to the letter, and comparing letters is slow.
    if a == b {
        return false;
    }
    let (a, b) = (letters(a), letters(b));
    let comparable = [&a, &b].iter().all(|name| name.bytes().any(|c| c.is_ascii_alphanumeric()));
    comparable && !a.contains(&b) && !b.contains(&a) && strsim::sorensen_dice(&a, &b) < 0.4
}

fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::names_differ;

    #[test]
    fn names_differ_only_if_they_share_little() {
        for (a, b) in [
            ("The Matrix", "the matrix!"),
            ("Dune", "Dune: Part One"),
            ("Amélie", "Amelie"),
            ("Spirited Away", "千と千尋の神隠し"),
            ("The Lord of the Rings: The Two Towers", "Lord of the Rings - Two Towers"),
        ] {
            assert!(!names_differ(a, b), "{a} / {b}");
        }
        for (a, b) in [("The Matrix", "Finding Nemo"), ("Alien", "Toy Story")] {
            assert!(names_differ(a, b), "{a} / {b}");
        }
    }
}

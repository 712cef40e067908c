//! What makes a play worth a second look: marked together with others, or matched to a title that looks like another.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::snapshot::{Item, LastPlayed};

/// From so many on, things played in the same second were marked. Two can be a coincidence of whole-minute dates.
const BULK: usize = 3;

/// The seconds in which several things were played at once, which no person can do: they were marked.
pub(super) struct BulkMarks(BTreeSet<i64>);

impl BulkMarks {
    /// Looks for the seconds that plays of different titles or episodes share. A double-episode file, or the same
    /// film in two libraries, is one.
    pub(super) fn of<'a, T: Ord>(plays: impl Iterator<Item = (T, &'a LastPlayed)>) -> Self {
        let mut seconds: BTreeMap<i64, BTreeSet<T>> = BTreeMap::new();
        for (what, last) in plays {
            if let LastPlayed::At(at) = last {
                seconds.entry(at.instant().timestamp()).or_default().insert(what);
            }
        }
        Self(
            seconds
                .into_iter()
                .filter(|(_, what)| what.len() >= BULK)
                .map(|(second, _)| second)
                .collect(),
        )
    }

    pub(super) fn contains(&self, last: &LastPlayed) -> bool {
        matches!(last, LastPlayed::At(at) if self.0.contains(&at.instant().timestamp()))
    }
}

/// Whether an item looks like another title than the library's of the same TMDB id: years more than one apart, or
/// names that share little. Names of which one has no Latin letters can't be compared: then the year alone speaks.
pub(crate) fn suspicious_match(item: &Item, name: &str, year: i32) -> bool {
    let years_apart = item.year.is_some_and(|own| (own - year).abs() > 1);
    years_apart || names_differ(&item.name, name)
}

fn names_differ(a: &str, b: &str) -> bool {
    let (a, b) = (plain(a), plain(b));
    let comparable = [&a, &b].iter().all(|name| name.bytes().any(|c| c.is_ascii_alphanumeric()));
    comparable && !a.contains(&b) && !b.contains(&a) && strsim::sorensen_dice(&a, &b) < 0.4
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::names_differ;

    #[test]
    fn names_differ_only_where_they_share_little() {
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

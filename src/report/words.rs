//! Every code's words for people, once: pages and the command line show these, programs read the
//! codes.
//!
//! Each match has one arm for each variant, so that a new reason doesn't compile until it has its
//! words.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Type, schema::Schema},
};

use super::{Phase, RunKind, RunOutcome};
use crate::domain::{
    library::WatchOrigin,
    sync::{Note, Skip, Unmatched},
};

/// How a code reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// A few words, without a full stop.
    pub title: &'static str,
    /// What it means for the person, in a sentence; empty if the title says it all.
    pub meaning: &'static str,
}

/// An enum of the domain whose variants have a code for programs and words for people.
pub trait Coded: Copy + Serialize + 'static {
    /// Every variant.
    const ALL: &'static [Self];

    /// How it reads.
    fn words(self) -> Words;

    /// The stable name in JSON.
    fn code(self) -> &'static str;

    /// The variant with that code.
    fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.code() == code)
    }
}

/// Says each variant's words, and from the same list what the OpenAPI document says of the enum.
macro_rules! coded {
    ($type:ident, $schema:literal, $description:literal, {
        $($variant:ident => $title:literal, $meaning:literal;)+
    }) => {
        impl Coded for $type {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn words(self) -> Words {
                match self {
                    $(Self::$variant => Words { title: $title, meaning: $meaning },)+
                }
            }

            fn code(self) -> &'static str {
                // The enum's own, which the domain defines.
                $type::code(self)
            }
        }

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let codes = Self::ALL.iter().map(|one| one.code());
                let schema = ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($description))
                    .enum_values(Some(codes));
                schema.into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $schema.into()
            }
        }
    };
}

coded!(Skip, "SkipReason", "Why a play isn't added.", {
    NotPlayed => "Not played", "Jellyfin doesn't count these as played.";
    AlreadyWatched => "Already in your log", "These episodes are marked watched in your log.";
    SessionOnThatDate => "Already logged that day", "Your log has a watch session on that day.";
    AlreadyImported => "Already imported", "This play was added before, and its date was changed since.";
    RemovedByUser => "You removed this", "We won't add it again.";
    UndatedAndWatched => "Undated, and already in your log", "Jellyfin has no date for these plays.";
    NoEpisodeNumber => "No episode number", "Jellyfin doesn't know which episode this is.";
    Excluded => "Excluded", "You excluded these from the import.";
    FutureDate => "Date in the future", "The date is more than a day ahead. A clock was probably wrong.";
    UnreadableDate => "Unreadable date", "Mark the item as played again in Jellyfin.";
    PossibleRewatch => "Possible rewatch", "It may only have been opened. It is added when you include it.";
});

coded!(Unmatched, "UnmatchedReason", "Why an item has no title in the library.", {
    NotInLibrary => "Not in your library", "Your library doesn't have these titles yet.";
    NoTmdbId => "No TMDB ID", "Use \"Identify\" in Jellyfin.";
    InvalidTmdbId => "TMDB ID not valid", "Jellyfin's TMDB ID isn't valid. Use \"Identify\" in Jellyfin.";
    RemovedFromLibrary => "Removed from your library", "You removed these titles. We won't add them again.";
});

coded!(Note, "Note", "Something to check before importing; the play is added.", {
    PossibleRewatch => "Possible rewatch", "";
    SuspiciousDate => "Dated before its release", "";
    BulkMarked => "Marked watched in bulk", "";
    SuspiciousMatch => "Title or year doesn't match", "";
    UnknownEpisode => "Not in your episode list", "";
    SessionMoved => "You moved a session from that day", "";
    Undated => "No date in Jellyfin", "";
});

impl Phase {
    /// Every phase, in the order of a run.
    pub const ALL: [Self; 5] =
        [Self::Movies, Self::Series, Self::Episodes, Self::Plan, Self::Append];

    /// What a run does, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Movies => "Reading movies from Jellyfin",
            Self::Series => "Reading series from Jellyfin",
            Self::Episodes => "Reading episodes from Jellyfin",
            Self::Plan => "Deciding what to add",
            Self::Append => "Adding to your log",
        }
    }
}

impl RunKind {
    /// What runs, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Scan => "A scan is running",
            Self::Import => "An import is running",
        }
    }
}

impl RunOutcome {
    /// How an import ended that added these numbers of movies and episodes.
    pub fn words(self, movies: u64, episodes: u64) -> String {
        let added = movies_and_episodes(movies, episodes);
        match (self, movies + episodes) {
            (Self::Failed, _) => "The last import failed. Nothing was added".to_owned(),
            (Self::NothingToAdd, _) => NOTHING_TO_ADD.to_owned(),
            (Self::Partial, 0) => "Partly done: nothing was added".to_owned(),
            (Self::Partial, _) => format!("Partly done: {added} added"),
            (Self::Complete, _) => format!("{added} added"),
        }
    }
}

/// What is said if the log already has everything.
pub const NOTHING_TO_ADD: &str = "Nothing to add: your log is up to date";

/// A number with its thousands apart.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number and its noun: `1 movie`, `3 movies`.
pub fn count(n: impl TryInto<u64>, one: &str, many: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `1 movie and 3 episodes`; a zero is left out; if both are zero, `0 movies`.
pub fn movies_and_episodes(movies: u64, episodes: u64) -> String {
    let (of_movies, of_episodes) =
        (count(movies, "movie", "movies"), count(episodes, "episode", "episodes"));
    match (movies, episodes) {
        (_, 0) => of_movies,
        (0, _) => of_episodes,
        (_, _) => format!("{of_movies} and {of_episodes}"),
    }
}

/// Where a watch came from, in words.
pub fn watch_origin(origin: WatchOrigin<'_>) -> &'static str {
    match origin {
        WatchOrigin::Jellyfin(_) => "Jellyfin",
        WatchOrigin::Manual => "Manual",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes_are_read_again<T: Coded + PartialEq + std::fmt::Debug>() {
        for one in T::ALL {
            assert_eq!(T::of_code(one.code()), Some(*one));
            assert_eq!(serde_json::to_value(one).unwrap(), one.code());
            assert!(!one.words().title.ends_with('.'));
        }
        assert_eq!(T::of_code("of_next_year"), None);
    }

    #[test]
    fn every_code_is_the_one_in_json_and_has_its_words() {
        codes_are_read_again::<Skip>();
        codes_are_read_again::<Unmatched>();
        codes_are_read_again::<Note>();
    }

    #[test]
    fn a_number_reads_as_a_person_writes_it() {
        assert_eq!(count(1_u64, "movie", "movies"), "1 movie");
        assert_eq!(count(12_000_u64, "movie", "movies"), "12\u{202f}000 movies");
        assert_eq!(movies_and_episodes(0, 3), "3 episodes");
        assert_eq!(movies_and_episodes(2, 1), "2 movies and 1 episode");
    }
}

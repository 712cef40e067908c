//! The reasons and notes of a plan, each with its code in JSON.
//!
//! Codes are for programs and never change (`docs/http.md`, "Scan"). There are no words for people
//! here.

use serde::{Deserialize, Serialize};

/// Defines an enum whose variants each have a code, so that no code is written twice and no list
/// misses a variant.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        pub enum $name {
            $(
                $(#[$variant_doc])*
                #[serde(rename = $code)]
                $variant,
            )+
        }

        impl $name {
            /// All of them, in the order of their definition.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code in JSON.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    )+};
}

codes! {
    /// Why a play isn't added.
    Skip {
        /// The item doesn't count as played.
        NotPlayed = "not_played",
        /// The default rewatch session has the episode, or another one has it for the same viewing.
        AlreadyWatched = "already_watched",
        /// The movie has a watch session on that day.
        SessionOnThatDate = "session_on_that_date",
        /// An earlier import added this play; the person has changed its date since.
        AlreadyImported = "already_imported",
        /// The person removed this play, or a session on its day, later than it was played.
        RemovedByUser = "removed_by_user",
        /// The play is undated, and the movie has sessions.
        UndatedAndWatched = "undated_and_watched",
        /// The episode has no number.
        NoEpisodeNumber = "no_episode_number",
        /// The person excluded it.
        Excluded = "excluded",
        /// The date is more than a day in the future.
        FutureDate = "future_date",
        /// The date can't be read.
        UnreadableDate = "unreadable_date",
        /// The film may only have been opened: held until the person includes it.
        PossibleRewatch = "possible_rewatch",
    }

    /// Why an item is unmatched.
    Unmatched {
        /// The library doesn't have the title.
        NotInLibrary = "not_in_library",
        /// The item has no TMDB id.
        NoTmdbId = "no_tmdb_id",
        /// The item's TMDB id isn't valid.
        InvalidTmdbId = "invalid_tmdb_id",
        /// The person removed the title from the library.
        RemovedFromLibrary = "removed_from_library",
    }

    /// What a person should look at before importing a play. It doesn't stop the play.
    Note {
        /// From Jellyfin 12 on, opening a watched film moves its date: nothing proves that it was
        /// seen to the end (`docs/jellyfin.md`, "What changes user data").
        PossibleRewatch = "possible_rewatch",
        /// The date is before the title's year.
        SuspiciousDate = "suspicious_date",
        /// Other items have the same second: they were marked in bulk.
        BulkMarked = "bulk_marked",
        /// Name or year are far from those of the library's title with the same TMDB id.
        SuspiciousMatch = "suspicious_match",
        /// The library's list of the series' episodes doesn't have this one.
        UnknownEpisode = "unknown_episode",
        /// A session lay on that day until the person moved it: it may be the same viewing.
        SessionMoved = "session_moved",
        /// There is no date: the day of the snapshot takes its place.
        Undated = "undated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_variants_in_snake_case() {
        fn code(variant: impl std::fmt::Debug) -> String {
            let name = format!("{variant:?}");
            let words = name.char_indices().map(|(at, letter)| {
                let gap = if at > 0 && letter.is_uppercase() { "_" } else { "" };
                format!("{gap}{}", letter.to_lowercase())
            });
            words.collect()
        }
        assert!(Skip::ALL.iter().all(|skip| skip.code() == code(skip)));
        assert!(Unmatched::ALL.iter().all(|reason| reason.code() == code(reason)));
        assert!(Note::ALL.iter().all(|note| note.code() == code(note)));
    }

    #[test]
    fn a_code_in_json_is_the_same_code() {
        for note in Note::ALL {
            assert_eq!(serde_json::to_value(note).unwrap(), note.code());
        }
    }
}

//! From Jellyfin's words to ours: an item of a list comes in, one of the domain's goes out, or a
//! fault that says why not.
//!
//! Pure; whether a play counts is up to the plan.

use super::wire::{BaseItemDto, UserItemDataDto};
use crate::domain::{
    ids::{ItemId, TmdbId},
    snapshot::{EpisodeItem, Item, ItemFault, LastPlayed, PlayState, TmdbRef},
};

/// A file never holds more episodes than this; a larger range is a typing error in its name.
const MOST_EPISODES_IN_A_FILE: i32 = 60;

/// Most genres kept of an item.
const MOST_GENRES: usize = 50;

const TICKS_A_MINUTE: i64 = 600_000_000;

/// Longer texts are cut, in characters: real names have a few hundred at most.
const LONGEST_TEXT: usize = 2_000;

/// A text of at most [`LONGEST_TEXT`] characters.
pub(super) fn short(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST_TEXT).map_or(text.len(), |(end, _)| end);
    text[..end].to_owned()
}

/// Its id and user data. Without both nothing is known of an item.
fn read_essentials<'a>(
    dto: &'a BaseItemDto<'_>,
) -> Result<(ItemId, &'a UserItemDataDto<'a>), ItemFault> {
    let name = short(dto.name.as_deref().unwrap_or("(no name)"));
    let id = match ItemId::parse(&dto.id) {
        Ok(id) => id,
        Err(error) => return Err(ItemFault { item_id: None, name, message: error.to_string() }),
    };
    match &dto.user_data {
        Some(user_data) => Ok((id, user_data)),
        None => {
            let message = "Jellyfin didn't say whether this was watched".to_owned();
            Err(ItemFault { item_id: Some(id), name, message })
        }
    }
}

/// A movie or a series.
///
/// # Errors
/// It has no usable id or no user data; the fault says so.
pub fn item(dto: &BaseItemDto<'_>) -> Result<Item, ItemFault> {
    let (id, user_data) = read_essentials(dto)?;
    let ids = dto.provider_ids.as_ref();
    Ok(Item {
        id,
        name: short(dto.name.as_deref().unwrap_or_default()),
        year: dto.production_year,
        tmdb: tmdb(ids.and_then(|ids| ids.tmdb.as_deref())),
        imdb: ids.and_then(|ids| ids.imdb.as_deref()).map(short),
        state: state(user_data),
        runtime_minutes: dto.run_time_ticks.map(minutes),
        genres: dto.genres.iter().flatten().take(MOST_GENRES).map(|genre| short(genre)).collect(),
    })
}

fn episode(dto: &BaseItemDto<'_>) -> Result<EpisodeItem, ItemFault> {
    let (id, user_data) = read_essentials(dto)?;
    let of_several = |end: &i32| {
        dto.index_number
            .is_some_and(|first| (first + 1..first + MOST_EPISODES_IN_A_FILE).contains(end))
    };
    Ok(EpisodeItem {
        id,
        name: short(dto.name.as_deref().unwrap_or_default()),
        season: dto.parent_index_number.filter(|season| *season >= 0),
        episode: dto.index_number.filter(|episode| *episode >= 0),
        episode_end: dto.index_number_end.filter(of_several),
        state: state(user_data),
        runtime_minutes: dto.run_time_ticks.map(minutes),
    })
}

/// An episode with the series that it names.
pub struct ListedEpisode {
    /// The series' id.
    pub series: ItemId,
    /// Its name, if Jellyfin gave it.
    pub series_name: Option<String>,
    /// The episode.
    pub item: EpisodeItem,
}

/// An episode and its series.
///
/// # Errors
/// It has no usable id, no user data or no series; the fault says so.
pub fn listed_episode(dto: &BaseItemDto<'_>) -> Result<ListedEpisode, ItemFault> {
    let item = episode(dto)?;
    let series_name = dto.series_name.as_deref().map(short);
    match dto.series_id.as_deref().map(ItemId::parse) {
        Some(Ok(series)) => Ok(ListedEpisode { series, series_name, item }),
        Some(Err(_)) | None => {
            let message = "Jellyfin doesn't say which series this episode belongs to".to_owned();
            Err(ItemFault { item_id: Some(item.id), name: item.name, message })
        }
    }
}

fn state(user_data: &UserItemDataDto<'_>) -> PlayState {
    let last_played = user_data.last_played_date.as_deref().map(short);
    PlayState {
        played: user_data.played,
        play_count: play_count(user_data),
        last_played: LastPlayed::read(last_played.as_deref()),
        position_minutes: user_data.playback_position_ticks.map_or(0, minutes),
    }
}

fn play_count(user_data: &UserItemDataDto<'_>) -> u32 {
    user_data.play_count.map_or(0, |count| u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}

fn minutes(ticks: i64) -> i32 {
    i32::try_from(ticks.max(0) / TICKS_A_MINUTE).unwrap_or(i32::MAX)
}

fn tmdb(text: Option<&str>) -> TmdbRef {
    match text.filter(|text| !text.trim().is_empty()) {
        None => TmdbRef::Missing,
        Some(text) => {
            TmdbId::parse(text).map_or_else(|_| TmdbRef::Invalid(short(text)), TmdbRef::Id)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movie(json: &str) -> Result<Item, ItemFault> {
        item(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_played_movie_comes_through_with_its_minutes_and_the_very_text_of_its_date() {
        let read = movie(
            r#"{"Id":"48b60052903d0aea7c44892769d6797f","Name":"The Matrix","Type":"Movie","ProductionYear":1999,
                "ProviderIds":{"Tmdb":" 603 "},"RunTimeTicks":54000000000,
                "UserData":{"Played":true,"PlayCount":1,"PlaybackPositionTicks":6000000000,"LastPlayedDate":"2024-03-01T20:15:30.1234567Z"}}"#,
        )
        .unwrap();
        assert_eq!(read.runtime_minutes, Some(90));
        assert_eq!(read.state.position_minutes, 10);
        assert_eq!(read.state.last_played.text(), Some("2024-03-01T20:15:30.1234567Z"));
        assert_eq!(read.tmdb, TmdbRef::Id(TmdbId::new(603).unwrap()));
    }

    #[test]
    fn an_item_without_user_data_is_a_fault_and_not_an_unplayed_item() {
        let fault = movie(
            r#"{"Id":"48b60052903d0aea7c44892769d6797f","Name":"The Matrix","Type":"Movie"}"#,
        )
        .unwrap_err();
        assert_eq!(fault.name, "The Matrix");
    }

    #[test]
    fn a_missing_and_an_invalid_tmdb_id_differ() {
        for (text, expected) in [
            (None, TmdbRef::Missing),
            (Some(""), TmdbRef::Missing),
            (Some("abc"), TmdbRef::Invalid("abc".into())),
            (Some("0"), TmdbRef::Invalid("0".into())),
            (Some("99999999999999999999"), TmdbRef::Invalid("99999999999999999999".into())),
        ] {
            assert_eq!(tmdb(text), expected);
        }
    }

    #[test]
    fn a_file_of_two_episodes_is_both_and_an_absurd_range_is_only_the_first() {
        let end = |end: i32| {
            let json = format!(
                r#"{{"Id":"4d2f9c368027cdf300e9031861c66cfe","Type":"Episode","ParentIndexNumber":1,"IndexNumber":1,"IndexNumberEnd":{end},"UserData":{{"Played":true}}}}"#
            );
            episode(&serde_json::from_str(&json).unwrap()).unwrap().episode_end
        };
        assert_eq!(end(2), Some(2));
        for odd in [1, 0, -5, 2_000_000_000] {
            assert_eq!(end(odd), None, "{odd}");
        }
    }
}

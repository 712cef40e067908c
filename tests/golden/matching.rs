//! Cases 32 to 39: which title an item is, which episode a number is, and what stays out.

use mediatheca_jellyfin_sync::domain::sync::Preferences;

use super::{dark, matrix, seen_dark_without_episodes, seen_matrix};
use crate::support::{
    lines::LogText,
    scenario::{Seen, given, id},
};

#[test]
fn cases_32_and_35_matching_is_by_tmdb_id_and_odd_matches_say_so() {
    let seen = Seen::new("10.11.11")
        .movie(1, "Toy Story", 1995, "603", Some("2024-03-01T20:00:00Z"))
        .movie(2, "Home video", 2019, "none", Some("2024-03-01T20:00:00Z"))
        .movie(3, "Alien", 1979, "348", Some("2024-03-02T20:00:00Z"));
    let when = given(matrix()).when(seen);
    when.then(&["add 2024-03-01 suspicious_match"]);
    assert_eq!(when.unmatched(), ["Alien: not_in_library", "Home video: no_tmdb_id"]);
}

#[test]
fn case_33_the_same_film_twice_is_one_session_a_day() {
    let date = Some("2024-03-01T20:00:00Z");
    let one_played = seen_matrix(date).unplayed(2, "The Matrix", 1999, "603", None);
    given(matrix()).when(one_played).then(&["add 2024-03-01", "not_played"]);
    let twice = seen_matrix(Some("2024-03-01T22:00:00Z")).movie(2, "The Matrix", 1999, "603", date);
    given(matrix()).when(twice).then(&["session_on_that_date", "add 2024-03-01"]);
    let undated = seen_matrix(None).movie(2, "The Matrix", 1999, "603", date);
    given(matrix()).when(undated).then(&["undated_and_watched", "add 2024-03-01"]);
}

#[test]
fn case_34_of_two_halves_of_a_series_each_episode_comes_once_with_the_earlier_date() {
    let seen = seen_dark_without_episodes()
        .episode(2, Some(1), None, Some("2020-02-01T20:00:00Z"))
        .series(3, "Dark", 2017, "70523")
        .episode(4, Some(1), None, Some("2020-01-01T20:00:00Z"))
        .episode(5, Some(2), None, Some("2020-01-02T20:00:00Z"));
    given(dark()).when(seen).then(&["already_watched", "add 2020-01-01", "add 2020-01-02"]);
}

#[test]
fn cases_36_to_39_numbers_of_episodes() {
    let episode = |number, end| {
        seen_dark_without_episodes().episode(2, number, end, Some("2020-01-01T20:00:00Z"))
    };
    given(dark()).when(episode(Some(99), None)).then(&["add 2020-01-01 unknown_episode"]);
    given(dark()).when(episode(None, None)).then(&["no_episode_number"]);
    given(dark()).when(episode(Some(3), Some(4))).then(&["add 2020-01-01", "add 2020-01-01"]);
    let mut special = episode(Some(1), None);
    special.scan.catalog.series[0].episodes[0].season = Some(0);
    let then = given(dark()).when(special).then(&["add 2020-01-01 unknown_episode"]);
    assert!(then.last_line().contains(r#"\"seasonNumber\":0"#));
}

#[test]
fn what_is_excluded_stays_out_by_movie_by_episode_and_by_series() {
    let log = matrix().series("dark-2017", "Dark", 2017, 70523, 3);
    let date = Some("2020-01-01T20:00:00Z");
    let seen = seen_matrix(date)
        .series(5, "Dark", 2017, "70523")
        .episode(6, Some(1), None, date)
        .episode(7, Some(2), None, None);
    for (exclude, decisions) in [
        (vec![1, 6], ["excluded", "excluded", "add 2026-11-24 undated"]),
        (vec![5], ["add 2020-01-01", "excluded", "excluded"]),
    ] {
        let exclude = exclude.into_iter().map(id).collect();
        let without = Preferences { exclude, ..Preferences::default() };
        given(&log).preferring(&without).when(&seen).then(&decisions);
    }
}

#[test]
fn a_title_of_id_0_in_an_older_log_is_never_matched() {
    let log = LogText::new().movie("zero-id-2014", "Zero id", 2014, 0);
    let seen = Seen::new("12.0.0").movie(1, "Zero id", 2014, "0x", Some("2020-01-01T20:00:00Z"));
    given(log).when(seen).then(&[]);
}

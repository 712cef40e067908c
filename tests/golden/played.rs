//! Cases 11 to 13 and 22: what counts as played, what was forgotten, and plays from other sources.

use mediatheca_jellyfin_sync::domain::{
    snapshot::{Coverage, Evidence, Play, Snapshot},
    sync::Preferences,
    time::PlayedAt,
};

use super::{dark, matrix, seen_dark, seen_matrix};
use crate::support::scenario::{Seen, given, id};

#[test]
fn case_11_from_12_on_a_watched_film_with_a_new_date_may_only_have_been_opened() {
    let log = matrix().session("the-matrix-1999", "s1", "2020-01-01");
    let date = Some("2026-11-20T20:00:00Z");
    let opened = Seen::new("12.0.0").movie(1, "The Matrix", 1999, "603", date);
    given(&log).when(&opened).then(&["add 2026-11-20 possible_rewatch"]);
    let hold = Preferences { hold_possible_rewatches: true, ..Preferences::default() };
    given(&log).preferring(&hold).when(&opened).then(&["possible_rewatch"]);
    let include = Preferences { include: [id(1)].into(), ..hold.clone() };
    given(&log).preferring(&include).when(&opened).then(&["add 2026-11-20 possible_rewatch"]);
    given(matrix()).preferring(&hold).when(&opened).then(&["add 2026-11-20"]);
    given(&log).preferring(&hold).when(seen_matrix(date)).then(&["add 2026-11-20"]);
}

#[test]
fn cases_12_and_13_a_rewatch_under_way_changes_nothing_and_a_count_is_never_sessions() {
    let log = matrix().session("the-matrix-1999", "s1", "2020-01-01");
    let date = Some("2026-11-20T20:00:00Z");
    let under_way = Seen::new("10.11.11").unplayed(1, "The Matrix", 1999, "603", date);
    let when = given(log).when(under_way);
    when.then(&["not_played"]);
    assert_eq!(when.forgotten(), 0);
    let seen = seen_matrix(Some("2020-01-01T20:00:00Z"));
    given(matrix()).when(seen).then(&["add 2020-01-01"]);
}

/// A log with an imported movie and an imported episode, and what the server showed of them.
fn imported() -> (String, Seen) {
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z")).series(5, "Dark", 2017, "70523").episode(
        6,
        Some(1),
        None,
        None,
    );
    let log = matrix().series("dark-2017", "Dark", 2017, 70523, 3);
    (given(log).when(&seen).append(), seen)
}

#[test]
fn case_22_what_jellyfin_forgets_the_log_keeps_and_the_count_says_so() {
    let (log, seen) = imported();
    assert_eq!(given(&*log).when(seen).forgotten(), 0);
    let empty = given(&*log).when(Seen::new("10.11.11"));
    empty.then(&[]);
    assert_eq!(empty.forgotten(), 2);
    let mut wiped = Seen::new("10.11.11").unplayed(1, "The Matrix", 1999, "603", None);
    wiped.scan.catalog.movies[0].state.play_count = 0;
    assert_eq!(given(&*log).when(wiped).forgotten(), 2);
    let date = Some("2024-03-01T20:00:00Z");
    let replaced = Seen::new("10.11.11").movie(77, "The Matrix", 1999, "603", date);
    let forgotten = given(&*log).when(replaced).forgotten();
    assert_eq!(forgotten, 1, "another copy of the film remembers it");
}

#[test]
fn what_a_part_of_the_server_does_not_show_is_not_forgotten() {
    let (log, _) = imported();
    for coverage in [Coverage::Movies, Coverage::Series, Coverage::Only([id(1)].into())] {
        let seen = Seen { coverage, ..Seen::new("10.11.11") };
        assert_eq!(given(&*log).when(&seen).forgotten(), 0, "{:?}", seen.coverage);
    }
}

/// A snapshot with more plays than a scan has.
fn with_plays(seen: &Seen, item: u32, dates: &[&str]) -> Snapshot {
    let mut snapshot = seen.snapshot();
    let play = |date: &&str| Play {
        item: id(item),
        at: Some(PlayedAt::parse(date).unwrap()),
        evidence: Evidence::Spans,
    };
    snapshot.plays.extend(dates.iter().map(play));
    snapshot
}

#[test]
fn several_plays_of_a_movie_are_as_many_sessions_whatever_their_order() {
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z"));
    let (early, late) = ("2020-01-01T20:00:00Z", "2022-01-01T20:00:00Z");
    let days = ["add 2020-01-01", "add 2022-01-01", "add 2024-03-01"];
    let one = given(matrix()).when(with_plays(&seen, 1, &[late, early])).then(&days);
    let other = given(matrix()).when(with_plays(&seen, 1, &[early, late])).then(&days);
    assert_eq!(one.appended(), other.appended());
}

#[test]
fn plays_of_an_unplayed_movie_count() {
    let seen = Seen::new("10.11.11").unplayed(1, "The Matrix", 1999, "603", None);
    let snapshot = with_plays(&seen, 1, &["2020-01-01T20:00:00Z", "2020-01-01T22:00:00Z"]);
    given(matrix()).when(snapshot).then(&["add 2020-01-01", "session_on_that_date"]);
}

#[test]
fn of_several_plays_of_an_episode_the_oldest_is_added() {
    let seen = seen_dark(Some("2024-03-01T20:00:00Z"));
    let snapshot = with_plays(&seen, 2, &["2020-01-01T20:00:00Z"]);
    given(dark()).when(snapshot).then(&["add 2020-01-01", "already_watched"]);
}

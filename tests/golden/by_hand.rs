//! Cases 17 to 24: what the person did to the log themselves holds for ever.

use serde_json::{Value, json};

use super::{dark, matrix, seen_dark, seen_dark_without_episodes, seen_matrix};
use crate::support::scenario::{Seen, given};

/// A log with one more line, written by the person.
fn by_hand(log: &str, stream: &str, event_type: &str, data: Value) -> String {
    let of_stream = format!("\"streamId\":\"{stream}\"");
    let of_stream = log.lines().filter(|line| line.contains(&of_stream)).count();
    let (position, data) = (log.lines().count() + 1, json!(data.to_string()));
    format!(
        "{log}{{\"globalPosition\":{position},\"streamId\":\"{stream}\",\"streamPosition\":{of_stream},\"eventType\":\"{event_type}\",\"data\":{data},\"metadata\":\"{{}}\",\"timestamp\":\"2026-11-25T12:00:00.0000000+00:00\"}}\n"
    )
}

fn session_of(log: &str) -> String {
    log.split(r#"sessionId\":\""#).nth(1).unwrap()[..32].to_owned()
}

#[test]
fn cases_17_and_18_a_session_that_was_removed_or_moved_by_hand_is_never_added_again() {
    let movie = "Movie-the-matrix-1999";
    for date in [Some("2024-03-01T20:00:00Z"), None] {
        let seen = seen_matrix(date);
        let log = given(matrix()).when(&seen).append();
        let data = json!({"sessionId": session_of(&log)});
        let removed = by_hand(&log, movie, "Watch_session_removed", data);
        given(removed).when(&seen).then(&["removed_by_user"]);
    }
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z"));
    let log = given(matrix()).when(&seen).append();
    let data = json!({"sessionId": session_of(&log), "date": "2024-02-20"});
    let moved = by_hand(&log, movie, "Watch_session_date_changed", data);
    given(moved).when(&seen).then(&["already_imported"]);
}

#[test]
fn case_17_a_session_entered_by_hand_and_removed_after_the_play_stays_removed() {
    let log = matrix().session("the-matrix-1999", "s1", "2024-03-01");
    let removed = |at: &str| {
        let data = json!({"sessionId":"s1"});
        log.clone().at(at).event("Movie-the-matrix-1999", "Watch_session_removed", data)
    };
    for (at, played, decision) in [
        ("2024-03-05T00:00:00Z", "2024-03-01T20:00:00Z", "removed_by_user"),
        ("2024-03-01T10:00:00Z", "2024-03-01T20:00:00Z", "add 2024-03-01"),
        ("2024-03-05T00:00:00Z", "2024-04-01T20:00:00Z", "add 2024-04-01"),
    ] {
        given(removed(at)).when(seen_matrix(Some(played))).then(&[decision]);
    }
}

#[test]
fn a_day_that_a_session_was_moved_from_by_hand_is_pointed_out() {
    let data = json!({"sessionId":"s1","date":"2024-02-20"});
    let log = matrix().session("the-matrix-1999", "s1", "2024-03-01").event(
        "Movie-the-matrix-1999",
        "Watch_session_date_changed",
        data,
    );
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z"));
    given(log).when(seen).then(&["add 2024-03-01 session_moved"]);
}

#[test]
fn case_19_an_episode_unwatched_after_the_play_stays_so_and_a_later_play_counts() {
    let episode = json!({"rewatchId":"default","seasonNumber":1,"episodeNumber":1});
    let season = json!({"rewatchId":"default","seasonNumber":1});
    for (event, data) in [("Episode_unwatched", episode), ("Season_marked_unwatched", season)] {
        let watched = dark().watched("dark-2017", "default", 1, "2024-03-01");
        let log = watched.at("2024-03-05T00:00:00Z").event("Series-dark-2017", event, data);
        for (played, decision) in [
            (Some("2024-03-01T20:00:00Z"), "removed_by_user"),
            (None, "removed_by_user"),
            (Some("2024-04-01T20:00:00Z"), "add 2024-04-01"),
        ] {
            given(&log).when(seen_dark(played)).then(&[decision]);
        }
    }
}

#[test]
fn case_20_a_removed_title_is_never_brought_back() {
    let log = matrix()
        .series("dark-2017", "Dark", 2017, 70523, 3)
        .event("Movie-the-matrix-1999", "Movie_removed_from_library", json!({}))
        .event("Series-dark-2017", "Series_removed_from_library", json!({}));
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z")).series(5, "Dark", 2017, "70523").episode(
        6,
        Some(1),
        None,
        None,
    );
    let when = given(log).when(seen);
    when.then(&[]);
    let removed = ["The Matrix: removed_from_library", "Dark: removed_from_library"];
    assert_eq!(when.unmatched(), removed);
}

#[test]
fn case_21_plays_older_than_a_new_default_rewatch_session_do_not_spill_into_it() {
    let created = json!({"rewatchId":"second","name":null,"friendSlugs":[]});
    let chosen = json!({"rewatchId":"second"});
    let log = dark()
        .watched("dark-2017", "default", 1, "2024-03-01")
        .at("2025-01-01T00:00:00Z")
        .event("Series-dark-2017", "Rewatch_session_created", created)
        .event("Series-dark-2017", "Default_rewatch_session_changed", chosen);
    for date in [Some("2024-03-01T20:00:00Z"), Some("2024-06-01T20:00:00Z"), None] {
        given(&log).when(seen_dark(date)).then(&["already_watched"]);
    }
    let later = seen_dark(Some("2025-02-01T20:00:00Z"));
    let then = given(&log).when(later).then(&["add 2025-02-01"]);
    assert!(then.last_line().contains(r#"rewatchId\":\"second\""#));
    let episode = |number, date| {
        let seen: Seen = seen_dark_without_episodes();
        seen.episode(2, Some(number), None, Some(date))
    };
    let in_another = log.clone().watched("dark-2017", "default", 2, "2025-02-01");
    given(in_another).when(episode(2, "2025-02-01T20:00:00Z")).then(&["already_watched"]);
    given(log).when(episode(3, "2024-02-01T20:00:00Z")).then(&["add 2024-02-01"]);
}

#[test]
fn an_imported_episode_whose_rewatch_session_was_removed_stays_removed() {
    let (series, change) = ("Series-dark-2017", "Default_rewatch_session_changed");
    let created = json!({"rewatchId":"second","name":null,"friendSlugs":[]});
    let second = json!({"rewatchId":"second"});
    let log = dark().event(series, "Rewatch_session_created", created).event(
        series,
        change,
        second.clone(),
    );
    let seen = seen_dark(Some("2026-03-01T20:00:00Z"));
    let log = given(log).when(&seen).append();
    let log = by_hand(&log, series, change, json!({"rewatchId":"default"}));
    let log = by_hand(&log, series, "Rewatch_session_removed", second);
    given(log).when(seen).then(&["removed_by_user"]);
}

#[test]
fn case_24_an_old_play_leaves_the_focus_and_a_later_one_clears_it() {
    let log = matrix().event("Movie-the-matrix-1999", "Movie_in_focus_set", json!({}));
    let old = seen_matrix(Some("2019-03-01T20:00:00Z"));
    let then = given(&log).when(old).then(&["add 2019-03-01"]);
    assert!(!then.log().contains("in_focus_cleared"));
    let late = seen_matrix(Some("2026-03-01T20:00:00Z"));
    let then = given(log).when(late).then(&["add 2026-03-01"]);
    assert!(then.last_line().contains("Movie_in_focus_cleared"));
}

//! Cases 1 to 10: the day that a play counts for.

use mediatheca_jellyfin_sync::domain::{sync::Preferences, zone::Zone};

use super::{berlin, matrix, seen_dark_without_episodes, seen_matrix};
use crate::support::{lines::LogText, scenario::given};

#[test]
fn case_1_and_14_a_play_without_a_date_becomes_one_session_ever() {
    let then = given(matrix()).when(seen_matrix(None)).then(&["add 2026-11-24 undated"]);
    assert!(then.log().contains(r#"\"dateSource\":\"snapshot\""#));
    assert!(!then.log().contains("lastPlayedDate"));
    let mut later = seen_matrix(None);
    later.scan.taken_at = "2026-12-25T12:00:00Z".parse().unwrap();
    given(then.log()).when(later).then(&["undated_and_watched"]);
    let log = matrix().session("the-matrix-1999", "s1", "2020-01-01");
    given(log).when(seen_matrix(None)).then(&["undated_and_watched"]);
}

#[test]
fn case_2_and_3_a_film_seen_past_midnight_is_dated_in_the_persons_zone_and_never_doubled() {
    let late = seen_matrix(Some("2024-03-01T23:30:00Z"));
    given(matrix()).preferring(&berlin()).when(&late).then(&["add 2024-03-02"]);
    for day in ["2024-03-01", "2024-03-02"] {
        let log = matrix().session("the-matrix-1999", "s1", day);
        given(log).preferring(&berlin()).when(&late).then(&["session_on_that_date"]);
    }
}

#[test]
fn case_4_another_time_zone_adds_nothing() {
    let late = seen_matrix(Some("2024-03-01T23:30:00Z"));
    let then = given(matrix()).preferring(&berlin()).when(&late).then(&["add 2024-03-02"]);
    for zone in ["UTC", "Pacific/Honolulu", "Pacific/Kiritimati"] {
        let time_zone = Zone::named(zone).unwrap();
        let elsewhere = Preferences { time_zone, ..Preferences::default() };
        let when = given(then.log()).preferring(&elsewhere).when(&late);
        assert_eq!(when.plan().additions, [], "{zone}");
    }
}

#[test]
fn cases_5_to_8_and_10_odd_dates() {
    for (date, decision) in [
        ("0001-01-01T00:00:00.0000000Z", "add 2026-11-24 undated"),
        ("1970-01-01T00:00:00.0000000Z", "add 2026-11-24 undated"),
        ("2031-01-01T00:00:00Z", "future_date"),
        ("2026-11-25T11:00:00Z", "add 2026-11-25"),
        ("1985-05-05T20:00:00Z", "add 1985-05-05 suspicious_date"),
        ("2022-05-05T20:00:00Z", "add 2022-05-05"),
    ] {
        given(matrix()).when(seen_matrix(Some(date))).then(&[decision]);
    }
}

#[test]
fn a_date_that_cannot_be_read_is_a_fault_and_the_rest_is_added() {
    let log = matrix().movie("alien-1979", "Alien", 1979, 348);
    let seen =
        seen_matrix(Some("yesterday")).movie(2, "Alien", 1979, "348", Some("2020-01-01T00:00:00Z"));
    let when = given(log).when(seen);
    when.then(&["add 2020-01-01", "unreadable_date"]);
    let faults = when.plan().faults;
    assert!(faults[0].message.contains("yesterday"), "{faults:?}");
}

#[test]
fn case_9_episodes_marked_in_the_same_second_are_added_and_say_so() {
    let log = LogText::new().series("dark-2017", "Dark", 2017, 70523, 62);
    let mut seen = seen_dark_without_episodes();
    for n in 1..=62 {
        seen = seen.episode(100 + n, Some(n as i32), None, Some("2023-02-01T12:00:00Z"));
    }
    given(log).when(seen).then(&["add 2023-02-01 bulk_marked"; 62]);
}

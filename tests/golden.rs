//! A log, a snapshot, and the very lines that an import appends: every hard case by its number.
//!
//! The bytes are frozen because Mediatheca reads them and people keep them for decades.

use std::sync::Arc;

use mediatheca_jellyfin_sync::{
    domain::{
        events::Via,
        library::Folded,
        snapshot::{EpisodeItem, FORMAT, Item, LastPlayed, SeriesItem, Server, Snapshot, TmdbRef},
        sync::{Decision, Plan, Preferences, forgotten, plan},
        zone::Zone,
    },
    service::{Source, SyncOptions},
};
use serde_json::json;

use crate::support::{TestApp, lines::LogText};

/// A snapshot under construction.
struct Seen(Snapshot);

fn id(n: u32) -> mediatheca_jellyfin_sync::domain::ids::ItemId {
    format!("{n:032x}").try_into().unwrap()
}

impl Seen {
    fn new(version: &str) -> Self {
        let server = Server {
            id: "5e".repeat(16).try_into().unwrap(),
            name: "NAS".into(),
            version: version.into(),
        };
        let taken_at = "2026-11-24T12:00:00Z".parse().unwrap();
        Self(Snapshot {
            format: FORMAT,
            server,
            taken_at,
            movies: vec![],
            series: vec![],
            faults: vec![],
        })
    }

    fn item(n: u32, name: &str, year: i32, tmdb: &str, played: bool, date: Option<&str>) -> Item {
        Item {
            id: id(n),
            name: name.into(),
            year: Some(year),
            tmdb: tmdb
                .parse()
                .map_or(TmdbRef::Missing, |n: i64| TmdbRef::Id(n.try_into().unwrap())),
            imdb: None,
            played,
            play_count: 7,
            last_played: LastPlayed::read(date),
            runtime_minutes: Some(90),
            position_minutes: 0,
            genres: vec![],
        }
    }

    fn movie(mut self, n: u32, name: &str, year: i32, tmdb: &str, date: Option<&str>) -> Self {
        self.0.movies.push(Self::item(n, name, year, tmdb, true, date));
        self
    }

    fn unplayed(mut self, n: u32, name: &str, year: i32, tmdb: &str, date: Option<&str>) -> Self {
        self.0.movies.push(Self::item(n, name, year, tmdb, false, date));
        self
    }

    fn series(mut self, n: u32, name: &str, year: i32, tmdb: &str) -> Self {
        let item = Self::item(n, name, year, tmdb, false, None);
        self.0.series.push(SeriesItem { item, episodes: vec![] });
        self
    }

    /// An episode of season 1 in the series that was named last.
    fn episode(
        mut self,
        n: u32,
        number: Option<i32>,
        end: Option<i32>,
        date: Option<&str>,
    ) -> Self {
        let episode = EpisodeItem {
            id: id(n),
            name: format!("Episode {n}"),
            season: number.map(|_| 1),
            episode: number,
            episode_end: end,
            played: true,
            play_count: 1,
            last_played: LastPlayed::read(date),
        };
        self.0.series.last_mut().unwrap().episodes.push(episode);
        self
    }
}

/// Every decision in words: `add DAY [notes]` or the reason to skip.
fn decisions(plan: &Plan<'_>) -> Vec<String> {
    plan.decisions()
        .map(|decision| match decision {
            Decision::Add { date, notes } if notes.is_empty() => format!("add {date}"),
            Decision::Add { date, notes } => {
                format!(
                    "add {date} {}",
                    notes.iter().map(|n| n.name()).collect::<Vec<_>>().join(" ")
                )
            }
            Decision::Skip(skip) => skip.name().to_owned(),
        })
        .collect()
}

/// Plans, checks the decisions, appends, and checks that the same snapshot then adds nothing more (case 26).
fn given(log: &LogText, seen: &Seen, preferences: &Preferences, expected: &[&str]) -> String {
    let folded = Folded::of(log.text().as_bytes()).unwrap();
    let plan = plan(&folded.library, &seen.0, preferences);
    assert_eq!(decisions(&plan), expected);
    let commit = folded
        .log
        .extend(&plan.additions, Via::Import, "2026-11-24T12:00:01Z".parse().unwrap())
        .unwrap();
    let after = format!("{}{}", log.text(), str::from_utf8(commit.lines()).unwrap());
    let again = Folded::of(after.as_bytes()).unwrap();
    assert!(
        mediatheca_jellyfin_sync::domain::sync::plan(&again.library, &seen.0, preferences)
            .additions
            .is_empty()
    );
    after
}

fn berlin() -> Preferences {
    Preferences { time_zone: Zone::named("Europe/Berlin").unwrap(), ..Preferences::default() }
}

fn matrix() -> LogText {
    LogText::new().movie("the-matrix-1999", "The Matrix", 1999, 603)
}

fn dark() -> LogText {
    LogText::new().series("dark-2017", "Dark", 2017, 70523, 10)
}

fn seen_matrix(date: Option<&str>) -> Seen {
    Seen::new("10.11.11").movie(1, "The Matrix", 1999, "603", date)
}

fn seen_dark(date: Option<&str>) -> Seen {
    Seen::new("10.11.11").series(1, "Dark", 2017, "70523").episode(2, Some(1), None, date)
}

#[test]
fn the_appended_bytes_of_a_movie_and_two_episodes_in_focus() {
    let log = matrix()
        .series("dark-2017", "Dark", 2017, 70523, 10)
        .event("Movie-the-matrix-1999", "Movie_in_focus_set", json!({}))
        .event("Series-dark-2017", "Series_in_focus_set", json!({}));
    let mut seen =
        seen_matrix(Some("2026-03-01T23:30:00.1234567Z")).series(5, "Dark", 2017, "70523");
    seen = seen.episode(6, Some(1), Some(2), Some("2026-03-02T20:00:00Z"));
    let after =
        given(&log, &seen, &berlin(), &["add 2026-03-02", "add 2026-03-02", "add 2026-03-02"]);
    let appended = after.strip_prefix(log.text()).unwrap();
    let expected = concat!(
        r#"{"globalPosition":5,"streamId":"Movie-the-matrix-1999","streamPosition":2,"eventType":"Watch_session_recorded","data":"{\"sessionId\":\"7b615800f8d363125cf77ab533cff447\",\"date\":\"2026-03-02\",\"duration\":90,\"friendSlugs\":[]}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000001\",\"lastPlayedDate\":\"2026-03-01T23:30:00.1234567Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
        r#"{"globalPosition":6,"streamId":"Movie-the-matrix-1999","streamPosition":3,"eventType":"Movie_in_focus_cleared","data":"{}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000001\",\"lastPlayedDate\":\"2026-03-01T23:30:00.1234567Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
        r#"{"globalPosition":7,"streamId":"Series-dark-2017","streamPosition":2,"eventType":"Episode_watched","data":"{\"rewatchId\":\"default\",\"seasonNumber\":1,\"episodeNumber\":1,\"date\":\"2026-03-02\"}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000006\",\"lastPlayedDate\":\"2026-03-02T20:00:00Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
        r#"{"globalPosition":8,"streamId":"Series-dark-2017","streamPosition":3,"eventType":"Series_in_focus_cleared","data":"{}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000006\",\"lastPlayedDate\":\"2026-03-02T20:00:00Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
        r#"{"globalPosition":9,"streamId":"Series-dark-2017","streamPosition":4,"eventType":"Episode_watched","data":"{\"rewatchId\":\"default\",\"seasonNumber\":1,\"episodeNumber\":2,\"date\":\"2026-03-02\"}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000006\",\"lastPlayedDate\":\"2026-03-02T20:00:00Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
    );
    assert_eq!(appended, expected);
}

#[test]
fn case_1_and_14_a_play_without_a_date_becomes_one_session_ever() {
    let after =
        given(&matrix(), &seen_matrix(None), &Preferences::default(), &["add 2026-11-24 undated"]);
    assert!(after.contains(r#"\"dateSource\":\"snapshot\""#) && !after.contains("lastPlayedDate"));
    let mut next_day = seen_matrix(None);
    next_day.0.taken_at = "2026-12-25T12:00:00Z".parse().unwrap();
    let folded = Folded::of(after.as_bytes()).unwrap();
    let none = Preferences::default();
    assert_eq!(decisions(&plan(&folded.library, &next_day.0, &none)), ["undated_and_watched"]);
    let log = matrix().session("the-matrix-1999", "s1", "2020-01-01");
    given(&log, &seen_matrix(None), &none, &["undated_and_watched"]);
}

#[test]
fn case_2_and_3_a_film_seen_past_midnight_is_dated_in_the_persons_zone_and_never_doubled() {
    let late = || seen_matrix(Some("2024-03-01T23:30:00Z"));
    given(&matrix(), &late(), &berlin(), &["add 2024-03-02"]);
    for day in ["2024-03-01", "2024-03-02"] {
        let log = matrix().session("the-matrix-1999", "s1", day);
        given(&log, &late(), &berlin(), &["session_on_that_date"]);
    }
}

#[test]
fn case_4_another_time_zone_adds_nothing() {
    let late = seen_matrix(Some("2024-03-01T23:30:00Z"));
    let after = given(&matrix(), &late, &berlin(), &["add 2024-03-02"]);
    let folded = Folded::of(after.as_bytes()).unwrap();
    for zone in
        ["UTC", "Pacific/Honolulu", "Pacific/Kiritimati"].map(|name| Zone::named(name).unwrap())
    {
        let elsewhere = Preferences { time_zone: zone, ..Preferences::default() };
        assert!(
            plan(&folded.library, &late.0, &elsewhere).additions.is_empty(),
            "{}",
            elsewhere.time_zone
        );
    }
}

#[test]
fn cases_5_to_8_and_10_odd_dates() {
    let none = Preferences::default();
    for zero in ["0001-01-01T00:00:00.0000000Z", "1970-01-01T00:00:00.0000000Z"] {
        given(&matrix(), &seen_matrix(Some(zero)), &none, &["add 2026-11-24 undated"]);
    }
    given(&matrix(), &seen_matrix(Some("2031-01-01T00:00:00Z")), &none, &["future_date"]);
    given(&matrix(), &seen_matrix(Some("2026-11-25T11:00:00Z")), &none, &["add 2026-11-25"]);
    given(
        &matrix(),
        &seen_matrix(Some("1985-05-05T20:00:00Z")),
        &none,
        &["add 1985-05-05 suspicious_date"],
    );
    given(&matrix(), &seen_matrix(Some("2022-05-05T20:00:00Z")), &none, &["add 2022-05-05"]);
    let log = matrix().movie("alien-1979", "Alien", 1979, 348);
    let seen =
        seen_matrix(Some("yesterday")).movie(2, "Alien", 1979, "348", Some("2020-01-01T00:00:00Z"));
    given(&log, &seen, &none, &["add 2020-01-01", "unreadable_date"]);
    let folded = Folded::of(log.text().as_bytes()).unwrap();
    let faults = plan(&folded.library, &seen.0, &none).faults;
    assert!(faults[0].message.contains("yesterday"), "{faults:?}");
}

#[test]
fn case_9_episodes_marked_in_the_same_second_are_added_and_say_so() {
    let mut seen = Seen::new("10.11.11").series(100, "Dark", 2017, "70523");
    for n in 1..=62 {
        seen = seen.episode(n, Some(n as i32), None, Some("2023-02-01T12:00:00Z"));
    }
    let log = LogText::new().series("dark-2017", "Dark", 2017, 70523, 62);
    given(&log, &seen, &Preferences::default(), &["add 2023-02-01 bulk_marked"; 62]);
}

#[test]
fn case_11_from_12_on_a_watched_film_with_a_new_date_may_only_have_been_opened() {
    let log = matrix().session("the-matrix-1999", "s1", "2020-01-01");
    let opened =
        || Seen::new("12.0.0").movie(1, "The Matrix", 1999, "603", Some("2026-11-20T20:00:00Z"));
    given(&log, &opened(), &Preferences::default(), &["add 2026-11-20 possible_rewatch"]);
    let hold = Preferences { hold_possible_rewatches: true, ..Preferences::default() };
    given(&log, &opened(), &hold, &["possible_rewatch"]);
    let include = Preferences { include: [id(1)].into(), ..hold.clone() };
    given(&log, &opened(), &include, &["add 2026-11-20 possible_rewatch"]);
    given(&matrix(), &opened(), &hold, &["add 2026-11-20"]);
    given(&log, &seen_matrix(Some("2026-11-20T20:00:00Z")), &hold, &["add 2026-11-20"]);
}

#[test]
fn cases_12_and_13_a_rewatch_under_way_changes_nothing_and_a_count_is_never_sessions() {
    let log = matrix().session("the-matrix-1999", "s1", "2020-01-01");
    let under_way =
        Seen::new("10.11.11").unplayed(1, "The Matrix", 1999, "603", Some("2026-11-20T20:00:00Z"));
    given(&log, &under_way, &Preferences::default(), &["not_played"]);
    assert_eq!(forgotten(&Folded::of(log.text().as_bytes()).unwrap().library, &under_way.0), 0);
    given(
        &matrix(),
        &seen_matrix(Some("2020-01-01T20:00:00Z")),
        &Preferences::default(),
        &["add 2020-01-01"],
    );
}

/// What was imported, then changed by hand.
fn imported_then(seen: &Seen, begin: LogText, change: impl FnOnce(String) -> String) -> Folded {
    let after = {
        let folded = Folded::of(begin.text().as_bytes()).unwrap();
        let preferences = Preferences::default();
        let plan = plan(&folded.library, &seen.0, &preferences);
        let commit = folded
            .log
            .extend(&plan.additions, Via::Import, "2026-11-24T12:00:01Z".parse().unwrap())
            .unwrap();
        format!("{}{}", begin.text(), str::from_utf8(commit.lines()).unwrap())
    };
    let changed = format!("{after}{}", change(after.clone()));
    Folded::of(changed.as_bytes()).unwrap()
}

/// One more line, by hand, behind a log.
fn by_hand(log: &str, stream: &str, event_type: &str, data: serde_json::Value) -> String {
    let of_stream =
        log.lines().filter(|line| line.contains(&format!("\"streamId\":\"{stream}\""))).count();
    let (position, data) = (log.lines().count() + 1, json!(data.to_string()));
    format!(
        "{{\"globalPosition\":{position},\"streamId\":\"{stream}\",\"streamPosition\":{of_stream},\"eventType\":\"{event_type}\",\"data\":{data},\"metadata\":\"{{}}\",\"timestamp\":\"2026-11-25T12:00:00.0000000+00:00\"}}\n"
    )
}

fn session_of(log: &str) -> String {
    log.split(r#"sessionId\":\""#).nth(1).unwrap()[..32].to_owned()
}

#[test]
fn cases_17_and_18_a_session_that_was_removed_or_moved_by_hand_is_never_added_again() {
    let none = Preferences::default();
    for date in [Some("2024-03-01T20:00:00Z"), None] {
        let seen = seen_matrix(date);
        let removed = imported_then(&seen, matrix(), |log| {
            by_hand(
                &log,
                "Movie-the-matrix-1999",
                "Watch_session_removed",
                json!({"sessionId": session_of(&log)}),
            )
        });
        assert_eq!(decisions(&plan(&removed.library, &seen.0, &none)), ["removed_by_user"]);
    }
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z"));
    let moved = imported_then(&seen, matrix(), |log| {
        let data = json!({"sessionId": session_of(&log), "date": "2024-02-20"});
        by_hand(&log, "Movie-the-matrix-1999", "Watch_session_date_changed", data)
    });
    assert_eq!(decisions(&plan(&moved.library, &seen.0, &none)), ["already_imported"]);
}

#[test]
fn case_17_a_session_entered_by_hand_and_removed_after_the_play_stays_removed() {
    let log = matrix().session("the-matrix-1999", "s1", "2024-03-01");
    let remove = |at: &str| {
        log.clone().at(at).event(
            "Movie-the-matrix-1999",
            "Watch_session_removed",
            json!({"sessionId":"s1"}),
        )
    };
    let none = Preferences::default();
    given(
        &remove("2024-03-05T00:00:00Z"),
        &seen_matrix(Some("2024-03-01T20:00:00Z")),
        &none,
        &["removed_by_user"],
    );
    given(
        &remove("2024-03-01T10:00:00Z"),
        &seen_matrix(Some("2024-03-01T20:00:00Z")),
        &none,
        &["add 2024-03-01"],
    );
    given(
        &remove("2024-03-05T00:00:00Z"),
        &seen_matrix(Some("2024-04-01T20:00:00Z")),
        &none,
        &["add 2024-04-01"],
    );
}

#[test]
fn a_day_that_a_session_was_moved_from_by_hand_is_pointed_out() {
    let data = json!({"sessionId":"s1","date":"2024-02-20"});
    let log = matrix().session("the-matrix-1999", "s1", "2024-03-01").event(
        "Movie-the-matrix-1999",
        "Watch_session_date_changed",
        data,
    );
    given(
        &log,
        &seen_matrix(Some("2024-03-01T20:00:00Z")),
        &Preferences::default(),
        &["add 2024-03-01 session_moved"],
    );
}

#[test]
fn case_19_an_episode_unwatched_after_the_play_stays_so_and_a_later_play_counts() {
    let unwatched = |event: &str, data| {
        dark().watched("dark-2017", "default", 1, "2024-03-01").at("2024-03-05T00:00:00Z").event(
            "Series-dark-2017",
            event,
            data,
        )
    };
    let none = Preferences::default();
    let one = json!({"rewatchId":"default","seasonNumber":1,"episodeNumber":1});
    let season = json!({"rewatchId":"default","seasonNumber":1});
    for log in [unwatched("Episode_unwatched", one), unwatched("Season_marked_unwatched", season)] {
        given(&log, &seen_dark(Some("2024-03-01T20:00:00Z")), &none, &["removed_by_user"]);
        given(&log, &seen_dark(None), &none, &["removed_by_user"]);
        given(&log, &seen_dark(Some("2024-04-01T20:00:00Z")), &none, &["add 2024-04-01"]);
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
    given(&log, &seen, &Preferences::default(), &[]);
    let folded = Folded::of(log.text().as_bytes()).unwrap();
    let none = Preferences::default();
    let plan = plan(&folded.library, &seen.0, &none);
    assert_eq!(plan.unmatched_movies[0].reason.name(), "removed_from_library");
    assert_eq!(plan.unmatched_series[0].reason.name(), "removed_from_library");
}

#[test]
fn case_21_plays_older_than_a_new_default_rewatch_session_do_not_spill_into_it() {
    let created = json!({"rewatchId":"second","name":null,"friendSlugs":[]});
    let log = dark()
        .watched("dark-2017", "default", 1, "2024-03-01")
        .at("2025-01-01T00:00:00Z")
        .event("Series-dark-2017", "Rewatch_session_created", created)
        .event(
            "Series-dark-2017",
            "Default_rewatch_session_changed",
            json!({"rewatchId":"second"}),
        );
    let none = Preferences::default();
    given(&log, &seen_dark(Some("2024-03-01T20:00:00Z")), &none, &["already_watched"]);
    given(&log, &seen_dark(Some("2024-06-01T20:00:00Z")), &none, &["already_watched"]);
    given(&log, &seen_dark(None), &none, &["already_watched"]);
    let after = given(&log, &seen_dark(Some("2025-02-01T20:00:00Z")), &none, &["add 2025-02-01"]);
    assert!(after.lines().last().unwrap().contains(r#"rewatchId\":\"second\""#));
    let in_another = log.clone().watched("dark-2017", "default", 2, "2025-02-01");
    let second = Seen::new("10.11.11").series(1, "Dark", 2017, "70523").episode(
        2,
        Some(2),
        None,
        Some("2025-02-01T20:00:00Z"),
    );
    given(&in_another, &second, &none, &["already_watched"]);
    let never_seen = Seen::new("10.11.11").series(1, "Dark", 2017, "70523").episode(
        2,
        Some(3),
        None,
        Some("2024-02-01T20:00:00Z"),
    );
    given(&log, &never_seen, &none, &["add 2024-02-01"]);
}

#[test]
fn an_imported_episode_whose_rewatch_session_was_removed_stays_removed() {
    let created = json!({"rewatchId":"second","name":null,"friendSlugs":[]});
    let begin = dark().event("Series-dark-2017", "Rewatch_session_created", created).event(
        "Series-dark-2017",
        "Default_rewatch_session_changed",
        json!({"rewatchId":"second"}),
    );
    let seen = seen_dark(Some("2026-03-01T20:00:00Z"));
    let changed = imported_then(&seen, begin, |log| {
        let back = by_hand(
            &log,
            "Series-dark-2017",
            "Default_rewatch_session_changed",
            json!({"rewatchId":"default"}),
        );
        let log = format!("{log}{back}");
        let removed = by_hand(
            &log,
            "Series-dark-2017",
            "Rewatch_session_removed",
            json!({"rewatchId":"second"}),
        );
        format!("{back}{removed}")
    });
    let none = Preferences::default();
    assert_eq!(decisions(&plan(&changed.library, &seen.0, &none)), ["removed_by_user"]);
}

#[test]
fn case_22_what_jellyfin_forgets_the_log_keeps_and_the_count_says_so() {
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z")).series(5, "Dark", 2017, "70523").episode(
        6,
        Some(1),
        None,
        None,
    );
    let begin = matrix().series("dark-2017", "Dark", 2017, 70523, 3);
    let folded = imported_then(&seen, begin, |_| String::new());
    assert_eq!(forgotten(&folded.library, &seen.0), 0);
    let none = Preferences::default();
    let empty = Seen::new("10.11.11");
    assert!(plan(&folded.library, &empty.0, &none).additions.is_empty());
    assert_eq!(forgotten(&folded.library, &empty.0), 2);
    let mut wiped = Seen::new("10.11.11").unplayed(1, "The Matrix", 1999, "603", None);
    wiped.0.movies[0].play_count = 0;
    assert_eq!(forgotten(&folded.library, &wiped.0), 2);
    let replaced =
        Seen::new("10.11.11").movie(77, "The Matrix", 1999, "603", Some("2024-03-01T20:00:00Z"));
    assert_eq!(forgotten(&folded.library, &replaced.0), 1, "another copy of the film remembers it");
}

#[test]
fn case_24_an_old_play_leaves_the_focus_and_a_later_one_clears_it() {
    let log = matrix().event("Movie-the-matrix-1999", "Movie_in_focus_set", json!({}));
    let none = Preferences::default();
    let old = given(&log, &seen_matrix(Some("2019-03-01T20:00:00Z")), &none, &["add 2019-03-01"]);
    assert!(!old.contains("in_focus_cleared"));
    let late = given(&log, &seen_matrix(Some("2026-03-01T20:00:00Z")), &none, &["add 2026-03-01"]);
    assert!(late.lines().last().unwrap().contains("Movie_in_focus_cleared"));
}

#[test]
fn cases_32_and_35_matching_is_by_tmdb_id_and_odd_matches_say_so() {
    let seen = Seen::new("10.11.11")
        .movie(1, "Toy Story", 1995, "603", Some("2024-03-01T20:00:00Z"))
        .movie(2, "Home video", 2019, "none", Some("2024-03-01T20:00:00Z"))
        .movie(3, "Alien", 1979, "348", Some("2024-03-02T20:00:00Z"));
    given(&matrix(), &seen, &Preferences::default(), &["add 2024-03-01 suspicious_match"]);
    let folded = Folded::of(matrix().text().as_bytes()).unwrap();
    let none = Preferences::default();
    let plan = plan(&folded.library, &seen.0, &none);
    let unmatched: Vec<_> =
        plan.unmatched_movies.iter().map(|u| (u.item.name.as_str(), u.reason.name())).collect();
    assert_eq!(unmatched, [("Alien", "not_in_library"), ("Home video", "no_tmdb_id")]);
}

#[test]
fn case_33_the_same_film_twice_is_one_session_a_day() {
    let none = Preferences::default();
    let one_played =
        seen_matrix(Some("2024-03-01T20:00:00Z")).unplayed(2, "The Matrix", 1999, "603", None);
    given(&matrix(), &one_played, &none, &["add 2024-03-01", "not_played"]);
    let twice = seen_matrix(Some("2024-03-01T22:00:00Z")).movie(
        2,
        "The Matrix",
        1999,
        "603",
        Some("2024-03-01T20:00:00Z"),
    );
    given(&matrix(), &twice, &none, &["session_on_that_date", "add 2024-03-01"]);
    let undated =
        seen_matrix(None).movie(2, "The Matrix", 1999, "603", Some("2024-03-01T20:00:00Z"));
    given(&matrix(), &undated, &none, &["undated_and_watched", "add 2024-03-01"]);
}

#[test]
fn case_34_of_two_halves_of_a_series_each_episode_comes_once_with_the_earlier_date() {
    let seen = Seen::new("10.11.11")
        .series(1, "Dark", 2017, "70523")
        .episode(2, Some(1), None, Some("2020-02-01T20:00:00Z"))
        .series(3, "Dark", 2017, "70523")
        .episode(4, Some(1), None, Some("2020-01-01T20:00:00Z"))
        .episode(5, Some(2), None, Some("2020-01-02T20:00:00Z"));
    given(
        &dark(),
        &seen,
        &Preferences::default(),
        &["already_watched", "add 2020-01-01", "add 2020-01-02"],
    );
}

#[test]
fn cases_36_to_39_numbers_of_episodes() {
    let none = Preferences::default();
    let date = Some("2020-01-01T20:00:00Z");
    let series = || Seen::new("10.11.11").series(1, "Dark", 2017, "70523");
    given(
        &dark(),
        &series().episode(2, Some(99), None, date),
        &none,
        &["add 2020-01-01 unknown_episode"],
    );
    given(&dark(), &series().episode(2, None, None, date), &none, &["no_episode_number"]);
    given(
        &dark(),
        &series().episode(2, Some(3), Some(4), date),
        &none,
        &["add 2020-01-01", "add 2020-01-01"],
    );
    let mut special = series().episode(2, Some(1), None, date);
    special.0.series[0].episodes[0].season = Some(0);
    let after = given(&dark(), &special, &none, &["add 2020-01-01 unknown_episode"]);
    assert!(after.lines().last().unwrap().contains(r#"\"seasonNumber\":0"#));
}

#[test]
fn what_is_excluded_stays_out_by_movie_by_episode_and_by_series() {
    let log = matrix().series("dark-2017", "Dark", 2017, 70523, 3);
    let date = Some("2020-01-01T20:00:00Z");
    let seen = seen_matrix(date)
        .series(5, "Dark", 2017, "70523")
        .episode(6, Some(1), None, date)
        .episode(7, Some(2), None, None);
    let without = |ids: &[u32]| Preferences {
        exclude: ids.iter().map(|n| id(*n)).collect(),
        ..Preferences::default()
    };
    given(&log, &seen, &without(&[1, 6]), &["excluded", "excluded", "add 2026-11-24 undated"]);
    given(&log, &seen, &without(&[5]), &["add 2020-01-01", "excluded", "excluded"]);
}

#[test]
fn a_title_of_id_0_in_an_older_log_is_never_matched() {
    let log = LogText::new().movie("zero-id-2014", "Zero id", 2014, 0);
    let seen = Seen::new("12.0.0").movie(1, "Zero id", 2014, "0x", Some("2020-01-01T20:00:00Z"));
    given(&log, &seen, &Preferences::default(), &[]);
}

#[tokio::test]
async fn a_saved_snapshot_is_imported_without_a_server() {
    let app = TestApp::with_log(matrix().text()).await;
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z"));
    let saved = serde_json::to_string(&seen.0).unwrap();
    let snapshot: Snapshot = serde_json::from_str(&saved).unwrap();
    assert_eq!(snapshot, seen.0);
    let options =
        SyncOptions { source: Source::Saved(Arc::new(snapshot)), ..SyncOptions::default() };
    let report = app.service.sync().import(TestApp::request(), options).await.unwrap();
    assert_eq!(report.movies_added, 1);
    assert_eq!(app.appended(matrix().text()).len(), 1);
}

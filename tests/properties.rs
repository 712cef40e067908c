//! What must hold for every log and every snapshot: additive, idempotent, the same in any order,
//! replayable.

use std::num::NonZero;

use mediatheca_jellyfin_sync::domain::{
    events::{Fault, Via},
    library::{ExtendedError, Fold, Folded},
    snapshot::{
        Catalog, Coverage, EpisodeItem, Evidence, Item, LastPlayed, Play, PlayState, Scan,
        SeriesItem, Server, Snapshot, TmdbRef,
    },
    sync::{Preferences, plan},
    time::PlayedAt,
    zone::Zone,
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::json;

use crate::support::lines::LogText;

/// Three movies and two series; ids and days few enough that things meet.
const MOVIES: u32 = 3;
const SERIES: u32 = 2;

fn day() -> impl Strategy<Value = String> {
    (1..=5u32).prop_map(|d| format!("2024-03-{d:02}"))
}

fn instant() -> impl Strategy<Value = String> {
    (1..=5u32, 0..24u32).prop_map(|(d, h)| format!("2024-03-{d:02}T{h:02}:30:00.1234567Z"))
}

/// Something that happened to a title, by hand.
#[derive(Debug, Clone)]
enum Step {
    Session { movie: u32, id: u32, day: String },
    Moved { movie: u32, id: u32, day: String },
    Removed { movie: u32, id: u32 },
    MovieGone { movie: u32 },
    MovieFocus { movie: u32 },
    Watched { series: u32, rewatch: u32, episode: i32, day: String },
    Unwatched { series: u32, rewatch: u32, episode: i32 },
    Season { series: u32, rewatch: u32, day: String },
    Rewatch { series: u32, rewatch: u32 },
    Default { series: u32, rewatch: u32 },
    RewatchGone { series: u32, rewatch: u32 },
    SeriesFocus { series: u32 },
    Foreign,
    Unknown { movie: u32 },
    Later { day: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let (movie, series, id, episode, rewatch) = (0..MOVIES, 0..SERIES, 0..3u32, 1..4i32, 0..3u32);
    prop_oneof![
        (movie.clone(), id.clone(), day()).prop_map(|(movie, id, day)| Step::Session {
            movie,
            id,
            day
        }),
        (movie.clone(), id.clone(), day()).prop_map(|(movie, id, day)| Step::Moved {
            movie,
            id,
            day
        }),
        (movie.clone(), id).prop_map(|(movie, id)| Step::Removed { movie, id }),
        movie.clone().prop_map(|movie| Step::MovieGone { movie }),
        movie.clone().prop_map(|movie| Step::MovieFocus { movie }),
        (series.clone(), rewatch.clone(), episode.clone(), day()).prop_map(
            |(series, rewatch, episode, day)| Step::Watched { series, rewatch, episode, day }
        ),
        (series.clone(), rewatch.clone(), episode)
            .prop_map(|(series, rewatch, episode)| Step::Unwatched { series, rewatch, episode }),
        (series.clone(), rewatch.clone(), day()).prop_map(|(series, rewatch, day)| Step::Season {
            series,
            rewatch,
            day
        }),
        (series.clone(), rewatch.clone())
            .prop_map(|(series, rewatch)| Step::Rewatch { series, rewatch }),
        (series.clone(), rewatch.clone())
            .prop_map(|(series, rewatch)| Step::Default { series, rewatch }),
        (series.clone(), rewatch)
            .prop_map(|(series, rewatch)| Step::RewatchGone { series, rewatch }),
        series.prop_map(|series| Step::SeriesFocus { series }),
        Just(Step::Foreign),
        movie.prop_map(|movie| Step::Unknown { movie }),
        (1..9u32).prop_map(|day| Step::Later { day }),
    ]
}

fn rewatch_id(n: u32) -> String {
    if n == 0 { "default".into() } else { format!("second-{n}") }
}

fn log_of(steps: &[Step]) -> LogText {
    let mut log = LogText::new().at("2024-02-01T00:00:00Z");
    for movie in 0..MOVIES {
        log = log.movie(&format!("m{movie}-2000"), &format!("M{movie}"), 2000, movie + 1);
    }
    for series in 0..SERIES {
        log = log.series(&format!("s{series}-2000"), &format!("S{series}"), 2000, series + 1, 3);
    }
    for step in steps {
        let movie = |movie: &u32| format!("Movie-m{movie}-2000");
        let series = |series: &u32| format!("Series-s{series}-2000");
        let session = |movie: &u32, id: &u32| format!("{movie}session{id}");
        log = match step {
            Step::Session { movie: m, id, day } => {
                log.session(&format!("m{m}-2000"), &session(m, id), day)
            }
            Step::Moved { movie: m, id, day } => log.event(
                &movie(m),
                "Watch_session_date_changed",
                json!({"sessionId":session(m, id),"date":day}),
            ),
            Step::Removed { movie: m, id } => {
                log.event(&movie(m), "Watch_session_removed", json!({"sessionId":session(m, id)}))
            }
            Step::MovieGone { movie: m } => {
                log.event(&movie(m), "Movie_removed_from_library", json!({}))
            }
            Step::MovieFocus { movie: m } => log.event(&movie(m), "Movie_in_focus_set", json!({})),
            Step::Watched { series: s, rewatch, episode, day } => {
                log.watched(&format!("s{s}-2000"), &rewatch_id(*rewatch), *episode, day)
            }
            Step::Unwatched { series: s, rewatch, episode } => {
                let data = json!({"rewatchId":rewatch_id(*rewatch),"seasonNumber":1,"episodeNumber":episode});
                log.event(&series(s), "Episode_unwatched", data)
            }
            Step::Season { series: s, rewatch, day } => {
                let data = json!({"rewatchId":rewatch_id(*rewatch),"seasonNumber":1,"date":day});
                log.event(&series(s), "Season_marked_watched", data)
            }
            Step::Rewatch { series: s, rewatch } => {
                let data =
                    json!({"rewatchId":rewatch_id(*rewatch),"name":"Again","friendSlugs":["anna"]});
                log.event(&series(s), "Rewatch_session_created", data)
            }
            Step::Default { series: s, rewatch } => log.event(
                &series(s),
                "Default_rewatch_session_changed",
                json!({"rewatchId":rewatch_id(*rewatch)}),
            ),
            Step::RewatchGone { series: s, rewatch } => log.event(
                &series(s),
                "Rewatch_session_removed",
                json!({"rewatchId":rewatch_id(*rewatch)}),
            ),
            Step::SeriesFocus { series: s } => {
                log.event(&series(s), "Series_in_focus_set", json!({}))
            }
            Step::Foreign => {
                log.event("Game-x", "Game_added_to_library", json!({"name":"✓ \"x\" \\ \u{1F3AE}"}))
            }
            Step::Unknown { movie: m } => {
                log.event(&movie(m), "Movie_invented_in_2031", json!({"a":[1,{"b":null}]}))
            }
            Step::Later { day } => log.at(&format!("2024-03-{day:02}T12:00:00Z")),
        };
    }
    log
}

fn item(n: u32, tmdb: u32, played: bool, date: Option<&str>) -> Item {
    Item {
        id: format!("{n:032x}").try_into().unwrap(),
        name: format!("M{tmdb}"),
        year: Some(2000),
        tmdb: TmdbRef::Id(i64::from(tmdb + 1).try_into().unwrap()),
        imdb: None,
        state: state(played, date),
        runtime_minutes: None,
        genres: vec![],
    }
}

fn state(played: bool, date: Option<&str>) -> PlayState {
    PlayState { played, play_count: 1, last_played: LastPlayed::read(date), position_minutes: 0 }
}

/// Plays of the first movies and of the first episodes, besides the last ones that a scan finds.
fn past_plays() -> impl Strategy<Value = Vec<Play>> {
    let item = prop_oneof![0..4u32, 101..104u32];
    let play = (item, option::of(instant())).prop_map(|(n, date)| Play {
        item: format!("{n:032x}").try_into().unwrap(),
        at: date.map(|date| PlayedAt::parse(&date).unwrap()),
        evidence: Evidence::Spans,
    });
    vec(play, 0..6)
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let movies = vec((0..MOVIES + 1, any::<bool>(), option::of(instant())), 0..6);
    let episode = (option::of(1..5i32), option::of(1..5i32), any::<bool>(), option::of(instant()));
    let series = vec((0..SERIES + 1, vec(episode, 0..5)), 0..4);
    let version = prop_oneof![Just("10.11.11"), Just("12.0.0")];
    (movies, series, past_plays(), version).prop_map(|(movies, series, past_plays, version)| {
        let movies = (0..)
            .zip(movies)
            .map(|(n, (tmdb, played, date))| item(n, tmdb, played, date.as_deref()));
        let series = (100..).step_by(20).zip(series).map(|(n, (tmdb, episodes))| SeriesItem {
            item: item(n, tmdb, false, None),
            episodes: (n + 1..)
                .zip(episodes)
                .map(|(n, (episode, end, played, date))| EpisodeItem {
                    id: format!("{n:032x}").try_into().unwrap(),
                    name: "Episode".into(),
                    season: Some(1),
                    episode,
                    episode_end: end.filter(|end| episode.is_some_and(|first| *end > first)),
                    state: state(played, date.as_deref()),
                    runtime_minutes: None,
                })
                .collect(),
        });
        let scan = Scan {
            server: Server {
                id: "5e".repeat(16).try_into().unwrap(),
                name: "NAS".into(),
                version: version.into(),
            },
            taken_at: "2024-03-20T12:00:00Z".parse().unwrap(),
            catalog: Catalog { movies: movies.collect(), series: series.collect() },
            faults: vec![],
        };
        let mut snapshot = scan.into_snapshot(Coverage::Everything);
        snapshot.plays.extend(past_plays);
        snapshot
    })
}

fn zone() -> impl Strategy<Value = Zone> {
    proptest::sample::select(vec!["UTC", "Europe/Berlin", "Pacific/Auckland"])
        .prop_map(|name| Zone::named(name).unwrap())
}

fn import(log: &str, snapshot: &Snapshot, preferences: &Preferences) -> String {
    let folded = Folded::of(log.as_bytes()).unwrap();
    let plan = plan(&folded.library, snapshot, preferences);
    let commit = folded
        .log
        .extend(&plan.additions, Via::Import, "2024-03-20T12:00:01Z".parse().unwrap())
        .unwrap();
    assert_eq!(commit.base(), folded.log.head());
    let after = format!("{log}{}", str::from_utf8(commit.lines()).unwrap());
    assert_eq!(
        Folded::of(after.as_bytes()).unwrap().log.head(),
        commit.head(),
        "what was written is read again"
    );
    after
}

const ADDED: [&str; 4] = [
    "Watch_session_recorded",
    "Episode_watched",
    "Movie_in_focus_cleared",
    "Series_in_focus_cleared",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// [A] The old log is a prefix of the new one, and only watches are behind it.
    #[test]
    fn an_import_only_ever_adds_watches(steps in vec(step(), 0..30), snapshot in snapshot(), zone in zone()) {
        let log = log_of(&steps);
        let after = import(log.text(), &snapshot, &Preferences { time_zone: zone, ..Preferences::default() });
        let appended = after.strip_prefix(log.text()).unwrap();
        for line in appended.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            prop_assert!(ADDED.contains(&line["eventType"].as_str().unwrap()), "{line}");
        }
    }

    /// [A] No session or watched episode that the library has is gone or changed afterwards.
    #[test]
    fn nothing_that_the_library_has_is_changed(steps in vec(step(), 0..30), snapshot in snapshot(), zone in zone()) {
        let log = log_of(&steps);
        let after = import(log.text(), &snapshot, &Preferences { time_zone: zone, ..Preferences::default() });
        let (before, after) = (Folded::of(log.text().as_bytes()).unwrap(), Folded::of(after.as_bytes()).unwrap());
        for (old, new) in before.library.movies().zip(after.library.movies()) {
            prop_assert!(new.sessions().starts_with(old.sessions()));
            // At most one session a day comes to those that were there.
            let mut days: Vec<_> = new.sessions()[old.sessions().len()..].iter().map(|s| s.date).collect();
            days.sort();
            let count = days.len();
            days.dedup();
            prop_assert_eq!(count, days.len());
            prop_assert!(days.iter().all(|day| !old.has_session_on(*day)));
        }
        for (old, new) in before.library.series().zip(after.library.series()) {
            for (old, new) in old.rewatches().iter().zip(new.rewatches()) {
                prop_assert!(old.watched.iter().all(|(number, day)| new.watched.day(number) == Some(day)));
            }
        }
    }

    /// [A] Importing again adds nothing.
    #[test]
    fn a_second_import_adds_nothing(steps in vec(step(), 0..30), snapshot in snapshot(), zone in zone()) {
        let log = log_of(&steps);
        let preferences = Preferences { time_zone: zone, ..Preferences::default() };
        let first = import(log.text(), &snapshot, &preferences);
        prop_assert_eq!(import(&first, &snapshot, &preferences), first);
    }

    /// [A] What was imported in one time zone isn't imported again in another. (One item a title
    /// and one play an item: of two plays on one day in the first zone, the one left out may fall
    /// on a day of its own in the second.)
    #[test]
    fn another_time_zone_adds_nothing(snapshot in snapshot(), zones in (zone(), zone())) {
        let mut snapshot = snapshot;
        let (mut movies, mut series) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        snapshot.catalog.movies.retain(|item| movies.insert(item.tmdb.clone()));
        snapshot.catalog.series.retain(|one| series.insert(one.item.tmdb.clone()));
        let mut plays = std::collections::BTreeSet::new();
        snapshot.plays.retain(|play| plays.insert(play.item.clone()));
        let first = import(log_of(&[]).text(), &snapshot, &Preferences { time_zone: zones.0, ..Preferences::default() });
        let second = import(&first, &snapshot, &Preferences { time_zone: zones.1, ..Preferences::default() });
        prop_assert_eq!(first, second);
    }

    /// The order in which Jellyfin lists things says nothing.
    #[test]
    fn the_order_of_items_does_not_matter(steps in vec(step(), 0..20), snapshot in snapshot(), rotate in 0..5usize) {
        let log = log_of(&steps);
        let mut other = snapshot.clone();
        other.catalog.movies.reverse();
        other.catalog.series.reverse();
        other.plays.reverse();
        for series in &mut other.catalog.series {
            let by = rotate % series.episodes.len().max(1);
            series.episodes.rotate_left(by);
        }
        let preferences = Preferences::default();
        prop_assert_eq!(import(log.text(), &snapshot, &preferences), import(log.text(), &other, &preferences));
    }

    /// However the bytes are cut, and by however many threads they are read, the fold is the same.
    #[test]
    fn the_fold_is_the_same_however_the_bytes_come(steps in vec(step(), 0..30), cuts in vec(0..20_000usize, 0..6), workers in 1..4usize) {
        let log = log_of(&steps);
        let whole = Folded::of(log.text().as_bytes()).unwrap();
        let mut fold = Fold::new(NonZero::new(workers).unwrap());
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (log.text().len() + 1)).collect();
        cuts.extend([0, log.text().len()]);
        cuts.sort();
        for cut in cuts.windows(2) {
            fold.push(&log.text().as_bytes()[cut[0]..cut[1]]);
        }
        let cut = fold.finish().unwrap();
        prop_assert_eq!(cut, whole);
    }

    /// A fold that goes on, commit by commit or by any pieces of whole lines, says what a whole one
    /// says: the same log, the same library, the same first fault. The last line of a piece may
    /// have no line feed, which then begins the next.
    #[test]
    fn a_fold_that_goes_on_says_what_a_whole_one_says(
        steps in vec(step(), 0..40),
        cuts in vec((0..200usize, any::<bool>()), 0..8),
        workers in 1..4usize,
        ends_without_line_feed: bool,
        broken in option::weighted(0.2, 0..60usize),
    ) {
        let text = log_of(&steps).text().to_owned();
        let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
        if let Some(at) = broken.filter(|at| *at < lines.len()) {
            lines[at] = lines[at].replacen("globalPosition", "globalPlace", 1);
        }
        let mut log = lines.concat();
        if ends_without_line_feed {
            log.pop();
        }
        let mut cuts: Vec<usize> = cuts.into_iter().map(|(line, before_line_feed)| {
            let end: usize = lines.iter().take(1 + line % lines.len()).map(String::len).sum();
            (end - usize::from(before_line_feed)).min(log.len())
        }).collect();
        cuts.extend([0, log.len()]);
        cuts.sort();
        let mut grown = Ok(Folded::default());
        for cut in cuts.windows(2) {
            let Ok(folded) = &grown else { break };
            let mut fold = Fold::resume(folded, NonZero::new(workers).unwrap());
            fold.push(&log.as_bytes()[cut[0]..cut[1]]);
            grown = fold.finish();
        }
        let place = |fault: Fault| fault.line;
        prop_assert_eq!(grown.map_err(place), Folded::of(log.as_bytes()).map_err(place));
    }

    /// A commit extends the fold that it was made for, and no other.
    #[test]
    fn a_commit_extends_its_own_fold(steps in vec(step(), 0..30), snapshot in snapshot(), line_feed: bool) {
        let log = log_of(&steps);
        let log = if line_feed { log.text() } else { log.text().trim_end() };
        let folded = Folded::of(log.as_bytes()).unwrap();
        let preferences = Preferences::default();
        let plan = plan(&folded.library, &snapshot, &preferences);
        let commit = folded.log.extend(&plan.additions, Via::Import, "2024-03-20T12:00:01Z".parse().unwrap()).unwrap();
        let extended = folded.extended(&commit).unwrap();
        let after = [log.as_bytes(), commit.lines()].concat();
        prop_assert_eq!(&extended, &Folded::of(&after).unwrap());
        if commit.events() > 0 {
            let refused = extended.extended(&commit);
            prop_assert!(matches!(refused, Err(ExtendedError::AnotherLog { .. })), "{:?}", refused.is_ok());
        }
    }

    /// No bytes make the fold panic; what isn't a log is a fault with a line number.
    #[test]
    fn any_bytes_are_a_log_or_a_fault(bytes in vec(any::<u8>(), 0..400), steps in vec(step(), 0..3), at in 0..4_000usize) {
        let mut log = log_of(&steps).text().as_bytes().to_vec();
        let at = at % (log.len() + 1);
        log.splice(at..at, bytes);
        if let Err(fault) = Folded::of(&log) {
            prop_assert!(fault.line >= 1 && fault.line <= log.iter().filter(|b| **b == b'\n').count() as u64 + 1);
        }
    }
}

/// Large enough for the threads that a small log doesn't get.
#[test]
fn a_large_log_is_folded_alike_by_one_thread_and_by_three() {
    let mut log = LogText::new();
    for n in 0..40 {
        log = log.movie(&format!("m{n}-2000"), "M", 2000, n + 1).series(
            &format!("s{n}-2000"),
            "S",
            2000,
            n + 1,
            5,
        );
    }
    for n in 0..6_000u32 {
        log = log.session(&format!("m{}-2000", n % 40), &format!("{n:032x}"), "2024-03-01");
        log = log.watched(&format!("s{}-2000", n % 40), "default", (n % 5) as i32, "2024-03-01");
    }
    let fold = |workers: usize| {
        let mut fold = Fold::new(NonZero::new(workers).unwrap());
        log.text().as_bytes().chunks(700_000).for_each(|bytes| fold.push(bytes));
        let folded = fold.finish().unwrap();
        let movies: Vec<_> =
            folded.library.movies().map(|m| (m.stream.clone(), m.sessions().to_vec())).collect();
        (folded.log.head(), movies)
    };
    assert_eq!(fold(1), fold(3));
    // A fault deep inside is named by its line, however many threads read it.
    let broken = log.text().replacen("\"globalPosition\":9000,", "\"globalPosition\":8999,", 1);
    for workers in [1, 3] {
        let mut fold = Fold::new(NonZero::new(workers).unwrap());
        fold.push(broken.as_bytes());
        assert_eq!(fold.finish().unwrap_err().line, 9000);
    }
}

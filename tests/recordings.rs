//! Against what real servers, 10.11.11 and 12.0.0, answered, and against what Mediatheca's own
//! import made of it.

use std::collections::{BTreeMap, BTreeSet};

use mediatheca_jellyfin_sync::{
    domain::{
        ids::ItemId,
        library::{Folded, Library},
        snapshot::Snapshot,
        sync::{Preferences, plan},
    },
    jellyfin::{
        Connection, Credentials, EpisodeRoute, FetchOptions, Fetched, ServerUrl, fetch::fetch,
    },
};

use crate::support::{Replay, TestApp, app};

const MEDIATHECA: &str = include_str!("../events/logs/mediatheca-export-12.0.jsonl");
const BOTH: [&str; 2] = ["10.11", "12.0"];

/// The titles of Mediatheca's log, and none of its watches.
fn titles() -> String {
    let mut position = 0;
    let added = MEDIATHECA.lines().filter(|line| line.contains("_added_to_library"));
    added
        .map(|line| {
            position += 1;
            let (_, rest) = line.split_once(",\"streamId\"").unwrap();
            format!("{{\"globalPosition\":{position},\"streamId\"{rest}\n")
        })
        .collect()
}

async fn fetched(replay: &Replay, first: EpisodeRoute) -> Fetched {
    app::with_tls();
    let credentials = Credentials {
        username: "anna".into(),
        password: Some("correct horse".to_owned().into()),
        token: None,
        device_id: "rec-device".into(),
    };
    let url = ServerUrl::parse(&replay.url()).unwrap();
    let mut connection = Connection::new(url, credentials, false, app::limits(), None).unwrap();
    let server = connection.discover().await.unwrap();
    let options = FetchOptions { series: &|_| true, first, progress: &|_| {} };
    fetch(&connection, server, "2026-11-24T00:32:53Z".parse().unwrap(), &options).await.unwrap()
}

async fn whole_server(version: &str) -> Replay {
    Replay::start(version, &["sign-in", "libraries", "episodes"]).await
}

/// What a plan adds, in words.
fn additions(library: &Library, snapshot: &Snapshot) -> Vec<String> {
    let preferences = Preferences::default();
    plan(library, snapshot, &preferences)
        .additions
        .iter()
        .map(|added| format!("{} {:?}", added.stream, added.addition))
        .collect()
}

#[tokio::test]
async fn both_routes_to_the_episodes_give_the_same_plan() {
    let library = Folded::of(titles().as_bytes()).unwrap().library;
    for version in BOTH {
        let replay = whole_server(version).await;
        let flat = fetched(&replay, EpisodeRoute::Flat).await;
        let by_series = fetched(&replay, EpisodeRoute::BySeries).await;
        let asked_by_series = replay.requests().iter().filter(|r| r.contains("/Shows/")).count();
        assert!(asked_by_series >= 9, "{version}: {asked_by_series}");
        let flat = additions(&library, &flat.snapshot);
        assert_eq!(flat, additions(&library, &by_series.snapshot), "{version}");
        assert!(flat.len() > 30, "{version}: {}", flat.len());
        replay.assert_all_was_recorded();
    }
}

/// Case 52: of two series items with the same ids 12 lists one, while the episodes name both.
#[tokio::test]
async fn a_series_that_12_hides_is_asked_for_by_id_and_loses_no_episode() {
    let replay = whole_server("12.0").await;
    for route in [EpisodeRoute::Flat, EpisodeRoute::BySeries] {
        let snapshot = fetched(&replay, route).await.snapshot;
        let split: BTreeMap<&ItemId, usize> = snapshot
            .catalog
            .series
            .iter()
            .filter(|s| s.item.name == "Split show")
            .map(|s| (&s.item.id, s.episodes.len()))
            .collect();
        assert_eq!(split.values().copied().collect::<Vec<_>>(), [2, 1], "{route:?}: {split:?}");
        assert_eq!(snapshot.faults, []);
    }
    assert!(replay.requests().iter().any(|r| r.contains("ids=a21ddd2f28ef65c5327c868df48f5a59")));
    replay.assert_all_was_recorded();
}

/// Case 53: between its first and its second library scan 10.11 hides a series' episodes from its
/// own list.
#[tokio::test]
async fn episodes_that_10_11_hides_from_a_series_own_list_are_not_lost() {
    let files = ["libraries-after-the-first-scan", "episodes-after-the-first-scan", "sign-in"];
    let replay = Replay::start("10.11", &files).await;
    let library = Folded::of(titles().as_bytes()).unwrap().library;
    let flat = fetched(&replay, EpisodeRoute::Flat).await;
    assert_eq!(flat.route, Some(EpisodeRoute::Flat));
    let flat = additions(&library, &flat.snapshot);
    assert!(flat.iter().any(|added| added.starts_with("Series-breaking-bad-2008")), "{flat:#?}");
    // Begun by series, the empty lists are noticed and the flat one is asked for after all.
    let by_series = fetched(&replay, EpisodeRoute::BySeries).await;
    assert_eq!(by_series.route, Some(EpisodeRoute::Flat));
    assert_eq!(additions(&library, &by_series.snapshot), flat);
    replay.assert_all_was_recorded();
}

/// Case 54 without the waiting: the flat list fails, the other route is used and remembered, the
/// plan is the same.
#[tokio::test]
async fn if_the_flat_list_fails_the_series_are_asked_and_that_route_comes_first_next_time() {
    let replay = whole_server("12.0").await;
    let library = Folded::of(titles().as_bytes()).unwrap().library;
    let sound = additions(&library, &fetched(&replay, EpisodeRoute::Flat).await.snapshot);
    replay.break_requests("isPlayed=true", 500);
    let other_route = fetched(&replay, EpisodeRoute::Flat).await;
    assert_eq!(other_route.route, Some(EpisodeRoute::BySeries));
    assert_eq!(additions(&library, &other_route.snapshot), sound);

    let app = TestApp::with_log(&titles()).await;
    app.connect(&replay.url()).await;
    app.scan().await;
    assert_eq!(app.get("/api/jellyfin/status").await.json()["episodeRoute"], "by_series");
    let before = replay.requests().len();
    app.scan().await;
    assert!(
        !replay.requests()[before..].iter().any(|r| r.contains("isPlayed=true")),
        "the slow list isn't asked for again"
    );
    replay.assert_all_was_recorded();
}

/// One request a list, one for the server, one for what 12 hides: nothing that grows with the
/// number of series.
#[tokio::test]
async fn a_scan_asks_for_no_more_than_it_needs() {
    let replay = whole_server("10.11").await;
    let app = TestApp::with_log(&titles()).await;
    assert_eq!(app.connect(&replay.url()).await.status, 200);
    let before = replay.requests().len();
    app.scan().await;
    let asked: Vec<String> = replay.requests().split_off(before);
    assert_eq!(asked.len(), 4, "{asked:#?}");
    replay.assert_all_was_recorded();
}

/// Date of each watch by title: movies by slug, episodes by slug and number.
fn watches(log: &str) -> BTreeSet<String> {
    let library = Folded::of(log.as_bytes()).unwrap().library;
    let movies = library
        .movies()
        .flat_map(|m| m.sessions().iter().map(move |s| format!("{} {}", m.stream, s.date)));
    let episodes = library.series().flat_map(|series| {
        let watched = &series.default_rewatch().watched;
        watched
            .iter()
            .map(move |(n, date)| format!("{} {}x{} {date}", series.stream, n.season, n.episode))
    });
    movies.chain(episodes).collect()
}

#[tokio::test]
async fn what_mediatheca_itself_imported_is_imported_but_for_the_differences_that_the_cases_want() {
    let replay = whole_server("12.0").await;
    let app = TestApp::with_log(&titles()).await;
    app.connect(&replay.url()).await;
    let report = app.import().await;
    assert_eq!(report["outcome"], "complete", "{report:#}");
    let (theirs, ours) = (watches(MEDIATHECA), watches(&app.log()));
    let only =
        |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!(
        only(&theirs, &ours),
        [
            "Movie-future-date-2008 2031-01-01", // case 6: a date in the future is never imported silently
            "Movie-marked-1970-2008 1970-01-01", // case 5: 1970 isn't a date
            "Movie-zero-id-2014 2026-11-23",     // case 58: never a title of id 0
            "Series-split-show-2012 1x2 2020-02-01", // case 34: of two dates the earlier
        ]
    );
    assert_eq!(
        only(&ours, &theirs),
        [
            "Movie-marked-1970-2008 2026-11-24", // cases 5 and 14: without a date, the day of the snapshot
            "Series-doppelfolge-2015 1x2 2016-05-05", // case 39: a file that holds two episodes is both
            "Series-split-show-2012 1x2 2020-01-01",  // case 34
        ]
    );
    assert_eq!(app.import().await["outcome"], "nothing_to_add");
    replay.assert_all_was_recorded();
}

#[tokio::test]
async fn over_the_log_that_mediatheca_wrote_an_import_adds_only_what_it_missed() {
    let replay = whole_server("12.0").await;
    let app = TestApp::with_log(MEDIATHECA).await;
    app.connect(&replay.url()).await;
    app.import().await;
    let added: Vec<String> =
        watches(&app.log()).difference(&watches(MEDIATHECA)).cloned().collect();
    assert_eq!(added, ["Series-doppelfolge-2015 1x2 2016-05-05"]);
    assert!(app.log().starts_with(MEDIATHECA));
}

#[tokio::test]
async fn an_export_of_mediatheca_comes_through_byte_for_byte() {
    let app = TestApp::new().await;
    let answer = app
        .call("POST", "/api/events", &[("content-type", "application/x-ndjson")], MEDIATHECA.into())
        .await;
    assert_eq!(answer.json(), serde_json::json!({"events": 66, "position": 66}));
    assert_eq!(app.get("/api/events").await.text(), MEDIATHECA);
    let last_two: String = MEDIATHECA.lines().skip(64).map(|line| format!("{line}\n")).collect();
    assert_eq!(app.get("/api/events?after=64").await.text(), last_two);
}

#[tokio::test]
async fn sign_in_answers_of_real_servers_end_in_sentences_a_person_can_act_on() {
    for version in BOTH {
        let replay = whole_server(version).await;
        let app = TestApp::new().await;
        let try_as = async |name: &str, password: &str| {
            let body = serde_json::json!({ "serverUrl": replay.url(), "username": name, "password": password });
            app.post("/api/settings/jellyfin/test", &body).await
        };
        let wrong = try_as("anna", "wrong").await;
        assert_eq!(wrong.problem(), (502, "jellyfin_credentials_rejected".into()));
        let tries = replay.requests().iter().filter(|r| r.contains("AuthenticateByName")).count();
        assert_eq!(tries, 1, "a wrong password is tried once");
        assert_eq!(
            app.get("/api/settings").await.json()["jellyfin"]["serverUrl"],
            serde_json::Value::Null,
            "nothing is saved"
        );
        let right = try_as("anna", "correct horse").await.json();
        assert_eq!((&right["connected"], &right["user"]["name"]), (&true.into(), &"anna".into()));
        assert!(right["server"]["version"].as_str().unwrap().starts_with(version));
        assert_eq!(app.get("/api/settings").await.json()["jellyfin"]["hasAccessToken"], true);
        replay.assert_all_was_recorded();
    }
}

/// Case 55. The recording has no sign-in under the base path, so the test ends where it would be
/// asked for.
#[tokio::test]
async fn a_base_path_is_found_and_the_password_goes_nowhere_else() {
    let replay = Replay::start("12.0", &["base-path"]).await;
    let app = TestApp::new().await;
    app.connect(&replay.url()).await;
    let signed_in_at: Vec<String> =
        replay.requests().into_iter().filter(|r| r.starts_with("POST")).collect();
    assert_eq!(signed_in_at, ["POST /jellyfin/Users/AuthenticateByName"]);
}

/// Case 56: camel case, and 503 with HTML.
#[tokio::test]
async fn a_server_that_is_starting_is_said_to_be() {
    for version in BOTH {
        let replay = Replay::start(version, &["starting"]).await;
        app::with_tls();
        let credentials = Credentials {
            username: "anna".into(),
            password: None,
            token: None,
            device_id: "d".into(),
        };
        let url = ServerUrl::parse(&replay.url()).unwrap();
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(3);
        let mut connection =
            Connection::new(url, credentials, false, app::limits(), Some(deadline)).unwrap();
        let error = connection.discover().await.unwrap_err().to_string();
        assert!(error.contains("is starting"), "{error}");
    }
}

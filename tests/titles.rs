//! Titles that the library lacks, added with an import as TMDB describes them.

use std::sync::Arc;

use httpmock::prelude::*;
use mediatheca_jellyfin_sync::{
    domain::snapshot::Snapshot,
    service::{ImportRequest, Service, Source, SyncOptions},
    store::{local::LocalStore, seal::KeySource},
};
use serde_json::json;

use crate::support::{TestApp, app, lines::LogText};

/// One movie and one series, each watched; and a movie that TMDB doesn't know.
fn snapshot() -> Snapshot {
    let item = |n: u32, name: &str, tmdb: u32, played: bool| {
        json!({"id":format!("{n:032x}"),"name":name,"year":2001,"tmdb":{"id":tmdb},"imdb":null,"played":played,"playCount":1,
            "lastPlayed":if played { json!({"at":"2024-03-01T20:00:00Z"}) } else { json!("undated") },"runtimeMinutes":125,"positionMinutes":0,"genres":[]})
    };
    let episode = json!({"id":format!("{:032x}", 9),"name":"Secrets","season":1,"episode":1,"episodeEnd":null,"played":true,"playCount":1,"lastPlayed":{"at":"2024-03-02T20:00:00Z"}});
    let snapshot = json!({"format":1,"server":{"id":"5e".repeat(16),"name":"NAS","version":"10.11.11"},"takenAt":"2026-11-24T12:00:00Z",
        "movies":[item(1, "Spirited Away", 129, true), item(2, "Unheard of", 404, true)],
        "series":[{"item":item(3, "Dark", 70523, false),"episodes":[episode]}],"faults":[]});
    serde_json::from_value(snapshot).unwrap()
}

async fn tmdb() -> MockServer {
    let server = MockServer::start_async().await;
    let answers = [
        (
            "/movie/129",
            json!({"title":"千と千尋の神隠し","release_date":"2001-07-20","runtime":125,"overview":"Spirits.","genres":[{"id":1,"name":"Fantasy"}],"vote_average":8.5}),
        ),
        (
            "/tv/70523",
            json!({"name":"Dark","first_air_date":"2017-12-01","overview":"","genres":[],"status":"Ended","vote_average":8.4,"episode_run_time":[50],
            "seasons":[{"season_number":1}],
            "season/1":{"season_number":1,"name":"Season 1","overview":"","air_date":"2017-12-01","episodes":[{"episode_number":1,"name":"Secrets","overview":"","runtime":51,"air_date":"","vote_average":8.0}]}}),
        ),
    ];
    for (path, body) in answers {
        server
            .mock_async(|when, then| {
                when.method(GET).path(path).header("authorization", "Bearer read-access-token");
                then.status(200).json_body(body);
            })
            .await;
    }
    server
}

async fn service(app: &TestApp, tmdb: &MockServer, key: Option<&str>) -> Service {
    let store = Arc::new(LocalStore::new(&app.store()));
    let clock = app.clock.clone();
    let clock = Arc::new(move || *clock.lock().unwrap());
    let key_source = KeySource::File(app.folder.path().join("key"));
    let service =
        Service::new(store, key_source, app::limits(), clock, std::num::NonZero::new(2).unwrap())
            .with_tmdb_at(tmdb.base_url());
    if let Some(key) = key {
        service.save_tmdb(&key.to_owned().into()).await.unwrap();
    }
    service
}

fn request(auto_add: Option<bool>) -> (ImportRequest, SyncOptions) {
    let source = Source::Saved(Arc::new(snapshot()));
    (
        ImportRequest { auto_add, ..TestApp::request() },
        SyncOptions { source, ..SyncOptions::default() },
    )
}

#[tokio::test]
async fn missing_titles_and_their_watches_are_added_in_one_commit() {
    let tmdb = tmdb().await;
    let log = LogText::new().movie("-2001", "風", 2001, 77);
    let app = TestApp::with_log(log.text()).await;
    let service = service(&app, &tmdb, Some("read-access-token")).await;
    let (import, options) = request(Some(true));
    let report = service.import(import.clone(), options.clone()).await.unwrap();
    assert_eq!(
        (
            report.movies_auto_added,
            report.series_auto_added,
            report.movies_added,
            report.episodes_added
        ),
        (1, 1, 1, 1)
    );
    assert_eq!(report.errors.len(), 1, "{:?}", report.errors);
    assert!(report.errors[0].message.contains("movie 404"));
    let appended = app.appended(log.text());
    let names: Vec<String> = appended
        .iter()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            format!(
                "{} {}",
                line["streamId"].as_str().unwrap(),
                line["eventType"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            "Movie--2001-2 Movie_added_to_library",
            "Series-dark-2017 Series_added_to_library",
            "Movie--2001-2 Watch_session_recorded",
            "Series-dark-2017 Episode_watched"
        ]
    );
    let data = r#"{\"name\":\"千と千尋の神隠し\",\"year\":2001,\"runtime\":125,\"overview\":\"Spirits.\",\"genres\":[\"Fantasy\"],\"posterRef\":null,\"backdropRef\":null,\"tmdbId\":129,\"tmdbRating\":8.5}"#;
    assert!(appended[0].contains(data), "{}", appended[0]);
    assert!(
        appended[1].contains(
            r#"\"episodes\":[{\"episodeNumber\":1,\"name\":\"Secrets\",\"overview\":\"\",\"runtime\":51,\"airDate\":null"#
        ),
        "{}",
        appended[1]
    );
    let again = service.import(import, options).await.unwrap();
    assert_eq!((again.movies_auto_added, again.movies_added, again.episodes_added), (0, 0, 0));
}

/// Case 27, for titles: whoever comes second finds them there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn imports_at_once_add_a_missing_title_once() {
    let tmdb = tmdb().await;
    for _ in 0..5 {
        let app = TestApp::with_log(LogText::new().movie("a-1999", "A", 1999, 1).text()).await;
        let service = Arc::new(service(&app, &tmdb, Some("read-access-token")).await);
        let imports: Vec<_> = (0..4)
            .map(|_| {
                let (service, (import, options)) = (service.clone(), request(Some(true)));
                tokio::spawn(async move {
                    service.import(import, options).await.unwrap().movies_auto_added
                })
            })
            .collect();
        let mut added = 0;
        for import in imports {
            added += import.await.unwrap();
        }
        assert_eq!(added, 1);
        assert_eq!(app.log().matches("Movie_added_to_library").count(), 2);
        assert_eq!(app.log().lines().count(), 5);
    }
}

#[tokio::test]
async fn titles_are_added_only_where_the_person_wants_it() {
    let tmdb = tmdb().await;
    let app = TestApp::with_log(LogText::new().movie("a-1999", "A", 1999, 1).text()).await;
    let service = service(&app, &tmdb, Some("read-access-token")).await;
    let (import, options) = request(None);
    assert_eq!(service.import(import.clone(), options.clone()).await.unwrap().movies_auto_added, 0);
    let wanted = serde_json::from_value(json!({"sync":{"autoAdd":true}})).unwrap();
    service.save_preferences(&wanted).await.unwrap();
    assert_eq!(service.import(import, options).await.unwrap().movies_auto_added, 1);
}

#[tokio::test]
async fn a_missing_an_old_and_a_refused_key_are_told_apart_and_nothing_is_added() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(401);
        })
        .await;
    for (key, says) in [
        (None, "no key for it is stored"),
        (Some("0123456789abcdef0123456789abcdef"), "version 3"),
        (Some("wrong"), "refuses"),
    ] {
        let app = TestApp::with_log(LogText::new().movie("a-1999", "A", 1999, 1).text()).await;
        let before = app.log();
        let service = service(&app, &server, key).await;
        let (import, options) = request(Some(true));
        let error = service.import(import, options).await.unwrap_err();
        assert_eq!(error.code().to_string(), "tmdb_error");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(app.log(), before);
    }
}

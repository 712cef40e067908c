//! Missing titles, added with an import; their details come from TMDB.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{http::StatusCode, response::IntoResponse};
use httpmock::prelude::*;
use mediatheca_jellyfin_sync::{
    domain::{events::MovieToAdd, ids::TmdbId, snapshot::Snapshot},
    jellyfin::Bound,
    service::{ImportRequest, Outside, Service, ServiceOptions, Source, SyncOptions},
    store::{local::LocalStore, seal::KeySource},
    tmdb::{Limits, Tmdb, TmdbError},
};
use serde_json::json;

use crate::support::{
    TestApp, app,
    jellyfin::{Answer, dripping, ok, scripted, status, without_end},
    lines::LogText,
};

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
    Snapshot::read(snapshot.to_string().as_bytes()).unwrap()
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
    let options = ServiceOptions { tmdb_url: tmdb.base_url(), ..app::options(app::limits()) };
    let key_source = KeySource::File(app.folder.path().join("key"));
    let service = Service::new(store, key_source, Outside::with_clock(clock), options);
    if let Some(key) = key {
        service.account().save_tmdb(&key.to_owned().into()).await.unwrap();
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
    let report = service.sync().import(import.clone(), options.clone()).await.unwrap();
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
    let again = service.sync().import(import, options).await.unwrap();
    assert_eq!((again.movies_auto_added, again.movies_added, again.episodes_added), (0, 0, 0));
}

/// Case 27, for titles: the second import finds them there.
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
                    service.sync().import(import, options).await.unwrap().movies_auto_added
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
async fn titles_are_added_only_if_the_person_wants_it() {
    let tmdb = tmdb().await;
    let app = TestApp::with_log(LogText::new().movie("a-1999", "A", 1999, 1).text()).await;
    let service = service(&app, &tmdb, Some("read-access-token")).await;
    let (import, options) = request(None);
    assert_eq!(
        service.sync().import(import.clone(), options.clone()).await.unwrap().movies_auto_added,
        0
    );
    let wanted = serde_json::from_value(json!({"sync":{"autoAdd":true}})).unwrap();
    service.account().save_preferences(&wanted).await.unwrap();
    assert_eq!(service.sync().import(import, options).await.unwrap().movies_auto_added, 1);
}

#[tokio::test]
async fn a_missing_an_old_and_a_refused_key_each_have_a_sentence_and_nothing_is_added() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(401);
        })
        .await;
    for (key, says) in [
        (None, "no token for it is stored"),
        (Some("0123456789abcdef0123456789abcdef"), "version 3"),
        (Some("wrong"), "refuses"),
    ] {
        let app = TestApp::with_log(LogText::new().movie("a-1999", "A", 1999, 1).text()).await;
        let before = app.log();
        let service = service(&app, &server, key).await;
        let (import, options) = request(Some(true));
        let error = service.sync().import(import, options).await.unwrap_err();
        assert_eq!(error.code().to_string(), "tmdb_error");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(app.log(), before);
    }
}

/// Asks the server at an address for one movie.
async fn movie_from(url: &str, limits: Limits) -> Result<MovieToAdd, TmdbError> {
    app::with_tls();
    let tmdb = Tmdb::new(url, "read-access-token".to_owned().into(), limits).unwrap();
    let (_, movie) = tmdb.movies(&[TmdbId::new(129).unwrap()]).await.remove(0);
    movie
}

/// Limits of a test: nothing waits longer than it must.
fn quick() -> Limits {
    Limits { first_pause: Duration::from_millis(1), ..Limits::default() }
}

fn a_movie() -> axum::response::Response {
    ok(json!({"title":"Spirited Away","release_date":"2001-07-20"}))
}

#[tokio::test]
async fn a_request_that_tmdb_is_too_busy_for_is_sent_again_when_it_says() {
    let (url, server) = scripted(|_, before| match before {
        0 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
        1 => status(503),
        _ => a_movie(),
    })
    .await;
    let began = Instant::now();
    assert_eq!(movie_from(&url, quick()).await.unwrap().name, "Spirited Away");
    assert!(began.elapsed() >= Duration::from_secs(1), "Retry-After is obeyed");
    assert_eq!(server.count("/movie/129"), 3);
}

#[tokio::test]
async fn tmdb_failing_again_and_again_is_an_error_after_three_retries() {
    let (url, server) = scripted(|_, _| status(503)).await;
    let error = movie_from(&url, quick()).await.unwrap_err();
    assert!(matches!(error, TmdbError::Status { status: 503, .. }), "{error}");
    assert_eq!(server.count("/movie/129"), 4);
    for (code, requests) in [(404, 1), (401, 1), (418, 1)] {
        let (url, server) = scripted(move |_, _| status(code)).await;
        movie_from(&url, quick()).await.unwrap_err();
        assert_eq!(server.count("/movie/129"), requests, "{code}: no retry would help");
    }
}

#[tokio::test]
async fn an_answer_of_tmdb_has_an_end_in_size_and_in_time() {
    let (url, server) = scripted(|_, _| without_end()).await;
    let error = movie_from(&url, quick()).await.unwrap_err();
    assert!(matches!(error, TmdbError::TooLarge { bound: Bound::Sent(_), .. }), "{error}");
    assert_eq!(server.count("/movie/129"), 1);

    let short = Limits { answer: Duration::from_millis(200), ..quick() };
    let (url, _) = scripted(|_, _| dripping(Duration::from_millis(20))).await;
    let error = movie_from(&url, short.clone()).await.unwrap_err();
    assert!(matches!(error, TmdbError::TooLarge { bound: Bound::Time(_), .. }), "{error}");

    let (url, _) = scripted(|_, _| Answer::Never).await;
    let error = movie_from(&url, short).await.unwrap_err();
    assert!(matches!(error, TmdbError::TooSlow { .. }), "{error}");
}

#[tokio::test]
async fn a_retry_of_tmdb_that_the_deadline_leaves_no_time_for_is_not_waited_for() {
    let (url, server) =
        scripted(|_, _| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "30")]).into_response())
            .await;
    let deadline = Some(tokio::time::Instant::now() + Duration::from_secs(5));
    let error = movie_from(&url, Limits { deadline, ..quick() }).await.unwrap_err();
    assert!(matches!(error, TmdbError::Status { status: 429, .. }), "{error}");
    assert_eq!(server.count("/movie/129"), 1);
    let past = Some(tokio::time::Instant::now());
    let error = movie_from(&url, Limits { deadline: past, ..quick() }).await.unwrap_err();
    assert!(matches!(error, TmdbError::Deadline { .. }), "{error}");
    assert_eq!(server.count("/movie/129"), 1, "it isn't asked any more");
}

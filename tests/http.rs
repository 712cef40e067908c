//! The interface as `docs/http.md` promises it. Every answer is held against the product's own
//! description too.

use axum::http::StatusCode;
use mediatheca_jellyfin_sync::http::Access;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::{Replay, TestApp, app::limits, lines::LogText};

const NDJSON: [(&str, &str); 1] = [("content-type", "application/x-ndjson")];
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn titles() -> LogText {
    LogText::new().movie("the-matrix-1999", "The Matrix", 1999, 603).series(
        "breaking-bad-2008",
        "Breaking Bad",
        2008,
        1396,
        3,
    )
}

async fn connected(log: &LogText) -> (TestApp, Replay) {
    let replay = Replay::start("10.11", &["sign-in", "libraries", "episodes"]).await;
    let app = TestApp::with_log(log.text()).await;
    assert_eq!(app.connect(&replay.url()).await.status, 200);
    (app, replay)
}

#[tokio::test]
async fn health_touches_no_store_and_needs_no_name() {
    let app = TestApp::new().await;
    let answer = app.call("GET", "/healthz", &[("host", "elsewhere.example")], vec![]).await;
    assert_eq!(answer.json(), json!({"status":"ok"}));
    assert!(!app.store().exists());
}

#[tokio::test]
async fn the_description_is_openapi_3_1_and_names_every_route() {
    let app = TestApp::new().await;
    let description = app.get("/api/openapi.json").await.json();
    assert!(
        description["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        description["openapi"]
    );
    let routes: Vec<&str> =
        description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let promised = [
        "/api/events",
        "/api/jellyfin/import",
        "/api/jellyfin/scan",
        "/api/jellyfin/status",
        "/api/library/movies",
        "/api/library/movies/{slug}",
        "/api/library/series",
        "/api/library/series/{slug}",
        "/api/session",
        "/api/settings",
        "/api/settings/jellyfin",
        "/api/settings/jellyfin/test",
        "/api/settings/preferences",
        "/api/settings/tmdb",
        "/healthz",
    ];
    assert_eq!(routes, promised);
    for run in ["scan", "import"] {
        let answers = &description["paths"][format!("/api/jellyfin/{run}")]["post"]["responses"]["200"]
            ["content"];
        let kinds: Vec<&str> = answers.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(kinds, ["application/json", "text/event-stream"]);
    }
}

/// Where the description is pinned.
fn pinned() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json")
}

async fn described() -> String {
    let description = TestApp::new().await.get("/api/openapi.json").await.json();
    format!("{}\n", serde_json::to_string_pretty(&description).unwrap())
}

/// A change of the interface shows as a diff of one file.
#[tokio::test]
async fn the_description_is_the_pinned_one() {
    let described = described().await;
    if std::env::var_os("REWRITE_OPENAPI").is_some() {
        std::fs::write(pinned(), &described).unwrap();
    }
    let pinned = std::fs::read_to_string(pinned()).unwrap();
    let differs = described.lines().zip(pinned.lines()).find(|(now, before)| now != before);
    assert!(
        described == pinned,
        "docs/openapi.json isn't what the code says, first at {differs:?}; if the change is wanted, rewrite it: \
         REWRITE_OPENAPI=1 cargo test --test suite the_description"
    );
}

/// Programs that read the description see every value that they may branch on.
#[tokio::test]
async fn the_description_lists_the_values_of_every_code() {
    let description = TestApp::new().await.get("/api/openapi.json").await.json();
    for (schema, values, one) in [
        ("ProblemCode", 20, "jellyfin_not_a_server"),
        ("SkipReason", 11, "session_on_that_date"),
        ("UnmatchedReason", 4, "no_tmdb_id"),
        ("Note", 7, "bulk_marked"),
        ("Outcome", 3, "nothing_to_add"),
        ("RunOutcome", 4, "failed"),
        ("RunKind", 2, "import"),
        ("EpisodeRoute", 2, "by_series"),
        ("Phase", 5, "append"),
    ] {
        let listed = &description["components"]["schemas"][schema]["enum"];
        let listed = listed.as_array().unwrap_or_else(|| panic!("{schema}: {listed}"));
        assert_eq!(listed.len(), values, "{schema}");
        assert!(listed.contains(&json!(one)), "{schema}");
    }
}

#[tokio::test]
async fn settings_are_saved_shown_without_secrets_and_forgotten() {
    let app = TestApp::new().await;
    assert_eq!(
        app.get("/api/settings").await.json(),
        json!({"jellyfin":{"serverUrl":null,"username":null,"userId":null,"hasPassword":false,"hasAccessToken":false,"acceptInvalidCertificates":false},
            "tmdb":{"hasApiKey":false},"timeZone":"UTC",
            "sync":{"autoAdd":false,"pushWatched":false,"every":null,"holdPossibleRewatches":false}})
    );
    let jellyfin = json!({"serverUrl":"nas:8096/web/index.html#!/home","username":"marta","password":"pässwörd"});
    let saved = app.put("/api/settings/jellyfin", &jellyfin).await.json();
    assert_eq!(saved["jellyfin"]["serverUrl"], "http://nas:8096");
    assert_eq!(
        (&saved["jellyfin"]["username"], &saved["jellyfin"]["hasPassword"]),
        (&json!("marta"), &json!(true))
    );
    app.put("/api/settings/tmdb", &json!({"apiKey":"tmdb-key"})).await;
    let sync =
        json!({"timeZone":"Europe/Vienna","sync":{"every":"30m","holdPossibleRewatches":true}});
    let saved = app.put("/api/settings/preferences", &sync).await.json();
    assert_eq!(
        (&saved["timeZone"], &saved["sync"]["every"]),
        (&json!("Europe/Vienna"), &json!("30m"))
    );
    let kept = app.put("/api/settings/preferences", &json!({"sync":{"every":null}})).await.json();
    assert_eq!(
        (&kept["timeZone"], &kept["sync"]["every"], &kept["sync"]["holdPossibleRewatches"]),
        (&json!("Europe/Vienna"), &Value::Null, &json!(true))
    );
    let on_disk = std::fs::read_to_string(app.store().join("settings.json")).unwrap();
    for secret in ["pässwörd", "tmdb-key"] {
        assert!(!on_disk.contains(secret), "sealed at rest");
        assert!(!app.get("/api/settings").await.text().contains(secret));
    }
    assert!(on_disk.contains("\"jellyfin_server_url\": \"http://nas:8096\""), "{on_disk}");
    let forgotten = app.delete("/api/settings/jellyfin").await.json();
    assert_eq!(
        (&forgotten["jellyfin"]["serverUrl"], &forgotten["jellyfin"]["hasPassword"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(forgotten["tmdb"]["hasApiKey"], true, "only Jellyfin is forgotten");
}

#[tokio::test]
async fn another_user_drops_all_that_belonged_to_the_old_one_and_the_same_keeps_it() {
    let (app, _replay) = connected(&titles()).await;
    let before = app.get("/api/settings").await.json();
    assert_eq!(before["jellyfin"]["hasAccessToken"], true);
    let same = app.put("/api/settings/jellyfin", &json!({"username":"anna"})).await.json();
    assert_eq!(
        (&same["jellyfin"]["hasAccessToken"], &same["jellyfin"]["hasPassword"]),
        (&json!(true), &json!(true))
    );
    let other = app.put("/api/settings/jellyfin", &json!({"username":"berta"})).await.json();
    assert_eq!(
        (
            &other["jellyfin"]["hasAccessToken"],
            &other["jellyfin"]["userId"],
            &other["jellyfin"]["hasPassword"]
        ),
        (&json!(false), &Value::Null, &json!(false))
    );
}

#[tokio::test]
async fn every_wrong_body_is_told_apart_and_changes_nothing() {
    let app = TestApp::new().await;
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);
    let cases: [Case<'_>; 14] = [
        ("PUT", "/api/settings/jellyfin", &JSON, "{", 400),
        ("PUT", "/api/settings/jellyfin", &JSON, "", 400),
        ("PUT", "/api/settings/jellyfin", &[("content-type", "text/plain")], "{}", 415),
        ("PUT", "/api/settings/jellyfin", &JSON, "[]", 422),
        ("PUT", "/api/settings/jellyfin", &JSON, r#"{"serverUrl":1}"#, 422),
        ("PUT", "/api/settings/jellyfin", &JSON, r#"{"serverURL":"http://nas"}"#, 422),
        ("PUT", "/api/settings/jellyfin", &JSON, r#"{"serverUrl":"ftp://nas"}"#, 422),
        ("PUT", "/api/settings/jellyfin", &JSON, r#"{"username":" "}"#, 422),
        ("PUT", "/api/settings/preferences", &JSON, r#"{"timeZone":"Middle/Earth"}"#, 422),
        ("PUT", "/api/settings/preferences", &JSON, r#"{"sync":{"every":"1s"}}"#, 422),
        ("PUT", "/api/settings/tmdb", &JSON, r#"{"apiKey":""}"#, 422),
        ("POST", "/api/jellyfin/import", &JSON, r#"{"exclude":["../../x"]}"#, 422),
        ("POST", "/api/events", &NDJSON, "half a line", 422),
        ("GET", "/api/events?after=minus", &[], "", 400),
    ];
    for (method, path, headers, body, status) in cases {
        let answer = app.call(method, path, headers, body.into()).await;
        assert_eq!(answer.problem(), (status, "invalid_request".into()), "{method} {path} {body}");
    }
    assert!(!app.store().join("settings.json").exists());
    assert_eq!(app.log(), "");
    let large = vec![b' '; 300 * 1024];
    assert_eq!(
        app.call("PUT", "/api/settings/jellyfin", &JSON, large).await.problem(),
        (413, "payload_too_large".into())
    );
    assert_eq!(app.get("/api/nothing").await.problem(), (404, "not_found".into()));
    assert_eq!(
        app.delete("/api/jellyfin/scan").await.problem(),
        (405, "method_not_allowed".into())
    );
    assert_eq!(app.get("/api/library/movies/none-1999").await.problem(), (404, "not_found".into()));
}

#[tokio::test]
async fn a_value_in_the_wrong_place_is_not_repeated_in_the_error() {
    let app = TestApp::new().await;
    let answer = app
        .call("PUT", "/api/settings/jellyfin", &JSON, br#"{"password":12345678901234}"#.to_vec())
        .await;
    assert!(!answer.text().contains("12345678901234"), "{}", answer.text());
}

#[tokio::test]
async fn without_settings_scan_and_import_say_what_to_do() {
    let app = TestApp::new().await;
    for path in ["/api/jellyfin/scan", "/api/jellyfin/import", "/api/settings/jellyfin/test"] {
        assert_eq!(app.post(path, &Value::Null).await.problem(), (409, "not_configured".into()));
    }
}

/// Case 25.
#[tokio::test]
async fn a_scan_shows_what_would_be_added_and_changes_not_a_byte() {
    let (app, _replay) = connected(&titles()).await;
    let files = || [app.log(), std::fs::read_to_string(app.store().join("settings.json")).unwrap()];
    let before = files();
    let scan = app.scan().await;
    assert_eq!(files(), before);
    assert_eq!(scan["log"]["position"], 2);
    assert_eq!(scan["server"]["version"], "10.11.11");
    let matrix = scan["matchedMovies"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["decision"]["action"] == "add")
        .unwrap();
    assert_eq!(matrix["decision"], json!({"action":"add","date":"2024-03-01"}));
    assert_eq!(
        (&matrix["slug"], &matrix["hasExistingWatchData"]),
        (&json!("the-matrix-1999"), &json!(false))
    );
    assert_eq!(matrix["item"]["lastPlayedDate"], "2024-03-01T20:15:30.1234567Z");
    assert_eq!(matrix["item"]["itemType"], "Movie");
    assert_eq!(scan["summary"]["moviesToAdd"], 1);
    assert_eq!(scan["summary"]["episodesToAdd"], 21);
    let episode = &scan["matchedSeries"][0]["episodes"][0];
    assert_eq!(
        (&episode["season"], &episode["episode"], &episode["decision"]["action"]),
        (&json!(0), &json!(1), &json!("add"))
    );
    let reasons: Vec<&str> = scan["unmatchedMovies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["reason"].as_str().unwrap())
        .collect();
    for reason in ["not_in_library", "no_tmdb_id", "invalid_tmdb_id"] {
        assert!(reasons.contains(&reason), "{reasons:?}");
    }
}

/// Case 26.
#[tokio::test]
async fn an_import_adds_what_the_scan_showed_and_a_second_one_nothing() {
    let (app, _replay) = connected(&titles()).await;
    let scan = app.scan().await;
    let import = app.import().await;
    assert_eq!(import["outcome"], "complete");
    assert_eq!(import["moviesAdded"], scan["summary"]["moviesToAdd"]);
    assert_eq!(import["episodesAdded"], scan["summary"]["episodesToAdd"]);
    assert_eq!(import["itemsSkipped"], scan["summary"]["itemsSkipped"]);
    assert_eq!(import["log"], json!({"before":2,"after":24}));
    assert_eq!(app.appended(titles().text()).len(), 22);
    let after = app.log();
    let again = app.import().await;
    assert_eq!(
        (&again["outcome"], &again["moviesAdded"], &again["episodesAdded"]),
        (&json!("nothing_to_add"), &json!(0), &json!(0))
    );
    assert_eq!(app.log(), after);
    let status = app.get("/api/jellyfin/status").await.json();
    assert_eq!(status["lastImport"]["outcome"], "nothing_to_add");
    assert_eq!(status["running"], Value::Null);
    let movie = app.get("/api/library/movies/the-matrix-1999").await.json();
    assert_eq!(movie["watchSessions"][0]["date"], "2024-03-01");
    assert_eq!(movie["watchSessions"][0]["jellyfinId"], "48b60052903d0aea7c44892769d6797f");
    let series = app.get("/api/library/series/breaking-bad-2008").await.json();
    assert_eq!(series["rewatchSessions"][0]["watchedEpisodes"].as_array().unwrap().len(), 21);
    assert_eq!(app.get("/api/library/movies").await.json()["movies"].as_array().unwrap().len(), 1);
    assert_eq!(app.get("/api/library/series").await.json()["series"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_excluded_stays_out_of_the_import() {
    let (app, _replay) = connected(&titles()).await;
    let body = json!({"exclude":["48b60052903d0aea7c44892769d6797f","49C8B61B-3A82-E8B3-CBB6-038B1A623F73"]});
    let import = app.post("/api/jellyfin/import", &body).await.json();
    assert_eq!(
        (&import["outcome"], &import["skipped"]["excluded"]),
        (&json!("nothing_to_add"), &json!(22))
    );
}

/// Case 27: two tabs.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_imports_at_once_add_one_set_of_events() {
    let (app, _replay) = connected(&titles()).await;
    let (one, two) = tokio::join!(app.import(), app.import());
    let added = |report: &Value| {
        report["moviesAdded"].as_u64().unwrap() + report["episodesAdded"].as_u64().unwrap()
    };
    assert_eq!(added(&one) + added(&two), 22);
    assert_eq!(app.appended(titles().text()).len(), 22);
}

#[tokio::test]
async fn progress_is_streamed_and_ends_in_the_result_or_the_problem() {
    let (app, replay) = connected(&titles()).await;
    let stream = [("accept", "text/event-stream")];
    let told = app.call("POST", "/api/jellyfin/import", &stream, vec![]).await;
    assert_eq!(told.content_type, "text/event-stream");
    let events: Vec<(String, Value)> =
        told.text().split("\n\n").filter(|e| !e.is_empty()).map(event).collect();
    let phases: Vec<&str> = events.iter().filter_map(|(_, data)| data["phase"].as_str()).collect();
    for phase in ["movies", "series", "episodes", "plan", "append"] {
        assert!(phases.contains(&phase), "{phases:?}");
    }
    let (last, result) = events.last().unwrap();
    assert_eq!((last.as_str(), &result["outcome"]), ("result", &json!("complete")));
    replay.break_requests("includeItemTypes=Movie", 404);
    let told = app.call("POST", "/api/jellyfin/scan", &stream, vec![]).await;
    let (last, problem) =
        told.text().split("\n\n").filter(|e| !e.is_empty()).map(event).last().unwrap();
    assert_eq!((last.as_str(), &problem["code"]), ("problem", &json!("jellyfin_error")));
}

fn event(text: &str) -> (String, Value) {
    let field = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
    };
    (field("event:"), serde_json::from_str(&field("data:")).unwrap())
}

/// Case 31.
#[tokio::test]
async fn a_broken_line_stops_everything_with_its_number_and_nothing_is_written() {
    let (app, _replay) = connected(&titles()).await;
    let broken = format!("{}{{\"globalPosition\":3}}\n{}", titles().text(), "");
    std::fs::write(app.store().join("events.jsonl"), &broken).unwrap();
    for path in ["/api/jellyfin/scan", "/api/jellyfin/import"] {
        let answer = app.post(path, &Value::Null).await;
        assert_eq!(answer.problem(), (500, "log_corrupt".into()));
        assert!(answer.text().contains("line 3"), "{}", answer.text());
    }
    assert_eq!(app.log(), broken);
    assert_eq!(app.get("/api/events").await.text(), broken, "it can still be exported as it is");
    let status = app.get("/api/jellyfin/status").await.json();
    assert_eq!(
        (&status["lastImport"]["outcome"], &status["failure"]["code"]),
        (&json!("failed"), &json!("log_corrupt"))
    );
}

#[tokio::test]
async fn a_whole_log_goes_into_an_empty_one_alone_all_or_nothing() {
    let app = TestApp::new().await;
    let bad = format!("{}{}", titles().text(), "{}\n");
    let answer = app.call("POST", "/api/events", &NDJSON, bad.into()).await;
    assert!(answer.text().contains("line 3"), "{}", answer.text());
    assert_eq!(app.log(), "");
    let with_gap = titles().text().replace("\"globalPosition\":2", "\"globalPosition\":70");
    let begun = app.call("POST", "/api/events", &NDJSON, with_gap.clone().into()).await.json();
    assert_eq!(begun, json!({"events":2,"position":70}));
    assert_eq!(
        app.call("POST", "/api/events", &NDJSON, with_gap.clone().into()).await.problem(),
        (409, "log_not_empty".into())
    );
    assert_eq!(app.get("/api/events").await.text(), with_gap);
    assert_eq!(app.get("/api/events?after=69").await.text().lines().count(), 1);
    assert_eq!(app.get("/api/events?after=70").await.text(), "");
}

/// Case 49: what came is imported, what failed is said until a later run succeeds.
#[tokio::test]
async fn where_series_fail_movies_are_imported_and_the_failure_stays_in_the_status() {
    let (app, replay) = connected(&titles()).await;
    replay.break_requests("includeItemTypes=Series", 404);
    assert_eq!(
        app.post("/api/jellyfin/scan", &Value::Null).await.problem(),
        (502, "jellyfin_error".into())
    );
    let import = app.import().await;
    assert_eq!(
        (&import["outcome"], &import["moviesAdded"], &import["episodesAdded"]),
        (&json!("partial"), &json!(1), &json!(0))
    );
    assert_eq!(import["errors"][0]["name"], "series");
    assert_eq!(import["forgotten"], 0);
    assert_eq!(app.get("/api/jellyfin/status").await.json()["failure"]["code"], "jellyfin_error");
    let sound = Replay::start("10.11", &["sign-in", "libraries"]).await;
    app.connect(&sound.url()).await;
    assert_eq!(app.import().await["episodesAdded"], 21);
    assert_eq!(app.get("/api/jellyfin/status").await.json()["failure"], Value::Null);
}

#[tokio::test]
async fn the_token_is_asked_for_and_a_browser_gets_a_cookie_for_it() {
    let app = TestApp::with(limits(), Access::Token(SecretString::from("s3cret"))).await;
    let host = ("host", "sync.example");
    let call =
        async |headers: &[(&str, &str)]| app.call("GET", "/api/settings", headers, vec![]).await;
    assert_eq!(call(&[host]).await.problem(), (401, "unauthorized".into()));
    assert_eq!(
        call(&[host, ("authorization", "Bearer nope")]).await.problem(),
        (401, "unauthorized".into())
    );
    assert_eq!(call(&[host, ("authorization", "Bearer s3cret")]).await.status, StatusCode::OK);
    let evil = [host, ("authorization", "Bearer s3cret"), ("origin", "https://evil.example")];
    assert_eq!(call(&evil).await.problem(), (403, "forbidden_origin".into()));
    let wrong =
        app.call("POST", "/api/session", &[host, JSON[0]], br#"{"token":"nope"}"#.into()).await;
    assert_eq!(wrong.problem(), (401, "unauthorized".into()));
    assert!(!wrong.text().contains("s3cret"));
}

#[tokio::test]
async fn a_name_that_is_not_this_machines_is_refused_without_a_token() {
    let app = TestApp::new().await;
    let answer =
        app.call("GET", "/api/settings", &[("host", "rebound.example:8787")], vec![]).await;
    assert_eq!(answer.problem(), (403, "forbidden_origin".into()));
}

#[tokio::test]
async fn a_film_named_like_markup_is_a_film() {
    let log =
        LogText::new().movie("scriptalert1script-2020", "<script>alert(1)</script>", 2020, 500_008);
    let (app, _replay) = connected(&log).await;
    assert_eq!(app.import().await["moviesAdded"], 1);
    assert_eq!(
        app.get("/api/library/movies").await.json()["movies"][0]["name"],
        "<script>alert(1)</script>"
    );
}

//! Scheduled imports: due when they should be, one at a time, and never at the price of a locked
//! account.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use mediatheca_jellyfin_sync::service::{ScheduledImport, Service, ServiceError, SyncOptions};
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    app::{limits, service},
    jellyfin::{gated, ok, scripted, sound, status},
    lines::LogText,
};

fn log() -> LogText {
    LogText::new().series("dark-2017", "Dark", 2017, 70523, 10)
}

async fn due(service: &Service) -> Result<ScheduledImport, ServiceError> {
    service.schedule().import(SyncOptions::default()).await
}

async fn state(app: &TestApp) -> Value {
    app.get("/api/jellyfin/status").await.json()
}

fn later(app: &TestApp, minutes: i64) {
    *app.clock.lock().unwrap() += TimeDelta::minutes(minutes);
}

#[tokio::test]
async fn what_is_due_is_imported_and_the_log_says_that_the_clock_struck() {
    let (url, _) = scripted(|target, _| sound(target)).await;
    let app = TestApp::with_log(log().text()).await;
    assert!(matches!(due(&app.service).await, Ok(ScheduledImport::NotSetUp)));
    assert_eq!(
        app.service.schedule().next_import_in().await.unwrap(),
        None,
        "nothing is due before a server is set up"
    );
    app.connect(&url).await;
    app.put("/api/settings/preferences", &json!({"sync":{"every":"30m"}})).await;
    assert_eq!(
        app.service.schedule().next_import_in().await.unwrap(),
        Some(Duration::ZERO),
        "the first is due at once"
    );
    assert!(
        matches!(due(&app.service).await, Ok(ScheduledImport::Imported(report)) if report.episodes_added == 1)
    );
    let appended = app.appended(log().text());
    assert_eq!(appended.len(), 1);
    assert!(appended[0].contains(r#"\"via\":\"schedule\""#), "{}", appended[0]);
    let state = state(&app).await;
    assert_eq!(
        (&state["every"], &state["nextDue"]),
        (&json!("30m"), &json!("2026-11-24T01:02:53Z"))
    );
    later(&app, 12);
    assert_eq!(
        app.service.schedule().next_import_in().await.unwrap(),
        Some(Duration::from_secs(18 * 60))
    );
    later(&app, 60);
    assert_eq!(app.service.schedule().next_import_in().await.unwrap(), Some(Duration::ZERO));
    assert!(matches!(due(&app.service).await, Ok(ScheduledImport::Imported(_))));
    assert_eq!(app.appended(log().text()), appended, "once more adds nothing");
}

#[tokio::test]
async fn an_interval_given_at_the_start_stands_whatever_the_settings_say() {
    let app = TestApp::new().await;
    app.put("/api/settings/jellyfin", &json!({"serverUrl":"nas","username":"anna","password":"p"}))
        .await;
    app.service.schedule().import_every("6h".parse().unwrap());
    app.put("/api/settings/preferences", &json!({"sync":{"every":"30m"}})).await;
    assert_eq!(state(&app).await["every"], "6h");
    let page = app.call("GET", "/settings", &[("accept", "text/html")], vec![]).await.text();
    assert!(
        page.contains("Every 6h: set when the server was started")
            && !page.contains("<select id=\"every\""),
        "{page}"
    );
}

/// By two processes over one store, as a machine at home and a schedule on Lambda may be.
#[tokio::test(flavor = "multi_thread")]
async fn runs_never_pile_up() {
    let (url, gate, arrived) = gated("includeItemTypes=Movie").await;
    let app = TestApp::with_log(log().text()).await;
    app.connect(&url).await;
    let running = tokio::spawn({
        let service = app.service.clone();
        async move { due(&service).await }
    });
    while arrived.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let other = service(&app.store(), &app.folder.path().join("key"), limits(), app.clock.clone());
    for service in [&app.service, &other] {
        assert!(matches!(due(service).await, Ok(ScheduledImport::AlreadyRunning)));
    }
    assert_eq!(arrived.load(Ordering::SeqCst), 1, "Jellyfin isn't even asked");
    gate.add_permits(10);
    assert!(matches!(running.await.unwrap(), Ok(ScheduledImport::Imported(_))));
    assert!(
        matches!(due(&other).await, Ok(ScheduledImport::Imported(_))),
        "once it has ended, the next one runs"
    );
}

#[tokio::test]
async fn a_run_that_died_keeps_others_away_for_a_quarter_of_an_hour_at_most() {
    let (url, _, arrived) = gated("includeItemTypes=Movie").await;
    let app = TestApp::with_log(log().text()).await;
    app.connect(&url).await;
    let died = tokio::time::timeout(Duration::from_millis(200), due(&app.service)).await;
    assert!(died.is_err() && arrived.load(Ordering::SeqCst) == 1, "cut off in mid-run");
    later(&app, 14);
    assert!(matches!(due(&app.service).await, Ok(ScheduledImport::AlreadyRunning)));
    later(&app, 1);
    let again = tokio::time::timeout(Duration::from_millis(200), due(&app.service)).await;
    assert!(again.is_err() && arrived.load(Ordering::SeqCst) == 2, "it is tried again");
}

#[tokio::test]
async fn a_run_that_fails_is_in_the_status_and_tells_why() {
    let broken = Arc::new(AtomicBool::new(true));
    let fails = broken.clone();
    let (url, _) = scripted(move |target, _| match target {
        t if t.contains("/Items") && fails.load(Ordering::SeqCst) => status(500),
        t => sound(t),
    })
    .await;
    let app = TestApp::with_log(log().text()).await;
    app.connect(&url).await;
    app.put("/api/settings/preferences", &json!({"sync":{"every":"30m"}})).await;
    let _ = due(&app.service).await;
    let failed = state(&app).await;
    assert_eq!(failed["failure"]["code"], "jellyfin_error", "{failed}");
    assert!(failed["failure"]["detail"].as_str().unwrap().contains("500"), "{failed}");
    assert_eq!(failed["nextDue"], "2026-11-24T01:02:53Z", "and it is tried again when it is due");
    broken.store(false, Ordering::SeqCst);
    assert!(matches!(due(&app.service).await, Ok(ScheduledImport::Imported(_))));
    assert_eq!(state(&app).await["failure"], Value::Null);
}

#[tokio::test]
async fn after_two_refusals_no_password_is_tried_until_a_person_has_looked() {
    let right = Arc::new(AtomicBool::new(true));
    let accepts = right.clone();
    let (url, server) = scripted(move |target, _| match target {
        _ if accepts.load(Ordering::SeqCst) => sound(target),
        t if t.contains("/System/Info/Public") => sound(t),
        _ => status(401),
    })
    .await;
    let logins = || server.count("AuthenticateByName");
    let app = TestApp::with_log(log().text()).await;
    app.connect(&url).await;
    app.put("/api/settings/preferences", &json!({"sync":{"every":"30m"}})).await;
    right.store(false, Ordering::SeqCst);
    let before = logins();
    for round in 1..=2 {
        let error = due(&app.service).await.unwrap_err();
        assert_eq!(
            (error.code().to_string().as_str(), logins()),
            ("jellyfin_credentials_rejected", before + round),
            "one try a run"
        );
        later(&app, 30);
    }
    for _ in 0..3 {
        assert!(matches!(due(&app.service).await, Err(ServiceError::SchedulePaused(2))));
    }
    assert_eq!(logins(), before + 2, "it isn't tried any more");
    let stopped = state(&app).await;
    assert_eq!(stopped["nextDue"], Value::Null);
    assert!(
        stopped["stopped"]["detail"].as_str().unwrap().contains("enter the password again"),
        "{stopped}"
    );
    assert_eq!(app.service.schedule().next_import_in().await.unwrap(), None);
    for path in ["/sync", "/settings"] {
        let page = app.call("GET", path, &[("accept", "text/html")], vec![]).await.text();
        assert!(page.contains("Automatic import has stopped"), "{path}");
    }
    app.put("/api/settings/preferences", &json!({"sync":{"every":null}})).await;
    assert_eq!(state(&app).await["stopped"], Value::Null, "of no concern to who wants none");
    app.put("/api/settings/preferences", &json!({"sync":{"every":"30m"}})).await;
    right.store(true, Ordering::SeqCst);
    app.put("/api/settings/jellyfin", &json!({"password":"a new one"})).await;
    assert_eq!(
        state(&app).await["stopped"],
        Value::Null,
        "a person who enters something new wants it tried"
    );
    assert!(matches!(due(&app.service).await, Ok(ScheduledImport::Imported(_))));
}

#[tokio::test]
async fn a_server_that_is_off_is_tried_again_for_ever() {
    let app = TestApp::with_log(log().text()).await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let settings = json!({"serverUrl":format!("http://{closed}"),"username":"anna","password":"p"});
    app.put("/api/settings/jellyfin", &settings).await;
    for _ in 0..5 {
        assert_eq!(due(&app.service).await.unwrap_err().code().to_string(), "jellyfin_unreachable");
    }
}

#[tokio::test]
async fn who_looks_through_a_preview_keeps_it_until_something_was_added() {
    let played = Arc::new(AtomicBool::new(false));
    let has_played = played.clone();
    let (url, _) = scripted(move |target, _| match target {
        t if t.contains("Episode") && !has_played.load(Ordering::SeqCst) => {
            ok(json!({"Items":[],"TotalRecordCount":0}))
        }
        t => sound(t),
    })
    .await;
    let app = TestApp::with_log(log().text()).await;
    app.connect(&url).await;
    app.service.sync().scan_for_preview(SyncOptions::default()).await.unwrap();
    due(&app.service).await.unwrap();
    assert!(app.service.sync().preview().await.unwrap().is_some());
    played.store(true, Ordering::SeqCst);
    due(&app.service).await.unwrap();
    assert!(app.service.sync().preview().await.unwrap().is_none());
}

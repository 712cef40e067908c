//! The pages past a browser: what keeps them safe, and what they are made of. What people do with
//! them is in `browser/`.

use axum::{http::StatusCode, response::IntoResponse};
use mediatheca_jellyfin_sync::{
    domain::library::{Folded, Order, Query, TitleFilter, Viewed, WatchProgress},
    http::Access,
};
use secrecy::SecretString;
use serde_json::json;

use crate::support::{
    Replay, TestApp,
    app::{Answer, limits},
    jellyfin::{scripted, status},
    lines::LogText,
};

const PAGES: [&str; 6] = ["/settings", "/sync", "/library", "/history", "/log", "/nowhere"];
const HTML: (&str, &str) = ("accept", "text/html");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const OWN: (&str, &str) = ("origin", "http://127.0.0.1:8787");

async fn send(app: &TestApp, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
    app.call("POST", path, &[&[HTML, FORM], headers].concat(), form.into()).await
}

fn location(answer: &Answer) -> &str {
    answer.headers["location"].to_str().unwrap()
}

#[tokio::test]
async fn a_page_loads_nothing_from_elsewhere_runs_nothing_inline_and_stands_in_no_frame() {
    let app = TestApp::with_log(LogText::new().movie("a-2000", "A", 2000, 1).text()).await;
    for path in PAGES {
        let answer = app.call("GET", path, &[HTML], vec![]).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["cache-control"], "no-store");
        let page = answer.text();
        assert!(
            !page.contains(" style=") && !page.contains(" onclick=") && !page.contains("<style"),
            "{path}"
        );
        assert!(
            !page.contains("src=\"http") && !page.contains("href=\"http"),
            "{path}: nothing of another site"
        );
    }
}

#[tokio::test]
async fn a_form_that_another_site_sends_changes_nothing() {
    let app = TestApp::new().await;
    let evil = ("origin", "https://evil.example");
    for path in [
        "/settings/jellyfin",
        "/settings/preferences",
        "/settings/tmdb",
        "/sync/scan",
        "/sync/import",
        "/settings/appearance",
    ] {
        for headers in
            [&[evil][..], &[("origin", "null")], &[("sec-fetch-site", "cross-site")], &[]]
        {
            let answer = send(
                &app,
                path,
                headers,
                "do=save&serverUrl=http://evil&username=x&timeZone=UTC&apiKey=k",
            )
            .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
    assert!(!app.store().exists());
    let own = send(
        &app,
        "/settings/jellyfin",
        &[OWN],
        "do=save&serverUrl=nas:8096&username=marta&password=geheim",
    )
    .await;
    assert_eq!((own.status, location(&own)), (StatusCode::SEE_OTHER, "/settings?done=saved"));
    let page = app.call("GET", "/settings?done=saved", &[HTML], vec![]).await.text();
    assert!(page.contains("http://nas:8096") && page.contains("marta") && !page.contains("geheim"));
}

#[tokio::test]
async fn who_is_not_signed_in_sees_the_door_and_nothing_else() {
    let app = TestApp::with(limits(), Access::Token(SecretString::from("s3cret"))).await;
    let host = ("host", "sync.example");
    for path in PAGES {
        let answer = app.call("GET", path, &[host, HTML], vec![]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(
            answer.text().contains("<h1>Sign in</h1>") && !answer.text().contains("<nav"),
            "{path}"
        );
    }
    let api = app.call("GET", "/api/settings", &[host, HTML], vec![]).await;
    assert_eq!(api.problem(), (401, "unauthorized".into()), "a program reads a problem");
    let own = ("origin", "https://sync.example");
    let wrong = send(&app, "/sign-in", &[host, own], "token=nope&to=/log").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.headers.get("set-cookie").is_none());
    let tls = ("x-forwarded-proto", "https");
    let right = send(&app, "/sign-in", &[host, own, tls], "token=s3cret&to=/log").await;
    assert_eq!((right.status, location(&right)), (StatusCode::SEE_OTHER, "/log"));
    let cookie = right.headers["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("s3cret"));
    let pair = cookie.split(';').next().unwrap();
    let inside = app.call("GET", "/log", &[host, HTML, ("cookie", pair)], vec![]).await;
    assert_eq!(inside.status, StatusCode::OK);
    let forged = app
        .call(
            "POST",
            "/sync/scan",
            &[host, FORM, ("cookie", pair), ("origin", "https://evil.example")],
            vec![],
        )
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "a cookie alone sends no form");
}

#[tokio::test]
async fn a_poster_comes_from_jellyfin_and_must_be_a_picture() {
    let poster =
        |kind: &'static str, bytes: &'static str| ([("content-type", kind)], bytes).into_response();
    let (url, _) = scripted(move |target, _| match target {
        t if t.contains("/Items/aa/Images/Primary") => poster("image/jpeg", "picture"),
        t if t.contains("/Items/bb/Images/Primary") => poster("text/html", "<script>"),
        t if t.contains("/Items/cc/Images/Primary") => poster("image/svg+xml", "<svg>"),
        _ => status(404),
    })
    .await;
    let app = TestApp::new().await;
    assert_eq!(app.get("/posters/aa").await.problem(), (409, "not_configured".into()));
    app.put("/api/settings/jellyfin", &json!({"serverUrl":url,"username":"anna","password":"p"}))
        .await;
    let poster = app.get("/posters/aa").await;
    assert_eq!(
        (poster.status, poster.content_type.as_str(), poster.text().as_str()),
        (StatusCode::OK, "image/jpeg", "picture")
    );
    assert!(poster.headers["cache-control"].to_str().unwrap().contains("max-age"));
    for (item, code) in [
        ("bb", "jellyfin_error"),
        ("cc", "jellyfin_error"),
        ("dd", "not_found"),
        ("..%2f..", "not_found"),
    ] {
        assert_eq!(app.get(&format!("/posters/{item}")).await.problem().1, code, "{item}");
    }
}

#[tokio::test]
async fn what_a_scan_showed_is_there_until_an_import() {
    let log = LogText::new().movie("the-matrix-1999", "The Matrix", 1999, 603);
    let replay = Replay::start("10.11", &["sign-in", "libraries", "episodes"]).await;
    let app = TestApp::with_log(log.text()).await;
    app.connect(&replay.url()).await;
    let scanned = send(&app, "/sync/scan", &[OWN], "").await;
    assert_eq!((scanned.status, location(&scanned)), (StatusCode::SEE_OTHER, "/sync"));
    for _ in 0..2 {
        let page = app.call("GET", "/sync", &[HTML], vec![]).await.text();
        assert!(page.contains("1 movie would be added") && page.contains("The Matrix"), "{page}");
    }
    let left_out =
        app.call("GET", "/sync/left-out?reason=no_tmdb_id", &[HTML], vec![]).await.text();
    assert!(left_out.contains("No TMDB ID"));
    assert_eq!(app.log(), log.text());
    let item = "48b60052903d0aea7c44892769d6797f";
    let ticked_off = send(&app, "/sync/import", &[OWN], &format!("shown={item}")).await;
    assert_eq!(ticked_off.status, StatusCode::SEE_OTHER);
    assert_eq!(app.log(), log.text(), "what was ticked off stays out");
    send(&app, "/sync/scan", &[OWN], "").await;
    send(&app, "/sync/import", &[OWN], &format!("shown={item}&add={item}")).await;
    assert_eq!(app.appended(log.text()).len(), 1);
    let page = app.call("GET", "/sync", &[HTML], vec![]).await.text();
    assert!(
        page.contains("1 movie added")
            && page.contains("/library/movies/the-matrix-1999")
            && !page.contains("id=\"preview\"")
    );
}

#[tokio::test]
async fn following_ends_where_nothing_runs() {
    let app = TestApp::new().await;
    let told = app.get("/sync/progress").await;
    assert_eq!(
        (told.content_type.as_str(), told.text().contains("event: done")),
        ("text/event-stream", true)
    );
}

fn library() -> Folded {
    let log = LogText::new()
        .movie("amlie-2001", "Amélie", 2001, 1)
        .session("amlie-2001", "s1", "2024-02-14")
        .session("amlie-2001", "s2", "2026-02-14")
        .movie("arrival-2016", "Arrival", 2016, 2)
        .series("dark-2017", "Dark", 2017, 3, 3)
        .watched("dark-2017", "default", 1, "2025-01-10")
        .watched("dark-2017", "default", 2, "2025-01-10")
        .series("derry-girls-2018", "Derry Girls", 2018, 4, 2)
        .watched("derry-girls-2018", "default", 1, "2024-02-14")
        .watched("derry-girls-2018", "default", 2, "2024-02-15");
    Folded::of(log.text().as_bytes()).unwrap()
}

fn names(folded: &Folded, query: &Query) -> Vec<String> {
    folded.library.browse(query).titles.iter().map(|(title, _)| title.name().to_owned()).collect()
}

#[test]
fn a_library_is_searched_filtered_and_put_in_order() {
    let folded = library();
    let all = Query::default();
    assert_eq!(
        names(&folded, &all),
        ["Amélie", "Dark", "Derry Girls", "Arrival"],
        "watched last comes first"
    );
    assert_eq!(names(&folded, &Query { text: "  AMELIE".into(), ..all.clone() }), ["Amélie"]);
    assert_eq!(
        names(&folded, &Query { order: Order::Year, ..all.clone() }),
        ["Derry Girls", "Dark", "Arrival", "Amélie"]
    );
    assert_eq!(
        names(&folded, &Query { kind: TitleFilter::Series, order: Order::Name, ..all.clone() }),
        ["Dark", "Derry Girls"]
    );
    for (progress, expected) in [
        (WatchProgress::Watched, vec!["Amélie", "Derry Girls"]),
        (WatchProgress::InProgress, vec!["Dark"]),
        (WatchProgress::Unwatched, vec!["Arrival"]),
    ] {
        assert_eq!(names(&folded, &Query { progress: Some(progress), ..all.clone() }), expected);
    }
}

#[test]
fn history_tells_each_day_once_and_a_series_by_its_episodes() {
    let folded = library();
    let history = folded.library.history(None);
    assert_eq!(history.year, 2026, "the last year in which anything was watched");
    assert_eq!(history.years.into_iter().collect::<Vec<_>>(), [(2024, 3), (2025, 2), (2026, 1)]);
    let year = folded.library.history(Some(2024));
    let days: Vec<(String, u64)> =
        year.days.iter().map(|day| (day.date.to_string(), day.count())).collect();
    assert_eq!(days, [("2024-02-15".to_owned(), 1), ("2024-02-14".to_owned(), 2)]);
    let dark = folded.library.history(Some(2025));
    match &dark.days[0].viewings[0].what {
        Viewed::Episodes(_, episodes) => assert_eq!(episodes.len(), 2),
        Viewed::Session(session) => panic!("{session:?}"),
    }
}

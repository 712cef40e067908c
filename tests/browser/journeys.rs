//! What people do with the pages, from the first visit on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    http::StatusCode,
    response::{Html, IntoResponse},
};
use mediatheca_jellyfin_sync::{demo, http::Access};
use tokio::sync::Semaphore;

use crate::{
    accessibility,
    browser::{Page, Without, visit, visit_without},
    site::{Site, serve},
};

fn lines(site: &Site) -> usize {
    std::fs::read_to_string(site.log()).unwrap_or_default().lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_visit_to_what_was_imported() {
    let (site, jellyfin) = Site::demo().await;
    let before = lines(&site);
    visit(&site.url, 1280, async |page| {
        page.open("/").await;
        assert_eq!(page.path().await, "/settings", "who is new here is led to the settings");
        assert!(page.text(".steps [aria-current=step]").await.contains("Connect"));
        assert_eq!(page.text(".badge").await, "Not set up");
        page.picture("first-visit").await;
        page.fill("#serverUrl", &jellyfin.url()).await;
        page.fill("#username", "demo").await;
        page.fill("#password", "wrong").await;
        page.press("Test connection").await;
        page.wait_for(".box.bad", "jellyfin_credentials_rejected").await;
        assert_eq!(
            page.script("return document.getElementById('username').value").await,
            "demo",
            "what was typed stays"
        );
        assert_eq!(
            page.script("return document.getElementById('password').value").await,
            "",
            "a password never shows"
        );
        page.fill("#password", "demo").await;
        page.press("Test connection").await;
        page.wait_for(".box.good", "Connection works").await;
        assert_eq!(page.text(".badge").await, "Connected as demo to Sample 10.11.11");
        page.press("Continue to scan").await;
        assert!(page.text(".steps [aria-current=step]").await.contains("Scan"));
        page.press("Scan").await;
        page.wait_for("#preview", "would be added").await;
        assert_eq!(
            page.script("return document.activeElement.id").await,
            "preview",
            "a screen reader is led to what came"
        );
        assert!(page.text(".confirm").await.contains("Import only adds"));
        assert!(page.text("#skipped summary").await.starts_with("Skipped:"));
        assert!(page.text("#unmatched summary").await.starts_with("Unmatched:"));
        assert_eq!(lines(&site), before, "a scan changes nothing");
        let to_add: usize =
            page.text("[data-chosen]").await.split(' ').next().unwrap().parse().unwrap();
        // One film stays out.
        page.click("tbody input[name=add]").await;
        assert_eq!(page.text("[data-chosen]").await, format!("{} to add", to_add - 1));
        page.picture("preview").await;
        page.press("Import").await;
        page.wait_for("#result", "added").await;
        page.picture("result").await;
        accessibility::check(page, "the result").await;
        let after = lines(&site);
        assert!(after >= before + to_add - 1, "{before} {to_add} {after}");
        assert!(
            page.text(".result").await.contains("Why"),
            "what was skipped is said with its reasons"
        );
        page.reload().await;
        assert!(page.text("#result").await.contains("added"), "the result is still there");
        page.press("Scan").await;
        page.wait_for("#preview", "1 movie would be added").await;
        page.click("tbody input[name=add]").await;
        page.press("Import").await;
        page.wait_for("#result", "Nothing to add").await;
        assert_eq!(lines(&site), after, "a second press adds nothing");
        assert!(
            page.text("#added").await.starts_with("Added"),
            "what was added last is still told"
        );
        page.click(".links a").await;
        page.wait_for("h2", "sessions").await;
        assert!(
            page.text("table").await.contains("Jellyfin"),
            "the session says where it came from"
        );
        assert!(
            page.count("a.button[href*='/web/#/details?id=']").await == 1,
            "the film can be played"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_script_everything_is_read_and_imported() {
    let (site, jellyfin) = Site::demo().await;
    let before = lines(&site);
    visit_without(&site.url, 1280, Without { script: true }, async |page| {
        page.open("/settings").await;
        page.fill("#serverUrl", &jellyfin.url()).await;
        page.fill("#username", "demo").await;
        page.fill("#password", "demo").await;
        page.press("Test connection").await;
        page.wait_for(".box.good", "Connection works").await;
        page.open("/sync").await;
        page.press("Scan").await;
        page.wait_for("#preview", "would be added").await;
        page.click("tbody input[name=add]").await;
        page.press("Import").await;
        page.wait_for("#result", "added").await;
        for (path, heading) in
            [("/library?q=amelie", "Library"), ("/history", "History"), ("/log", "Log")]
        {
            page.open(path).await;
            assert_eq!(page.text("h1").await, heading);
        }
        page.open("/library?q=amelie").await;
        assert_eq!(page.count(".grid li").await, 1, "neither case nor accents matter");
    })
    .await;
    assert!(lines(&site) > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_keyboard_alone() {
    let (site, jellyfin) = Site::demo().await;
    site.connect(&jellyfin).await;
    visit(&site.url, 1280, async |page| {
        page.open("/sync").await;
        page.keys("\u{e004}").await;
        assert_eq!(
            page.script("return document.activeElement.textContent").await,
            "Skip to the content"
        );
        page.keys("\u{e007}").await;
        page.keys("\u{e004}").await;
        assert_eq!(page.script("return document.activeElement.textContent").await, "Scan");
        page.keys("\u{e007}").await;
        page.wait_for("#preview", "would be added").await;
        // Through the preview: a box is ticked off with the space bar, the next ones are passed
        // with Tab.
        page.keys("\u{e004}").await;
        page.keys(" ").await;
        for _ in 0..200 {
            if page.script("return document.activeElement.textContent").await == "Import" {
                break;
            }
            page.keys("\u{e004}").await;
        }
        page.keys("\u{e007}").await;
        page.wait_for("#result", "added").await;
    })
    .await;
}

/// A Jellyfin that answers everything in one way.
async fn broken(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> String {
    serve(Router::new().fallback(async move || answer)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_error_says_what_to_do() {
    let (site, jellyfin) = Site::demo().await;
    let web_server = broken(Html("<h1>It works!</h1>")).await;
    let failing = serve(
        Router::new()
            .route(
                "/System/Info/Public",
                axum::routing::get(
                    async || r#"{"ServerName":"NAS","Version":"10.11.11","Id":"aa"}"#,
                ),
            )
            .fallback(async || StatusCode::INTERNAL_SERVER_ERROR),
    )
    .await;
    visit(&site.url, 1280, async |page| {
        page.open("/sync").await;
        assert!(page.text("main").await.contains("No Jellyfin server is set up yet"));
        let test = async |url: &str, password: &str, code: &str, advice: &str| {
            page.open("/settings").await;
            page.fill("#serverUrl", url).await;
            page.fill("#username", "demo").await;
            page.fill("#password", password).await;
            page.press("Test connection").await;
            page.wait_for(".box.bad", code).await;
            assert!(
                page.text(".box.bad").await.contains(advice),
                "{code}: {}",
                page.text(".box.bad").await
            );
            assert_eq!(page.script("return document.activeElement.id").await, "problem");
            accessibility::check(page, code).await;
        };
        test("http://127.0.0.1:9", "demo", "jellyfin_unreachable", "127.0.0.1:9").await;
        test(&web_server, "demo", "jellyfin_not_a_server", "Jellyfin").await;
        test(&failing, "demo", "jellyfin_error", "500").await;
        test(&jellyfin.url(), "wrong", "jellyfin_credentials_rejected", "try again").await;
        test("ftp://nas", "demo", "invalid_request", "http").await;
        page.fill("#timeZone", "Middle/Earth").await;
        page.press("Save preferences").await;
        page.wait_for(".box.bad", "time zone").await;
        assert_eq!(page.count("#timeZone[aria-invalid]").await, 1);
        // A run that fails says so where it was started.
        site.connect_to("http://127.0.0.1:9").await;
        page.open("/sync").await;
        page.press("Scan").await;
        page.wait_for(".box.bad", "jellyfin_unreachable").await;
        page.open("/settings").await;
        assert!(page.text(".badge").await.starts_with("Failed: Can't reach Jellyfin"));
        // A line that can't be read stops everything, with its number.
        let mut log = std::fs::read_to_string(site.log()).unwrap();
        log.push_str("{\"globalPosition\":9999}\n");
        std::fs::write(site.log(), &log).unwrap();
        site.connect(&jellyfin).await;
        for path in ["/library", "/history"] {
            page.open(path).await;
            assert!(page.text("main").await.contains("log_corrupt"));
            assert!(page.text("main").await.contains(&format!("line {}", log.lines().count())));
        }
        page.open("/log").await;
        assert!(page.text(".box.bad").await.contains("can’t be read"));
        page.open("/sync").await;
        page.press("Scan").await;
        page.wait_for(".box.bad", "log_corrupt").await;
        assert_eq!(std::fs::read_to_string(site.log()).unwrap(), log);
        page.open("/library/movies/none-1999").await;
        assert!(
            page.text("main").await.contains("not_found")
                || page.text("main").await.contains("log_corrupt")
        );
        // A store that can't be read.
        std::fs::remove_file(site.store().join("status.json")).unwrap();
        std::fs::create_dir(site.store().join("status.json")).unwrap();
        page.open("/sync").await;
        assert!(page.text("main").await.contains("store_unavailable"));
    })
    .await;
}

/// Where requests for the list of movies wait until they are let through.
struct Gate {
    open: Semaphore,
    arrived: AtomicUsize,
}

impl Gate {
    fn let_one_through(&self) {
        self.open.add_permits(1);
    }

    async fn has_seen(&self, requests: usize) {
        let all = async {
            while self.arrived.load(Ordering::SeqCst) < requests {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all).await.unwrap();
    }
}

/// The sample server behind a gate.
async fn slow(jellyfin: &demo::Jellyfin) -> (String, Arc<Gate>) {
    let (gate, target) =
        (Arc::new(Gate { open: Semaphore::new(0), arrived: AtomicUsize::new(0) }), jellyfin.url());
    let client = reqwest::Client::new();
    let gate_of_server = gate.clone();
    let forward = async move |request: axum::extract::Request| {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().unwrap().to_string();
        if path.contains("includeItemTypes=Movie") {
            gate_of_server.arrived.fetch_add(1, Ordering::SeqCst);
            gate_of_server.open.acquire().await.unwrap().forget();
        }
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let sent = client
            .request(parts.method, format!("{target}{path}"))
            .headers(parts.headers)
            .body(body)
            .send()
            .await;
        let answer = sent.unwrap();
        (answer.status(), [("content-type", "application/json")], answer.bytes().await.unwrap())
    };
    (serve(Router::new().fallback(forward)).await, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_in_mid_import_loses_nothing_and_the_page_follows_it_to_its_end() {
    let (site, jellyfin) = Site::demo().await;
    let (url, gate) = slow(&jellyfin).await;
    let before = lines(&site);
    site.connect_to(&url).await;
    visit(&site.url, 1280, async |page| {
        page.open("/sync").await;
        page.press("Scan").await;
        page.wait_for("[data-phase]", "Reading").await;
        page.picture("scanning").await;
        gate.let_one_through();
        page.wait_for("#preview", "would be added").await;
        page.press("Import").await;
        page.wait_for("[data-phase]", "Reading").await;
        page.reload().await;
        page.wait_for("#progress", "Reading").await;
        page.open("/library").await;
        assert_eq!(page.text("h1").await, "Library", "nothing blocks while a sync runs");
        page.open("/sync").await;
        page.wait_for("#progress", "Reading").await;
        gate.let_one_through();
        page.wait_for("#result", "added").await;
    })
    .await;
    assert!(lines(&site) > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_that_imports_at_once_adds_nothing_twice() {
    let (site, jellyfin) = Site::demo().await;
    let (url, gate) = slow(&jellyfin).await;
    let before = lines(&site);
    site.connect_to(&url).await;
    gate.let_one_through();
    site.service.sync().scan_for_preview(Default::default()).await.unwrap();
    let import = async |page: &Page| {
        page.open("/sync").await;
        page.press("Import").await;
        page.wait_for("[data-phase]", "Reading").await;
        // The scan's request and one of each import: both plan on the same log.
        gate.has_seen(3).await;
        gate.let_one_through();
        page.wait_for("#added", "Added").await;
    };
    tokio::join!(visit(&site.url, 800, &import), visit(&site.url, 800, &import));
    let log = std::fs::read_to_string(site.log()).unwrap();
    let added = &log.lines().collect::<Vec<_>>()[before..];
    // Each play once: the same stream, event and payload are never added twice.
    let play = |line: &&str| {
        line.split_once("\"streamId\"").unwrap().1.split_once("\"metadata\"").unwrap().0.to_owned()
    };
    let without_position = |text: String| {
        text.split(',').filter(|part| !part.contains("streamPosition")).collect::<String>()
    };
    let plays: Vec<String> = added.iter().map(|line| without_position(play(line))).collect();
    let mut unique = plays.clone();
    unique.sort();
    unique.dedup();
    assert!(!plays.is_empty());
    assert_eq!(unique.len(), plays.len(), "{plays:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_library_is_looked_through_and_imported_but_for_what_was_ticked_off() {
    let (site, _server) = Site::large().await;
    let before = lines(&site);
    visit(&site.url, 1280, async |page| {
        page.open("/library").await;
        assert_eq!(page.count(".grid li").await, 60);
        page.picture("library-large").await;
        page.fill("#q", "number 11999").await;
        page.keys("\u{e007}").await;
        page.wait_for("[role=status]", "1 title").await;
        page.open("/sync").await;
        page.press("Scan").await;
        page.wait_for("#preview", "would be added").await;
        let to_add = page.text("[data-chosen]").await;
        assert_eq!(page.count("input[name=add]").await, 40);
        page.click("tbody input[name=add]").await;
        let left_out =
            page.script("return document.querySelector('tbody input[name=add]').value").await;
        page.press("Next").await;
        page.wait_for(".preview .pages", "Page 2 of").await;
        page.click("tbody input[name=add]").await;
        page.press("Back").await;
        page.wait_for(".preview .pages", "Page 1 of").await;
        assert_eq!(
            page.count("tbody input[name=add]:not(:checked)").await,
            1,
            "what was ticked off stays so"
        );
        page.fill("#find", "number 4711").await;
        page.keys("\u{e007}").await;
        page.wait_for(".rows", "number 4711").await;
        assert_eq!(lines(&site), before, "Enter in the search imports nothing");
        page.press("Import").await;
        page.wait_for("#result", "added").await;
        let log = std::fs::read_to_string(site.log()).unwrap();
        assert!(
            !log.contains(left_out.as_str().unwrap()),
            "what was ticked off on another page stays out"
        );
        assert!(log.lines().count() > before + 5_000, "{to_add}");
        page.picture("result-large").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_named_like_markup_is_a_film() {
    let name = "<script>document.title='broken'</script><b>&amp;\\\"'";
    let added = format!(
        r#"{{"globalPosition":1,"streamId":"Movie-x-2020","streamPosition":0,"eventType":"Movie_added_to_library","data":"{{\"name\":\"{}\",\"year\":2020,\"runtime\":90,\"overview\":\"<img src=x onerror=alert(1)>\",\"genres\":[\"<i>\"],\"posterRef\":null,\"backdropRef\":null,\"tmdbId\":5,\"tmdbRating\":7.0}}","metadata":"{{}}","timestamp":"2026-01-01T00:00:00.0000000+00:00"}}"#,
        name.replace("\\\"", "\\\\\\\"")
    );
    let site = Site::with(&format!("{added}\n"), Access::Loopback).await;
    visit(&site.url, 1280, async |page| {
        for path in [
            "/library",
            "/library/movies/x-2020",
            "/log",
            "/library?q=%22%3E%3Cscript%3E",
            "/log?stream=%22%3E%3Cscript%3E",
        ] {
            page.open(path).await;
            assert_eq!(
                page.count("main script, main img[src=x], main b b, main i").await,
                0,
                "{path}"
            );
        }
        page.open("/library/movies/x-2020").await;
        assert!(
            page.text("h1")
                .await
                .starts_with("<script>document.title='broken'</script><b>&amp;\"'")
        );
        assert!(
            !page.script("return document.title").await.as_str().unwrap().starts_with("broken")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_is_the_systems_until_the_person_chooses_one() {
    let site = Site::with("", Access::Loopback).await;
    visit(&site.url, 1280, async |page| {
        let dark = async || {
            let colour = page
                .script("return getComputedStyle(document.documentElement).backgroundColor")
                .await;
            colour == "rgb(18, 19, 22)"
        };
        page.prefer("prefers-color-scheme", "dark").await;
        page.open("/settings").await;
        assert!(dark().await);
        page.prefer("prefers-color-scheme", "light").await;
        assert!(!dark().await);
        page.click("#theme-dark").await;
        page.press("Apply").await;
        page.wait_for(".box.good", "Saved").await;
        assert!(dark().await, "the person's own choice");
        page.open("/library").await;
        assert!(dark().await);
    })
    .await;
}

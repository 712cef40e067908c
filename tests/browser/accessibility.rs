//! What axe says of every page, in both themes and on the narrowest screen.

use std::path::Path;

use axum::Router;
use mediatheca_jellyfin_sync::http::Access;
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    browser::{Page, visit},
    site::{Site, serve},
};

/// Fails on any violation that axe finds on the page.
pub async fn check(page: &Page, what: &str) {
    let path = std::env::var("AXE_SCRIPT").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/axe.min.js"),
        Into::into,
    );
    let axe = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; tests/run fetches it", path.display()));
    page.script(&format!("{axe}; window.axe = axe;")).await;
    let run = "const done = arguments[arguments.length - 1]; axe.run(document, { resultTypes: ['violations'] }).then(done, error => done(String(error)));";
    let found = page.script_with(run).await;
    let violations = found["violations"].as_array().unwrap_or_else(|| panic!("{what}: {found}"));
    let told = |violation: &Value| {
        format!("{}: {} {}", violation["id"], violation["help"], violation["nodes"][0]["html"])
    };
    assert!(
        violations.is_empty(),
        "{what}: {:#?}",
        violations.iter().map(told).collect::<Vec<_>>()
    );
}

const PAGES: [&str; 9] = [
    "/settings",
    "/sync",
    "/sync/left-out?reason=not_in_library",
    "/library",
    "/library/movies/the-matrix-1999",
    "/library/series/severance-2022",
    "/history",
    "/log",
    "/nowhere",
];

async fn filled() -> Site {
    let (site, jellyfin) = Site::demo().await;
    site.connect(&jellyfin).await;
    site.service.sync().scan_for_preview(Default::default()).await.unwrap();
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_in_both_themes_and_its_picture_is_left() {
    let site = filled().await;
    visit(&site.url, 1280, async |page| {
        for scheme in ["light", "dark"] {
            page.prefer("prefers-color-scheme", scheme).await;
            for path in PAGES {
                page.open(path).await;
                page.script(
                    "document.querySelectorAll('details').forEach((one) => (one.open = true))",
                )
                .await;
                check(page, &format!("{path} in {scheme}")).await;
                let name =
                    path.split('?').next().unwrap().trim_start_matches('/').replace('/', "-");
                page.picture(&format!("{name}-{scheme}")).await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_the_narrowest_and_the_widest_screen_and_twice_the_size() {
    let site = filled().await;
    for width in [360, 2560] {
        visit(&site.url, width, async |page| {
            for path in PAGES {
                page.open(path).await;
                assert!(page.fits().await, "{path} at {width} px");
                if width == 360 {
                    check(page, &format!("{path} at {width} px")).await;
                }
                let name =
                    path.split('?').next().unwrap().trim_start_matches('/').replace('/', "-");
                page.picture(&format!("{name}-{width}")).await;
            }
        })
        .await;
    }
    // 200 % zoom of a small laptop's window leaves that many pixels of CSS.
    visit(&site.url, 640, async |page| {
        for path in PAGES {
            page.open(path).await;
            assert!(page.fits().await, "{path} at 200 %");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_keeps_the_way_and_a_link_from_another_site_finds_the_cookie() {
    let site = Site::with("", Access::Token(SecretString::from("s3cret"))).await;
    // Another host name is another site; one that links here.
    let link = format!(
        "<!doctype html><title>Elsewhere</title><a href=\"{}/library?q=a\">Library</a>",
        site.url
    );
    let elsewhere = serve(Router::new().fallback(async || axum::response::Html(link)))
        .await
        .replace("127.0.0.1", "localhost");
    visit(&site.url, 1280, async |page| {
        page.open("/library?q=a").await;
        assert_eq!(page.text("h1").await, "Sign in");
        check(page, "sign in").await;
        page.picture("sign-in").await;
        page.fill("#token", "wrong").await;
        page.press("Sign in").await;
        page.wait_for(".box.bad", "MEDIATHECA_API_TOKEN on your server").await;
        page.fill("#token", "s3cret").await;
        page.press("Sign in").await;
        page.wait_for("h1", "Library").await;
        assert_eq!(page.path().await, "/library?q=a");
        assert_eq!(page.script("return document.cookie").await, "", "no script reads the cookie");
        page.script(&format!("location = '{elsewhere}'")).await;
        page.wait_for("a", "Library").await;
        page.press("Library").await;
        page.wait_for("h1", "Library").await;
        page.press("Sign out").await;
        page.wait_for("h1", "Sign in").await;
        page.open("/log").await;
        assert_eq!(page.text("h1").await, "Sign in");
    })
    .await;
}

//! How heavy every page is over 12,000 movies and 50,000 events: a promise in bytes, not in time.

use crate::site::Site;

/// What a browser loads for a page that it sees for the first time, posters apart.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_large_library_stays_below_fifty_kilobytes() {
    let (site, _server) = Site::large().await;
    site.service.sync().scan_for_preview(Default::default()).await.unwrap();
    let client = reqwest::Client::new();
    let get = async |path: &str| {
        let request = client.get(format!("{}{path}", site.url)).header("accept", "text/html");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    let assets = get("/assets/page.css").await.len()
        + get("/assets/page.js").await.len()
        + get("/assets/icon.svg").await.len();
    let paths = [
        "/settings",
        "/sync",
        "/sync/left-out?reason=session_on_that_date",
        "/library",
        "/library?page=100&order=name",
        "/library?watched=partly&kind=series",
        "/library/movies/film-number-7-1957",
        "/library/series/series-number-7-1957",
        "/history",
        "/history?year=2020&page=3",
        "/log",
        "/log?type=Episode_watched&stream=number-7",
    ];
    for path in paths {
        let weight = get(path).await.len() + assets;
        assert!(weight < 50_000, "{path}: {weight} bytes");
    }
}

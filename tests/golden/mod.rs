//! A log, a snapshot, and the exact lines that an import appends: every hard case by its number.
//!
//! The bytes are frozen because Mediatheca reads them and people keep them for decades.

mod by_hand;
mod dates;
mod matching;
mod played;

use std::sync::Arc;

use mediatheca_jellyfin_sync::{
    domain::{snapshot::Snapshot, sync::Preferences, zone::Zone},
    service::{Source, SyncOptions},
};
use serde_json::json;

use crate::support::{
    TestApp,
    lines::LogText,
    scenario::{Seen, given},
};

fn berlin() -> Preferences {
    Preferences { time_zone: Zone::named("Europe/Berlin").unwrap(), ..Preferences::default() }
}

fn matrix() -> LogText {
    LogText::new().movie("the-matrix-1999", "The Matrix", 1999, 603)
}

fn dark() -> LogText {
    LogText::new().series("dark-2017", "Dark", 2017, 70523, 10)
}

fn seen_matrix(date: Option<&str>) -> Seen {
    Seen::new("10.11.11").movie(1, "The Matrix", 1999, "603", date)
}

fn seen_dark(date: Option<&str>) -> Seen {
    seen_dark_without_episodes().episode(2, Some(1), None, date)
}

fn seen_dark_without_episodes() -> Seen {
    Seen::new("10.11.11").series(1, "Dark", 2017, "70523")
}

#[test]
fn the_appended_bytes_of_a_movie_and_two_episodes_in_focus() {
    let log = matrix()
        .series("dark-2017", "Dark", 2017, 70523, 10)
        .event("Movie-the-matrix-1999", "Movie_in_focus_set", json!({}))
        .event("Series-dark-2017", "Series_in_focus_set", json!({}));
    let seen = seen_matrix(Some("2026-03-01T23:30:00.1234567Z"))
        .series(5, "Dark", 2017, "70523")
        .episode(6, Some(1), Some(2), Some("2026-03-02T20:00:00Z"));
    let then = given(log).preferring(&berlin()).when(seen).then(&["add 2026-03-02"; 3]);
    let expected = concat!(
        r#"{"globalPosition":5,"streamId":"Movie-the-matrix-1999","streamPosition":2,"eventType":"Watch_session_recorded","data":"{\"sessionId\":\"7b615800f8d363125cf77ab533cff447\",\"date\":\"2026-03-02\",\"duration\":90,\"friendSlugs\":[]}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000001\",\"lastPlayedDate\":\"2026-03-01T23:30:00.1234567Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
        r#"{"globalPosition":6,"streamId":"Movie-the-matrix-1999","streamPosition":3,"eventType":"Movie_in_focus_cleared","data":"{}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000001\",\"lastPlayedDate\":\"2026-03-01T23:30:00.1234567Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
        r#"{"globalPosition":7,"streamId":"Series-dark-2017","streamPosition":2,"eventType":"Episode_watched","data":"{\"rewatchId\":\"default\",\"seasonNumber\":1,\"episodeNumber\":1,\"date\":\"2026-03-02\"}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000006\",\"lastPlayedDate\":\"2026-03-02T20:00:00Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
        r#"{"globalPosition":8,"streamId":"Series-dark-2017","streamPosition":3,"eventType":"Series_in_focus_cleared","data":"{}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000006\",\"lastPlayedDate\":\"2026-03-02T20:00:00Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
        r#"{"globalPosition":9,"streamId":"Series-dark-2017","streamPosition":4,"eventType":"Episode_watched","data":"{\"rewatchId\":\"default\",\"seasonNumber\":1,\"episodeNumber\":2,\"date\":\"2026-03-02\"}","metadata":"{\"source\":\"jellyfin\",\"via\":\"import\",\"serverId\":\"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e\",\"itemId\":\"00000000000000000000000000000006\",\"lastPlayedDate\":\"2026-03-02T20:00:00Z\",\"dateSource\":\"lastPlayed\",\"commit\":{\"first\":5,\"last\":9}}","timestamp":"2026-11-24T12:00:01.0000000+00:00"}"#,
        "\n",
    );
    assert_eq!(then.appended(), expected);
}

#[tokio::test]
async fn a_saved_snapshot_is_imported_without_a_server() {
    let app = TestApp::with_log(matrix().text()).await;
    let seen = seen_matrix(Some("2024-03-01T20:00:00Z")).snapshot();
    let snapshot = Snapshot::read(seen.to_saved().as_bytes()).unwrap();
    assert_eq!(snapshot, seen);
    let options =
        SyncOptions { source: Source::Saved(Arc::new(snapshot)), ..SyncOptions::default() };
    let report = app.service.sync().import(TestApp::request(), options).await.unwrap();
    assert_eq!((report.movies_added, app.appended(matrix().text()).len()), (1, 1));
}

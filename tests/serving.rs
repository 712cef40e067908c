//! The process that stays: what it answers, what it does by the clock, and what it says of its
//! work.

use std::{fs, path::Path, process::Command};

use mediatheca_jellyfin_sync::demo;
use serde_json::Value;

use crate::support::process::{Serving, begin, command, run_with_input, sample};

fn serve(folder: &Path, more: &[&str]) -> Command {
    let mut command = command(folder);
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(more);
    command
}

/// A store with the sample log, connected to the sample server, which takes a password that is easy
/// to find again.
async fn connected(folder: &Path, every: &str) -> demo::Jellyfin {
    let jellyfin = demo::Jellyfin::start().await.unwrap();
    begin(folder, &sample());
    let url = jellyfin.url();
    let settings =
        ["settings", "set", "--server-url", &url, "--username", "demo", "--password", "--every"];
    let set = run_with_input(folder, &[&settings[..], &[every]].concat(), "demo");
    assert!(set.status.success());
    jellyfin
}

#[test]
fn a_server_answers_on_loopback_and_ends_politely() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(serve(folder.path(), &[]));
    assert!(serving.get("/healthz", "").ends_with("{\"status\":\"ok\"}"));
    assert!(serving.get("/api/settings", "").contains("200 OK"));
    assert_eq!(serving.end().code(), Some(0));
}

/// `serve --every` imports as soon as it starts, since nothing was imported yet, and says when the
/// next one is due.
#[tokio::test(flavor = "multi_thread")]
async fn serving_imports_on_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let _jellyfin = connected(folder, "12h").await;
    let mut serving = Serving::start(serve(folder, &["--every", "5m"]));
    let said = serving.said_until("import").pop().unwrap();
    for part in ["via=schedule", "outcome=complete", "movies=3", "episodes=8", "faults=0"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let answer = serving.get("/api/jellyfin/status", "");
    let status: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(
        (&status["every"], &status["lastImport"]["outcome"]),
        (&"5m".into(), &"complete".into())
    );
    assert!(status["nextDue"].is_string(), "{status}");
    drop(serving);
    let log = fs::read_to_string(folder.join("store/events.jsonl")).unwrap();
    let appended: Vec<&str> = log.strip_prefix(&sample()).unwrap().lines().collect();
    assert!(appended.iter().all(|line| line.contains(r#"\"via\":\"schedule\""#)), "{appended:#?}");
}

const TOKEN: &str = "t0ken-of-this-test";

/// Asks for pages of titles, with a route that doesn't exist and a token in a query among them, as
/// programs get it wrong.
async fn said_of_requests(level: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let _jellyfin = connected(folder.path(), "12h").await;
    let mut command = serve(folder.path(), &[]);
    command
        .env("MEDIATHECA_API_TOKEN", TOKEN)
        .env("MEDIATHECA_LOG", level)
        .env("MEDIATHECA_LOG_FORMAT", "json");
    let mut serving = Serving::start(command);
    let mut said = serving.said_until("import");
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    let title = serving.get("/api/library/movies/the-matrix-1999", &bearer);
    assert!(title.contains("200 OK"), "{title}");
    assert!(serving.get(&format!("/nowhere?token={TOKEN}"), &bearer).contains("404"));
    assert!(serving.get("/library", "").contains("401"));
    fs::write(folder.path().join("store/settings.json"), "{\"jellyfin\":").unwrap();
    assert!(serving.get("/api/settings", &bearer).contains("503"));
    assert!(serving.get("/api/openapi.json", &bearer).contains("200 OK"));
    said.extend(serving.said_until("openapi"));
    said
}

fn fields<'a>(said: &'a [Value], route: &str) -> &'a Value {
    said.iter().find(|line| line["route"] == route).unwrap_or_else(|| panic!("{route}: {said:#?}"))
}

/// Each request with its route, and no line with a secret or a title's name.
#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_day_name_no_title_and_no_secret() {
    let said = said_of_requests("info").await;
    let whole = said.join("\n").to_lowercase();
    for name in ["matrix", "double", "am\u{e9}lie", TOKEN] {
        assert!(!whole.contains(name), "{name}: {whole}");
    }
    let said: Vec<Value> = said.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let title = fields(&said, "/api/library/movies/{slug}");
    assert_eq!(
        (&title["level"], &title["method"], &title["status"]),
        (&"INFO".into(), &"GET".into(), &200.into())
    );
    assert!(title["ms"].is_u64() && title["timestamp"].is_string(), "{title}");
    let unknown = said.iter().filter(|line| line["route"] == "none");
    assert_eq!(unknown.map(|line| &line["status"]).collect::<Vec<_>>(), [404, 401]);
    let failed = fields(&said, "/api/settings");
    assert_eq!((&failed["level"], &failed["code"]), (&"WARN".into(), &"store_unavailable".into()));
    let import = said.iter().find(|line| line["message"] == "import complete").unwrap();
    assert_eq!((&import["movies"], &import["episodes"]), (&3.into(), &8.into()));
}

/// A person who looks for a fault sees the paths and reasons, and still no secret.
#[tokio::test(flavor = "multi_thread")]
async fn debugging_shows_paths_and_reasons_and_no_secret() {
    let whole = said_of_requests("debug").await.join("\n");
    for part in ["/api/library/movies/the-matrix-1999", "settings.json", "/nowhere"] {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    assert!(!whole.contains(TOKEN), "{whole}");
}

#[test]
fn nothing_is_said_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(folder.path(), &[]);
    command.env("MEDIATHECA_LOG", "off");
    let serving = Serving::start(command);
    assert!(serving.get("/api/settings", "").contains("200 OK"));
    assert_eq!(serving.rest(), Vec::<String>::new());
}

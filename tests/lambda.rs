//! Started under Lambda, the binary serves the same routes on both fronts, and imports what is due:
//! every sample invocation, by a runtime interface of the test's.

use std::{
    collections::BTreeSet,
    fs,
    net::Ipv4Addr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::{
    infra,
    support::{
        jellyfin::{gated, scripted, sound},
        lines::LogText,
        runtime::{Answer, RuntimeInterface, invocation},
    },
};

/// The key that the tests' secrets are sealed with.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// The binary, run as Lambda runs it.
struct Function {
    interface: RuntimeInterface,
    process: Child,
    folder: tempfile::TempDir,
}

impl Drop for Function {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Function {
    async fn start(folder: tempfile::TempDir, variables: &[(&str, &str)]) -> Self {
        let interface = RuntimeInterface::start().await;
        let mut command = product(folder.path());
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        let process = interface.introduce(&mut command).spawn().unwrap();
        Self { interface, process, folder }
    }

    fn begin(&self, event: Value, time: Duration) -> usize {
        self.interface.begin(event, time)
    }

    async fn answer_when(&self, id: usize, is_so: impl Fn(&Answer) -> bool) -> Answer {
        self.interface.answer_when(id, is_so).await
    }

    async fn invoke(&self, name: &str) -> Answer {
        self.interface.invoke(invocation(name)).await
    }

    fn document(&self, name: &str) -> Value {
        let file = self.folder.path().join(format!("store/{name}.json"));
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("store/events.jsonl")).unwrap_or_default()
    }
}

pub fn product(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mediatheca-jellyfin-sync"));
    command
        .env_clear()
        .env("MEDIATHECA_STORE", folder.join("store"))
        .env("MEDIATHECA_SECRET_KEY", KEY);
    command
}

fn series() -> LogText {
    LogText::new().series("dark-2017", "Dark", 2017, 70523, 10)
}

/// A folder with a log and a server set up in it.
async fn set_up(jellyfin: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.jsonl");
    fs::write(&file, series().text()).unwrap();
    let begun = product(folder.path()).args(["log", "import"]).arg(file).status().unwrap();
    assert!(begun.success());
    let set = ["settings", "set", "--username", "anna", "--password", "--server-url", jellyfin];
    let mut set = product(folder.path())
        .args(set)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut set.stdin.take().unwrap(), b"correct horse\n").unwrap();
    assert!(set.wait().unwrap().success());
    folder
}

pub const TOKEN: (&str, &str) = ("MEDIATHECA_API_TOKEN", "s3cret");
const STREAMS: (&str, &str) = ("MEDIATHECA_URL_INVOKE_MODE", "RESPONSE_STREAM");

#[test]
fn every_sample_invocation_is_run_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events/invocations");
    let names: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let here = include_str!("lambda.rs");
    for name in names {
        assert!(here.contains(&format!("\"{name}\"")), "{name} is decoration");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_fronts_reach_the_same_routes() {
    let function = Function::start(tempfile::tempdir().unwrap(), &[TOKEN]).await;
    let health = function.invoke("function-url-health").await;
    assert_eq!(
        (&health.json()["statusCode"], health.body()),
        (&json!(200), b"{\"status\":\"ok\"}".to_vec())
    );
    let settings = function.invoke("http-api-settings").await;
    assert_eq!(settings.json()["statusCode"], 200);
    assert_eq!(serde_json::from_slice::<Value>(&settings.body()).unwrap()["timeZone"], "UTC");
    assert_eq!(function.invoke("http-api-no-token").await.json()["statusCode"], 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_only_health_is_answered() {
    let function = Function::start(tempfile::tempdir().unwrap(), &[]).await;
    assert_eq!(function.invoke("function-url-health").await.json()["statusCode"], 200);
    assert_eq!(function.invoke("http-api-settings").await.json()["statusCode"], 401);
}

/// Forms come in Base64, cookies in a list of their own, and go back in one.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_and_is_known_again_on_both_fronts() {
    for streams in [false, true] {
        let mode =
            ("MEDIATHECA_URL_INVOKE_MODE", if streams { "RESPONSE_STREAM" } else { "BUFFERED" });
        let function = Function::start(tempfile::tempdir().unwrap(), &[TOKEN, mode]).await;
        for front in ["function-url", "http-api"] {
            let is_streamed = streams && front == "function-url";
            let signed_in = function
                .invoke(
                    ["function-url-sign-in", "http-api-sign-in"][usize::from(front == "http-api")],
                )
                .await;
            let head = if is_streamed { signed_in.streamed().0 } else { signed_in.json() };
            assert_eq!(
                (&head["statusCode"], &head["headers"]["location"]),
                (&json!(303), &json!("/library")),
                "{front} {head}"
            );
            let cookie = head["cookies"][0].as_str().unwrap();
            for part in ["mediatheca_session=", "HttpOnly", "SameSite=Strict", "Secure"] {
                assert!(cookie.contains(part), "{front}: {cookie}");
            }
            assert!(head["headers"]["set-cookie"].is_null(), "{front}: {head}");
            let name = ["function-url-page-with-cookie", "http-api-page-with-cookie"]
                [usize::from(front == "http-api")];
            let page = function.invoke(name).await;
            let (head, body) =
                if is_streamed { page.streamed() } else { (page.json(), page.body()) };
            assert_eq!(head["statusCode"], 200, "{front}: {head}");
            let body = String::from_utf8(body).unwrap();
            assert!(
                body.contains("<h1>Settings</h1>") && body.contains("data-theme=\"dark\""),
                "{front}: both cookies"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_comes_through_both_fronts_byte_for_byte() {
    let picture: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let bytes = picture.clone();
    let (url, _) = scripted(move |target, _| match target {
        t if t.contains("/Images/Primary") => {
            ([("content-type", "image/webp")], bytes.clone()).into_response()
        }
        t => sound(t),
    })
    .await;
    let function = Function::start(set_up(&url).await, &[TOKEN, STREAMS]).await;
    let (head, body) = function.invoke("function-url-poster").await.streamed();
    assert_eq!((&head["headers"]["content-type"], body == picture), (&json!("image/webp"), true));
    let whole = function.invoke("http-api-poster").await;
    assert_eq!((&whole.json()["isBase64Encoded"], whole.body() == picture), (&json!(true), true));
}

/// The first words of a scan's progress are on their way while Jellyfin still thinks.
#[tokio::test(flavor = "multi_thread")]
async fn progress_is_streamed_where_the_front_allows_and_the_result_comes_whole_where_not() {
    let (url, gate, _) = gated("includeItemTypes=Episode").await;
    let function = Function::start(set_up(&url).await, &[TOKEN, STREAMS]).await;
    let scan = function.begin(invocation("function-url-scan"), Duration::from_secs(30));
    let has = |answer: &Answer, text: &str| String::from_utf8_lossy(&answer.pieces).contains(text);
    let begun = function.answer_when(scan, |answer| has(answer, "event: progress")).await;
    assert!(!begun.ended && !has(&begun, "event: result"), "Jellyfin hasn't answered yet");
    gate.add_permits(1);
    let ended = function.answer_when(scan, |answer| answer.ended).await;
    let (head, body) = ended.streamed();
    assert_eq!(
        (&head["statusCode"], &head["headers"]["content-type"]),
        (&json!(200), &json!("text/event-stream"))
    );
    assert!(String::from_utf8(body).unwrap().contains("event: result\ndata: {\"server\""));
    gate.add_permits(1);
    let whole = function.invoke("http-api-scan").await;
    assert_eq!(
        whole.json()["headers"]["content-type"],
        "application/json",
        "asked for events, told the result"
    );
    assert_eq!(
        serde_json::from_slice::<Value>(&whole.body()).unwrap()["summary"]["episodesToAdd"],
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_imported_and_a_failure_counts_as_the_functions_own() {
    let (url, server) = scripted(|target, _| sound(target)).await;
    let function = Function::start(set_up(&url).await, &[TOKEN, ("MEDIATHECA_EVERY", "30m")]).await;
    let imported = function.invoke("schedule").await;
    assert_eq!((imported.failed, &imported.json()["episodesAdded"]), (false, &json!(1)));
    let log = function.log();
    assert!(log.contains(r#"\"via\":\"schedule\""#), "{log}");
    for event in [invocation("schedule"), infra::schedules_input()] {
        let again = function
            .answer_when(function.begin(event, Duration::from_secs(30)), |answer| answer.ended)
            .await;
        assert_eq!(again.json()["outcome"], "nothing_to_add");
    }
    assert_eq!(function.log(), log);
    assert!(server.count("/Items") > 0);

    let closed = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let function = Function::start(set_up(&format!("http://{closed}")).await, &[TOKEN]).await;
    let failed = function.invoke("schedule").await;
    assert!(failed.failed);
    assert_eq!(failed.json()["errorType"], "jellyfin_unreachable", "what the alarm counts");
    let message = failed.json()["errorMessage"].as_str().unwrap().to_owned();
    assert!(message.contains("Can't reach Jellyfin") && message.contains("/status"), "{message}");
    let function = Function::start(tempfile::tempdir().unwrap(), &[TOKEN]).await;
    assert!(
        !function.invoke("schedule").await.failed,
        "a function that isn't set up yet hasn't failed"
    );
    let unknown = json!({"Records": [{"eventSource": "aws:s3"}]});
    let unknown = function
        .answer_when(function.begin(unknown, Duration::from_secs(30)), |answer| answer.ended)
        .await;
    assert_eq!(
        (unknown.failed, &unknown.json()["errorType"]),
        (true, &json!("unknown_invocation"))
    );
}

/// Case 51: with Jellyfin hanging and three seconds to live, it stops in time, says so, and has
/// written nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_invocations_deadline_is_obeyed() {
    let (url, _shut, _) = gated("/Items").await;
    let function = Function::start(set_up(&url).await, &[TOKEN]).await;
    let log = function.log();
    let began = std::time::Instant::now();
    let scan = function.begin(invocation("http-api-scan"), Duration::from_secs(3));
    let scan = function.answer_when(scan, |answer| answer.ended).await;
    let due = function.begin(invocation("schedule"), Duration::from_secs(3));
    let due = function.answer_when(due, |answer| answer.ended).await;
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "both within their time: {:?}",
        began.elapsed()
    );
    assert_eq!(due.json()["errorType"], "jellyfin_unreachable");
    let problem: Value = serde_json::from_slice(&scan.body()).unwrap();
    let status = function.document("status");
    for said in [&problem["detail"], &status["lastImport"]["failure"]["detail"]] {
        let said = said.as_str().unwrap();
        assert!(
            said.contains("time for this run is nearly up") && said.contains("nothing was written"),
            "{said}"
        );
    }
    assert_eq!(function.log(), log);
}

/// Lambda itself would say no more than "internal server error".
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_long_for_its_front_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(3_000_000);
    let log = LogText::new()
        .movie("a-2000", &long, 2000, 1)
        .movie("b-2000", &long, 2000, 2)
        .movie("c-2000", "C", 2000, 3);
    fs::create_dir(folder.path().join("store")).unwrap();
    fs::write(folder.path().join("store/events.jsonl"), log.text()).unwrap();
    let function = Function::start(folder, &[TOKEN, STREAMS]).await;
    let answer = function.invoke("http-api-whole-log").await;
    let problem: Value = serde_json::from_slice(&answer.body()).unwrap();
    assert_eq!(
        (&answer.json()["statusCode"], &problem["code"]),
        (&json!(500), &json!("answer_too_large"))
    );
    assert_eq!(answer.json()["headers"]["content-type"], "application/problem+json");
    let mut rest = invocation("http-api-whole-log");
    rest["rawQueryString"] = json!("after=2");
    let rest = function
        .answer_when(function.begin(rest, Duration::from_secs(30)), |answer| answer.ended)
        .await;
    assert_eq!(
        rest.body(),
        log.text().lines().last().map(|line| format!("{line}\n")).unwrap().into_bytes()
    );
    let mut streamed = invocation("function-url-health");
    streamed["rawPath"] = json!("/api/events");
    streamed["headers"]["authorization"] = json!("Bearer s3cret");
    let streamed = function
        .answer_when(function.begin(streamed, Duration::from_secs(30)), |answer| answer.ended)
        .await;
    assert!(streamed.streamed().1 == log.text().as_bytes(), "streamed, it has no such limit");
}

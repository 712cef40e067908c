//! The binary under `cargo lambda watch`, the runtime interface that developers use, called by
//! `cargo lambda invoke` and over HTTP. `tests/run` installs the tool.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use mediatheca_jellyfin_sync::demo;
use serde_json::{Value, json};

use crate::lambda::{TOKEN, product};

fn tool() -> PathBuf {
    let installed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/cargo-lambda");
    let tool = std::env::var("MEDIATHECA_TEST_CARGO_LAMBDA").map_or(installed, PathBuf::from);
    assert!(tool.exists(), "{} isn't there: tests/run installs it", tool.display());
    tool
}

/// A port below those that the system hands out, so that no other test gets it in the meantime.
fn free_port() -> u16 {
    (23_000..23_900).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

struct Emulator {
    interface: Child,
    function: Child,
    port: String,
    /// Kept, and with it the pipe that the tool writes to.
    _said: BufReader<std::process::ChildStdout>,
    _folder: tempfile::TempDir,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        for process in [&mut self.function, &mut self.interface] {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Emulator {
    fn start() -> Self {
        let port = free_port().to_string();
        let mut interface = Command::new(tool())
            .args([
                "lambda",
                "watch",
                "--only-lambda-apis",
                "--disable-cors",
                "-A",
                "127.0.0.1",
                "-P",
                &port,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(interface.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("starting Runtime server") {
            line.clear();
            assert!(
                said.read_line(&mut line).unwrap() > 0,
                "the emulator ended before it listened"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            TOKEN,
            ("AWS_LAMBDA_RUNTIME_API", &format!("http://127.0.0.1:{port}/.rt/_")),
            ("AWS_LAMBDA_FUNCTION_NAME", "_"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ];
        let function = product(folder.path()).envs(variables).stdin(Stdio::null()).spawn().unwrap();
        Self { interface, function, port, _said: said, _folder: folder }
    }

    /// What `cargo lambda invoke` prints.
    fn invoke(&self, name: &str) -> Value {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/invocations/{name}.json"));
        let invoked = Command::new(tool())
            .args(["lambda", "invoke", "_", "-A", "127.0.0.1", "-P", &self.port, "--data-file"])
            .arg(file)
            .output()
            .unwrap();
        serde_json::from_slice(&invoked.stdout)
            .unwrap_or_else(|e| panic!("{name}: {e}: {invoked:?}"))
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_answers_under_the_emulator_that_developers_use() {
    let emulator = Emulator::start();
    let expected = [
        ("function-url-health", 200),
        ("http-api-settings", 200),
        ("http-api-no-token", 401),
        ("function-url-sign-in", 303),
        ("http-api-sign-in", 303),
        ("function-url-page-with-cookie", 200),
        ("http-api-page-with-cookie", 200),
        ("http-api-whole-log", 200),
        // Nothing is set up here.
        ("function-url-scan", 409),
        ("http-api-scan", 409),
        ("function-url-poster", 409),
        ("http-api-poster", 409),
    ];
    for (name, status) in expected {
        let answer = emulator.invoke(name);
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
    }
    assert_eq!(emulator.invoke("schedule"), "nothing imported: no Jellyfin server is set up");

    crate::support::app::with_tls();
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let origin = emulator.url("");
    let form = client
        .post(emulator.url("/sign-in"))
        .header("origin", &origin)
        .header("accept", "text/html");
    let form = form
        .header("content-type", "application/x-www-form-urlencoded")
        .body("token=s3cret&to=/log");
    let signed_in = form.send().await.unwrap();
    assert_eq!(
        (signed_in.status().as_u16(), signed_in.headers()["location"].to_str().unwrap()),
        (303, "/log")
    );
    let cookie =
        signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = client
        .get(emulator.url("/log"))
        .header("cookie", cookie)
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("<h1>Log</h1>"));
    let icon = client.get(emulator.url("/assets/icon.svg")).send().await.unwrap();
    assert_eq!(
        icon.bytes().await.unwrap(),
        include_bytes!("../src/http/pages/assets/icon.svg").as_slice()
    );
    let saved = client.put(emulator.url("/api/settings/preferences")).bearer_auth("s3cret");
    let saved: Value = saved
        .json(&json!({"timeZone": "Europe/Vienna"}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(saved["timeZone"], "Europe/Vienna");

    let jellyfin = demo::Jellyfin::start().await.unwrap();
    let begun = client
        .post(emulator.url("/api/events"))
        .bearer_auth("s3cret")
        .body(demo::LOG)
        .send()
        .await
        .unwrap();
    assert_eq!(begun.status(), 200);
    let account = json!({"serverUrl": jellyfin.url(), "username": "demo", "password": "demo"});
    let test = client
        .post(emulator.url("/api/settings/jellyfin/test"))
        .bearer_auth("s3cret")
        .json(&account);
    assert_eq!(test.send().await.unwrap().status(), 200);
    let scan =
        client.post(emulator.url("/api/jellyfin/scan")).bearer_auth("s3cret").send().await.unwrap();
    let scan: Value = scan.json().await.unwrap();
    assert_eq!(
        (&scan["summary"]["moviesToAdd"], &scan["summary"]["episodesToAdd"]),
        (&json!(3), &json!(8)),
        "{scan}"
    );
    let imported = emulator.invoke("schedule");
    assert_eq!(
        (&imported["moviesAdded"], &imported["episodesAdded"]),
        (&json!(3), &json!(8)),
        "{imported}"
    );
}

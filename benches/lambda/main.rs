//! How soon a function answers that has just been started, and how much memory it takes:
//! `benches/lambda/run`.
//!
//! The binary is started as Lambda starts it, by a runtime interface of the bench's own. Beside it
//! stands the floor: the same Rust runtime for Lambda, in a program that answers with a constant.
//! Nothing here fails: a slow machine isn't a broken product. Lambda adds what no program changes:
//! starting a machine and fetching the code.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, dead_code)]

#[path = "../speed/generate.rs"]
mod generate;
#[path = "../../tests/support/runtime.rs"]
mod runtime;
#[path = "../speed/server.rs"]
mod server;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use generate::Size;
use runtime::{RuntimeInterface, invocation};
use serde_json::Value;

/// Set for the process that is the floor.
const FLOOR: &str = "MEDIATHECA_BENCH_FLOOR";
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const ROUNDS: usize = 40;

/// The log of a large home.
const HOME: Size = Size { movies: 10_000, series: 1_000, events: 100_000 };

fn main() {
    if std::env::var_os(FLOOR).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let constant = Router::new()
            .route("/healthz", get(async || axum::Json(serde_json::json!({ "status": "ok" }))));
        runtime.block_on(lambda_http::run(constant)).unwrap();
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(health());
    runtime.block_on(scan());
}

/// A process that is a function, until it is dropped.
struct Function {
    interface: RuntimeInterface,
    process: Child,
    began: Instant,
}

impl Drop for Function {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Function {
    async fn start(mut command: Command, first: Value) -> Self {
        let interface = RuntimeInterface::start().await;
        interface.introduce(&mut command).stdin(Stdio::null()).stderr(Stdio::null());
        interface.begin(first, Duration::from_secs(60));
        let began = Instant::now();
        let process = command.spawn().unwrap();
        Self { interface, process, began }
    }

    /// How long it took from its start to its first whole answer.
    async fn first_answer(&self) -> Duration {
        let answer = self.interface.answer_when(0, |answer| answer.ended).await;
        let took = self.began.elapsed();
        assert!(
            !answer.failed && !String::from_utf8_lossy(&answer.pieces).contains("about:blank"),
            "{:?}",
            answer.json()
        );
        took
    }

    async fn answer(&self, event: &Value) -> Duration {
        let began = Instant::now();
        self.interface.invoke(event.clone()).await;
        began.elapsed()
    }

    /// Peak of its resident memory in MB.
    fn peak_memory(&self) -> f64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0)
            / 1024.0
    }
}

fn product(store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mediatheca-jellyfin-sync"));
    command
        .env_clear()
        .env("MEDIATHECA_STORE", store)
        .env("MEDIATHECA_SECRET_KEY", KEY)
        .env("MEDIATHECA_API_TOKEN", "s3cret");
    // As `infra/template.yaml` has it.
    command.env("MALLOC_ARENA_MAX", "1");
    if let Ok(server) = std::env::var("MEDIATHECA_TEST_S3") {
        command.env("AWS_ENDPOINT_URL_S3", server).env("AWS_ACCESS_KEY_ID", "testkey");
        command.env("AWS_SECRET_ACCESS_KEY", "testsecret");
    }
    command
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

async fn health() {
    println!(
        "start   from the process' start to its first answer to /healthz, median of {ROUNDS}, taken in turn"
    );
    let (mut floors, mut products) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut floor = Command::new(std::env::current_exe().unwrap());
        floor.env_clear().env(FLOOR, "1");
        floors.push(
            Function::start(floor, invocation("function-url-health")).await.first_answer().await,
        );
        let product = product(if std::env::var_os("MEDIATHECA_TEST_S3").is_some() {
            "s3://bucket/home"
        } else {
            "/nowhere"
        });
        products.push(
            Function::start(product, invocation("function-url-health")).await.first_answer().await,
        );
    }
    let (floor, product) = (median(floors), median(products));
    println!("        {floor:>7.2} ms   the floor: the same runtime, answering with a constant");
    println!(
        "        {product:>7.2} ms   the product: {:.2} times that (goal: 1.5)",
        product / floor
    );
}

async fn scan() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.jsonl");
    generate::log(&log, HOME);
    let server = server::Server::start(10_000, 1_000, 50).await;
    let in_a_folder = folder.path().join("store").display().to_string();
    let mut stores = vec![("a folder", in_a_folder)];
    match std::env::var("MEDIATHECA_TEST_S3") {
        Ok(_) => stores.push(("an S3 server", "s3://bench/home".to_owned())),
        Err(_) => println!(
            "        (benches/lambda/run starts an S3 server, and measures the same with the log there)"
        ),
    }
    println!(
        "\nscan    10,000 movies and 50,000 played episodes, a log of 100,000 events, median of 5"
    );
    for (name, store) in stores {
        set_up(&store, &log, &server);
        let (mut first, mut warm, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
        // What a page sends: the answer is kept and shown in parts.
        let mut event = invocation("http-api-sign-in");
        event["rawPath"] = "/sync/scan".into();
        event["headers"]["authorization"] = "Bearer s3cret".into();
        for _ in 0..5 {
            let function = Function::start(product(&store), event.clone()).await;
            first.push(function.first_answer().await);
            for _ in 0..2 {
                warm.push(function.answer(&event).await);
            }
            peaks.push(function.peak_memory());
        }
        let (first, warm) = (median(first), median(warm));
        println!("        {first:>7.0} ms   log in {name}, from the start of the process");
        println!(
            "        {warm:>7.0} ms   warm; the first one takes {:.0} ms more (goal: 150)",
            first - warm
        );
        let peak = peaks.iter().copied().fold(0.0, f64::max);
        println!("        {peak:>7.0} MB   peak of memory over three scans (goal: 128)");
    }
}

/// The log begun and the server connected, by the binary's own commands.
fn set_up(store: &str, log: &Path, server: &server::Server) {
    if let (Some(bucket), Ok(endpoint)) = (
        store.strip_prefix("s3://").and_then(|rest| rest.split('/').next()),
        std::env::var("MEDIATHECA_TEST_S3"),
    ) {
        // SeaweedFS makes a bucket for any caller that signs with its own key.
        let made = Command::new("curl")
            .args([
                "--silent",
                "--fail",
                "--request",
                "PUT",
                "--aws-sigv4",
                "aws:amz:us-east-1:s3",
                "--user",
                "testkey:testsecret",
            ])
            .arg(format!("{endpoint}/{bucket}"))
            .status()
            .unwrap();
        assert!(made.success());
    }
    let begun =
        product(store).args(["log", "import"]).arg(log).stderr(Stdio::null()).status().unwrap();
    assert!(begun.success());
    let credentials =
        ["settings", "set", "--username", "anna", "--password", "--server-url", &server.url];
    let mut set = product(store)
        .args(credentials)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut set.stdin.take().unwrap(), b"pw\n").unwrap();
    assert!(set.wait().unwrap().success());
}

//! How fast it is: `cargo bench --bench speed`, with `-- fold` for one of `fold`, `plan`, `scan`,
//! `append`, `grow`, `pages`.
//!
//! Each figure stands beside what it is measured against, from the same run on the same machine.
//! Nothing here fails: a slow machine isn't a broken product.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod generate;
mod server;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, http::Request};
use chrono::Utc;
use generate::Size;
use mediatheca_jellyfin_sync::{
    domain::{
        events::Via,
        library::Folded,
        sync::{Preferences, plan},
        zone::Zone,
    },
    http::{Access, router},
    service::{Outside, Service, ServiceOptions, SyncOptions},
    store::{LogStore, local::LocalStore, seal::KeySource},
};
use tower::ServiceExt;

/// The log of the fold: as many events and titles as the largest home would have in a lifetime.
const LIFETIME: Size = Size { movies: 5_000, series: 1_000, events: 1_000_000 };

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    fs::create_dir(&store).unwrap();
    let log = store.join("events.jsonl");
    generate::log(&log, LIFETIME);
    println!(
        "a log of {} events, {} MB\n",
        LIFETIME.events,
        fs::metadata(&log).unwrap().len() / 1_000_000
    );
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // First, while the process has held nothing else: its peak of memory is the fold's.
    if is_wanted("fold") {
        runtime.block_on(fold(folder.path(), &log));
    }
    if is_wanted("plan") {
        planning(&log);
    }
    if is_wanted("scan") {
        runtime.block_on(scan(folder.path()));
    }
    if is_wanted("append") {
        runtime.block_on(append(folder.path()));
    }
    if is_wanted("grow") {
        runtime.block_on(grow(folder.path(), &log));
    }
    if is_wanted("pages") {
        runtime.block_on(pages(folder.path()));
    }
}

fn service(folder: &Path, store: &Path) -> Service {
    let store = Arc::new(LocalStore::new(store));
    Service::new(
        store,
        KeySource::File(folder.join("key")),
        Outside::with_clock(Arc::new(Utc::now)),
        ServiceOptions::default(),
    )
}

fn best(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap()
}

async fn fold(folder: &Path, log: &Path) {
    let before = peak_memory();
    let mut times = Vec::new();
    let mut peak = 0;
    for _ in 0..7 {
        let service = service(folder, log.parent().unwrap());
        let began = Instant::now();
        let folded = service.ledger().folded().await.unwrap();
        times.push(began.elapsed());
        assert_eq!(folded.log.events(), LIFETIME.events);
        if times.len() == 1 {
            // Later ones count what the allocator kept of the earlier.
            peak = peak_memory() - before;
        }
    }
    println!(
        "fold    {:>7.0} ms   the whole log, best of {}",
        best(&times).as_secs_f64() * 1e3,
        times.len()
    );
    println!(
        "        {:>7} MB   peak of memory above the process' own (goal: a quarter of the log)",
        peak / 1024
    );
    match duckdb(log) {
        Some(lines) => lines.lines().for_each(|line| println!("        {line}")),
        None => println!("        (to compare: pip install duckdb)"),
    }
    println!();
}

/// What DuckDB needs for three columns of the same file on the same cores, in the same run.
fn duckdb(log: &Path) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/speed/duckdb_columns.py");
    let output = Command::new("python3").arg(script).arg(log).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Peak of the resident memory in kB, where the system says so.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn planning(log: &Path) {
    let folded = Folded::of(&fs::read(log).unwrap()).unwrap();
    let snapshot = generate::snapshot(10_000, 1_000, 50);
    let preferences =
        Preferences { time_zone: Zone::named("Europe/Vienna").unwrap(), ..Preferences::default() };
    let mut times = Vec::new();
    let mut additions = 0;
    for _ in 0..7 {
        let began = Instant::now();
        additions = plan(&folded.library, &snapshot, &preferences).additions.len();
        times.push(began.elapsed());
    }
    println!(
        "plan    {:>7.0} ms   10,000 movies and 50,000 episodes: {additions} additions (goal: 100 ms)\n",
        best(&times).as_secs_f64() * 1e3
    );
}

async fn scan(folder: &Path) {
    let server = server::Server::start(10_000, 1_000, 50).await;
    let store: PathBuf = folder.join("scan");
    let service = service(folder, &store);
    let mut titles = Vec::new();
    generate::titles(&mut titles, LIFETIME);
    service.setup().begin_log(titles).await.unwrap();
    service.setup().test_jellyfin(&server.credentials()).await.unwrap();
    service.sync().scan(SyncOptions::default()).await.unwrap();
    println!(
        "scan    10,000 movies, 1,000 series, 50,000 played episodes: {} requests",
        server.requests_of_a_scan()
    );
    for (pause, what) in [
        (0, "a server that has its answers ready"),
        (100, "one that takes 0.1 s for a page, a fifth of what 10.11 takes"),
    ] {
        server.pause(pause);
        let (mut bare, mut scans) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            bare.push(server.bare_transfer().await);
            let began = Instant::now();
            service.sync().scan(SyncOptions::default()).await.unwrap();
            scans.push(began.elapsed());
        }
        let (bare, scan) = (best(&bare).as_secs_f64(), best(&scans).as_secs_f64());
        println!(
            "        {:>7.0} ms   {what}; bare transfer {:.0} ms, {:.2} times that (goal: 1.3)",
            scan * 1e3,
            bare * 1e3,
            scan / bare
        );
    }
    println!();
}

async fn append(folder: &Path) {
    let path = folder.join("append");
    let store = LocalStore::new(&path);
    let mut titles = Vec::new();
    generate::titles(&mut titles, LIFETIME);
    let own = service(folder, &path);
    own.setup().begin_log(titles).await.unwrap();
    let mut times = Vec::new();
    for round in 0..20 {
        let folded = own.ledger().folded().await.unwrap();
        let commit =
            folded.log.extend(&generate::additions(1_000, round), Via::Import, Utc::now()).unwrap();
        let seen = store.stamp().await.unwrap();
        let began = Instant::now();
        store.append(commit, seen).await.unwrap();
        times.push(began.elapsed());
    }
    println!(
        "append  {:>7.1} ms   a commit of 1,000 events: one write, one sync (count them: benches/README.md)",
        best(&times).as_secs_f64() * 1e3
    );
}

/// Appends of one event to a large log, each followed by what a scan reads of the library.
async fn grow(folder: &Path, log: &Path) {
    const APPENDS: u32 = 1_000;
    let store = folder.join("grow");
    fs::create_dir(&store).unwrap();
    fs::copy(log, store.join("events.jsonl")).unwrap();
    let service = service(folder, &store);
    let mut bare = fs::File::create(folder.join("bare")).unwrap();
    let mut folded = service.ledger().folded().await.unwrap();
    let (mut took, mut yardstick) = (Duration::ZERO, Duration::ZERO);
    for round in 0..APPENDS {
        let began = Instant::now();
        let additions = generate::additions(1, round as i32 + 1_000);
        let commit = folded.log.extend(&additions, Via::Import, Utc::now()).unwrap();
        let lines = commit.lines().to_vec();
        service.ledger().append(&folded, commit).await.unwrap();
        folded = service.ledger().folded().await.unwrap();
        took += began.elapsed();
        let began = Instant::now();
        bare.write_all(&lines).unwrap();
        bare.sync_data().unwrap();
        yardstick += began.elapsed();
    }
    assert_eq!(folded.log.events(), LIFETIME.events + u64::from(APPENDS));
    let (took, yardstick) = (took / APPENDS, yardstick / APPENDS);
    println!(
        "grow    {:>7.2} ms   an append of one event and the library read again, mean of {APPENDS}; \
         bare write and sync {:.2} ms, {:.2} ms beyond that (goal: 1 ms)\n",
        took.as_secs_f64() * 1e3,
        yardstick.as_secs_f64() * 1e3,
        took.saturating_sub(yardstick).as_secs_f64() * 1e3
    );
}

/// Every page, as its handler answers: the first time after a start, and from then on.
async fn pages(folder: &Path) {
    let size = Size { movies: 12_000, series: 500, events: 50_000 };
    let store = folder.join("pages");
    fs::create_dir(&store).unwrap();
    generate::log(&store.join("events.jsonl"), size);
    let server = server::Server::start(12_000, 200, 20).await;
    let prepare = service(folder, &store);
    prepare.setup().test_jellyfin(&server.credentials()).await.unwrap();
    prepare.sync().scan_for_preview(SyncOptions::default()).await.unwrap();
    println!(
        "pages   12,000 movies, 500 series, 50,000 events, a scan of 16,000 plays (goal: 20 ms)"
    );
    for path in [
        "/settings",
        "/sync",
        "/library",
        "/library?q=number+7&order=name",
        "/history",
        "/log",
        "/log?stream=number-7-",
    ] {
        let handler = router(Arc::new(service(folder, &store)), Access::Loopback);
        let answer = async || {
            let request =
                Request::get(path).header("host", "localhost").header("accept", "text/html");
            let began = Instant::now();
            let response =
                handler.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert!(response.status().is_success(), "{path}");
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            (began.elapsed(), body.len())
        };
        let (first, length) = answer().await;
        let mut later = Vec::new();
        for _ in 0..10 {
            later.push(answer().await.0);
        }
        later.sort();
        println!(
            "        {:>7.1} ms   {path}: median of {}; the first after a start {:.1} ms; {length} bytes",
            later[later.len() / 2].as_secs_f64() * 1e3,
            later.len(),
            first.as_secs_f64() * 1e3
        );
    }
}

//! The binary as its users start it.

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::support::{
    Replay,
    lines::LogText,
    process::{begin, code, command, err, out, run, run_with_input, sample},
};

fn snapshot(folder: &Path, movies: usize) -> String {
    let item = |n: usize| {
        serde_json::json!({"id":format!("{n:032x}"),"name":format!("M{n}"),"year":2000,"tmdb":{"id":n + 1},"imdb":null,"played":true,"playCount":1,
            "lastPlayed":{"at":"2024-03-01T20:00:00Z"},"runtimeMinutes":90,"positionMinutes":0,"genres":[]})
    };
    let snapshot = serde_json::json!({"format":1,"server":{"id":"5e".repeat(16),"name":"NAS","version":"10.11.11"},"takenAt":"2026-11-24T12:00:00Z",
        "movies":(0..movies).map(item).collect::<Vec<_>>(),"series":[],"faults":[]});
    let file = folder.join("snapshot.json");
    fs::write(&file, snapshot.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

fn titles(movies: u32) -> String {
    let log = (0..movies).fold(LogText::new(), |log, n| {
        log.movie(&format!("m{n}-2000"), &format!("M{n}"), 2000, n + 1)
    });
    log.text().to_owned()
}

#[test]
fn the_demo_shows_a_scan_and_an_import_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["demo"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let shown = out(&output);
    for part in [
        "The Matrix",
        "Double Lives",
        "Not in your library",
        "Import only adds.",
        "Added 3 watch sessions and 8 episodes",
        "Nothing to add",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_scans_and_imports_from_the_command_line() {
    let replay = Replay::start("12.0", &["sign-in", "libraries", "episodes"]).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    begin(folder, &titles(3).replace("\"tmdbId\\\":1,", "\"tmdbId\\\":603,"));
    let not_yet = run(folder, &["scan"]);
    assert_eq!(code(&not_yet), 1);
    assert!(err(&not_yet).contains("no Jellyfin server is set up"), "{}", err(&not_yet));
    let set = run_with_input(
        folder,
        &[
            "settings",
            "set",
            "--server-url",
            &replay.url(),
            "--username",
            "anna",
            "--password",
            "--time-zone",
            "Europe/Vienna",
        ],
        "correct horse",
    );
    assert!(!out(&set).contains("correct horse"));
    let test = run(folder, &["settings", "test"]);
    assert_eq!(code(&test), 0, "{}", err(&test));
    assert!(err(&test).contains("connected to home (Jellyfin 12.0.0) as anna"), "{}", err(&test));
    let shown: Value = serde_json::from_str(&out(&run(folder, &["settings", "show"]))).unwrap();
    assert_eq!(
        (&shown["timeZone"], &shown["jellyfin"]["hasAccessToken"]),
        (&"Europe/Vienna".into(), &true.into())
    );
    let scan: Value = serde_json::from_str(&out(&run(folder, &["scan", "--json"]))).unwrap();
    assert_eq!(scan["summary"]["moviesToAdd"], 1);
    assert!(out(&run(folder, &["scan"])).contains("2024-03-01"));
    let dry = run(folder, &["import", "--dry-run"]);
    assert_eq!(code(&dry), 0);
    let unasked = run(folder, &["import"]);
    assert_eq!(code(&unasked), 2, "no terminal to ask on");
    assert_eq!(
        out(&run(folder, &["log", "export"])),
        titles(3).replace("\"tmdbId\\\":1,", "\"tmdbId\\\":603,")
    );
    let import = run(folder, &["import", "--yes"]);
    assert_eq!(code(&import), 0, "{}", err(&import));
    assert!(
        out(&import).contains("Added 1 watch session and 0 episodes (events 4 to 4 of your log)"),
        "{}",
        out(&import)
    );
    assert!(out(&run(folder, &["import", "--yes"])).contains("Nothing to add"));
    let saved = folder.join("saved.json");
    assert_eq!(code(&run(folder, &["snapshot", "save", saved.to_str().unwrap()])), 0);
    let replayed = run(folder, &["scan", "--snapshot", saved.to_str().unwrap(), "--json"]);
    let replayed: Value = serde_json::from_str(&out(&replayed)).unwrap();
    assert_eq!(replayed["summary"]["moviesToAdd"], 0);
    let forgotten: Value =
        serde_json::from_str(&out(&run(folder, &["settings", "forget"]))).unwrap();
    assert_eq!(forgotten["jellyfin"]["serverUrl"], Value::Null);
}

#[test]
fn a_saved_snapshot_is_imported_without_a_server_or_settings() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    begin(folder, &titles(5));
    let file = snapshot(folder, 7);
    let excluded = format!("{:032x}", 3);
    let import =
        run(folder, &["import", "--yes", "--json", "--snapshot", &file, "--exclude", &excluded]);
    assert_eq!(code(&import), 0, "{}", err(&import));
    let report: Value = serde_json::from_str(&out(&import)).unwrap();
    assert_eq!(
        (&report["moviesAdded"], &report["unmatched"]["movies"], &report["skipped"]["excluded"]),
        (&4.into(), &2.into(), &1.into())
    );
    fs::write(&file, "{}").unwrap();
    assert_eq!(code(&run(folder, &["scan", "--snapshot", &file])), 1);
}

#[test]
fn the_sample_logs_are_sound_and_each_faulty_one_is_named_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("events/logs");
    let mut checked = 0;
    for file in fs::read_dir(logs).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let check = run(folder.path(), &["log", "check", file.to_str().unwrap()]);
        checked += 1;
        // A faulty log's name says which line it is that can't be read, and why.
        match name.strip_prefix("fault-line-") {
            None => assert_eq!((code(&check), out(&check)), (0, String::new()), "{name}"),
            Some(rest) => {
                let line = rest.split('-').next().unwrap();
                assert_eq!(code(&check), 1, "{name}");
                assert!(
                    out(&check).starts_with(&format!("line {line}: ")),
                    "{name}: {}",
                    out(&check)
                );
                assert_eq!(out(&check).lines().count(), 1, "{name}: {}", out(&check));
            }
        }
    }
    assert!(checked >= 10, "{checked}");
}

#[test]
fn the_log_is_counted_exported_and_begun_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    begin(folder, &sample());
    let stat: Value = serde_json::from_str(&out(&run(folder, &["log", "stat"]))).unwrap();
    assert_eq!(
        (&stat["events"], &stat["movies"], &stat["series"]),
        (&29.into(), &8.into(), &3.into())
    );
    assert_eq!(out(&run(folder, &["log", "export"])), sample());
    assert_eq!(out(&run(folder, &["log", "export", "--after", "28"])).lines().count(), 1);
    let again = run(folder, &["log", "import", folder.join("log.jsonl").to_str().unwrap()]);
    assert_eq!(code(&again), 1);
    assert!(err(&again).contains("already has events"), "{}", err(&again));
    assert_eq!(code(&run(folder, &["log", "check"])), 0);
    fs::write(folder.join("store/events.jsonl"), format!("{}nonsense\n{}", sample(), "{}\n"))
        .unwrap();
    let check = run(folder, &["log", "check"]);
    assert_eq!((code(&check), out(&check).lines().count()), (1, 2), "{}", out(&check));
}

#[test]
fn a_crash_is_told_by_a_check_which_writes_nothing_and_set_aside_by_the_next_import() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    begin(folder, &titles(5));
    run(folder, &["import", "--yes", "--snapshot", &snapshot(folder, 5)]);
    let log = folder.join("store/events.jsonl");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 400]).unwrap();
    let torn = fs::read(&log).unwrap();
    let files = || fs::read_dir(folder.join("store")).unwrap().count();
    let before = files();
    let check = run(folder, &["log", "check"]);
    assert_eq!(code(&check), 0);
    assert!(err(&check).contains("a crash left"), "{}", err(&check));
    assert_eq!(out(&run(folder, &["log", "export"])), titles(5));
    assert_eq!(code(&run(folder, &["log", "stat"])), 0);
    assert_eq!(code(&run(folder, &["scan", "--snapshot", &snapshot(folder, 4)])), 0);
    assert_eq!(fs::read(&log).unwrap(), torn, "looking changes nothing");
    let added_by_the_scan =
        ["links.json"].iter().filter(|file| folder.join("store").join(file).exists()).count();
    assert!(files() <= before + added_by_the_scan, "and sets nothing aside");
    let import = run(folder, &["import", "--yes", "--json", "--snapshot", &snapshot(folder, 4)]);
    assert!(err(&import).contains("a crash left an incomplete commit"), "{}", err(&import));
    let report: Value = serde_json::from_str(&out(&import)).unwrap();
    let aside = fs::read(report["recovered"]["file"].as_str().unwrap()).unwrap();
    assert_eq!([titles(5).as_bytes(), &aside].concat(), torn, "not a byte is lost");
    assert_eq!(report["recovered"]["bytes"], aside.len());
    let status: Value =
        serde_json::from_slice(&fs::read(folder.join("store/status.json")).unwrap()).unwrap();
    assert_eq!(status["recovery"]["bytes"], aside.len());
}

/// Case 27, between processes: one set of events.
#[test]
fn processes_that_import_at_once_add_one_set_of_events() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    begin(folder, &titles(200));
    let file = snapshot(folder, 200);
    let start = || {
        command(folder)
            .args(["import", "--yes", "--json", "--snapshot", &file])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let running: Vec<Child> = (0..6).map(|_| start()).collect();
    let added = |child: Child| {
        let report: Value =
            serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
        report["moviesAdded"].as_u64().unwrap()
    };
    assert_eq!(running.into_iter().map(added).sum::<u64>(), 200);
    assert_eq!(fs::read_to_string(folder.join("store/events.jsonl")).unwrap().lines().count(), 400);
}

/// What was acknowledged is there, once, whenever the process is killed.
#[test]
fn a_process_killed_at_any_moment_leaves_all_of_its_commit_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (titles, file) = (titles(300), snapshot(folder, 300));
    for microseconds in (0..40).map(|n| n * 700) {
        let store = folder.join(format!("store-{microseconds}"));
        fs::create_dir(&store).unwrap();
        fs::write(store.join("events.jsonl"), &titles).unwrap();
        let import = |wait: bool| {
            let mut child = command(folder)
                .env("MEDIATHECA_STORE", &store)
                .args(["import", "--yes", "--json", "--snapshot", &file])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            if !wait {
                let began = std::time::Instant::now();
                while began.elapsed().as_micros() < microseconds {}
                child.kill().unwrap();
            }
            child.wait_with_output().unwrap().stdout
        };
        let acknowledged = !import(false).is_empty();
        // As the product reads it: the kernel may have taken a part of the write, which is torn and
        // no event.
        let export = command(folder)
            .env("MEDIATHECA_STORE", &store)
            .args(["log", "export"])
            .output()
            .unwrap();
        let lines = out(&export).lines().count();
        assert!(lines == 300 || lines == 600, "{lines} lines after {microseconds} µs");
        assert!(!acknowledged || lines == 600, "what was acknowledged is there");
        import(true);
        assert_eq!(
            fs::read_to_string(store.join("events.jsonl")).unwrap().lines().count(),
            600,
            "and once"
        );
    }
}

#[test]
fn an_address_that_others_reach_needs_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("MEDIATHECA_API_TOKEN"), "{}", err(&refused));
}

#[test]
fn wrong_arguments_are_told_from_failures_and_help_is_worth_reading() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&run(folder.path(), &["scna"])), 2);
    let help = run(folder.path(), &["--help"]);
    assert!(out(&help).contains("Exit codes") && out(&help).contains("Never removes"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            out(&run(folder.path(), &["completions", shell])).contains("mediatheca"),
            "{shell}"
        );
    }
}

#[test]
fn a_failure_says_its_cause_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store"), "a file where the folder should be").unwrap();
    let failed = run(folder.path(), &["log", "stat"]);
    assert_eq!(code(&failed), 1);
    let said = err(&failed);
    assert_eq!(said.matches("Not a directory").count(), 1, "{said}");
}

//! The store's contract, its race included, and what a crash may leave behind.

use std::{io::Read, num::NonZero, path::Path, sync::Arc};

use mediatheca_jellyfin_sync::{
    domain::{
        events::{
            Addition, Commit, ExtendError, Focus, Origin, PlacedAddition, Via, WatchedEpisodeToAdd,
            WholeLog,
        },
        ids::{EpisodeNumber, StreamId},
        library::Folded,
        time::WatchDate,
    },
    service::{Outside, Service, ServiceOptions},
    store::{
        Appended, DocumentStore, LogBytes, LogStore, Stamp, Store, StoreError, Torn,
        local::LocalStore, memory::MemoryStore, seal::KeySource,
    },
};

use crate::support::lines::LogText;

pub fn begin() -> LogText {
    LogText::new().series("dark-2017", "Dark", 2017, 70523, 3)
}

pub async fn read(store: &dyn Store) -> Vec<u8> {
    read_stamped(store).await.0
}

/// The log, and how it looked when it was read.
async fn read_stamped(store: &dyn Store) -> (Vec<u8>, Stamp) {
    let log = store.read().await.unwrap();
    assert_eq!(log.start, 0);
    let stamp = log.stamp.clone();
    (bytes_of(log).await, stamp)
}

async fn bytes_of(mut log: LogBytes) -> Vec<u8> {
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        log.reader.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, log.length - log.start);
        bytes
    });
    read.await.unwrap()
}

/// Appends to the log as it looks now.
pub async fn append(store: &dyn Store, commit: Commit) -> Result<Option<Torn>, StoreError> {
    let seen = store.stamp().await?;
    store.append(commit, seen).await.map(|Appended { torn, .. }| torn)
}

/// A stamp, for a store that must refuse before it looks at one.
pub async fn any_stamp() -> Stamp {
    MemoryStore::new().stamp().await.unwrap()
}

pub fn whole(log: &str) -> WholeLog {
    WholeLog::new(log.into(), &Folded::of(log.as_bytes()).unwrap().log).unwrap()
}

/// A commit of some watched episodes on top of a log.
pub fn commit(log: &[u8], writer: i32, events: i32) -> Commit {
    let log = Folded::of(log).unwrap().log;
    log.extend(&watches(writer, events), Via::Import, "2026-11-24T12:00:00Z".parse().unwrap())
        .unwrap()
}

fn watches(writer: i32, events: i32) -> Vec<PlacedAddition> {
    let watch = |episode| PlacedAddition {
        stream: StreamId::from_log("Series-dark-2017"),
        addition: Addition::EpisodeWatched(
            WatchedEpisodeToAdd {
                rewatch: "default".into(),
                number: EpisodeNumber { season: writer, episode },
                date: WatchDate::parse("2026-01-01").unwrap(),
            },
            Focus::Stays,
        ),
        origin: Origin {
            server: "a".repeat(32).try_into().unwrap(),
            item: "b".repeat(32).try_into().unwrap(),
            played_at: None,
        },
    };
    (1..=events).map(watch).collect()
}

/// What every home of a log promises.
pub async fn contract(store: Arc<dyn Store>) {
    assert!(read(&*store).await.is_empty(), "no log yet is an empty log");
    store.begin(whole(begin().text())).await.unwrap();
    assert_eq!(read(&*store).await, begin().text().as_bytes());
    assert!(matches!(store.begin(whole(begin().text())).await, Err(StoreError::NotEmpty)));

    let first = commit(begin().text().as_bytes(), 1, 3);
    let stamp = store.stamp().await.unwrap();
    let appended = store.append(first.clone(), stamp.clone()).await.unwrap();
    assert_ne!(appended.stamp, stamp);
    assert_eq!(appended, Appended { stamp: store.stamp().await.unwrap(), torn: None });
    let (log, read_at) = read_stamped(&*store).await;
    assert_eq!(read_at, appended.stamp);
    assert_eq!(log, [begin().text().as_bytes(), first.lines()].concat());
    for seen in [stamp.clone(), appended.stamp.clone()] {
        assert!(
            matches!(store.append(first.clone(), seen).await, Err(StoreError::Conflict(_))),
            "planned on a head that is gone"
        );
    }
    let second = commit(&log, 2, 1);
    assert!(
        matches!(store.append(second.clone(), stamp.clone()).await, Err(StoreError::Conflict(_))),
        "planned on a look that is gone"
    );
    assert_eq!(read(&*store).await, log);

    reading_goes_on(&*store, &log, appended.stamp, second).await;
    documents(&*store).await;
}

/// After an append, another reader gets the lines behind its place alone.
async fn reading_goes_on(store: &dyn Store, log: &[u8], seen: Stamp, next: Commit) {
    let place = log.len() as u64;
    let nothing_new = store.read_from(seen.clone(), place).await.unwrap();
    assert_eq!((nothing_new.start, nothing_new.length), (place, place));
    assert!(bytes_of(nothing_new).await.is_empty());
    let appended = store.append(next.clone(), seen.clone()).await.unwrap();
    let grown = store.read_from(seen.clone(), place).await.unwrap();
    assert_eq!((grown.start, &grown.stamp), (place, &appended.stamp));
    assert_eq!(bytes_of(grown).await, next.lines());
    let beyond = store.read_from(seen, place + 1_000_000).await.unwrap();
    assert_eq!(beyond.start, 0, "no log reaches that far, so it isn't the one that was read");
    assert_eq!(bytes_of(beyond).await, [log, next.lines()].concat());
}

async fn documents(store: &dyn Store) {
    assert!(store.get("settings").await.unwrap().is_none());
    store.replace("settings", None, b"{\"a\":1}".into()).await.unwrap();
    assert!(matches!(
        store.replace("settings", None, b"{}".into()).await,
        Err(StoreError::Conflict(_))
    ));
    let document = store.get("settings").await.unwrap().unwrap();
    assert_eq!(document.bytes, b"{\"a\":1}");
    store.replace("settings", Some(document.version.clone()), b"{\"a\":2}".into()).await.unwrap();
    assert!(matches!(
        store.replace("settings", Some(document.version), b"{}".into()).await,
        Err(StoreError::Conflict(_))
    ));
    assert_eq!(store.get("settings").await.unwrap().unwrap().bytes, b"{\"a\":2}");
    assert!(store.get("status").await.unwrap().is_none());
}

/// Case 27: eight writers over stores of their own, as eight processes are, each adding until its
/// own are in; every acknowledged event is there once, without a gap.
pub async fn race(open: impl Fn() -> Arc<dyn Store>, commits: i32) {
    let store = open();
    let before = Folded::of(&read(&*store).await).unwrap().log.events();
    let writers = (10..18).map(|writer| {
        let store = open();
        tokio::spawn(async move {
            for round in 0..commits / 8 {
                loop {
                    let (log, seen) = read_stamped(&*store).await;
                    match store.append(commit(&log, writer * 1_000 + round, 2), seen).await {
                        Ok(_) => break,
                        Err(StoreError::Conflict(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let log = read(&*store).await;
    let folded = Folded::of(&log).unwrap();
    assert_eq!(folded.log.events() - before, u64::from(commits as u32) / 8 * 8 * 2);
    assert_eq!(folded.log.head().position.0, folded.log.events(), "positions without a gap");
    let series = folded.library.series().next().unwrap();
    assert_eq!(
        series.default_rewatch().watched.len() as u64,
        folded.log.events() - 1,
        "every one once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract(Arc::new(LocalStore::new(folder.path()))).await;
    race(|| Arc::new(LocalStore::new(folder.path())), 504).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    let store = MemoryStore::new();
    contract(Arc::new(store.clone())).await;
    race(|| Arc::new(store.clone()), 504).await;
}

/// Puts other bytes into the log's file.
type ByHand = Box<dyn Fn(&[u8])>;

/// A folder and memory, each with a way to change the log behind the store's back.
fn homes(folder: &Path) -> Vec<(Arc<dyn Store>, ByHand)> {
    let (memory, file) = (MemoryStore::new(), folder.join("events.jsonl"));
    let by_hand = memory.clone();
    vec![
        (
            Arc::new(LocalStore::new(folder)),
            Box::new(move |log: &[u8]| std::fs::write(&file, log).unwrap()),
        ),
        (Arc::new(memory), Box::new(move |log: &[u8]| by_hand.overwrite(log.to_vec()))),
    ]
}

/// Case 76: what a person did to the log between the plan and the append is never written over.
#[tokio::test]
async fn a_log_touched_by_hand_to_the_same_length_is_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = two_commits();
    let touched = String::from_utf8(log.clone()).unwrap().replace("2026-01-01", "2026-01-02");
    assert_eq!(touched.len(), log.len());
    for (store, by_hand) in homes(folder.path()) {
        by_hand(&log);
        let (planned, seen) = read_stamped(&*store).await;
        by_hand(touched.as_bytes());
        let refused = store.append(commit(&planned, 9, 1), seen.clone()).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        assert_eq!(read(&*store).await, touched.as_bytes());
        let whole = store.read_from(seen, log.len() as u64).await.unwrap();
        assert_eq!(whole.start, 0, "a log that changed behind the reader's place is read whole");
        append(&*store, commit(touched.as_bytes(), 9, 1)).await.unwrap();
    }
}

/// An edit that changes a line and adds one makes the log longer, and isn't growth.
#[tokio::test]
async fn a_log_that_was_edited_and_grew_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = two_commits();
    let mut edited = String::from_utf8(log.clone()).unwrap().replace("2026-01-01", "2026-01-02");
    edited.push_str(str::from_utf8(commit(&log, 9, 1).lines()).unwrap());
    for (store, by_hand) in homes(folder.path()) {
        by_hand(&log);
        let (_, seen) = read_stamped(&*store).await;
        by_hand(edited.as_bytes());
        append(&*store, commit(edited.as_bytes(), 10, 1)).await.unwrap();
        let whole = store.read_from(seen, log.len() as u64).await.unwrap();
        assert_eq!(whole.start, 0);
    }
}

/// What a crash left is set aside by the append, and a reader goes on behind its place all the
/// same.
#[tokio::test]
async fn reading_goes_on_when_a_torn_commit_was_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (log, acknowledged) = two_commits();
    for (store, by_hand) in homes(folder.path()) {
        by_hand(&log[..log.len() - 5]);
        let (kept, seen) = read_stamped(&*store).await;
        assert_eq!(kept, &log[..acknowledged]);
        let next = commit(&kept, 9, 1);
        let appended = store.append(next.clone(), seen.clone()).await.unwrap();
        assert!(appended.torn.is_some());
        let grown = store.read_from(seen, acknowledged as u64).await.unwrap();
        assert_eq!(grown.start, acknowledged as u64);
        assert_eq!(bytes_of(grown).await, next.lines());
    }
}

/// What the service keeps of the log follows it: its own appends, another process's, and a person's
/// edits.
#[tokio::test]
async fn the_kept_fold_is_always_that_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let at = "2026-11-24T12:00:00Z".parse().unwrap();
    for (store, by_hand) in homes(folder.path()) {
        let key = KeySource::File(folder.path().join("key"));
        let workers = NonZero::new(2).unwrap();
        let options = ServiceOptions { workers, ..ServiceOptions::default() };
        let outside = Outside::with_clock(Arc::new(move || at));
        let service = Service::new(store.clone(), key, outside, options);
        let ledger = service.ledger();
        let follows = async |what: &str| {
            let folded = ledger.folded().await.unwrap();
            assert_eq!(*folded, Folded::of(&read(&*store).await).unwrap(), "{what}");
            folded
        };
        let extend = |folded: &Folded, season| {
            folded.log.extend(&watches(season, 2), Via::Import, at).unwrap()
        };
        by_hand(begin().text().as_bytes());
        let (first, same) = tokio::join!(ledger.folded(), ledger.folded());
        assert!(Arc::ptr_eq(&first.unwrap(), &same.unwrap()), "one caller reads for all");
        let first = follows("read whole").await;
        ledger.append(&first, extend(&first, 1)).await.unwrap();
        let second = follows("its own append").await;
        let refused = ledger.append(&first, extend(&first, 2)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "planned on an older fold");
        append(&*store, extend(&second, 3)).await.unwrap();
        let third = follows("another process's append").await;
        let log = String::from_utf8(read(&*store).await).unwrap();
        by_hand(log.replace("2026-01-01", "2026-01-02").as_bytes());
        let refused = ledger.append(&third, extend(&third, 4)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "touched to the same length");
        follows("an edit").await;
        by_hand(log.trim_end().as_bytes());
        let fifth = follows("the last line feed dropped").await;
        append(&*store, extend(&fifth, 5)).await.unwrap();
        let sixth = follows("an append that brings it back").await;
        by_hand(log.as_bytes());
        follows("lines deleted").await;
        let refused = ledger.append(&sixth, extend(&sixth, 6)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "lines are gone");
    }
}

#[tokio::test]
async fn an_empty_log_begins_with_a_commit_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(&folder.path().join("not/yet/there"));
    store.begin(whole("")).await.unwrap();
    store.begin(whole(begin().text())).await.unwrap();
    assert_eq!(read(&store).await, begin().text().as_bytes());
}

/// A log with two commits behind its beginning: all bytes, and where the last commit begins.
fn two_commits() -> (Vec<u8>, usize) {
    let mut log = begin().text().as_bytes().to_vec();
    let first = commit(&log, 1, 2);
    log.extend_from_slice(first.lines());
    let acknowledged = log.len();
    let second = commit(&log, 2, 3);
    log.extend_from_slice(second.lines());
    (log, acknowledged)
}

fn set_aside(store: &LocalStore) -> Vec<Vec<u8>> {
    store.set_aside().unwrap().iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Case 28, at every byte: a commit that a crash cut within a line is set aside whole, and nothing
/// else differs. Cut between two lines, it may be a person's edit as well: whole lines stay.
#[tokio::test]
async fn a_commit_cut_within_a_line_is_set_aside_and_nothing_acknowledged_differs() {
    let (log, acknowledged) = two_commits();
    for cut in acknowledged..=log.len() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path());
        std::fs::write(folder.path().join("events.jsonl"), &log[..cut]).unwrap();
        let only_whole_lines = log[cut - 1] == b'\n' || log.get(cut) == Some(&b'\n');
        let torn = !only_whole_lines;
        let kept = if torn { &log[..acknowledged] } else { &log[..cut] };
        assert_eq!(read(&store).await, kept, "cut at {cut}: never read as events");
        let recovered = store.recover().await.unwrap();
        assert_eq!(recovered.is_some(), torn, "cut at {cut}: reported");
        assert_eq!(std::fs::read(folder.path().join("events.jsonl")).unwrap(), kept);
        let kept_aside: Vec<Vec<u8>> =
            if torn { vec![log[acknowledged..cut].to_vec()] } else { vec![] };
        assert_eq!(set_aside(&store), kept_aside, "cut at {cut}: not a byte thrown away");
        let events = Folded::of(kept).unwrap().log.events();
        append(&store, commit(kept, 9, 1)).await.unwrap();
        let appended = Folded::of(&read(&store).await).unwrap().log.events();
        assert_eq!(appended, events + 1, "cut at {cut}: the next append isn't glued to it");
    }
}

#[tokio::test]
async fn an_append_sets_a_torn_commit_aside_unasked() {
    let (log, acknowledged) = two_commits();
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    std::fs::write(folder.path().join("events.jsonl"), &log[..log.len() - 5]).unwrap();
    let told = append(&store, commit(&log[..acknowledged], 9, 1)).await.unwrap();
    assert_eq!(told.unwrap().bytes, (log.len() - 5 - acknowledged) as u64);
    assert_eq!(set_aside(&store).len(), 1);
    assert_eq!(Folded::of(&read(&store).await).unwrap().log.events(), 4);
}

#[tokio::test]
async fn a_torn_commit_longer_than_what_is_read_at_first_is_found_too() {
    let log = begin().text().as_bytes().to_vec();
    let large = commit(&log, 2, 2_000);
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    let cut = large.lines().len() - 700;
    std::fs::write(folder.path().join("events.jsonl"), [&log, &large.lines()[..cut]].concat())
        .unwrap();
    assert_eq!(read(&store).await, log);
    assert_eq!(store.recover().await.unwrap().unwrap().bytes, cut as u64);
}

#[tokio::test]
async fn what_another_program_wrote_is_never_taken_for_torn() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    let half_a_line = begin().text()[..begin().text().len() - 20].to_owned();
    let half_behind_it = format!("{}{}", begin().text(), &half_a_line[..40]);
    for log in
        [half_a_line.as_str(), half_behind_it.as_str(), "{\"broken\": true}\n", "no line\n{}"]
    {
        std::fs::write(folder.path().join("events.jsonl"), log).unwrap();
        assert!(store.recover().await.unwrap().is_none());
        assert_eq!(std::fs::read_to_string(folder.path().join("events.jsonl")).unwrap(), log);
        assert!(
            Folded::of(&read(&store).await).is_err(),
            "a fault that is reported, with its line"
        );
    }
}

/// What an editor may do to the end of a log, once its commits were acknowledged.
#[tokio::test]
async fn acknowledged_events_stay_when_the_end_of_the_log_is_touched_by_hand() {
    let (log, _) = two_commits();
    let last_line = log[..log.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let edits: [(&str, &[u8], u64); 3] = [
        ("the last line feed dropped", &log[..log.len() - 1], 6),
        ("the last line deleted", &log[..last_line], 5),
        ("the last line and the line feed before it", &log[..last_line - 1], 5),
    ];
    for (edit, edited, events) in edits {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path());
        std::fs::write(folder.path().join("events.jsonl"), edited).unwrap();
        assert_eq!(store.recover().await.unwrap(), None, "{edit}");
        assert_eq!(
            Folded::of(&read(&store).await).unwrap().log.events(),
            events,
            "{edit}: every whole line counts"
        );
        assert_eq!(append(&store, commit(edited, 9, 1)).await.unwrap(), None, "{edit}");
        let after = read(&store).await;
        assert!(after.starts_with(edited), "{edit}: not a byte is gone");
        assert_eq!(Folded::of(&after).unwrap().log.events(), events + 1, "{edit}");
    }
}

/// Reading a log, torn or not, makes no file and changes none.
#[tokio::test]
async fn reading_writes_nothing() {
    let (log, _) = two_commits();
    for cut in [log.len(), log.len() - 1, log.len() - 30] {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path());
        std::fs::write(folder.path().join("events.jsonl"), &log[..cut]).unwrap();
        read(&store).await;
        store.stamp().await.unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        assert_eq!(files, ["events.jsonl"], "cut at {cut}");
        assert_eq!(std::fs::read(folder.path().join("events.jsonl")).unwrap(), &log[..cut]);
    }
}

/// Case 77: positions are signed 64-bit integers to Mediatheca.
#[test]
fn positions_beyond_what_mediatheca_reads_are_refused_and_never_written() {
    let with = |global: &str, stream: &str| {
        let log = begin()
            .text()
            .replace("\"globalPosition\":1,", &format!("\"globalPosition\":{global},"));
        log.replace("\"streamPosition\":0,", &format!("\"streamPosition\":{stream},"))
    };
    let highest = "9223372036854775807";
    for (global, stream) in
        [("9223372036854775808", "0"), ("18446744073709551615", "0"), ("1", "9223372036854775808")]
    {
        let fault = Folded::of(with(global, stream).as_bytes()).unwrap_err();
        assert!(fault.line == 1 && fault.to_string().contains("9223372036854775807"), "{fault}");
    }
    for (global, stream) in [(highest, "0"), ("9223372036854775806", "0"), ("1", highest)] {
        let log = Folded::of(with(global, stream).as_bytes()).unwrap().log;
        let appended =
            log.extend(&watches(1, 2), Via::Import, "2026-11-24T12:00:00Z".parse().unwrap());
        assert!(matches!(appended, Err(ExtendError::NoPositionLeft { .. })), "{global} {stream}");
    }
    let log = Folded::of(with("9223372036854775805", "0").as_bytes()).unwrap().log;
    let appended =
        log.extend(&watches(1, 2), Via::Import, "2026-11-24T12:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(appended.head().position.0, i64::MAX as u64, "the last ones are used");
}

#[test]
fn a_log_cut_within_a_commit_is_not_taken_for_a_whole_one() {
    let (log, _) = two_commits();
    let end = log.len() - 1 - log[..log.len() - 1].iter().rev().position(|b| *b == b'\n').unwrap();
    let cut = log[..end].to_vec();
    let error = WholeLog::new(cut.clone(), &Folded::of(&cut).unwrap().log).unwrap_err();
    assert!(error.to_string().contains("within a commit"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_alone() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    store.begin(whole(begin().text())).await.unwrap();
    store.replace("settings", None, b"{}".into()).await.unwrap();
    for file in ["events.jsonl", "settings.json"] {
        assert_eq!(
            std::fs::metadata(folder.path().join(file)).unwrap().mode() & 0o077,
            0,
            "{file}"
        );
    }
}

#[tokio::test]
async fn a_disk_that_fails_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(&folder.path().join("store"));
    std::fs::write(folder.path().join("store"), "a file where the folder should be").unwrap();
    let error = store.append(commit(begin().text().as_bytes(), 1, 1), any_stamp().await).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains(&Path::new("store").display().to_string()), "{error}");
}

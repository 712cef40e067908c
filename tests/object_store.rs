//! The log in object storage: the store's contract against a real S3 server, and everything that
//! may happen on the way.
//!
//! `tests/run` starts the server on loopback and says where it is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use axum::{
    Router,
    extract::Request,
    http::{Method, StatusCode},
};
use mediatheca_jellyfin_sync::{
    domain::library::Folded,
    report::JellyfinInput,
    service::{Outside, Service, SyncOptions},
    store::{
        DocumentStore, LogStore, StoreError,
        s3::{S3Access, S3Keys, S3Store},
        seal::KeySource,
    },
};

use crate::{
    store::{any_stamp, append, begin, commit, contract, race, read, whole},
    support::{
        app::{limits, options},
        faults::{Fault, FaultyWay},
        jellyfin::{scripted, sound},
    },
};

const BUCKET: &str = "mediatheca";

fn server() -> String {
    std::env::var("MEDIATHECA_TEST_S3")
        .expect("tests/run starts an S3 server and names it in MEDIATHECA_TEST_S3")
}

fn access(endpoint: &str) -> S3Access {
    let keys = S3Keys {
        access_key_id: "testkey".into(),
        secret_access_key: "testsecret".to_owned().into(),
        session_token: None,
    };
    let access = S3Access::new("us-east-1".into(), keys);
    S3Access {
        endpoint: Some(endpoint.to_owned()),
        path_style: true,
        first_pause: Duration::from_millis(10),
        ..access
    }
}

/// A client of its own, to look past the store.
fn client() -> aws_sdk_s3::Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new("us-east-1"))
        .endpoint_url(server())
        .force_path_style(true)
        .credentials_provider(Credentials::new("testkey", "testsecret", None, None, "tests"));
    aws_sdk_s3::Client::from_conf(config.build())
}

/// A prefix that no other test has, in the bucket.
async fn prefix(name: &str) -> String {
    // Of several that make it, all but one are told that it is there.
    let _ = client().create_bucket().bucket(BUCKET).send().await;
    let unique = tempfile::Builder::new().prefix(name).tempdir().unwrap();
    unique.path().file_name().unwrap().to_str().unwrap().replace('.', "-")
}

fn open(prefix: &str) -> S3Store {
    S3Store::new(BUCKET, prefix, access(&server()))
}

async fn keys(prefix: &str) -> Vec<String> {
    let listed = client().list_objects_v2().bucket(BUCKET).prefix(prefix).send().await.unwrap();
    listed
        .contents()
        .iter()
        .map(|object| object.key().unwrap()[prefix.len() + 1..].to_owned())
        .collect()
}

async fn object(prefix: &str, key: &str) -> Vec<u8> {
    let object =
        client().get_object().bucket(BUCKET).key(format!("{prefix}/{key}")).send().await.unwrap();
    object.body.collect().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bucket_keeps_the_contract() {
    let prefix = prefix("contract").await;
    contract(Arc::new(open(&prefix))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_of_a_bucket_lose_and_double_nothing() {
    let prefix = prefix("race").await;
    open(&prefix).begin(whole(begin().text())).await.unwrap();
    race(|| Arc::new(open(&prefix)), 504).await;
}

/// Appends this many commits of one event, and returns the log.
async fn grow(store: &S3Store, commits: i32) -> Vec<u8> {
    let mut log = read(store).await;
    for writer in 0..commits {
        let next = commit(&log, 1_000 + writer, 1);
        log.extend_from_slice(next.lines());
        append(store, next).await.unwrap();
    }
    log
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_is_what_its_objects_say_one_after_the_other() {
    let prefix = prefix("cat").await;
    let store = open(&prefix);
    store.begin(whole(begin().text())).await.unwrap();
    let log = grow(&store, 3).await;
    let keys = keys(&prefix).await;
    let commits: Vec<&String> = keys.iter().filter(|key| key.starts_with("commits/")).collect();
    assert_eq!(commits.len(), 4, "an object a commit");
    let mut concatenated = Vec::new();
    for key in commits {
        concatenated.extend(object(&prefix, key).await);
    }
    assert_eq!(concatenated, log);
    let others: Vec<&String> = keys.iter().filter(|key| !key.starts_with("commits/")).collect();
    assert_eq!(
        others,
        ["check/conditions"],
        "a whole log, a few commits, and the look at the server: nothing else"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_commits_are_packed_and_read_in_few_requests() {
    let prefix = prefix("packs").await;
    let store = open(&prefix);
    let way = FaultyWay::to(&server()).await;
    store.begin(whole(begin().text())).await.unwrap();
    let log = grow(&store, 40).await;
    let before = keys(&prefix).await;
    assert_eq!(read(&store).await, log, "the reader that packs");
    let added: Vec<String> =
        keys(&prefix).await.into_iter().filter(|key| !before.contains(key)).collect();
    assert_eq!(added, ["packs/00000000000000000001-00000000000000000041.jsonl"]);
    assert_eq!(object(&prefix, &added[0]).await, log, "a pack says the same bytes as its commits");
    let log = grow(&store, 2).await;
    let through = S3Store::new(BUCKET, &prefix, access(&way.url));
    assert_eq!(read(&through).await, log, "a reader that begins with packs");
    assert_eq!(way.seen(&Method::GET, &format!("{prefix}/packs/0")), 1);
    assert_eq!(way.seen(&Method::GET, &format!("{prefix}/commits/0")), 2, "those behind the pack");
    let log = grow(&through, 1).await;
    assert_eq!(read(&store).await, log, "one that read before the pack was made goes on");
    assert!(before.iter().all(|key| !key.starts_with("packs/")));
}

/// A log that an empty store began with may be larger than what is packed in memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_large_beginning_stays_an_object_of_its_own() {
    let prefix = prefix("large").await;
    let store = open(&prefix);
    let large = "x".repeat(1_100_000);
    let log = begin().movie("long-2000", &large, 2000, 5);
    store.begin(whole(log.text())).await.unwrap();
    let log = grow(&store, 33).await;
    assert_eq!(read(&store).await, log);
    let packs: Vec<String> =
        keys(&prefix).await.into_iter().filter(|key| key.starts_with("packs/")).collect();
    assert_eq!(packs, ["packs/00000000000000000003-00000000000000000035.jsonl"]);
    assert_eq!(read(&open(&prefix)).await, log, "what lies before the first pack is found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_listing_that_pages_is_read_to_its_end() {
    let prefix = prefix("pages").await;
    let open = || S3Store::new(BUCKET, &prefix, S3Access { page: 3, ..access(&server()) });
    let store = open();
    store.begin(whole(begin().text())).await.unwrap();
    let log = grow(&store, 36).await;
    assert_eq!(read(&store).await, log);
    let again = open();
    let grown = grow(&again, 7).await;
    assert!(grown.starts_with(&log));
    assert_eq!(Folded::of(&grown).unwrap().log.events(), 1 + 36 + 7);
}

const SLOW_DOWN: Fault = Fault::Answer(StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
const BROKEN: Fault = Fault::Answer(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
const MEETING: Fault = Fault::Answer(StatusCode::CONFLICT, "ConditionalRequestConflict");

/// A store behind a way on which things go wrong, and the same store by a way without.
async fn faulty(name: &str) -> (FaultyWay, S3Store, S3Store) {
    let prefix = prefix(name).await;
    let way = FaultyWay::to(&server()).await;
    let impatient = S3Access { patience: Duration::from_secs(2), ..access(&way.url) };
    let (store, sound) = (S3Store::new(BUCKET, &prefix, impatient), open(&prefix));
    store.begin(whole(begin().text())).await.unwrap();
    (way, store, sound)
}

/// Whatever happens to a write on its way, once it is acknowledged it is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_meets_faults_is_there_exactly_once() {
    let (way, store, sound) = faulty("faults").await;
    let mut log = read(&sound).await;
    let cases: [&[Fault]; 8] = [
        &[BROKEN],
        &[SLOW_DOWN, SLOW_DOWN],
        &[MEETING],
        &[MEETING, BROKEN, MEETING],
        &[Fault::CutBefore],
        &[Fault::CutAfter],
        &[Fault::Silence],
        &[Fault::CutBefore, Fault::CutAfter, SLOW_DOWN],
    ];
    for (round, faults) in cases.into_iter().enumerate() {
        let next = commit(&log, 100 + round as i32, 2);
        way.next(Method::PUT, "/commits/", faults);
        append(&store, next.clone()).await.unwrap_or_else(|e| panic!("{faults:?}: {e}"));
        assert!(way.met_all(), "{faults:?}");
        log.extend_from_slice(next.lines());
        assert_eq!(read(&sound).await, log, "{faults:?}");
    }
}

/// A time-out that leaves it open whether the write was done, with no way to look: an error, and
/// the next attempt finds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_with_an_unknown_outcome_is_found_by_the_next_attempt() {
    let (way, store, sound) = faulty("ambiguous").await;
    let log = read(&sound).await;
    let next = commit(&log, 100, 2);
    way.next(Method::PUT, "/commits/", &[Fault::CutAfter, BROKEN, BROKEN, BROKEN]);
    way.next(Method::HEAD, "/commits/", &[BROKEN; 4]);
    let error = append(&store, next.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    assert!(way.met_all());
    assert_eq!(read(&sound).await, [log, next.lines().to_vec()].concat(), "it had landed, once");
    assert!(
        matches!(append(&store, next).await, Err(StoreError::Conflict(_))),
        "so a second one plans again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_never_arrives_is_an_error_and_adds_nothing() {
    let (way, store, sound) = faulty("never").await;
    let log = read(&sound).await;
    way.next(Method::PUT, "/commits/", &[Fault::CutBefore, BROKEN, SLOW_DOWN, Fault::CutBefore]);
    let error = append(&store, commit(&log, 100, 2)).await.unwrap_err().to_string();
    assert!(error.contains("writing s3://mediatheca/never"), "{error}");
    assert_eq!(read(&sound).await, log);
    way.next(Method::PUT, "/commits/", &[MEETING; 6]);
    assert!(append(&store, commit(&log, 100, 2)).await.is_err(), "it doesn't try for ever");
    append(&store, commit(&log, 100, 2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_read_through_faults_is_whole() {
    let (way, store, sound) = faulty("reading").await;
    let log = grow(&sound, 5).await;
    for fault in
        [BROKEN, SLOW_DOWN, Fault::CutBefore, Fault::CutAfter, Fault::HalfTheAnswer, Fault::Silence]
    {
        way.next(Method::GET, "/commits/0", &[fault]);
        way.next(Method::GET, "list-type=2", &[fault]);
        assert_eq!(read(&store).await, log, "{fault:?}");
        assert!(way.met_all(), "{fault:?}");
    }
    way.next(Method::GET, "/commits/0", &[BROKEN; 40]);
    let mut begun = store.read().await.unwrap();
    let error = tokio::task::spawn_blocking(move || {
        std::io::copy(&mut begun.reader, &mut std::io::sink()).unwrap_err()
    });
    assert!(error.await.unwrap().to_string().contains("500 InternalError"), "never a shorter log");
    way.heal();
    assert_eq!(read(&store).await, log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_document_is_replaced_once_whatever_happens_to_the_answer() {
    let (way, store, sound) = faulty("documents").await;
    store.replace("settings", None, b"1".into()).await.unwrap();
    for (round, fault) in
        [Fault::CutAfter, Fault::Silence, BROKEN, MEETING, Fault::CutBefore].into_iter().enumerate()
    {
        let was = store.get("settings").await.unwrap().unwrap().version;
        way.next(Method::PUT, "/documents/", &[fault]);
        let bytes = format!("{round}{round}").into_bytes();
        store.replace("settings", Some(was.clone()), bytes.clone()).await.unwrap();
        assert_eq!(sound.get("settings").await.unwrap().unwrap().bytes, bytes, "{fault:?}");
        let late = sound.replace("settings", Some(was), b"late".into()).await;
        assert!(matches!(late, Err(StoreError::Conflict(_))), "{fault:?}: its time is over");
    }
}

/// A role that may list its own prefix alone is told 403 where S3 says 404 to others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_document_that_is_not_there_may_be_called_forbidden() {
    let (way, store, _) = faulty("forbidden").await;
    let forbidden = Fault::Answer(StatusCode::FORBIDDEN, "AccessDenied");
    way.next(Method::GET, "/documents/", &[forbidden]);
    assert!(store.get("settings").await.unwrap().is_none());
    store.replace("settings", None, b"1".into()).await.unwrap();
    way.next(Method::GET, "/documents/settings.json?", &[forbidden]);
    let error = store.get("settings").await.unwrap_err().to_string();
    assert!(
        error.contains("403 AccessDenied"),
        "one that is there and may not be read is an error: {error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_key_is_an_error_without_a_secret() {
    let prefix = prefix("wrong").await;
    let keys = S3Keys {
        access_key_id: "testkey".into(),
        secret_access_key: "n0t-the-secret".to_owned().into(),
        session_token: None,
    };
    let access = S3Access { keys, ..access(&server()) };
    let printed = format!("{access:?}");
    let store = S3Store::new(BUCKET, &prefix, access);
    let error = store.stamp().await.unwrap_err().to_string();
    assert!(error.contains("403 SignatureDoesNotMatch") && error.contains(&prefix), "{error}");
    for text in [printed, error, format!("{store:?}")] {
        assert!(!text.contains("n0t-the-secret"), "{text}");
    }
}

/// A server that keeps objects and ignores a condition.
async fn careless(ignored: &'static str) -> (String, Arc<Mutex<BTreeMap<String, Vec<u8>>>>) {
    let objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
    let kept = objects.clone();
    let put = async move |request: Request| {
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let mut objects = kept.lock().unwrap();
        let is_there = objects.contains_key(parts.uri.path());
        let has = |name: &str| name != ignored && parts.headers.contains_key(name);
        match parts.method {
            // No object has an ETag here.
            Method::PUT if has("if-match") || has("if-none-match") && is_there => {
                StatusCode::PRECONDITION_FAILED
            }
            Method::PUT => {
                objects.insert(parts.uri.path().to_owned(), bytes);
                StatusCode::OK
            }
            _ if is_there => StatusCode::OK,
            _ => StatusCode::NOT_FOUND,
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(put)).await });
    (url, objects)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_ignores_conditions_is_told_to_be_unsafe_and_gets_no_event() {
    for (ignored, said) in [("if-none-match", "`If-None-Match`"), ("if-match", "`If-Match`")] {
        let (url, objects) = careless(ignored).await;
        let store = S3Store::new(BUCKET, "home", access(&url));
        for error in [
            store.recover().await.unwrap_err(),
            store
                .append(commit(begin().text().as_bytes(), 1, 1), any_stamp().await)
                .await
                .unwrap_err(),
            store.replace("settings", None, b"{}".into()).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, StoreError::Unsafe(_)) && error.to_string().contains(said),
                "{error}"
            );
        }
        let arguments = ["serve", "--listen", "127.0.0.1:0"];
        let served = tokio::task::spawn_blocking(move || {
            product_at(&url, "s3://mediatheca/home", true, &arguments)
        })
        .await
        .unwrap();
        assert_eq!(served.status.code(), Some(1), "told at the start, before anything can be lost");
        assert!(String::from_utf8_lossy(&served.stderr).contains(said), "{served:?}");
        let kept: Vec<String> = objects.lock().unwrap().keys().cloned().collect();
        assert_eq!(kept, ["/mediatheca/home/check/conditions"]);
    }
}

fn product(store: &str, keys: bool, arguments: &[&str]) -> std::process::Output {
    product_at(&server(), store, keys, arguments)
}

fn product_at(endpoint: &str, store: &str, keys: bool, arguments: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mediatheca-jellyfin-sync"));
    let home = tempfile::tempdir().unwrap();
    command
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_ENDPOINT_URL_S3", endpoint)
        .args(["--store", store])
        .args(arguments);
    if keys {
        command.env("AWS_ACCESS_KEY_ID", "testkey").env("AWS_SECRET_ACCESS_KEY", "testsecret");
    }
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_binary_keeps_a_log_in_a_bucket_by_the_variables_of_awss_own_tools() {
    let store = format!("s3://{BUCKET}/{}/home", prefix("binary").await);
    let export = concat!(env!("CARGO_MANIFEST_DIR"), "/events/logs/mediatheca-export-12.0.jsonl");
    let log = std::fs::read(export).unwrap();
    let begun = product(&store, true, &["log", "import", export]);
    assert!(begun.status.success(), "{begun:?}");
    assert!(product(&store, true, &["log", "export"]).stdout == log, "byte for byte");
    let again = product(&store, true, &["log", "import", export]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("already has events"), "{again:?}");
    let without_keys = product(&store, false, &["log", "stat"]);
    assert_eq!(without_keys.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&without_keys.stderr).contains("set AWS_ACCESS_KEY_ID"),
        "{without_keys:?}"
    );
    let nowhere = product("s3://no-such-bucket/home", true, &["log", "stat"]);
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("404 NoSuchBucket"), "{nowhere:?}");
    let settings = product("s3://no-such-bucket/home", true, &["settings", "show"]);
    assert!(
        String::from_utf8_lossy(&settings.stderr).contains("404 NoSuchBucket"),
        "no settings were written: {settings:?}"
    );
    let typo = product("s3://bucket//home", true, &["log", "stat"]);
    assert_eq!(typo.status.code(), Some(2), "{typo:?}");
}

/// What a run costs in requests: the README's figures rest on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_import_that_finds_nothing_new_asks_for_little() {
    let prefix = prefix("cost").await;
    let way = FaultyWay::to(&server()).await;
    let (url, _) = scripted(|target, _| sound(target)).await;
    let folder = tempfile::tempdir().unwrap();
    let service = || {
        let store = Arc::new(S3Store::new(BUCKET, &prefix, access(&way.url)));
        let key = KeySource::File(folder.path().join("key"));
        let clock = Arc::new(|| "2026-11-24T12:00:00Z".parse().unwrap());
        Service::new(store, key, Outside::with_clock(clock), options(limits()))
    };
    let first = service();
    first.setup().begin_log(begin().text().into()).await.unwrap();
    let account = JellyfinInput {
        server_url: Some(url),
        username: Some("anna".into()),
        password: Some("correct horse".to_owned().into()),
        accept_invalid_certificates: None,
    };
    first.setup().test_jellyfin(&account).await.unwrap();
    for _ in 0..2 {
        first.schedule().import(SyncOptions::default()).await.unwrap();
    }
    let mut seen = [0; 3];
    let mut since = || {
        let of = |method: &Method, text: &str| way.seen(method, text);
        let now = [
            of(&Method::PUT, ""),
            of(&Method::GET, "list-type=2"),
            of(&Method::GET, "") - of(&Method::GET, "list-type=2"),
        ];
        let since = [0, 1, 2].map(|n| now[n] - seen[n]);
        seen = now;
        since
    };
    since();
    first.schedule().import(SyncOptions::default()).await.unwrap();
    let warm = since();
    service().schedule().import(SyncOptions::default()).await.unwrap();
    let cold = since();
    // Of the cold one's, two puts look whether the server honours conditions, and two gets read the
    // log.
    assert_eq!((warm, cold), ([2, 1, 7], [4, 2, 9]), "puts, lists, gets");
}

//! The binary with 512 MB of memory, against servers that send more than any Jellyfin would.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::support::jellyfin::{Scripted, ok, scripted, sound, without_end};

/// What a server sends in place of a list, or of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    AbsurdTotal,
    EmptyPagesWithoutEnd,
    FullPagesWithoutEnd,
    BodyWithoutEnd,
    GzipBomb,
    EmptyRows,
    DeepNesting,
    LongNames,
}

const TOO_LARGE: &str = "jellyfin_answer_too_large";

/// Each attack, with the code that ends it and a word of the sentence.
const ATTACKS: [(Attack, &str, &str); 8] = [
    (Attack::AbsurdTotal, "jellyfin_error", "movies"),
    (Attack::EmptyPagesWithoutEnd, "jellyfin_error", "movies"),
    (Attack::FullPagesWithoutEnd, TOO_LARGE, "rows"),
    (Attack::BodyWithoutEnd, TOO_LARGE, "64 MB"),
    (Attack::GzipBomb, TOO_LARGE, "unpacked"),
    (Attack::EmptyRows, TOO_LARGE, "rows"),
    (Attack::DeepNesting, TOO_LARGE, "levels"),
    (Attack::LongNames, TOO_LARGE, "64 MB"),
];

/// 3 GB of blanks in 3 MB: the same packed piece again and again.
fn gzip_bomb() -> Vec<u8> {
    static PIECE: OnceLock<Vec<u8>> = OnceLock::new();
    let piece = PIECE.get_or_init(|| {
        let mut piece = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        piece.write_all(&vec![b' '; 16 * 1024 * 1024]).unwrap();
        piece.finish().unwrap()
    });
    piece.repeat(190)
}

fn movie(n: usize, name: &str) -> Value {
    json!({"Id":format!("{n:032x}"),"Name":name,"Type":"Movie","UserData":{"Played":false}})
}

impl Attack {
    fn answer(self, request: usize) -> Response {
        match self {
            Self::AbsurdTotal => ok(
                json!({"Items":[movie(1, "A")],"TotalRecordCount":9_000_000_000_000_000_000_u64}),
            ),
            Self::EmptyPagesWithoutEnd => ok(json!({"Items":[],"TotalRecordCount":100_000_000})),
            Self::FullPagesWithoutEnd => {
                let items: Vec<Value> =
                    (0..2_500).map(|n| movie(request * 2_500 + n, "A")).collect();
                ok(json!({"Items":items,"TotalRecordCount":100_000_000}))
            }
            Self::BodyWithoutEnd => without_end(),
            Self::GzipBomb => ([("content-encoding", "gzip")], gzip_bomb()).into_response(),
            Self::EmptyRows => {
                let rows = "{},".repeat(2_999_999);
                format!("{{\"Items\":[{rows}{{}}],\"TotalRecordCount\":3000000}}").into_response()
            }
            Self::DeepNesting => format!("{{\"Items\":[{}", "[".repeat(1_000_000)).into_response(),
            Self::LongNames => {
                let name = "a".repeat(40 * 1024 * 1024);
                ok(json!({"Items":[movie(1, &name), movie(2, &name)],"TotalRecordCount":2}))
            }
        }
    }
}

fn limited(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_mediatheca-jellyfin-sync");
    command.args(["-c", "ulimit -v 524288; exec \"$0\" \"$@\"", binary]).args(arguments);
    // The rest of the machine's threads need address space too, which isn't memory in use.
    command
        .env_clear()
        .env("HOME", folder)
        .env("MEDIATHECA_STORE", folder.join("store"))
        .env("MALLOC_ARENA_MAX", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(folder: &Path) -> Self {
        let mut child = limited(folder, &["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().rsplit("http://").next().unwrap().to_owned() }
    }

    /// The JSON of an answer.
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1)
            .unwrap_or_else(|e| panic!("{e}: {answer}"))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

async fn hostile(
    attack: Attack,
    is_attacked: fn(&str) -> bool,
) -> (String, std::sync::Arc<Scripted>) {
    let requests = std::sync::atomic::AtomicUsize::new(0);
    scripted(move |target, _| match is_attacked(target) {
        true => attack.answer(requests.fetch_add(1, std::sync::atomic::Ordering::SeqCst)),
        false => sound(target),
    })
    .await
}

fn account(url: &str) -> Value {
    json!({"serverUrl":url,"username":"anna","password":"pw"})
}

/// A scan ends with a sentence that names the list and the bound, and the process goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_without_a_bound_ends_a_scan_and_not_the_process() {
    for (attack, code, word) in ATTACKS {
        let folder = tempfile::tempdir().unwrap();
        let (url, server) =
            hostile(attack, |target| target.contains("includeItemTypes=Movie")).await;
        let serving = Serving::start(folder.path());
        let connected = serving.call("POST", "/api/settings/jellyfin/test", &account(&url));
        assert_eq!(connected["connected"], true, "{attack:?}: {connected}");
        let problem = serving.call("POST", "/api/jellyfin/scan", &Value::Null);
        assert_eq!(problem["code"], code, "{attack:?}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("movies") && detail.contains(word), "{attack:?}: {detail}");
        assert_eq!(serving.call("GET", "/healthz", &Value::Null)["status"], "ok", "{attack:?}");
        assert!(
            server.count("includeItemTypes=Movie") <= 110,
            "{attack:?}: {}",
            server.count("includeItemTypes=Movie")
        );
    }
}

/// A connection test with such a server does no harm either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_test_ends_for_every_answer() {
    for attack in [Attack::BodyWithoutEnd, Attack::GzipBomb, Attack::EmptyRows, Attack::LongNames] {
        for path in ["/System/Info/Public", "AuthenticateByName", "/Users/Me"] {
            let folder = tempfile::tempdir().unwrap();
            let is_attacked: fn(&str) -> bool = match path {
                "/System/Info/Public" => |target| target.contains("/System/Info/Public"),
                "AuthenticateByName" => |target| target.contains("AuthenticateByName"),
                _ => |target| target.contains("/Users/Me"),
            };
            let (url, _) = hostile(attack, is_attacked).await;
            let serving = Serving::start(folder.path());
            let problem = serving.call("POST", "/api/settings/jellyfin/test", &account(&url));
            assert_eq!(problem["code"], TOO_LARGE, "{attack:?} {path}: {problem}");
            assert_eq!(
                serving.call("GET", "/healthz", &Value::Null)["status"],
                "ok",
                "{attack:?} {path}"
            );
        }
    }
}

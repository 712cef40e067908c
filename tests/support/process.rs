//! The binary as its users start it.

use std::{
    fs,
    io::{BufRead, BufReader, Lines, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio},
};

/// The binary over a store of its own, with an environment that says nothing else.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mediatheca-jellyfin-sync"));
    command
        .env_clear()
        .env("HOME", folder)
        .env("MEDIATHECA_STORE", folder.join("store"))
        .stdin(Stdio::null());
    command
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

/// Runs with a first line on standard input, as a password is given.
pub fn run_with_input(folder: &Path, arguments: &[&str], line: &str) -> Output {
    let mut child = command(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
    child.wait_with_output().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// The log that the repository comes with.
pub fn sample() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("events/logs/sample.jsonl"))
        .unwrap()
}

/// Begins the store with a log.
pub fn begin(folder: &Path, log: &str) {
    let file = folder.join("log.jsonl");
    fs::write(&file, log).unwrap();
    assert_eq!(code(&run(folder, &["log", "import", file.to_str().unwrap()])), 0);
}

/// A process that serves, killed when the test is over, however that ends.
pub struct Serving {
    child: Child,
    pub address: String,
    said: Lines<BufReader<ChildStderr>>,
}

impl Serving {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = said.next().unwrap().unwrap();
        let address = first.rsplit("http://").next().unwrap().to_owned();
        Self { child, address, said }
    }

    /// What it says up to a line with that text, which is the last.
    pub fn said_until(&mut self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for line in self.said.by_ref().map(Result::unwrap) {
            let is_last = line.contains(text);
            lines.push(line);
            if is_last {
                return lines;
            }
        }
        panic!("it ended without `{text}`: {lines:#?}");
    }

    /// The whole answer, head and body.
    pub fn get(&self, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = &self.address;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it as a service manager does.
    pub fn end(mut self) -> ExitStatus {
        self.terminate();
        self.child.wait().unwrap()
    }

    /// Ends it, and gives what else it said.
    pub fn rest(mut self) -> Vec<String> {
        self.terminate();
        self.said.by_ref().map(Result::unwrap).collect()
    }

    fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

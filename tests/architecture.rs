//! The house's rules, held by looking at the tree: who may name whom, how long a file may be, what
//! must not be there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The longest function, in lines.
const LONGEST_FUNCTION: usize = 50;

/// What each module may name of the crate; nothing else.
const MAY_NAME: [(&str, &[&str]); 15] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("outbound", &[]),
    ("jellyfin", &["domain", "outbound"]),
    ("tmdb", &["domain", "outbound"]),
    ("report", &["domain"]),
    ("service", &["domain", "report", "jellyfin", "store", "tmdb"]),
    ("http", &["service", "report", "domain"]),
    ("demo", &["report"]),
    ("resident", &["service"]),
    ("cli", &["service", "report", "http", "resident", "demo", "domain", "store"]),
    ("lambda", &["service", "report", "http"]),
    ("config", &[]),
    ("logging", &["config"]),
    ("main", &["cli", "config", "lambda", "logging", "service", "store"]),
];

/// Ranks inside a folder: each file or subfolder, in order, with the siblings that it may name. All
/// of them stand above it in the table, so no circle is possible.
type Ranks = &'static [(&'static str, &'static [&'static str])];

/// The folders that have ranks. Their files name each other by file
/// (`super::error::JellyfinError`), never by what `mod.rs` re-exports.
const RANKS: [(&str, Ranks); 6] = [
    (
        "domain",
        &[
            ("ids", &[]),
            ("zone", &[]),
            ("time", &["zone"]),
            ("events", &["ids", "time"]),
            ("snapshot", &["ids", "time"]),
            ("library", &["events", "ids", "time"]),
            ("sync", &["events", "ids", "library", "snapshot", "time", "zone"]),
        ],
    ),
    (
        "outbound",
        &[
            ("bounds", &[]),
            ("error", &[]),
            ("nesting", &[]),
            ("retry", &[]),
            ("budget", &["bounds"]),
            ("body", &["bounds", "budget", "error"]),
            ("client", &["error"]),
        ],
    ),
    (
        "jellyfin",
        &[
            ("server_url", &[]),
            ("wire", &[]),
            ("limits", &[]),
            ("progress", &[]),
            ("list", &[]),
            ("error", &["server_url"]),
            ("convert", &["wire"]),
            ("page", &["error", "limits", "list"]),
            ("rows", &["convert", "error", "limits", "page", "wire"]),
            ("pictures", &["error", "limits", "server_url"]),
            ("transport", &["error", "limits", "server_url"]),
            ("session", &["error", "transport", "wire"]),
            ("connection", &["error", "limits", "server_url", "session", "transport", "wire"]),
            (
                "lists",
                &[
                    "connection",
                    "convert",
                    "error",
                    "list",
                    "page",
                    "progress",
                    "rows",
                    "transport",
                ],
            ),
            ("by_series", &["convert", "error", "limits", "list", "lists", "page", "progress"]),
            ("played_episodes", &["convert"]),
            (
                "fetch",
                &[
                    "by_series",
                    "connection",
                    "convert",
                    "error",
                    "list",
                    "lists",
                    "played_episodes",
                    "progress",
                ],
            ),
        ],
    ),
    ("tmdb", &[("wire", &[]), ("error", &[]), ("client", &["error", "wire"])]),
    (
        "service",
        &[
            ("error", &[]),
            ("outside", &[]),
            ("interval", &["error"]),
            ("progress", &[]),
            ("documents", &["error"]),
            ("ledger", &["error"]),
            ("account", &["documents", "error", "interval", "outside"]),
            ("journal", &["documents", "error", "outside", "progress"]),
            ("links", &["documents", "error"]),
            ("setup", &["account", "error", "journal", "ledger"]),
            ("pictures", &["account", "error"]),
            (
                "sync",
                &[
                    "account",
                    "documents",
                    "error",
                    "journal",
                    "ledger",
                    "links",
                    "outside",
                    "progress",
                ],
            ),
            ("schedule", &["account", "error", "interval", "journal", "outside", "sync"]),
            ("status", &["account", "error", "journal", "schedule"]),
        ],
    ),
    (
        "http/pages",
        &[
            ("answer", &[]),
            ("choice", &[]),
            ("steps", &[]),
            ("window", &[]),
            ("words", &[]),
            ("assets", &["answer"]),
            ("posters", &["answer"]),
            ("preview", &["posters", "window", "words"]),
            ("shell", &["assets"]),
            ("history", &["answer", "shell", "window", "words"]),
            ("left_out", &["answer", "preview", "shell", "window", "words"]),
            ("library", &["answer", "choice", "posters", "shell", "window", "words"]),
            ("log", &["answer", "choice", "shell", "words"]),
            ("session", &["answer", "shell"]),
            ("settings", &["answer", "choice", "shell", "steps", "words"]),
            ("sync", &["answer", "preview", "shell", "steps", "words"]),
            ("title", &["answer", "posters", "shell", "words"]),
        ],
    ),
];

/// The longest file, in lines: what a reader can hold in the head.
const LONGEST_FILE: usize = 400;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|kind| kind == "rs") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The product's own code of a file: its tests may use what they like.
fn without_tests(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned()
}

/// The top-level module that a file belongs to.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(src()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Modules that a text names after `crate::` or the crate's own name, in a path or in a braced
/// list.
fn named(text: &str) -> Vec<String> {
    ["crate::", "mediatheca_jellyfin_sync::"]
        .into_iter()
        .flat_map(|root| named_after(text, root))
        .collect()
}

/// What a text names directly after a path such as `crate::`, alone or in a braced list, however
/// deep.
fn named_after(text: &str, root: &str) -> Vec<String> {
    let first = |path: &str| path.split("::").next().unwrap().trim().to_owned();
    let paths = paths(text);
    let named = paths.iter().filter_map(|path| path.strip_prefix(root));
    // `super::super::` begins with `super::`, and names something further out.
    named.map(first).filter(|name| name != "super").collect()
}

/// Every path of a text, with the lists of its imports flattened.
fn paths(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for (n, statement) in text.split("use ").enumerate() {
        // What stands before the first `use ` is no import, and what follows an import's semicolon
        // neither.
        let import = statement.split_once(';').filter(|_| n > 0);
        let (tree, behind) = import.unwrap_or(("", statement));
        flatten(tree, "", &mut found);
        rest.push_str(behind);
        rest.push(' ');
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    found.extend(rest.split(|c| !is_part(c)).filter(|word| word.contains("::")).map(str::to_owned));
    found
}

/// The paths of an import's tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn flatten(tree: &str, before: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, list)) = tree.split_once('{') else {
        found.extend((!tree.is_empty()).then(|| format!("{before}{tree}")));
        return;
    };
    let list = list.rsplit_once('}').map_or(list, |(list, _)| list);
    let (mut depth, mut from) = (0, 0);
    for (at, c) in list.char_indices().chain([(list.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                flatten(&list[from..at], &format!("{before}{head}"), found);
                from = at + 1;
            }
            _ => {}
        }
    }
}

#[test]
fn what_a_file_names_is_found_however_it_is_written() {
    let text = "use crate::{a::B, service::{schedule::X, self}};\nfn f() { super::c::g(); crate::service::d::h() }";
    assert_eq!(named_after(text, "crate::service::"), ["schedule", "self", "d"]);
    assert_eq!(named_after(text, "crate::"), ["a", "service", "service", "service"]);
    assert_eq!(named_after(text, "super::"), ["c"]);
    assert_eq!(named_after("use super::super::{e::F};", "super::super::"), ["e"]);
}

/// The code of a file, without comments.
fn code_of(file: &Path) -> String {
    let text = without_tests(file);
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// What a file names of its siblings in a folder with ranks, by its own place in that folder.
fn siblings_named(file: &Path, folder: &str) -> (String, Vec<String>) {
    let inside = file.strip_prefix(src().join(folder)).unwrap();
    let steps: Vec<&str> = inside.iter().map(|step| step.to_str().unwrap()).collect();
    let own = steps[0].trim_end_matches(".rs").to_owned();
    // `a.rs` and `a/mod.rs` are one step below the folder, `a/b.rs` is two.
    let depth = steps.len() - usize::from(steps.len() > 1 && steps.ends_with(&["mod.rs"]));
    let code = code_of(file);
    let by_path = format!("crate::{}::", folder.replace('/', "::"));
    let roots = ["super::".repeat(depth), by_path];
    (own, roots.iter().flat_map(|root| named_after(&code, root)).collect())
}

#[test]
fn dependencies_point_inward() {
    let rules: BTreeMap<_, _> = MAY_NAME.into();
    let mut checked = 0;
    for file in sources(&src()) {
        let module = module_of(&file);
        if module == "lib" {
            continue;
        }
        let may = rules
            .get(module.as_str())
            .unwrap_or_else(|| panic!("no rule for `{module}`: say what it may name"));
        for name in named(&without_tests(&file)) {
            assert!(
                name == module || may.contains(&name.as_str()),
                "{} names `{name}`",
                file.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn inside_a_folder_each_rank_names_only_lower_ones() {
    for (folder, ranks) in RANKS {
        for (at, (file, may)) in ranks.iter().enumerate() {
            for name in *may {
                assert!(
                    ranks[..at].iter().any(|(lower, _)| lower == name),
                    "{folder}/{file} may name `{name}`, which doesn't stand above it in the table"
                );
            }
        }
        let mut checked = 0;
        for file in sources(&src().join(folder)) {
            if file == src().join(folder).join("mod.rs") {
                continue;
            }
            let (own, named) = siblings_named(&file, folder);
            let (_, may) = ranks
                .iter()
                .find(|(rank, _)| *rank == own)
                .unwrap_or_else(|| panic!("no rank for {folder}/{own}: say what it may name"));
            for name in named {
                assert!(
                    name == own || may.contains(&name.as_str()),
                    "{} names `{name}`",
                    file.display()
                );
                checked += 1;
            }
        }
        assert!(checked > 0, "{folder} names nothing: is it still there?");
    }
}

#[test]
fn the_domain_has_no_clock_network_disk_environment_or_randomness() {
    let banned = [
        "std::fs",
        "std::net",
        "std::env",
        "std::io",
        "tokio",
        "reqwest",
        "axum",
        "getrandom",
        "Utc::now",
        "Instant::now",
        "SystemTime",
        "async ",
        "println!",
    ];
    for file in sources(&src().join("domain")) {
        let text = without_tests(&file);
        for word in banned {
            assert!(!text.contains(word), "{} has `{word}`", file.display());
        }
    }
}

#[test]
fn what_the_sync_adds_has_no_word_for_removing_or_changing() {
    let text = fs::read_to_string(src().join("domain/events/addition.rs")).unwrap();
    let (_, body) = text.split_once("pub enum Addition {").unwrap();
    let variants: Vec<&str> = body
        .split('}')
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.trim().split('(').next())
        .collect();
    let variants: Vec<&str> =
        variants.into_iter().filter(|line| !line.starts_with("//") && !line.is_empty()).collect();
    assert_eq!(variants, ["MovieAdded", "SeriesAdded", "WatchSessionRecorded", "EpisodeWatched"]);
    let store = fs::read_to_string(src().join("store/mod.rs")).unwrap();
    let (_, log_store) = store.split_once("pub trait LogStore").unwrap();
    let methods: Vec<&str> = log_store
        .split("\n}")
        .next()
        .unwrap()
        .match_indices("fn ")
        .map(|(at, _)| log_store[at + 3..].split('(').next().unwrap())
        .collect();
    assert_eq!(
        methods,
        ["read", "read_from", "stamp", "append", "begin", "recover"],
        "no put, delete, rename or truncate"
    );
}

#[test]
fn events_can_be_decoded_and_never_encoded() {
    for file in ["movie.rs", "series.rs"] {
        assert!(
            !fs::read_to_string(src().join("domain/events").join(file))
                .unwrap()
                .contains("Serialize"),
            "{file}"
        );
    }
}

#[test]
fn files_stay_small_enough_to_hold_in_the_head() {
    for file in sources(&src()) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{} has {lines} lines: split it along a seam that has a name",
            file.display()
        );
    }
}

/// A comment isn't wrapped by the formatter.
#[test]
fn no_comment_is_wider_than_the_code() {
    for file in sources(&src()) {
        let text = fs::read_to_string(&file).unwrap();
        let is_wide =
            |line: &&str| line.trim_start().starts_with("//") && line.chars().count() > 100;
        assert_eq!(text.lines().find(is_wide), None, "{}", file.display());
    }
}

/// Each function of a formatted text, tests apart, with its length in lines.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let head = line.trim_start();
        let is_qualifier = |word: &str| {
            word.starts_with("pub") || word.ends_with(')') || ["const", "async"].contains(&word)
        };
        let at = head.find("fn ").filter(|at| head[..*at].split_whitespace().all(is_qualifier));
        let Some(at) = at else { continue };
        let name = head[at + 3..].split(['(', '<']).next().unwrap().to_owned();
        let end = format!("{}}}", &line[..line.len() - head.len()]);
        let is_over = |other: &str| other == end || (other == *line && line.ends_with('}'));
        // A signature without a body, as in a trait, ends before anything else does.
        let has_body = !lines[first..]
            .iter()
            .find(|line| line.ends_with([';', '{', '}']))
            .is_some_and(|line| line.ends_with(';'));
        let length = lines[first..].iter().position(|other| is_over(other));
        found.extend(length.filter(|_| has_body).map(|length| (name, length + 1)));
    }
    found
}

#[test]
fn functions_do_one_thing() {
    let mut counted = 0;
    for file in sources(&src()) {
        for (name, lines) in functions(&without_tests(&file)) {
            counted += 1;
            assert!(lines <= LONGEST_FUNCTION, "{}: `{name}` has {lines} lines", file.display());
        }
    }
    assert!(counted > 500, "{counted}");
    let long =
        format!("    pub(super) async fn long(\n    ) {{\n{}    }}\n", "        a;\n".repeat(60));
    assert_eq!(functions(&long), [("long".to_owned(), 63)]);
}

#[test]
fn no_module_is_called_by_a_name_that_says_nothing() {
    for file in sources(&src()) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(
            !["utils", "util", "helpers", "helper", "manager", "common", "misc"].contains(&name),
            "{}",
            file.display()
        );
    }
}

/// What is an answer in JSON has no clock, network, disk or environment either.
#[test]
fn reports_are_pure() {
    for file in sources(&src().join("report")) {
        let text = without_tests(&file);
        for word in
            ["std::fs", "std::net", "std::env", "tokio", "reqwest", "axum", "Utc::now", "async "]
        {
            assert!(!text.contains(word), "{} has `{word}`", file.display());
        }
    }
}

/// Lambda is known to one module: the handler is the same everywhere.
#[test]
fn the_handler_knows_nothing_of_lambda() {
    for file in sources(&src().join("http")) {
        assert!(!without_tests(&file).contains("lambda_http"), "{}", file.display());
    }
}

//! The house's rules, held by looking at the tree: who may name whom, how long a file may be, what must not be there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What each module may name of the crate; nothing else.
const MAY_NAME: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("jellyfin", &["domain"]),
    ("tmdb", &["domain"]),
    ("service", &["domain", "jellyfin", "store", "tmdb"]),
    ("http", &["service", "domain"]),
    ("demo", &["service"]),
    ("cli", &["service", "http", "demo", "domain", "store"]),
    ("lambda", &["service", "http"]),
    ("config", &[]),
    ("main", &["cli", "config", "jellyfin", "lambda", "service", "store"]),
];

/// A file that a reader can hold in the head, tests apart.
const LONGEST_FILE: usize = 500;

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

/// Modules that a text names after `crate::` or the crate's own name, in a path or in a braced list.
fn named(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    for root in ["crate::", "mediatheca_jellyfin_sync::"] {
        for (at, _) in text.match_indices(root) {
            let rest = &text[at + root.len()..];
            match rest.strip_prefix('{') {
                None => named.push(
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .next()
                        .unwrap()
                        .to_owned(),
                ),
                Some(list) => {
                    let mut depth = 0;
                    let mut word = String::new();
                    for c in list.chars() {
                        match c {
                            '{' => depth += 1,
                            '}' if depth == 0 => break,
                            '}' => depth -= 1,
                            ',' if depth == 0 => named.push(std::mem::take(&mut word)),
                            c if depth == 0 => word.push(c),
                            _ => {}
                        }
                    }
                    named.push(word);
                }
            }
        }
    }
    named
        .iter()
        .map(|path| path.trim().split("::").next().unwrap().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
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
        let lines = without_tests(&file).lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{} has {lines} lines: split it along a seam that has a name",
            file.display()
        );
    }
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

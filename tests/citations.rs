//! What code, tests and documents cite must exist: documents, their headings, numbered cases,
//! decisions, and the files that Markdown links to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Folders whose files may cite something; documents in the root are read as well.
const FOLDERS: [&str; 8] = [".ci", "benches", "docs", "fuzz", "infra", "src", "templates", "tests"];

/// Folders that tools fill.
const SKIPPED: [&str; 4] = ["artefacts", "artifacts", "corpus", "target"];

/// Kinds of files that are text; files without an ending are scripts.
const TEXTS: [&str; 9] = ["css", "html", "js", "md", "py", "rs", "sh", "toml", "yaml"];

/// Names that documents once had elsewhere.
const GONE: [&str; 6] =
    ["facts.md", "facts-v2.md", "http-api.md", "jellyfin-api.md", "proof.md", "s3-lambda.md"];

/// Documents that must be cited with their folder.
const IN_DOCS: [&str; 2] = ["cases.md", "event-log.md"];

/// What can be cited, by the names that citations use.
struct Citable {
    /// Headings of each document, by its path such as `docs/jellyfin.md`.
    headings: BTreeMap<String, BTreeSet<String>>,
    /// Numbers of the rows of `docs/cases.md`, in their order.
    cases: Vec<u32>,
    /// The first four digits of each decision's file name.
    decisions: BTreeSet<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn texts_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
        if entry.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                found.extend(texts_in(&entry));
            }
        } else if entry.extension().is_none_or(|kind| TEXTS.contains(&kind.to_str().unwrap())) {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// Every text of the repository that may cite something, with its path from the root; this file
/// names what is gone.
fn texts() -> Vec<(String, String)> {
    let in_root = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        in_root.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    files.extend(
        FOLDERS
            .iter()
            .map(|folder| root().join(folder))
            .filter(|folder| folder.is_dir())
            .flat_map(|f| texts_in(&f)),
    );
    let texts = files.iter().filter_map(|file| {
        let name = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(file).ok()?;
        (name != "tests/citations.rs").then_some((name, text))
    });
    texts.collect()
}

impl Citable {
    fn read() -> Self {
        let documents = texts()
            .into_iter()
            .filter(|(name, _)| name.starts_with("docs/") && name.ends_with(".md"));
        let documents: BTreeMap<String, String> = documents.collect();
        let decisions = documents.keys().filter_map(|name| name.strip_prefix("docs/decisions/"));
        Self {
            decisions: decisions.map(|name| name.chars().take(4).collect()).collect(),
            cases: numbered_rows(&documents["docs/cases.md"]),
            headings: documents.iter().map(|(name, text)| (name.clone(), headings(text))).collect(),
        }
    }

    /// What is wrong with the citations of a text.
    fn faults(&self, text: &str) -> Vec<String> {
        let line = on_one_line(text);
        let mut faults = Vec::new();
        for Citation { document, heading } in documents_cited(&line) {
            if let Some(fault) = self.fault_of(document, heading) {
                faults.push(fault);
            }
        }
        let unknown = cases_cited(&line).into_iter().filter(|case| !self.cases.contains(case));
        faults.extend(
            unknown.map(|case| format!("cites case {case}, which docs/cases.md doesn't have")),
        );
        faults.extend(
            names_gone(&line)
                .into_iter()
                .map(|name| format!("cites `{name}`, which is not its name")),
        );
        faults
    }

    fn fault_of(&self, document: &str, heading: Option<&str>) -> Option<String> {
        if let Some(number) =
            document.strip_prefix("docs/decisions/").filter(|name| !name.is_empty())
        {
            let number: String = number.chars().take(4).collect();
            if !self.decisions.contains(&number) {
                return Some(format!("cites decision {number}, which doesn't exist"));
            }
        }
        if !document.ends_with(".md") {
            return None;
        }
        match (self.headings.get(document), heading) {
            (None, _) => Some(format!("cites `{document}`, which doesn't exist")),
            (Some(headings), Some(heading)) if !headings.contains(heading) => {
                Some(format!("cites `{document}`, \"{heading}\", which isn't a heading there"))
            }
            (Some(_), _) => None,
        }
    }
}

fn headings(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim().to_owned()).collect()
}

/// The numbers in the first column of a document's tables.
fn numbered_rows(text: &str) -> Vec<u32> {
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.filter_map(|cell| cell.trim().parse().ok()).collect()
}

/// A text without line ends and comment signs, so that a citation that is broken over two lines is
/// whole.
fn on_one_line(text: &str) -> String {
    let bare = |line: &str| {
        let line = line.trim_start().trim_start_matches(['/', '#']);
        line.strip_prefix('!').unwrap_or(line).trim().to_owned()
    };
    text.lines().map(bare).collect::<Vec<_>>().join(" ")
}

/// A document that is cited, and the heading in it.
struct Citation<'a> {
    document: &'a str,
    heading: Option<&'a str>,
}

fn documents_cited(line: &str) -> Vec<Citation<'_>> {
    let mut cited = Vec::new();
    for (at, _) in line.match_indices("docs/") {
        let follows_a_path = line[..at]
            .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_'));
        if follows_a_path {
            continue;
        }
        let is_of_a_path =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
        let end = line[at..].find(|c| !is_of_a_path(c)).map_or(line.len(), |length| at + length);
        let document = line[at..end].trim_end_matches('.');
        let behind = &line[at + document.len()..];
        let behind = behind.strip_prefix('`').unwrap_or(behind);
        let heading = behind
            .strip_prefix(", \"")
            .and_then(|rest| rest.split_once('"'))
            .map(|(heading, _)| heading);
        cited.push(Citation { document, heading });
    }
    cited
}

/// Numbers after `case` or `cases`, in words and in names of functions: `cases 5 to 8 and 10`,
/// `case_27_two_imports`.
fn cases_cited(line: &str) -> Vec<u32> {
    let line = line.replace('_', " ").to_ascii_lowercase();
    let mut cited = Vec::new();
    for (at, word) in line.match_indices("case") {
        if line[..at].ends_with(|c: char| c.is_alphanumeric()) {
            continue;
        }
        let rest = &line[at + word.len()..];
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        let Some(mut rest) = rest.strip_prefix(' ') else { continue };
        while let Some((number, behind)) = leading_number(rest) {
            cited.push(number);
            let separators = [", and ", ", ", " and ", " to ", " or "];
            match separators.iter().find_map(|separator| behind.strip_prefix(separator)) {
                Some(next) => rest = next,
                None => break,
            }
        }
    }
    cited
}

/// A number that stands alone: not the beginning of `2,000`, `4K` or `3.5`.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, behind) = text.split_at(length);
    let mut next = behind.chars();
    let goes_on = match (next.next(), next.next()) {
        (Some(c), _) if c.is_alphanumeric() => true,
        (Some(',' | '.'), Some(c)) => c.is_ascii_digit(),
        (Some(_) | None, Some(_) | None) => false,
    };
    if goes_on { None } else { Some((digits.parse().ok()?, behind)) }
}

/// Names by which documents may not be cited any more, or not without their folder.
fn names_gone(line: &str) -> Vec<&'static str> {
    let begins_a_name =
        |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let has_its_folder = |at: usize| line[..at].ends_with("docs/") || line[..at].ends_with("](");
    let gone =
        GONE.iter().filter(|name| line.match_indices(**name).any(|(at, _)| begins_a_name(at)));
    let bare = |name: &str| {
        line.match_indices(name).any(|(at, _)| begins_a_name(at) && !has_its_folder(at))
    };
    gone.chain(IN_DOCS.iter().filter(|name| bare(name))).copied().collect()
}

/// Targets of the links in a Markdown text that lead to a file of the repository.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, mark) in text.match_indices("](") {
        let Some((target, _)) = text[at + mark.len()..].split_once(')') else { continue };
        let file = target.split(['#', ' ']).next().unwrap();
        if !file.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
            found.push(file);
        }
    }
    found
}

#[test]
fn what_is_cited_exists() {
    let citable = Citable::read();
    let (mut faults, mut cited) = (Vec::new(), 0);
    for (name, text) in texts() {
        let line = on_one_line(&text);
        cited += documents_cited(&line).len() + cases_cited(&line).len();
        faults.extend(citable.faults(&text).into_iter().map(|fault| format!("{name} {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(cited > 50, "{cited}");
}

#[test]
fn links_lead_to_files() {
    for (name, text) in texts().iter().filter(|(name, _)| name.ends_with(".md")) {
        let folder = root().join(name).parent().unwrap().to_owned();
        for link in links(text) {
            assert!(folder.join(link).exists(), "{name} links to `{link}`, which doesn't exist");
        }
    }
}

#[test]
fn cases_are_numbered_from_one_without_a_gap() {
    let cases = Citable::read().cases;
    assert_eq!(cases, (1..=cases.len() as u32).collect::<Vec<_>>());
    assert!(cases.len() >= 107, "numbers are never taken back");
}

#[test]
fn a_wrong_citation_is_found() {
    let citable = Citable::read();
    for sound in [
        "// See `docs/jellyfin.md`, \"What the lists\n    // cost\", and docs/cases.md.",
        "/// Case 57, cases 5 to 8 and 10; in any case it works. (`docs/decisions/0002-torn-commits.md`)",
        "A case 2,000 times over, and a link: [cases](cases.md).",
        "fn cases_17_and_18_a_session_that_was_removed() {}",
    ] {
        assert_eq!(citable.faults(sound), [""; 0], "{sound}");
    }
    for (wrong, says) in [
        ("see `docs/nothing.md`", "`docs/nothing.md`"),
        ("see docs/jellyfin.md, \"Nothing\"", "\"Nothing\""),
        ("as in case 9999", "case 9999"),
        ("as in cases 5, 14 and 9999", "case 9999"),
        ("fn case_9999_of_nothing() {}", "case 9999"),
        ("see docs/decisions/9999", "decision 9999"),
        ("see `event-log.md`", "`event-log.md`"),
        ("see `jellyfin-api.md`", "`jellyfin-api.md`"),
    ] {
        let faults = citable.faults(wrong);
        assert!(faults.len() == 1 && faults[0].contains(says), "{wrong}: {faults:?}");
    }
    assert_eq!(links("[a](b.md#c) [d](https://e/f) [g](#h) [i](../j \"k\")"), ["b.md", "../j"]);
}

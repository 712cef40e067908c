//! How a log file looks from outside, and which looks followed each other by our own appends alone.
//!
//! A stamp says that a file was changed, not how. So each append notes the stamps before and after it in a small file
//! beside the log. A reader that knows one of them can go on from where it stood: between two stamps of a chain of
//! appends the log has only grown. The file is a hint. It is never synced, and may be missing or cut short: then the
//! log is read from its beginning.

use std::{
    fs::{self, Metadata, OpenOptions},
    io::{self, Write},
    path::Path,
};

use super::{Stamp, private};

/// Appends that are kept in mind. A reader that missed more reads the log from its beginning.
const APPENDS: usize = 64;

/// The stamp of a log that doesn't exist.
pub(super) fn absent() -> Stamp {
    Stamp(String::new())
}

/// The stamp of a log file: its length, its times of modification and of change, its inode.
pub(super) fn of(file: &Metadata) -> io::Result<Stamp> {
    with_length(file, file.len())
}

/// The stamp of a log file that should have that length. If it hasn't, the stamp is that of no file.
pub(super) fn with_length(file: &Metadata, length: u64) -> io::Result<Stamp> {
    #[cfg(unix)]
    let look = {
        use std::os::unix::fs::MetadataExt;
        let (modified, changed) = (file.mtime(), file.ctime());
        let (modified_ns, changed_ns) = (file.mtime_nsec(), file.ctime_nsec());
        format!("{length} {modified}.{modified_ns} {changed}.{changed_ns} {}", file.ino())
    };
    #[cfg(not(unix))]
    let look = format!("{length} {:?} {:?}", file.modified()?, file.created().ok());
    Ok(Stamp(look))
}

/// The pairs of stamps before and after an append, oldest first, one pair per line with a tab between.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once('\t'))
}

/// Notes that the log got from one stamp to another by an append. The caller holds the lock.
pub(super) fn note(path: &Path, before: &Stamp, after: &Stamp) -> io::Result<()> {
    let noted = fs::read_to_string(path).unwrap_or_default();
    let older = pairs(&noted).count().saturating_sub(APPENDS - 1);
    let mut text: String =
        pairs(&noted).skip(older).map(|(before, after)| format!("{before}\t{after}\n")).collect();
    text.push_str(&format!("{}\t{}\n", before.0, after.0));
    private(OpenOptions::new().write(true).create(true).truncate(true))
        .open(path)?
        .write_all(text.as_bytes())
}

/// Whether the log got from one stamp to another by appends alone.
pub(super) fn only_grew(path: &Path, from: &Stamp, to: &Stamp) -> bool {
    let noted = fs::read_to_string(path).unwrap_or_default();
    let last =
        pairs(&noted).fold(&*from.0, |at, (before, after)| if before == at { after } else { at });
    last == to.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_appends_is_followed_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("appends");
        let stamp = |n: usize| Stamp(format!("{n} 1.0 1.0 7"));
        assert!(only_grew(&path, &stamp(1), &stamp(1)));
        assert!(!only_grew(&path, &stamp(1), &stamp(2)), "nothing is known");
        for n in (1..200).filter(|n| *n != 150) {
            note(&path, &stamp(n), &stamp(n + 1)).unwrap();
        }
        assert!(only_grew(&path, &stamp(180), &stamp(200)));
        assert!(!only_grew(&path, &stamp(149), &stamp(200)), "a change by hand lies between");
        assert!(!only_grew(&path, &stamp(20), &stamp(140)), "too long ago");
        assert!(!only_grew(&path, &stamp(180), &stamp(199)), "that was an earlier look");
    }
}

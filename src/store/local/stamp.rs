//! How a log file looks from outside, and which stamps our own appends connect.
//!
//! A stamp says that a file was changed, not how. So each append notes the stamps before and after
//! it in a small file beside the log. A reader that knows one of them can go on from where it
//! stood: between two stamps of a chain of appends the log has only grown. The file is a hint. It
//! is never synced, and may be missing or cut short: then the log is read from its beginning.

use std::{
    fs::{self, Metadata, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::{Stamp, private};

/// Appends that are kept in mind. A reader that missed more reads the log from its beginning.
const APPENDS: u64 = 64;

/// Bytes of a note's place: its number and two stamps of at most 90 bytes each.
const PLACE: usize = 256;

/// The stamp of a log that doesn't exist.
pub(super) fn absent() -> Stamp {
    Stamp(String::new())
}

/// The stamp of a log file: its length, its times of modification and of change, its inode.
pub(super) fn of(file: &Metadata) -> io::Result<Stamp> {
    with_length(file, file.len())
}

/// The stamp of a log file that should have this length. If the file has another length, the stamp
/// matches no file, so that the next reader starts over.
pub(super) fn with_length(file: &Metadata, length: u64) -> io::Result<Stamp> {
    #[cfg(unix)]
    let look = {
        use std::os::unix::fs::MetadataExt;
        let (modified, changed) = (file.mtime(), file.ctime());
        let (modified_ns, changed_ns) = (file.mtime_nsec(), file.ctime_nsec());
        format!("{length} {modified}.{modified_ns} {changed}.{changed_ns} {}", file.ino())
    };
    #[cfg(not(unix))]
    let look = {
        let modified = file.modified()?.duration_since(std::time::UNIX_EPOCH);
        let modified = modified.map_err(io::Error::other)?;
        format!("{length} {}.{}", modified.as_secs(), modified.subsec_nanos())
    };
    Ok(Stamp(look))
}

/// One append: the stamps before and after it.
struct Note<'a> {
    /// Counts the appends.
    number: u64,
    before: &'a str,
    after: &'a str,
}

/// The noted appends, oldest first.
fn notes(text: &str) -> Vec<Note<'_>> {
    let mut notes: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.trim_end().split('\t');
            let number = fields.next()?.parse().ok()?;
            let (before, after) = (fields.next()?, fields.next()?);
            Some(Note { number, before, after })
        })
        .collect();
    notes.sort_unstable_by_key(|note| note.number);
    notes
}

/// Notes that the log got from one stamp to another by an append. The caller holds the lock.
///
/// Each note has a place of its own, which later ones are written over: a file that keeps its
/// length and its blocks adds nothing to the log's next sync.
pub(super) fn note(path: &Path, before: &Stamp, after: &Stamp) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file =
        private(options.read(true).write(true).create(true).truncate(false)).open(path)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    // A number that can't be counted on wasn't written by us.
    let last = notes(&String::from_utf8_lossy(&text)).last().map(|last| last.number);
    let number = last.and_then(|last| last.checked_add(1)).unwrap_or(0);
    let note = format!("{number}\t{}\t{}", before.0, after.0);
    if note.len() >= PLACE {
        return Ok(());
    }
    file.seek(SeekFrom::Start(number % APPENDS * PLACE as u64))?;
    file.write_all(format!("{note:<width$}\n", width = PLACE - 1).as_bytes())
}

/// Whether the log got from one stamp to another by appends alone.
pub(super) fn only_grew(path: &Path, from: &Stamp, to: &Stamp) -> bool {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let follow = |at, note: &Note<'_>| if note.before == at { note.after.to_owned() } else { at };
    notes(&text).iter().fold(from.0.clone(), follow) == to.0
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
        assert_eq!(fs::metadata(&path).unwrap().len(), APPENDS * PLACE as u64);
    }
}

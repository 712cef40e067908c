//! Saved snapshots: files of every format can be read, and the newest is written to the byte.

use mediatheca_jellyfin_sync::domain::{
    snapshot::{
        Catalog, Coverage, Evidence, Observations, Play, ReadSnapshotError, Sitting, SittingEnd,
        Snapshot,
    },
    time::PlayedAt,
};

use crate::support::scenario::{Seen, id};

/// Saved by a version that knew one last play for each item and no coverage.
const FIRST: &str = include_str!("../events/snapshots/format-1.json");

/// The same snapshot as it is saved today.
const SECOND: &str = include_str!("../events/snapshots/format-2.json");

#[test]
fn a_snapshot_of_the_first_format_reads_like_the_same_one_of_today() {
    let first = Snapshot::read(FIRST.as_bytes()).unwrap();
    assert_eq!(first, Snapshot::read(SECOND.as_bytes()).unwrap());
}

#[test]
fn the_newest_format_is_written_whatever_was_read() {
    let first = Snapshot::read(FIRST.as_bytes()).unwrap();
    assert_eq!(first.to_saved() + "\n", SECOND);
}

#[test]
fn everything_that_decides_comes_back_from_a_file() {
    let at = PlayedAt::parse("2024-03-01T20:15:30.1234567Z").unwrap();
    let date = Some(at.text());
    let seen = Seen {
        coverage: Coverage::Only([id(1)].into()),
        ..Seen::new("12.0.0").movie(1, "The Matrix", 1999, "603", date)
    };
    let mut snapshot = seen.snapshot();
    snapshot.plays.push(Play { item: id(1), at: None, evidence: Evidence::Seconds });
    snapshot.observations = Observations {
        sittings: vec![Sitting { item: id(1), at, end: SittingEnd::OpenedOnly }],
        last_version: Some("10.11.11".into()),
    };
    assert_eq!(Snapshot::read(snapshot.to_saved().as_bytes()).unwrap(), snapshot);
}

#[test]
fn a_file_of_a_later_format_is_refused_with_its_number() {
    let refused = Snapshot::read(br#"{"format":3,"of":"a later version"}"#).unwrap_err();
    assert!(matches!(refused, ReadSnapshotError::UnknownFormat(3)), "{refused}");
}

#[test]
fn a_file_that_is_not_a_snapshot_is_refused() {
    for odd in ["", "{}", "[1]", r#"{"format":1}"#, r#"{"format":2}"#, r#"{"format":-1}"#] {
        let refused = Snapshot::read(odd.as_bytes()).unwrap_err();
        assert!(matches!(refused, ReadSnapshotError::NotASnapshot(_)), "{odd}: {refused}");
    }
}

/// A file that a person shortened must not lose plays without a word.
#[test]
fn a_play_of_an_item_that_the_file_does_not_list_is_refused() {
    let mut snapshot = Snapshot::read(SECOND.as_bytes()).unwrap();
    let item = snapshot.plays[0].item.clone();
    snapshot.catalog = Catalog::default();
    let refused = Snapshot::read(snapshot.to_saved().as_bytes()).unwrap_err();
    assert!(matches!(&refused, ReadSnapshotError::UnlistedItem(other) if *other == item));
}

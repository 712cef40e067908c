//! What reports make of a plan.

use mediatheca_jellyfin_sync::{
    domain::{
        library::Folded,
        snapshot::Snapshot,
        sync::{Note, Preferences, plan},
        zone::Zone,
    },
    report::{Preview, Scan, ScanAnswer},
};
use serde_json::json;

use crate::support::lines::LogText;

/// A held play is shown on the day of the person, as one that would be added is.
#[test]
fn a_held_play_has_its_day_in_the_persons_zone() {
    let log = LogText::new().movie("m-2000", "M", 2000, 1).session("m-2000", "s1", "2023-01-01");
    let folded = Folded::of(log.text().as_bytes()).unwrap();
    let saved = json!({
        "format": 1, "server": {"id": "5e".repeat(16), "name": "NAS", "version": "12.0.0"},
        "takenAt": "2026-11-24T12:00:00Z", "series": [], "faults": [],
        "movies": [{"id": "1".repeat(32), "name": "M", "year": 2000, "tmdb": {"id": 1}, "imdb": null,
            "played": true, "playCount": 2, "lastPlayed": {"at": "2024-03-01T23:30:00Z"},
            "runtimeMinutes": 90, "positionMinutes": 0, "genres": []}],
    });
    let snapshot = Snapshot::read(saved.to_string().as_bytes()).unwrap();
    let preferences = Preferences {
        time_zone: Zone::named("Europe/Berlin").unwrap(),
        hold_possible_rewatches: true,
        ..Preferences::default()
    };
    let plan = plan(&folded.library, &snapshot, &preferences);
    let preview = Preview::of(&Scan {
        plan: &plan,
        counts: plan.counts(),
        snapshot: &snapshot,
        head: folded.log.head(),
        forgotten: 0,
        zone: &preferences.time_zone,
    });
    let [row] = &preview.rows[..] else { panic!("{preview:?}") };
    assert_eq!((row.date.as_str(), row.held), ("2024-03-02", true));
    assert_eq!(row.notes, [Note::PossibleRewatch]);
    assert_eq!((preview.additions(), preview.skipped.len()), (0, 0));
}

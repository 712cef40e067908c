//! Both ways of reading a line, side by side.

use super::{LineError, LineStart, fast::FastEvent, read_line};
use crate::domain::{
    events::{Event, MovieEvent, SeriesEvent},
    ids::GlobalPosition,
};

const SESSION: &str = r#"{"globalPosition":7,"streamId":"Movie-the-matrix-1999","streamPosition":1,"eventType":"Watch_session_recorded","data":"{\"sessionId\":\"6b962a471c01400c98acf1ca7713fe41\",\"date\":\"2024-03-15\",\"duration\":136,\"friendSlugs\":[\"anna\",\"j-rg\"]}","metadata":"{}","timestamp":"2024-03-16T07:00:00.0000000+00:00"}"#;
const EPISODE: &str = r#"{"globalPosition":8,"streamId":"Series-dark-2017","streamPosition":4,"eventType":"Episode_watched","data":"{\"rewatchId\":\"default\",\"seasonNumber\":0,\"episodeNumber\":12,\"date\":\"2016-05-05\"}","metadata":"{}","timestamp":"2026-11-24T00:32:54.7153256+00:00"}"#;

fn fast(line: &str) -> Option<(GlobalPosition, u64, String)> {
    let line = format!("{line}\n");
    let start = LineStart::read(line.as_bytes())?;
    let fast = start.fast()?;
    assert!(fast.behind.is_empty());
    let said = match fast.event {
        FastEvent::WatchSession { id, date, duration, friends } => {
            format!("{id} {date} {duration:?} {:?}", friends.collect::<Vec<_>>())
        }
        FastEvent::Episode { rewatch, number, date } => {
            format!("{} {number:?} {date}", str::from_utf8(rewatch).unwrap())
        }
    };
    Some((start.global_position, fast.stream_position, said))
}

fn whole(line: &str) -> Option<(GlobalPosition, u64, String)> {
    let text = read_line(line.as_bytes()).ok()?;
    let said = match Event::decode(&text.stream_id, &text.event_type, &text.data).ok()?? {
        Event::Movie(MovieEvent::WatchSessionRecorded(e)) => {
            format!("{} {} {:?} {:?}", e.session_id, e.date, e.duration, e.friend_slugs)
        }
        Event::Series(SeriesEvent::EpisodeWatched(e)) => {
            format!("{} {:?} {}", e.rewatch_id, e.number(), e.date.0)
        }
        other => panic!("not one of the two: {other:?}"),
    };
    Some((text.global_position, text.stream_position, said))
}

#[test]
fn the_commonest_events_are_read_without_a_json_parser() {
    for line in [SESSION, EPISODE] {
        assert!(fast(line).is_some(), "{line}");
    }
}

#[test]
fn both_ways_of_reading_agree() {
    let variants = [
        (r"136", "null"),
        (r"136", "0136"),
        (r"136", "136.5"),
        (r"136", "99999999999"),
        (r#"[\"anna\",\"j-rg\"]"#, "[]"),
        (r#"[\"anna\",\"j-rg\"]"#, r#"[\"anna\"]"#),
        (r#"[\"anna\",\"j-rg\"]"#, r#"[\"anna\",]"#),
        (r#"[\"anna\",\"j-rg\"]"#, r#"[\"a\\\"b\"]"#),
        (r#"[\"anna\",\"j-rg\"]"#, r#"[\"zoë\"]"#),
        ("2024-03-15", "2024-03-15T20:00:00"),
        ("2024-03-15", "2024-02-30"),
        ("2024-03-15", ""),
        (r#""metadata":"{}""#, r#""metadata":"{ }""#),
        ("07:00:00.0000000+00:00", "07:00:00Z"),
        ("07:00:00.0000000+00:00", "27:00:00.0000000+00:00"),
        ("\"globalPosition\":7", "\"globalPosition\": 7"),
        ("\"globalPosition\":7", "\"globalPosition\":07"),
        ("6b962a471c01400c98acf1ca7713fe41", "s1"),
        ("Movie-the", "Series-the"),
        (r#"\"seasonNumber\":0"#, r#"\"seasonNumber\":-1"#),
        (r#"\"date\":\"2016-05-05\"}"#, r#"\"date\":\"2016-05-05\",\"more\":1}"#),
        ("default", "second time\t"),
    ];
    for line in [SESSION, EPISODE] {
        assert_eq!(fast(line), whole(line));
        for (from, to) in variants.iter().filter(|(from, _)| line.contains(from)) {
            let odd = line.replace(from, to);
            if let Some(said) = fast(&odd) {
                assert_eq!(Some(said), whole(&odd), "{odd}");
            }
        }
    }
}

#[test]
fn a_line_without_a_field_or_nests_its_payload_is_a_fault_that_says_so() {
    let lacking = SESSION.replace(r#","metadata":"{}""#, "");
    assert!(read_line(lacking.as_bytes()).unwrap_err().to_string().contains("metadata"));
    let nested = r#"{"globalPosition":1,"streamId":"Movie-a-1999","streamPosition":0,"eventType":"x","data":{},"metadata":"{}","timestamp":"2024-03-16T07:00:00.0000000+00:00"}"#;
    assert!(matches!(read_line(nested.as_bytes()), Err(LineError::NotALine(_))));
    assert!(matches!(read_line(b"half a li"), Err(LineError::NotALine(_))));
    let timeless = SESSION.replace("2024-03-16T07:00:00.0000000+00:00", "yesterday");
    assert!(matches!(read_line(timeless.as_bytes()), Err(LineError::Timestamp(_))));
}

#[test]
fn unknown_fields_of_a_line_are_ignored() {
    let more = SESSION.replace(r#""metadata""#, r#""extra":{"a":[1]},"metadata""#);
    assert_eq!(read_line(more.as_bytes()).unwrap(), read_line(SESSION.as_bytes()).unwrap());
}

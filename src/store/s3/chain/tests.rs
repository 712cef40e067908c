//! Names in, names out.

use super::*;

fn commit(first: u64, bytes: u64) -> Object {
    Object { first: GlobalPosition(first), last: None, bytes }
}

fn pack(first: u64, last: u64, bytes: u64) -> Object {
    Object { first: GlobalPosition(first), last: Some(GlobalPosition(last)), bytes }
}

fn chain(objects: impl IntoIterator<Item = Object>) -> Chain {
    let mut chain = Chain::default();
    chain.extend(objects);
    chain
}

#[test]
fn names_in_order_of_their_bytes_are_positions_in_order() {
    let positions = [1, 2, 9, 10, 99, 100, 4_294_967_296, u64::MAX];
    let names: Vec<String> =
        positions.into_iter().map(|at| commit_key(GlobalPosition(at))).collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(names, sorted);
    for object in [commit(u64::MAX, 7), pack(1, 90, 7)] {
        assert_eq!(Object::read(&object.key(), 7), Some(object));
    }
}

#[test]
fn what_is_none_of_ours_is_passed_over() {
    let position = |at: u64| format!("{at:020}");
    let strange = [
        "packs/readme.txt".to_owned(),
        "packs/1-2.jsonl".to_owned(),
        format!("packs/{}-{}.jsonl", position(9), position(2)),
        format!("commits/{}.jsonl.bak", position(1)),
        format!("commits/{}.jsonl", "+0000000000000000001"),
        format!("copies/commits/{}.jsonl", position(1)),
    ];
    for key in strange {
        assert_eq!(Object::read(&key, 1), None, "{key}");
    }
}

#[test]
fn the_longest_packs_are_read_and_none_within_another() {
    let packs = [
        pack(1, 40, 1),
        pack(1, 90, 1),
        pack(41, 190, 1),
        pack(41, 80, 1),
        pack(91, 120, 1),
        pack(130, 140, 1),
    ];
    assert_eq!(best(&packs), [pack(1, 90, 1), pack(91, 120, 1), pack(130, 140, 1)]);
    assert_eq!(best(&[pack(1, u64::MAX, 1), pack(u64::MAX, u64::MAX, 1)]), [pack(1, u64::MAX, 1)]);
    assert_eq!(best(&[]), []);
}

#[test]
fn commits_are_asked_for_where_no_pack_stands() {
    let mut chain = Chain::default();
    assert!(!chain.misses_commits_before(&pack(1, 90, 1)));
    assert!(
        chain.misses_commits_before(&pack(51, 90, 1)),
        "the log began with something too large to pack"
    );
    assert_eq!(chain.after(), "commits/");
    chain.extend([pack(1, 90, 20)]);
    assert_eq!(chain.after(), commit_key(GlobalPosition(90)), "commits from 91 on are new");
    assert!(
        !chain.misses_commits_before(&pack(91, 95, 1))
            && chain.misses_commits_before(&pack(100, 120, 1))
    );
    chain.extend([commit(91, 5), commit(95, 5)]);
    assert_eq!((chain.after(), chain.bytes()), (commit_key(GlobalPosition(95)), 30));
}

#[test]
fn a_reader_that_goes_on_gets_the_objects_behind_its_place() {
    let chain = chain([pack(1, 90, 20), commit(91, 5), commit(95, 7)]);
    let from =
        |start| chain.from(start).map(|(object, at)| (object.first.0, at)).collect::<Vec<_>>();
    assert_eq!(from(0), [(1, 0), (91, 0), (95, 0)]);
    assert_eq!(from(12), [(1, 12), (91, 0), (95, 0)], "packed since the reader was there");
    assert_eq!(from(20), [(91, 0), (95, 0)]);
    assert_eq!(from(25), [(95, 0)]);
    assert_eq!(from(32), []);
}

proptest::proptest! {
    /// Whichever packs there are, and whichever are missing: each position is read once, in order.
    #[test]
    fn whatever_was_packed_every_commit_is_read_once(
        lengths in proptest::collection::vec(1..5_u64, 1..40),
        packed in proptest::collection::vec((0..40_usize, 1..40_usize), 0..12),
    ) {
        let spans: Vec<(u64, u64)> = lengths.iter().scan(1, |next, length| {
            let first = *next;
            *next += length;
            Some((first, *next - 1))
        }).collect();
        let packs: Vec<Object> = packed.iter().filter_map(|(from, count)| {
            let covered = spans.get(*from..(from + count).min(spans.len()))?;
            Some(pack(covered.first()?.0, covered.last()?.1, 1))
        }).collect();
        let list = |after: &str, until: Option<&str>| {
            let commits = spans.iter().map(|(first, _)| commit(*first, 1));
            let wanted = |key: String| key.as_str() > after && until.is_none_or(|until| key.as_str() < until);
            commits.filter(|commit| wanted(commit.key())).collect::<Vec<_>>()
        };
        let mut chain = Chain::default();
        for pack in best(&packs) {
            if chain.misses_commits_before(&pack) {
                chain.extend(list(&chain.after(), Some(&commit_key(pack.first))));
            }
            chain.extend([pack]);
        }
        chain.extend(list(&chain.after(), None));
        let last = |object: &Object| {
            let of_commit = || spans.iter().find(|(first, _)| *first == object.first.0).map(|(_, last)| *last);
            object.last.map(|last| last.0).or_else(of_commit).unwrap()
        };
        let mut next = 1;
        for object in chain.objects() {
            proptest::prop_assert_eq!(object.first.0, next);
            next = last(object) + 1;
        }
        proptest::prop_assert_eq!(next - 1, spans.last().unwrap().1);
    }
}

fn spans(chain: &Chain) -> Option<(u64, usize)> {
    chain.to_pack().map(|objects| (objects[0].first.0, objects.len()))
}

#[test]
fn many_small_commits_make_a_pack_and_take_in_the_packs_that_are_no_larger() {
    let commits =
        |from: u64, count: u64, bytes: u64| (from..from + count).map(move |at| commit(at, bytes));
    assert_eq!(spans(&chain(commits(1, 31, 400))), None);
    assert_eq!(spans(&chain(commits(1, 32, 400))), Some((1, 32)));
    let with_packs = |packs: Vec<Object>| chain(packs.into_iter().chain(commits(1_000, 32, 400)));
    assert_eq!(
        spans(&with_packs(vec![pack(1, 999, 12_801)])),
        Some((1_000, 32)),
        "larger: left alone"
    );
    assert_eq!(
        spans(&with_packs(vec![pack(1, 499, 25_000), pack(500, 999, 12_800)])),
        Some((1, 34))
    );
}

#[test]
fn what_is_large_stays_on_its_own_and_no_pack_grows_beyond_memory() {
    let commits = |bytes: u64| (2..202).map(move |at| commit(at, bytes));
    let begun = commit(1, 300 * SMALL);
    assert_eq!(spans(&chain([begun.clone()].into_iter().chain(commits(400)))), Some((2, 200)));
    let (first, count) = spans(&chain([begun].into_iter().chain(commits(SMALL)))).unwrap();
    assert_eq!((first, count as u64), (2, LARGEST / SMALL));
    assert_eq!(spans(&chain((1..200).map(|at| commit(at, SMALL + 1)))), None);
}

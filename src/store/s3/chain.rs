//! Which objects make up the log: packs where there are some, commits where there are none. Pure: names in, names out.
//!
//! A commit is `commits/<first position>.jsonl`, a pack `packs/<first>-<last>.jsonl`, each position of 20 digits, so
//! that names in the order of their bytes are positions in order. A pack says the same bytes as the commits from its
//! first position to its last; nothing is ever deleted, so both stay, and any pack may be missing.

use crate::domain::ids::GlobalPosition;

/// Where commits lie.
pub(super) const COMMITS: &str = "commits/";

/// Where packs lie.
pub(super) const PACKS: &str = "packs/";

/// So many commits behind the last pack make a new one: a function that starts reads no more of them one by one.
const MANY: usize = 32;

/// A commit of more bytes is cheap to read on its own, and stays so.
const SMALL: u64 = 1024 * 1024;

/// No pack has more bytes: one is made in memory, and a function has little.
const LARGEST: u64 = 16 * 1024 * 1024;

/// An object that holds a part of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// The position that its name begins at. That of the first commit of all is 1, whatever number its first event has.
    pub first: GlobalPosition,
    /// The position of its last event, which a pack says in its name and a commit doesn't.
    pub last: Option<GlobalPosition>,
    /// How many bytes it has.
    pub bytes: u64,
}

impl Object {
    /// Reads a name; `None` where it is none of ours.
    pub fn read(key: &str, bytes: u64) -> Option<Self> {
        let position = |digits: &str| {
            let is_one = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_one.then(|| digits.parse().ok().map(GlobalPosition)).flatten()
        };
        let (key, last) = match key.strip_prefix(PACKS) {
            Some(key) => {
                let (first, last) = key.strip_suffix(".jsonl")?.split_once('-')?;
                (first, Some(position(last)?))
            }
            None => (key.strip_prefix(COMMITS)?.strip_suffix(".jsonl")?, None),
        };
        let first = position(key)?;
        last.is_none_or(|last| last >= first).then_some(Self { first, last, bytes })
    }

    /// Its name, without the store's prefix.
    pub fn key(&self) -> String {
        match self.last {
            None => commit_key(self.first),
            Some(last) => pack_key(self.first, last),
        }
    }

    /// The name behind which the commits come that go on where this object ends.
    fn after(&self) -> String {
        commit_key(self.last.unwrap_or(self.first))
    }
}

/// The name of the commit that begins at that position.
pub(super) fn commit_key(first: GlobalPosition) -> String {
    format!("{COMMITS}{:020}.jsonl", first.0)
}

/// The name of the pack of all commits from one position to another.
pub(super) fn pack_key(first: GlobalPosition, last: GlobalPosition) -> String {
    format!("{PACKS}{:020}-{:020}.jsonl", first.0, last.0)
}

/// The packs worth reading, in order: of several that begin alike the longest, and none within another.
///
/// Between two of them there may be commits that no pack holds.
pub(super) fn best(packs: &[Object]) -> Vec<Object> {
    let mut best: Vec<Object> = Vec::new();
    loop {
        let Some(next) =
            best.last().and_then(|pack| pack.last).map_or(Some(1), |last| last.0.checked_add(1))
        else {
            return best;
        };
        let going_on = packs.iter().filter(|pack| pack.last.is_some() && pack.first.0 >= next);
        match going_on.min_by_key(|pack| (pack.first, std::cmp::Reverse(pack.last))) {
            Some(pack) => best.push(pack.clone()),
            None => return best,
        }
    }
}

/// The objects that make up the log, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chain(Vec<Object>);

impl Chain {
    /// The name behind which commits are new.
    pub fn after(&self) -> String {
        self.0.last().map_or_else(|| COMMITS.to_owned(), Object::after)
    }

    /// Whether commits lie between the end and that pack.
    pub fn lacks_some_before(&self, pack: &Object) -> bool {
        let next = self.0.last().map_or(Some(1), |last| last.last?.0.checked_add(1));
        next != Some(pack.first.0)
    }

    /// Goes on with objects that lie behind all others.
    pub fn extend(&mut self, objects: impl IntoIterator<Item = Object>) {
        self.0.extend(objects);
    }

    /// All of them, in order.
    pub fn objects(&self) -> &[Object] {
        &self.0
    }

    /// How many bytes the log has.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|object| object.bytes).sum()
    }

    /// Changes whenever the log does. A pack takes commits' places and changes nothing.
    pub fn stamp(&self) -> String {
        self.bytes().to_string()
    }

    /// What a new pack should hold, once many small commits have come behind the last one.
    ///
    /// It takes in the pack before it that isn't larger than itself, and so on: the number of packs grows with the
    /// logarithm of the log's length until they are as large as packs may be, and each byte is written again as seldom.
    pub fn to_pack(&self) -> Option<&[Object]> {
        let is_small = |object: &&Object| object.last.is_none() && object.bytes <= SMALL;
        let small = self.0.iter().rev().take_while(is_small).count();
        if small < MANY {
            return None;
        }
        let mut start = self.0.len() - small;
        let (mut end, mut bytes) = (start, 0);
        while end < self.0.len() && bytes + self.0[end].bytes <= LARGEST {
            bytes += self.0[end].bytes;
            end += 1;
        }
        while start > 0
            && self.0[start - 1].bytes <= bytes
            && bytes + self.0[start - 1].bytes <= LARGEST
        {
            start -= 1;
            bytes += self.0[start].bytes;
        }
        Some(&self.0[start..end])
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            best(&[pack(1, u64::MAX, 1), pack(u64::MAX, u64::MAX, 1)]),
            [pack(1, u64::MAX, 1)]
        );
        assert_eq!(best(&[]), []);
    }

    #[test]
    fn commits_are_asked_for_where_no_pack_stands() {
        let mut chain = Chain::default();
        assert!(!chain.lacks_some_before(&pack(1, 90, 1)));
        assert!(
            chain.lacks_some_before(&pack(51, 90, 1)),
            "the log began with something too large to pack"
        );
        assert_eq!(chain.after(), "commits/");
        chain.extend([pack(1, 90, 20)]);
        assert_eq!(chain.after(), commit_key(GlobalPosition(90)), "commits from 91 on are new");
        assert!(
            !chain.lacks_some_before(&pack(91, 95, 1))
                && chain.lacks_some_before(&pack(100, 120, 1))
        );
        chain.extend([commit(91, 5), commit(95, 5)]);
        assert_eq!((chain.after(), chain.bytes()), (commit_key(GlobalPosition(95)), 30));
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
                if chain.lacks_some_before(&pack) {
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
        let commits = |from: u64, count: u64, bytes: u64| {
            (from..from + count).map(move |at| commit(at, bytes))
        };
        assert_eq!(spans(&chain(commits(1, 31, 400))), None);
        assert_eq!(spans(&chain(commits(1, 32, 400))), Some((1, 32)));
        let with_packs =
            |packs: Vec<Object>| chain(packs.into_iter().chain(commits(1_000, 32, 400)));
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
}

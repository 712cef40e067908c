//! Which objects make up the log: packs if there are any, single commits otherwise. Pure:
//! names in, names out.
//!
//! A commit is `commits/<first position>.jsonl`, a pack `packs/<first>-<last>.jsonl`, each position
//! of 20 digits, so that names in the order of their bytes are positions in order. A pack says the
//! same bytes as the commits from its first position to its last; nothing is ever deleted, so both
//! stay, and any pack may be missing.

use crate::domain::ids::GlobalPosition;

/// Where commits lie.
pub(super) const COMMITS: &str = "commits/";

/// Where packs lie.
pub(super) const PACKS: &str = "packs/";

/// Pack after this many commits, so that a cold start fetches at most this many one by one.
const MANY: usize = 32;

/// A commit of more bytes is cheap to read on its own, and stays so.
const SMALL: u64 = 1024 * 1024;

/// No pack has more bytes: one is made in memory, and a function has little.
const LARGEST: u64 = 16 * 1024 * 1024;

/// An object that holds a part of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// The position that its name begins at. That of the first commit of all is 1, whatever number
    /// its first event has.
    pub first: GlobalPosition,
    /// The position of its last event, which a pack says in its name and a commit doesn't.
    pub last: Option<GlobalPosition>,
    /// How many bytes it has.
    pub bytes: u64,
}

impl Object {
    /// Reads a name; `None` if it isn't one of ours.
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

    /// List after this name to get the commits that follow this object.
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

/// The packs worth reading, in order: of several that begin alike the longest, and none within
/// another.
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
    pub fn misses_commits_before(&self, pack: &Object) -> bool {
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
        Self::stamp_of(self.bytes())
    }

    /// The stamp of a log of that length. Objects never change, so that the length says which ones
    /// there are.
    pub fn stamp_of(bytes: u64) -> String {
        bytes.to_string()
    }

    /// The objects that hold the log from that byte on, each with the byte to begin at in it.
    pub fn from(&self, start: u64) -> impl Iterator<Item = (&Object, u64)> {
        let mut end = 0;
        self.0.iter().filter_map(move |object| {
            let begins = end;
            end += object.bytes;
            (end > start).then(|| (object, start.saturating_sub(begins)))
        })
    }

    /// What a new pack should hold, once many small commits have come behind the last one.
    ///
    /// It takes in the pack before it that isn't larger than itself, and so on: the number of packs
    /// grows with the logarithm of the log's length until they are as large as packs may be, and
    /// each byte is written again as seldom.
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
mod tests;

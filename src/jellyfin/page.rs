//! A page of a list, read row by row, so that an odd row doesn't take the others with it and no more is held than is kept.

use std::{borrow::Cow, fmt, hash::BuildHasher};

use rustc_hash::FxBuildHasher;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Bound, JellyfinError,
    bounds::{NESTING, ROWS_OF_A_PAGE, nests_deeper},
    convert,
    wire::BaseItemDto,
};
use crate::domain::{
    ids::ItemId,
    snapshot::{EpisodeItem, Item, ItemFault},
};

/// More faults of one list than these are counted and not told one by one.
const MOST_FAULTS: usize = 1_000;

/// A row longer than this isn't looked into for a name, in bytes.
const LONGEST_LOOKED_INTO: usize = 64 * 1024;

/// Of what a decoder says of a row, which may quote it; in bytes.
const LONGEST_REASON: usize = 300;

/// A kind of item: its name in Jellyfin, and how it is read.
pub struct Kind<T> {
    /// As `includeItemTypes` has it.
    pub name: &'static str,
    /// In words, for errors.
    pub what: &'static str,
    read: fn(&BaseItemDto<'_>) -> Result<T, ItemFault>,
}

/// Movies.
pub static MOVIES: Kind<Item> = Kind { name: "Movie", what: "movies", read: convert::item };

/// Series.
pub static SERIES: Kind<Item> = Kind { name: "Series", what: "series", read: convert::item };

/// Episodes.
pub static EPISODES: Kind<Episode> =
    Kind { name: "Episode", what: "played episodes", read: read_episode };

/// An episode with the series it says it belongs to.
pub struct Episode {
    /// The series.
    pub series: ItemId,
    /// Its name, where Jellyfin gave it.
    pub series_name: Option<String>,
    /// The episode.
    pub item: EpisodeItem,
}

fn read_episode(dto: &BaseItemDto<'_>) -> Result<Episode, ItemFault> {
    let item = convert::episode(dto)?;
    let series_name = dto.series_name.as_deref().map(convert::short);
    match dto.series_id.as_deref().map(ItemId::parse) {
        Some(Ok(series)) => Ok(Episode { series, series_name, item }),
        Some(Err(_)) | None => {
            let message = "Jellyfin doesn't say which series this episode belongs to".to_owned();
            Err(ItemFault { item_id: Some(item.id), name: item.name, message })
        }
    }
}

/// What a list brought: items, and what couldn't be read.
pub(super) struct List<T> {
    pub items: Vec<T>,
    faults: Vec<ItemFault>,
    /// How many faults there are besides.
    more_faults: u64,
}

impl<T> List<T> {
    pub fn new() -> Self {
        Self { items: Vec::new(), faults: Vec::new(), more_faults: 0 }
    }

    /// Takes in what another page brought.
    pub fn extend(&mut self, other: Self) {
        self.items.extend(other.items);
        self.more_faults += other.more_faults;
        other.faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// Keeps a fault.
    pub fn fault(&mut self, fault: ItemFault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault)
        } else {
            self.more_faults += 1
        }
    }

    /// The items, and what couldn't be read put with the rest of that.
    pub fn split(mut self, faults: &mut Vec<ItemFault>) -> Vec<T> {
        faults.append(&mut self.faults);
        if self.more_faults > 0 {
            let message = format!("{} more entries of this list can't be read", self.more_faults);
            faults.push(ItemFault { item_id: None, name: "Jellyfin".into(), message });
        }
        self.items
    }
}

/// What tells a row from the others of its list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum RowId {
    Item(ItemId),
    /// The hash of what is no id, or of a row that can't be read.
    Other(u64),
}

/// A page as it was read.
pub struct Page<T> {
    pub(super) rows: u64,
    /// Of its body, filled in by the caller.
    pub(super) bytes: usize,
    pub(super) total: Option<u64>,
    /// Of all rows, whatever their kind: a row that comes twice is found by it.
    pub(super) ids: Vec<RowId>,
    pub(super) list: List<T>,
    /// Rows of the kind that was asked for, and of those the ones with user data.
    pub(super) of_kind: u64,
    pub(super) with_user_data: u64,
}

impl<T> Kind<T> {
    /// Reads a page. Most hold nothing odd and are read in one pass; in one that does, each row is read on its own.
    ///
    /// # Errors
    /// It isn't a list, holds too many rows, or nests too deep.
    pub fn read_page(&self, body: &[u8]) -> Result<Page<T>, JellyfinError> {
        let too_large = |bound| JellyfinError::AnswerTooLarge { what: self.what.to_owned(), bound };
        if nests_deeper(body, NESTING) {
            return Err(too_large(Bound::Nesting(NESTING)));
        }
        let mut read = self.read_rows(body, RowForm::Typed);
        if read.is_err() {
            read = self.read_rows(body, RowForm::Raw);
        }
        read.map_err(|error| match error {
            None => too_large(Bound::Rows(ROWS_OF_A_PAGE)),
            Some(error) => {
                JellyfinError::Unreadable { what: self.what.to_owned(), reason: reason(&error) }
            }
        })
    }

    /// The error is `None` where there are too many rows.
    fn read_rows(&self, body: &[u8], form: RowForm) -> Result<Page<T>, Option<serde_json::Error>> {
        let mut page = Page {
            rows: 0,
            bytes: 0,
            total: None,
            ids: Vec::new(),
            list: List::new(),
            of_kind: 0,
            with_user_data: 0,
        };
        let mut decoder = serde_json::Deserializer::from_slice(body);
        let answer = AnswerVisitor(Rows { kind: self, page: &mut page, form });
        let read = decoder.deserialize_map(answer).and_then(|()| decoder.end());
        match read {
            Ok(()) => Ok(page),
            Err(_) if page.rows > ROWS_OF_A_PAGE => Err(None),
            Err(error) => Err(Some(error)),
        }
    }
}

impl<T> Page<T> {
    fn take_in(&mut self, dto: &BaseItemDto<'_>, kind: &Kind<T>) {
        let id = ItemId::parse(&dto.id)
            .map_or_else(|_| RowId::Other(FxBuildHasher.hash_one(&*dto.id)), RowId::Item);
        self.ids.push(id);
        // A server that doesn't know a parameter ignores it and sends everything.
        if dto.kind != kind.name {
            return;
        }
        self.of_kind += 1;
        self.with_user_data += u64::from(dto.user_data.is_some());
        match (kind.read)(dto) {
            Ok(item) => self.list.items.push(item),
            Err(fault) => self.list.fault(fault),
        }
    }

    fn take_in_raw(&mut self, row: &str, kind: &Kind<T>) {
        match serde_json::from_str(row) {
            Ok(dto) => self.take_in(&dto, kind),
            Err(error) => {
                self.ids.push(RowId::Other(FxBuildHasher.hash_one(row)));
                self.list.fault(unreadable_row(row, self.rows, kind.what, &error));
            }
        }
    }
}

/// What can be said of a row that isn't shaped like an item.
fn unreadable_row(json: &str, row: u64, what: &str, error: &serde_json::Error) -> ItemFault {
    let short = Some(json).filter(|json| json.len() <= LONGEST_LOOKED_INTO);
    let value: serde_json::Value =
        short.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let text = |field: &str| value.get(field).and_then(|v| v.as_str());
    ItemFault {
        item_id: text("Id").and_then(|id| ItemId::parse(id).ok()),
        name: text("Name").map_or_else(|| format!("row {row} of the {what}"), convert::short),
        message: format!("Jellyfin's entry can't be read: {}", reason(error)),
    }
}

fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.char_indices().map(|(at, _)| at).find(|at| *at > LONGEST_REASON) {
        Some(end) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// How rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowForm {
    /// As items at once.
    Typed,
    /// As text first, as some of them are no items.
    Raw,
}

/// Takes in the rows of `Items`.
struct Rows<'a, T> {
    kind: &'a Kind<T>,
    page: &'a mut Page<T>,
    form: RowForm,
}

/// Jellyfin's `QueryResult<BaseItemDto>`.
struct AnswerVisitor<'a, T>(Rows<'a, T>);

impl<'de, T> Visitor<'de> for AnswerVisitor<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `Items` and `TotalRecordCount`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Rows { kind, page, form } = self.0;
        let mut has_items = false;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match &*key {
                "Items" => {
                    has_items = true;
                    map.next_value_seed(Rows { kind, page: &mut *page, form })?;
                }
                "TotalRecordCount" => page.total = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if has_items { Ok(()) } else { Err(A::Error::missing_field("Items")) }
    }
}

impl<'de, T> DeserializeSeed<'de> for Rows<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T> Visitor<'de> for Rows<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let Self { kind, page, form } = self;
        loop {
            let row = match form {
                RowForm::Typed => rows.next_element()?.map(Row::Typed),
                RowForm::Raw => rows.next_element()?.map(Row::Raw),
            };
            let Some(row) = row else { return Ok(()) };
            page.rows += 1;
            if page.rows > ROWS_OF_A_PAGE {
                return Err(A::Error::custom("too many rows"));
            }
            match row {
                Row::Typed(dto) => page.take_in(&dto, kind),
                Row::Raw(row) => page.take_in_raw(row.get(), kind),
            }
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "one at a time lies on the stack")]
enum Row<'a> {
    Typed(BaseItemDto<'a>),
    Raw(&'a RawValue),
}

//! Reads a page row by row, so that an odd row doesn't spoil the others and no more is held than is
//! kept.
//!
//! The bytes of an answer come in, a [`Page`] goes out. Whether the list is complete isn't decided
//! here.

use std::{borrow::Cow, fmt, hash::BuildHasher};

use rustc_hash::FxBuildHasher;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    convert::{self, ListedEpisode},
    error::JellyfinError,
    limits::{NESTING, ROWS_OF_A_PAGE},
    page::{Page, RowId},
    wire::BaseItemDto,
};
use crate::{
    domain::{
        ids::ItemId,
        snapshot::{Item, ItemFault},
    },
    outbound::{Bound, DecodeError, nests_deeper},
};

/// Longest row that is searched for a name, in bytes.
const LONGEST_SEARCHED: usize = 64 * 1024;

/// A kind of item: its name in Jellyfin, and how it is read.
pub struct ItemKind<T> {
    /// As `includeItemTypes` has it.
    pub name: &'static str,
    /// In words, for errors.
    pub what: &'static str,
    read: fn(&BaseItemDto<'_>) -> Result<T, ItemFault>,
}

/// Movies.
pub static MOVIES: ItemKind<Item> = ItemKind { name: "Movie", what: "movies", read: convert::item };

/// Series; their episodes are lists of their own.
pub static SERIES: ItemKind<Item> =
    ItemKind { name: "Series", what: "series", read: convert::item };

/// Episodes, each with the series that it names.
pub static EPISODES: ItemKind<ListedEpisode> =
    ItemKind { name: "Episode", what: "played episodes", read: convert::listed_episode };

impl<T> ItemKind<T> {
    /// Reads a page. Most have no odd row and are read in one pass; if one has, each of its rows is
    /// read on its own.
    ///
    /// # Errors
    /// It isn't a list, has too many rows, or nests too deep.
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
            RowsError::TooMany => too_large(Bound::Rows(ROWS_OF_A_PAGE)),
            RowsError::Json(error) => JellyfinError::unreadable(self.what, error),
        })
    }

    fn read_rows(&self, body: &[u8], form: RowForm) -> Result<Page<T>, RowsError> {
        let mut page = Page { bytes: body.len(), ..Page::new() };
        let mut decoder = serde_json::Deserializer::from_slice(body);
        let answer = AnswerVisitor(Rows { kind: self, page: &mut page, form });
        let read = decoder.deserialize_map(answer).and_then(|()| decoder.end());
        match read {
            Ok(()) => Ok(page),
            Err(_) if page.rows > ROWS_OF_A_PAGE => Err(RowsError::TooMany),
            Err(error) => Err(RowsError::Json(error.into())),
        }
    }
}

/// Why the rows of a page can't be read.
enum RowsError {
    TooMany,
    Json(DecodeError),
}

impl<T> Page<T> {
    fn take(&mut self, dto: &BaseItemDto<'_>, kind: &ItemKind<T>) {
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

    fn take_raw(&mut self, row: &str, kind: &ItemKind<T>) {
        match serde_json::from_str(row) {
            Ok(dto) => self.take(&dto, kind),
            Err(error) => {
                self.ids.push(RowId::Other(FxBuildHasher.hash_one(row)));
                self.list.fault(unreadable_row(row, self.rows, kind.what, error));
            }
        }
    }
}

/// The fault of a row that isn't shaped like an item.
fn unreadable_row(json: &str, row: u64, what: &str, error: serde_json::Error) -> ItemFault {
    let short = Some(json).filter(|json| json.len() <= LONGEST_SEARCHED);
    let value: serde_json::Value =
        short.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let text = |field: &str| value.get(field).and_then(|v| v.as_str());
    ItemFault {
        item_id: text("Id").and_then(|id| ItemId::parse(id).ok()),
        name: text("Name").map_or_else(|| format!("row {row} of the {what}"), convert::short),
        message: format!("Jellyfin's entry can't be read: {}", DecodeError::from(error)),
    }
}

/// How rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowForm {
    /// Directly as items.
    Typed,
    /// As text first, because some of them aren't items.
    Raw,
}

/// Adds the rows of `Items` to a page.
struct Rows<'a, T> {
    kind: &'a ItemKind<T>,
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
                Row::Typed(dto) => page.take(&dto, kind),
                Row::Raw(row) => page.take_raw(row.get(), kind),
            }
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "only one at a time is on the stack")]
enum Row<'a> {
    Typed(BaseItemDto<'a>),
    Raw(&'a RawValue),
}

//! A page of a list, or several joined: what it brought, and the counts by which a list is known to
//! be complete.

use rustc_hash::FxHashSet;

use super::{
    error::JellyfinError,
    limits::{ROWS_OF_A_LIST, WHOLE_LIST},
    list::List,
};
use crate::{domain::ids::ItemId, outbound::Bound};

/// What distinguishes a row from the others of its list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum RowId {
    Item(ItemId),
    /// The hash of an id that isn't one, or of a row that can't be read.
    Other(u64),
}

/// One page, or the first pages of a list joined.
pub struct Page<T> {
    pub(super) list: List<T>,
    /// The length of the whole list, if Jellyfin says it.
    pub(super) total: Option<u64>,
    pub(super) rows: u64,
    /// Of the bodies that were read.
    pub(super) bytes: usize,
    /// Of all rows, whatever their kind, to find a row that comes twice.
    pub(super) ids: Vec<RowId>,
    /// Rows of the kind that was asked for.
    pub(super) of_kind: u64,
    /// Those of them with user data.
    pub(super) with_user_data: u64,
}

impl<T> Page<T> {
    pub(super) fn new() -> Self {
        Self {
            list: List::new(),
            total: None,
            rows: 0,
            bytes: 0,
            ids: Vec::new(),
            of_kind: 0,
            with_user_data: 0,
        }
    }

    /// Joins the next page of the list to this one.
    ///
    /// # Errors
    /// The list exceeds a bound, or its length has changed since `total` was read.
    pub(super) fn append(
        &mut self,
        next: Self,
        total: u64,
        what: &str,
    ) -> Result<(), JellyfinError> {
        if next.total.unwrap_or(next.rows) != total {
            return Err(self.short(what, total));
        }
        self.rows += next.rows;
        self.bytes += next.bytes;
        self.ids.extend(next.ids);
        self.of_kind += next.of_kind;
        self.with_user_data += next.with_user_data;
        self.list.append(next.list);
        let bound = if self.rows > ROWS_OF_A_LIST {
            Bound::Rows(ROWS_OF_A_LIST)
        } else if self.bytes > WHOLE_LIST {
            Bound::Unpacked(WHOLE_LIST)
        } else {
            return Ok(());
        };
        Err(JellyfinError::AnswerTooLarge { what: what.to_owned(), bound })
    }

    /// The list, if all of it came. A row that moves from one page to the next while they are read
    /// comes twice and hides a third, so the rows must all differ as well.
    ///
    /// # Errors
    /// Rows are missing, or no item says what the user watched.
    pub(super) fn finish(self, what: &str, total: u64) -> Result<List<T>, JellyfinError> {
        if self.rows != total || self.different_rows() != total {
            return Err(self.short(what, total));
        }
        self.check_user_data(what)?;
        Ok(self.list)
    }

    /// Checks a list that comes in one answer.
    ///
    /// # Errors
    /// Rows are missing, or no item says what the user watched: for a user that doesn't exist a
    /// series' episodes come without (`docs/jellyfin.md`, "Sign-in").
    pub(super) fn check_single(&self, what: &str) -> Result<(), JellyfinError> {
        match self.total {
            Some(total) if total != self.rows => {
                Err(JellyfinError::ShortRead { what: what.to_owned(), rows: self.rows, total })
            }
            Some(_) | None => self.check_user_data(what),
        }
    }

    fn check_user_data(&self, what: &str) -> Result<(), JellyfinError> {
        if self.of_kind > 0 && self.with_user_data == 0 {
            return Err(JellyfinError::NoUserData { what: what.to_owned() });
        }
        Ok(())
    }

    fn different_rows(&self) -> u64 {
        self.ids.iter().collect::<FxHashSet<_>>().len() as u64
    }

    fn short(&self, what: &str, total: u64) -> JellyfinError {
        JellyfinError::ShortRead { what: what.to_owned(), rows: self.different_rows(), total }
    }
}

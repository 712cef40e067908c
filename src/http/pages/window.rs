//! A part of a long list: no page shows more than a person reads, however large the library.

use std::ops::Range;

/// Which part of a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// From 1.
    pub page: usize,
    pub pages: usize,
    size: usize,
    total: usize,
}

impl Window {
    /// The page that was asked for, or the nearest that there is.
    pub(super) fn new(asked: Option<usize>, size: usize, total: usize) -> Self {
        let pages = total.div_ceil(size).max(1);
        Self { page: asked.unwrap_or(1).clamp(1, pages), pages, size, total }
    }

    /// The places in the list.
    pub(super) fn range(self) -> Range<usize> {
        let from = (self.page - 1) * self.size;
        from..(from + self.size).min(self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_list_is_on_one_page() {
        for total in [0, 1, 59, 60, 61, 12_000] {
            let pages = Window::new(None, 60, total).pages;
            let shown: Vec<usize> =
                (1..=pages).flat_map(|page| Window::new(Some(page), 60, total).range()).collect();
            assert_eq!(shown, (0..total).collect::<Vec<_>>(), "{total}");
        }
        assert_eq!(Window::new(Some(0), 60, 61).page, 1);
        assert_eq!(Window::new(Some(usize::MAX), 60, 61).range(), 60..61);
    }
}

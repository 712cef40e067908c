//! Posters: Jellyfin's own, brought here so that a page asks nobody else for anything.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::PageProblem;
use crate::{
    domain::{
        ids::ItemId,
        library::{Title, normalized},
    },
    http::{App, Problem},
    service::Links,
};

/// A title's picture in a page, or what stands where there is none.
pub(super) struct PosterView {
    /// Jellyfin's item, if one is known.
    pub item: Option<String>,
    /// The letters that stand in.
    pub initials: String,
    /// One of nine colours, always the same for a name.
    pub hue: u32,
}

impl PosterView {
    pub(super) fn new(name: &str, item: Option<&str>) -> Self {
        let words =
            name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
        let initials: String = words.take(2).flat_map(char::to_uppercase).collect();
        let hue = normalized(name)
            .bytes()
            .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
            % 9;
        Self { item: item.map(str::to_owned), initials, hue }
    }

    pub(super) fn of(title: Title<'_>, links: &Links) -> Self {
        Self::new(title.name(), item_of(title, links).map(ItemId::as_str))
    }
}

/// The title in Jellyfin: as the last run saw it, or as it was when a play of it was added.
pub(super) fn item_of<'a>(title: Title<'a>, links: &'a Links) -> Option<&'a ItemId> {
    let imported = match title {
        Title::Movie(movie) => movie.imported_plays().last().map(|play| &play.item),
        Title::Series(_) => None,
    };
    links.item(title.stream().as_str()).or(imported)
}

pub(super) async fn poster(
    State(app): State<App>,
    Path(item): Path<String>,
) -> Result<Response, PageProblem> {
    let none = || Problem::new("not_found", format!("Jellyfin has no poster of `{item}`"));
    let id = ItemId::parse(&item).map_err(|_| none())?;
    let poster = app.service.pictures().poster(&id).await?.ok_or_else(none)?;
    let kept = [
        (header::CONTENT_TYPE, poster.content_type),
        (header::CACHE_CONTROL, "private, max-age=604800"),
    ];
    Ok((kept, poster.bytes).into_response())
}

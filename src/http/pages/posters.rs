//! Posters: Jellyfin's own, passed on by this server so that a page loads nothing from elsewhere.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::answer::PageProblem;
use crate::{
    domain::{
        ids::ItemId,
        library::{Title, normalized},
    },
    http::App,
    report::{Problem, ProblemCode},
    service::Links,
};

/// A title's picture in a page, or the letters shown if there is none.
pub(super) struct PosterView {
    /// Jellyfin's item, if one is known.
    pub item: Option<String>,
    /// The letters shown if there is no picture.
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

/// The title in Jellyfin: the item that the last run matched, or else the item of its last imported
/// play.
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
    let none =
        || Problem::new(ProblemCode::NotFound, format!("Jellyfin has no poster of `{item}`"));
    let id = ItemId::parse(&item).map_err(|_| none())?;
    let poster = app.service.pictures().poster(&id).await?.ok_or_else(none)?;
    let kept = [
        (header::CONTENT_TYPE, poster.content_type),
        (header::CACHE_CONTROL, "private, max-age=604800"),
    ];
    Ok((kept, poster.bytes).into_response())
}

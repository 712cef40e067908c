//! Style, script and icon: compiled in, and cached by browsers until they change.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::answer::PageProblem;
use crate::report::{Problem, ProblemCode};

const FILES: [(&str, &str, &str); 3] = [
    ("page.css", "text/css; charset=utf-8", include_str!("assets/page.css")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("assets/page.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

/// Changes with the files, so that browsers never show an old one.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    FILES.iter().for_each(|(_, _, text)| all.update(text));
    all.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// The file's address, with its version.
pub(super) fn path(file: &str) -> String {
    format!("/assets/{file}?{}", *VERSION)
}

pub(super) async fn asset(Path(file): Path<String>) -> Result<Response, PageProblem> {
    let found = FILES.iter().find(|(name, _, _)| *name == file);
    let (_, kind, text) = found
        .ok_or_else(|| Problem::new(ProblemCode::NotFound, format!("there is no file `{file}`")))?;
    let kept = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((kept, *text).into_response())
}

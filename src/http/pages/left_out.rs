//! Everything that a scan doesn't add for one reason.

use axum::{
    extract::{Query, State},
    response::Response,
};
use serde::Deserialize;

use super::{
    answer::{PageProblem, html},
    preview::name,
    shell::{Section, Shell, Visitor},
    window::Window,
    words,
};
use crate::{
    domain::sync::{Skip, Unmatched},
    http::App,
    report::{Coded, NotAdded, Preview, Problem, ProblemCode, Words, number},
};

/// Names on a page.
const NAMES: usize = 300;

#[derive(askama::Template)]
#[template(path = "left_out.html")]
struct LeftOutPage {
    shell: Shell,
    reason: String,
    meaning: &'static str,
    names: Vec<String>,
    window: Window,
    path: String,
}

/// The reason's code, and the part of its list.
#[derive(Deserialize)]
pub(super) struct Asked {
    reason: String,
    page: Option<usize>,
}

pub(super) async fn page(
    visitor: Visitor,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageProblem> {
    let gone = || Problem::new(ProblemCode::NotFound, "this preview is over: scan again");
    let preview = app.service.sync().preview().await?.ok_or_else(gone)?;
    let (Words { title, meaning }, all) = by_code(&preview, &asked.reason).ok_or_else(gone)?;
    let window = Window::new(asked.page, NAMES, all.len());
    let reason = format!("{title}: {}", number(all.len() as u64));
    Ok(html(&LeftOutPage {
        shell: visitor.shell(reason.clone(), Some(Section::Sync)),
        reason,
        meaning,
        names: all[window.range()].to_vec(),
        window,
        path: format!("/sync/left-out?reason={}&", words::encoded(&asked.reason)),
    }))
}

/// The reason's words, and the names of what isn't added for it; `None` if no reason has that code.
fn by_code(preview: &Preview, code: &str) -> Option<(Words, Vec<String>)> {
    match (Skip::of_code(code), Unmatched::of_code(code)) {
        (Some(reason), _) => Some((reason.words(), names(&preview.skipped, reason))),
        (None, Some(reason)) => Some((reason.words(), names(&preview.unmatched, reason))),
        (None, None) => None,
    }
}

fn names<R: PartialEq>(all: &[NotAdded<R>], reason: R) -> Vec<String> {
    all.iter().filter(|not_added| not_added.reason == reason).map(name).collect()
}

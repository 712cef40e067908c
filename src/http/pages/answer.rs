//! A page as an answer, or the problem that is shown in its place.

use std::sync::Arc;

use axum::response::{Html, IntoResponse, Response};

use crate::{
    domain::library::Folded,
    http::{App, problem::status_of},
    report::{Problem, ProblemCode},
    service::ServiceError,
};

/// Faults of the log that are named.
const FAULTS: usize = 20;

/// Renders a page.
pub(super) fn html(template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(page) => Html(page).into_response(),
        // Writing into a text fails only if a value can't be displayed, and all of ours can.
        Err(error) => {
            let detail = format!("the page can't be rendered: {error}");
            Problem::new(ProblemCode::Internal, detail).into_response()
        }
    }
}

/// A problem that a person reads as a page, with the faults of the log if it is about them.
#[derive(Debug, Clone)]
pub(super) struct PageProblem(pub Problem, pub Vec<String>);

impl From<ServiceError> for PageProblem {
    fn from(error: ServiceError) -> Self {
        Self(error.into(), Vec::new())
    }
}

impl From<Problem> for PageProblem {
    fn from(problem: Problem) -> Self {
        Self(problem, Vec::new())
    }
}

/// The problem travels with the answer: it is rendered by `pages::finish`, which knows the visitor.
impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        let mut response = status_of(&self.0).into_response();
        // The request log needs only the problem.
        response.extensions_mut().insert(self.0.clone());
        response.extensions_mut().insert(self);
        response
    }
}

/// The folded log; if it can't be read, a problem that names the faults.
pub(super) async fn folded(app: &App) -> Result<Arc<Folded>, PageProblem> {
    match app.service.ledger().folded().await {
        Err(error @ ServiceError::LogCorrupt(_)) => {
            Err(PageProblem(error.into(), faults(app).await?))
        }
        folded => Ok(folded?),
    }
}

/// The faults of the log, the first ones of many.
pub(super) async fn faults(app: &App) -> Result<Vec<String>, ServiceError> {
    let check = app.service.ledger().check().await?;
    let mut faults: Vec<String> =
        check.faults.iter().take(FAULTS).map(ToString::to_string).collect();
    if check.faults.len() > FAULTS {
        faults.push(format!("and {} more", check.faults.len() - FAULTS));
    }
    Ok(faults)
}

//! The library over HTTP: the state folded from the log.

use axum::{
    Json,
    extract::{Path, State},
};

use crate::{
    domain::ids::StreamId,
    http::App,
    report::{AllSeries, MovieView, Movies, Problem, ProblemCode, SeriesView},
};

/// All movies of the library.
#[utoipa::path(get, path = "/api/library/movies",
    responses((status = 200, body = Movies), Problem))]
pub async fn movies(State(app): State<App>) -> Result<Json<Movies>, Problem> {
    let folded = app.service.ledger().folded().await?;
    Ok(Json(Movies::of(&folded.library)))
}

/// One movie.
#[utoipa::path(get, path = "/api/library/movies/{slug}", params(("slug" = String, Path)),
    responses((status = 200, body = MovieView), Problem))]
pub async fn movie(
    State(app): State<App>,
    Path(slug): Path<String>,
) -> Result<Json<MovieView>, Problem> {
    let folded = app.service.ledger().folded().await?;
    let movie = folded.library.movie_by_stream(&StreamId::movie(&slug));
    movie.map(|movie| Json(MovieView::of(movie))).ok_or_else(|| no_title("movie", &slug))
}

/// All series of the library.
#[utoipa::path(get, path = "/api/library/series",
    responses((status = 200, body = AllSeries), Problem))]
pub async fn all_series(State(app): State<App>) -> Result<Json<AllSeries>, Problem> {
    let folded = app.service.ledger().folded().await?;
    Ok(Json(AllSeries::of(&folded.library)))
}

/// One series.
#[utoipa::path(get, path = "/api/library/series/{slug}", params(("slug" = String, Path)),
    responses((status = 200, body = SeriesView), Problem))]
pub async fn one_series(
    State(app): State<App>,
    Path(slug): Path<String>,
) -> Result<Json<SeriesView>, Problem> {
    let folded = app.service.ledger().folded().await?;
    let series = folded.library.series_by_stream(&StreamId::series(&slug));
    series.map(|series| Json(SeriesView::of(series))).ok_or_else(|| no_title("series", &slug))
}

fn no_title(kind: &str, slug: &str) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("your library has no {kind} `{slug}`"))
}

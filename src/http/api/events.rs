//! The log over HTTP: its own lines out, byte for byte, and a whole log in.

use std::io::Read;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

use crate::{
    domain::ids::GlobalPosition,
    http::{App, problem::invalid, request::RawBody},
    report::{Begun, Problem},
};

/// Pieces in which the log is sent.
const PIECE: usize = 64 * 1024;

/// The part of the log to send.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Only lines after this position; all lines if left out.
    after: Option<u64>,
}

/// The log's own lines after a position, byte for byte.
#[utoipa::path(get, path = "/api/events", params(After),
    responses((status = 200, body = String, content_type = "application/x-ndjson"),
        Problem))]
pub async fn lines(
    State(app): State<App>,
    query: Result<Query<After>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(After { after }) = query.map_err(|_| {
        let detail = "`after` must be a position: a whole number from 0";
        invalid(StatusCode::BAD_REQUEST, detail)
    })?;
    let mut lines =
        app.service.ledger().lines_after(GlobalPosition(after.unwrap_or_default())).await?;
    let (send, pieces) = mpsc::channel::<std::io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = lines.read(&mut piece).map(|length| {
                piece.truncate(length);
                Bytes::from(piece)
            });
            let ended = !matches!(&read, Ok(piece) if !piece.is_empty());
            // An empty piece ends it, and so does a caller who disconnects.
            if matches!(&read, Ok(piece) if piece.is_empty())
                || send.blocking_send(read).is_err()
                || ended
            {
                return;
            }
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(pieces)).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

/// Puts a whole log into an empty store: all or nothing, with its positions.
#[utoipa::path(post, path = "/api/events", request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Begun), Problem))]
pub async fn begin(State(app): State<App>, RawBody(body): RawBody) -> Result<Json<Begun>, Problem> {
    let begun = app.service.setup().begin_log(body.into()).await?;
    Ok(Json(Begun { events: begun.events, position: begun.head.position.0 }))
}

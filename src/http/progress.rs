//! A run whose progress is streamed: `progress` events, then one `result` or `problem` (server-sent events).

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use axum::{
    Json,
    http::{HeaderMap, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::UnboundedReceiverStream};

use super::Problem;
use crate::service::{Progress, ServiceError};

/// Whether the caller wants to hear how far it is.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let accept =
        headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
    })
}

/// What a run tells its progress to.
pub(super) type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

/// Answers with the result of a run, or with a stream of its progress where that is wanted.
///
/// A streamed run goes on where its listener goes away: half an import would be none.
pub(super) async fn answer<T, F>(headers: &HeaderMap, run: impl FnOnce(Listener) -> F) -> Response
where
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, ServiceError>> + Send + 'static,
{
    if !is_wanted(headers) {
        return match run(Arc::new(|_| {})).await {
            Ok(report) => Json(report).into_response(),
            Err(error) => Problem::from(error).into_response(),
        };
    }
    let (tell, told) = mpsc::unbounded_channel();
    let listener = {
        let tell = tell.clone();
        Arc::new(move |progress: Progress| {
            // Nobody listens any more: the run goes on.
            let _ = tell.send(event("progress", &progress));
        })
    };
    let run = run(listener);
    tokio::spawn(async move {
        let last = match run.await {
            Ok(report) => event("result", &report),
            Err(error) => event("problem", &Problem::from(error)),
        };
        let _ = tell.send(last);
    });
    Sse::new(stream(told))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response()
}

fn stream(told: mpsc::UnboundedReceiver<Event>) -> impl Stream<Item = Result<Event, Infallible>> {
    futures_util::StreamExt::map(UnboundedReceiverStream::new(told), Ok)
}

pub(super) fn event(name: &str, data: &impl Serialize) -> Event {
    let json = serde_json::to_string(data).expect("reports of texts and numbers always encode");
    Event::default().event(name).data(json)
}

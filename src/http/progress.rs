//! A run whose progress is streamed: `progress` events, then one `result` or `problem` (server-sent
//! events).

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use axum::{
    Json,
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::UnboundedReceiverStream};

use super::request::accepts;
use crate::{
    report::{Problem, Progress},
    service::ServiceError,
};

/// Whether the caller asks for a stream of the progress.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    accepts(headers, &mime::TEXT_EVENT_STREAM)
}

/// Receives the progress of a run.
pub(super) type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

/// Answers with the result of a run, or with a stream of its progress if the caller asks for one.
///
/// A streamed run continues if the caller disconnects: an import is all or nothing.
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
            // Fails if the caller has disconnected; the run continues.
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

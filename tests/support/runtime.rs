//! Lambda's runtime interface: hands invocations to a function and takes its answers, in pieces as
//! they come.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Body,
    extract::{Path as UrlPath, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

/// What came back for an invocation.
#[derive(Debug, Default, Clone)]
pub struct Answer {
    pub headers: HeaderMap,
    pub pieces: Vec<u8>,
    pub ended: bool,
    pub failed: bool,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.pieces).unwrap()
    }

    /// What the front would send on: status, headers, cookies and body of a streamed answer.
    pub fn streamed(&self) -> (Value, Vec<u8>) {
        assert_eq!(self.headers["lambda-runtime-function-response-mode"], "streaming");
        assert_eq!(
            self.headers["content-type"],
            "application/vnd.awslambda.http-integration-response"
        );
        let end = self.pieces.windows(8).position(|eight| eight == [0; 8]).unwrap();
        (serde_json::from_slice(&self.pieces[..end]).unwrap(), self.pieces[end + 8..].to_vec())
    }

    /// The body of a whole answer.
    pub fn body(&self) -> Vec<u8> {
        let answer = self.json();
        let body = answer["body"].as_str().unwrap_or_default();
        if answer["isBase64Encoded"] == true {
            BASE64_STANDARD.decode(body).unwrap()
        } else {
            body.into()
        }
    }
}

struct Runtime {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<(usize, Value, Duration)>>,
    answers: Mutex<BTreeMap<usize, Answer>>,
    changed: Notify,
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    let Some((id, event, time)) = runtime.waiting.lock().await.recv().await else {
        return std::future::pending().await;
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
    let headers = [
        ("lambda-runtime-aws-request-id", id.to_string()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:sync".to_owned(),
        ),
    ];
    (headers, axum::Json(event)).into_response()
}

async fn answer(
    State(runtime): State<Arc<Runtime>>,
    UrlPath((id, kind)): UrlPath<(usize, String)>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    let change = |change: &dyn Fn(&mut Answer)| {
        change(runtime.answers.lock().unwrap().entry(id).or_default());
        runtime.changed.notify_waiters();
    };
    change(&|answer| (answer.headers, answer.failed) = (headers.clone(), kind == "error"));
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.unwrap();
        change(&|answer| answer.pieces.extend_from_slice(&piece));
    }
    change(&|answer| answer.ended = true);
    StatusCode::ACCEPTED
}

/// A sample invocation.
pub fn invocation(name: &str) -> Value {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/invocations/{name}.json"));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// An interface for one function.
pub struct RuntimeInterface {
    runtime: Arc<Runtime>,
    invoke: mpsc::UnboundedSender<(usize, Value, Duration)>,
    invoked: AtomicUsize,
    address: String,
}

impl RuntimeInterface {
    pub async fn start() -> Self {
        let (invoke, waiting) = mpsc::unbounded_channel();
        let runtime = Arc::new(Runtime {
            waiting: tokio::sync::Mutex::new(waiting),
            answers: Mutex::default(),
            changed: Notify::new(),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answer))
            .with_state(runtime.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { runtime, invoke, invoked: AtomicUsize::new(0), address }
    }

    /// Tells a process what Lambda tells its functions.
    pub fn introduce<'a>(&self, function: &'a mut Command) -> &'a mut Command {
        function
            .env("AWS_LAMBDA_RUNTIME_API", &self.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "sync");
        function
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
    }

    /// Hands an event to the function, which has so much time.
    pub fn begin(&self, event: Value, time: Duration) -> usize {
        let id = self.invoked.fetch_add(1, Ordering::SeqCst);
        self.invoke.send((id, event, time)).unwrap();
        id
    }

    /// Waits until an answer is as it should be.
    pub async fn answer_when(&self, id: usize, is_so: impl Fn(&Answer) -> bool) -> Answer {
        let found = async {
            loop {
                let changed = self.runtime.changed.notified();
                if let Some(answer) =
                    self.runtime.answers.lock().unwrap().get(&id).filter(|answer| is_so(answer))
                {
                    return answer.clone();
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), found)
            .await
            .expect("every invocation is answered")
    }

    /// Hands over an event and waits for the whole answer.
    pub async fn invoke(&self, event: Value) -> Answer {
        self.answer_when(self.begin(event, Duration::from_secs(60)), |answer| answer.ended).await
    }
}

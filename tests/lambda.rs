//! Started under Lambda, the binary serves the same routes: the sample invocations, by a runtime interface of the test's.

use std::{
    collections::VecDeque,
    fs,
    net::Ipv4Addr,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::{Path as UrlPath, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::sync::Notify;

#[derive(Default)]
struct Runtime {
    waiting: Mutex<VecDeque<Value>>,
    answers: Mutex<Vec<Value>>,
    answered: Notify,
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    let invocation = runtime.waiting.lock().unwrap().pop_front();
    let Some(invocation) = invocation else { return std::future::pending().await };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(30);
    let headers = [
        ("lambda-runtime-aws-request-id", "0c1f2a3b-0000-4000-8000-000000000001".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:sync".to_owned()),
    ];
    (headers, Json(invocation)).into_response()
}

async fn answer(State(runtime): State<Arc<Runtime>>, UrlPath(_): UrlPath<String>, body: axum::body::Bytes) -> StatusCode {
    runtime.answers.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    runtime.answered.notify_one();
    StatusCode::ACCEPTED
}

/// Runs the binary as Lambda does, and returns its answers to the named invocations, in order.
async fn invoke(names: &[&str], token: Option<&str>) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events/invocations");
    let read = |name: &&str| serde_json::from_slice(&fs::read(folder.join(format!("{name}.json"))).unwrap()).unwrap();
    let runtime = Arc::new(Runtime { waiting: Mutex::new(names.iter().map(read).collect()), ..Runtime::default() });
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
        .with_state(runtime.clone());
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let store = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mediatheca-jellyfin-sync"));
    command.env_clear().env("AWS_LAMBDA_RUNTIME_API", address).env("MEDIATHECA_STORE", store.path().join("store"));
    command.env("MEDIATHECA_SECRET_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    for (name, value) in
        [("AWS_LAMBDA_FUNCTION_NAME", "sync"), ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")]
    {
        command.env(name, value);
    }
    if let Some(token) = token {
        command.env("MEDIATHECA_API_TOKEN", token);
    }
    let mut function = command.stdin(Stdio::null()).spawn().unwrap();
    let all = async {
        while runtime.answers.lock().unwrap().len() < names.len() {
            runtime.answered.notified().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), all).await;
    function.kill().unwrap();
    function.wait().unwrap();
    in_time.expect("every invocation is answered");
    let answers = runtime.answers.lock().unwrap();
    answers.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_fronts_reach_the_same_routes() {
    let answers = invoke(&["function-url-health", "http-api-settings", "http-api-no-token"], Some("s3cret")).await;
    let statuses: Vec<&Value> = answers.iter().map(|answer| &answer["statusCode"]).collect();
    assert_eq!(statuses, [200, 200, 401]);
    assert_eq!(answers[0]["body"], "{\"status\":\"ok\"}");
    let settings: Value = serde_json::from_str(answers[1]["body"].as_str().unwrap()).unwrap();
    assert_eq!(settings["timeZone"], "UTC");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nobody_is_answered_but_for_health() {
    let answers = invoke(&["function-url-health", "http-api-settings"], None).await;
    let statuses: Vec<&Value> = answers.iter().map(|answer| &answer["statusCode"]).collect();
    assert_eq!(statuses, [200, 401]);
}

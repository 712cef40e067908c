//! A Jellyfin that says what real ones said, and nothing else.
//!
//! A request that isn't among the recorded ones fails the test instead of getting an invented
//! answer. Three things are derived: a page is cut from the recorded whole list, an item asked for
//! by id is one that some list held, and any token that was handed out is taken.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Clone, Deserialize)]
struct Exchange {
    #[serde(default)]
    request: Option<RecordedRequest>,
    #[serde(default)]
    response: Option<RecordedResponse>,
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    query: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Value,
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

#[derive(Debug, Default)]
struct Seen {
    unknown: Vec<String>,
    requests: Vec<String>,
}

struct Inner {
    exchanges: Vec<(RecordedRequest, RecordedResponse)>,
    seen: Mutex<Seen>,
    /// Paths that answer with this status whatever was recorded.
    broken: Mutex<Vec<(String, u16)>>,
}

/// A replaying server.
#[derive(Clone)]
pub struct Replay {
    inner: Arc<Inner>,
    port: u16,
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

impl Replay {
    /// Replays some recordings of a version; of two answers to the same request the first counts.
    pub async fn start(version: &str, files: &[&str]) -> Self {
        let folder =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events/jellyfin").join(version);
        let exchanges =
            files.iter().flat_map(|file| read(&folder.join(format!("{file}.json")))).collect();
        let inner = Arc::new(Inner { exchanges, seen: Mutex::default(), broken: Mutex::default() });
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let routes = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { inner, port }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on requests whose path and query contain the text get that status.
    pub fn break_requests(&self, containing: &str, status: u16) {
        self.inner.broken.lock().unwrap().push((containing.to_owned(), status));
    }

    /// Every request so far: method, path and query.
    pub fn requests(&self) -> Vec<String> {
        self.inner.seen.lock().unwrap().requests.clone()
    }

    /// Fails the test if anything was asked that no recording answers.
    pub fn assert_all_was_recorded(&self) {
        let unknown = &self.inner.seen.lock().unwrap().unknown;
        assert!(unknown.is_empty(), "asked for what no recording answers: {unknown:#?}");
    }
}

fn read(file: &Path) -> Vec<(RecordedRequest, RecordedResponse)> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let exchanges: Vec<Exchange> = serde_json::from_str(&text).unwrap();
    exchanges.into_iter().filter_map(|exchange| exchange.request.zip(exchange.response)).collect()
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    inner.seen.lock().unwrap().requests.push(format!("{} {target}", parts.method));
    if let Some((_, status)) =
        inner.broken.lock().unwrap().iter().find(|(text, _)| target.contains(text.as_str()))
    {
        return StatusCode::from_u16(*status).unwrap().into_response();
    }
    if let Err(reason) = check_authorization(&parts.headers, &target) {
        inner.seen.lock().unwrap().unknown.push(format!("{} {target}: {reason}", parts.method));
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match inner.find(&parts.method, parts.uri.path(), parts.uri.query().unwrap_or_default(), &body)
    {
        Some(found) => response(&found),
        None => {
            inner.seen.lock().unwrap().unknown.push(format!("{} {target}", parts.method));
            StatusCode::NOT_IMPLEMENTED.into_response()
        }
    }
}

/// The one header that all versions take, and never a token anywhere else.
fn check_authorization(headers: &HeaderMap, target: &str) -> Result<(), &'static str> {
    for older in ["x-emby-token", "x-mediabrowser-token", "x-emby-authorization"] {
        if headers.contains_key(older) {
            return Err("an older header was sent");
        }
    }
    let lower = target.to_ascii_lowercase();
    if lower.contains("api_key") || lower.contains("apikey") || lower.contains("token") {
        return Err("a token in the URL");
    }
    let authorization =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let open =
        lower.ends_with("/system/info/public") || lower.ends_with("/users/authenticatebyname");
    let whole = ["MediaBrowser ", "Client=\"", "Device=\"", "DeviceId=\"", "Version=\""];
    if !whole.iter().all(|part| authorization.contains(part)) {
        return Err("a part of the Authorization header is missing");
    }
    if open || authorization.contains("Token=\"") { Ok(()) } else { Err("no token") }
}

impl Inner {
    fn find(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        body: &Bytes,
    ) -> Option<RecordedResponse> {
        let asked = pairs(query);
        let same_path = || {
            self.exchanges.iter().filter(|(request, _)| {
                request.method == method.as_str() && request.path.eq_ignore_ascii_case(path)
            })
        };
        let sent: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let exact = same_path().find(|(request, _)| {
            // A sign-in without the whole header was recorded too, and refused; ours always has it.
            let whole_header = request
                .headers
                .get("authorization")
                .is_some_and(|value| value.contains("DeviceId"));
            let same_query = pairs(request.query.as_deref().unwrap_or_default()) == asked;
            same_query && (method != Method::POST || (request.body == sent && whole_header))
        });
        if let Some((_, response)) = exact {
            return Some(response.clone());
        }
        if path != "/Items" {
            return None;
        }
        if let Some((_, ids)) = asked.iter().find(|(name, _)| name == "ids") {
            return self.by_ids(ids);
        }
        let paging = ["startIndex", "limit", "sortBy"];
        let without: Vec<_> =
            asked.iter().filter(|(name, _)| !paging.contains(&name.as_str())).cloned().collect();
        let (_, whole) = same_path()
            .find(|(request, _)| pairs(request.query.as_deref().unwrap_or_default()) == without)?;
        let number = |name: &str| {
            asked.iter().find(|(n, _)| n == name).map(|(_, value)| value.parse::<usize>().unwrap())
        };
        let (start, limit) =
            (number("startIndex").unwrap_or(0), number("limit").unwrap_or(usize::MAX));
        let items = whole.body["Items"].as_array()?;
        let page: Vec<&Value> = items.iter().skip(start).take(limit).collect();
        let body = json!({ "Items": page, "TotalRecordCount": items.len(), "StartIndex": start });
        Some(RecordedResponse { status: 200, headers: whole.headers.clone(), body })
    }

    fn by_ids(&self, ids: &str) -> Option<RecordedResponse> {
        let lists =
            self.exchanges.iter().filter_map(|(_, response)| response.body["Items"].as_array());
        let all: Vec<&Value> = lists.flatten().filter(|item| !item["UserData"].is_null()).collect();
        let items: Vec<&Value> = ids
            .split(',')
            .filter_map(|id| all.iter().copied().find(|item| item["Id"] == id))
            .collect();
        if items.len() != ids.split(',').count() {
            return None;
        }
        let body = json!({ "Items": items, "TotalRecordCount": items.len(), "StartIndex": 0 });
        Some(RecordedResponse { status: 200, headers: BTreeMap::new(), body })
    }
}

fn response(found: &RecordedResponse) -> Response {
    let body = match &found.body {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        json => serde_json::to_vec(json).unwrap(),
    };
    let mut response = (StatusCode::from_u16(found.status).unwrap(), body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in found.headers.iter().filter(|(name, _)| *name != "content-length") {
        response.headers_mut().insert(
            header::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
    }
    response
}

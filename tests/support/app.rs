//! The product over a folder of its own, called as its users call it: through its handler.
//!
//! Every answer is held against the description at `/api/openapi.json`, whatever a test looks at.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use chrono::{DateTime, Utc};
use mediatheca_jellyfin_sync::{
    domain::events::Via,
    http::{Access, router},
    jellyfin::Limits,
    service::{ImportRequest, Outside, Service, ServiceOptions},
    store::{local::LocalStore, seal::KeySource},
};
use serde_json::{Value, json};
use tower::ServiceExt;

/// An answer of the handler.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Status and code of a problem.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.content_type,
            "application/problem+json",
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        (self.status.as_u16(), json["code"].as_str().unwrap().to_owned())
    }
}

/// The product over a folder of its own.
pub struct TestApp {
    pub folder: tempfile::TempDir,
    pub service: Arc<Service>,
    pub clock: Arc<Mutex<DateTime<Utc>>>,
    pub router: Router,
    description: Value,
}

/// Limits of a test: nothing waits longer than it must.
pub fn limits() -> Limits {
    Limits { first_pause: Duration::from_millis(1), ..Limits::default() }
}

/// Installs what `main` installs.
pub fn with_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl TestApp {
    /// An empty store.
    pub async fn new() -> Self {
        Self::with(limits(), Access::Loopback).await
    }

    pub async fn with(limits: Limits, access: Access) -> Self {
        with_tls();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Mutex::new("2026-11-24T00:32:53Z".parse().unwrap()));
        let service = service(
            &folder.path().join("store"),
            &folder.path().join("key"),
            limits,
            clock.clone(),
        );
        let router = router(service.clone(), access);
        let request = Request::get("/api/openapi.json")
            .header(header::HOST, "localhost")
            .header("authorization", "Bearer s3cret");
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let description = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { folder, service, clock, router, description }
    }

    /// A store that begins with a log.
    pub async fn with_log(log: &str) -> Self {
        let app = Self::new().await;
        app.service.setup().begin_log(log.into()).await.unwrap();
        app
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The log's bytes as they lie on the disk.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.store().join("events.jsonl")).unwrap_or_default()
    }

    /// What was appended to that log.
    pub fn appended(&self, before: &str) -> Vec<String> {
        let log = self.log();
        let appended =
            log.strip_prefix(before).expect("the old log is a byte prefix of the new one");
        appended.lines().map(str::to_owned).collect()
    }

    /// Connects to a server that knows anna.
    pub async fn connect(&self, url: &str) -> Answer {
        let body = json!({ "serverUrl": url, "username": "anna", "password": "correct horse" });
        self.post("/api/settings/jellyfin/test", &body).await
    }

    pub async fn import(&self) -> Value {
        self.post("/api/jellyfin/import", &Value::Null).await.json()
    }

    pub async fn scan(&self) -> Value {
        self.post("/api/jellyfin/scan", &Value::Null).await.json()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], Vec::new()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, &[], Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, body).await
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let (kind, bytes) = if body.is_null() {
            (&[][..], Vec::new())
        } else {
            (&[("content-type", "application/json")][..], serde_json::to_vec(body).unwrap())
        };
        self.call(method, path, kind, bytes).await
    }

    /// Calls the handler, and holds its answer against the description.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(header::HOST, "127.0.0.1:8787");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let content_type =
            headers.get(header::CONTENT_TYPE).map_or("", |v| v.to_str().unwrap()).to_owned();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        let answer = Answer { status, content_type, headers, body };
        self.check(method, path, &answer);
        answer
    }

    fn check(&self, method: &str, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap();
        let paths = self.description["paths"].as_object().unwrap();
        let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        let fits = |template: &str| {
            let (template, asked) = (segments(template), segments(path));
            template.len() == asked.len()
                && template.iter().zip(&asked).all(|(t, a)| t.starts_with('{') || t == a)
        };
        let Some((_, operations)) = paths.iter().find(|(template, _)| fits(template)) else {
            return;
        };
        let Some(operation) = operations.get(method.to_ascii_lowercase()) else { return };
        let responses = &operation["responses"];
        let described = responses.get(answer.status.as_str()).unwrap_or(&responses["default"]);
        assert!(!described.is_null(), "{method} {path} answers {} undescribed", answer.status);
        if !answer.content_type.contains("json") || answer.content_type.contains("ndjson") {
            return;
        }
        let schema = &described["content"][&answer.content_type]["schema"];
        assert!(
            !schema.is_null(),
            "{method} {path}: {} {} is undescribed",
            answer.status,
            answer.content_type
        );
        let schema = json!({ "allOf": [schema], "components": self.description["components"] });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&answer.json())
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{method} {path} isn't as described: {wrong:#?}");
    }

    /// Runs an import past HTTP.
    pub fn request() -> ImportRequest {
        ImportRequest {
            exclude: Default::default(),
            include: Default::default(),
            auto_add: None,
            via: Via::Import,
        }
    }
}

/// A service with those limits, on two threads.
pub fn options(limits: Limits) -> ServiceOptions {
    let workers = NonZero::new(2).unwrap();
    ServiceOptions { limits, workers, ..ServiceOptions::default() }
}

/// A service over a folder.
pub fn service(
    store: &Path,
    key: &Path,
    limits: Limits,
    clock: Arc<Mutex<DateTime<Utc>>>,
) -> Arc<Service> {
    let store = Arc::new(LocalStore::new(store));
    let clock = Arc::new(move || *clock.lock().unwrap());
    Arc::new(Service::new(
        store,
        KeySource::File(key.to_owned()),
        Outside::with_clock(clock),
        options(limits),
    ))
}

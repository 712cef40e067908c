//! The sample server: answers as the recorded 10.11 does, from a library in a file.

use std::{collections::BTreeMap, io, net::Ipv4Addr};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::report::JellyfinInput;

const SERVER_ID: &str = "7f9a1e0c5b3d4a2f8e6c1d0b9a8f7e6d";
const USER_ID: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const TOKEN: &str = "sample-token";
const USER: &str = "demo";
const PASSWORD: &str = "demo";

/// A running sample server; it ends with the process.
#[derive(Debug)]
pub struct Jellyfin {
    port: u16,
}

#[derive(Debug, Clone, Deserialize)]
struct Library {
    movies: Vec<Value>,
    series: Vec<Value>,
    episodes: Vec<Value>,
}

impl Jellyfin {
    /// Starts it on a free port of this machine.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> io::Result<Self> {
        let library: &'static Library = Box::leak(Box::new(
            serde_json::from_str(include_str!("library.json"))
                .expect("the embedded library is read by a test"),
        ));
        let routes = Router::new()
            .route("/System/Info/Public", get(info))
            .route("/Users/AuthenticateByName", post(authenticate))
            .route("/Users/Me", get(me))
            .route("/Sessions/Logout", post(async || StatusCode::NO_CONTENT))
            .route("/Items", get(items))
            .route("/Shows/{id}/Episodes", get(episodes))
            .with_state(library);
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { port })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What to sign in with.
    pub fn credentials(&self) -> JellyfinInput {
        JellyfinInput {
            server_url: Some(self.url()),
            username: Some(USER.into()),
            password: Some(PASSWORD.to_owned().into()),
            accept_invalid_certificates: None,
        }
    }
}

async fn info() -> Json<Value> {
    Json(
        json!({ "ServerName": "Sample", "Version": "10.11.11", "ProductName": "Jellyfin Server", "Id": SERVER_ID }),
    )
}

async fn authenticate(Json(body): Json<Value>) -> Response {
    if body["Username"] == USER && body["Pw"] == PASSWORD {
        Json(json!({ "User": { "Id": USER_ID, "Name": USER }, "AccessToken": TOKEN, "ServerId": SERVER_ID })).into_response()
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

fn is_signed_in(headers: &HeaderMap) -> bool {
    let header = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    header.starts_with("MediaBrowser ") && header.contains(&format!("Token=\"{TOKEN}\""))
}

async fn me(headers: HeaderMap) -> Response {
    if !is_signed_in(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "Id": USER_ID, "Name": USER })).into_response()
}

async fn items(
    State(library): State<&'static Library>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    if !is_signed_in(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let all = library.movies.iter().chain(&library.series).chain(&library.episodes);
    let is_played = |item: &&Value| item["UserData"]["Played"] == true;
    let wanted: Vec<&Value> = all
        .filter(|item| {
            query.get("includeItemTypes").is_none_or(|kind| item["Type"] == kind.as_str())
        })
        .filter(|item| query.get("ids").is_none_or(|ids| ids.split(',').any(|id| item["Id"] == id)))
        .filter(|item| {
            query.get("isPlayed").is_none_or(|played| (played == "true") == is_played(item))
        })
        .collect();
    let number = |name: &str| query.get(name).and_then(|value| value.parse().ok());
    let (start, limit) = (number("startIndex").unwrap_or(0), number("limit").unwrap_or(usize::MAX));
    let page: Vec<&Value> = wanted.iter().copied().skip(start).take(limit).collect();
    Json(json!({ "Items": page, "TotalRecordCount": wanted.len(), "StartIndex": start }))
        .into_response()
}

async fn episodes(
    State(library): State<&'static Library>,
    headers: HeaderMap,
    Path(series): Path<String>,
) -> Response {
    if !is_signed_in(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let found: Vec<&Value> =
        library.episodes.iter().filter(|episode| episode["SeriesId"] == series.as_str()).collect();
    Json(json!({ "TotalRecordCount": found.len(), "Items": found, "StartIndex": 0 }))
        .into_response()
}

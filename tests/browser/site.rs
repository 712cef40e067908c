//! The product on a port of its own, over a store of its own, beside a Jellyfin of its own.

use std::{path::PathBuf, sync::Arc};

use axum::Router;
use chrono::Utc;
use mediatheca_jellyfin_sync::{
    demo,
    http::{Access, router},
    report::JellyfinInput,
    service::{Outside, Service, ServiceOptions},
    store::{local::LocalStore, seal::KeySource},
};

use crate::{
    generate::{self, Size},
    server::Server,
};

/// The library of the issue: the largest that the pages promise to be quick with.
pub const LARGE: Size = Size { movies: 12_000, series: 500, events: 50_000 };

pub struct Site {
    pub url: String,
    pub service: Arc<Service>,
    folder: tempfile::TempDir,
}

impl Site {
    pub async fn with(log: &str, access: Access) -> Self {
        let site = Self::over(access).await;
        if !log.is_empty() {
            site.service.setup().begin_log(log.into()).await.unwrap();
        }
        site
    }

    async fn over(access: Access) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(LocalStore::new(&folder.path().join("store")));
        let key = KeySource::File(folder.path().join("key"));
        let service = Arc::new(Service::new(
            store,
            key,
            Outside::with_clock(Arc::new(Utc::now)),
            ServiceOptions::default(),
        ));
        let url = serve(router(service.clone(), access)).await;
        Self { url, service, folder }
    }

    /// The sample log, nothing set up, and the sample server beside it.
    pub async fn demo() -> (Self, demo::Jellyfin) {
        (Self::with(demo::LOG, Access::Loopback).await, demo::Jellyfin::start().await.unwrap())
    }

    /// 12,000 movies in the log and in Jellyfin, connected.
    pub async fn large() -> (Self, Server) {
        let site = Self::over(Access::Loopback).await;
        std::fs::create_dir_all(site.log().parent().unwrap()).unwrap();
        generate::log(&site.log(), LARGE);
        let server = Server::start(12_000, 200, 20).await;
        site.service.setup().test_jellyfin(&server.credentials()).await.unwrap();
        (site, server)
    }

    pub async fn connect(&self, jellyfin: &demo::Jellyfin) {
        self.service.setup().test_jellyfin(&jellyfin.credentials()).await.unwrap();
    }

    pub async fn connect_to(&self, url: &str) {
        let input = JellyfinInput {
            server_url: Some(url.to_owned()),
            username: Some("demo".into()),
            password: Some("demo".to_owned().into()),
            accept_invalid_certificates: None,
        };
        self.service.setup().save_jellyfin(&input).await.unwrap();
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("store/events.jsonl")
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }
}

/// Serves on a free port of this machine until the test ends.
pub async fn serve(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

//! The composition root: variables become a configuration, adapters, a service, and one way to serve it.

use std::{num::NonZero, path::Path, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use chrono::Utc;
use clap::Parser;
use directories::ProjectDirs;
use mediatheca_jellyfin_sync::{
    cli::{self, Cli, Exit},
    config::Config,
    jellyfin::Limits,
    service::Service,
    store::{local::LocalStore, seal::KeySource},
};

fn main() -> ExitCode {
    let config = Config::parse(|name| std::env::var(name).ok());
    let ran = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the runtime can't be started")
        .and_then(|runtime| runtime.block_on(run(config)));
    match ran {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(Exit::Failed as u8)
        }
    }
}

async fn run(config: Config) -> anyhow::Result<Exit> {
    // Fails only where a provider is installed already, and this is the first line that could install one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = config.api_token.clone();
    if config.on_lambda {
        let store =
            config.store.as_deref().context("on Lambda MEDIATHECA_STORE must name a folder that outlives the function")?;
        return cli::serve_lambda(service(&config, store, None)?, token).await.map(|()| Exit::Done);
    }
    let make = move |given: Option<&Path>, key: Option<KeySource>| {
        let store = given.map(Path::to_owned).or_else(|| config.store.clone()).map_or_else(default_store, Ok)?;
        service(&config, &store, key)
    };
    cli::run(Cli::parse(), &make, token).await
}

fn service(config: &Config, store: &Path, key: Option<KeySource>) -> anyhow::Result<Arc<Service>> {
    let key = match (key, &config.secret_key, &config.key_file) {
        (Some(key), _, _) => key,
        (None, Some(key), _) => KeySource::Given(key.clone()),
        (None, None, Some(file)) => KeySource::File(file.clone()),
        (None, None, None) => KeySource::File(default_key_file()?),
    };
    let workers = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let store = Arc::new(LocalStore::new(store));
    Ok(Arc::new(Service::new(store, key, Limits::default(), Arc::new(Utc::now), workers)))
}

fn folders() -> anyhow::Result<ProjectDirs> {
    ProjectDirs::from("", "", "mediatheca-jellyfin-sync").context(
        "there is no home folder: name the store with --store or MEDIATHECA_STORE, and a key file with MEDIATHECA_KEY_FILE",
    )
}

fn default_store() -> anyhow::Result<PathBuf> {
    Ok(folders()?.data_dir().to_owned())
}

/// Not beside the settings that it opens.
fn default_key_file() -> anyhow::Result<PathBuf> {
    Ok(folders()?.config_dir().join("secret.key"))
}

//! The composition root: variables become a configuration, adapters, a service, and one way to
//! serve it.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;
use chrono::Utc;
use clap::Parser;
use directories::ProjectDirs;
use mediatheca_jellyfin_sync::{
    cli::{self, Cli, Exit},
    config::{Config, LogLevel},
    lambda, logging,
    service::{Outside, Service, ServiceOptions},
    store::{Location, Store, local::LocalStore, logged::Logged, seal::KeySource},
};

fn main() -> ExitCode {
    let config = Config::parse(|name| std::env::var(name).ok());
    // A function answers one request at a time, mostly on a part of one core: further threads cost
    // it time at its start.
    let mut runtime = match config.lambda {
        Some(_) => tokio::runtime::Builder::new_current_thread(),
        None => tokio::runtime::Builder::new_multi_thread(),
    };
    let ran = runtime
        .worker_threads(2)
        .max_blocking_threads(if config.lambda.is_some() { 2 } else { 512 })
        .enable_all()
        .build()
        .context("can't start the runtime")
        .and_then(|runtime| runtime.block_on(run(config)));
    match ran {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            eprintln!("error: {}", with_causes(&error));
            ExitCode::from(Exit::Failed as u8)
        }
    }
}

/// An error and its causes. A cause that its message already contains is left out.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |told, cause| {
        if told.contains(&cause) { told } else { format!("{told}: {cause}") }
    })
}

async fn run(config: Config) -> anyhow::Result<Exit> {
    // Fails only if a provider is already installed, and nothing before this line installs one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = config.api_token.clone();
    if let Some(settings) = &config.lambda {
        let store = config.store.as_deref().context(
            "on Lambda MEDIATHECA_STORE must name a place that outlives the function: s3://bucket/prefix, or a mounted folder",
        )?;
        logging::start(config.log.level.unwrap_or(LogLevel::Info), config.log.format);
        let service = service(&config, store.parse()?, None)?;
        return lambda::serve(service, token, settings.url_streams).await.map(|()| Exit::Done);
    }
    let cli = Cli::parse();
    // A command says what it does itself.
    let level = if cli.serves() { LogLevel::Info } else { LogLevel::Off };
    logging::start(config.log.level.unwrap_or(level), config.log.format);
    let make = move |given: Option<Location>, key: Option<KeySource>| {
        let stored = || config.store.as_deref().map(str::parse).transpose();
        let location = match given {
            Some(location) => location,
            None => stored()?.map_or_else(default_location, Ok)?,
        };
        service(&config, location, key)
    };
    cli::run(cli, &make, token).await
}

fn service(
    config: &Config,
    location: Location,
    key: Option<KeySource>,
) -> anyhow::Result<Arc<Service>> {
    let key = match (key, &config.secret_key, &config.key_file) {
        (Some(key), _, _) => key,
        (None, Some(key), _) => KeySource::Given(key.clone()),
        (None, None, Some(file)) => KeySource::File(file.clone()),
        (None, None, None) => KeySource::File(folders()?.config_dir().join("secret.key")),
    };
    let outside = Outside::with_clock(Arc::new(Utc::now));
    let service = Service::new(
        Arc::new(Logged(store(config, location)?)),
        key,
        outside,
        ServiceOptions::default(),
    );
    if let Some(every) = &config.every {
        service.schedule().import_every(every.parse().context("MEDIATHECA_EVERY")?);
    }
    Ok(Arc::new(service))
}

fn store(config: &Config, location: Location) -> anyhow::Result<Arc<dyn Store>> {
    match location {
        Location::Folder(folder) => Ok(Arc::new(LocalStore::new(&folder))),
        Location::Bucket { bucket, prefix } => in_a_bucket(config, &bucket, &prefix),
    }
}

#[cfg(feature = "s3")]
fn in_a_bucket(config: &Config, bucket: &str, prefix: &str) -> anyhow::Result<Arc<dyn Store>> {
    use mediatheca_jellyfin_sync::store::s3::{S3Access, S3Keys, S3Store};

    let given = config.object_store.clone();
    let (Some(access_key_id), Some(secret_access_key)) =
        (given.access_key_id, given.secret_access_key)
    else {
        anyhow::bail!(
            "to reach s3://{bucket}, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_REGION)"
        );
    };
    let keys = S3Keys { access_key_id, secret_access_key, session_token: given.session_token };
    let access = S3Access {
        endpoint: given.endpoint,
        path_style: given.path_style,
        ..S3Access::new(given.region, keys)
    };
    Ok(Arc::new(S3Store::new(bucket, prefix, access)))
}

#[cfg(not(feature = "s3"))]
fn in_a_bucket(_: &Config, bucket: &str, _: &str) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::bail!(
        "this binary was built without object storage, and can't reach s3://{bucket}: build it with `--features s3`"
    )
}

fn folders() -> anyhow::Result<ProjectDirs> {
    ProjectDirs::from("", "", "mediatheca-jellyfin-sync").context(
        "there is no home folder: name the store with --store or MEDIATHECA_STORE, and a key file with MEDIATHECA_KEY_FILE",
    )
}

/// The key file lies elsewhere: not beside the settings that it opens.
fn default_location() -> anyhow::Result<Location> {
    Ok(Location::Folder(folders()?.data_dir().to_owned()))
}

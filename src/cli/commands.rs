//! The commands, each a few lines over the service.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufRead, IsTerminal, Read, Write},
    num::NonZero,
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use serde::Serialize;

use super::{
    Cli, Command, DemoArgs, Exit, ImportArgs, LogCommand, ScanArgs, SetArgs, SettingsCommand,
    SnapshotCommand, print_completions, report_torn, serve::serve, table,
};
use crate::{
    demo,
    domain::{
        events::Via,
        ids::{GlobalPosition, ItemId},
        library::Fold,
        snapshot::Snapshot,
    },
    report::{
        JellyfinInput, Outcome, Phase, PreferencesInput, Progress, ScanReport, SyncInput, count,
    },
    service::{ImportRequest, Service, Source, SyncOptions},
    store::{Location, seal::KeySource},
};

/// Makes the service over a store and a key, or over the default ones.
pub type MakeService = dyn Fn(Option<Location>, Option<KeySource>) -> anyhow::Result<Arc<Service>>;

/// Runs one command.
///
/// # Errors
/// What a person should read on standard error; nothing was added then.
pub async fn run(
    cli: Cli,
    make: &MakeService,
    api_token: Option<SecretString>,
) -> anyhow::Result<Exit> {
    let service = || make(cli.store.clone(), None);
    match cli.command {
        Command::Serve(args) => {
            let service = service()?;
            args.every.into_iter().for_each(|every| service.schedule().import_every(every));
            serve(service, args.listen, api_token).await.map(|()| Exit::Done)
        }
        Command::Demo(args) => show_demo(args, make, api_token).await,
        Command::Settings(command) => settings(&*service()?, command).await,
        Command::Scan(args) => scan(&*service()?, args).await,
        Command::Import(args) => import(&*service()?, args).await,
        Command::Snapshot(SnapshotCommand::Save { file }) => {
            save_snapshot(&*service()?, &file).await
        }
        Command::Log(command) => log(&*service()?, command).await,
        Command::Completions { shell } => {
            print_completions(shell);
            Ok(Exit::Done)
        }
    }
}

async fn settings(service: &Service, command: SettingsCommand) -> anyhow::Result<Exit> {
    match command {
        SettingsCommand::Show => print_json(&service.account().view().await?)?,
        SettingsCommand::Set(args) => set(service, args).await?,
        SettingsCommand::Test => {
            let test = service.setup().test_jellyfin(&JellyfinInput::default()).await?;
            eprintln!(
                "connected to {} (Jellyfin {}) as {}",
                test.server.name, test.server.version, test.user.name
            );
            print_json(&test)?;
        }
        SettingsCommand::Forget => print_json(&service.account().forget().await?)?,
    }
    Ok(Exit::Done)
}

async fn set(service: &Service, args: SetArgs) -> anyhow::Result<()> {
    let SetArgs {
        server_url,
        username,
        password,
        accept_invalid_certificates,
        time_zone,
        tmdb_key,
        auto_add,
        hold_possible_rewatches,
        every,
    } = args;
    let password = if password { Some(ask_secret("Password: ")?) } else { None };
    if tmdb_key {
        service.account().save_tmdb(&ask_secret("API Read Access Token: ")?).await?;
    }
    let for_jellyfin = server_url.is_some()
        || username.is_some()
        || password.is_some()
        || accept_invalid_certificates.is_some();
    if for_jellyfin {
        service
            .setup()
            .save_jellyfin(&JellyfinInput {
                server_url,
                username,
                password,
                accept_invalid_certificates,
            })
            .await?;
    }
    let every = every.map(|every| Some(every).filter(|every| every != "never"));
    let sync = Some(SyncInput { auto_add, hold_possible_rewatches, every, ..SyncInput::default() });
    print_json(&service.account().save_preferences(&PreferencesInput { time_zone, sync }).await?)
}

fn ask_secret(prompt: &str) -> anyhow::Result<SecretString> {
    if io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password(prompt).context("can't read standard input")?.into());
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("can't read standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned().into())
}

async fn scan(service: &Service, args: ScanArgs) -> anyhow::Result<Exit> {
    let report = service.sync().scan(options(args.snapshot.as_deref())?).await?;
    show_scan(&report, args.json)?;
    Ok(if report.errors.is_empty() { Exit::Done } else { Exit::Partial })
}

fn show_scan(report: &ScanReport, json: bool) -> anyhow::Result<()> {
    if json { print_json(report) } else { print(&table::scan(report)) }
}

async fn import(service: &Service, args: ImportArgs) -> anyhow::Result<Exit> {
    let request = ImportRequest {
        exclude: ids(&args.exclude)?,
        include: ids(&args.include)?,
        auto_add: args.auto_add.then_some(true),
        via: Via::Import,
    };
    if args.dry_run {
        return scan(service, ScanArgs { json: args.json, snapshot: args.snapshot }).await;
    }
    if !args.yes {
        if !io::stdin().is_terminal() {
            eprintln!("not a terminal: pass --yes to import, or --dry-run to preview");
            return Ok(Exit::Usage);
        }
        let report = service.sync().scan(options(args.snapshot.as_deref())?).await?;
        eprint!("{}", table::scan(&report));
        if report.summary.movies_to_add + report.summary.episodes_to_add > 0 && !confirm()? {
            eprintln!("nothing was added");
            return Ok(Exit::Done);
        }
    }
    let report = service.sync().import(request, options(args.snapshot.as_deref())?).await?;
    report.recovered.iter().for_each(|recovered| eprintln!("{recovered}"));
    if args.json {
        print_json(&report)?
    } else {
        print(&table::import(&report))?
    }
    Ok(match report.outcome {
        Outcome::Complete | Outcome::NothingToAdd => Exit::Done,
        Outcome::Partial => Exit::Partial,
    })
}

fn confirm() -> anyhow::Result<bool> {
    eprint!("Add this to your log? [y/N] ");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn ids(texts: &[String]) -> anyhow::Result<BTreeSet<ItemId>> {
    texts.iter().map(|text| ItemId::parse(text).map_err(Into::into)).collect()
}

fn options(snapshot: Option<&Path>) -> anyhow::Result<SyncOptions> {
    let source = match snapshot {
        Some(file) => Source::Saved(Arc::new(read_snapshot(file)?)),
        None => Source::Server,
    };
    Ok(SyncOptions { source, deadline: None, progress: progress_bar() })
}

/// A progress bar on a terminal; nothing elsewhere.
fn progress_bar() -> Arc<dyn Fn(Progress) + Send + Sync> {
    let bar = if io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{msg:30} {wide_bar} {pos}/{len}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    Arc::new(move |Progress { phase, done, total }| {
        bar.set_message(phase.words());
        bar.set_length(total);
        bar.set_position(done);
        if (phase == Phase::Plan || phase == Phase::Append) && done == total {
            bar.finish_and_clear();
        }
    })
}

async fn save_snapshot(service: &Service, file: &Path) -> anyhow::Result<Exit> {
    let snapshot = service.sync().snapshot(options(None)?).await?;
    let json = snapshot.to_saved();
    if file == Path::new("-") {
        print(&format!("{json}\n"))?
    } else {
        fs::write(file, json).with_context(|| format!("can't write {}", file.display()))?
    }
    let catalog = &snapshot.catalog;
    eprintln!("saved {} movies and {} series", catalog.movies.len(), catalog.series.len());
    Ok(Exit::Done)
}

fn read_snapshot(file: &Path) -> anyhow::Result<Snapshot> {
    let text = fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
    Snapshot::read(&text).with_context(|| format!("can't read {}", file.display()))
}

async fn log(service: &Service, command: LogCommand) -> anyhow::Result<Exit> {
    match command {
        LogCommand::Check { file: Some(file) } => check_file(&file),
        LogCommand::Check { file: None } => check_store(service).await,
        LogCommand::Stat => print_json(&service.ledger().stat().await?).map(|()| Exit::Done),
        LogCommand::Export { file, after } => {
            let lines = service.ledger().lines_after(GlobalPosition(after)).await?;
            // Reading waits for the store, so it must not block a thread of the runtime.
            let bytes = tokio::task::spawn_blocking(move || export(lines, &file)).await??;
            eprintln!("exported {bytes} bytes");
            Ok(Exit::Done)
        }
        LogCommand::Import { file } => {
            let begun = service.setup().begin_log(read_log(&file)?).await?;
            begun.torn.iter().for_each(report_torn);
            eprintln!("Imported {}.", count(begun.events, "event", "events"));
            Ok(Exit::Done)
        }
    }
}

fn check_file(file: &Path) -> anyhow::Result<Exit> {
    let log = fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
    let mut fold = Fold::new(NonZero::<usize>::MIN);
    fold.push(&log);
    let (bytes, faults) = fold.faults();
    show_faults(bytes, &faults)
}

async fn check_store(service: &Service) -> anyhow::Result<Exit> {
    let check = service.ledger().check().await?;
    if check.torn > 0 {
        eprintln!(
            "a crash left {} bytes of an incomplete commit: they aren't part of the log, and the next import sets them \
             aside",
            check.torn
        );
    }
    show_faults(check.bytes, &check.faults)
}

fn read_log(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut log = Vec::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().read_to_end(&mut log)
    } else {
        File::open(file).and_then(|mut file| file.read_to_end(&mut log))
    };
    read.with_context(|| format!("can't read {}", file.display()))?;
    Ok(log)
}

fn export(mut lines: Box<dyn Read + Send>, file: &Path) -> anyhow::Result<u64> {
    let copied = if file == Path::new("-") {
        io::copy(&mut lines, &mut io::stdout().lock())
    } else {
        File::create_new(file).and_then(|mut out| {
            io::copy(&mut lines, &mut out).and_then(|n| out.sync_all().map(|()| n))
        })
    };
    copied.with_context(|| format!("can't write the log to {}", file.display()))
}

fn show_faults(bytes: u64, faults: &[crate::domain::events::Fault]) -> anyhow::Result<Exit> {
    for fault in faults {
        print(&format!("{fault}\n"))?;
    }
    if faults.is_empty() {
        eprintln!("log healthy: no errors in {bytes} bytes");
        return Ok(Exit::Done);
    }
    eprintln!(
        "{} can't be read; nothing will be added until you repair them",
        count(faults.len(), "line", "lines")
    );
    Ok(Exit::Failed)
}

async fn show_demo(
    args: DemoArgs,
    make: &MakeService,
    api_token: Option<SecretString>,
) -> anyhow::Result<Exit> {
    let folder = tempfile::tempdir().context("can't create a folder for the demo")?;
    let server = demo::Jellyfin::start().await.context("can't start the sample server")?;
    // The demo leaves nothing behind and uses nothing of the person's, not even their key.
    let service = make(
        Some(Location::Folder(folder.path().to_owned())),
        Some(KeySource::File(folder.path().join("key"))),
    )?;
    eprintln!(
        "The sample Jellyfin runs on {}. The sample log has {} events and is in {}.\n",
        server.url(),
        demo::LOG.lines().count(),
        folder.path().display()
    );
    service.setup().begin_log(demo::LOG.into()).await?;
    service.setup().test_jellyfin(&server.credentials()).await?;
    service
        .account()
        .save_preferences(&PreferencesInput { time_zone: Some("Europe/Vienna".into()), sync: None })
        .await?;
    eprintln!("A scan shows:\n");
    print(&table::scan(&service.sync().scan(SyncOptions::default()).await?))?;
    if let Some(listen) = args.serve {
        return serve(service, listen, api_token).await.map(|()| Exit::Done);
    }
    let request = ImportRequest {
        exclude: BTreeSet::new(),
        include: BTreeSet::new(),
        auto_add: None,
        via: Via::Import,
    };
    eprintln!("\nAn import:\n");
    print(&table::import(&service.sync().import(request.clone(), SyncOptions::default()).await?))?;
    eprintln!("\nThe same import again:\n");
    print(&table::import(&service.sync().import(request, SyncOptions::default()).await?))?;
    eprintln!("\nThe last line of the log now:\n");
    let mut log = String::new();
    service.ledger().lines_after(GlobalPosition::default()).await?.read_to_string(&mut log)?;
    print(&format!("{}\n", log.lines().last().unwrap_or_default()))?;
    Ok(Exit::Done)
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// A reader that closes the pipe early, such as `head`, isn't an error.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

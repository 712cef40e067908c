//! The command line: arguments in, calls of the service, tables and JSON out.
//!
//! Results go to standard output, messages to standard error.

mod commands;
mod serve;
mod table;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

pub use commands::run;

use crate::{
    report::RecoveredReport,
    service::Interval,
    store::{Location, Torn},
};

/// How a command ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Done = 0,
    /// It failed; nothing was added.
    Failed = 1,
    /// The arguments don't fit.
    Usage = 2,
    /// Something couldn't be read; what could be added was.
    Partial = 3,
}

/// Adds what you watched on your Jellyfin server to your own log. Never removes or changes anything
/// in it.
#[derive(Debug, Parser)]
#[command(
    name = "mediatheca-jellyfin-sync",
    version,
    after_help = "Exit codes: 0 done (also if there was nothing to add), 1 failed and nothing was added, 2 wrong arguments, \
                  3 partly done: something could not be read, the rest was added.\n\n\
                  Variables: MEDIATHECA_STORE, MEDIATHECA_API_TOKEN, MEDIATHECA_SECRET_KEY, MEDIATHECA_KEY_FILE, MEDIATHECA_EVERY, \
                  MEDIATHECA_LOG, MEDIATHECA_LOG_FORMAT, and \
                  for object storage those of AWS's own tools (see README.md)."
)]
pub struct Cli {
    /// Where the log and the settings are: a folder, or s3://bucket/prefix [default: the platform's
    /// data folder]
    #[arg(long, global = true, value_name = "PATH")]
    store: Option<Location>,
    #[command(subcommand)]
    command: Command,
}

impl Cli {
    /// Whether the command stays and answers requests.
    pub fn serves(&self) -> bool {
        match &self.command {
            Command::Serve(_) => true,
            Command::Demo(demo) => demo.serve.is_some(),
            Command::Settings(_)
            | Command::Scan(_)
            | Command::Import(_)
            | Command::Snapshot(_)
            | Command::Log(_)
            | Command::Completions { .. } => false,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages and the HTTP interface until interrupted
    Serve(ServeArgs),
    /// Try a scan and an import with a sample server and log; nothing to install or set up
    Demo(DemoArgs),
    /// Show, set, test or forget the settings
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Preview what an import would add; nothing is changed
    Scan(ScanArgs),
    /// Add what you watched to your log
    Import(ImportArgs),
    /// Save what Jellyfin says, to scan or import it later without the server
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Check, count, export or import the log
    #[command(subcommand)]
    Log(LogCommand),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Address to listen on; if others can reach it, set MEDIATHECA_API_TOKEN
    #[arg(long, default_value = "127.0.0.1:8787", value_name = "ADDRESS:PORT")]
    listen: std::net::SocketAddr,
    /// Import automatically at this interval, such as 30m or 6h; overrides the settings
    #[arg(long, value_name = "INTERVAL")]
    every: Option<Interval>,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Serve the demo's pages and interface on this address until interrupted
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:8787")]
    serve: Option<std::net::SocketAddr>,
}

#[derive(Debug, Subcommand)]
enum SettingsCommand {
    /// Print the settings as JSON, without their secrets
    Show,
    /// Save settings; an option that is left out keeps its value
    Set(SetArgs),
    /// Sign in with the saved settings and show the result
    Test,
    /// Forget the Jellyfin settings and sign out
    Forget,
}

#[derive(Debug, Args)]
struct SetArgs {
    /// The address you use to open Jellyfin, such as http://nas:8096
    #[arg(long, value_name = "URL")]
    server_url: Option<String>,
    /// Your user name in Jellyfin
    #[arg(long)]
    username: Option<String>,
    /// Ask for the password (hidden on a terminal, else the first line of standard input)
    #[arg(long)]
    password: bool,
    /// Allow untrusted certificates, such as a self-signed one
    #[arg(long, value_name = "true|false")]
    accept_invalid_certificates: Option<bool>,
    /// Time zone that decides which day a play belongs to, such as Europe/Vienna
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Ask for a TMDB API Read Access Token (hidden on a terminal, else the first line of standard
    /// input)
    #[arg(long)]
    tmdb_key: bool,
    /// Add missing titles to your library with every import
    #[arg(long, value_name = "true|false")]
    auto_add: Option<bool>,
    /// Ask before adding possible rewatches: they are held until you include them
    #[arg(long, value_name = "true|false")]
    hold_possible_rewatches: Option<bool>,
    /// Import automatically at this interval while `serve` runs, such as 30m or 6h
    #[arg(long, value_name = "INTERVAL|never")]
    every: Option<String>,
}

#[derive(Debug, Args)]
struct ScanArgs {
    /// Print the whole answer as JSON
    #[arg(long)]
    json: bool,
    /// Use a saved snapshot instead of the server
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ImportArgs {
    /// Add without asking
    #[arg(long, short)]
    yes: bool,
    /// Only show what would be added
    #[arg(long)]
    dry_run: bool,
    /// Jellyfin id of a movie, series or episode to leave out; can be repeated
    #[arg(long, value_name = "ID")]
    exclude: Vec<String>,
    /// Jellyfin id of a held possible rewatch to add; can be repeated
    #[arg(long, value_name = "ID")]
    include: Vec<String>,
    /// Add missing titles to your library (details from TMDB)
    #[arg(long)]
    auto_add: bool,
    /// Print the whole answer as JSON
    #[arg(long)]
    json: bool,
    /// Use a saved snapshot instead of the server
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum SnapshotCommand {
    /// Save a snapshot of the server to a file
    Save {
        /// The file to write; `-` for standard output
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Name every line that can't be read, and exit 1 if there is one
    Check {
        /// A log file [default: the store's log]
        file: Option<PathBuf>,
    },
    /// Count what the log has, as JSON
    Stat,
    /// Write the log, byte for byte
    Export {
        /// The file to write; `-` for standard output
        #[arg(default_value = "-")]
        file: PathBuf,
        /// Only lines after this position
        #[arg(long, default_value_t = 0, value_name = "POSITION")]
        after: u64,
    },
    /// Import an existing log into an empty store, such as an export of Mediatheca
    Import {
        /// The file to read; `-` for standard input
        file: PathBuf,
    },
}

/// Says what a crash left behind the log.
fn report_torn(torn: &Torn) {
    let file = torn.set_aside.display().to_string();
    eprintln!("{}", RecoveredReport { file, bytes: torn.bytes });
}

fn print_completions(shell: clap_complete::Shell) {
    clap_complete::generate(
        shell,
        &mut Cli::command(),
        "mediatheca-jellyfin-sync",
        &mut std::io::stdout(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        Cli::command().debug_assert();
    }
}

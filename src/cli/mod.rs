//! The command line: arguments in, calls of the service, tables and JSON out.
//!
//! What a program may read goes to standard output, talk to standard error.

mod commands;
mod serve;
mod table;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

pub use commands::run;

use crate::{
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

/// Adds what you watched on your Jellyfin server to your own log of it, and never removes or changes anything there.
#[derive(Debug, Parser)]
#[command(
    name = "mediatheca-jellyfin-sync",
    version,
    after_help = "Exit codes: 0 done (also when there was nothing to add), 1 failed and nothing was added, 2 wrong arguments, \
                  3 partly done: something could not be read, the rest was added.\n\n\
                  Variables: MEDIATHECA_STORE, MEDIATHECA_API_TOKEN, MEDIATHECA_SECRET_KEY, MEDIATHECA_KEY_FILE, MEDIATHECA_EVERY, and \
                  for object storage those of AWS's own tools (see README.md)."
)]
pub struct Cli {
    /// Where the log and the settings are: a folder, or s3://bucket/prefix [default: the platform's data folder]
    #[arg(long, global = true, value_name = "PATH")]
    store: Option<Location>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the page and the interface until interrupted
    Serve(ServeArgs),
    /// Show a scan and an import against an embedded sample server, with nothing to install or set up
    Demo(DemoArgs),
    /// Show, set, test or forget the settings
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Show what an import would add; nothing is changed
    Scan(ScanArgs),
    /// Add what was watched to the log
    Import(ImportArgs),
    /// Save what Jellyfin says, to be scanned or imported later without the server
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Check, count, export or begin the log
    #[command(subcommand)]
    Log(LogCommand),
    /// Print completions for a shell, to be sourced by it
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Address to listen on; one that others can reach needs MEDIATHECA_API_TOKEN
    #[arg(long, default_value = "127.0.0.1:8787", value_name = "ADDRESS:PORT")]
    listen: std::net::SocketAddr,
    /// Import by itself that often, such as 30m or 6h, whatever the settings say
    #[arg(long, value_name = "INTERVAL")]
    every: Option<Interval>,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Keep serving the demo's page and interface on this address until interrupted
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:8787")]
    serve: Option<std::net::SocketAddr>,
}

#[derive(Debug, Subcommand)]
enum SettingsCommand {
    /// Print the settings as JSON, without their secrets
    Show,
    /// Save settings; what isn't given stays as it is
    Set(SetArgs),
    /// Sign in with the stored settings, and say how it went
    Test,
    /// Forget the Jellyfin settings and end the sign-in
    Forget,
}

#[derive(Debug, Args)]
struct SetArgs {
    /// Address under which you open Jellyfin, such as http://nas:8096
    #[arg(long, value_name = "URL")]
    server_url: Option<String>,
    /// Your user name in Jellyfin
    #[arg(long)]
    username: Option<String>,
    /// Ask for the password (from a terminal unseen, else the first line of standard input)
    #[arg(long)]
    password: bool,
    /// Accept a certificate that this machine does not trust
    #[arg(long, value_name = "true|false")]
    accept_invalid_certificates: Option<bool>,
    /// Zone in which your days begin and end, such as Europe/Vienna
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Ask for a TMDB API Read Access Token (first line of standard input, or unseen from a terminal)
    #[arg(long)]
    tmdb_key: bool,
    /// Add titles that the library lacks with every import
    #[arg(long, value_name = "true|false")]
    auto_add: Option<bool>,
    /// Let possible rewatches wait until you include them
    #[arg(long, value_name = "true|false")]
    hold_possible_rewatches: Option<bool>,
    /// Import by itself that often while `serve` runs, such as 30m or 6h
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
    /// Jellyfin id of a movie, series or episode that stays out; may be given again
    #[arg(long, value_name = "ID")]
    exclude: Vec<String>,
    /// Jellyfin id of a possible rewatch that comes in although it would wait; may be given again
    #[arg(long, value_name = "ID")]
    include: Vec<String>,
    /// Add titles that the library lacks, as TMDB describes them
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
        /// Where to; `-` for standard output
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Name every line that can't be read, and exit 1 if there is one
    Check {
        /// A log elsewhere [default: the store's]
        file: Option<PathBuf>,
    },
    /// Count what the log holds, as JSON
    Stat,
    /// Write the log, byte for byte
    Export {
        /// Where to; `-` for standard output
        #[arg(default_value = "-")]
        file: PathBuf,
        /// Only lines behind this position
        #[arg(long, default_value_t = 0, value_name = "POSITION")]
        after: u64,
    },
    /// Begin an empty log with a whole one, such as an export of Mediatheca
    Import {
        /// Where from; `-` for standard input
        file: PathBuf,
    },
}

/// Tells of a commit that a crash had cut short.
fn tell_of(torn: &Torn) {
    let Torn { set_aside, bytes } = torn;
    eprintln!(
        "a crash had cut a commit short: {bytes} bytes of it are set aside in {}",
        set_aside.display()
    );
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

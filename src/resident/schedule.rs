//! Imports whenever one is due, for as long as the process serves.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use crate::service::{ScheduledImport, Service, SyncOptions};

/// Longest wait before looking again: another process may have changed the settings, or the clock may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(5 * 60);

/// After a run that came to nothing there is a pause, whatever is due.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Imports whenever it is due, one run after the other. Failures are said here and kept in the status.
pub(super) async fn import_when_due(service: Arc<Service>) {
    let mut changes = service.account().changes();
    loop {
        let wait = match service.schedule().next_import_in().await {
            Ok(Some(wait)) if wait.is_zero() => {
                if run(&service).await {
                    continue;
                }
                AFTER_FAILURE
            }
            Ok(wait) => wait.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN),
            Err(error) => {
                tell(format_args!("it can't be told when the next import is due: {error}"));
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = changes.changed() => {}
        }
    }
}

/// Runs what is due, and says whether it ran to its end.
async fn run(service: &Service) -> bool {
    match service.schedule().import(SyncOptions::default()).await {
        Ok(automatic) => {
            tell(&automatic);
            matches!(automatic, ScheduledImport::Imported(_))
        }
        Err(error) => {
            tell(format_args!("the import that was due came to nothing: {error}"));
            false
        }
    }
}

/// Whoever started the process may have closed its standard error; the status has it all the same.
fn tell(what: impl Display) {
    let _ = writeln!(io::stderr(), "{what}");
}

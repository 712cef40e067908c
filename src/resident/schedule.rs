//! Scheduled imports, for as long as the process serves.

use std::{sync::Arc, time::Duration};

use crate::service::{Service, ServiceError, SyncOptions};

/// Longest wait before looking again: another process may have changed the settings, or the clock may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(5 * 60);

/// The pause after a run that failed or didn't begin.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Imports whenever an import is due, one after the other. Failures are said here and kept in the status.
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
                say("can't work out when the next import is due", &error);
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = changes.changed() => {}
        }
    }
}

/// Runs the import that is due. True if it ran to its end.
async fn run(service: &Service) -> bool {
    match service.schedule().import(SyncOptions::default()).await {
        Ok(import) => import.ran().inspect_err(|reason| tracing::info!("{reason}")).is_ok(),
        Err(error) => {
            say("the scheduled import failed", &error);
            false
        }
    }
}

/// What an error says may name a title; its code doesn't.
fn say(what: &str, error: &ServiceError) {
    tracing::warn!(code = %error.code(), "{what}");
    tracing::debug!(%error, "why it failed");
}

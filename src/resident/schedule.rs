//! Scheduled imports, for as long as the process serves.

use std::{sync::Arc, time::Duration};

use crate::service::{Service, SyncOptions};

/// Longest wait before looking again: another process may have changed the settings, or the clock
/// may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(5 * 60);

/// The pause after a run that failed or didn't begin.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Imports whenever an import is due, one after the other. Failures are kept in the status.
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
                tracing::warn!(code = %error.code(), "can't work out when the next import is due");
                tracing::debug!(%error, "the reason");
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
        // The journal has logged why an import failed, and the store its own faults.
        Err(error) => {
            tracing::debug!(%error, "no import");
            false
        }
    }
}

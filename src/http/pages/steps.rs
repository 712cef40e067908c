//! The way to the first import, shown until there was one.

use crate::report::{SettingsView, StatusReport};

/// The step that comes next, from 1; `None` after the first import.
pub(super) fn step(settings: &SettingsView, status: &StatusReport) -> Option<u8> {
    let imported = status.last_import.as_ref().is_some_and(|last| last.failure.is_none());
    match (imported, settings.jellyfin.has_access_token, &status.last_scan) {
        (true, _, _) => None,
        (false, false, _) => Some(1),
        (false, true, Some(scan)) if scan.failure.is_none() => Some(3),
        (false, true, Some(_) | None) => Some(2),
    }
}

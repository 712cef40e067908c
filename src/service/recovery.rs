//! What a crash left behind the log, reported when the log is opened for writing.

use super::{Service, ServiceError};
use crate::{
    report::{LastRecovery, RecoveredReport, instant},
    store::Torn,
};

impl RecoveredReport {
    pub(super) fn of(torn: &Torn) -> Self {
        Self { file: torn.set_aside.display().to_string(), bytes: torn.bytes }
    }
}

impl Service {
    /// Keeps what a crash had left, where it had left something.
    pub(super) async fn keep_recovery(&self, torn: Option<&Torn>) -> Result<(), ServiceError> {
        let Some(torn) = torn else { return Ok(()) };
        let last = LastRecovery { at: instant(self.now()), recovered: RecoveredReport::of(torn) };
        self.change_status(|status| status.recovery = Some(last.clone())).await
    }
}

//! What a crash left behind the log, told wherever the log is opened for writing.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::Torn;

/// What a crash left of a commit that was never acknowledged: set aside, never read as events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecoveredReport {
    /// The file that keeps its bytes.
    pub file: String,
    /// How many.
    pub bytes: u64,
}

impl RecoveredReport {
    pub(in crate::service) fn of(torn: &Torn) -> Self {
        Self { file: torn.set_aside.display().to_string(), bytes: torn.bytes }
    }
}

impl fmt::Display for RecoveredReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a crash had cut a commit short: {} bytes of it are set aside in {}",
            self.bytes, self.file
        )
    }
}

/// What a crash last left behind the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastRecovery {
    /// When it was set aside.
    pub at: String,
    /// Where, and how much.
    #[serde(flatten)]
    pub recovered: RecoveredReport,
}

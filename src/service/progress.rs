//! How far a run is, told while it runs.

use std::sync::Arc;

use crate::{
    jellyfin::{FetchPhase, FetchProgress},
    report::{Phase, Progress},
};

/// Hears how far a run is.
pub type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

/// What a fetch says, as a run says it.
pub(super) fn of_fetch(FetchProgress { phase, done, total }: FetchProgress) -> Progress {
    let phase = match phase {
        FetchPhase::Movies => Phase::Movies,
        FetchPhase::Series => Phase::Series,
        FetchPhase::Episodes => Phase::Episodes,
    };
    Progress { phase, done, total }
}

//! Loops of a process that stays: reading the log before anyone asks, and importing when it is due.
//! A function on Lambda has none of them.

mod schedule;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::service::Service;

/// Starts the loops; they end when the set is dropped.
pub fn start(service: &Arc<Service>) -> JoinSet<()> {
    let mut loops = JoinSet::new();
    let warmed = service.clone();
    // The first page shouldn't wait for the log. If reading it fails, the first request says so.
    loops.spawn(async move { drop(warmed.ledger().folded().await) });
    loops.spawn(schedule::import_when_due(service.clone()));
    loops
}

//! Log lines of runs: counts and codes; names of titles at `debug` only.

use chrono::TimeDelta;

use crate::{
    domain::events::Via,
    report::{FaultReport, ImportReport, Summary},
    service::error::ServiceError,
};

pub(super) fn scan(took: TimeDelta, result: Result<(&Summary, &[FaultReport]), &ServiceError>) {
    match result {
        Ok((found, faults)) => {
            tracing::info!(
                ms = took.num_milliseconds(),
                movies = found.movies_to_add,
                episodes = found.episodes_to_add,
                faults = faults.len(),
                "scan complete"
            );
            each(faults);
        }
        Err(error) => failed("scan", took, error),
    }
}

pub(super) fn import(took: TimeDelta, via: Via, result: Result<&ImportReport, &ServiceError>) {
    match result {
        Ok(report) => {
            tracing::info!(
                %via,
                ms = took.num_milliseconds(),
                outcome = %report.outcome,
                movies = report.movies_added,
                episodes = report.episodes_added,
                faults = report.errors.len(),
                "import complete"
            );
            each(&report.errors);
        }
        Err(error) => failed("import", took, error),
    }
}

fn each(faults: &[FaultReport]) {
    for fault in faults {
        tracing::debug!(name = fault.name, message = fault.message, "couldn't be read");
    }
}

fn failed(run: &str, took: TimeDelta, error: &ServiceError) {
    tracing::warn!(ms = took.num_milliseconds(), code = %error.code(), "{run} failed");
    tracing::debug!(%error, "why it failed");
}

//! Imports that nobody asks for: when the next one is due, and what keeps it from being tried.
//!
//! A run is claimed in the status, by compare-and-swap, so that runs don't pile up whatever starts them: a local process,
//! a schedule on Lambda, or both over one store. Once Jellyfin has refused the sign-in a few times in a row, none is tried
//! any more until a person has looked: accounts get locked.

use std::{collections::BTreeSet, fmt, str::FromStr, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{ImportRequest, Service, ServiceError, SettingError, SyncOptions, status::Status};
use crate::{
    domain::events::Via,
    report::{ImportReport, Outcome, movies_and_episodes},
};

/// After so many refusals in a row no import is tried by itself. Jellyfin's own default locks an account after three.
const REFUSALS: u32 = 2;

/// How long a run that never said that it ended keeps others away: no function lives longer.
const LONGEST_RUN: TimeDelta = TimeDelta::minutes(15);

/// How often to import by itself: whole minutes, from five minutes to a week, written `30m` or `6h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every(u32);

impl FromStr for Every {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let wrong = || SettingError::Every(text.to_owned());
        let text = text.trim();
        let (number, minutes) = match (text.strip_suffix('m'), text.strip_suffix('h')) {
            (Some(number), _) => (number, 1),
            (None, Some(number)) => (number, 60),
            (None, None) => return Err(wrong()),
        };
        let minutes =
            number.parse::<u32>().ok().and_then(|n| n.checked_mul(minutes)).ok_or_else(wrong)?;
        if (5..=7 * 24 * 60).contains(&minutes) { Ok(Self(minutes)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(60) {
            write!(f, "{}h", self.0 / 60)
        } else {
            write!(f, "{}m", self.0)
        }
    }
}

impl From<Every> for TimeDelta {
    fn from(every: Every) -> Self {
        Self::minutes(every.0.into())
    }
}

/// The runs that nobody asked for, as the status keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AutomaticRuns {
    /// When the last one began.
    last: Option<DateTime<Utc>>,
    /// Since when one runs; none once it has ended.
    pub running_since: Option<DateTime<Utc>>,
}

/// What became of an import that was due.
#[derive(Debug)]
pub enum Automatic {
    /// It ran.
    Imported(Box<ImportReport>),
    /// There are no Jellyfin settings yet.
    NotSetUp,
    /// Another import is running.
    AlreadyRunning,
}

impl fmt::Display for Automatic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSetUp => f.write_str("nothing was imported: no Jellyfin server is set up yet"),
            Self::AlreadyRunning => f.write_str("nothing was imported: another import is running"),
            Self::Imported(report) if report.outcome == Outcome::NothingToAdd => {
                f.write_str("scheduled import: nothing to add")
            }
            Self::Imported(report) => {
                write!(
                    f,
                    "scheduled import: {} added",
                    movies_and_episodes(report.movies_added, report.episodes_added)
                )?;
                report.recovered.as_ref().map_or(Ok(()), |recovered| write!(f, "; {recovered}"))?;
                match report.errors.first() {
                    Some(error) => write!(
                        f,
                        "; something could not be read, first {}: {}",
                        error.name, error.message
                    ),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Service {
    /// Imports that often by itself, whatever the settings say.
    pub fn import_every(&self, every: Every) {
        *self.every.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(every);
    }

    /// How often it imports by itself: as it was started, or as the settings say.
    pub(super) fn every(&self, in_the_settings: Option<Every>) -> Option<Every> {
        self.every.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).or(in_the_settings)
    }

    /// Imports because it is due.
    ///
    /// # Errors
    /// As for any import; and Jellyfin has refused the sign-in so often that it isn't tried again.
    pub async fn import_by_itself(&self, options: SyncOptions) -> Result<Automatic, ServiceError> {
        if self.settings().await?.account().is_none() {
            return Ok(Automatic::NotSetUp);
        }
        if !self.claim_run().await? {
            return Ok(Automatic::AlreadyRunning);
        }
        let request = ImportRequest {
            exclude: BTreeSet::new(),
            include: BTreeSet::new(),
            auto_add: None,
            via: Via::Schedule,
        };
        let imported = self.import(request, options).await;
        imported.map(|report| Automatic::Imported(Box::new(report)))
    }

    /// Enters a run in the status, if none is there or under way in this process.
    async fn claim_run(&self) -> Result<bool, ServiceError> {
        let (now, is_idle) = (self.now(), self.runs.first().is_none());
        let (mut stopped, mut is_ours) = (None, false);
        self.change_status(|status| {
            stopped = status.stopped();
            let runs = &mut status.automatic;
            let is_free = runs.running_since.is_none_or(|since| (now - since).abs() >= LONGEST_RUN);
            is_ours = stopped.is_none() && is_idle && is_free;
            if is_ours {
                *runs = AutomaticRuns { last: Some(now), running_since: Some(now) };
            }
        })
        .await?;
        stopped.map_or(Ok(is_ours), Err)
    }

    /// How long it is until the next import is due; `None` where none ever will be as things stand.
    ///
    /// # Errors
    /// The store fails, or the settings can't be read.
    pub async fn next_import_in(&self) -> Result<Option<Duration>, ServiceError> {
        let settings = self.settings().await?;
        if settings.account().is_none() {
            return Ok(None);
        }
        let due = self.status().await?.next_due(self.every(settings.every()?), self.now());
        Ok(due.map(|due| (due - self.now()).to_std().unwrap_or_default()))
    }
}

impl Status {
    /// When the next import is due by itself, now where that is past.
    pub(super) fn next_due(
        &self,
        every: Option<Every>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let every = every.filter(|_| self.stopped().is_none())?;
        Some(self.automatic.last.map_or(now, |last| (last + TimeDelta::from(every)).max(now)))
    }

    /// Why no import is tried by itself any more.
    pub(super) fn stopped(&self) -> Option<ServiceError> {
        let refusals = self.connection.as_ref()?.refusals;
        (refusals >= REFUSALS).then_some(ServiceError::Stopped(refusals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_minutes_or_hours_and_neither_too_short_nor_too_long() {
        for (text, shown) in [
            ("5m", "5m"),
            (" 30m ", "30m"),
            ("90m", "90m"),
            ("60m", "1h"),
            ("6h", "6h"),
            ("168h", "168h"),
        ] {
            assert_eq!(text.parse::<Every>().unwrap().to_string(), shown);
        }
        for text in ["", "m", "4m", "169h", "1d", "-5m", "30", "99999999999h", "4294967295h"] {
            assert!(text.parse::<Every>().is_err(), "{text}");
        }
    }
}

//! One movie: its plays become watch sessions, unless the library has them or the person said no.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{
    DatedPlay, Decision, Input, Note, Plan, PlannedMovie, Preferences, Skip,
    matching::{Matched, is_suspicious, match_titles},
    notes::BulkMarks,
    play::{oldest_first, unreadable_date},
};
use crate::domain::{
    events::{Addition, Focus, PlacedAddition, WatchSessionToAdd},
    ids::{SessionId, StreamId},
    library::Movie,
    snapshot::{Evidence, Item, Server},
    time::{PlayKey, WatchDate},
};

/// Decides about all movies of a snapshot.
pub(super) fn plan_movies<'a>(input: &Input<'a>, plan: &mut Plan<'a>) {
    let items = &input.snapshot.catalog.movies;
    let bulk = BulkMarks::of(
        items.iter().flat_map(|item| input.plays(&item.id).map(|play| (&item.tmdb, play))),
    );
    let find = |id| input.library.movie_by_tmdb(id);
    let mut matched = match_titles(items, find, &mut plan.unmatched_movies);
    matched.sort_by(|a, b| a.title.stream.cmp(&b.title.stream));
    for movie in matched {
        plan_movie(movie, input, &bulk, plan);
    }
}

fn plan_movie<'a>(
    Matched { title: movie, items }: Matched<'a, Movie, Item>,
    input: &Input<'a>,
    bulk: &BulkMarks,
    plan: &mut Plan<'a>,
) {
    let faults = items.iter().filter_map(|item| unreadable_date(&item.id, &item.name, &item.state));
    plan.faults.extend(faults);
    let mut plays: Vec<_> = items
        .iter()
        .flat_map(|item| input.dated_plays(&item.id, &item.state).map(move |play| (*item, play)))
        .collect();
    // The copy of a film that is listed first must not matter.
    plays.sort_by_key(|(_, play)| play.as_ref().map_or((true, None), oldest_first));
    let mut decider =
        MovieDecider { movie, days: BTreeSet::new(), in_focus_since: movie.in_focus_since };
    let before = plan.movies.len();
    for (item, play) in plays {
        let decision = match decider.decide(item, play, input, bulk) {
            Err(skip) => Decision::Skip(skip),
            Ok((play, notes)) => {
                plan.additions.push(decider.add(item, &play, &input.snapshot.server));
                Decision::Add { date: play.date, notes }
            }
        };
        plan.movies.push(PlannedMovie {
            item,
            stream: movie.stream.clone(),
            name: &movie.name,
            has_existing_watch_data: !movie.sessions().is_empty(),
            decision,
        });
    }
    // The preview shows copies by id, whatever their dates are.
    plan.movies[before..].sort_by(|a, b| a.item.id.cmp(&b.item.id));
}

/// Decides about the plays of one movie, the oldest first; each addition counts for the next play.
struct MovieDecider<'a> {
    movie: &'a Movie,
    /// The days of the sessions that this plan adds.
    days: BTreeSet<WatchDate>,
    in_focus_since: Option<DateTime<Utc>>,
}

impl MovieDecider<'_> {
    /// A play to add and what the person should look at, or the reason to skip it.
    fn decide<'p>(
        &self,
        item: &Item,
        play: Result<DatedPlay<'p>, Skip>,
        input: &Input<'_>,
        bulk: &BulkMarks,
    ) -> Result<(DatedPlay<'p>, BTreeSet<Note>), Skip> {
        if input.preferences.exclude.contains(&item.id) {
            return Err(Skip::Excluded);
        }
        let play = play?;
        self.check_log(&play)?;
        let mut notes = self.notes(item, &play, input.preferences)?;
        if bulk.contains(&play) {
            notes.insert(Note::BulkMarked);
        }
        Ok((play, notes))
    }

    /// Whether the log needs a session for this play; else the reason why not.
    fn check_log(&self, play: &DatedPlay<'_>) -> Result<(), Skip> {
        let imported = self.movie.imported(play.key());
        let on_its_day = play.instant().is_some() && self.has_session_on(&play.days());
        match (play.instant(), imported) {
            (_, Some((_, false))) if !on_its_day => Err(Skip::RemovedByUser),
            (Some(_), _) if on_its_day => Err(Skip::SessionOnThatDate),
            (None, _) if self.has_sessions() => Err(Skip::UndatedAndWatched),
            (Some(_), Some(_)) => Err(Skip::AlreadyImported),
            (instant, _) if self.movie.removed_after(instant, &play.days()) => {
                Err(Skip::RemovedByUser)
            }
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    /// What the person should look at; or the play is held.
    fn notes(
        &self,
        item: &Item,
        play: &DatedPlay<'_>,
        preferences: &Preferences,
    ) -> Result<BTreeSet<Note>, Skip> {
        let movie = self.movie;
        let mut notes = BTreeSet::new();
        if is_possible_rewatch(movie, play) {
            if preferences.holds(&item.id) {
                return Err(Skip::PossibleRewatch);
            }
            notes.insert(Note::PossibleRewatch);
        }
        match play.instant() {
            None => {
                notes.insert(Note::Undated);
            }
            Some(instant) => {
                if play.date.year() < movie.year {
                    notes.insert(Note::SuspiciousDate);
                }
                if movie.moved_after(instant, &play.days()) {
                    notes.insert(Note::SessionMoved);
                }
            }
        }
        if is_suspicious(item, &movie.name, movie.year) {
            notes.insert(Note::SuspiciousMatch);
        }
        Ok(notes)
    }

    fn has_session_on(&self, days: &[WatchDate]) -> bool {
        days.iter().any(|day| self.days.contains(day) || self.movie.has_session_on(*day))
    }

    fn has_sessions(&self) -> bool {
        !self.days.is_empty() || !self.movie.sessions().is_empty()
    }

    /// The addition of a play; the plays after it are decided with it.
    fn add(&mut self, item: &Item, play: &DatedPlay<'_>, server: &Server) -> PlacedAddition {
        self.days.insert(play.date);
        let focus = play.clears(self.in_focus_since);
        if focus == Focus::Clears {
            self.in_focus_since = None;
        }
        let session = WatchSessionToAdd {
            id: session_id(&self.movie.stream, play.key()),
            date: play.date,
            duration: self.movie.runtime.or(item.runtime_minutes),
        };
        PlacedAddition {
            stream: self.movie.stream.clone(),
            addition: Addition::WatchSessionRecorded(session, focus),
            origin: play.origin(server, &item.id),
        }
    }
}

/// A play without proof of its end, of a film that was watched before, may only be an opening.
fn is_possible_rewatch(movie: &Movie, play: &DatedPlay<'_>) -> bool {
    let is_unproven = match play.evidence {
        Evidence::Unproven => true,
        Evidence::Completed
        | Evidence::Played
        | Evidence::Marked
        | Evidence::Spans
        | Evidence::Seconds
        | Evidence::Person => false,
    };
    is_unproven && movie.sessions().iter().any(|session| session.date < play.date)
}

/// The same play of a movie has the same id at every run and on every machine.
fn session_id(stream: &StreamId, key: PlayKey) -> SessionId {
    let digest = Sha256::digest(format!("jellyfin\n{stream}\n{key}"));
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    SessionId::from_bytes(id)
}

//! One movie: its played items become watch sessions, unless the library has them or the person said no.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{
    BulkMarks, Decision, Matched, Note, Plan, PlannedMovie, Play, Preferences, Skip, is_excluded,
    match_titles, suspicious_match, unreadable,
};
use crate::domain::{
    events::{Addition, Focus, PlacedAddition, WatchSessionToAdd},
    ids::{SessionId, StreamId},
    library::{Library, Movie},
    snapshot::{Item, Server, Snapshot},
    time::{PlayKey, WatchDate},
};

pub(super) fn plan_movies<'a>(
    library: &'a Library,
    snapshot: &'a Snapshot,
    preferences: &Preferences,
    plan: &mut Plan<'a>,
) {
    let bulk = BulkMarks::of(
        snapshot
            .movies
            .iter()
            .filter(|item| item.played)
            .map(|item| (&item.tmdb, &item.last_played)),
    );
    let matched = match_titles(
        &snapshot.movies,
        |item| item,
        |id| library.movie_by_tmdb(id),
        &mut plan.unmatched_movies,
    );
    for Matched { title, items } in in_order_of_streams(matched) {
        plan_movie(title, items, snapshot, preferences, &bulk, plan);
    }
}

fn in_order_of_streams<'a>(
    mut matched: Vec<Matched<'a, Movie, Item>>,
) -> Vec<Matched<'a, Movie, Item>> {
    matched.sort_by(|a, b| a.title.stream.cmp(&b.title.stream));
    matched
}

fn plan_movie<'a>(
    movie: &'a Movie,
    items: Vec<&'a Item>,
    snapshot: &'a Snapshot,
    preferences: &Preferences,
    bulk: &BulkMarks,
    plan: &mut Plan<'a>,
) {
    let mut items: Vec<_> = items
        .into_iter()
        .map(|item| {
            (item, Play::read(item.played, &item.last_played, snapshot, &preferences.time_zone))
        })
        .collect();
    // Oldest first, undated last: which copy of a film was listed first must not matter.
    items.sort_by_key(|(_, play)| {
        play.as_ref().map_or((true, None), |play| (play.at.is_none(), play.instant()))
    });
    let mut planned =
        Planned { movie, days: BTreeSet::new(), in_focus_since: movie.in_focus_since };
    for (item, play) in items {
        plan.faults.extend(unreadable(&item.id, &item.name, &item.last_played));
        let decision = match play {
            _ if is_excluded(preferences, &[&item.id]) => Decision::Skip(Skip::Excluded),
            Err(skip) => Decision::Skip(skip),
            Ok(play) => match planned.decide(item, &play, &snapshot.server, preferences) {
                Err(skip) => Decision::Skip(skip),
                Ok(mut notes) => {
                    notes.extend(bulk.note(&item.last_played));
                    plan.additions.push(planned.addition(item, &play, &snapshot.server));
                    Decision::Add { date: play.local, notes }
                }
            },
        };
        plan.movies.push(PlannedMovie {
            item,
            stream: movie.stream.clone(),
            name: &movie.name,
            has_existing_watch_data: !movie.sessions().is_empty(),
            decision,
        });
    }
    // The preview shows copies in the order of their ids, however their dates lie.
    let of_this_movie =
        plan.movies.iter().rposition(|p| p.stream != movie.stream).map_or(0, |before| before + 1);
    plan.movies[of_this_movie..].sort_by(|a, b| a.item.id.cmp(&b.item.id));
}

/// A movie with the sessions that this plan gives it.
struct Planned<'a> {
    movie: &'a Movie,
    days: BTreeSet<WatchDate>,
    in_focus_since: Option<DateTime<Utc>>,
}

impl Planned<'_> {
    fn has_session_on(&self, days: &[WatchDate]) -> bool {
        days.iter().any(|day| self.days.contains(day) || self.movie.has_session_on(*day))
    }

    fn has_sessions(&self) -> bool {
        !self.days.is_empty() || !self.movie.sessions().is_empty()
    }

    /// Says what to look at where the play is to be added, else why it isn't.
    fn decide(
        &self,
        item: &Item,
        play: &Play<'_>,
        server: &Server,
        preferences: &Preferences,
    ) -> Result<BTreeSet<Note>, Skip> {
        let movie = self.movie;
        let imported = movie.imported(play.key());
        match (play.instant(), imported) {
            (_, Some((_, false))) if !(play.at.is_some() && self.has_session_on(&play.days())) => {
                return Err(Skip::RemovedByUser);
            }
            (Some(_), _) if self.has_session_on(&play.days()) => {
                return Err(Skip::SessionOnThatDate);
            }
            (None, _) if self.has_sessions() => return Err(Skip::UndatedAndWatched),
            (Some(_), Some(_)) => return Err(Skip::AlreadyImported),
            (instant, _) if movie.removed_after(instant, &play.days()) => {
                return Err(Skip::RemovedByUser);
            }
            (Some(_) | None, Some(_) | None) => {}
        }
        let mut notes = BTreeSet::new();
        if is_possible_rewatch(movie, play, server) {
            if preferences.hold_possible_rewatches && !preferences.include.contains(&item.id) {
                return Err(Skip::PossibleRewatch);
            }
            notes.insert(Note::PossibleRewatch);
        }
        match play.instant() {
            None => drop(notes.insert(Note::Undated)),
            Some(_) if play.local.year() < movie.year => drop(notes.insert(Note::SuspiciousDate)),
            Some(_) => {}
        }
        if play.instant().is_some_and(|instant| movie.moved_after(instant, &play.days())) {
            notes.insert(Note::SessionMoved);
        }
        if suspicious_match(item, &movie.name, movie.year) {
            notes.insert(Note::SuspiciousMatch);
        }
        Ok(notes)
    }

    fn addition(&mut self, item: &Item, play: &Play<'_>, server: &Server) -> PlacedAddition {
        self.days.insert(play.local);
        let focus = play.clears(self.in_focus_since);
        if focus == Focus::Clears {
            self.in_focus_since = None;
        }
        let session = WatchSessionToAdd {
            id: session_id(&self.movie.stream, play.key()),
            date: play.local,
            duration: self.movie.runtime.or(item.runtime_minutes),
        };
        PlacedAddition {
            stream: self.movie.stream.clone(),
            addition: Addition::WatchSessionRecorded(session, focus),
            origin: play.origin(server, &item.id),
        }
    }
}

/// From Jellyfin 12 on a watched film that is opened for ten seconds keeps `Played` and gets a new date
/// (`docs/jellyfin.md`, "What changes user data"); up to 10.11 it counts as unplayed until it is seen to the end.
fn is_possible_rewatch(movie: &Movie, play: &Play<'_>, server: &Server) -> bool {
    server.major_version() >= 12
        && play.at.is_some()
        && movie.sessions().iter().any(|session| session.date < play.local)
}

/// The same play of a movie has the same id on every run and on every machine.
fn session_id(stream: &StreamId, key: PlayKey) -> SessionId {
    let digest = Sha256::digest(format!("jellyfin\n{stream}\n{key}"));
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    SessionId::from_bytes(id)
}

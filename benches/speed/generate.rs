//! Logs, snapshots and additions of any size, the same on every run.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use mediatheca_jellyfin_sync::domain::{
    events::{Addition, Focus, Origin, PlacedAddition, WatchedEpisodeToAdd},
    ids::{EpisodeNumber, StreamId},
    snapshot::{
        Catalog, Coverage, EpisodeItem, Item, LastPlayed, PlayState, Scan, SeriesItem, Server,
        Snapshot, TmdbRef,
    },
    time::WatchDate,
};

/// How large a library and its log are.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Movies in the library.
    pub movies: u64,
    /// Series in the library, each of 50 episodes.
    pub series: u64,
    /// Events in the log, the ones that added the titles among them.
    pub events: u64,
}

/// A generator of numbers that look drawn: a linear congruence, as every run must be the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

struct Lines<W: Write> {
    out: W,
    size: Size,
    position: u64,
    movies: Vec<u64>,
    series: Vec<u64>,
}

impl<W: Write> Lines<W> {
    fn event(&mut self, movie: bool, title: u64, event_type: &str, data: &str) {
        self.position += 1;
        let (kind, positions) = if movie {
            ("Movie-film", &mut self.movies)
        } else {
            ("Series-series", &mut self.series)
        };
        let stream_position = &mut positions[title as usize];
        let data = data.replace('"', "\\\"");
        let (position, year) = (self.position, 1950 + title % 70);
        writeln!(
            self.out,
            r#"{{"globalPosition":{position},"streamId":"{kind}-number-{title}-{year}","streamPosition":{stream_position},"eventType":"{event_type}","data":"{data}","metadata":"{{}}","timestamp":"2026-11-24T00:32:54.{:07}+00:00"}}"#,
            position % 10_000_000
        )
        .unwrap();
        *stream_position += 1;
    }

    fn titles(&mut self) {
        let overview = "A man goes somewhere and comes back another. ".repeat(6);
        for n in 0..self.size.movies {
            let data = format!(
                r#"{{"name":"Film number {n}","year":{},"runtime":90,"overview":"{overview}","genres":["Drama"],"posterRef":"posters/{n}.jpg","backdropRef":null,"tmdbId":{},"tmdbRating":7.1}}"#,
                1950 + n % 70,
                n + 1
            );
            self.event(true, n, "Movie_added_to_library", &data);
        }
        for n in 0..self.size.series {
            let episode = |n: u64| {
                format!(
                    r#"{{"episodeNumber":{n},"name":"Episode {n}","overview":"","runtime":45,"airDate":null,"stillRef":null,"tmdbRating":7.0}}"#
                )
            };
            let season = |n: u64| {
                let episodes: Vec<String> = (1..=10).map(episode).collect();
                let episodes = episodes.join(",");
                format!(
                    r#"{{"seasonNumber":{n},"name":"Season {n}","overview":"","posterRef":null,"airDate":null,"episodes":[{episodes}]}}"#
                )
            };
            let seasons: Vec<String> = (1..=5).map(season).collect();
            let data = format!(
                r#"{{"name":"Series number {n}","year":{},"overview":"{overview}","genres":["Drama"],"status":"Ended","posterRef":null,"backdropRef":null,"tmdbId":{},"tmdbRating":7.0,"episodeRuntime":45,"seasons":[{}]}}"#,
                1950 + n % 70,
                n + 1,
                seasons.join(",")
            );
            self.event(false, n, "Series_added_to_library", &data);
        }
    }
}

fn lines<W: Write>(out: W, size: Size) -> Lines<W> {
    Lines {
        out,
        size,
        position: 0,
        movies: vec![0; size.movies as usize],
        series: vec![0; size.series as usize],
    }
}

/// The titles alone.
pub fn titles(out: &mut Vec<u8>, size: Size) {
    lines(out, size).titles();
}

/// A log whose events are titles, then watches and, one in fifty, something else.
pub fn log(path: &Path, size: Size) {
    let mut lines = lines(BufWriter::new(File::create(path).unwrap()), size);
    let mut numbers = Numbers(1);
    lines.titles();
    while lines.position < size.events {
        let (movie, series) = (numbers.below(size.movies), numbers.below(size.series));
        let date = format!(
            "20{:02}-{:02}-{:02}",
            numbers.below(26),
            1 + numbers.below(12),
            1 + numbers.below(28)
        );
        let (season, episode) = (1 + numbers.below(5), 1 + numbers.below(10));
        match numbers.below(100) {
            0 => lines.event(true, movie, "Personal_rating_set", r#"{"rating":8}"#),
            1 => {
                let data = format!(
                    r#"{{"rewatchId":"default","seasonNumber":{season},"episodeNumber":{episode}}}"#
                );
                lines.event(false, series, "Episode_unwatched", &data);
            }
            2..=50 => {
                let friends = if numbers.below(4) == 0 { r#""anna","j-rg""# } else { "" };
                let id = format!("{:016x}{:016x}", numbers.below(u64::MAX >> 34), lines.position);
                let data = format!(
                    r#"{{"sessionId":"{id}","date":"{date}","duration":136,"friendSlugs":[{friends}]}}"#
                );
                lines.event(true, movie, "Watch_session_recorded", &data);
            }
            _ => {
                let data = format!(
                    r#"{{"rewatchId":"default","seasonNumber":{season},"episodeNumber":{episode},"date":"{date}"}}"#
                );
                lines.event(false, series, "Episode_watched", &data);
            }
        }
    }
    lines.out.flush().unwrap();
}

/// A snapshot of played movies and series of played episodes.
pub fn snapshot(movies: u32, series: u32, episodes: u32) -> Snapshot {
    let mut numbers = Numbers(2);
    let mut played = move || {
        let (year, month, day, hour) =
            (numbers.below(26), 1 + numbers.below(12), 1 + numbers.below(28), numbers.below(24));
        let date = format!("20{year:02}-{month:02}-{day:02}T{hour:02}:15:30.1234567Z");
        state(LastPlayed::read(Some(&date)))
    };
    let item = |n: u32, name: String, tmdb: u32, state: PlayState| Item {
        id: format!("{n:032x}").try_into().unwrap(),
        name,
        year: Some(1950 + (tmdb as i32 - 1) % 70),
        tmdb: TmdbRef::Id(i64::from(tmdb).try_into().unwrap()),
        imdb: None,
        state,
        runtime_minutes: Some(90),
        genres: vec![],
    };
    let movies =
        (0..movies).map(|n| item(n, format!("Film number {n}"), n + 1, played())).collect();
    let series = (0..series)
        .map(|s| SeriesItem {
            item: item(
                1_000_000 + s,
                format!("Series number {s}"),
                s + 1,
                state(LastPlayed::Undated),
            ),
            episodes: (0..episodes)
                .map(|e| EpisodeItem {
                    id: format!("{:032x}", 2_000_000 + s * 1_000 + e).try_into().unwrap(),
                    name: format!("Episode {e}"),
                    season: Some(1 + e as i32 / 10),
                    episode: Some(1 + e as i32 % 10),
                    episode_end: None,
                    state: played(),
                    runtime_minutes: None,
                })
                .collect(),
        })
        .collect();
    let server = Server {
        id: "5e".repeat(16).try_into().unwrap(),
        name: "NAS".into(),
        version: "12.0.0".into(),
    };
    let taken_at = "2026-11-24T12:00:00Z".parse().unwrap();
    let scan = Scan { server, taken_at, catalog: Catalog { movies, series }, faults: vec![] };
    scan.into_snapshot(Coverage::Everything)
}

fn state(last_played: LastPlayed) -> PlayState {
    PlayState { played: true, play_count: 1, last_played, position_minutes: 0 }
}

/// Watched episodes to append, of another season each round.
pub fn additions(count: i32, round: i32) -> Vec<PlacedAddition> {
    let watch = |n: i32| PlacedAddition {
        stream: StreamId::from_log("Series-series-number-0-1950"),
        addition: Addition::EpisodeWatched(
            WatchedEpisodeToAdd {
                rewatch: "default".into(),
                number: EpisodeNumber { season: 100 + round, episode: n },
                date: WatchDate::parse("2026-11-24").unwrap(),
            },
            Focus::Stays,
        ),
        origin: Origin {
            server: "5e".repeat(16).try_into().unwrap(),
            item: format!("{n:032x}").try_into().unwrap(),
            played_at: None,
        },
    };
    (0..count).map(watch).collect()
}

//! Lines of a log, written as Mediatheca writes them.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};

/// A log under construction: numbers itself.
#[derive(Debug, Default, Clone)]
pub struct LogText {
    text: String,
    position: u64,
    streams: BTreeMap<String, u64>,
    at: Option<String>,
}

impl LogText {
    pub fn new() -> Self {
        Self::default()
    }

    /// Events from here on were appended at that instant.
    pub fn at(mut self, instant: &str) -> Self {
        self.at = Some(instant.replace('Z', ".0000000+00:00"));
        self
    }

    pub fn event(mut self, stream: &str, event_type: &str, data: Value) -> Self {
        self.position += 1;
        let position = self.streams.entry(stream.to_owned()).and_modify(|p| *p += 1).or_insert(0);
        let at = self.at.as_deref().unwrap_or("2026-01-01T00:00:00.0000000+00:00");
        let (stream, data) = (json!(stream), json!(data.to_string()));
        writeln!(
            self.text,
            r#"{{"globalPosition":{},"streamId":{stream},"streamPosition":{position},"eventType":"{event_type}","data":{data},"metadata":"{{}}","timestamp":"{at}"}}"#,
            self.position,
        )
        .unwrap();
        self
    }

    pub fn movie(self, slug: &str, name: &str, year: i32, tmdb: u32) -> Self {
        let data = json!({"name":name,"year":year,"runtime":90,"overview":"","genres":[],"posterRef":null,"backdropRef":null,"tmdbId":tmdb,"tmdbRating":7.0});
        self.event(&format!("Movie-{slug}"), "Movie_added_to_library", data)
    }

    pub fn session(self, slug: &str, id: &str, date: &str) -> Self {
        let data = json!({"sessionId":id,"date":date,"duration":90,"friendSlugs":[]});
        self.event(&format!("Movie-{slug}"), "Watch_session_recorded", data)
    }

    /// A series with one season of this many episodes.
    pub fn series(self, slug: &str, name: &str, year: i32, tmdb: u32, episodes: i32) -> Self {
        let episodes: Vec<Value> = (1..=episodes)
            .map(|n| json!({"episodeNumber":n,"name":format!("Episode {n}"),"overview":"","runtime":45,"airDate":null,"stillRef":null,"tmdbRating":null}))
            .collect();
        let data = json!({"name":name,"year":year,"overview":"","genres":[],"status":"Ended","posterRef":null,"backdropRef":null,"tmdbId":tmdb,"tmdbRating":7.0,"episodeRuntime":45,
            "seasons":[{"seasonNumber":1,"name":"Season 1","overview":"","posterRef":null,"airDate":null,"episodes":episodes}]});
        self.event(&format!("Series-{slug}"), "Series_added_to_library", data)
    }

    pub fn watched(self, slug: &str, rewatch: &str, episode: i32, date: &str) -> Self {
        let data =
            json!({"rewatchId":rewatch,"seasonNumber":1,"episodeNumber":episode,"date":date});
        self.event(&format!("Series-{slug}"), "Episode_watched", data)
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

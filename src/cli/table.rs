//! Reports as tables that a person reads.

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};

use crate::report::{
    Coded, DecisionReport, FaultReport, ImportReport, NOTHING_TO_ADD, ScanReport, SkipCounts,
    Summary, UnmatchedReport, count,
};

/// What a scan found: what would be added, what not and why.
pub fn scan(report: &ScanReport) -> String {
    let mut text = String::new();
    for table in [movies(report), episodes(report), unmatched(report)] {
        if table.row_count() > 0 {
            line(&mut text, &table.to_string());
            line(&mut text, "");
        }
    }
    line_for_each(&mut text, &report.errors);
    let Summary { movies_to_add, episodes_to_add, forgotten, .. } = report.summary;
    let to_add = sessions_and_episodes(movies_to_add, episodes_to_add);
    let (movies, series) = (report.summary.movies_unmatched, report.summary.series_unmatched);
    let unmatched = format!("{} and {}", count(movies, "movie", "movies"), series_of(series));
    line(&mut text, &format!("To add: {to_add}. Not in your library: {unmatched}."));
    line(&mut text, &skipped(&report.skipped()));
    if forgotten > 0 {
        let plays = count(forgotten, "play in your log is", "plays in your log are");
        line(&mut text, &format!("{plays} no longer in Jellyfin. Your log keeps them."));
    }
    line(&mut text, "Import only adds. Nothing in your log is changed or removed.");
    text
}

/// What an import added.
pub fn import(report: &ImportReport) -> String {
    let mut text = String::new();
    line_for_each(&mut text, &report.errors);
    let (movies, episodes) = (report.movies_added, report.episodes_added);
    if movies + episodes == 0 {
        line(&mut text, &format!("{NOTHING_TO_ADD}."));
    } else {
        let added = sessions_and_episodes(movies, episodes);
        let (first, last) = (report.log.before + 1, report.log.after);
        line(&mut text, &format!("Added {added} (events {first} to {last} of your log)."));
    }
    line(&mut text, &skipped(&report.skipped));
    text
}

fn movies(report: &ScanReport) -> Table {
    let mut movies = table(["Movie", "Year", "Watched on", "Check"]);
    for movie in &report.matched_movies {
        if let Some((date, notes)) = added(&movie.decision) {
            movies.add_row([movie.name.clone(), year(movie.item.year), date, notes]);
        }
    }
    movies
}

fn episodes(report: &ScanReport) -> Table {
    let mut episodes = table(["Series", "Episode", "Watched on", "Check"]);
    for series in &report.matched_series {
        for episode in &series.episodes {
            if let Some((date, notes)) = added(&episode.decision) {
                let season = episode.season.map_or_else(|| "?".into(), |season| season.to_string());
                let number = episode.episode.unwrap_or_default();
                let name = format!("{season}x{number:02} {}", episode.name);
                episodes.add_row([series.name.clone(), name, date, notes]);
            }
        }
    }
    episodes
}

fn unmatched(report: &ScanReport) -> Table {
    let mut unmatched = table(["Not matched", "Kind", "Year", "Why"]);
    let mut add = |kind: &str, items: &[UnmatchedReport]| {
        for UnmatchedReport { item, reason } in items {
            let why = reason.words().title;
            unmatched.add_row([item.name.clone(), kind.into(), year(item.year), why.into()]);
        }
    };
    add("movie", &report.unmatched_movies);
    add("series", &report.unmatched_series);
    unmatched
}

/// The day and the notes of a play that would be added.
fn added(decision: &DecisionReport) -> Option<(String, String)> {
    match decision {
        DecisionReport::Add { date, notes } => {
            let notes: Vec<_> = notes.iter().map(|note| note.words().title).collect();
            Some((date.clone(), notes.join("; ")))
        }
        DecisionReport::Skip { .. } => None,
    }
}

fn skipped(counts: &SkipCounts) -> String {
    let reasons: Vec<_> =
        counts.iter().map(|(reason, n)| format!("{} ({n})", reason.words().title)).collect();
    if reasons.is_empty() {
        "Skipped: none.".into()
    } else {
        format!("Skipped: {}.", reasons.join("; "))
    }
}

fn sessions_and_episodes(movies: u64, episodes: u64) -> String {
    let sessions = count(movies, "watch session", "watch sessions");
    format!("{sessions} and {}", count(episodes, "episode", "episodes"))
}

fn series_of(series: u64) -> String {
    count(series, "series", "series")
}

fn table(header: [&str; 4]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes everything");
}

fn line_for_each(text: &mut String, errors: &[FaultReport]) {
    for error in errors {
        line(text, &format!("! {}: {}", error.name, error.message));
    }
}

fn year(year: Option<i32>) -> String {
    year.map_or_else(String::new, |year| year.to_string())
}

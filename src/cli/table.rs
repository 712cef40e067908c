//! Reports as tables that a person reads.

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};

use crate::service::report::{DecisionReport, ImportReport, ScanReport};

/// What a scan found: what would be added, what not and why.
pub fn scan(report: &ScanReport) -> String {
    let mut text = String::new();
    let added = |decision: &DecisionReport| match decision {
        DecisionReport::Add { date, notes } => Some((date.clone(), notes.join(", "))),
        DecisionReport::Skip { .. } => None,
    };
    let mut movies = table(["Movie", "Year", "Watched", "Note"]);
    for movie in &report.matched_movies {
        if let Some((date, notes)) = added(&movie.decision) {
            movies.add_row([movie.name.clone(), year(movie.item.year), date, notes]);
        }
    }
    let mut episodes = table(["Series", "Episode", "Watched", "Note"]);
    for series in &report.matched_series {
        for episode in &series.episodes {
            if let Some((date, notes)) = added(&episode.decision) {
                let number = format!(
                    "{}x{:02} {}",
                    number(episode.season),
                    episode.episode.unwrap_or_default(),
                    episode.name
                );
                episodes.add_row([series.name.clone(), number, date, notes]);
            }
        }
    }
    let mut unmatched = table(["Not matched", "Kind", "Year", "Why"]);
    let kinds = [("movie", &report.unmatched_movies), ("series", &report.unmatched_series)];
    for (kind, items) in kinds {
        for one in items {
            unmatched.add_row([
                one.item.name.clone(),
                kind.into(),
                year(one.item.year),
                one.reason.clone().into_owned(),
            ]);
        }
    }
    for table in [movies, episodes, unmatched] {
        if table.row_count() > 0 {
            line(&mut text, &table.to_string());
            line(&mut text, "");
        }
    }
    for error in &report.errors {
        line(&mut text, &format!("! {}: {}", error.name, error.message));
    }
    let summary = &report.summary;
    line(
        &mut text,
        &format!(
            "To add: {} and {}. Not matched: {} and {}.",
            many(summary.movies_to_add, "watch session"),
            many(summary.episodes_to_add, "episode"),
            many(summary.movies_unmatched, "movie"),
            many(summary.series_unmatched, "series"),
        ),
    );
    line(&mut text, &skipped(&reasons(report)));
    if summary.forgotten > 0 {
        line(
            &mut text,
            &format!(
                "Jellyfin no longer shows {} that your log has from it; your log keeps them.",
                many(summary.forgotten, "watch")
            ),
        );
    }
    line(&mut text, "Nothing is ever removed or changed.");
    text
}

/// What an import added.
pub fn import(report: &ImportReport) -> String {
    let mut text = String::new();
    for error in &report.errors {
        line(&mut text, &format!("! {}: {}", error.name, error.message));
    }
    let added = report.movies_added + report.episodes_added;
    if added == 0 {
        line(&mut text, "Nothing to add: your log has it all.");
    } else {
        let what =
            [many(report.movies_added, "watch session"), many(report.episodes_added, "episode")]
                .join(" and ");
        line(
            &mut text,
            &format!(
                "Added {what}: positions {} to {} of your log.",
                report.log.before + 1,
                report.log.after
            ),
        );
    }
    let by_reason: Vec<_> =
        report.skipped.iter().map(|(reason, count)| (reason.clone(), *count)).collect();
    line(&mut text, &skipped(&by_reason));
    text
}

fn reasons(report: &ScanReport) -> Vec<(String, u64)> {
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    let episodes = report
        .matched_series
        .iter()
        .flat_map(|series| series.episodes.iter().map(|episode| &episode.decision));
    for decision in report.matched_movies.iter().map(|movie| &movie.decision).chain(episodes) {
        if let DecisionReport::Skip { reason } = decision {
            *counts.entry(reason).or_default() += 1;
        }
    }
    counts.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect()
}

fn skipped(reasons: &[(String, u64)]) -> String {
    let reasons: Vec<_> =
        reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    if reasons.is_empty() {
        "Skipped: none.".into()
    } else {
        format!("Skipped: {}.", reasons.join(", "))
    }
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

fn year(year: Option<i32>) -> String {
    year.map_or_else(String::new, |year| year.to_string())
}

fn number(number: Option<i32>) -> String {
    number.map_or_else(|| "?".into(), |number| number.to_string())
}

fn many(count: u64, what: &str) -> String {
    match (count, what) {
        (1, what) => format!("1 {what}"),
        (_, "series") => format!("{count} series"),
        (_, "watch") => format!("{count} watches"),
        (_, what) => format!("{count} {what}s"),
    }
}

//! The settings: the Jellyfin card, preferences, TMDB, and this browser's theme.

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use cookie::time::Duration;
use serde::Deserialize;

use super::{
    answer::{PageProblem, html},
    choice::Choice,
    shell::{self, Section, Shell, THEME, Theme, Visitor},
    steps::step,
    words,
};
use crate::{
    domain::zone::Zone,
    http::{App, access, problem::status_of, request::FormBody},
    report::{JellyfinInput, PreferencesInput, Problem, SettingsView, StatusReport, SyncInput},
    service::ServiceError,
};

#[derive(askama::Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    shell: Shell,
    step: Option<u8>,
    said: Option<&'static str>,
    connected_now: bool,
    problem: Option<Problem>,
    /// The field that the problem is about.
    field: &'static str,
    badge: Badge,
    server_url: String,
    username: String,
    has_any: bool,
    has_password: bool,
    accept_invalid: bool,
    last_sync: String,
    time_zone: String,
    schedule: Schedule,
    stopped: Option<Problem>,
    hold: bool,
    auto_add: bool,
    has_tmdb: bool,
    themes: Vec<Choice>,
}

/// How often imports run.
struct Schedule {
    /// `None` if the server was started with an interval: the settings don't change it.
    intervals: Option<Vec<Choice>>,
    hint: String,
}

struct Badge {
    kind: &'static str,
    text: String,
}

/// The intervals of scheduled imports that a person can choose.
const INTERVALS: [(&str, &str); 6] = [
    ("", "Never"),
    ("30m", "Every 30 minutes"),
    ("1h", "Every hour"),
    ("6h", "Every 6 hours"),
    ("12h", "Every 12 hours"),
    ("24h", "Once a day"),
];

/// The themes that a person can choose.
const THEMES: [(&str, &str); 3] =
    [("system", "Same as system"), ("light", "Light"), ("dark", "Dark")];

/// What was just done.
#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

impl Done {
    fn words(&self) -> Option<&'static str> {
        match self.done.as_deref()? {
            "connected" => Some("Connection works. Your settings are saved."),
            "saved" => Some("Saved."),
            "forgotten" => Some("Forgotten. Your log is unchanged."),
            _ => None,
        }
    }
}

/// What a person typed that wasn't saved: shown again, except for the password.
#[derive(Default)]
struct Typed {
    server_url: Option<String>,
    username: Option<String>,
    time_zone: Option<String>,
}

pub(super) async fn page(
    visitor: Visitor,
    State(app): State<App>,
    Query(done): Query<Done>,
) -> Result<Response, PageProblem> {
    show(visitor, &app, done.words(), None, Typed::default()).await
}

async fn show(
    visitor: Visitor,
    app: &App,
    said: Option<&'static str>,
    error: Option<ServiceError>,
    typed: Typed,
) -> Result<Response, PageProblem> {
    let (settings, status) = (app.service.account().view().await?, app.service.status().await?);
    let field = error.as_ref().and_then(ServiceError::field).unwrap_or_default();
    let problem = error.map(Problem::from);
    let code = problem.as_ref().map_or(StatusCode::OK, status_of);
    let zone = words::zone(&settings.time_zone);
    let schedule = Schedule::of(&settings, &status, &zone);
    let page = SettingsPage {
        shell: visitor.shell("Settings", Some(Section::Settings)),
        step: step(&settings, &status),
        said,
        connected_now: said.is_some() && settings.jellyfin.has_access_token,
        problem,
        field,
        badge: Badge::of(&settings, &status),
        server_url: typed.server_url.or(settings.jellyfin.server_url.clone()).unwrap_or_default(),
        username: typed.username.or(settings.jellyfin.username.clone()).unwrap_or_default(),
        has_any: settings.jellyfin.server_url.is_some(),
        has_password: settings.jellyfin.has_password,
        accept_invalid: settings.jellyfin.accept_invalid_certificates,
        last_sync: last_import(&status, &zone),
        time_zone: typed.time_zone.unwrap_or(settings.time_zone),
        schedule,
        stopped: shell::stopped(&status),
        hold: settings.sync.hold_possible_rewatches,
        auto_add: settings.sync.auto_add,
        has_tmdb: settings.tmdb.has_api_key,
        themes: Choice::all(&THEMES, visitor.theme.name().unwrap_or("system")),
    };
    let mut page = html(&page);
    *page.status_mut() = code;
    Ok(page)
}

fn last_import(status: &StatusReport, zone: &Zone) -> String {
    match &status.last_import {
        Some(last) => format!("Last import: {}.", words::instant(&last.at, zone)),
        None => "No import yet.".to_owned(),
    }
}

impl Schedule {
    fn of(settings: &SettingsView, status: &StatusReport, zone: &Zone) -> Self {
        let is_as_set = status.every == settings.sync.every;
        let every = status.every.clone().unwrap_or_default();
        let how = match is_as_set {
            true => "Works while the server is running.".to_owned(),
            false => format!(
                "Every {every}: set when the server was started; the setting here is ignored."
            ),
        };
        let next_due = status.next_due.as_deref().map(|due| words::instant(due, zone));
        let next_due = next_due.map(|due| format!(" Next import: {due}.")).unwrap_or_default();
        let mut intervals = Choice::all(&INTERVALS, &every);
        if !intervals.iter().any(|choice| choice.chosen) {
            let text = format!("Every {every}");
            intervals.push(Choice { text, value: every, chosen: true });
        }
        Self { intervals: is_as_set.then_some(intervals), hint: format!("{how}{next_due}") }
    }
}

impl Badge {
    fn of(settings: &SettingsView, status: &StatusReport) -> Self {
        let jellyfin = &settings.jellyfin;
        let (Some(server_url), Some(username)) = (&jellyfin.server_url, &jellyfin.username) else {
            return Self { kind: "quiet", text: "Not set up".into() };
        };
        let seen = status
            .connection
            .as_ref()
            .filter(|seen| seen.server_url == *server_url && seen.username == *username);
        match seen.map(|seen| (&seen.failure, &seen.server)) {
            Some((Some(failure), _)) => {
                Self { kind: "bad", text: format!("Failed: {}", failure.code.title()) }
            }
            Some((None, Some(server))) => {
                let text = format!("Connected as {username} to {} {}", server.name, server.version);
                Self { kind: "good", text }
            }
            Some((None, None)) | None => Self { kind: "quiet", text: "Not tested yet".into() },
        }
    }
}

fn text(form: &FormBody, name: &str) -> Option<String> {
    form.get(name).map(str::to_owned)
}

pub(super) async fn jellyfin(
    visitor: Visitor,
    State(app): State<App>,
    form: FormBody,
) -> Result<Response, PageProblem> {
    let input = JellyfinInput {
        server_url: text(&form, "serverUrl"),
        username: text(&form, "username"),
        password: form
            .get("password")
            .filter(|password| !password.is_empty())
            .map(|password| password.to_owned().into()),
        accept_invalid_certificates: Some(form.is_ticked("acceptInvalidCertificates")),
    };
    let done = match form.get("do") {
        Some("forget") => app.service.account().forget().await.map(|_| "forgotten"),
        Some("save") => app.service.setup().save_jellyfin(&input).await.map(|_| "saved"),
        Some(_) | None => app.service.setup().test_jellyfin(&input).await.map(|_| "connected"),
    };
    let typed = Typed { server_url: input.server_url, username: input.username, time_zone: None };
    finish(visitor, &app, done, typed).await
}

pub(super) async fn preferences(
    visitor: Visitor,
    State(app): State<App>,
    form: FormBody,
) -> Result<Response, PageProblem> {
    let every =
        form.get("every").map(|every| Some(every.to_owned()).filter(|every| !every.is_empty()));
    let input = PreferencesInput {
        time_zone: text(&form, "timeZone"),
        sync: Some(SyncInput {
            auto_add: Some(form.is_ticked("autoAdd")),
            hold_possible_rewatches: Some(form.is_ticked("holdPossibleRewatches")),
            every,
            push_watched: None,
        }),
    };
    let done = app.service.account().save_preferences(&input).await.map(|_| "saved");
    finish(visitor, &app, done, Typed { time_zone: input.time_zone, ..Typed::default() }).await
}

pub(super) async fn tmdb(
    visitor: Visitor,
    State(app): State<App>,
    form: FormBody,
) -> Result<Response, PageProblem> {
    let key = form.get("apiKey").unwrap_or_default().to_owned().into();
    let done = app.service.account().save_tmdb(&key).await.map(|_| "saved");
    finish(visitor, &app, done, Typed::default()).await
}

/// After a success the browser is sent to the page, so that a reload doesn't repeat it. A failure
/// is shown in place.
async fn finish(
    visitor: Visitor,
    app: &App,
    done: Result<&'static str, ServiceError>,
    typed: Typed,
) -> Result<Response, PageProblem> {
    match done {
        Ok(done) => Ok(Redirect::to(&format!("/settings?done={done}")).into_response()),
        Err(error) => show(visitor, app, None, Some(error), typed).await,
    }
}

pub(super) async fn appearance(form: FormBody) -> (CookieJar, Redirect) {
    let theme = Theme::parse(form.get("theme").unwrap_or_default());
    let cookie = match theme.name() {
        Some(name) => access::own_cookie(THEME, name.to_owned(), access::YEAR),
        None => access::own_cookie(THEME, String::new(), Duration::ZERO),
    };
    (CookieJar::new().add(cookie), Redirect::to("/settings?done=saved"))
}

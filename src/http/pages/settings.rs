//! The settings: the Jellyfin card, preferences, TMDB, and this browser's theme.

use axum::{
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    PageProblem, html,
    shell::{self, Section, Shell, THEME, Theme, Visitor},
    words,
};
use crate::{
    http::{App, Problem, request::FormBody},
    service::{
        JellyfinInput, PreferencesInput, ServiceError, SettingError, SettingsView, StatusReport,
        SyncInput,
    },
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
    /// None where it was started with an interval, which the settings don't change.
    intervals: Option<Vec<Choice>>,
    every_hint: String,
    stopped: Option<Problem>,
    hold: bool,
    auto_add: bool,
    has_tmdb: bool,
    themes: Vec<Choice>,
}

struct Badge {
    kind: &'static str,
    text: String,
}

/// One of several.
pub(super) struct Choice {
    pub value: String,
    pub text: String,
    pub chosen: bool,
}

impl Choice {
    pub(super) fn all(choices: &[(&str, &str)], chosen: &str) -> Vec<Self> {
        let choice = |(value, text): &(&str, &str)| Self {
            value: (*value).to_owned(),
            text: (*text).to_owned(),
            chosen: *value == chosen,
        };
        choices.iter().map(choice).collect()
    }
}

/// How often to import by itself, as a person chooses.
const INTERVALS: [(&str, &str); 6] = [
    ("", "Never"),
    ("30m", "Every 30 minutes"),
    ("1h", "Every hour"),
    ("6h", "Every 6 hours"),
    ("12h", "Every 12 hours"),
    ("24h", "Once a day"),
];

/// What was just done.
#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

impl Done {
    fn words(&self) -> Option<&'static str> {
        match self.done.as_deref()? {
            "connected" => Some("The connection works, and the settings are saved."),
            "saved" => Some("Saved."),
            "forgotten" => Some("Forgotten. Your log wasn’t touched."),
            _ => None,
        }
    }
}

/// What a person typed that wasn't saved: shown again, but for the password.
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
    let field = error.as_ref().map_or("", field_of);
    let problem = error.map(Problem::from);
    let code = problem.as_ref().map(Problem::status);
    let zone = words::zone(&settings.time_zone);
    let last_sync = match &status.last_import {
        Some(last) => format!("Last import: {}.", words::instant(&last.at, &zone)),
        None => "Nothing was imported yet.".to_owned(),
    };
    let is_as_set = status.every == settings.sync.every;
    let every = status.every.clone().unwrap_or_default();
    let mut intervals = Choice::all(&INTERVALS, &every);
    if !intervals.iter().any(|choice| choice.chosen) {
        intervals.push(Choice {
            text: format!("Every {every}"),
            value: every.clone(),
            chosen: true,
        });
    }
    let how = match is_as_set {
        true => "Where this runs all the time, or on a schedule of its own.".to_owned(),
        false => format!("Every {every}: it was started so, whatever the settings say."),
    };
    let next_due = status
        .next_due
        .as_deref()
        .map(|due| format!(" The next one is due {}.", words::instant(due, &zone)));
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
        last_sync,
        time_zone: typed.time_zone.unwrap_or(settings.time_zone),
        intervals: is_as_set.then_some(intervals),
        every_hint: format!("{how}{}", next_due.unwrap_or_default()),
        stopped: shell::stopped(&status),
        hold: settings.sync.hold_possible_rewatches,
        auto_add: settings.sync.auto_add,
        has_tmdb: settings.tmdb.has_api_key,
        themes: Choice::all(
            &[("system", "As my system has it"), ("light", "Light"), ("dark", "Dark")],
            visitor.theme.name().unwrap_or("system"),
        ),
    };
    let mut page = html(&page);
    *page.status_mut() = code.unwrap_or(StatusCode::OK);
    Ok(page)
}

/// How far somebody who is new here has come; none once they have imported.
pub(super) fn step(settings: &SettingsView, status: &StatusReport) -> Option<u8> {
    let imported = status.last_import.as_ref().is_some_and(|last| last.failure.is_none());
    match (imported, settings.jellyfin.has_access_token, &status.last_scan) {
        (true, _, _) => None,
        (false, false, _) => Some(1),
        (false, true, Some(scan)) if scan.failure.is_none() => Some(3),
        (false, true, Some(_) | None) => Some(2),
    }
}

fn field_of(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::Setting(SettingError::ServerUrl(_)) => "serverUrl",
        ServiceError::Setting(SettingError::NoUsername) => "username",
        ServiceError::Setting(SettingError::PasswordOfAnother) => "password",
        ServiceError::Setting(SettingError::TimeZone(_)) => "timeZone",
        ServiceError::Setting(SettingError::NoApiKey) => "apiKey",
        _ => "",
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
                let title = Problem::new(&failure.code, "").title;
                Self { kind: "bad", text: format!("Failed: {title}") }
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

/// What worked leads back to the page, so that a reload doesn't do it again; what failed is said in place.
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

pub(super) async fn appearance(form: FormBody) -> Response {
    let theme = Theme::parse(form.get("theme").unwrap_or_default());
    let cookie = match theme.name() {
        Some(name) => {
            format!("{THEME}={name}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000")
        }
        None => format!("{THEME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"),
    };
    let cookie = HeaderValue::from_str(&cookie).expect("a name of our own fits a header");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/settings?done=saved")).into_response()
}

//! What every page has around it: its name, the navigation, the theme.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use axum_extra::extract::CookieJar;

use super::assets;
use crate::{
    http::App,
    report::{Problem, StatusReport},
};

/// The cookie that keeps a browser's theme.
pub(super) const THEME: &str = "mediatheca_theme";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Theme {
    /// The system's own.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(super) fn parse(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The name in the cookie and in the page; `None` for the system's own.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// A part of the product with a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Sync,
    Library,
    History,
    Log,
    Settings,
}

/// A link to a section.
pub(super) struct Link {
    pub path: &'static str,
    pub name: &'static str,
    pub current: bool,
}

/// The visitor: theme and sign-in, which every page needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visitor {
    pub theme: Theme,
    /// Whether the visitor signed in with a cookie that signing out removes.
    may_sign_out: bool,
}

impl Visitor {
    pub(super) fn of(app: &App, headers: &HeaderMap) -> Self {
        let cookies = CookieJar::from_headers(headers);
        let theme = cookies.get(THEME).map(|theme| Theme::parse(theme.value())).unwrap_or_default();
        Self { theme, may_sign_out: app.access.asks_for_a_token() }
    }

    /// What goes around a page of that name.
    pub(super) fn shell(self, title: impl Into<String>, section: Option<Section>) -> Shell {
        Shell {
            title: title.into(),
            section,
            theme: self.theme,
            may_sign_out: self.may_sign_out,
            signed_in: true,
            style: assets::path("page.css"),
            script: assets::path("page.js"),
            icon: assets::path("icon.svg"),
        }
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::of(app, &parts.headers))
    }
}

/// What goes around a page.
pub(super) struct Shell {
    pub title: String,
    pub section: Option<Section>,
    pub theme: Theme,
    pub may_sign_out: bool,
    /// Whether the navigation is shown.
    pub signed_in: bool,
    pub style: String,
    pub script: String,
    pub icon: String,
}

impl Shell {
    pub(super) fn sections(&self) -> [Link; 5] {
        let link =
            |section, path, name| Link { path, name, current: self.section == Some(section) };
        [
            link(Section::Sync, "/sync", "Sync"),
            link(Section::Library, "/library", "Library"),
            link(Section::History, "/history", "History"),
            link(Section::Log, "/log", "Log"),
            link(Section::Settings, "/settings", "Settings"),
        ]
    }
}

/// Why scheduled imports have stopped: shown on every page that a person opens first.
pub(super) fn stopped(status: &StatusReport) -> Option<Problem> {
    status.stopped.as_ref().map(Problem::from)
}

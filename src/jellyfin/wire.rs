//! Jellyfin's JSON with Jellyfin's names (`docs/jellyfin.md`, "Lists" and "User data"): only the
//! fields that are read.

use std::borrow::Cow;

use serde::Deserialize;

/// An item of the library.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BaseItemDto<'a> {
    /// 32 hex digits.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// As the person sees it.
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    /// `Movie`, `Series`, `Episode`, ….
    #[serde(borrow, rename = "Type")]
    pub kind: Cow<'a, str>,
    /// Year of release.
    #[serde(default)]
    pub production_year: Option<i32>,
    /// Ids at other places.
    #[serde(borrow, default)]
    pub provider_ids: Option<ProviderIds<'a>>,
    /// In ticks: 10,000,000 a second.
    #[serde(default)]
    pub run_time_ticks: Option<i64>,
    /// Genres by name, if asked for.
    #[serde(default)]
    pub genres: Option<Vec<String>>,
    /// What the user did with it.
    #[serde(borrow, default)]
    pub user_data: Option<UserItemDataDto<'a>>,
    /// Of an episode: its series.
    #[serde(borrow, default)]
    pub series_id: Option<Cow<'a, str>>,
    /// Of an episode: its series' name.
    #[serde(borrow, default)]
    pub series_name: Option<Cow<'a, str>>,
    /// Of an episode: its season's number.
    #[serde(default)]
    pub parent_index_number: Option<i32>,
    /// Of an episode: its number.
    #[serde(default)]
    pub index_number: Option<i32>,
    /// Of a file of several episodes: the last one's number.
    #[serde(default)]
    pub index_number_end: Option<i32>,
}

/// Ids at other places: free text from the person's files.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProviderIds<'a> {
    /// At The Movie Database.
    #[serde(borrow, default)]
    pub tmdb: Option<Cow<'a, str>>,
    /// At IMDb.
    #[serde(borrow, default)]
    pub imdb: Option<Cow<'a, str>>,
    /// At TheTVDB.
    #[serde(borrow, default)]
    pub tvdb: Option<Cow<'a, str>>,
}

/// What one user did with an item.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserItemDataDto<'a> {
    /// Whether it counts as played.
    pub played: bool,
    /// Number of times playback was started.
    #[serde(default)]
    pub play_count: Option<i64>,
    /// Where playback stopped, in ticks: 10,000,000 a second.
    #[serde(default)]
    pub playback_position_ticks: Option<i64>,
    /// When playback last started; absent if it never did or the time is unknown.
    #[serde(borrow, default)]
    pub last_played_date: Option<Cow<'a, str>>,
}

/// `GET /System/Info/Public`. While a server starts, its names are in camel case (recorded in
/// `starting.json`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublicSystemInfo {
    /// What its owner calls it.
    #[serde(default)]
    pub server_name: Option<String>,
    /// `10.11.11`.
    pub version: String,
    /// 32 hex digits.
    pub id: String,
}

/// The same while the server is starting.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartingSystemInfo {
    /// Required only so that other JSON isn't taken for this answer.
    #[serde(rename = "startupWizardCompleted")]
    pub _startup_wizard_completed: Option<bool>,
    /// Required for the same reason.
    #[serde(rename = "version")]
    pub _version: String,
}

/// `POST /Users/AuthenticateByName`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthenticationResult {
    /// The user who signed in.
    pub user: UserDto,
    /// The new token.
    pub access_token: String,
}

/// A user.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserDto {
    /// 32 hex digits.
    pub id: String,
    /// The name to sign in with.
    pub name: String,
}

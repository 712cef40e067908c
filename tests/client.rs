//! The Jellyfin client against servers that fail: slowly, half-way, politely, or by lying.

use std::time::Duration;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use httpmock::prelude::*;
use mediatheca_jellyfin_sync::{
    domain::snapshot::Snapshot,
    jellyfin::{
        Bound, Budget, Connection, Credentials, EpisodeRoute, FetchOptions, Fetched, JellyfinError,
        Limits, ServerUrl, fetch::fetch,
    },
};
use serde_json::{Value, json};

use crate::support::{
    TestApp, app,
    jellyfin::{
        Answer, USER, cut_off, dripping, gzip, item, ok, page, scripted, scripted_over_tls, sound,
        status,
    },
    lines::LogText,
};

fn small_pages() -> Limits {
    Limits { page: 10, ..app::limits() }
}

fn connection(
    url: &str,
    limits: Limits,
    password: Option<&str>,
    deadline: Option<Duration>,
) -> Connection {
    app::with_tls();
    let credentials = Credentials {
        username: "anna".into(),
        password: password.map(|p| p.to_owned().into()),
        token: Some((USER.to_owned().try_into().unwrap(), "stale".to_owned().into())),
        device_id: "one-per-installation".into(),
    };
    let deadline = deadline.map(|left| tokio::time::Instant::now() + left);
    Connection::new(ServerUrl::parse(url).unwrap(), credentials, false, limits, deadline).unwrap()
}

async fn fetched(mut connection: Connection) -> Result<Fetched, JellyfinError> {
    let server = connection.discover().await?;
    let options = FetchOptions { series: &|_| true, first: EpisodeRoute::Flat, progress: &|_| {} };
    fetch(&connection, server, "2026-11-24T12:00:00Z".parse().unwrap(), &options).await
}

async fn snapshot(url: &str) -> Snapshot {
    fetched(connection(url, small_pages(), Some("pw"), None)).await.unwrap().snapshot
}

fn is_movies(target: &str) -> bool {
    target.contains("includeItemTypes=Movie")
}

/// Case 46.
#[tokio::test]
async fn all_pages_come_and_their_rows_are_counted() {
    let (url, server) =
        scripted(|target, _| if is_movies(target) { ok(page(target, 35)) } else { sound(target) })
            .await;
    assert_eq!(snapshot(&url).await.catalog.movies.len(), 35);
    assert_eq!(server.count("includeItemTypes=Movie"), 4);
}

/// Case 46: a short read is an error, never a silent truncation.
#[tokio::test]
async fn a_list_that_is_shorter_than_it_says_or_repeats_itself_is_an_error() {
    let short = |target: &str| json!({"Items":page(target, 5)["Items"],"TotalRecordCount":35});
    let (url, _) = scripted(
        move |target, _| if is_movies(target) { ok(short(target)) } else { sound(target) },
    )
    .await;
    let failures =
        fetched(connection(&url, small_pages(), Some("pw"), None)).await.unwrap().failures;
    assert!(
        matches!(failures.movies, Some(JellyfinError::ShortRead { total: 35, .. })),
        "{failures:?}"
    );

    let same_page = |target: &str| page(&target.replace("startIndex=10", "startIndex=0"), 20);
    let (url, _) = scripted(
        move |target, _| if is_movies(target) { ok(same_page(target)) } else { sound(target) },
    )
    .await;
    let failures =
        fetched(connection(&url, small_pages(), Some("pw"), None)).await.unwrap().failures;
    assert!(
        matches!(failures.movies, Some(JellyfinError::ShortRead { rows: 10, total: 20, .. })),
        "{failures:?}"
    );
}

/// Case 47.
#[tokio::test]
async fn a_failing_page_is_asked_for_again_three_times_and_then_its_list_fails_alone() {
    let passing = |target: &str, before| target.contains("startIndex=20") && before < 3;
    let (url, server) = scripted(move |target, before| match target {
        t if is_movies(t) && passing(t, before) => status(502),
        t if is_movies(t) => ok(page(t, 35)),
        t => sound(t),
    })
    .await;
    assert_eq!(snapshot(&url).await.catalog.movies.len(), 35);
    assert_eq!(server.count("startIndex=20"), 4);

    let (url, server) = scripted(|target, _| match target {
        t if is_movies(t) && t.contains("startIndex=20") => status(500),
        t if is_movies(t) => ok(page(t, 35)),
        t => sound(t),
    })
    .await;
    let fetched = fetched(connection(&url, small_pages(), Some("pw"), None)).await.unwrap();
    assert!(matches!(fetched.failures.movies, Some(JellyfinError::Status { status: 500, .. })));
    assert_eq!(
        (fetched.snapshot.catalog.movies.len(), fetched.snapshot.catalog.series.len()),
        (0, 1)
    );
    assert_eq!(server.count("startIndex=20"), 4);
}

/// Case 48.
#[tokio::test]
async fn retry_after_is_obeyed_within_the_deadline() {
    let busy = |target: &str, before: usize| is_movies(target) && before == 0;
    let script = move |target: &str, before: usize| {
        if busy(target, before) {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response()
        } else {
            sound(target)
        }
    };
    let (url, _) = scripted(script).await;
    let began = std::time::Instant::now();
    snapshot(&url).await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    let (url, server) = scripted(script).await;
    let failures =
        fetched(connection(&url, small_pages(), Some("pw"), Some(Duration::from_millis(900))))
            .await
            .unwrap()
            .failures;
    assert!(matches!(failures.movies, Some(JellyfinError::Status { status: 429, .. })));
    assert_eq!(server.count("includeItemTypes=Movie"), 1, "no time to wait a second");
}

/// Case 54: a list that hangs is given up after its time and not asked for again; the other route
/// gives the same.
#[tokio::test]
async fn a_flat_list_that_hangs_is_given_up_for_the_other_route() {
    let (url, server) = scripted(|target, _| {
        if target.contains("isPlayed=true") { Answer::Never } else { sound(target).into() }
    })
    .await;
    let limits = Limits { episodes: Duration::from_millis(100), ..small_pages() };
    let fetched = fetched(connection(&url, limits, Some("pw"), None)).await.unwrap();
    assert_eq!(fetched.route, Some(EpisodeRoute::BySeries));
    assert_eq!(fetched.snapshot.catalog.series[0].episodes.len(), 1);
    assert_eq!(server.count("isPlayed=true"), 1);
}

#[tokio::test]
async fn one_series_that_fails_is_a_fault_of_its_own() {
    let (url, _) = scripted(|target, _| match target {
        t if t.contains("isPlayed=true") => status(404),
        t if t.contains("includeItemTypes=Series") => {
            ok(json!({"Items":[item(5000, "Series"),item(5001, "Series")],"TotalRecordCount":2}))
        }
        t if t.contains(&format!("/Shows/{:032x}", 5001)) => status(500),
        t => sound(t),
    })
    .await;
    let fetched = fetched(connection(&url, small_pages(), Some("pw"), None)).await.unwrap();
    assert_eq!(fetched.route, None);
    let faults: Vec<_> = fetched.snapshot.faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(faults, ["Series 5001"]);
    assert_eq!(fetched.snapshot.catalog.series[0].episodes.len(), 1);
}

/// Case 43: one sign-in for all requests that were refused, one retry each, with the new answer's
/// user.
#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_new_users_id_is_used() {
    const NEW: &str = "2b936a035e08405c85a47af74ebf6ef8";
    let (url, server) = scripted(|target, _| match target {
        t if t.contains("AuthenticateByName") => {
            ok(json!({"User":{"Id":NEW,"Name":"anna"},"AccessToken":"fresh"}))
        }
        t if t.contains(USER) => status(401),
        t => sound(t),
    })
    .await;
    let connection = connection(&url, small_pages(), Some("pw"), None);
    let mut connection = connection;
    let info = connection.discover().await.unwrap();
    let options = FetchOptions { series: &|_| true, first: EpisodeRoute::Flat, progress: &|_| {} };
    let fetched =
        fetch(&connection, info, "2026-11-24T12:00:00Z".parse().unwrap(), &options).await.unwrap();
    assert_eq!(fetched.snapshot.catalog.series.len(), 1);
    assert_eq!(server.count("AuthenticateByName"), 1);
    assert_eq!(connection.signed_in().await.unwrap().0.as_str(), NEW);
}

/// Jellyfin may have counted the password as wrong, and locks an account after three.
#[tokio::test]
async fn a_sign_in_that_fails_in_any_way_is_not_tried_again_in_that_run() {
    let answers: [fn() -> Response; 4] =
        [|| status(500), || status(400), || ok(json!({"no": "token"})), || cut_off("{\"User\":")];
    for answer in answers {
        let (url, server) = scripted(move |target, _| match target {
            t if t.contains("AuthenticateByName") => answer(),
            t if t.contains(USER) => status(401),
            t => sound(t),
        })
        .await;
        let error = fetched(connection(&url, small_pages(), Some("pw"), None)).await.unwrap_err();
        let is_of_the_sign_in =
            matches!(error, JellyfinError::SignInFailed { .. } | JellyfinError::Unreachable { .. });
        assert!(is_of_the_sign_in, "{error}");
        assert_eq!(server.count("AuthenticateByName"), 1, "{error}");
    }
}

#[tokio::test]
async fn a_second_refusal_a_wrong_stored_password_and_a_missing_one_each_end_it_clearly() {
    let refuse_lists =
        |target: &str| if target.contains("/Items") { status(401) } else { sound(target) };
    let (url, server) = scripted(move |target, _| refuse_lists(target)).await;
    let error = fetched(connection(&url, small_pages(), Some("pw"), None)).await.unwrap_err();
    assert!(matches!(error, JellyfinError::CredentialsRejected { .. }), "{error}");
    assert!(server.count("AuthenticateByName") <= 3, "never in a loop");

    let (url, server) = scripted(move |target, _| {
        if target.contains("AuthenticateByName") { status(401) } else { refuse_lists(target) }
    })
    .await;
    let error = fetched(connection(&url, small_pages(), Some("pw"), None)).await.unwrap_err();
    assert!(matches!(error, JellyfinError::CredentialsRejected { .. }), "{error}");
    assert_eq!(
        server.count("AuthenticateByName"),
        1,
        "a wrong password is tried once, however many requests were refused"
    );

    let (url, server) = scripted(move |target, _| refuse_lists(target)).await;
    let error = fetched(connection(&url, small_pages(), None, None)).await.unwrap_err();
    assert!(matches!(error, JellyfinError::ReauthenticationRequired), "{error}");
    assert_eq!(server.count("AuthenticateByName"), 0);
}

/// Case 16.
#[tokio::test]
async fn a_list_without_user_data_is_an_error_and_not_nothing_watched() {
    let bare = |target: &str| {
        let mut page = page(target, 3);
        page["Items"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .for_each(|item| drop(item.as_object_mut().unwrap().remove("UserData")));
        page
    };
    let (url, _) =
        scripted(move |target, _| if is_movies(target) { ok(bare(target)) } else { sound(target) })
            .await;
    let failures =
        fetched(connection(&url, small_pages(), Some("pw"), None)).await.unwrap().failures;
    assert!(failures.movies.unwrap().to_string().contains("without saying what was watched"));
}

#[tokio::test]
async fn odd_items_are_faults_of_their_own_and_other_kinds_are_passed_over() {
    let mut odd = vec![
        item(0, "Movie"),
        item(1, "MusicAlbum"),
        json!({"Id":7,"Name":"Odd","Type":"Movie"}),
        json!("no item"),
    ];
    odd.push(json!({"Id":"../etc","Name":"Bad id","Type":"Movie","UserData":{"Played":true}}));
    let list = json!({"Items":odd,"TotalRecordCount":5});
    let (url, _) =
        scripted(move |target, _| if is_movies(target) { ok(list.clone()) } else { sound(target) })
            .await;
    let snapshot = snapshot(&url).await;
    assert_eq!(snapshot.catalog.movies.len(), 1);
    let mut names: Vec<_> = snapshot.faults.iter().map(|fault| fault.name.clone()).collect();
    names.sort();
    assert_eq!(names, ["Bad id", "Odd", "row 4 of the movies"]);
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_asked_for_again() {
    let (url, server) = scripted(|target, before| match target {
        t if is_movies(t) && before == 0 => cut_off("{\"Items\":["),
        t if is_movies(t) => ok(page(t, 3)),
        t => sound(t),
    })
    .await;
    assert_eq!(snapshot(&url).await.catalog.movies.len(), 3);
    assert_eq!(server.count("includeItemTypes=Movie"), 2);
}

/// A byte now and then: never silent, and never at its end.
#[tokio::test]
async fn reading_an_answer_has_an_end_in_time_as_a_whole() {
    let (url, server) = scripted(|target, _| match target {
        t if is_movies(t) => dripping(Duration::from_millis(20)),
        t => sound(t),
    })
    .await;
    let limits = Limits { whole: Duration::from_millis(300), ..small_pages() };
    let error =
        fetched(connection(&url, limits, Some("pw"), None)).await.unwrap().failures.movies.unwrap();
    assert!(
        matches!(error, JellyfinError::AnswerTooLarge { bound: Bound::Time(_), .. }),
        "{error}"
    );
    assert!(error.to_string().contains("movies"), "{error}");
    assert_eq!(server.count("includeItemTypes=Movie"), 1, "it isn't asked for again");
}

/// Several lists at once share one budget.
#[tokio::test]
async fn lists_that_are_read_at_once_share_a_budget() {
    let (url, _) =
        scripted(|target, _| if is_movies(target) { ok(page(target, 35)) } else { sound(target) })
            .await;
    let limits = Limits { budget: Budget::of(1_000), ..small_pages() };
    let error =
        fetched(connection(&url, limits, Some("pw"), None)).await.unwrap().failures.movies.unwrap();
    assert!(
        matches!(error, JellyfinError::AnswerTooLarge { bound: Bound::UnderWay(1_000), .. }),
        "{error}"
    );
    let limits = Limits { budget: Budget::of(100_000), ..small_pages() };
    for _ in 0..20 {
        let fetched = fetched(connection(&url, limits.clone(), Some("pw"), None)).await.unwrap();
        assert_eq!(fetched.snapshot.catalog.movies.len(), 35, "what was read is given back");
    }
}

/// Case 51.
#[tokio::test]
async fn when_the_time_is_up_it_stops_and_says_what_it_was_at() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).delay(Duration::from_secs(5)).body("{}");
        })
        .await;
    let error = fetched(connection(
        &server.base_url(),
        app::limits(),
        Some("pw"),
        Some(Duration::from_millis(200)),
    ))
    .await
    .unwrap_err();
    assert!(matches!(error, JellyfinError::Deadline { .. }), "{error}");
}

async fn test_of(url: &str) -> (u16, String) {
    TestApp::new().await.connect(url).await.problem()
}

#[tokio::test]
async fn a_server_that_is_not_jellyfin_and_one_that_is_not_there_have_different_codes() {
    let unused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert_eq!(test_of(&unused).await, (502, "jellyfin_unreachable".into()));
    for (code, body) in [
        (200, "<html>a router's page</html>"),
        (200, r#"{"hello":"world"}"#),
        (404, ""),
        (200, "[]"),
    ] {
        let server = MockServer::start_async().await;
        server
            .mock_async(|when, then| {
                when.any_request();
                then.status(code).body(body);
            })
            .await;
        assert_eq!(
            test_of(&server.base_url()).await,
            (502, "jellyfin_not_a_server".into()),
            "{code} {body}"
        );
    }
}

/// Case 55: a redirect elsewhere is never followed, and the password stays here.
#[tokio::test]
async fn a_redirect_to_another_host_is_refused() {
    let thief = MockServer::start_async().await;
    let stolen = thief
        .mock_async(|when, then| {
            when.any_request();
            then.status(200)
                .json_body(json!({"ServerName":"x","Version":"10.11.11","Id":"5e".repeat(16)}));
        })
        .await;
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(302).header("location", thief.url("/System/Info/Public?secret=1"));
        })
        .await;
    let app = TestApp::new().await;
    let answer = app.connect(&server.base_url()).await;
    assert_eq!(answer.problem(), (502, "jellyfin_not_a_server".into()));
    assert!(!answer.text().contains("secret=1"));
    assert_eq!(stolen.calls(), 0);
}

/// No password, token or key shows in an error, whatever fails.
#[tokio::test]
async fn no_secret_shows_in_an_error() {
    let (url, _) = scripted(|target, _| match target {
        t if t.contains("/Items") => status(500),
        t if t.contains("AuthenticateByName") => {
            ok(json!({"User":{"Id":USER,"Name":"anna"},"AccessToken":"t0p-s3cret-token"}))
        }
        t => sound(t),
    })
    .await;
    let app = TestApp::with_log(LogText::new().movie("a-1999", "A", 1999, 1).text()).await;
    let body = json!({"serverUrl":url,"username":"anna","password":"c0rrect-h0rse"});
    assert_eq!(app.post("/api/settings/jellyfin/test", &body).await.status, 200);
    let scan = app.post("/api/jellyfin/scan", &Value::Null).await;
    assert_eq!(scan.problem(), (502, "jellyfin_error".into()));
    let status = app.get("/api/jellyfin/status").await;
    let on_disk: String = ["settings.json", "status.json"]
        .iter()
        .map(|f| std::fs::read_to_string(app.store().join(f)).unwrap())
        .collect();
    for text in [scan.text(), status.text(), on_disk] {
        assert!(!text.contains("t0p-s3cret-token") && !text.contains("c0rrect-h0rse"), "{text}");
    }
}

#[tokio::test]
async fn answers_come_compressed_where_the_server_can() {
    let (url, _) = scripted(|target, _| match target {
        t if is_movies(t) => gzip(page(t, 3).to_string().as_bytes()),
        t => sound(t),
    })
    .await;
    assert_eq!(snapshot(&url).await.catalog.movies.len(), 3);
}

#[tokio::test]
async fn no_more_than_four_requests_are_in_progress_at_once() {
    let (url, server) = scripted(|target, _| {
        let answer = if is_movies(target) { ok(page(target, 200)) } else { sound(target) };
        // Long enough for every request that may come at the same time to have come.
        Answer::After(Duration::from_millis(20), answer)
    })
    .await;
    assert_eq!(snapshot(&url).await.catalog.movies.len(), 200);
    assert_eq!(server.most_in_progress(), 4);
}

/// Case 50.
#[tokio::test]
async fn a_self_signed_certificate_is_a_clear_sentence_and_accepted_only_when_said() {
    let (url, _) = scripted_over_tls(|target, _| sound(target)).await;
    let app = TestApp::new().await;
    let refused = app.connect(&url).await;
    assert_eq!(refused.problem(), (502, "jellyfin_unreachable".into()));
    assert!(refused.text().contains("acceptInvalidCertificates"), "{}", refused.text());
    let error = fetched(connection(&url, app::limits(), None, None)).await.unwrap_err();
    assert!(matches!(error, JellyfinError::Certificate { .. }), "{error}");
    let body =
        json!({"serverUrl":url,"username":"anna","password":"pw","acceptInvalidCertificates":true});
    assert_eq!(app.post("/api/settings/jellyfin/test", &body).await.status, 200);
}

/// What a program's log shows of an error: its causes are kept, in one line, and none is said
/// twice.
#[tokio::test]
async fn an_error_keeps_its_causes_and_says_each_once() {
    let unused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let mut connection = connection(&unused, app::limits(), None, None);
    let error = connection.discover().await.unwrap_err();
    let text = error.to_string();
    let mut causes = 0;
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        causes += 1;
        assert!(text.contains(&error.to_string()), "{text} doesn't say {error}");
        cause = error.source();
    }
    assert!(causes >= 2, "{error:?}");
    assert_eq!(text.matches("Connection refused").count(), 1, "{text}");
    assert!(!text.contains("/System/Info"), "no URL: {text}");
}

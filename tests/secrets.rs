//! No secret is sent anywhere but where it was entered for.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request};
use serde_json::{Value, json};

use crate::{
    client::sound,
    support::{TestApp, lines::LogText},
};

/// A server that keeps everything it is told, and answers as Jellyfin does.
async fn listening() -> (String, Arc<Mutex<String>>) {
    let told = Arc::new(Mutex::new(String::new()));
    let heard = told.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().fallback(async move |request: Request| {
        let target = format!("{} {}", request.method(), request.uri());
        let headers = format!("{:?}", request.headers());
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        let told = format!("{target}\n{headers}\n{}\n", String::from_utf8_lossy(&body));
        heard.lock().unwrap().push_str(&told);
        sound(&target)
    });
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, told)
}

const SECRETS: [&str; 2] = ["c0rrect-h0rse", "fresh"];

/// Connected as anna to a server of hers.
async fn connected() -> (TestApp, String) {
    let (home, _) = listening().await;
    let app = TestApp::with_log(LogText::new().movie("a-1999", "A", 1999, 1).text()).await;
    let account = json!({"serverUrl":home,"username":"anna","password":SECRETS[0],"acceptInvalidCertificates":true});
    assert_eq!(app.post("/api/settings/jellyfin/test", &account).await.status, 200);
    (app, home)
}

fn settings_file(app: &TestApp) -> String {
    std::fs::read_to_string(app.store().join("settings.json")).unwrap()
}

/// With another origin or another user the stored password isn't tried: a new one is asked for.
#[tokio::test]
async fn a_test_of_another_server_or_user_asks_for_its_password_and_sends_none() {
    let (app, home) = connected().await;
    let (thief, told) = listening().await;
    let before = settings_file(&app);
    let port = home.rsplit(':').next().unwrap();
    let others = [
        json!({ "serverUrl": thief }),
        json!({ "serverUrl": thief, "username": "anna" }),
        json!({ "serverUrl": format!("{thief}/jellyfin") }),
        json!({ "serverUrl": format!("http://localhost:{port}") }),
        json!({ "serverUrl": home.replace("http:", "https:") }),
        json!({ "username": "berta" }),
    ];
    for other in others {
        let answer = app.post("/api/settings/jellyfin/test", &other).await;
        assert_eq!(answer.problem(), (422, "invalid_request".into()), "{other}");
        assert!(answer.text().contains("`password`"), "{other}: {}", answer.text());
        assert_eq!(settings_file(&app), before, "{other}: nothing is saved");
    }
    assert_eq!(*told.lock().unwrap(), "", "not even a greeting");
    let own = json!({ "serverUrl": format!("{home}/"), "username": "anna" });
    assert_eq!(
        app.post("/api/settings/jellyfin/test", &own).await.status,
        200,
        "its own server, written otherwise"
    );
}

/// Saved, another origin has nothing of the old one's: a scan then has no secret to send.
#[tokio::test]
async fn saving_another_server_drops_password_token_user_and_the_exception_for_certificates() {
    let (app, _) = connected().await;
    let (thief, told) = listening().await;
    let saved = app.put("/api/settings/jellyfin", &json!({ "serverUrl": thief })).await.json();
    let jellyfin = &saved["jellyfin"];
    assert_eq!(
        (&jellyfin["hasPassword"], &jellyfin["hasAccessToken"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        (&jellyfin["userId"], &jellyfin["acceptInvalidCertificates"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(
        app.post("/api/jellyfin/scan", &Value::Null).await.problem(),
        (409, "not_configured".into())
    );
    assert_eq!(
        app.post("/api/settings/jellyfin/test", &Value::Null).await.problem(),
        (409, "not_configured".into())
    );
    assert_eq!(*told.lock().unwrap(), "");
    assert!(!settings_file(&app).contains("sealed:"), "{}", settings_file(&app));
}

/// With its own password the other server gets that, and nothing of the first's.
#[tokio::test]
async fn another_server_gets_the_password_that_was_entered_for_it() {
    let (app, _) = connected().await;
    let (other, told) = listening().await;
    let account = json!({ "serverUrl": other, "username": "anna", "password": "an0ther-h0rse" });
    assert_eq!(app.post("/api/settings/jellyfin/test", &account).await.status, 200);
    let told = told.lock().unwrap();
    assert!(told.contains("an0ther-h0rse") && !told.contains(SECRETS[0]), "{told}");
    let signed_in = told.find("AuthenticateByName").unwrap();
    assert!(!told[..signed_in].contains("Token="), "the first server's token stays with it");
}

/// A base path is no origin of its own.
#[tokio::test]
async fn the_same_origin_under_another_path_keeps_the_password() {
    let (app, home) = connected().await;
    let saved = app
        .put("/api/settings/jellyfin", &json!({ "serverUrl": format!("{home}/jellyfin") }))
        .await
        .json();
    assert_eq!(saved["jellyfin"]["hasPassword"], true);
}

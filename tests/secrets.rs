//! No secret is sent anywhere but where it was entered for.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    jellyfin::{Scripted, scripted, sound},
    lines::LogText,
};

/// A sound server, which keeps everything that it is sent.
async fn listening() -> (String, Arc<Scripted>) {
    scripted(|target, _| sound(target)).await
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
    let (address, thief) = listening().await;
    let before = settings_file(&app);
    let port = home.rsplit(':').next().unwrap();
    let others = [
        json!({ "serverUrl": address }),
        json!({ "serverUrl": address, "username": "anna" }),
        json!({ "serverUrl": format!("{address}/jellyfin") }),
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
    assert_eq!(thief.heard(), "", "not even a greeting");
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
    let (address, thief) = listening().await;
    let saved = app.put("/api/settings/jellyfin", &json!({ "serverUrl": address })).await.json();
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
    assert_eq!(thief.heard(), "");
    assert!(!settings_file(&app).contains("sealed:"), "{}", settings_file(&app));
}

/// With its own password the other server gets that, and nothing of the first's.
#[tokio::test]
async fn another_server_gets_the_password_that_was_entered_for_it() {
    let (app, _) = connected().await;
    let (address, other) = listening().await;
    let account = json!({ "serverUrl": address, "username": "anna", "password": "an0ther-h0rse" });
    assert_eq!(app.post("/api/settings/jellyfin/test", &account).await.status, 200);
    let told = other.heard();
    assert!(told.contains("an0ther-h0rse") && !told.contains(SECRETS[0]), "{told}");
    let signed_in = told.find("AuthenticateByName").unwrap();
    assert!(!told[..signed_in].contains("Token="), "the first server's token stays with it");
}

/// A base path doesn't make another origin.
#[tokio::test]
async fn the_same_origin_under_another_path_keeps_the_password() {
    let (app, home) = connected().await;
    let saved = app
        .put("/api/settings/jellyfin", &json!({ "serverUrl": format!("{home}/jellyfin") }))
        .await
        .json();
    assert_eq!(saved["jellyfin"]["hasPassword"], true);
}

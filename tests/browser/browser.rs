//! A headless Chromium, driven by Debian's chromedriver.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::Semaphore,
};

/// Browsers at once: a small machine has two cores, and one journey is that of two tabs.
static PLACES: Semaphore = Semaphore::const_new(3);

/// How long anything may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// A window of a browser.
pub struct Page {
    client: Client,
    url: String,
}

/// What a browser may not have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Without {
    pub script: bool,
}

/// Opens a browser on a site and closes it, however the visit ends.
pub async fn visit(url: &str, width: u32, journey: impl AsyncFnOnce(&Page)) {
    visit_without(url, width, Without::default(), journey).await;
}

pub async fn visit_without(
    url: &str,
    width: u32,
    without: Without,
    journey: impl AsyncFnOnce(&Page),
) {
    let _place = PLACES.acquire().await.unwrap();
    let profile = tempfile::tempdir().unwrap();
    let (_driver, address) = chromedriver().await;
    let args = [
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--force-device-scale-factor=1".to_owned(),
        format!("--window-size={width},900"),
        format!("--user-data-dir={}", profile.path().display()),
    ];
    let script = if without.script { 2 } else { 1 };
    let options = json!({ "args": args, "prefs": { "profile.managed_default_content_settings.javascript": script } });
    let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else {
        unreachable!()
    };
    let client =
        ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&address).await;
    let page = Page {
        client: client.expect("chromium starts: tests/run installs it"),
        url: url.to_owned(),
    };
    // Headless windows have no frame, but a least width of their own; the page's is what counts.
    let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    page.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    let ended = AssertUnwindSafe(journey(&page)).catch_unwind().await;
    if ended.is_err() {
        page.picture("failed").await;
    }
    page.client.close().await.unwrap();
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

/// Starts a driver on a port of its own choice; where two choose the same, one of them ends, and
/// chooses again.
async fn chromedriver() -> (Child, String) {
    for _ in 0..5 {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts: tests/run installs it");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some((_, port)) = line.split_once("successfully on port ") {
                return (driver, format!("http://127.0.0.1:{}", port.trim_end_matches('.')));
            }
        }
    }
    panic!("chromedriver ends before it listens")
}

#[derive(Debug)]
struct Devtools(&'static str, Value);

impl fantoccini::wd::WebDriverCompatibleCommand for Devtools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}

impl Page {
    async fn devtools(&self, command: &'static str, params: Value) -> Value {
        self.client.issue_cmd(Devtools(command, params)).await.unwrap()
    }

    /// Pretends a preference of the person's system, such as `prefers-color-scheme`.
    pub async fn prefer(&self, feature: &str, value: &str) {
        let params = json!({ "features": [{ "name": feature, "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", params).await;
    }

    pub async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.url)).await.unwrap();
    }

    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Path and query of where the browser is.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
    }

    pub async fn text(&self, css: &str) -> String {
        self.client
            .find(Locator::Css(css))
            .await
            .unwrap_or_else(|e| panic!("{css}: {e}"))
            .text()
            .await
            .unwrap()
    }

    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Waits until the text stands somewhere in what the selector finds.
    pub async fn wait_for(&self, css: &str, text: &str) {
        let began = Instant::now();
        let mut seen = String::new();
        while began.elapsed() < PATIENCE {
            if let Ok(found) = self.client.find(Locator::Css(css)).await
                && let Ok(now) = found.text().await
            {
                if now.contains(text) {
                    return;
                }
                seen = now;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("`{css}` never showed `{text}`, but: {seen}");
    }

    pub async fn click(&self, css: &str) {
        self.client
            .find(Locator::Css(css))
            .await
            .unwrap_or_else(|e| panic!("{css}: {e}"))
            .click()
            .await
            .unwrap();
    }

    /// Clicks what has that very text.
    pub async fn press(&self, text: &str) {
        let path =
            format!("//*[self::button or self::a or self::summary][normalize-space()='{text}']");
        self.client
            .find(Locator::XPath(&path))
            .await
            .unwrap_or_else(|e| panic!("{text}: {e}"))
            .click()
            .await
            .unwrap();
    }

    pub async fn fill(&self, css: &str, text: &str) {
        let field =
            self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Types where the focus is.
    pub async fn keys(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// Runs a script that calls its last argument when it is done.
    pub async fn script_with(&self, script: &str) -> Value {
        self.client.execute_async(script, vec![]).await.unwrap()
    }

    /// Whether nothing is wider than the window.
    pub async fn fits(&self) -> bool {
        self.script("return document.documentElement.scrollWidth <= window.innerWidth").await
            == true
    }

    /// Leaves a picture of the whole page.
    pub async fn picture(&self, name: &str) {
        let height =
            self.script("return Math.min(document.documentElement.scrollHeight, 4000)").await;
        let width = self.script("return window.innerWidth").await;
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let params = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.devtools("Page.captureScreenshot", params).await;
        let bytes = base64::Engine::decode(
            &base64::prelude::BASE64_STANDARD,
            taken["data"].as_str().unwrap(),
        )
        .unwrap();
        let folder = artefacts();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

/// Where pictures are left.
pub fn artefacts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/artefacts")
}

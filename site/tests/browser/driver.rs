//! Chromium without a screen, through chromedriver on a free port.

use super::command::ChromiumCommand;
use base64::Engine as _;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const INSTALL: &str = "the browser test needs Chromium and its driver: \
     apt-get install -y --no-install-recommends chromium chromium-driver";

/// A browser with one window.
pub(crate) struct Browser {
    client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts both; panics with what to install.
    pub(crate) async fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{INSTALL} (chromedriver: {error})"));
        let port = port(&mut driver).await;
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object") };
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}/"))
            .await
            .unwrap_or_else(|error| panic!("{INSTALL} (Chromium: {error})"));
        Self { client, driver, _profile: profile }
    }

    /// Ends both.
    pub(crate) async fn stop(mut self) {
        self.client.close().await.unwrap();
        self.driver.kill().await.unwrap();
    }

    /// Sets the width of the window and the preferred colours.
    pub(crate) async fn show_as(&self, width: u32, scheme: &str) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Follows the link of that text in the navigation.
    pub(crate) async fn click_link(&self, text: &str) {
        let nav = self.client.find(Locator::Css(".masthead nav")).await.unwrap();
        nav.find(Locator::LinkText(text)).await.unwrap().click().await.unwrap();
    }

    /// The path of the page that is shown.
    pub(crate) async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// What a script answers; the pages themselves have none.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// What a script that answers later hands to its last argument.
    pub(crate) async fn run_async(&self, script: &str) -> Value {
        self.client.execute_async(script, Vec::new()).await.unwrap()
    }

    /// Types into whatever has the focus: WebDriver's codes stand for keys.
    pub(crate) async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Replaces what a field holds.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.client.find(Locator::Css(selector)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The text that is shown of the first element.
    pub(crate) async fn text(&self, selector: &str) -> String {
        self.client.find(Locator::Css(selector)).await.unwrap().text().await.unwrap()
    }

    /// Whether there is such an element and it can be seen.
    pub(crate) async fn sees(&self, selector: &str) -> bool {
        match self.client.find(Locator::Css(selector)).await {
            Ok(element) => element.is_displayed().await.unwrap(),
            Err(_) => false,
        }
    }

    /// Waits until a script answers `true`; panics after ten seconds.
    pub(crate) async fn until(&self, script: &str) {
        for _ in 0..200 {
            if self.run(script).await == json!(true) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("never true: {script}; the page says {}", self.text("main").await);
    }

    /// Lets pages run scripts, or not.
    pub(crate) async fn allow_scripts(&self, allow: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !allow })).await;
    }

    /// Makes the processor so many times slower, and asks for everything anew.
    pub(crate) async fn slow_down(&self, times: u32) {
        self.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": times })).await;
        self.devtools("Network.setCacheDisabled", json!({ "cacheDisabled": times > 1 })).await;
    }

    /// Shows pages as they would be printed, or on the screen again.
    pub(crate) async fn print(&self, print: bool) {
        let media = if print { "print" } else { "" };
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": media })).await;
    }

    /// Everything logged since the last time, content policy included.
    pub(crate) async fn console(&self) -> Value {
        self.client.issue_cmd(ChromiumCommand::log("browser")).await.unwrap()
    }

    /// The addresses that were asked for since the last time, apart from the browser's own
    /// and what is no address (`data:`).
    pub(crate) async fn requests(&self) -> Vec<String> {
        let log = self.client.issue_cmd(ChromiumCommand::log("performance")).await.unwrap();
        let entries = log.as_array().unwrap().iter();
        let messages = entries
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        messages
            .filter(|it| it["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|it| Some(it["message"]["params"]["request"]["url"].as_str()?.to_owned()))
            .filter(|url| !url.starts_with("chrome:") && !url.starts_with("data:"))
            .collect()
    }

    /// Keeps a picture of the whole page where `SCREENSHOT_DIR` says.
    pub(crate) async fn screenshot(&self, name: &str) {
        let Some(dir) = std::env::var_os("SCREENSHOT_DIR") else { return };
        let parameters = json!({ "captureBeyondViewport": true });
        let answer = self.devtools("Page.captureScreenshot", parameters).await;
        let data = answer["data"].as_str().unwrap();
        let picture = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
        let file = std::path::Path::new(&dir).join(format!("{}.png", name.replace('/', "-")));
        std::fs::write(&file, picture).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }

    async fn devtools(&self, name: &str, parameters: Value) -> Value {
        self.client.issue_cmd(ChromiumCommand::devtools(name, &parameters)).await.unwrap()
    }
}

/// The port that chromedriver says it listens on.
async fn port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let told = line.rsplit_once("on port ").map(|(_, port)| port.trim_end_matches('.'));
        // The first line repeats the 0 that was asked for.
        if let Some(port) = told.and_then(|port| port.parse().ok()).filter(|port| *port != 0) {
            // It keeps writing; a closed pipe would end it.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port;
        }
    }
    panic!("chromedriver ended without saying its port; {INSTALL}");
}

//! The two commands of Chromium's driver that WebDriver does not have.

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A command below `/session/ID/`.
#[derive(Debug)]
pub(crate) struct ChromiumCommand {
    endpoint: &'static str,
    body: Value,
}

impl ChromiumCommand {
    /// A command of the Chrome DevTools Protocol.
    pub(crate) fn devtools(name: &str, parameters: &Value) -> Self {
        Self { endpoint: "goog/cdp/execute", body: json!({ "cmd": name, "params": parameters }) }
    }

    /// What was logged since the last time: `browser` or `performance`.
    pub(crate) fn log(kind: &str) -> Self {
        Self { endpoint: "se/log", body: json!({ "type": kind }) }
    }
}

impl WebDriverCompatibleCommand for ChromiumCommand {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.endpoint))
    }

    fn method_and_body(&self, _: &Url) -> (axum::http::Method, Option<String>) {
        (axum::http::Method::POST, Some(self.body.to_string()))
    }
}

//! axe-core on a page: what it calls serious or critical is a failure. It comes
//! from npm, pinned by `package-lock.json` beside this file; `make test` installs
//! it and tells where it is.

use super::driver::Browser;
use serde_json::Value;
use std::path::PathBuf;

const INSTALL: &str = "the accessibility checker is not installed: npm ci in site/tests/browser, \
     or name its axe.min.js in AXE_CORE (make test does both)";

/// The text of axe-core.
pub(crate) fn source() -> String {
    let beside =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/node_modules/axe-core/axe.min.js");
    let path = std::env::var_os("AXE_CORE").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{INSTALL} ({}: {e})", path.display()))
}

/// What it finds serious or critical on the page that is shown: rule and place.
pub(crate) async fn violations(browser: &Browser, axe: &str) -> Vec<String> {
    browser.run(axe).await;
    let script = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations'] })
            .then(found => done(found.violations), error => done([{ impact: 'critical',
                id: String(error), nodes: [] }]));";
    let found = browser.run_async(script).await;
    let found = found.as_array().unwrap().iter();
    found
        .filter(|it| it["impact"] == "serious" || it["impact"] == "critical")
        .map(|it| {
            let places = it["nodes"].as_array().unwrap().iter().take(3);
            let places: Vec<&str> = places.filter_map(|node| node["html"].as_str()).collect();
            format!("{}: {}", text(&it["id"]), places.join(" | "))
        })
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

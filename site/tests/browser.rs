//! The fixture's site in a real browser: nothing overflows, nothing is
//! blocked, charts have a size, links lead on, and dark mode is dark.
//! `SCREENSHOT_DIR=/tmp/shots` keeps a picture of every page.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod fixture;

mod browser {
    //! Driving Chromium.
    pub(crate) mod command;
    pub(crate) mod driver;
}

use browser::driver::Browser;
use model::Run;
use serde_json::json;
use site::SiteBuilder;
use std::path::Path;

const WIDTHS: [u32; 2] = [1280, 360];

fn build(out: &Path, runs: &[Run]) {
    let inputs = fixture::inputs();
    let entries = fixture::entries(runs);
    let mut builder = SiteBuilder::start(&inputs, entries, out, None, fixture::now()).unwrap();
    for run in runs {
        builder.add_run(run).unwrap();
    }
    builder.finish().unwrap();
}

/// The address of a new site of these runs, served until the test ends.
async fn serve(out: &Path, runs: &[Run]) -> String {
    build(out, runs);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(site::serve(listener, out.to_path_buf(), std::future::pending()));
    root
}

#[tokio::test]
#[ignore = "needs Chromium: make test runs it"]
async fn pages_work_in_a_browser() {
    let dir = tempfile::tempdir().unwrap();
    let full = serve(&dir.path().join("full"), &fixture::runs()).await;
    let first = serve(&dir.path().join("first"), &[fixture::first_run()]).await;
    let browser = Browser::start().await;
    for width in WIDTHS {
        for page in ["index.html", "suite/http-invoke.html", "suite/cold-start.html", "404.html"] {
            check_page(&browser, &full, page, width, "").await;
        }
        for page in ["index.html", "suite/http-invoke.html"] {
            check_page(&browser, &first, page, width, "first-").await;
        }
        check_navigation(&browser, &full, width).await;
    }
    check_that_violations_are_seen(&browser, &full).await;
    browser.stop().await;
}

/// A policy that is broken on purpose must be complained about, or the other
/// checks would pass on anything.
async fn check_that_violations_are_seen(browser: &Browser, root: &str) {
    browser.open(&format!("{root}/index.html")).await;
    browser
        .run("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
        .await;
    let log = browser.console().await.to_string();
    assert!(log.contains("Content Security Policy"), "no complaint in {log}");
}

async fn check_page(browser: &Browser, root: &str, page: &str, width: u32, prefix: &str) {
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        browser.show_as(width, scheme).await;
        browser.open(&format!("{root}/{page}")).await;
        check_layout(browser, page, width).await;
        let script = "return getComputedStyle(document.body).backgroundColor";
        grounds.push(browser.run(script).await);
        browser.screenshot(&format!("{prefix}{page}-{width}-{scheme}")).await;
    }
    assert_ne!(grounds[0], grounds[1], "{page} looks alike in light and dark");
}

async fn check_layout(browser: &Browser, page: &str, width: u32) {
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)").await;
    let script = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.run(script).await, json!(true), "{page} scrolls sideways at {width} px");
    let script = "return [...document.querySelectorAll('svg.chart')]
        .map(svg => svg.getBoundingClientRect())
        .filter(box => box.width < 200 || box.height < 100).length";
    assert_eq!(browser.run(script).await, json!(0), "{page} has a flat chart at {width} px");
    browser.run("document.querySelectorAll('details').forEach(d => d.open = false)").await;
    let log = browser.console().await;
    assert_eq!(log, json!([]), "{page} complains at {width} px");
}

/// From the first page to a suite and on to a run, by clicking.
async fn check_navigation(browser: &Browser, root: &str, width: u32) {
    browser.show_as(width, "light").await;
    browser.open(&format!("{root}/index.html")).await;
    browser.click(".tile h3 a").await;
    assert_eq!(browser.path().await, "/suite/http-invoke.html");
    browser.click("details.table > summary").await;
    browser.click("table.values a").await;
    let path = browser.path().await;
    assert!(path.starts_with("/run/"), "{path}");
    check_layout(browser, "a run", width).await;
    browser.screenshot(&format!("run-{width}-light")).await;
    browser.click(".brand").await;
    assert_eq!(browser.path().await, "/index.html");
}

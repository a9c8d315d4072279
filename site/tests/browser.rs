//! The fixture's site in a real browser: nothing overflows, nothing is blocked,
//! nothing comes from elsewhere, charts have a size, links lead on, dark mode is
//! dark; axe-core finds nothing serious; two versions are compared by mouse, by link
//! and by keyboard, charts are zoomed and filtered; without scripts and on paper it
//! can still be read. `SCREENSHOT_DIR=/tmp/shots` keeps a picture of every page;
//! `SITE_BARS_SITE=FOLDER` has the speed of that site printed.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod fixture;

mod browser {
    //! Driving Chromium.
    pub(crate) mod axe;
    pub(crate) mod charts;
    pub(crate) mod command;
    pub(crate) mod compare;
    pub(crate) mod driver;
    pub(crate) mod speed;
}

use browser::driver::Browser;
use browser::{axe, charts, compare, speed};
use model::Run;
use serde_json::json;
use site::{Inputs, SiteBuilder};
use std::path::{Path, PathBuf};

const WIDTHS: [u32; 2] = [1280, 360];

/// A page of every kind.
const PAGES: [&str; 21] = [
    "index.html",
    "benchmarks.html",
    "series/size/binary/host.binary_bytes.html",
    "plugin-or-service.html",
    "suite/http-invoke.html",
    "suite/cold-start.html",
    "404.html",
    "compare/index.html",
    PREPARED,
    "releases.html",
    "alerts.html",
    "alerts-past.html",
    "targets.html",
    "testbeds.html",
    "runs.html",
    "failures.html",
    "badges.html",
    "docs/index.html",
    "docs/readme.html",
    "tiny.html",
    "run/c0dec0dec0dec0de.html",
];

/// The prepared comparison of what the fixture measured side by side.
const PREPARED: &str = "PREPARED";

/// The address of a new site of these runs, served until the test ends.
async fn serve(out: &Path, inputs: &Inputs, runs: &[Run]) -> String {
    let entries = fixture::entries(runs);
    let mut builder = SiteBuilder::start(inputs, entries, out, None, fixture::now()).unwrap();
    for run in runs {
        builder.add_run(run).unwrap();
    }
    builder.finish().unwrap();
    served(out).await
}

/// The address of the site in a folder.
async fn served(out: &Path) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(site::serve(listener, out.to_path_buf(), std::future::pending()));
    root
}

/// The two versions that the fixture measured side by side.
fn compared() -> [String; 2] {
    let run = fixture::more::side_by_side();
    [0, 1].map(|at| format!("host@{}", run.artifacts[at].version.label()))
}

fn prepared() -> String {
    let [a, b] = compared().map(|name| name.replace('@', "-"));
    format!("compare/{a}--{b}.html")
}

#[tokio::test]
#[ignore = "needs Chromium and axe-core: make test runs it"]
async fn pages_work_in_a_browser() {
    let dir = tempfile::tempdir().unwrap();
    let inputs = fixture::all_inputs();
    let full = serve(&dir.path().join("full"), &inputs, &fixture::all_runs()).await;
    let first = [fixture::first_run()];
    let first = serve(&dir.path().join("first"), &inputs, &first).await;
    let (browser, axe) = (Browser::start().await, axe::source());
    for width in WIDTHS {
        for page in PAGES {
            let page = if page == PREPARED { prepared() } else { page.to_owned() };
            check_page(&browser, &axe, &full, &page, width, "").await;
        }
        for page in ["index.html", "suite/http-invoke.html", "compare/index.html", "runs.html"] {
            check_page(&browser, &axe, &first, page, width, "first-").await;
        }
        check_navigation(&browser, &full, width).await;
    }
    check_that_complaints_are_seen(&browser, &axe, &full).await;
    browser.stop().await;
}

#[tokio::test]
#[ignore = "needs Chromium: make test runs it"]
async fn any_two_versions_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let (inputs, runs) = (fixture::all_inputs(), fixture::all_runs());
    let root = serve(&dir.path().join("out"), &inputs, &runs).await;
    let (inputs, runs) = fixture::more::hostile();
    let hostile = serve(&dir.path().join("hostile"), &inputs, &runs).await;
    let browser = Browser::start().await;
    let [a, b] = compared();
    for width in WIDTHS {
        browser.show_as(width, "light").await;
        compare::flow(&browser, &root, &a, &b).await;
        compare::refusals(&browser, &root, &a).await;
        compare::by_keyboard(&browser, &root, &a, &b).await;
        check_layout(&browser, "a comparison", width).await;
        browser.screenshot(&format!("compared-any-{width}")).await;
    }
    // Names that are markup: shown, and never run.
    browser.run("window.alert = () => { window.hostile = true; }").await;
    compare::flow(&browser, &hostile, &a, &b).await;
    let shown = browser.text("main").await;
    assert!(shown.contains(fixture::more::HOSTILE), "the names are not shown: {shown}");
    browser.stop().await;
}

#[tokio::test]
#[ignore = "needs Chromium: make test runs it"]
async fn charts_are_zoomed_and_lists_are_filtered() {
    let dir = tempfile::tempdir().unwrap();
    let inputs = fixture::all_inputs();
    let root = serve(&dir.path().join("out"), &inputs, &fixture::all_runs()).await;
    let browser = Browser::start().await;
    for width in WIDTHS {
        browser.show_as(width, "light").await;
        charts::zoom(&browser, &root).await;
        charts::filter(&browser, &root).await;
        charts::search(&browser, &root).await;
    }
    browser.stop().await;
}

#[tokio::test]
#[ignore = "prints figures; needs Chromium"]
async fn speed_of_pages() {
    let dir = tempfile::tempdir().unwrap();
    let site = std::env::var_os("SITE_BARS_SITE").map(PathBuf::from);
    let (root, pages) = match &site {
        Some(site) => (served(site).await, largest_pages(site)),
        None => {
            let inputs = fixture::all_inputs();
            let root = serve(&dir.path().join("out"), &inputs, &fixture::all_runs()).await;
            (root, largest_pages(&dir.path().join("out")))
        }
    };
    let browser = Browser::start().await;
    browser.show_as(1280, "light").await;
    speed::print(&browser, &root, &pages).await;
    browser.stop().await;
}

/// The first page and the largest of every kind.
fn largest_pages(site: &Path) -> Vec<String> {
    let mut pages = vec!["index.html".to_owned(), "benchmarks.html".to_owned()];
    for kind in ["", "suite", "series", "run", "compare"] {
        let mut folders = vec![site.join(kind)];
        let mut largest = (0, PathBuf::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let (path, bytes) = (entry.path(), entry.metadata().unwrap().len());
                if path.is_dir() && !kind.is_empty() {
                    folders.push(path);
                } else if path.extension().is_some_and(|it| it == "html") {
                    largest = largest.max((bytes, path));
                }
            }
        }
        pages.push(largest.1.strip_prefix(site).unwrap().to_str().unwrap().to_owned());
    }
    pages
}

#[tokio::test]
#[ignore = "needs Chromium: make test runs it"]
async fn pages_can_be_read_without_scripts_and_on_paper() {
    let dir = tempfile::tempdir().unwrap();
    let (inputs, runs) = (fixture::all_inputs(), fixture::all_runs());
    let root = serve(&dir.path().join("out"), &inputs, &runs).await;
    let browser = Browser::start().await;
    browser.show_as(1280, "light").await;
    browser.allow_scripts(false).await;
    compare::without_scripts(&browser, &root).await;
    browser.screenshot("without-scripts-compared").await;
    for page in ["index.html", "suite/http-invoke.html", "releases.html", "alerts.html"] {
        browser.open(&format!("{root}/{page}")).await;
        assert!(browser.sees("main h1, main .claim").await, "{page} is empty without scripts");
        browser.screenshot(&format!("without-scripts-{page}")).await;
    }
    browser.allow_scripts(true).await;
    browser.show_as(1280, "dark").await;
    browser.print(true).await;
    for page in ["index.html", "suite/http-invoke.html", "releases.html", &prepared()] {
        browser.open(&format!("{root}/{page}")).await;
        let ground = browser.run("return getComputedStyle(document.body).backgroundColor").await;
        let light = ["rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"];
        assert!(light.contains(&ground.as_str().unwrap()), "{page} is printed on {ground}");
        assert!(!browser.sees(".masthead nav").await, "{page} prints its navigation");
        browser.screenshot(&format!("print-{page}")).await;
    }
    browser.stop().await;
}

/// What is broken on purpose must be complained about, or the other checks would
/// pass on anything.
async fn check_that_complaints_are_seen(browser: &Browser, axe: &str, root: &str) {
    browser.open(&format!("{root}/index.html")).await;
    let broken = "<p style=\"color:red\">x</p><img src=\"http://127.0.0.2/x.png\">";
    browser.run(&format!("document.body.insertAdjacentHTML('beforeend', {})", json!(broken))).await;
    let log = browser.console().await.to_string();
    assert!(log.contains("Content Security Policy"), "no complaint in {log}");
    let found = axe::violations(browser, axe).await;
    assert!(found.iter().any(|it| it.starts_with("image-alt")), "axe-core found {found:?}");
}

async fn check_page(
    browser: &Browser,
    axe: &str,
    root: &str,
    page: &str,
    width: u32,
    prefix: &str,
) {
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        browser.show_as(width, scheme).await;
        browser.open(&format!("{root}/{page}")).await;
        check_layout(browser, page, width).await;
        let script = "return getComputedStyle(document.body).backgroundColor";
        grounds.push(browser.run(script).await);
        let violations = axe::violations(browser, axe).await;
        assert_eq!(violations, Vec::<String>::new(), "{page} at {width} px, {scheme}");
        let elsewhere = browser.requests().await;
        let elsewhere: Vec<_> = elsewhere.iter().filter(|url| !url.starts_with(root)).collect();
        assert!(elsewhere.is_empty(), "{page} asks for {elsewhere:?}");
        browser.screenshot(&format!("{prefix}{page}-{width}-{scheme}")).await;
    }
    assert_ne!(grounds[0], grounds[1], "{page} looks alike in light and dark");
}

async fn check_layout(browser: &Browser, page: &str, width: u32) {
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)").await;
    let script = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.run(script).await, json!(true), "{page} scrolls sideways at {width} px");
    let script = "return [...document.querySelectorAll('.tile')]
        .filter(tile => tile.scrollWidth > tile.clientWidth).length";
    assert_eq!(browser.run(script).await, json!(0), "{page}: a tile overflows at {width} px");
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
    browser.click(".brand").await;
    assert_eq!(browser.path().await, "/index.html");
    for (label, path) in [("Compare", "/compare/index.html"), ("Releases", "/releases.html")] {
        browser.click_link(label).await;
        assert_eq!(browser.path().await, path);
    }
}

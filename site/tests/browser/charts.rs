//! What scripts add to charts and lists: looking closer, hiding a line, asking a
//! column, finding a benchmark; by mouse and by keyboard.

use super::compare::TAB;
use super::driver::Browser;
use serde_json::json;

const RIGHT: &str = "\u{e014}";
const SERIES: &str = "series/size/binary/host.binary_bytes.html";

/// Looks closer at a series and goes back.
pub(crate) async fn zoom(browser: &Browser, root: &str) {
    browser.open(&format!("{root}/{SERIES}")).await;
    let shown = "return document.querySelector('.tools output').textContent";
    let whole = browser.run(shown).await;
    assert!(whole.as_str().unwrap().ends_with("12 of 12 versions"), "{whole}");
    let drawing = "return document.querySelector('.zoomable .chart').innerHTML";
    let before = browser.run(drawing).await;
    browser.click(".tools button[aria-label='Closer']").await;
    let part = browser.run(shown).await;
    assert!(part.as_str().unwrap().ends_with("8 of 12 versions"), "{part}");
    assert_ne!(browser.run(drawing).await, before, "nothing was drawn anew");
    browser.click(".tools button[aria-label='All versions']").await;
    assert_eq!(browser.run(shown).await, whole);
    // The same by keys, on the chart itself.
    browser.run("document.querySelector('.zoomable').focus()").await;
    browser.press("+").await;
    assert_eq!(browser.run(shown).await, part);
    browser.press("0").await;
    assert_eq!(browser.run(shown).await, whole);
    browser.press(RIGHT).await;
    let told = browser.text(".zoomable .told-box").await;
    assert!(told.contains("MiB"), "the newest column says {told}");
}

/// Hides a line of a chart and shows it again.
pub(crate) async fn filter(browser: &Browser, root: &str) {
    browser.open(&format!("{root}/suite/http-invoke.html")).await;
    let dimmed = "return document.querySelectorAll('.chart .dim').length > 0";
    assert_eq!(browser.run(dimmed).await, json!(false));
    browser.click(".swatch-button").await;
    assert_eq!(browser.run(dimmed).await, json!(true), "the line is still there");
    browser.click(".swatch-button").await;
    assert_eq!(browser.run(dimmed).await, json!(false), "the line did not come back");
}

/// Finds a benchmark from any page without a mouse.
pub(crate) async fn search(browser: &Browser, root: &str) {
    browser.open(&format!("{root}/releases.html")).await;
    browser.press("/").await;
    browser.until("return location.pathname === '/benchmarks.html'").await;
    browser.press("/").await;
    assert_eq!(browser.run("return document.activeElement.id").await, json!("search"));
    browser.press("cold p3").await;
    let found = browser.text("#found").await;
    let rows = "return [...document.querySelectorAll('.searchable tbody tr')]
        .filter(row => row.offsetParent).length";
    let rows = browser.run(rows).await;
    assert!(found.starts_with(&format!("{rows} of ")) && rows != json!(0), "{found}, {rows} rows");
    for _ in 0..3 {
        browser.press(TAB).await;
    }
    let inside = "return document.activeElement.closest('.searchable') !== null";
    assert_eq!(browser.run(inside).await, json!(true), "what was found cannot be reached by keys");
    assert_eq!(browser.console().await, json!([]), "the page complains");
}

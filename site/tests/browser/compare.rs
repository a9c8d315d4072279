//! Comparing two versions: with a mouse, by a link, by the keyboard alone, with
//! names that are markup; and what is left without scripts.

use super::driver::Browser;
use serde_json::json;

/// WebDriver's codes of keys.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";

const DONE: &str = "return document.querySelector('#result h2') !== null";

/// From the page that asks to a verdict, which is that of the prepared page.
pub(crate) async fn flow(browser: &Browser, root: &str, a: &str, b: &str) {
    browser.open(&format!("{root}/compare/index.html")).await;
    browser.until("return !document.querySelector('#chooser').hidden").await;
    assert!(!browser.sees("#without").await, "the notice for readers without scripts stays");
    browser.fill("#a", a).await;
    browser.fill("#b", b).await;
    browser.click("#go").await;
    browser.until(DONE).await;
    let verdict = browser.text("#result .outcome .verdict").await;
    let rows = "return document.querySelectorAll('#result tbody tr').length";
    let count = browser.run(rows).await;
    assert_ne!(count, json!(0), "nothing is compared");
    assert_eq!(browser.console().await, json!([]), "the page complains");
    // First lines: below them a prepared page links flame graphs.
    let table = "const first = cell => cell.innerText.trim().split('\\n')[0];
        return [...document.querySelectorAll('table.compared')]
            .map(table => [...table.rows].map(row => [...row.cells].map(first)))";
    let found = browser.run(table).await;
    let link = browser.run("return location.href").await;

    // The same by its link, and the other way round.
    browser.open("about:blank").await;
    browser.open(link.as_str().unwrap()).await;
    browser.until(DONE).await;
    assert_eq!(browser.run(table).await, found, "a link shows something else");
    browser.click("#swap").await;
    browser.until(&format!("return document.querySelector('#a').value === {}", json!(b))).await;

    // The page that was prepared says the same, number by number.
    let prepared = format!(
        "return [...document.querySelectorAll('.pairs a')]
            .find(link => link.textContent.startsWith({}) && link.textContent.includes({}))?.href",
        json!(a),
        json!(format!("→ {b}"))
    );
    let prepared = browser.run(&prepared).await;
    let prepared = prepared.as_str().unwrap_or_else(|| panic!("{a} and {b} were not prepared"));
    browser.open(prepared).await;
    assert_eq!(browser.text(".outcome .verdict").await, verdict);
    assert_eq!(browser.run(table).await, found, "two pages, two answers");
}

/// What cannot be compared is told, and does not stop the page.
pub(crate) async fn refusals(browser: &Browser, root: &str, known: &str) {
    browser.open(&format!("{root}/compare/index.html")).await;
    browser.until("return !document.querySelector('#chooser').hidden").await;
    browser.fill("#a", "nobody@knows").await;
    browser.fill("#b", known).await;
    browser.click("#go").await;
    browser.until("return document.querySelector('#status').textContent.includes('no run')").await;
    let status = browser.text("#status").await;
    assert_eq!(status, "Could not compare: no run measured nobody@knows");
    browser.fill("#a", known).await;
    browser.click("#go").await;
    browser.until(DONE).await;
    assert_eq!(browser.console().await, json!([]), "the page complains");
}

/// Two versions compared without touching a mouse.
pub(crate) async fn by_keyboard(browser: &Browser, root: &str, a: &str, b: &str) {
    browser.open(&format!("{root}/compare/index.html")).await;
    browser.until("return !document.querySelector('#chooser').hidden").await;
    browser.press(TAB).await;
    assert_eq!(browser.run("return document.activeElement.className").await, json!("skip"));
    assert!(browser.sees(".skip").await, "the skip link cannot be seen when it has the focus");
    browser.press(ENTER).await;
    for _ in 0..40 {
        browser.press(TAB).await;
        let outlined = "const at = document.activeElement, style = getComputedStyle(at);
            return at === document.body || (style.outlineStyle !== 'none'
                && parseFloat(style.outlineWidth) >= 2)";
        assert_eq!(browser.run(outlined).await, json!(true), "the focus cannot be seen");
        if browser.run("return document.activeElement.id").await == json!("a") {
            break;
        }
    }
    browser.press(a).await;
    browser.press(TAB).await;
    assert_eq!(browser.run("return document.activeElement.id").await, json!("b"));
    browser.press(b).await;
    browser.press(ENTER).await;
    browser.until(DONE).await;
    let said = browser.text("#status").await;
    assert!(said.contains(':'), "nothing is said to those who cannot see: {said}");
}

/// Without scripts there are the prepared comparisons.
pub(crate) async fn without_scripts(browser: &Browser, root: &str) {
    browser.open(&format!("{root}/compare/index.html")).await;
    assert!(browser.sees("#without").await && !browser.sees("#chooser").await);
    browser.click(".pairs a").await;
    assert!(browser.sees("table.compared").await, "a prepared comparison shows no table");
}

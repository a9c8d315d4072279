//! Renders a built-in document as a small web application would: Markdown to HTML, words in code
//! coloured, references made links, all of it put into a template with facts out of JSON.
//!
//! What it is for is its size: about 1 MB of code that is really needed. It must not depend on time,
//! randomness or the order of a hash map: the page is the same on every machine.

use minijinja::value::Serde;
use minijinja::{Environment, context};
use pulldown_cmark::{Options, Parser};
use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};

const DOCUMENT: &str = include_str!("document.md");
const FACTS: &str = include_str!("facts.json");
const TEMPLATE: &str = include_str!("page.html");

#[derive(Deserialize, Serialize)]
struct Facts {
    title: String,
    language: String,
    issues: String,
    tags: Vec<String>,
    entries: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
struct Entry {
    name: String,
    size_bytes: u64,
    is_real: bool,
}

/// The page; the error says which of its parts is wrong.
pub fn page() -> Result<String, String> {
    let facts: Facts = serde_json::from_str(FACTS).map_err(|e| format!("facts.json: {e}"))?;
    let content = coloured(&html(&linked(DOCUMENT, &facts.issues)?))?;
    let mut templates = Environment::new();
    templates.add_template("page.html", TEMPLATE).map_err(|e| format!("page.html: {e}"))?;
    let page = templates
        .get_template("page.html")
        .and_then(|it| it.render(context!(facts => Serde(&facts), content)));
    page.map_err(|e| format!("page.html: {e}"))
}

/// Makes a link of each `#12`.
fn linked(markdown: &str, issues: &str) -> Result<String, String> {
    let reference = Regex::new(r"\B#(?<number>\d+)\b").map_err(|e| format!("reference: {e}"))?;
    let link = |it: &Captures<'_>| format!("[#{0}]({issues}{0})", &it["number"]);
    Ok(reference.replace_all(markdown, link).into_owned())
}

fn html(markdown: &str) -> String {
    let options = Options::ENABLE_FOOTNOTES
        | Options::ENABLE_SMART_PUNCTUATION
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS;
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, Parser::new_ext(markdown, options));
    html
}

/// Marks keywords, types and numbers in blocks of code.
fn coloured(html: &str) -> Result<String, String> {
    let block = Regex::new(r"(?s)<code class=.*?</code>").map_err(|e| format!("block: {e}"))?;
    let word = Regex::new(
        r"\b(?:(?<keyword>fn|for|if|in|let|match|mut|return)|(?<type>\p{Lu}\w*|u64)|(?<number>\d+))\b",
    )
    .map_err(|e| format!("word: {e}"))?;
    let mark = |it: &Captures<'_>| {
        let class = ["keyword", "type", "number"].into_iter().find(|name| it.name(name).is_some());
        format!(r#"<b class="{}">{}</b>"#, class.unwrap_or_default(), &it[0])
    };
    let colour = |it: &Captures<'_>| word.replace_all(&it[0], mark).into_owned();
    Ok(block.replace_all(html, colour).into_owned())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    /// What render-p2 and render-p3 answer.
    const PAGE_SHA256: &str = "3f5b06260365c374521619b33433ebc2a4dc19ba77ddd4c68056a50d9a396dec";

    #[test]
    fn the_page_is_the_expected_one() {
        let page = super::page().unwrap();
        let hash: String = Sha256::digest(&page).iter().map(|it| format!("{it:02x}")).collect();
        assert_eq!(hash, PAGE_SHA256, "{page}");
    }
}

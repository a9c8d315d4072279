//! Builds sites into memory and reads pages.

use crate::fixture;
use ::site::{Inputs, SiteBuilder};
use model::{Run, Suite};
use scraper::{Html, Selector};
use std::collections::BTreeMap;
use std::path::Path;

/// The files of a site by their path from its root.
pub(crate) type Pages = BTreeMap<String, String>;

/// The fixture's site.
pub(crate) fn fixture_site() -> Pages {
    site_of(&fixture::suites(), &fixture::runs())
}

/// The site of these runs, of which nobody remarked anything.
pub(crate) fn site_of(suites: &[Suite], runs: &[Run]) -> Pages {
    site_of_inputs(&Inputs::of(suites.to_vec(), fixture::config()), runs)
}

/// The site of these runs and what people wrote.
pub(crate) fn site_of_inputs(inputs: &Inputs, runs: &[Run]) -> Pages {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let entries = if runs.is_empty() { Vec::new() } else { fixture::entries(runs) };
    let mut builder = SiteBuilder::start(inputs, entries, &out, None, fixture::now()).unwrap();
    for run in runs {
        builder.add_run(run).unwrap();
    }
    let built = builder.finish().unwrap();
    let pages = read(&out);
    assert_eq!(built.files, pages.len());
    pages
}

/// Every file below a folder.
pub(crate) fn read(root: &Path) -> Pages {
    let mut pages = Pages::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                pages.insert(
                    name,
                    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned(),
                );
            }
        }
    }
    pages
}

/// The pages among the files.
pub(crate) fn html(pages: &Pages) -> impl Iterator<Item = (&str, Html)> {
    pages
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
        .map(|(path, text)| (path.as_str(), Html::parse_document(text)))
}

/// The text of every element that matches, one line each.
pub(crate) fn texts(page: &str, selector: &str) -> String {
    let page = Html::parse_document(page);
    let lines: Vec<String> = page
        .select(&Selector::parse(selector).unwrap())
        .map(|element| {
            let text: String = element.text().collect::<Vec<_>>().join(" ");
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    lines.join("\n")
}

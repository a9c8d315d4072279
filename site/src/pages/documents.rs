//! The documents of the checkout as pages below `docs/`, and the list of them.

use super::{Layout, Page, Site, render};
use crate::Error;
use crate::inputs::Document;
use crate::markdown::{Rendered, rendered};
use crate::names;
use askama::Template;
use std::collections::BTreeMap;

/// The list, from the site's root.
const PATH: &str = "docs/index.html";

#[derive(Template)]
#[template(path = "documents.html")]
struct List {
    layout: Layout,
    documents: Vec<Entry>,
    schemas: Vec<Entry>,
}

struct Entry {
    href: String,
    title: String,
    about: String,
}

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage {
    layout: Layout,
    /// Made of the document by `markdown`, which lets nothing through that acts.
    html: String,
}

/// The pages.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let documents = &site.inputs.documents;
    let files: BTreeMap<&str, String> =
        documents.iter().map(|it| (it.path.as_str(), file(&it.path))).collect();
    let mut pages = Vec::new();
    let mut entries = Vec::new();
    for document in documents {
        let Rendered { title, html } =
            rendered(&document.text, |link| leads_to(document, link, &files));
        let title = title.unwrap_or_else(|| document.path.clone());
        let path = format!("docs/{}", files[document.path.as_str()]);
        let page = DocumentPage { layout: Layout::of(&path, &title), html };
        entries.push(Entry {
            href: files[document.path.as_str()].clone(),
            title,
            about: document.path.clone(),
        });
        pages.push(Page::of(path.clone(), render(&path, &page)?));
    }
    let schemas = model::SCHEMAS.iter().map(|(name, about)| Entry {
        href: format!("../schemas/{name}.schema.json"),
        title: format!("{name}.schema.json"),
        about: (*about).to_owned(),
    });
    let layout = Layout::of(PATH, "Documents")
        .described("How it is measured, how to add a benchmark, and every command.");
    let list = List { layout, documents: entries, schemas: schemas.collect() };
    pages.push(Page::of(PATH, render(PATH, &list)?));
    Ok(pages)
}

/// The name of a document's page: `operation/README.md` is `operation.html`.
fn file(path: &str) -> String {
    let path = path.strip_suffix(".md").unwrap_or(path);
    let name = path.strip_suffix("/README").unwrap_or(path);
    format!("{}.html", names::slug(&name.to_lowercase().replace('/', "-")))
}

/// Sections of the same page, and other documents; files that have no page are not linked.
fn leads_to(from: &Document, link: &str, files: &BTreeMap<&str, String>) -> Option<String> {
    let (path, section) = link.split_once('#').map_or((link, None), |(a, b)| (a, Some(b)));
    let section = section.map(|it| format!("#{it}")).unwrap_or_default();
    if path.is_empty() {
        return Some(section);
    }
    let mut folders: Vec<&str> = from.path.split('/').collect();
    folders.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                folders.pop()?;
            }
            part => folders.push(part),
        }
    }
    Some(format!("{}{section}", files.get(folders.join("/").as_str())?))
}

//! The page for what is not there.

use super::{Layout, render};
use crate::Error;
use askama::Template;

/// Its path from the site's root, where static file servers look for it.
pub(crate) const PATH: &str = "404.html";

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing {
    layout: Layout,
}

/// Renders the page.
pub(crate) fn page() -> Result<String, Error> {
    render(PATH, &Missing { layout: Layout::of(PATH, "No such page") })
}

//! Pages: what a template needs, made from the history. Templates decide
//! nothing; what is said is decided here and in `words`.

pub(crate) mod index;
pub(crate) mod metric;
pub(crate) mod missing;
pub(crate) mod run;
pub(crate) mod slope;
pub(crate) mod suite;

use crate::Error;
use crate::series::History;
use crate::source::RunEntry;
use crate::words;
use askama::Template;
use jiff::Timestamp;
use model::{Config, RunStatus, Suite};
use std::collections::BTreeSet;

/// Everything a page may show.
pub(crate) struct Site<'a> {
    /// The suites of the checkout, in order.
    pub(crate) suites: &'a [Suite],
    pub(crate) config: &'a Config,
    pub(crate) history: &'a History,
    /// Every run there is, newest first.
    pub(crate) entries: &'a [RunEntry],
    pub(crate) now: Timestamp,
}

/// What the frame around every page needs.
pub(crate) struct Layout {
    /// From the page to the site's root: empty or `../`.
    pub(crate) root: &'static str,
    pub(crate) title: String,
    pub(crate) data_until: Option<String>,
    pub(crate) built: String,
}

impl<'a> Site<'a> {
    /// The frame of a page.
    pub(crate) fn layout(&self, root: &'static str, title: &str) -> Layout {
        Layout {
            root,
            title: format!("{title} · are we fast yet?"),
            data_until: self.data_until().map(words::day),
            built: words::day(self.now),
        }
    }

    /// When the newest run with results started.
    fn data_until(&self) -> Option<Timestamp> {
        let complete = self.entries.iter().filter(|entry| entry.status == RunStatus::Complete);
        complete.map(|entry| entry.started_at).max()
    }

    /// Every suite's name: those of the checkout, then those only measured.
    pub(crate) fn suite_names(&self) -> Vec<&str> {
        let declared: Vec<&str> = self.suites.iter().map(|suite| suite.name.as_str()).collect();
        let known: BTreeSet<&str> = declared.iter().copied().collect();
        let measured = self.history.suites.keys().map(String::as_str);
        let only_measured: Vec<&str> = measured.filter(|name| !known.contains(name)).collect();
        [declared, only_measured].concat()
    }

    /// The suite of that name, if the checkout has it.
    pub(crate) fn declared(&self, name: &str) -> Option<&'a Suite> {
        self.suites.iter().find(|suite| suite.name == name)
    }

    /// What the column of ratios is called.
    pub(crate) fn ratio_heading(&self) -> String {
        match &self.config.anchor {
            Some(anchor) => format!("vs {anchor}"),
            None => "vs anchor".to_owned(),
        }
    }

    /// The anchor's name in sentences.
    pub(crate) fn anchor(&self) -> &str {
        self.config.anchor.as_deref().unwrap_or("anchor")
    }
}

/// Renders a template; `page` is named when that fails.
pub(crate) fn render(page: &str, template: &impl Template) -> Result<String, Error> {
    template.render().map_err(|source| Error::Render { page: page.to_owned(), source })
}

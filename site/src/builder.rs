//! Builds a site: runs go in one at a time, pages come out. The same runs and
//! the same `now` give the same bytes.

use crate::Error;
use crate::data;
use crate::fold;
use crate::names;
use crate::pages::suite::{benchmark_names, shown_metrics};
use crate::pages::{self, Site};
use crate::series::History;
use crate::source::{self, RunEntry};
use crate::write::Output;
use jiff::Timestamp;
use model::{Config, Run, Suite};
use std::path::Path;
use store::Store;

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Files of the site.
    pub files: usize,
    /// Runs whose results are shown.
    pub runs: usize,
    /// Suites with a page.
    pub suites: usize,
}

/// Builds the site of a database into the folder `out`, replacing an older
/// site there at the very end.
///
/// # Errors
/// When the database cannot be read, a page not be made, or `out` holds
/// something that is not a site. The older site is then untouched.
pub async fn build(
    store: &Store,
    suites: &[Suite],
    config: &Config,
    out: &Path,
    now: Timestamp,
) -> Result<Built, Error> {
    let entries = source::entries(store).await?;
    let mut builder = SiteBuilder::start(suites, config, entries, out, now)?;
    for id in source::visible(store).await? {
        // One run at a time: its samples are dropped before the next is read.
        builder.add_run(&source::run(store, &id).await?)?;
    }
    builder.finish()
}

/// A site being built from runs that need not come from a store.
pub struct SiteBuilder<'a> {
    suites: &'a [Suite],
    config: &'a Config,
    entries: Vec<RunEntry>,
    now: Timestamp,
    history: History,
    output: Output,
}

impl<'a> SiteBuilder<'a> {
    /// Starts a site; `entries` is every run there is, newest first.
    ///
    /// # Errors
    /// When `out` holds something that is not a site, or cannot be written.
    pub fn start(
        suites: &'a [Suite],
        config: &'a Config,
        entries: Vec<RunEntry>,
        out: &Path,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let output = Output::start(out)?;
        Ok(Self { suites, config, entries, now, history: History::default(), output })
    }

    /// Adds a complete run, in the order in which they started.
    ///
    /// # Errors
    /// When its page cannot be made.
    pub fn add_run(&mut self, run: &Run) -> Result<(), Error> {
        let page = pages::run::page(&self.site(), run)?;
        self.output.write(&names::run_page(&run.id), &page)?;
        fold::add_run(&mut self.history, run, self.suites);
        Ok(())
    }

    /// Makes the pages that need all runs, and puts the site in place.
    ///
    /// # Errors
    /// When a page cannot be made or the site not be put in place.
    pub fn finish(mut self) -> Result<Built, Error> {
        let mut files = vec![
            ("style.css".to_owned(), include_str!("../static/style.css").to_owned()),
            ("icon.svg".to_owned(), include_str!("../static/icon.svg").to_owned()),
        ];
        let site = self.site();
        files.push(("index.html".to_owned(), pages::index::page(&site)?));
        files.push((pages::missing::PATH.to_owned(), pages::missing::page(&site)?));
        let names = site.suite_names();
        for name in &names {
            files.push((names::suite_page(name), pages::suite::page(&site, name)?));
            for benchmark in benchmark_names(&site, name) {
                for metric in shown_metrics(&site, name, benchmark) {
                    let file = names::data_file(name, benchmark, metric.name);
                    let json = data::json(&site, name, benchmark, metric, &file)?;
                    files.push((file, json));
                }
            }
        }
        let (suites, runs) = (names.len(), self.history.runs.len());
        for (path, content) in files {
            self.output.write(&path, &content)?;
        }
        let files = self.output.files();
        self.output.finish()?;
        Ok(Built { files, runs, suites })
    }

    fn site(&self) -> Site<'_> {
        Site {
            suites: self.suites,
            config: self.config,
            history: &self.history,
            entries: &self.entries,
            now: self.now,
        }
    }
}

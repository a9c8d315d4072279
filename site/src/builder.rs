//! Builds a site: runs go in one at a time, pages come out. The same runs and
//! the same `now` give the same bytes, whatever the cache holds.

use crate::Error;
use crate::cache::{Cache, Cached};
use crate::calibration::Calibration;
use crate::fold;
use crate::found::Found;
use crate::inputs::Inputs;
use crate::names;
use crate::pages::{self, Site};
use crate::parallel;
use crate::series::History;
use crate::shard;
use crate::sitemap;
use crate::source::{self, RunEntry};
use crate::write::Output;
use jiff::Timestamp;
use model::{Run, RunId};
use std::path::Path;
use store::Store;

/// Runs that are read at the same time: their samples are in memory together.
const BATCH: usize = 8;

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Files of the site.
    pub files: usize,
    /// Runs whose results are shown.
    pub runs: usize,
    /// How many of them had to be read; the others came from the cache.
    pub read: usize,
    /// Suites with a page.
    pub suites: usize,
    /// Series: lines of a metric.
    pub series: usize,
}

/// Builds the site of a database into the folder `out`, replacing an older
/// site there at the very end. What is known of a run is kept in `cache`, if
/// there is one, so that the next build reads new runs only.
///
/// # Errors
/// When the database cannot be read, a page not be made, or `out` holds
/// something that is not a site. The older site is then untouched.
pub async fn build(
    store: &Store,
    inputs: &Inputs,
    out: &Path,
    cache: Option<&Path>,
    now: Timestamp,
) -> Result<Built, Error> {
    let entries = source::entries(store).await?;
    let mut builder = SiteBuilder::start(inputs, entries, out, cache, now)?;
    let ids = source::visible(store).await?;
    let mut known = parallel::each(&ids, |id| Ok::<_, Error>(builder.cache.get(id)))?;
    for (batch, known) in ids.chunks(BATCH).zip(known.chunks_mut(BATCH)) {
        let new = batch.iter().zip(&*known).filter(|(_, known)| known.is_none());
        let reads = new.map(|(id, _)| source::run(store, id));
        let runs = futures_util::future::try_join_all(reads).await?;
        let mut made = parallel::each(&runs, |run| builder.digest(run))?;
        builder.built.read += made.len();
        let mut made = made.drain(..);
        for (id, known) in batch.iter().zip(known) {
            if let Some(run) = known.take().or_else(|| made.next()) {
                builder.take(id, run)?;
            }
        }
    }
    builder.finish()
}

/// A site being built from runs that need not come from a store.
pub struct SiteBuilder<'a> {
    inputs: &'a Inputs,
    entries: Vec<RunEntry>,
    now: Timestamp,
    cache: Cache,
    history: History,
    output: Output,
    built: Built,
}

impl<'a> SiteBuilder<'a> {
    /// Starts a site; `entries` is every run there is, newest first.
    ///
    /// # Errors
    /// When `out` holds something that is not a site, or cannot be written.
    pub fn start(
        inputs: &'a Inputs,
        entries: Vec<RunEntry>,
        out: &Path,
        cache: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let built = Built { files: 0, runs: 0, read: 0, suites: 0, series: 0 };
        Ok(Self {
            output: Output::start(out)?,
            cache: Cache::open(cache, inputs)?,
            history: History::default(),
            inputs,
            entries,
            now,
            built,
        })
    }

    /// Adds a complete run, in the order in which they started.
    ///
    /// # Errors
    /// When its page cannot be made.
    pub fn add_run(&mut self, run: &Run) -> Result<(), Error> {
        let made = self.digest(run)?;
        self.built.read += 1;
        self.take(&run.id, made)
    }

    /// What the site takes from a run; remembered for the next build.
    fn digest(&self, run: &Run) -> Result<Cached, Error> {
        let default_target = &self.inputs.config.default_target;
        let cached = Cached {
            folded: fold::fold(run, &self.inputs.suites, default_target),
            page: pages::run::page(self.inputs, run)?,
            shard: shard::text(run)?,
        };
        self.cache.put(&run.id, &cached)?;
        Ok(cached)
    }

    fn take(&mut self, id: &RunId, run: Cached) -> Result<(), Error> {
        self.output.write(&names::run_page(id), run.page.as_bytes())?;
        self.output.write(&names::run_data(id.as_str()), run.shard.as_bytes())?;
        if let Some(folded) = run.folded {
            self.history.add(folded);
        }
        Ok(())
    }

    /// Makes the pages that need all runs, and puts the site in place.
    ///
    /// # Errors
    /// When a page cannot be made or the site not be put in place.
    pub fn finish(mut self) -> Result<Built, Error> {
        self.history.versions.settle();
        let found = Found::of(&self.history, self.inputs)?;
        let calibration = Calibration::read(self.inputs.calibration.as_deref())?;
        let site = Site {
            inputs: self.inputs,
            history: &self.history,
            found: &found,
            calibration: &calibration,
            entries: &self.entries,
            written: self.output.folder(),
            now: self.now,
        };
        parallel::each(&pages::all(&site), |make| {
            make(&site)?.iter().try_for_each(|page| self.output.write(&page.path, &page.bytes))
        })?;
        if let Some(url) = &self.inputs.config.site.url {
            let text = sitemap::text(url, &self.output.paths());
            self.output.write(sitemap::PATH, text.as_bytes())?;
        }
        if let Some(calibration) = &self.inputs.calibration {
            self.output.write(names::CALIBRATION, calibration.as_bytes())?;
        }
        let built = Built {
            files: self.output.files(),
            runs: self.history.runs.len(),
            suites: site.suite_names().len(),
            series: found.series(),
            ..self.built
        };
        self.output.finish()?;
        self.cache.tidy();
        Ok(built)
    }
}

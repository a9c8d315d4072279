//! Builds a site: runs go in one at a time, pages come out. The same runs and
//! the same `now` give the same bytes, whatever the cache holds.

use crate::Error;
use crate::cache::{Cache, Cached, RunFiles};
use crate::calibration::Calibration;
use crate::fold;
use crate::folded::FoldedRun;
use crate::found::Found;
use crate::inputs::Inputs;
use crate::kept::Kept;
use crate::names;
use crate::pages::{self, Site, events};
use crate::parallel;
use crate::profiles;
use crate::series::History;
use crate::shard;
use crate::sitemap;
use crate::source::{self, RunEntry};
use crate::write::Output;
use jiff::Timestamp;
use model::{Annotation, Digest, Run, RunId};
use std::path::Path;
use std::thread;
use store::Store;

/// Runs that are read at the same time: their samples are in memory together.
const BATCH: usize = 8;
/// Runs that are looked up in the cache at the same time.
const KNOWN_BATCH: usize = 64;

/// What was built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Built {
    /// Files of the site.
    pub files: usize,
    /// How many of them were taken over from the site before: what they are made from
    /// is the same.
    pub kept: usize,
    /// Runs whose results are shown.
    pub runs: usize,
    /// How many of them had to be read; the others came from the cache.
    pub read: usize,
    /// Suites with a page.
    pub suites: usize,
    /// Series: lines of a metric.
    pub series: usize,
    /// Annotations that are on no page: nothing was measured of what they are about.
    pub without_place: Vec<Annotation>,
}

/// Builds the site of a database into the folder `out`, replacing an older
/// site there at the very end. What is known of a run is kept in `cache`, if
/// there is one, so that the next build reads new runs only, and makes no file again
/// whose contents cannot have changed.
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
    let mut chunks = ids.chunks(KNOWN_BATCH).peekable();
    let mut known = builder.work.known(chunks.peek().copied().unwrap_or_default())?;
    while let Some(ids) = chunks.next() {
        for (batch, known) in ids.chunks(BATCH).zip(known.chunks_mut(BATCH)) {
            let new = batch.iter().zip(&*known).filter(|(_, known)| known.is_none());
            let reads = new.map(|(id, _)| source::run(store, id));
            let runs = futures_util::future::try_join_all(reads).await?;
            let mut made = parallel::each(&runs, |run| builder.work.digest(run))?.into_iter();
            builder.built.read += made.len();
            for known in known.iter_mut().filter(|known| known.is_none()) {
                *known = made.next();
            }
        }
        let next = chunks.peek().copied().unwrap_or_default();
        known = builder.take_and_look_up(ids.iter().zip(known.into_iter().flatten()), next)?;
    }
    builder.finish()
}

/// A site being built from runs that need not come from a store.
pub struct SiteBuilder<'a> {
    work: Work<'a>,
    entries: Vec<RunEntry>,
    now: Timestamp,
    history: History,
    built: Built,
}

/// What runs are turned into files with, several at the same time.
struct Work<'a> {
    inputs: &'a Inputs,
    cache: Cache,
    output: Output,
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
        let cache = Cache::open(cache, inputs)?;
        let output = Output::start(out, Kept::read(cache.list_of(out)))?;
        Ok(Self {
            work: Work { inputs, cache, output },
            entries,
            now,
            history: History::default(),
            built: Built::default(),
        })
    }

    /// Adds a complete run, in the order in which they started.
    ///
    /// # Errors
    /// When its page cannot be made.
    pub fn add_run(&mut self, run: &Run) -> Result<(), Error> {
        let made = self.work.digest(run)?;
        self.built.read += 1;
        if let Some(folded) = self.work.write(&run.id, made)? {
            self.history.add(folded);
        }
        Ok(())
    }

    /// Takes these runs, and meanwhile looks the next ones up: only one thread can add to
    /// the history.
    fn take_and_look_up<'r>(
        &mut self,
        runs: impl Iterator<Item = (&'r RunId, Taken)>,
        next: &[RunId],
    ) -> Result<Vec<Option<Taken>>, Error> {
        let Self { work, history, .. } = self;
        thread::scope(|scope| {
            let known = scope.spawn(|| work.known(next));
            for (id, run) in runs {
                if let Some(folded) = work.write(id, run)? {
                    history.add(folded);
                }
            }
            known.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Makes the pages that need all runs, and puts the site in place.
    ///
    /// # Errors
    /// When a page cannot be made or the site not be put in place.
    pub fn finish(self) -> Result<Built, Error> {
        let Self { work: Work { inputs, cache, output }, entries, now, mut history, built } = self;
        history.settle();
        let found = Found::of(&history, inputs)?;
        let calibration = Calibration::read(inputs.calibration.as_deref())?;
        let site = Site {
            inputs,
            history: &history,
            found: &found,
            calibration: &calibration,
            entries: &entries,
            output: &output,
            now,
        };
        parallel::each(&pages::all(&site), |make| {
            make(&site)?.iter().try_for_each(|page| match page.key {
                Some(key) => output.write_for_next(&page.path, &page.bytes, key),
                None => output.write(&page.path, &page.bytes),
            })
        })?;
        profiles::copy(&site)?;
        if let Some(url) = &inputs.config.site.url {
            let text = sitemap::text(url, &output.paths());
            output.write(sitemap::PATH, text.as_bytes())?;
        }
        if let Some(calibration) = &inputs.calibration {
            output.write(names::CALIBRATION, calibration.as_bytes())?;
        }
        let (files, kept) = output.counts();
        let built = Built {
            files,
            kept,
            runs: history.runs.len(),
            suites: site.suite_names().len(),
            series: found.series(),
            without_place: events::without_place(&site),
            ..built
        };
        // Giving back the memory of points takes as long as removing the older site.
        thread::scope(|scope| {
            scope.spawn(|| drop(history));
            output.finish()
        })?;
        cache.tidy();
        Ok(built)
    }
}

impl Work<'_> {
    /// What the history takes of each of these runs, if that is known, and its files are
    /// there or known too.
    fn known(&self, ids: &[RunId]) -> Result<Vec<Option<Taken>>, Error> {
        parallel::each(ids, |id| {
            let Some(folded) = self.cache.folded(id) else { return Ok(None) };
            let paths = [names::run_page(id), names::run_data(id.as_str())];
            if self.output.take_over(&paths.each_ref().map(String::as_str), key_of(id))? {
                return Ok(Some(Taken { folded, files: None }));
            }
            let files = self.cache.files(id);
            Ok(files.map(|files| Taken { folded, files: Some(files) }))
        })
    }

    /// What the site takes from a run; remembered for the next build.
    fn digest(&self, run: &Run) -> Result<Taken, Error> {
        let default_target = &self.inputs.config.default_target;
        let cached = Cached {
            folded: fold::fold(run, &self.inputs.suites, default_target),
            files: RunFiles { page: pages::run::page(run)?, shard: shard::text(run)? },
        };
        self.cache.put(&run.id, &cached)?;
        Ok(Taken { folded: cached.folded, files: Some(cached.files) })
    }

    /// Writes the files of a run that are not there, and leaves what the history takes.
    fn write(&self, id: &RunId, run: Taken) -> Result<Option<FoldedRun>, Error> {
        if let Some(RunFiles { page, shard }) = run.files {
            let key = key_of(id);
            self.output.write_for_next(&names::run_page(id), page.as_bytes(), key)?;
            self.output.write_for_next(&names::run_data(id.as_str()), shard.as_bytes(), key)?;
        }
        Ok(run.folded)
    }
}

/// What one run gives.
struct Taken {
    /// `None` of a run whose results are never shown.
    folded: Option<FoldedRun>,
    /// `None` where they were taken over.
    files: Option<RunFiles>,
}

/// A complete run never changes, so its name stands for all that its files are made
/// from; the cache is of one program and one set of suites anyway.
fn key_of(run: &RunId) -> Digest {
    Digest::of(run.as_str())
}

//! Where things are: the folder with `bench.toml`, the suites, the database,
//! the cache. It must not create any of them.

use crate::choice::Choices;
use crate::cli::Global;
use crate::measure::template;
use anyhow::{Context, Result, bail};
use build::{BuildError, Builder};
use model::{Config, Suite};
use std::path::{Path, PathBuf};

/// A checkout with a `bench.toml`.
pub(crate) struct Project {
    /// The folder of `bench.toml`.
    pub(crate) root: PathBuf,
    /// What it says.
    pub(crate) config: Config,
    /// The database.
    pub(crate) database: PathBuf,
    /// Where builds are kept.
    pub(crate) cache: PathBuf,
}

impl Project {
    /// Finds the checkout and reads its configuration.
    pub(crate) fn find(global: &Global) -> Result<Self> {
        let file = match &global.config {
            Some(file) => file.clone(),
            None => find_config()?,
        };
        let config = Config::load(&file)?;
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let root = parent
            .unwrap_or(Path::new("."))
            .canonicalize()
            .with_context(|| format!("finding the folder of {}", file.display()))?;
        let cache = match &global.cache {
            Some(cache) => std::path::absolute(cache)?,
            None => default_cache()?,
        };
        let database = global.db.clone().unwrap_or_else(|| root.join("data/bench.sqlite"));
        Ok(Self { root, config, database, cache })
    }

    /// Who builds versions, and keeps what was built.
    pub(crate) fn builder(&self) -> Result<Builder, BuildError> {
        let limit = self.config.cache_gib.map(|gib| gib.saturating_mul(1 << 30));
        Ok(Builder::new(&self.root, &self.cache)?.with_limit(limit))
    }

    /// The folder of the suites.
    pub(crate) fn suites_dir(&self) -> PathBuf {
        self.root.join("suites")
    }

    /// The suites that match any of the patterns, with the benchmarks that do; all
    /// without a pattern.
    ///
    /// # Errors
    /// A pattern that matches nothing; a suite that cannot be read.
    pub(crate) fn suites(&self, patterns: &[String]) -> Result<Vec<Suite>> {
        let choices = Choices::parse(patterns)?;
        let names = Suite::names(&self.suites_dir())?;
        let concerned = names.iter().filter(|name| choices.concern(name));
        let mut suites = concerned.map(|name| self.suite(name)).collect::<Result<Vec<_>>>()?;
        choices.must_match(&suites, &names)?;
        for suite in &mut suites {
            let name = &suite.name;
            suite.arms.retain(|arm| choices.cover(name, &arm.benchmark));
        }
        suites.retain(|suite| !suite.arms.is_empty());
        if suites.is_empty() {
            bail!("there is no suite in {}", self.suites_dir().display());
        }
        Ok(suites)
    }

    /// Patterns that choose exactly the benchmarks of these suites that have arms.
    pub(crate) fn patterns(&self, suites: &[Suite]) -> Result<Vec<String>> {
        let mut patterns = Vec::new();
        for suite in suites {
            let (whole, chosen) = (self.suite(&suite.name)?, suite.benchmarks());
            if chosen == whole.benchmarks() {
                patterns.push(suite.name.clone());
            } else {
                patterns.extend(chosen.iter().map(|it| format!("{}/{it}", suite.name)));
            }
        }
        Ok(patterns)
    }

    /// The suite of that name; its templates can be filled in.
    pub(crate) fn suite(&self, name: &str) -> Result<Suite> {
        let suite = Suite::load(&self.suites_dir(), &self.cache.join("large"), name)?;
        for arm in &suite.arms {
            template::check(arm).with_context(|| {
                format!("suite {name}, benchmark {}, arm {}", arm.benchmark, arm.name)
            })?;
        }
        Ok(suite)
    }
}

fn find_config() -> Result<PathBuf> {
    let here = std::env::current_dir().context("finding the current folder")?;
    let found = here.ancestors().map(|dir| dir.join("bench.toml")).find(|file| file.is_file());
    found.with_context(|| {
        format!("there is no bench.toml in {} or above; run inside a checkout, or name it with --config", here.display())
    })
}

fn default_cache() -> Result<PathBuf> {
    let absolute =
        |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    Ok(base
        .context("there is no HOME to keep builds in; name a folder with --cache")?
        .join("arewefastyet"))
}

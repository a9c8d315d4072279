//! Where things are: the folder with `bench.toml`, the suites, the database,
//! the cache. It must not create any of them.

use crate::cli::Global;
use crate::measure::template;
use anyhow::{Context, Result, bail};
use build::{BuildError, Builder};
use glob::Pattern;
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
    /// A pattern that matches nothing: what is asked for must not be missing in silence.
    pub(crate) fn suites(&self, patterns: &[String]) -> Result<Vec<Suite>> {
        let names = Suite::names(&self.suites_dir())?;
        let mut patterns =
            patterns.iter().map(|text| Choice::parse(text)).collect::<Result<Vec<_>>>()?;
        let mut suites = Vec::new();
        for name in &names {
            let is_of = |choice: &Choice<'_>| choice.suite.matches(name);
            if !patterns.is_empty() && !patterns.iter().any(is_of) {
                continue;
            }
            let mut suite = self.suite(name)?;
            suite.arms.retain(|arm| {
                let mut is_wanted = patterns.is_empty();
                for choice in patterns.iter_mut().filter(|choice| choice.suite.matches(name)) {
                    let is_match =
                        choice.benchmark.as_ref().is_none_or(|it| it.matches(&arm.benchmark));
                    choice.is_met |= is_match;
                    is_wanted |= is_match;
                }
                is_wanted
            });
            suites.push(suite);
        }
        match patterns.iter().find(|choice| !choice.is_met) {
            None => Ok(suites),
            Some(Choice { text, benchmark: Some(_), .. }) if !suites.is_empty() => {
                bail!("no benchmark matches `{text}`; `bench list benchmarks` names them")
            }
            Some(Choice { text, .. }) => {
                bail!("no suite matches `{text}`; there are {}", names.join(", "))
            }
        }
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

/// SUITE or SUITE/BENCHMARK, each a shell pattern.
struct Choice<'a> {
    text: &'a str,
    suite: Pattern,
    benchmark: Option<Pattern>,
    is_met: bool,
}

impl<'a> Choice<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let pattern =
            |part| Pattern::new(part).with_context(|| format!("reading the pattern `{text}`"));
        let (suite, benchmark) = match text.split_once('/') {
            Some((suite, benchmark)) => (pattern(suite)?, Some(pattern(benchmark)?)),
            None => (pattern(text)?, None),
        };
        Ok(Self { text, suite, benchmark, is_met: false })
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

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

    /// The suites whose names match any of the patterns; all without one.
    pub(crate) fn suites(&self, patterns: &[String]) -> Result<Vec<Suite>> {
        let dir = self.suites_dir();
        let names = Suite::names(&dir)?;
        let patterns = patterns
            .iter()
            .map(|text| Pattern::new(text).with_context(|| format!("reading the pattern `{text}`")))
            .collect::<Result<Vec<_>>>()?;
        let wanted =
            |name: &String| patterns.is_empty() || patterns.iter().any(|p| p.matches(name));
        let chosen: Vec<&String> = names.iter().filter(|name| wanted(name)).collect();
        if chosen.is_empty() {
            let asked = patterns.iter().map(Pattern::as_str).collect::<Vec<_>>().join(", ");
            bail!("no suite matches `{asked}`; there are {}", names.join(", "));
        }
        chosen.into_iter().map(|name| self.suite(name)).collect()
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

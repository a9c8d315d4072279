//! Where everything is: the folder of the guests and the cache. It must not create, read or write
//! anything.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders that everything else is found in.
pub(crate) struct Places {
    /// `suites/components` of the checkout.
    pub(crate) components: PathBuf,
    /// What may be deleted at any time: unpacked compilers and cargo's target folders.
    pub(crate) cache: PathBuf,
    /// The components that are too large to be committed; may be deleted as well.
    pub(crate) large: PathBuf,
}

impl Places {
    pub(crate) fn from_environment() -> Result<Self> {
        // Read when run, not compiled in: two checkouts may share one target folder.
        let builder = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).context(
            "finding suites/components: start this program with `cargo run \
             --manifest-path suites/components/build/Cargo.toml`",
        )?;
        let components = builder
            .parent()
            .with_context(|| format!("finding the folder above {}", builder.display()))?;
        let cache = cache_root()?;
        Ok(Self {
            components: components.to_owned(),
            cache: cache.join("wasm-toolchain"),
            large: cache.join("large"),
        })
    }

    /// The builder's own manifest, which locks the crate that holds the WIT texts.
    pub(crate) fn builder_manifest(&self) -> PathBuf {
        self.components.join("build/Cargo.toml")
    }

    /// The checkout, which the guests are not the only part of.
    pub(crate) fn checkout(&self) -> PathBuf {
        self.components.join("../..")
    }

    /// What pages run, and where its sum stands.
    pub(crate) fn page_module(&self) -> PathBuf {
        self.checkout().join("site/compare-wasm")
    }

    pub(crate) fn prebuilt(&self) -> PathBuf {
        self.components.join("prebuilt")
    }

    /// How the large components are made, and what comes out.
    pub(crate) fn large_recipes(&self) -> PathBuf {
        self.components.join("large")
    }

    /// How those in other languages are made that are small enough for `prebuilt/`.
    pub(crate) fn small_recipes(&self) -> PathBuf {
        self.components.join("small")
    }

    pub(crate) fn wit(&self) -> PathBuf {
        self.components.join("wit")
    }

    /// Where a failed check leaves what it built, to be compared.
    pub(crate) fn rebuilt(&self) -> PathBuf {
        self.cache.join("rebuilt")
    }
}

fn cache_root() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("BENCH_CACHE_DIR") {
        return std::path::absolute(Path::new(&folder))
            .with_context(|| format!("making BENCH_CACHE_DIR={} absolute", folder.display()));
    }
    let caches = match (set("XDG_CACHE_HOME"), set("HOME")) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(home)) => Path::new(&home).join(".cache"),
        (None, None) => anyhow::bail!(
            "finding a cache folder: none of BENCH_CACHE_DIR, XDG_CACHE_HOME and HOME is set; set \
             BENCH_CACHE_DIR"
        ),
    };
    Ok(caches.join("arewefastyet"))
}

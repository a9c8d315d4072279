//! Debian's rustc and the sources of its standard library as the guests' compiler: for machines whose
//! rustup cannot install the target. The tools' crate `compilers` gets it.

use anyhow::Result;

use super::Toolchain;
use super::rustup::Rustup;
use crate::places::Places;

const REMEDY: &str = "use Debian 12 (bookworm) on x86-64, for example a container of debian:12, \
 with rustup, gcc and libc6-dev (the versions wanted are in \
 suites/components/build/debian-packages); to build anyway, with other bytes: `rustup target add \
 wasm32-unknown-unknown` in suites/components";

/// Finds the unpacked compiler in the cache, or downloads it.
pub(crate) fn provide(places: &Places, rustup: &Rustup) -> Result<Toolchain> {
    let debian = compilers::debian::provide(&places.cache, REMEDY)?;
    let std = format!("built from {}", debian.sources);
    Ok(Toolchain {
        name: format!("Debian's rustc-web, in {}", debian.root.display()),
        identity: rustup.identity(&debian.verbose_version, &std)?,
        rustc: Some(debian.rustc),
        linker: rustup.linker().to_owned(),
        std_sources: debian.std_sources,
        builds_std: true,
    })
}

//! Debian's rustc and the sources of its standard library, unpacked into the cache: for machines
//! whose rustup cannot install a target. The system stays as it is: no package is installed, and
//! the package lists are only refreshed if the packages are not in them.
//!
//! Which packages: `build/debian-packages`. apt checks their signatures.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::rustup::Rustup;
use super::{Toolchain, Unavailable};
use crate::listing;
use crate::places::Places;
use crate::process::capture;
use crate::record::sha256_hex;

const PACKAGES: &str = include_str!("../../debian-packages");

const REMEDY: &str = "use Debian 12 (bookworm) on x86-64, for example a container of debian:12, \
 with rustup, gcc and libc6-dev (the versions wanted are in \
 suites/components/build/debian-packages); to build anyway, with other bytes: `rustup target add \
 wasm32-unknown-unknown` in suites/components";

/// The compiler finds its own libraries wherever the folder is, without installing them.
const WRAPPER: &str = r#"#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
LD_LIBRARY_PATH=$(echo "$here"/usr/lib/*-linux-gnu) exec "$here/usr/bin/rustc" "$@"
"#;

/// Finds the unpacked compiler in the cache, or downloads it.
pub(crate) fn provide(places: &Places, rustup: &Rustup) -> Result<Toolchain> {
    let key = &sha256_hex(PACKAGES.as_bytes())[..12];
    let root = places.cache.join(format!("debian-{key}"));
    if !root.is_dir() {
        require_debian()?;
        install(&root)?;
    }
    require_c_compiler()?;

    let rustc = root.join("rustc");
    let version = capture(Command::new(&rustc).arg("-vV")).map_err(|error| {
        Unavailable::error(
            format!("starting the unpacked rustc: {error:#}"),
            format!(
                "if a library is missing, install its package (libedit2, libffi8, libxml2, \
                 libz3-4 and libzstd1 are used); else delete {} and try again",
                root.display()
            ),
        )
    })?;
    let sources = packages().find(|package| package.starts_with("rust-web-src="));
    let sources = sources.context("finding rust-web-src= in build/debian-packages")?;
    Ok(Toolchain {
        name: format!("Debian's rustc-web, in {}", root.display()),
        identity: rustup.identity(&version, &format!("built from {sources}"))?,
        rustc: Some(rustc),
        linker: rustup.linker().to_owned(),
        std_sources: root.join("usr/lib/rustlib/src/rust"),
        builds_std: true,
    })
}

fn packages() -> impl Iterator<Item = &'static str> {
    PACKAGES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn require_debian() -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let says = |wanted: &str| release.lines().any(|line| line.replace('"', "") == wanted);
    if says("ID=debian") && says("VERSION_ID=12") && cfg!(target_arch = "x86_64") {
        return Ok(());
    }
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let reason = format!(
        "Debian's packages are for Debian 12 on x86-64; this is {} on {}",
        name.unwrap_or(std::env::consts::OS),
        std::env::consts::ARCH,
    );
    Err(Unavailable::error(reason, REMEDY))
}

/// Procedural macros are compiled for this machine, and a C compiler links them.
fn require_c_compiler() -> Result<()> {
    capture(Command::new("cc").arg("--version")).map(drop).map_err(|error| {
        Unavailable::error(
            format!("asking the C compiler: {error:#}"),
            "apt-get install gcc libc6-dev",
        )
    })
}

/// Unpacks beside the final place and renames, so that a killed run leaves nothing half done there.
fn install(root: &Path) -> Result<()> {
    let partial = root.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)
            .with_context(|| format!("removing what a killed run left in {}", partial.display()))?;
    }
    let downloads = partial.join("debs");
    fs::create_dir_all(&downloads).with_context(|| format!("creating {}", downloads.display()))?;
    println!("debian: downloading {} packages, 140 MB", packages().count());
    download(&downloads)?;
    println!("debian: unpacking into {}", root.display());
    for archive in listing::entries(&downloads)? {
        capture(Command::new("dpkg").arg("-x").arg(&archive).arg(&partial))?;
    }
    fs::remove_dir_all(&downloads).with_context(|| format!("removing {}", downloads.display()))?;
    keep_only_the_library(&partial.join("usr/src"))?;
    write_wrapper(&partial.join("rustc"))?;
    fs::rename(&partial, root).with_context(|| format!("renaming to {}", root.display()))
}

fn download(folder: &Path) -> Result<()> {
    // apt drops its privileges for downloads, and could then not write into root's cache.
    let fetch = || {
        let mut command = Command::new("apt-get");
        command.args(["download", "-q", "-o", "APT::Sandbox::User=root"]);
        capture(command.args(packages()).current_dir(folder))
    };
    let Err(first) = fetch() else { return Ok(()) };
    println!(
        "debian: {first:#}\ndebian: refreshing the package lists (`apt-get update`) and trying \
         again"
    );
    refresh_lists()?;
    fetch().map(drop).map_err(|error| {
        Unavailable::error(
            format!("downloading Debian's rustc: {error:#}"),
            format!(
                "if Debian has replaced a version, put the new one into \
                 suites/components/build/debian-packages and run `componentize build`; \
                 else {REMEDY}"
            ),
        )
    })
}

fn refresh_lists() -> Result<()> {
    let mut update = Command::new("apt-get");
    if capture(Command::new("id").arg("-u"))?.trim() != "0" {
        update = Command::new("sudo");
        update.args(["-n", "apt-get"]);
    }
    capture(update.args(["update", "-q"])).map(drop).map_err(|error| {
        Unavailable::error(
            format!("refreshing the package lists: {error:#}"),
            "as root: `apt-get update`; then again",
        )
    })
}

/// rust-web-src also holds the compiler's own sources, which nothing here reads.
fn keep_only_the_library(sources: &Path) -> Result<()> {
    for version in listing::entries(sources)? {
        for entry in listing::entries(&version)? {
            if entry.ends_with("library") {
                continue;
            }
            let removed = if entry.is_symlink() || !entry.is_dir() {
                fs::remove_file(&entry)
            } else {
                fs::remove_dir_all(&entry)
            };
            removed.with_context(|| format!("removing {}", entry.display()))?;
        }
    }
    Ok(())
}

fn write_wrapper(path: &Path) -> Result<()> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(WRAPPER.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o755))
    };
    write().with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::packages;

    #[test]
    fn every_package_is_pinned_to_one_version() {
        let names = packages().map(|line| line.split_once('=').map_or("", |(name, _)| name));
        let names: Vec<_> = names.collect();
        assert!(names.iter().all(|name| !name.is_empty()), "name=version, got {names:?}");
        assert!(names.contains(&"rust-web-src"), "{names:?}");
    }
}

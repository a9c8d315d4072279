//! Debian's rustc and the sources of its standard library, unpacked into the cache: for machines
//! whose rustup cannot install a target. The system stays as it is: no package is installed, and
//! the package lists are only refreshed if the packages are not in them.
//!
//! Which packages: `suites/components/build/debian-packages`. apt checks their
//! signatures.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Unavailable;
use crate::process::capture;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// One list for all: the bytes of the committed guests depend on it.
const PACKAGES: &str = include_str!("../../../suites/components/build/debian-packages");

/// The compiler finds its own libraries wherever the folder is, without installing them.
const WRAPPER: &str = r#"#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
LD_LIBRARY_PATH=$(echo "$here"/usr/lib/*-linux-gnu) exec "$here/usr/bin/rustc" "$@"
"#;

/// An unpacked compiler.
pub struct Debian {
    /// Where it is.
    pub root: PathBuf,
    /// Starts it, whatever its folder is.
    pub rustc: PathBuf,
    /// Everything it prints of itself.
    pub verbose_version: String,
    /// The folder above `library/`, where the sources of std may be named from.
    pub std_sources: PathBuf,
    /// Name and version of the package that these come from.
    pub sources: &'static str,
}

/// Finds the unpacked compiler below `cache`, or downloads it; `remedy` says
/// what to do where neither is possible.
///
/// # Errors
/// [`Unavailable`] where Debian's packages are not to be had; others when the
/// system refuses.
pub fn provide(cache: &Path, remedy: &str) -> Result<Debian> {
    let key: String =
        Sha256::digest(PACKAGES.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let root = cache.join(format!("debian-{}", &key[..12]));
    let _lock = lock(cache)?;
    if !root.is_dir() {
        require_debian(remedy)?;
        install(&root, remedy)?;
    }
    require_c_compiler()?;

    let rustc = root.join("rustc");
    let verbose_version = capture(Command::new(&rustc).arg("-vV")).map_err(|error| {
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
    let std_sources = root.join("usr/lib/rustlib/src/rust");
    Ok(Debian { root, rustc, verbose_version, std_sources, sources })
}

/// One at a time: two would unpack into the same folder.
fn lock(cache: &Path) -> Result<File> {
    let path = cache.join("debian.lock");
    let open = || {
        fs::create_dir_all(cache)?;
        let file = File::create(&path)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    };
    open().with_context(|| format!("locking {}", path.display()))
}

fn packages() -> impl Iterator<Item = &'static str> {
    PACKAGES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn require_debian(remedy: &str) -> Result<()> {
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
    Err(Unavailable::error(reason, remedy))
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
fn install(root: &Path, remedy: &str) -> Result<()> {
    let partial = root.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)
            .with_context(|| format!("removing what a killed run left in {}", partial.display()))?;
    }
    let downloads = partial.join("debs");
    fs::create_dir_all(&downloads).with_context(|| format!("creating {}", downloads.display()))?;
    println!("debian: downloading {} packages, 140 MB", packages().count());
    download(&downloads, remedy)?;
    println!("debian: unpacking into {}", root.display());
    for archive in entries(&downloads)? {
        capture(Command::new("dpkg").arg("-x").arg(&archive).arg(&partial))?;
    }
    fs::remove_dir_all(&downloads).with_context(|| format!("removing {}", downloads.display()))?;
    keep_only_the_library(&partial.join("usr/src"))?;
    write_wrapper(&partial.join("rustc"))?;
    fs::rename(&partial, root).with_context(|| format!("renaming to {}", root.display()))
}

fn download(folder: &Path, remedy: &str) -> Result<()> {
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
                 else {remedy}"
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
    for version in entries(sources)? {
        for entry in entries(&version)? {
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

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let listed: std::io::Result<Vec<PathBuf>> = list();
    listed.with_context(|| format!("listing {}", folder.display()))
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

//! The toolchain that `rust-toolchain.toml` pins: its cargo and rust-lld always take part, its
//! rustc only where it has the target installed. It must not install anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{TARGET, Toolchain, Unavailable};
use crate::cargo;
use crate::places::Places;
use crate::record::Identity;
use compilers::process::capture;

/// What was found of it.
pub(crate) struct Rustup {
    cargo: String,
    verbose_version: String,
    sysroot: PathBuf,
    linker: PathBuf,
    linker_version: String,
}

impl Rustup {
    pub(crate) fn find(places: &Places) -> Result<Self> {
        let ask = |program: &str, argument: &[&str]| {
            capture(cargo::pinned(program, &places.components).args(argument)).map_err(|error| {
                Unavailable::error(
                    format!("asking the {program} that rust-toolchain.toml pins: {error:#}"),
                    "in suites/components: `rustup toolchain install`",
                )
            })
        };
        let cargo = ask("cargo", &["--version"])?.trim().to_owned();
        let verbose_version = ask("rustc", &["-vV"])?;
        let sysroot = PathBuf::from(ask("rustc", &["--print", "sysroot"])?.trim());
        let host = field(&verbose_version, "host")?;
        let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
        let linker_version = capture(Command::new(&linker).args(["-flavor", "wasm", "--version"]))
            .map_err(|error| {
                Unavailable::error(
                    format!("asking the linker of {cargo}: {error:#}"),
                    "in suites/components: `rustup toolchain install` (rust-lld is part of its \
                     rustc)",
                )
            })?;
        let linker_version = linker_version.trim().to_owned();
        Ok(Self { cargo, verbose_version, sysroot, linker, linker_version })
    }

    pub(crate) fn cargo(&self) -> &str {
        &self.cargo
    }

    pub(crate) fn linker(&self) -> &Path {
        &self.linker
    }

    /// This toolchain as the compiler of the guests, if it has the target.
    pub(crate) fn toolchain(&self) -> Option<Toolchain> {
        let std = self.sysroot.join("lib/rustlib").join(TARGET).join("lib");
        if !std.is_dir() {
            return None;
        }
        Some(Toolchain {
            name: format!("rustup's, in {}", self.sysroot.display()),
            identity: self
                .identity(&self.verbose_version, "precompiled by the Rust project")
                .ok()?,
            rustc: None,
            linker: self.linker.clone(),
            std_sources: self.sysroot.join("lib/rustlib/src/rust"),
            builds_std: false,
        })
    }

    /// How a compiler is recorded that is driven by this cargo and this linker.
    pub(crate) fn identity(&self, verbose_version: &str, std: &str) -> Result<Identity> {
        let first = verbose_version.lines().next().context("reading an empty `rustc -vV`")?;
        Ok(Identity::new([
            ("rustc", first),
            ("llvm", field(verbose_version, "LLVM version")?),
            ("host", field(verbose_version, "host")?),
            ("std", std),
            ("cargo", &self.cargo),
            ("linker", &self.linker_version),
        ]))
    }
}

/// One line of `rustc -vV`.
fn field<'a>(verbose_version: &'a str, name: &str) -> Result<&'a str> {
    verbose_version
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(key, value)| (key == name).then_some(value))
        .with_context(|| {
            format!("finding `{name}:` in what `rustc -vV` printed: {verbose_version:?}")
        })
}

#[cfg(test)]
mod tests {
    use super::field;

    const VERSION: &str = "rustc 1.96.0 (ac68faa20 2026-05-25)\nhost: \
     x86_64-unknown-linux-gnu\nLLVM version: 22.1.8\n";

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        for (name, value) in [
            ("host", Some("x86_64-unknown-linux-gnu")),
            ("LLVM version", Some("22.1.8")),
            ("LLVM", None),
            ("release", None),
        ] {
            assert_eq!(field(VERSION, name).ok(), value, "{name}");
        }
    }
}

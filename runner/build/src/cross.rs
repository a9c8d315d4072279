//! The compiler for a processor that is not this machine's: rustup's own where
//! its library for that processor is installed, else Debian's, which compiles
//! the library too. Cargo and the linker are rustup's in both cases.

use crate::environment;
use crate::layout::Layout;
use compilers::{Unavailable, debian};
use model::Hasher;
use std::path::{Path, PathBuf};

/// A compiler for one processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cross {
    /// In place of rustup's, with the sources of its library.
    debian: Option<(PathBuf, PathBuf)>,
    linker: PathBuf,
    /// Everything that decides the bytes, without this machine's paths.
    identity: String,
}

impl Cross {
    /// Finds one for the processor `triple`; `folder` says which toolchain.
    ///
    /// # Errors
    /// In words, with what to do, when there is none here.
    pub(crate) fn find(layout: &Layout, folder: &Path, triple: &str) -> Result<Self, String> {
        let ask = |program: &str, arguments: &[&str]| {
            let mut command = environment::command(program, layout.root());
            command.args(arguments).current_dir(folder);
            compilers::process::capture(&mut command).map_err(|error| format!("{error:#}"))
        };
        let sysroot = PathBuf::from(ask("rustc", &["--print", "sysroot"])?.trim());
        let version = ask("rustc", &["-vV"])?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let rustlib = sysroot.join("lib/rustlib");
        let linker = rustlib.join(host).join("bin/rust-lld");
        let own = format!("linked by {}", ask("rustc", &["--version"])?.trim());
        if rustlib.join(triple).join("lib").is_dir() {
            let identity = format!("{version}precompiled for {triple}, {own}");
            return Ok(Self { debian: None, linker, identity });
        }
        let remedy = format!("rustup target add {triple}");
        let cache = layout.root().join("wasm-toolchain");
        let debian = debian::provide(&cache, &remedy).map_err(|error| {
            match error.downcast_ref::<Unavailable>() {
                Some(Unavailable { reason, .. }) => {
                    format!("needs a compiler for {triple}: `{remedy}` (in its place: {reason})")
                }
                None => format!("{error:#}"),
            }
        })?;
        let identity = format!("{}built from {}, {own}", debian.verbose_version, debian.sources);
        Ok(Self { debian: Some((debian.rustc, debian.std_sources)), linker, identity })
    }

    /// Adds what decides the bytes to a key.
    pub(crate) fn hash(&self, hasher: Hasher) -> Hasher {
        hasher.part("cross", &self.identity)
    }

    /// What whoever builds the firmware is told.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut variables = vec![("CROSS_LINKER".to_owned(), text(&self.linker))];
        if let Some((rustc, sources)) = &self.debian {
            variables.push(("CROSS_RUSTC".to_owned(), text(rustc)));
            variables.push(("CROSS_STD_SOURCES".to_owned(), text(sources)));
        }
        variables
    }
}

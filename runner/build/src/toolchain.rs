//! Which compiler and flags a build uses: part of an artifact's key.

use crate::environment;
use crate::error::{BuildError, io};
use crate::layout::{Layout, hex};
use crate::source::SourceFile;
use model::{Digest, Hasher};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The cargo profile; artifacts of another one would be other artifacts.
pub(crate) const PROFILE: &str = "release";

/// How a binary's parts lie in memory, where that is not left to the linker: its
/// functions are linked in an order drawn from the seed and begin at full cache
/// lines. Same sources, same code, another place for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shuffled(pub(crate) u32);

/// What a binary knows of the names of its functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// Its symbols: functions that were put into others have none.
    Symbols,
    /// Line tables of the workspace's own packages too.
    OwnLines,
}

/// A compiler and its flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// Everything `rustc -vV` prints.
    rustc: String,
    shuffled: Option<Shuffled>,
    names: Names,
    /// As given to rustc, with this machine's paths.
    flags: Vec<String>,
    /// Where it was asked.
    folder: PathBuf,
}

impl Toolchain {
    /// Asks `rustc` as it would be asked where the sources are built: below
    /// the cache, in a folder that holds the same toolchain file.
    pub(crate) fn choose(
        layout: &Layout,
        file: Option<&SourceFile>,
        shuffled: Option<Shuffled>,
        names: Names,
    ) -> Result<Self, BuildError> {
        let folder = match file {
            None => layout.default_toolchain(),
            Some(file) => layout.toolchains().join(hex(&Digest::of(&file.content), 12)),
        };
        fs::create_dir_all(&folder).map_err(io("creating", &folder))?;
        if let Some(file) = file {
            place(&folder, file).map_err(io("writing a toolchain file to", &folder))?;
        }
        let mut flags = flags(layout)?;
        flags.extend(shuffled.iter().flat_map(|shuffled| shuffled.flags()));
        Ok(Self { rustc: ask(&folder, layout)?, shuffled, names, flags, folder })
    }

    /// Checks that the compiler in `folder` still is this one.
    ///
    /// # Errors
    /// When it is another one, or cannot be asked.
    pub(crate) fn confirm(&self, folder: &Path, layout: &Layout) -> Result<(), BuildError> {
        let now = ask(folder, layout)?;
        if now == self.rustc {
            return Ok(());
        }
        Err(BuildError::ToolchainChanged {
            then: self.name().to_owned(),
            now: first_line(&now).to_owned(),
        })
    }

    /// E.g. `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub(crate) fn name(&self) -> &str {
        first_line(&self.rustc)
    }

    /// A folder in which this is the toolchain.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The flags, each one argument.
    pub(crate) fn flags(&self) -> &[String] {
        &self.flags
    }

    /// What is published about the flags: without this machine's paths, which
    /// are nobody's business and the same everywhere after remapping.
    pub(crate) fn published_flags(&self) -> String {
        let mut flags = format!(
            "--{PROFILE} --locked, RUSTFLAGS=--remap-path-prefix=CACHE/src=/src \
             --remap-path-prefix=CACHE/target=/target --remap-path-prefix=CARGO_HOME=/cargo"
        );
        for flag in self.shuffled.iter().flat_map(|shuffled| shuffled.flags()) {
            flags.push(' ');
            flags.push_str(&flag);
        }
        for word in self.names.cargo_words() {
            flags.push(' ');
            flags.push_str(word);
        }
        flags
    }

    /// What cargo is told beside the flags.
    pub(crate) fn cargo_words(&self) -> &'static [&'static str] {
        self.names.cargo_words()
    }

    /// Names what is compiled alike in one folder: compiler, flags and profile. What is
    /// known of names is not in it, since it leaves the dependencies as they are.
    pub(crate) fn digest(&self) -> Digest {
        let plain = Self { names: Names::Symbols, ..self.clone() };
        plain.hash(Hasher::default()).finish()
    }

    /// Adds compiler, flags and profile to a key; without this machine's paths,
    /// which leave no trace in what is built.
    pub(crate) fn hash(&self, hasher: Hasher) -> Hasher {
        hasher.part("rustc", &self.rustc).part("flags", self.published_flags())
    }
}

impl Names {
    /// `"*"` means every package that is no member of the workspace.
    fn cargo_words(self) -> &'static [&'static str] {
        match self {
            Self::Symbols => &[],
            Self::OwnLines => &[
                "--config=profile.release.debug=\"line-tables-only\"",
                "--config=profile.release.package.\"*\".debug=false",
            ],
        }
    }
}

impl Shuffled {
    /// The order is lld's doing, which is what rustc links with on Linux.
    fn flags(self) -> [String; 2] {
        [
            format!("-Clink-arg=-Wl,--shuffle-sections=.text*={}", self.0),
            "-Cllvm-args=-align-all-functions=6".to_owned(),
        ]
    }
}

fn flags(layout: &Layout) -> Result<Vec<String>, BuildError> {
    let remap = |from: PathBuf, to: &str| match from.to_str() {
        Some(from) => Ok(format!("--remap-path-prefix={from}={to}")),
        None => Err(BuildError::Tool {
            program: "rustc",
            problem: format!("the path {} is not UTF-8; use another folder", from.display()),
        }),
    };
    Ok(vec![
        remap(layout.sources(), "/src")?,
        // Build scripts generate sources there.
        remap(layout.targets(), "/target")?,
        remap(cargo_home()?, "/cargo")?,
    ])
}

/// Where cargo keeps its registry, found as cargo finds it.
fn cargo_home() -> Result<PathBuf, BuildError> {
    let home = match std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Some(PathBuf::from(home)),
        None => std::env::home_dir().map(|home| home.join(".cargo")),
    };
    home.and_then(|home| std::path::absolute(home).ok()).ok_or_else(|| BuildError::Tool {
        program: "cargo",
        problem: "there is no home folder; set HOME or CARGO_HOME".to_owned(),
    })
}

/// Another process may be at the same: written aside and renamed.
fn place(folder: &Path, file: &SourceFile) -> std::io::Result<()> {
    let mut aside = tempfile::NamedTempFile::new_in(folder)?;
    aside.write_all(&file.content)?;
    aside.persist(folder.join(&file.path))?;
    Ok(())
}

fn ask(folder: &Path, layout: &Layout) -> Result<String, BuildError> {
    let refused = |problem| BuildError::Tool { program: "rustc -vV", problem };
    let output = environment::command("rustc", layout.root())
        .arg("-vV")
        .current_dir(folder)
        .output()
        .map_err(|e| refused(format!("{e}; install Rust from https://rustup.rs")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(refused(format!("it ended with {}: {}", output.status, said.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

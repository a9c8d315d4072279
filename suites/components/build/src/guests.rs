//! Compiles the guests to core modules. It must not know what a component is, nor write outside the
//! cache.

use std::ffi::OsString;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use crate::cargo;
use crate::listing;
use crate::places::Places;
use crate::record::sha256_hex;
use crate::toolchain::{TARGET, Toolchain};
use compilers::process::show;

/// The guests are the folders with a crate, the builder's aside; a guest's folder, crate and
/// component have the same name.
pub(crate) fn names(places: &Places) -> Result<Vec<String>> {
    let folders = listing::entries(&places.components)?;
    let crates = folders.iter().filter(|folder| folder.join("Cargo.toml").is_file());
    let names = crates.filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned()));
    Ok(names.filter(|name| name != "build").collect())
}

/// Everything a compilation needs; made once, used for every guest.
pub(crate) struct Compilation<'a> {
    places: &'a Places,
    toolchain: &'a Toolchain,
    /// The folder with the workspace.
    workspace: PathBuf,
    /// Everything that is compiled lies below, and what it is called in the bytes.
    sources: (PathBuf, &'static str),
    profile: &'static str,
    target_dir: PathBuf,
    registry: PathBuf,
}

impl<'a> Compilation<'a> {
    /// Of guests.
    pub(crate) fn new(places: &'a Places, toolchain: &'a Toolchain) -> Result<Self> {
        let (workspace, sources) = (places.components.clone(), places.components.clone());
        let sources = (sources, "/components");
        Self::of(places, toolchain, workspace, sources, "release", "wit-bindgen")
    }

    /// Of another workspace, which has a profile and a dependency of those names.
    pub(crate) fn of(
        places: &'a Places,
        toolchain: &'a Toolchain,
        workspace: PathBuf,
        sources: (PathBuf, &'static str),
        profile: &'static str,
        dependency: &str,
    ) -> Result<Self> {
        // By checkout, because cargo takes two of them for one and goes by the files' times.
        let key = format!("{}\n{}", workspace.display(), toolchain.identity.file());
        let key = &sha256_hex(key.as_bytes())[..12];
        let target_dir = places.cache.join(format!("target-{key}"));
        let registry = registry_sources(places, &workspace, dependency)?;
        Ok(Self { places, toolchain, workspace, sources, profile, target_dir, registry })
    }

    /// Compiles one guest and returns its core module.
    ///
    /// One at a time: together, cargo would give all of them every feature that one of them asks of
    /// a shared dependency, and a new guest could change the bytes of the others.
    pub(crate) fn run(&self, guest: &str) -> Result<Vec<u8>> {
        let mut command = self.command(guest);
        let shown = show(&command);
        let mut child = command.spawn().with_context(|| format!("starting `{shown}`"))?;
        let messages = child.stdout.take().context("reading cargo's messages")?;
        let mut module = None;
        for message in Message::parse_stream(BufReader::new(messages)) {
            if let Message::CompilerArtifact(artifact) =
                message.context("reading cargo's messages")?
            {
                let wasm = artifact.filenames.into_iter().find(|it| it.extension() == Some("wasm"));
                module = wasm.or(module);
            }
        }
        let status = child.wait().with_context(|| format!("waiting for `{shown}`"))?;
        if !status.success() {
            bail!("compiling {guest}: `{shown}` failed ({status}); its complaint is above");
        }
        let module = module.with_context(|| {
            format!("compiling {guest}: no .wasm came out; its [lib] needs crate-type cdylib")
        })?;
        fs::read(&module).with_context(|| format!("reading {module}"))
    }

    /// Folders of this machine that must not be found in what is built.
    pub(crate) fn private_folders(&self) -> Vec<&Path> {
        let remapped = self.remapped().map(|(folder, _)| folder);
        remapped.into_iter().chain([self.places.cache.as_path()]).collect()
    }

    /// Sources are named in panic messages, so every folder of them gets a name that is the same on
    /// all machines.
    fn remapped(&self) -> [(&Path, &'static str); 3] {
        [
            (&self.sources.0, self.sources.1),
            (&self.registry, "/registry"),
            (&self.toolchain.std_sources, "/rust"),
        ]
    }

    fn command(&self, guest: &str) -> Command {
        let flags = self.remapped().map(|(folder, name)| {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(folder);
            flag.push("=");
            flag.push(name);
            flag
        });
        let mut command = cargo::pinned("cargo", &self.places.components);
        command
            .args(["build", "--profile", self.profile, "--locked", "--package", guest])
            .args(["--target", TARGET])
            .arg("--manifest-path")
            .arg(self.workspace.join("Cargo.toml"))
            .arg("--message-format=json-render-diagnostics")
            .env("CARGO_TARGET_DIR", &self.target_dir)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &self.toolchain.linker)
            .env("CARGO_ENCODED_RUSTFLAGS", cargo::encoded_flags(&flags))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if let Some(rustc) = &self.toolchain.rustc {
            command.env("RUSTC", rustc);
        }
        if self.toolchain.builds_std {
            // An unstable option, which this variable allows to a stable cargo and rustc.
            command.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
        }
        command
    }
}

/// The folder that cargo unpacks crates into; its name depends on cargo and on the registry.
fn registry_sources(places: &Places, workspace: &Path, dependency: &str) -> Result<PathBuf> {
    let metadata = cargo::metadata(&workspace.join("Cargo.toml"), &places.components)?;
    let found = metadata.packages.iter().find(|it| it.name.as_str() == dependency);
    let manifest = found
        .with_context(|| format!("finding {dependency} among what {} uses", workspace.display()))?
        .manifest_path
        .as_std_path();
    let folder = manifest.ancestors().nth(2);
    Ok(folder
        .with_context(|| format!("finding the folder above that of {}", manifest.display()))?
        .to_owned())
}

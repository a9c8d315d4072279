//! A version that is ready to be measured: its binary, and what it says it
//! can do. It must not measure.

use super::fill::Fill;
use super::program;
use build::Flashed;
use model::{Arm, Artifact, BoardSpec, Digest, Firmware, Hasher, Launch, Target, Task, VersionId};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const CAPABILITIES_TIMEOUT: Duration = Duration::from_secs(10);

/// One version of one target, built.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Its identity.
    pub(crate) artifact: Artifact,
    /// The binary.
    pub(crate) binary: PathBuf,
    /// How it is started and stopped.
    pub(crate) launch: Launch,
    capabilities: BTreeSet<String>,
    /// Its `cargo bench` targets that were built, by name.
    benches: BTreeMap<String, PathBuf>,
    /// Its firmware, by board and variant.
    firmware: BTreeMap<(String, String), Flashed>,
    boards: Vec<BoardSpec>,
}

#[derive(Deserialize)]
struct CapabilitiesLine {
    capabilities: BTreeSet<String>,
}

impl Subject {
    /// Asks a binary what it can do.
    ///
    /// # Errors
    /// When it does not speak the contract.
    pub(crate) fn new(
        target: &Target,
        artifact: Artifact,
        binary: PathBuf,
    ) -> Result<Self, String> {
        let launch = target.launch.clone();
        let capabilities = match &launch.capabilities {
            None => launch.supported(match &artifact.version {
                VersionId::Release { version } => Some(version),
                VersionId::Commit { .. } | VersionId::Binary { .. } => None,
            }),
            Some(command) => {
                let binary = binary.to_string_lossy();
                let command = Fill { binary: &binary, ..Fill::default() }.command(command);
                ask_capabilities(&command).map_err(|problem| {
                    format!(
                        "{} does not speak the host contract: {problem}; `{}` must print one JSON \
                         line with a list `capabilities`",
                        binary,
                        command.join(" ")
                    )
                })?
            }
        };
        let boards = target.firmware.as_ref().map(|it| it.boards.clone()).unwrap_or_default();
        let (benches, firmware) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { artifact, binary, launch, capabilities, benches, firmware, boards })
    }

    /// Adds a firmware, or why there is none here.
    pub(crate) fn add_firmware(&mut self, firmware: &Firmware, flashed: Flashed) {
        self.firmware.insert((firmware.board.clone(), firmware.variant.clone()), flashed);
    }

    /// Why a board cannot be switched on here, if it cannot.
    pub(crate) fn cannot_emulate(&self, board: &str) -> Option<String> {
        let board = self.boards.iter().find(|known| known.name == board)?;
        let program = board.emulator.first()?;
        let is_there = program::find(program).is_some();
        (!is_there).then(|| format!("needs {program}, which `.ci/install boards` installs"))
    }

    /// A firmware and the board it is for.
    ///
    /// # Errors
    /// Why it cannot be had here, with what to do.
    pub(crate) fn firmware(&self, firmware: &Firmware) -> Result<(&Path, &BoardSpec), String> {
        let board = self.boards.iter().find(|board| board.name == firmware.board);
        let flashed = self.firmware.get(&(firmware.board.clone(), firmware.variant.clone()));
        match (board, flashed) {
            (Some(board), Some(Flashed::Built(file))) => Ok((file, board)),
            (_, Some(Flashed::NotHere(reason))) => Err(reason.clone()),
            _ => Err(format!("needs firmware for the board {}", firmware.board)),
        }
    }

    /// Every firmware that was asked for, by board and variant: its file, or why there
    /// is none here.
    pub(crate) fn all_firmware(&self) -> impl Iterator<Item = (Firmware, &Flashed)> {
        self.firmware.iter().map(|((board, variant), flashed)| {
            let (board, variant) = (board.clone(), variant.clone());
            (Firmware { board, variant, part: None }, flashed)
        })
    }

    /// Adds a `cargo bench` target of its sources.
    pub(crate) fn add_bench(&mut self, name: &str, executable: PathBuf) {
        self.benches.insert(name.to_owned(), executable);
    }

    /// The executable of a `cargo bench` target, if its sources have it.
    pub(crate) fn bench(&self, name: &str) -> Option<&Path> {
        self.benches.get(name).map(PathBuf::as_path)
    }

    /// Why this version cannot do what an arm asks for, if it cannot.
    pub(crate) fn unsupported(&self, arm: &Arm) -> Option<String> {
        let missing: Vec<&str> = arm
            .needs
            .iter()
            .filter(|need| !self.capabilities.contains(*need))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            return Some(format!("needs {}", missing.join(", ")));
        }
        let can_precompile =
            self.launch.precompile.is_some() && self.launch.start_precompiled.is_some();
        if arm.precompile && !can_precompile {
            return Some("needs a way to precompile".to_owned());
        }
        if let Task::Criterion { bench, .. } = &arm.task
            && self.bench(bench).is_none()
        {
            return Some(format!("needs sources with the bench target `{bench}`"));
        }
        if let Task::Firmware(firmware) = &arm.task
            && let Err(reason) = self.firmware(firmware)
        {
            return Some(reason);
        }
        self.launch.words_of(&arm.options).err()
    }

    /// Label for people: `host 3fa9c1e2`.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.artifact.target, self.artifact.version.label())
    }

    /// The arm's component as this version compiles it, from the cache or new;
    /// `wrapper` is put before the command.
    pub(crate) fn precompiled(
        &self,
        arm: &Arm,
        options: &[(String, Vec<String>)],
        cache: &Path,
        wrapper: &[String],
    ) -> Result<PathBuf, String> {
        let (Some(command), Some(component)) = (&self.launch.precompile, &arm.component) else {
            return Err("nothing to precompile".to_owned());
        };
        let component = component.path();
        let bytes =
            fs::read(component).map_err(|e| format!("cannot read {}: {e}", component.display()))?;
        // Options may change what is compiled, and so may a simulated processor.
        let how = Fill { options, ..Fill::default() }.command(command);
        let how = wrapper
            .iter()
            .chain(&how)
            .fold(Hasher::default(), |hasher, word| hasher.part("word", word));
        let name = format!(
            "{}-{}-{}.cwasm",
            self.artifact.binary_sha256.short(),
            Digest::of(&bytes).short(),
            how.finish().short()
        );
        let file = cache.join("precompiled").join(name);
        if file.is_file() {
            return Ok(file);
        }
        fs::create_dir_all(cache.join("precompiled"))
            .map_err(|e| format!("cannot create {}: {e}", cache.display()))?;
        let partial = file.with_extension(format!("partial-{}", std::process::id()));
        let (binary, component) = (self.binary.to_string_lossy(), component.to_string_lossy());
        let command = Fill {
            binary: &binary,
            component: &component,
            precompiled: &partial.to_string_lossy(),
            options,
            ..Fill::default()
        }
        .command(command);
        let command: Vec<String> = wrapper.iter().cloned().chain(command).collect();
        let failed = |what: String| format!("`{}` failed: {what}", command.join(" "));
        let output = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        fs::rename(&partial, &file).map_err(|error| failed(error.to_string()))?;
        Ok(file)
    }
}

fn ask_capabilities(command: &[String]) -> Result<BTreeSet<String>, String> {
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("it cannot be started ({error})"))?;
    let stdout = child.stdout.take();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        let _ = stdout.map(|stdout| stdout.take(64 * 1024).read_to_string(&mut text));
        text
    });
    let deadline = Instant::now() + CAPABILITIES_TIMEOUT;
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                let _ = child.kill().and_then(|()| child.wait().map(drop));
                return Err(format!("it did not answer within {CAPABILITIES_TIMEOUT:?}"));
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    let text = reader.join().map_err(|_| "its output could not be read".to_owned())?;
    let line = text.lines().find(|line| line.starts_with('{'));
    match line.map(serde_json::from_str::<CapabilitiesLine>) {
        Some(Ok(line)) => Ok(line.capabilities),
        Some(Err(error)) => Err(format!("its answer is not understood ({error})")),
        None => Err(format!("it printed no JSON line ({status})")),
    }
}

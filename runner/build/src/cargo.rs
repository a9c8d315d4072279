//! Runs cargo, writes down all it prints, and stops it when told to.
//! It must not know about versions or the cache of artifacts.

use crate::environment;
use crate::error::{BuildError, io};
use crate::layout::Layout;
use crate::toolchain::Toolchain;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::Deserialize;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Lines kept for the message of a failed build.
const LAST_LINES: usize = 20;
/// How often the cancel flag is looked at while cargo is silent.
const TICK: Duration = Duration::from_millis(100);
/// Silent ticks after cargo's end until its output is given up.
const LAST_TICKS: u32 = 20;

/// One call of cargo.
pub(crate) struct Call<'c> {
    /// Where it is called.
    pub(crate) folder: &'c Path,
    /// Cargo's target directory.
    pub(crate) target_folder: &'c Path,
    /// Cargo, or a program that calls it.
    pub(crate) program: &'c str,
    /// Its subcommand and the words after it.
    pub(crate) arguments: &'c [String],
    /// What it is told beside that.
    pub(crate) variables: &'c [(String, String)],
    /// Who compiles.
    pub(crate) toolchain: &'c Toolchain,
    /// Where all output goes; an earlier log is replaced.
    pub(crate) log: &'c Path,
    /// The cache.
    pub(crate) layout: &'c Layout,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) last_lines: Vec<String>,
    /// What it made, where it was asked to tell (`--message-format`).
    pub(crate) made: Vec<Made>,
}

/// An executable that cargo made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Made {
    /// The manifest of its package.
    pub(crate) manifest_path: PathBuf,
    pub(crate) target: MadeTarget,
    pub(crate) executable: PathBuf,
}

/// Which of its package's targets it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct MadeTarget {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
}

impl Ended {
    /// The executable of that name and kind.
    pub(crate) fn made(&self, kind: &str, name: &str) -> Option<&Made> {
        let is_it = |made: &&Made| {
            made.target.name == name && made.target.kind.iter().any(|known| known == kind)
        };
        self.made.iter().find(is_it)
    }
}

impl Call<'_> {
    /// Runs cargo to its end; `compiling` is called with each package begun.
    ///
    /// # Errors
    /// When cancelled, when cargo cannot be run or the log not be written;
    /// not when cargo fails.
    pub(crate) fn run(
        &self,
        cancel: &AtomicBool,
        mut compiling: impl FnMut(&str),
    ) -> Result<Ended, BuildError> {
        let mut log = self.begin_log()?;
        let writing = || io("writing", self.log);
        let child = self.command().spawn().map_err(|e| BuildError::Tool {
            program: "cargo",
            problem: format!("{e}; install Rust from https://rustup.rs"),
        })?;
        let mut running = Running(child);
        let lines = read_lines(running.0.stderr.take());
        let messages = read_lines(running.0.stdout.take());
        let mut last_lines = VecDeque::new();
        follow(
            &lines,
            cancel,
            || running.has_ended(),
            |line| {
                writeln!(log, "{line}").map_err(writing())?;
                if let Some(unit) = unit(&line) {
                    compiling(unit);
                }
                if last_lines.len() == LAST_LINES {
                    last_lines.pop_front();
                }
                last_lines.push_back(line);
                Ok(())
            },
        )?;
        let status = running.0.wait().map_err(io("waiting for cargo in", self.folder))?;
        let mut made = Vec::new();
        // What cargo told is in the channel, since it has ended.
        while let Ok(line) = messages.recv_timeout(TICK) {
            match serde_json::from_str(&line) {
                Ok(one) => made.push(one),
                // Of everything else it tells, the log knows.
                Err(_) => writeln!(log, "{line}").map_err(writing())?,
            }
        }
        Ok(Ended { status, last_lines: last_lines.into(), made })
    }

    fn command(&self) -> Command {
        let mut command = environment::command(self.program, self.layout.root());
        command
            .args(self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("CARGO_TERM_COLOR", "never")
            .current_dir(self.folder)
            .env("CARGO_TARGET_DIR", self.target_folder)
            // RUSTFLAGS for paths that may hold spaces; cargo takes them alike.
            .env("CARGO_ENCODED_RUSTFLAGS", self.toolchain.flags().join("\x1f"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group, so that its compilers can be stopped with it.
            .process_group(0);
        command
    }

    /// A log whose head says how to do the same by hand.
    fn begin_log(&self) -> Result<File, BuildError> {
        if let Some(folder) = self.log.parent() {
            fs::create_dir_all(folder).map_err(io("creating", folder))?;
        }
        let opening = || io("writing", self.log);
        // Emptied first, then appended to: cargo writes to the same file.
        File::create(self.log).map_err(opening())?;
        let mut log = File::options().append(true).open(self.log).map_err(opening())?;
        let told: String =
            self.variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        writeln!(
            log,
            "$ cd {}\n$ {}CARGO_TARGET_DIR={} RUSTFLAGS=\"{}\" {} {}\n# {}",
            self.folder.display(),
            told,
            self.target_folder.display(),
            self.toolchain.flags().join(" "),
            self.program,
            self.arguments.join(" "),
            self.toolchain.name(),
        )
        .map_err(opening())?;
        Ok(log)
    }
}

/// A running cargo, which does not outlive this value.
struct Running(Child);

impl Running {
    fn has_ended(&mut self) -> Result<bool, BuildError> {
        let ended = self.0.try_wait().map_err(io("waiting for", Path::new("cargo")))?;
        Ok(ended.is_some())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(None)) {
            return;
        }
        // Fails only when everything has ended by itself.
        let _ = killpg(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

/// Reads in a thread of its own, which ends with the stream.
fn read_lines(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in stream.into_iter().flat_map(|stream| BufReader::new(stream).split(b'\n')) {
            let Ok(line) = line else { return };
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Hands on every line until the stream ends. That cargo has ended is not
/// enough: its last lines, the error, may still be on their way. But something
/// it left behind may hold the stream open for ever, so that silence ends it too.
fn follow(
    lines: &Receiver<String>,
    cancel: &AtomicBool,
    mut has_ended: impl FnMut() -> Result<bool, BuildError>,
    mut take: impl FnMut(String) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    let mut silent_ticks = 0;
    while silent_ticks < LAST_TICKS {
        if cancel.load(Ordering::Relaxed) {
            return Err(BuildError::Cancelled);
        }
        match lines.recv_timeout(TICK) {
            Ok(line) => {
                silent_ticks = 0;
                take(line)?;
            }
            Err(RecvTimeoutError::Timeout) if has_ended()? => silent_ticks += 1,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// `foo v1.0.0` of `   Compiling foo v1.0.0 (/path)`.
fn unit(line: &str) -> Option<&str> {
    let unit = line.trim_start().strip_prefix("Compiling ")?;
    Some(unit.split(" (").next().unwrap_or(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_come_after_the_end_are_not_lost() {
        let followed = |sender_stays: bool| {
            let (sender, receiver) = mpsc::channel();
            let late = thread::spawn(move || {
                thread::sleep(3 * TICK);
                sender.send("error: late".to_owned()).unwrap();
                sender_stays.then_some(sender)
            });
            let mut taken = Vec::new();
            let take = |line| {
                taken.push(line);
                Ok(())
            };
            follow(&receiver, &AtomicBool::new(false), || Ok(true), take).unwrap();
            drop(late.join());
            taken
        };
        assert_eq!(followed(false), ["error: late"]);
        // A process that keeps the stream open does not keep us.
        assert_eq!(followed(true), ["error: late"]);
    }

    #[test]
    fn units_are_read_off_cargos_output() {
        assert_eq!(unit("   Compiling libc v0.2.180"), Some("libc v0.2.180"));
        assert_eq!(unit("   Compiling mini v0.1.0 (/cache/src/mini)"), Some("mini v0.1.0"));
        assert_eq!(unit("    Finished `release` profile"), None);
    }
}

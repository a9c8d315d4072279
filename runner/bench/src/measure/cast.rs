//! The running processes of a block, as one: when one of them dies the block
//! has failed, and none outlives it.

use super::counters::{Instructions, ProcessTree};
use super::process::Process;
use super::watchdog::{Watchdog, Watched};
use nix::unistd::Pid;
use std::thread;
use std::time::{Duration, Instant};

/// How long after a failure a process may take to turn out to be dead.
const PATIENCE: Duration = Duration::from_millis(50);
const POLL: Duration = Duration::from_millis(2);
/// What is kept of all logs together.
const LOG_CHARS: usize = 48 * 1024;

/// A failure on the way, with the last lines of whatever was running.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) reason: String,
    pub(crate) log_tail: String,
}

/// Processes, in the order they were started.
pub(super) struct Cast<'w> {
    /// Each is out of the watchdog's care before its number can be another's.
    processes: Vec<(Watched, Process)>,
    watchdog: &'w Watchdog,
    counted: Vec<Pid>,
    /// Of those that are counted.
    pub(super) instructions: Instructions,
}

impl Broken {
    /// A failure before anything ran.
    pub(super) fn early(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), log_tail: String::new() }
    }
}

impl<'w> Cast<'w> {
    /// Nobody yet.
    pub(super) fn watched_by(watchdog: &'w Watchdog) -> Self {
        let (processes, counted) = (Vec::new(), Vec::new());
        Self { processes, watchdog, counted, instructions: Instructions::default() }
    }

    /// Adds a process; whether what it uses is charged to what is measured.
    pub(super) fn add(&mut self, mut process: Process, is_counted: bool) {
        if let Some(instructions) = process.take_instructions().filter(|_| is_counted) {
            self.counted.push(process.pid());
            self.instructions.join(instructions);
        }
        self.processes.push((self.watchdog.watch(process.pid()), process));
    }

    /// The processes that are charged, with their descendants of this moment.
    pub(super) fn tree(&self) -> ProcessTree {
        ProcessTree::of(&self.counted)
    }

    /// The process that was added as number `index`.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Process> {
        self.processes.get_mut(index).map(|(_, process)| process)
    }

    pub(super) fn len(&self) -> usize {
        self.processes.len()
    }

    /// The last lines of all of them, those of the dead at the end.
    pub(super) fn log_tail(&mut self) -> String {
        self.processes.iter_mut().for_each(|(_, process)| process.hear_out());
        if let [(_, only)] = self.processes.as_slice() {
            return only.log().tail();
        }
        let mut tails: Vec<(bool, String)> = self
            .processes
            .iter_mut()
            .filter(|(_, process)| process.log().lines() > 0)
            .map(|(_, process)| {
                let tail = format!("== {}\n{}", process.name(), process.log().tail());
                (process.exited().is_some(), tail)
            })
            .collect();
        tails.sort_by_key(|(is_dead, _)| *is_dead);
        let tails: Vec<String> = tails.into_iter().map(|(_, tail)| tail).collect();
        let text = tails.join("\n");
        let surplus = text.chars().count().saturating_sub(LOG_CHARS);
        text.chars().skip(surplus).collect()
    }

    /// What went wrong; a process that died explains a broken connection
    /// better than the connection.
    pub(super) fn broken(&mut self, problem: &str) -> Broken {
        let deadline = Instant::now() + PATIENCE;
        let dead = loop {
            let dead = self.processes.iter_mut().find_map(|(_, process)| {
                let how = process.exited()?;
                Some((process.name().to_owned(), how))
            });
            match dead {
                None if Instant::now() < deadline => thread::sleep(POLL),
                dead => break dead,
            }
        };
        let reason = match dead {
            Some((name, how)) if !problem.contains(&how) => format!("{name} {how}: {problem}"),
            _ => problem.to_owned(),
        };
        Broken { reason, log_tail: self.log_tail() }
    }

    /// Stops them, the last one first; each has to stop as it should. Returns
    /// what they printed that nobody has read.
    pub(super) fn stop(mut self) -> Result<Vec<String>, Broken> {
        let log_tail = self.log_tail();
        let mut lines = Vec::new();
        while let Some((_watched, process)) = self.processes.pop() {
            let name = process.name().to_owned();
            let printed = process.stop().map_err(|problem| Broken {
                reason: format!("{name} {problem}"),
                log_tail: log_tail.clone(),
            })?;
            lines.extend(printed);
        }
        Ok(lines)
    }

    /// Waits for a single process that ends by itself, and should end well; the
    /// last lines it printed.
    pub(super) fn finish(mut self, patience: Duration) -> Result<String, Broken> {
        let log_tail = self.log_tail();
        let Some((_watched, mut process)) = self.processes.pop() else { return Ok(log_tail) };
        let name = process.name().to_owned();
        let broken =
            |how: String| Broken { reason: format!("{name} {how}"), log_tail: log_tail.clone() };
        match process.exit_within(patience) {
            Some(how) if how == "exited with code 0" => Ok(log_tail),
            Some(how) => Err(broken(how)),
            None => Err(broken("closed its standard output and did not end".to_owned())),
        }
    }
}

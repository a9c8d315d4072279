//! What else can be seen of a host under an arm's load, for `bench profile` and
//! `bench explain`: sampled stacks, counters, and what valgrind and strace count. Each look
//! is a fresh host with every answer checked, as in a block; nothing of it is stored. It
//! must not say what any of it means.

use super::block::{Bench, call, within_budget};
use super::cast::Broken;
use super::drivers::http::{Loaded, load_between};
use super::drivers::instructions::{PATIENCE, simulate_into};
use super::perf::{Perf, counts};
use super::stage::{Stage, Started, Variation};
use super::subject::Subject;
use super::{program, valgrind};
use load::Caller;
use model::{Arm, Task};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Tools that slow a host down get so many times the budget of a block.
const PATIENT: usize = 20;
/// Requests before those that are counted one by one, until pools are as they stay.
const WARMUP: u32 = 20;
/// What callgrind simulates beside counting instructions.
const CACHES: [&str; 2] = ["--cache-sim=yes", "--branch-sim=yes"];
/// The option and the value by which a target is asked to name its guests for perf.
const NAMING: (&str, &str) = ("guests", "named");

/// The option and the value that suites ask for where they count under valgrind.
const FEW: (&str, &str) = ("instances", "8");

/// Whether a profile names what runs inside guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// The host wrote a map of its machine code.
    Yes,
    /// It runs none, or does not say where.
    No(String),
}

/// Looks at one version of one arm.
pub(crate) struct Observer<'a> {
    bench: &'a Bench<'a>,
    subject: &'a Subject,
    arm: &'a Arm,
}

/// Counters over an arm's load.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) requests: u64,
    /// Event and count, or why there is none.
    pub(crate) counts: Vec<(String, Result<f64, String>)>,
}

/// Stacks were sampled over an arm's load.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) requests: u64,
    pub(crate) elapsed: Duration,
    pub(crate) guests: Named,
    /// Where the hosts said what their machine code is.
    maps: Vec<PathBuf>,
}

impl Drop for Recorded {
    /// Whoever writes such a map never removes it.
    fn drop(&mut self) {
        for map in &self.maps {
            let _ = fs::remove_file(map);
        }
    }
}

impl<'a> Observer<'a> {
    /// # Errors
    /// When the arm has no load that could be looked at.
    pub(crate) fn new(
        bench: &'a Bench<'a>,
        subject: &'a Subject,
        arm: &'a Arm,
    ) -> Result<Self, String> {
        if arm.task != Task::Ask || !arm.driver.has_load() {
            return Err(format!(
                "benchmark {} has no steady load to look at; those of the drivers http-latency, \
                 http-throughput, http-open-loop and instructions have",
                arm.benchmark
            ));
        }
        Ok(Self { bench, subject, arm })
    }

    /// Samples stacks under the arm's load for so long, into `data`.
    pub(crate) fn record(&self, measure: Duration, data: &Path) -> Result<Recorded, String> {
        let asked = (NAMING.0.to_owned(), NAMING.1.to_owned());
        let reason = match self.subject.launch.words_of(&[asked]) {
            Ok(options) => {
                let named = Variation { options, ..Variation::default() };
                match self.record_with(&named, measure, data) {
                    Ok(recorded) => return Ok(recorded),
                    // An older version may not know the flag.
                    Err(reason) => {
                        format!("it does not run with the option guests=named: {reason}")
                    }
                }
            }
            Err(_) => "its target has no option guests=named in bench.toml".to_owned(),
        };
        let mut recorded = self.record_with(&Variation::default(), measure, data)?;
        recorded.guests = Named::No(reason);
        Ok(recorded)
    }

    fn record_with(
        &self,
        variation: &Variation,
        measure: Duration,
        data: &Path,
    ) -> Result<Recorded, String> {
        self.with_host(variation, |started| {
            let pids: Vec<Pid> = started.tree().pids().collect();
            let begin = || Perf::record(&pids, data);
            let loaded = load_between(self.bench, self.arm, started, measure, begin, Perf::end)?;
            let Loaded { requests, elapsed, seen: () } = loaded;
            let map = |pid: &Pid| PathBuf::from(format!("/tmp/perf-{pid}.map"));
            let maps: Vec<PathBuf> = pids.iter().map(map).filter(|map| map.exists()).collect();
            let guests = match maps.is_empty() {
                true => Named::No("it wrote no map of its machine code".to_owned()),
                false => Named::Yes,
            };
            Ok(Recorded { requests, elapsed, guests, maps })
        })
    }

    /// Counts events under the arm's load for so long.
    pub(crate) fn count(&self, measure: Duration) -> Result<Counted, String> {
        self.with_host(&Variation::default(), |started| {
            let folder = tempfile::tempdir().map_err(|e| format!("creating a folder: {e}"))?;
            let file = folder.path().join("counts");
            let pids: Vec<Pid> = started.tree().pids().collect();
            let begin = || Perf::count(&pids, &file);
            let Loaded { requests, .. } =
                load_between(self.bench, self.arm, started, measure, begin, Perf::end)?;
            let text = fs::read_to_string(&file).map_err(|e| format!("reading counts: {e}"))?;
            Ok(Counted { requests, counts: counts(&text) })
        })
    }

    /// The files of callgrind over so many requests.
    pub(crate) fn simulate(&self, requests: u32) -> Result<Vec<String>, String> {
        let valgrind = find("valgrind")?;
        let stage = Stage::prepare(self.bench, self.subject, self.arm, PATIENT)?;
        let precompiled = stage.precompiled_by(&valgrind::run(&valgrind))?;
        let folder = stage.scratch()?;
        let variation = Variation {
            wrapper: valgrind::count(&valgrind, folder.path(), &CACHES),
            precompiled,
            options: self.few_instances(),
            ..Variation::default()
        };
        let simulated = simulate_into(&stage, &valgrind, variation, folder.path(), requests);
        within_budget(&stage, simulated).map_err(said)?;
        valgrind::texts(folder.path())
    }

    /// The files of DHAT, of a host from its start to its end that was asked so many
    /// times in between.
    pub(crate) fn allocate(&self, requests: u32) -> Result<Vec<String>, String> {
        let valgrind = find("valgrind")?;
        let stage = Stage::prepare(self.bench, self.subject, self.arm, PATIENT)?;
        let folder = stage.scratch()?;
        let variation = Variation {
            wrapper: valgrind::heap(&valgrind, folder.path()),
            precompiled: stage.precompiled_by(&valgrind::run(&valgrind))?,
            options: self.few_instances(),
            ready_timeout: Some(PATIENCE),
            ..Variation::default()
        };
        let asked = stage.with_host(&variation, |started| self.ask(started, WARMUP + requests));
        within_budget(&stage, asked).map_err(said)?;
        valgrind::texts(folder.path())
    }

    /// What strace wrote down of so many requests: a line for each system call.
    pub(crate) fn trace(&self, requests: u32) -> Result<String, String> {
        let strace = find("strace")?;
        let folder = tempfile::tempdir().map_err(|e| format!("creating a folder: {e}"))?;
        let file = folder.path().join("calls");
        // With -D the host keeps its number, and strace is the one that is beside it.
        let words = [&strace.to_string_lossy(), "-D", "-f", "-qq", "-s", "0", "-e", "signal=none"];
        let mut wrapper: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        wrapper.extend(["-o".to_owned(), file.to_string_lossy().into_owned()]);
        let variation =
            Variation { wrapper, ready_timeout: Some(PATIENCE), ..Variation::default() };
        let written = || fs::read(&file).map_err(|e| format!("reading what strace wrote: {e}"));
        self.with_host(&variation, |started| {
            let call = call(self.arm, started.ready.addr);
            let mut caller = Caller::new(&call, PATIENCE).map_err(|e| e.to_string())?;
            let mut ask =
                |times| caller.ask(times, self.bench.cancel).map_err(|stopped| stopped.to_string());
            ask(WARMUP)?;
            let before = written()?.len();
            ask(requests)?;
            let after = written()?;
            Ok(String::from_utf8_lossy(after.get(before..).unwrap_or_default()).into_owned())
        })
    }

    /// Words for a small pool, where the target has an option for that and the arm does not
    /// set it: valgrind has not the address space of a large one.
    fn few_instances(&self) -> Vec<(String, Vec<String>)> {
        if self.arm.options.iter().any(|(name, _)| name == FEW.0) {
            return Vec::new();
        }
        let asked = (FEW.0.to_owned(), FEW.1.to_owned());
        self.subject.launch.words_of(&[asked]).unwrap_or_default()
    }

    fn ask(&self, started: &Started<'_>, times: u32) -> Result<(), String> {
        let call = call(self.arm, started.ready.addr);
        let mut caller = Caller::new(&call, PATIENCE).map_err(|failure| failure.to_string())?;
        caller.ask(times, self.bench.cancel).map_err(|stopped| stopped.to_string())
    }

    fn with_host<T>(
        &self,
        variation: &Variation,
        drive: impl FnOnce(&mut Started<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        let stage = Stage::prepare(self.bench, self.subject, self.arm, PATIENT)?;
        within_budget(&stage, stage.with_host(variation, drive)).map_err(said)
    }
}

fn find(name: &str) -> Result<PathBuf, String> {
    program::find(name).ok_or_else(|| format!("{name} is not installed"))
}

fn said(broken: Broken) -> String {
    match broken.log_tail.lines().last() {
        Some(last) => format!("{} (its last line: {last})", broken.reason),
        None => broken.reason,
    }
}

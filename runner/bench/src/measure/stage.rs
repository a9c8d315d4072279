//! What one block stands on: a version, an arm, and the processes they need,
//! started in order: those beside the hosts, the hosts, the front. It must not
//! send load, other than to see whether a process is ready.

use super::block::Bench;
use super::cast::{Broken, Cast};
use super::counters::{Instructions, ProcessTree};
use super::fill::{Fill, named};
use super::process::{Command, Process};
use super::program;
use super::ready::{ReadyHost, Wait, free_addrs};
use super::subject::Subject;
use super::template::{self, Context};
use super::valgrind;
pub(super) use super::variation::Variation;
use super::watchdog::Watchdog;
use model::{Arm, Component, InputFile, ProcessSpec, Program, Ready, Role};
use std::cell::RefCell;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Of processes that bench.toml says nothing about.
const READY_TIMEOUT: Duration = Duration::from_secs(10);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A version, an arm, and where they are measured.
pub(crate) struct Stage<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) subject: &'a Subject,
    pub(super) arm: &'a Arm,
    /// The component as this version compiles it, where the arm starts from that.
    pub(super) precompiled: Option<PathBuf>,
    /// The same compiled for valgrind's processor, where the arm needs that.
    pub(super) precompiled_for_valgrind: Option<PathBuf>,
    pub(super) watchdog: Watchdog,
    /// What the processes beside the hosts printed on their standard output after
    /// they were ready.
    pub(super) told: RefCell<Vec<String>>,
    options: Vec<(String, Vec<String>)>,
}

/// Everything runs and is ready.
pub(crate) struct Started<'w> {
    /// Whom to ask: the front, or the host; with the host's own account of how
    /// it started.
    pub(crate) ready: ReadyHost,
    /// When the first host was started.
    pub(crate) started_at: Instant,
    /// Of all processes that are charged.
    pub(crate) instructions: Instructions,
    cast: Cast<'w>,
    // Last, so that it goes when nobody uses it any more.
    _scratch: TempDir,
}

impl Started<'_> {
    /// All processes that are charged, with their descendants of this moment.
    pub(crate) fn tree(&self) -> ProcessTree {
        self.cast.tree()
    }
}

impl<'a> Stage<'a> {
    /// Gets ready what is no part of a block: the precompiled component. The budget
    /// is for as many blocks as are measured `together`.
    pub(super) fn prepare(
        bench: &'a Bench<'a>,
        subject: &'a Subject,
        arm: &'a Arm,
        together: usize,
    ) -> Result<Self, String> {
        let components = std::path::absolute(&arm.components_dir).unwrap_or_default();
        let components = components.to_string_lossy();
        let code = bench.cache.join("code");
        let code = code.to_string_lossy();
        let mut options = subject.launch.words_of(&arm.options)?;
        for word in options.iter_mut().flat_map(|(_, words)| words) {
            *word = named(word, &[("components", &components), ("code", &code)]);
        }
        let precompile = |wrapper: &[String]| match arm.precompile {
            true => subject.precompiled(arm, &options, &bench.cache, wrapper).map(Some),
            false => Ok(None),
        };
        let precompiled = precompile(&[])?;
        let precompiled_for_valgrind = match valgrind::needed(arm) {
            Some(valgrind) => precompile(&valgrind::run(&valgrind))?,
            None => None,
        };
        let told = RefCell::default();
        // The clock of a block begins here.
        let budget_s = u64::from(arm.budget_s) * together as u64;
        let watchdog = Watchdog::after(Duration::from_secs(budget_s));
        Ok(Self {
            bench,
            subject,
            arm,
            precompiled,
            precompiled_for_valgrind,
            watchdog,
            told,
            options,
        })
    }

    /// The component as this version compiles it behind a wrapper, where the arm starts
    /// from that.
    pub(super) fn precompiled_by(&self, wrapper: &[String]) -> Result<Option<PathBuf>, String> {
        let Self { bench, subject, arm, options, .. } = self;
        let compile = || subject.precompiled(arm, options, &bench.cache, wrapper);
        arm.precompile.then(compile).transpose()
    }

    /// Starts everything, lets `drive` use it, stops it. An answer is only good
    /// when every process also stopped as it should.
    pub(super) fn with_host<T>(
        &self,
        variation: &Variation,
        drive: impl FnOnce(&mut Started<'_>) -> Result<T, String>,
    ) -> Result<T, Broken> {
        let mut started = self.start(variation)?;
        let driven = drive(&mut started);
        self.end(started, driven)
    }

    /// The same for several stages at once, each with a result of its own: `drive`
    /// gets those whose processes started, in order, and answers for each.
    pub(super) fn with_hosts<T>(
        stages: &[&Self],
        drive: impl FnOnce(Vec<&mut Started<'_>>) -> Vec<Result<T, String>>,
    ) -> Vec<Result<T, Broken>> {
        let as_it_says = Variation::default();
        let mut all: Vec<_> = stages.iter().map(|stage| stage.start(&as_it_says)).collect();
        let mut driven = drive(all.iter_mut().flatten().collect()).into_iter();
        let mut next = || driven.next().unwrap_or_else(|| Err("it was not driven".to_owned()));
        let ends = stages.iter().zip(all).map(|(stage, started)| stage.end(started?, next()));
        ends.collect()
    }

    fn end<T>(&self, mut started: Started<'_>, driven: Result<T, String>) -> Result<T, Broken> {
        let driven = driven.map_err(|problem| started.cast.broken(&problem))?;
        self.told.borrow_mut().extend(started.cast.stop()?);
        Ok(driven)
    }

    /// A folder for one use, gone afterwards.
    pub(super) fn scratch(&self) -> Result<TempDir, String> {
        let folder = self.bench.cache.join("scratch");
        let made = fs::create_dir_all(&folder)
            .and_then(|()| tempfile::Builder::new().prefix("block-").tempdir_in(&folder));
        made.map_err(|error| format!("cannot create a folder in {}: {error}", folder.display()))
    }

    fn start(&self, variation: &Variation) -> Result<Started<'_>, Broken> {
        let scratch = self.scratch().map_err(Broken::early)?;
        let mut context = Context::of(self.arm);
        if let Some(workloads) = variation.workloads {
            context = context.with("workloads", workloads);
        }
        let cast = Cast::watched_by(&self.watchdog);
        let mut starting =
            Starting { stage: self, context, scratch: scratch.path().to_owned(), cast };
        match starting.all(variation) {
            Ok((ready, started_at)) => {
                let mut cast = starting.cast;
                let instructions = std::mem::take(&mut cast.instructions);
                Ok(Started { ready, started_at, instructions, cast, _scratch: scratch })
            }
            Err(problem) => Err(starting.cast.broken(&problem)),
        }
    }

    /// The workload of the first host, ready to be read by a program that lets
    /// it listen at `addr`.
    pub(super) fn first_workload(
        &self,
        addr: SocketAddr,
        scratch: &Path,
    ) -> Result<Option<PathBuf>, String> {
        let context = Context::of(self.arm).with("index", 0).at(addr);
        let file = self.arm.hosts.first().and_then(Option::as_ref);
        file.map(|file| self.text(file, &context, scratch, "host-0")).transpose()
    }

    /// The file itself, or what a template becomes, in a scratch folder.
    fn text(
        &self,
        file: &InputFile,
        context: &Context,
        scratch: &Path,
        name: &str,
    ) -> Result<PathBuf, String> {
        if !file.is_template() {
            return Ok(file.path().to_owned());
        }
        let text = template::render(file, self.arm, context).map_err(|e| e.to_string())?;
        let stem = file.path().file_stem().unwrap_or_default().to_string_lossy();
        let path = scratch.join(format!("{name}-{stem}"));
        fs::write(&path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        Ok(path)
    }
}

/// Half-way through a start.
struct Starting<'a> {
    stage: &'a Stage<'a>,
    context: Context,
    scratch: PathBuf,
    cast: Cast<'a>,
}

impl Starting<'_> {
    fn all(&mut self, variation: &Variation) -> Result<(ReadyHost, Instant), String> {
        let (front, before): (Vec<&ProcessSpec>, Vec<_>) =
            self.stage.arm.processes.iter().partition(|process| process.role == Role::Front);
        for process in before {
            let addr = self.beside(process, &self.context.clone(), variation)?.addr;
            self.context.add_process(&process.name, addr);
        }
        let (mut ready, started_at) = self.hosts(variation)?;
        let backends: Vec<String> = ready.iter().map(|ready| ready.addr.to_string()).collect();
        let mut asked = ready.swap_remove(0);
        if let Some(front) = front.first() {
            let context = self.context.clone().with("backends", backends);
            asked.addr = self.beside(front, &context, variation)?.addr;
        }
        Ok((asked, started_at))
    }

    /// Starts all hosts, then waits for each.
    fn hosts(&mut self, variation: &Variation) -> Result<(Vec<ReadyHost>, Instant), String> {
        let stage = self.stage;
        let launch = &stage.subject.launch;
        let hosts = &stage.arm.hosts;
        let asks_for_addr = || hosts.iter().flatten().any(template::asks_for_addr);
        let addrs = match launch.ready {
            Ready::JsonLine if !asks_for_addr() => {
                vec![SocketAddr::from(([127, 0, 0, 1], 0)); hosts.len()]
            }
            _ => free_addrs(hosts.len())?,
        };
        let first = self.cast.len();
        for (index, (workload, addr)) in hosts.iter().zip(&addrs).enumerate() {
            let name = match hosts.len() {
                1 => "the host".to_owned(),
                _ => format!("host {index}"),
            };
            let process = self.host(name, index, workload.as_ref(), *addr, variation)?;
            self.cast.add(process, true);
        }
        let timeout = variation.ready_timeout.unwrap_or(launch.ready_timeout);
        let mut ready: Vec<ReadyHost> = Vec::new();
        let mut started_at = Instant::now();
        for (index, addr) in addrs.into_iter().enumerate() {
            let wait = Wait { ready: &launch.ready, addr, timeout, cancel: stage.bench.cancel };
            let Some(process) = self.cast.get_mut(first + index) else { break };
            started_at = started_at.min(process.started_at());
            let name = process.name().to_owned();
            let host = wait.until_ready(process).map_err(|problem| format!("{name} {problem}"))?;
            // What a host prints further is in its log.
            drop(process.take_lines());
            let all_after = process.started_at() + host.after - started_at;
            ready.push(host);
            // The first one speaks for all of them.
            ready[0].after = ready[0].after.max(all_after);
        }
        Ok((ready, started_at))
    }

    fn host(
        &self,
        name: String,
        index: usize,
        workload: Option<&InputFile>,
        addr: SocketAddr,
        variation: &Variation,
    ) -> Result<Process, String> {
        let Stage { bench, subject, arm, precompiled, options, .. } = self.stage;
        let context = self.context.clone().with("index", index).at(addr);
        let name_of_file = format!("host-{index}");
        let file =
            workload.map(|file| self.stage.text(file, &context, &self.scratch, &name_of_file));
        let file = file.transpose()?.unwrap_or_default();
        let launch = &subject.launch;
        let precompiled = variation.precompiled.as_ref().or(precompiled.as_ref());
        let options = [options.as_slice(), &variation.options].concat();
        let words = match (&launch.start_precompiled, precompiled) {
            (Some(words), Some(_)) => words,
            _ => &launch.start,
        };
        let text = |path: Option<&Path>| {
            path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let fill = Fill {
            binary: &subject.binary.to_string_lossy(),
            workload: &file.to_string_lossy(),
            component: &text(arm.component.as_ref().map(Component::path)),
            precompiled: &text(precompiled.map(PathBuf::as_path)),
            addr: &addr.to_string(),
            options: &options,
        };
        let directory = workload.and_then(|file| file.path().parent());
        let words = variation.wrapper.iter().cloned().chain(fill.start(words)).collect();
        Process::start(Command {
            name,
            words,
            environment: &launch.environment,
            directory: directory.unwrap_or(&bench.cache),
            cpus: &bench.placement.host,
            stop_timeout: variation.stop_timeout(launch.stop_timeout),
        })
    }

    /// Starts a process beside the hosts and waits for it.
    fn beside(
        &mut self,
        process: &ProcessSpec,
        context: &Context,
        variation: &Variation,
    ) -> Result<ReadyHost, String> {
        let bench = self.stage.bench;
        let name = format!("{} {}", process.role.word(), process.name);
        let anchor = match process.program {
            Program::Anchor => Some(
                bench.anchor.ok_or_else(|| format!("{name} is the anchor, and there is none"))?,
            ),
            _ => None,
        };
        let ready = anchor.map_or(&process.ready, |anchor| &anchor.launch.ready);
        let addr = match ready {
            Ready::JsonLine => SocketAddr::from(([127, 0, 0, 1], 0)),
            Ready::Http { .. } | Ready::Tcp => free_addrs(1)?[0],
        };
        let words = match anchor {
            Some(anchor) if process.start.is_empty() => {
                let (binary, addr) = (anchor.binary.to_string_lossy(), addr.to_string());
                Fill { binary: &binary, addr: &addr, ..Fill::default() }.start(&anchor.launch.start)
            }
            _ => self.words(process, addr, context)?,
        };
        let is_charged = process.role.is_counted();
        let wrapper = variation.wrapper.iter().filter(|_| is_charged).cloned();
        let words = wrapper.chain(words).collect();
        let is_outside = process.role == Role::Backend;
        let cpus = if is_outside { &bench.placement.generator } else { &bench.placement.host };
        let running = Process::start(Command {
            name: name.clone(),
            words,
            environment: anchor.map_or(&[], |anchor| &anchor.launch.environment),
            directory: &self.scratch,
            cpus,
            stop_timeout: anchor.map_or(STOP_TIMEOUT, |anchor| anchor.launch.stop_timeout),
        })?;
        let index = self.cast.len();
        self.cast.add(running, is_charged);
        let usual = anchor.map_or(READY_TIMEOUT, |anchor| anchor.launch.ready_timeout);
        let timeout = variation.ready_timeout.unwrap_or(usual);
        let wait = Wait { ready, addr, timeout, cancel: bench.cancel };
        let running = self.cast.get_mut(index).ok_or("a process is gone")?;
        wait.until_ready(running).map_err(|problem| format!("{name} {problem}"))
    }

    fn words(
        &self,
        process: &ProcessSpec,
        addr: SocketAddr,
        context: &Context,
    ) -> Result<Vec<String>, String> {
        let program = match &process.program {
            Program::Installed(name) => {
                program::find(name).ok_or_else(|| format!("{name} is not installed"))?
            }
            Program::Own(path) => path.clone(),
            Program::Anchor => {
                self.stage.bench.anchor.map(|anchor| anchor.binary.clone()).unwrap_or_default()
            }
        };
        let scratch = self.scratch.to_string_lossy();
        let context = context.clone().at(addr).with("scratch", scratch.clone().into_owned());
        let config = process.config.as_ref();
        let config =
            config.map(|file| self.stage.text(file, &context, &self.scratch, &process.name));
        let config = config.transpose()?;
        let values = [
            ("program", program.to_string_lossy().into_owned()),
            ("config", config.unwrap_or_default().to_string_lossy().into_owned()),
            ("addr", addr.to_string()),
            ("port", addr.port().to_string()),
            ("scratch", scratch.into_owned()),
            ("suite", self.stage.arm.dir.to_string_lossy().into_owned()),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        Ok(process.start.iter().map(|word| named(word, &values)).collect())
    }
}

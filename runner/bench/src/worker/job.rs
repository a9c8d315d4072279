//! One job: its command is this program, as a process of its own, so that whatever
//! happens to it the worker can tell. The process dies with the worker.

use super::{Client, Failure, Stop};
use crate::measure::launch;
use crate::project::Project;
use anyhow::{Context, Result, ensure};
use model::{RunId, RunStatus, VersionId, bundle};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serve::{FinishIn, LeaseOut, RenewIn};
use std::collections::{HashSet, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::{JobKind, Store, StoreError};
use tokio::runtime::Runtime;

/// After being asked to end; a block under way is thrown away within that.
const LAST_WORDS: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Of what a command prints.
const MOST_OUTPUT_BYTES: u64 = 4 << 20;
const MOST_OUTCOME_BYTES: usize = 2 << 20;
/// Lines that wait to be told.
const MOST_LINES: usize = 500;

/// Why a command was asked to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// By itself.
    ByItself,
    /// Somebody took the job back.
    Cancelled,
    /// Another worker has it.
    Lost,
    /// This worker stops.
    Stopping,
}

/// Does a job; says what came of it.
pub(crate) fn work(
    project: &Project,
    client: &Client,
    leased: &LeaseOut,
    stop: &Stop,
    runtime: &Runtime,
) -> Result<String> {
    let finish = |exit_code: Option<i64>, outcome: &str, retry: bool| {
        let outcome = outcome.chars().take(MOST_OUTCOME_BYTES).collect();
        let told = FinishIn { lease: leased.lease.clone(), exit_code, outcome, retry };
        match client.finish(&leased.job.job, &told) {
            Ok(job) => Ok(job.status),
            Err(failure) if failure.is_lost() => Ok("it is another worker's by now".to_owned()),
            Err(failure) if failure.is_passing() => Ok(format!("{failure}; its lease will end")),
            Err(failure) => Err(failure.into()),
        }
    };
    // The service is believed as little as anybody else.
    let kind = JobKind::named(&leased.job.kind);
    let checked = kind.ok_or_else(|| format!("kind: `{}` is not known", leased.job.kind));
    if let Err(refusal) =
        checked.and_then(|kind| serve::check_arguments(kind, &leased.job.arguments))
    {
        return finish(None, &format!("this worker refuses: {refusal}"), false);
    }
    let before = runtime.block_on(complete(project))?;
    let child = start(project, leased)?;
    let (ended, status, output) = attend(child, client, leased, stop)?;
    match ended {
        Ended::Lost => return Ok("another worker has it, so its command was ended".to_owned()),
        Ended::Cancelled => return finish(None, "cancelled", false),
        Ended::Stopping => return finish(None, "the worker was stopped", true),
        Ended::ByItself => {}
    }
    let measured: Vec<RunId> = runtime
        .block_on(complete(project))?
        .into_iter()
        .filter(|run| !before.contains(run))
        .collect();
    match upload(project, client, &measured, runtime) {
        Ok(()) => {}
        Err(failure) => {
            let retry = failure.downcast_ref::<Failure>().is_some_and(Failure::is_passing);
            return finish(None, &format!("uploading: {failure:#}"), retry);
        }
    }
    match status.code() {
        Some(code) => finish(Some(i64::from(code)), &output, false),
        None => finish(None, &format!("its command was killed ({status})\n{output}"), true),
    }
}

/// Fetches what may have been pushed since, and the commits that a job names: those of a
/// pull request are on no branch here. A checkout that is on a branch follows it, so that
/// rules and suites are the present ones. Nobody is there to be asked for a password.
pub(crate) fn fetch(checkout: &Path, arguments: &[String]) -> Result<()> {
    git(checkout, &["fetch", "--quiet", "--tags", "origin"])?;
    if git(checkout, &["rev-parse", "--quiet", "--verify", "@{upstream}"]).is_ok() {
        git(checkout, &["merge", "--quiet", "--ff-only", "@{upstream}"])?;
    }
    for word in arguments {
        let commit = word.rsplit('@').next().unwrap_or(word);
        let is_here =
            || git(checkout, &["cat-file", "-e", &format!("{commit}^{{commit}}")]).is_ok();
        if VersionId::is_commit_hash(commit) && !is_here() {
            git(checkout, &["fetch", "--quiet", "origin", commit])?;
        }
    }
    Ok(())
}

fn git(checkout: &Path, words: &[&str]) -> Result<()> {
    let mut git = Command::new("git");
    git.args(words).current_dir(checkout);
    let output = git.env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null()).output();
    let output = output.context("starting git")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let (words, said) = (words.join(" "), said.trim());
    ensure!(output.status.success(), "git {words} in {}: {said}", checkout.display());
    Ok(())
}

/// The complete runs of this machine's database.
async fn complete(project: &Project) -> Result<HashSet<RunId>> {
    match Store::open_read_only(&project.database).await {
        Ok(store) => Ok(store.visible_runs().await?.into_iter().collect()),
        Err(StoreError::NotFound { .. } | StoreError::Empty { .. }) => Ok(HashSet::new()),
        Err(error) => Err(error.into()),
    }
}

fn start(project: &Project, leased: &LeaseOut) -> Result<Child> {
    let own = std::env::current_exe().context("finding this program")?;
    let words = |path: &Path| path.display().to_string();
    let mut command = vec![words(&own), leased.job.kind.clone()];
    command.extend(leased.job.arguments.iter().cloned());
    command.push("--json".to_owned());
    command.extend(["--db".to_owned(), words(&std::path::absolute(&project.database)?)]);
    command.extend(["--config".to_owned(), words(&project.root.join("bench.toml"))]);
    command.extend(["--cache".to_owned(), words(&project.cache)]);
    let gate = launch::start(&command, &[], &project.root, &[])
        .context("starting the command of a job")?;
    let (child, _) = gate.open().context("starting the command of a job")?;
    Ok(child)
}

/// Waits for the command, tells what it says, and ends it when it has to.
fn attend(
    mut child: Child,
    client: &Client,
    leased: &LeaseOut,
    stop: &Stop,
) -> Result<(Ended, ExitStatus, String)> {
    let said: Arc<Mutex<VecDeque<String>>> = Arc::default();
    let output = child.stdout.take().map(|stdout| {
        std::thread::spawn(move || {
            let (mut text, mut stdout) = (Vec::new(), stdout);
            // What is longer is read and left out: a full pipe would stop the command.
            let _ = (&mut stdout).take(MOST_OUTPUT_BYTES).read_to_end(&mut text);
            let _ = std::io::copy(&mut stdout, &mut std::io::sink());
            String::from_utf8_lossy(&text).into_owned()
        })
    });
    if let Some(stderr) = child.stderr.take() {
        let said = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                if said.len() == MOST_LINES {
                    said.pop_front();
                }
                said.push_back(line);
            }
        });
    }
    let every = Duration::from_secs_f64(leased.renew_within_s.clamp(0.2, 300.0));
    let (mut told_at, mut ended, mut asked_at) = (Instant::now(), Ended::ByItself, None::<Instant>);
    let status = loop {
        let waited = child.try_wait().context("waiting for the command of a job")?;
        if let Some(status) = waited {
            break status;
        }
        if told_at.elapsed() >= every {
            told_at = Instant::now();
            ended = tell(client, leased, &said).unwrap_or(ended);
        }
        if stop.is_asked() && ended == Ended::ByItself {
            ended = Ended::Stopping;
        }
        if ended != Ended::ByItself {
            let pid = Pid::from_raw(child.id().cast_signed());
            // It may have ended meanwhile; the wait tells.
            match asked_at {
                None => {
                    let _ = kill(pid, Signal::SIGTERM);
                    asked_at = Some(Instant::now());
                }
                Some(at) if at.elapsed() > LAST_WORDS => drop(child.kill()),
                Some(_) => {}
            }
        }
        std::thread::sleep(LOOK_EVERY);
    };
    let _ = tell(client, leased, &said);
    let output = output.and_then(|reader| reader.join().ok()).unwrap_or_default();
    let output = if output.trim().is_empty() { last_line(&said) } else { output };
    Ok((ended, status, output))
}

/// Tells what was said; why the command must end, if it must.
fn tell(client: &Client, leased: &LeaseOut, said: &Mutex<VecDeque<String>>) -> Option<Ended> {
    let told: Vec<String> = said.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
    let renewed =
        client.renew(&leased.job.job, &RenewIn { lease: leased.lease.clone(), told: told.clone() });
    match renewed {
        Ok(renewed) if renewed.go_on => None,
        Ok(_) => Some(Ended::Cancelled),
        Err(failure) if failure.is_lost() => Some(Ended::Lost),
        Err(_) => {
            // The next attempt tells it; meanwhile the lease goes on.
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            told.into_iter().rev().for_each(|line| said.push_front(line));
            said.truncate(MOST_LINES);
            None
        }
    }
}

fn last_line(said: &Mutex<VecDeque<String>>) -> String {
    said.lock().unwrap_or_else(PoisonError::into_inner).back().cloned().unwrap_or_default()
}

fn upload(project: &Project, client: &Client, runs: &[RunId], runtime: &Runtime) -> Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    let store = runtime.block_on(Store::open_read_only(&project.database))?;
    for id in runs {
        let run = runtime.block_on(store.run(id.as_str()))?;
        if run.status != RunStatus::Complete {
            continue;
        }
        let mut bytes = Vec::new();
        bundle::write(&mut bytes, [&run])?;
        client.upload(&bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::Parser as _;
    use store::JobKind;

    /// What the service takes as a job, a worker's `bench` must not refuse.
    #[test]
    fn the_arguments_of_a_job_are_those_of_its_command() {
        for kind in JobKind::ALL {
            let arguments = match kind {
                JobKind::Run => "main --suite size --quick",
                JobKind::Compare => "v1 v2 --suite size --blocks 6 --budget 10m",
                JobKind::Gate => "--baseline v1 --candidate v2 --release v0 --budget 10m",
                JobKind::Backfill => "host v1..v2%8 --suite size",
                JobKind::Bisect => "v1 v2 --suite size --metric flash_bytes",
                JobKind::Calibrate => "--version native --rounds 12 --only-same",
            };
            let words: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
            serve::check_arguments(kind, &words).unwrap();
            let command = ["bench", kind.word()].map(str::to_owned).into_iter().chain(words);
            Cli::try_parse_from(command.chain(["--json".to_owned()])).unwrap();
        }
    }
}

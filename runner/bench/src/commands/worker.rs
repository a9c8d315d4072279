//! `bench worker`: asks a service what to measure, does it with this very program, and
//! uploads what was measured.

use crate::cli::Worker;
use crate::exit::Exit;
use crate::measure::Placement;
use crate::output::note;
use crate::project::Project;
use crate::testbed;
use crate::worker::{Client, Stop, job};
use anyhow::{Context, Result};
use serve::LeaseIn;
use std::time::Duration;

pub(super) fn run(
    project: &Project,
    arguments: &Worker,
    runtime: tokio::runtime::Runtime,
) -> Result<Exit> {
    let token = std::fs::read_to_string(&arguments.token_file);
    let token = token.with_context(|| format!("reading {}", arguments.token_file.display()))?;
    let client = Client::new(&arguments.server, token.trim())?;
    let placement = Placement::of_this_process().context("reading the CPUs of this process")?;
    let epoch = testbed::read(project.config.measurement_protocol, &placement).epoch();
    let name = arguments.name.clone().or_else(|| testbed::line("/proc/sys/kernel/hostname"));
    let asked = LeaseIn { worker: name.unwrap_or_else(|| "unnamed".to_owned()), testbed: epoch };
    let stop = Stop::on_signals()?;
    note(&format!("{} works for {} on testbed {}", asked.worker, arguments.server, asked.testbed));
    while !stop.is_asked() {
        match client.lease(&asked) {
            Ok(Some(leased)) => {
                note(&format!(
                    "job {}: {} {}",
                    leased.job.job,
                    leased.job.kind,
                    leased.job.arguments.join(" ")
                ));
                if arguments.fetch
                    && let Err(error) = job::fetch(&project.root, &leased.job.arguments)
                {
                    // What is asked for may be here already; if not, the command says so.
                    note(&format!("{error:#}"));
                }
                let came = job::work(project, &client, &leased, &stop, &runtime)?;
                note(&format!("job {}: {came}", leased.job.job));
            }
            Ok(None) if arguments.once => break,
            Ok(None) => stop.wait(Duration::from_secs(arguments.every)),
            Err(error) if error.is_passing() && !arguments.once => {
                note(&format!("{error}; trying again"));
                stop.wait(Duration::from_secs(arguments.every));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(if stop.is_asked() { Exit::Incomplete } else { Exit::Fine })
}

//! `bench doctor`: what makes this machine noisy, and what to do about it.

use crate::cli::Doctor;
use crate::doctor::{self, Check, State};
use crate::exit::Exit;
use crate::measure::Placement;
use crate::output::{self, BAD, GOOD, QUIET, UNSURE, note};
use crate::project::Project;
use crate::testbed;
use anyhow::{Context, Result};

pub(super) fn run(project: &Project, arguments: &Doctor) -> Result<Exit> {
    let checks = doctor::examine();
    let placement = Placement::of_this_process().context("reading the CPUs of this process")?;
    let testbed = testbed::read(project.config.measurement_protocol, &placement);
    let noisy = checks.iter().filter(|check| check.state == State::Noisy).count();
    if arguments.json {
        let told = serde_json::json!({
            "noisy": noisy, "checks": checks, "epoch": testbed.epoch(), "testbed": testbed });
        println!("{told}");
    } else {
        print(&checks);
        note(&format!("testbed: epoch {}", testbed.epoch()));
    }
    // Strict is for scripts that must not go on to measure.
    Ok(if arguments.strict && noisy > 0 { Exit::BadInput } else { Exit::Fine })
}

fn print(checks: &[Check]) {
    let row = |check: &Check| {
        let style = match check.state {
            State::Fine => GOOD,
            State::Noisy => BAD,
            State::Unknown => UNSURE,
        };
        let word = check.state.word();
        vec![format!("{style}{word}{style:#}"), check.name.to_owned(), check.found.clone()]
    };
    let rows = checks.iter().map(row).collect();
    anstream::println!("{}", output::table(&["", "what", "found"], &[], rows));
    for check in checks {
        let Some(fix) = &check.fix else { continue };
        anstream::println!(
            "\n{BAD}{}{BAD:#}: {}\n  {QUIET}->{QUIET:#} {fix}",
            check.name,
            check.why
        );
    }
}

//! `bench`, the command line of arewefastyet: builds hosts at any version,
//! measures them, compares them, publishes what was seen.
//!
//! From outside in: `cli` (what can be typed), `commands` (one file each),
//! `session` (build, plan, measure, store), `obtain` (versions to binaries), `plan` (which blocks in which
//! order), `measure` (one block), `adaptive` (how far to measure), `verdicts` (numbers to comparisons),
//! `gate` (comparisons to whether a release may go out), `report` (both to text), `history` and
//! `alerts` (runs to changes of level), `profiling` and `explain` (where a host's time goes, and why), `calibration` (how often all that is wrong), `campaign` (many
//! versions, a run each), `queue` (in which order), `shards` (on which machine), `worker` (what a service
//! asks for).

mod adaptive;
mod alerts;
mod bisect;
mod bridge;
mod calibration;
mod campaign;
mod choice;
mod cli;
mod commands;
mod doctor;
mod exit;
mod explain;
mod gate;
mod history;
mod interruption;
mod measure;
mod ndjson;
mod obtain;
mod output;
mod plan;
mod profiling;
mod progress;
mod project;
mod publication;
mod queue;
mod received;
mod report;
mod service_settings;
mod session;
mod shards;
mod symbols;
mod synth;
mod testbed;
mod verdicts;
mod worker;

use clap::Parser;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// `bench ... | head` ends quietly when `head` does, as programs do; Rust would
/// make it a failed write and a panic. Sockets never raise this signal.
fn end_with_the_reader() {
    let always = Arc::new(AtomicBool::new(true));
    // Refused only for signals that cannot be handled, which this one can.
    let _ = signal_hook::flag::register_conditional_default(signal_hook::consts::SIGPIPE, always);
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    if first.as_ref().is_some_and(|first| first == measure::launch::ARGUMENT) {
        return measure::launch::become_host(arguments);
    }
    if first.is_some_and(|first| first == commands::self_test::host::ARGUMENT) {
        return commands::self_test::host::serve(arguments);
    }
    end_with_the_reader();
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::error(&error);
            exit::of_error(&error).into()
        }
    }
}

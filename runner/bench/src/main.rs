//! `bench`, the command line of arewefastyet: builds hosts at any version,
//! measures them, compares them, publishes what was seen.
//!
//! From outside in: `cli` (what can be typed), `commands` (one file each),
//! `session` (build, plan, measure, store), `plan` (which blocks in which
//! order), `measure` (one block), `verdicts` (numbers to comparisons).

mod cli;
mod commands;
mod exit;
mod measure;
mod output;
mod plan;
mod progress;
mod project;
mod session;
mod testbed;
mod verdicts;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == measure::launch::ARGUMENT) {
        return measure::launch::become_host(arguments);
    }
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::error(&error);
            exit::of_error(&error).into()
        }
    }
}

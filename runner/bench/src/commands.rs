//! One file per subcommand. Each reads its arguments, asks the modules that
//! know, and prints; it decides nothing itself.

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::project::Project;
use anyhow::Result;

mod alerts;
mod artifacts;
mod backfill;
mod backup;
mod bisect;
mod bridge;
mod bundles;
mod cache;
mod calibrate;
mod compare;
mod confirm;
mod decide;
mod detect;
mod doctor;
mod explain;
mod foreign;
mod gate;
mod list;
mod manual;
mod plan;
mod profile;
mod publish;
mod run;
pub(crate) mod self_test;
mod serve;
mod show;
mod site;
mod suite;
mod synth;
mod token;
mod watch;
mod worker;

/// Runs a command.
pub(crate) fn run(cli: Cli) -> Result<Exit> {
    let Cli { global, command } = cli;
    // These are about `bench` itself or about standard input: they need no checkout.
    match command {
        Command::Completions { shell } => return Ok(manual::completions(shell)),
        Command::Man { out } => return manual::pages(&out),
        Command::Schema { name } => return manual::schema(&name),
        Command::SelfTest => return self_test::run(),
        Command::Detect(arguments) if arguments.ndjson => return detect::run(&arguments),
        Command::Decide(arguments) => return decide::run(&arguments),
        _ => {}
    }
    let database_named = global.db.is_some();
    let project = Project::find(&global)?;
    if let Command::Serve(arguments) = &command {
        return serve::run(project, arguments);
    }
    // One thread: nothing else should wake while a block is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        Command::Run(arguments) => run::run(&project, &arguments, runtime),
        Command::Compare(arguments) => compare::run(&project, &arguments, runtime),
        Command::Bisect(arguments) => bisect::run(&project, &arguments, runtime),
        Command::Explain(arguments) => explain::run(&project, &arguments),
        Command::Profile(arguments) => profile::run(&project, &arguments),
        Command::Bridge(arguments) => bridge::run(&project, &arguments, runtime),
        Command::Calibrate(arguments) => calibrate::run(&project, &arguments, runtime),
        Command::Gate(arguments) => gate::run(&project, &arguments, runtime),
        Command::Backfill(arguments) => backfill::run(&project, &arguments, runtime),
        Command::Watch(arguments) => watch::run(&project, &arguments, runtime),
        Command::Plan(arguments) => plan::run(&project, &arguments),
        Command::Cache(command) => cache::run(&project, &command),
        Command::Backup(arguments) => runtime.block_on(backup::run(&project, &arguments)),
        Command::Doctor(arguments) => doctor::run(&project, &arguments),
        Command::Build(arguments) => artifacts::run(&project, &arguments),
        Command::Detect(arguments) => alerts::run(&project, &arguments, runtime),
        Command::Synth(arguments) => {
            runtime.block_on(synth::run(&project, &arguments, database_named))
        }
        Command::List(arguments) => runtime.block_on(list::run(&project, &arguments)),
        Command::Show(arguments) => runtime.block_on(show::run(&project, &arguments)),
        Command::Suite(command) => suite::run(&project, &command, runtime),
        Command::Site(command) => runtime.block_on(site::run(&project, command)),
        Command::Export(arguments) => runtime.block_on(bundles::export(&project, &arguments)),
        Command::Publish(arguments) => runtime.block_on(publish::run(&project, &arguments)),
        Command::Import(arguments) => runtime.block_on(bundles::import(&project, &arguments)),
        Command::Worker(arguments) => worker::run(&project, &arguments, runtime),
        Command::Token(command) => runtime.block_on(token::run(&project, command)),
        Command::Completions { .. }
        | Command::Man { .. }
        | Command::Schema { .. }
        | Command::SelfTest
        | Command::Decide(_)
        | Command::Serve(_) => Ok(Exit::Fine),
    }
}

//! One file per subcommand. Each reads its arguments, asks the modules that
//! know, and prints; it decides nothing itself.

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::project::Project;
use anyhow::Result;

mod artifacts;
mod bundles;
mod compare;
mod list;
mod manual;
mod run;
mod show;
mod site;
mod suite;

/// Runs a command.
pub(crate) fn run(cli: Cli) -> Result<Exit> {
    // One thread: hosts die with the thread that started them, and nothing
    // else should wake while a block is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Cli { global, command } = cli;
    match command {
        Command::Completions { shell } => return Ok(manual::completions(shell)),
        Command::Man { out } => return manual::pages(&out),
        _ => {}
    }
    let project = Project::find(&global)?;
    runtime.block_on(async {
        match command {
            Command::Run(arguments) => run::run(&project, &arguments).await,
            Command::Compare(arguments) => compare::run(&project, &arguments).await,
            Command::Build { versions } => artifacts::run(&project, &versions),
            Command::List(arguments) => list::run(&project, &arguments).await,
            Command::Show(arguments) => show::run(&project, &arguments).await,
            Command::Suite(command) => suite::run(&project, &command),
            Command::Site(command) => site::run(&project, command).await,
            Command::Export(arguments) => bundles::export(&project, &arguments).await,
            Command::Import(arguments) => bundles::import(&project, &arguments).await,
            Command::Completions { .. } | Command::Man { .. } => Ok(Exit::Fine),
        }
    })
}

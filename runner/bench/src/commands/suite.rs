//! `bench suite`: a new one, and one that is there.

use crate::cli::Suite;
use crate::exit::Exit;
use crate::project::Project;
use anyhow::Result;
use tokio::runtime::Runtime;

mod check;
mod new;
mod noise;
mod templates;

pub(super) fn run(project: &Project, command: &Suite, runtime: Runtime) -> Result<Exit> {
    match command {
        Suite::Check { name, version, blocks, json } => {
            let (version, blocks, json) = (version.as_deref(), *blocks, *json);
            check::run(project, &check::Asked { name, version, blocks, json }, runtime)
        }
        Suite::New(arguments) => new::run(project, arguments),
    }
}

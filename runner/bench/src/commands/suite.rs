//! `bench suite check`: the files first, then one checked answer of each arm.

use super::run::check_all;
use crate::cli::Suite;
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use crate::session::{Session, with_anchor};
use anyhow::{Result, bail};

pub(super) fn run(project: &Project, command: &Suite) -> Result<Exit> {
    let Suite::Check { name, version, json } = command;
    let names = model::Suite::names(&project.suites_dir())?;
    if !names.contains(name) {
        bail!("there is no suite `{name}`; there are {}", names.join(", "));
    }
    let suite = project.suite(name)?;
    note(&format!(
        "suites/{name}/suite.toml is well-formed: benchmarks {}; {} arms",
        suite.benchmarks().join(", "),
        suite.arms.len()
    ));
    let asked = version.as_deref().unwrap_or(&project.config.default_target);
    let versions = with_anchor(project, vec![project.config.parse_version(asked)?]);
    let session = Session::prepare(project, vec![suite], &versions)?;
    check_all(&session, *json)
}

//! `bench build`: build versions, or find them in the cache, and say where
//! they are.

use crate::exit::Exit;
use crate::obtain;
use crate::project::Project;
use crate::session::Session;
use anyhow::Result;

pub(super) fn run(project: &Project, asked: &[String]) -> Result<Exit> {
    let builder = project.builder()?;
    let versions = obtain::named(project, &builder, asked)?;
    let session = Session::prepare(project, Vec::new(), &versions)?;
    for subject in &session.subjects {
        println!("{}", subject.binary.display());
    }
    Ok(Exit::Fine)
}

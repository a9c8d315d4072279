//! `bench build`: build versions, or find them in the cache, and say where
//! they are.

use crate::exit::Exit;
use crate::project::Project;
use crate::session::Session;
use anyhow::Result;

pub(super) fn run(project: &Project, asked: &[String]) -> Result<Exit> {
    let versions: Vec<_> =
        asked.iter().map(|text| project.config.parse_version(text)).collect::<Result<_, _>>()?;
    let session = Session::prepare(project, Vec::new(), &versions)?;
    for subject in &session.subjects {
        println!("{}", subject.binary.display());
    }
    Ok(Exit::Fine)
}

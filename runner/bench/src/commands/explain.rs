//! `bench explain A B SERIES`: why one version is slower than the other.

use crate::cli::Explain;
use crate::exit::Exit;
use crate::explain::{self, Amount};
use crate::obtain;
use crate::output::note;
use crate::profiling::{DEFAULT, Folder, Sides};
use crate::project::Project;
use anyhow::{Context, Result};

pub(super) fn run(project: &Project, arguments: &Explain) -> Result<Exit> {
    // With a range, what stands second is the series.
    let (b, series) = match &arguments.series {
        Some(series) => (Some(arguments.b.as_str()), series),
        None => (None, &arguments.b),
    };
    let versions = obtain::two(project, &arguments.a, b)
        .context("reading the versions; write A B SERIES, or A..B SERIES")?;
    let sides = Sides::prepare(project, &versions, series)?;
    let Explain { rounds, load: measure, requests, .. } = *arguments;
    let Some((mut told, sampled)) = explain::collect(&sides, Amount { rounds, measure, requests })?
    else {
        note("interrupted; nothing of it is kept");
        return Ok(Exit::Incomplete);
    };
    if let Some([a, b]) = &sampled {
        let root = arguments.out.clone().unwrap_or_else(|| project.root.join(DEFAULT));
        let folder = Folder::create(&root, &sides.series)?;
        let [of_a, of_b] = [&sides.named[0], &sides.named[1]];
        told.files = folder.write(&sides.series, &[(of_a, a), (of_b, b)])?.pictures;
    }
    if told.same_binary {
        told.notes.insert(0, "both versions are the same binary: what differs is noise".to_owned());
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        explain::print(&told, arguments.all);
    }
    Ok(Exit::Fine)
}

//! The components that are too large to be committed: their recipes are, with the sum of what they
//! give. It must not change the checkout, except for the records when told to.
//!
//! A recipe is a folder in `large/`: `package.json` and its lockfile say what npm installs, and
//! `node build.mjs WIT OUTPUT` makes the component.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::listing;
use crate::places::Places;
use crate::record::{self, Sums};
use crate::toolchain::Unavailable;
use compilers::process;

/// The recipes' names, which are those of the components without `.wasm`.
pub(crate) fn names(places: &Places) -> Result<Vec<String>> {
    let folders = listing::entries(&places.recipes())?;
    let recipes = folders.iter().filter(|folder| folder.join("package.json").is_file());
    Ok(recipes.filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned())).collect())
}

/// The sums of everything that the recipes are made of.
pub(crate) fn source_sums(places: &Places) -> Result<Sums> {
    let mut sums = Sums::new();
    for name in names(places)? {
        record::add_below(&mut sums, &places.recipes(), &name)?;
    }
    Ok(sums)
}

/// Where a component is found by those who measure it.
pub(crate) fn file(places: &Places, name: &str) -> PathBuf {
    places.large.join(format!("{name}.wasm"))
}

/// Builds one component in a folder that does not outlive this, and returns its bytes.
pub(crate) fn build(places: &Places, name: &str) -> Result<Vec<u8>> {
    let node = version("node")?;
    let npm = version("npm")?;
    println!("{name}.wasm: building with node {node}, npm {npm}: takes minutes");
    fs::create_dir_all(&places.large)
        .with_context(|| format!("creating {}", places.large.display()))?;
    let folder = tempfile::tempdir_in(&places.large)
        .with_context(|| format!("creating a folder in {}", places.large.display()))?;
    copy(&places.recipes().join(name), folder.path())?;
    let mut install = Command::new("npm");
    // No package's own script runs: none of those that are needed has one.
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
    process::capture(&mut install).map_err(without_registry)?;
    let built = folder.path().join(format!("{name}.wasm"));
    let mut make = Command::new("node");
    make.arg("build.mjs").arg(places.wit().join("p2")).arg(&built).current_dir(&folder);
    process::capture(&mut make)?;
    fs::read(&built).with_context(|| format!("reading {}", built.display()))
}

fn version(program: &str) -> Result<String> {
    let printed = process::capture(Command::new(program).arg("--version"));
    let is_absent = |error: &anyhow::Error| {
        let cause = error.downcast_ref::<io::Error>();
        cause.is_some_and(|it| it.kind() == io::ErrorKind::NotFound)
    };
    match printed {
        Err(error) if is_absent(&error) => Err(Unavailable::error(
            format!("there is no {program}"),
            "install Node.js 20 or newer with npm (Debian: apt-get install npm)",
        )),
        printed => Ok(printed?.trim().to_owned()),
    }
}

/// A registry that cannot be reached is nobody's mistake, unlike all else that can fail.
fn without_registry(error: anyhow::Error) -> anyhow::Error {
    const UNREACHABLE: [&str; 7] = [
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ENETUNREACH",
        "ENOTFOUND",
        "ERR_SOCKET_TIMEOUT",
        "ETIMEDOUT",
    ];
    let complaint = format!("{error:#}");
    match UNREACHABLE.into_iter().find(|code| complaint.contains(code)) {
        Some(code) => Unavailable::error(
            format!("npm cannot reach its registry ({code})"),
            "run this where it can be reached; what is built then stays in the cache",
        ),
        None => error,
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for source in listing::files_below(from)? {
        let target = to.join(source.strip_prefix(from)?);
        let folder = target.parent().unwrap_or(to);
        fs::create_dir_all(folder)
            .and_then(|()| fs::copy(&source, &target))
            .with_context(|| format!("copying {} to {}", source.display(), target.display()))?;
    }
    Ok(())
}

//! `bench import --format`: files of another tool, as runs. What the files do not tell comes
//! from the arguments, from git and from the files' own times; nothing is guessed.

use crate::cli::Foreign;
use crate::measure::Placement;
use crate::project::Project;
use crate::testbed;
use adapters::{Commit, File, Format, Given};
use anyhow::{Context, Result, bail};
use build::Builder;
use jiff::Timestamp;
use model::{Digest, Hasher, Run, TargetVersion, VersionId, VersionSpec};
use std::fs;
use std::path::{Path, PathBuf};

/// Reads the files as one delivery: all of them, or the first mistake.
pub(super) fn runs(
    project: &Project,
    named: &[PathBuf],
    format: &Format,
    told: &Foreign,
) -> Result<Vec<Run>> {
    let paths = paths(named, format)?;
    let files: Vec<File> = paths.iter().map(|path| file(path, told)).collect::<Result<Vec<_>>>()?;
    let refused = "nothing was stored";
    let sessions = format.read(&files).context(refused)?;
    let builder = project.builder()?;
    let target = told.target.as_deref().unwrap_or(&project.config.default_target);
    let binary = told.binary.as_deref().map(binary).transpose()?;
    let source = files
        .iter()
        .fold(Hasher::default(), |hasher, file| hasher.part(&file.name, &file.text))
        .finish();
    let given = Given {
        format: format.name,
        target,
        suite: told.suite.as_deref().unwrap_or(format.name),
        version: version(project, &builder, target, told, binary)?,
        binary,
        at: at(&paths, told)?,
        harness: &crate::session::harness(&builder),
        testbed: if told.here { Some(machine()?) } else { None },
        source,
        source_bytes: files.iter().map(|file| file.text.len() as u64).sum(),
        commit: &|sha| commit(project, &builder, sha),
    };
    adapters::runs(&paths[0], &sessions, &given).context(refused)
}

/// The files that were named, and those of the format in the folders that were.
fn paths(named: &[PathBuf], format: &Format) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for path in named {
        if !path.is_dir() {
            paths.push(path.clone());
            continue;
        }
        let before = paths.len();
        walk(path, format, &mut paths)?;
        paths[before..].sort();
        if paths.len() == before {
            bail!("{} holds no file of {}: {}", path.display(), format.name, format.about);
        }
    }
    Ok(paths)
}

fn walk(folder: &Path, format: &Format, found: &mut Vec<PathBuf>) -> Result<()> {
    let reading = || format!("reading {}", folder.display());
    for entry in folder.read_dir().with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        if path.is_dir() {
            walk(&path, format, found)?;
        // Valgrind leaves an empty file beside those of the threads.
        } else if (format.is_in_folder)(&path) && fs::metadata(&path)?.len() > 0 {
            found.push(path);
        }
    }
    Ok(())
}

fn file(path: &Path, told: &Foreign) -> Result<File> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
    };
    let text = match path.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin()).context("reading standard input")?,
        false => read(path)?,
    };
    let about = path.with_file_name("benchmark.json");
    let is_sample = path.ends_with("sample.json") && about.is_file();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(File {
        path: path.to_owned(),
        name: told.benchmark.clone().unwrap_or(stem),
        text,
        beside: is_sample.then(|| read(&about)).transpose()?,
    })
}

fn binary(path: &Path) -> Result<(Digest, u64)> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok((Digest::of(&bytes), bytes.len() as u64))
}

fn version(
    project: &Project,
    builder: &Builder,
    target: &str,
    told: &Foreign,
    binary: Option<(Digest, u64)>,
) -> Result<Option<VersionId>> {
    if let Some(reference) = &told.commit {
        let version = VersionSpec::GitRef(reference.clone());
        // A target that nobody declared is a name only: its commits are this repository's.
        let name = match project.config.target(target) {
            Some(_) => target,
            None => &project.config.default_target,
        };
        let asked = TargetVersion { target: name.to_owned(), version };
        return identified(project, builder, &asked).map(Some);
    }
    if let Some(version) = &told.release {
        return Ok(Some(VersionId::Release { version: version.clone() }));
    }
    Ok(binary.map(|(sha256, _)| VersionId::Binary { sha256 }))
}

fn identified(project: &Project, builder: &Builder, asked: &TargetVersion) -> Result<VersionId> {
    let target = project
        .config
        .target(&asked.target)
        .with_context(|| format!("there is no target `{}`", asked.target))?;
    let found = builder
        .identify(target, &asked.version)
        .with_context(|| format!("finding the commit that was measured, {asked}"))?;
    found.with_context(|| format!("{asked} is no commit"))
}

/// What git says of a commit; `None` of one that it does not have.
fn commit(project: &Project, builder: &Builder, sha: &str) -> Option<Commit> {
    let asked = TargetVersion {
        target: project.config.default_target.clone(),
        version: VersionSpec::GitRef(sha.to_owned()),
    };
    match identified(project, builder, &asked).ok()? {
        VersionId::Commit { subject, committed_at, .. } => {
            Some(Commit { subject, at: committed_at })
        }
        VersionId::Release { .. } | VersionId::Binary { .. } => None,
    }
}

fn at(paths: &[PathBuf], told: &Foreign) -> Result<Timestamp> {
    if let Some(at) = told.at {
        return Ok(at);
    }
    let path = &paths[0];
    if path.as_os_str() == "-" {
        return Ok(Timestamp::now());
    }
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    let written = written.with_context(|| format!("reading the time of {}", path.display()))?;
    Timestamp::try_from(written).with_context(|| format!("the time of {}", path.display()))
}

fn machine() -> Result<model::Testbed> {
    let placement = Placement::of_this_process().context("reading the CPUs of this process")?;
    Ok(testbed::read(0, &placement))
}

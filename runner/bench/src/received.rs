//! A bundle that was measured elsewhere, by code that nobody here has read: what it
//! must be before anything is said of it. It only reads: nothing is run, built or
//! stored.

use crate::project::Project;
use crate::session::MOST_ROUNDS;
use anyhow::{Context, Result, anyhow, bail, ensure};
use glob::Pattern;
use jiff::Timestamp;
use model::{
    Block, ProfileName, Run, RunStatus, Suite, TargetVersion, VersionId, VersionSpec, bundle,
};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// A comparison of every suite is a tenth of it.
const MOST_BYTES: u64 = 256 << 20;

/// What a field of the testbed must be: `virtualization=kvm`, `cpu_model=AMD EPYC*`.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    field: String,
    pattern: Pattern,
}

/// What a bundle must hold.
pub(crate) struct Terms<'a> {
    /// The two versions, by their full commit hashes.
    pub(crate) versions: &'a [TargetVersion; 2],
    /// What each field that is named must be.
    pub(crate) testbed: &'a [Condition],
    /// The present time; nothing may have been measured later.
    pub(crate) now: Timestamp,
}

impl std::str::FromStr for Condition {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (field, pattern) =
            text.split_once('=').filter(|(field, _)| !field.is_empty()).ok_or_else(|| {
                "not a field and what it must be, such as virtualization=kvm".to_owned()
            })?;
        let pattern = Pattern::new(pattern).map_err(|error| error.to_string())?;
        Ok(Self { field: field.to_owned(), pattern })
    }
}

/// Reads a bundle and holds it to the terms and to the suites of this checkout.
///
/// # Errors
/// The first thing that is not as it must be.
pub(crate) fn read(
    project: &Project,
    suites: &[Suite],
    file: &Path,
    terms: &Terms<'_>,
) -> Result<Run> {
    let refused = || format!("{} was refused", file.display());
    let run = one_run(file).with_context(refused)?;
    check_run(&run, project, terms).with_context(refused)?;
    for block in &run.blocks {
        check_block(block, suites)
            .with_context(|| format!("block {}", block.ordinal))
            .with_context(refused)?;
    }
    run.check_times(terms.now).map_err(|problem| anyhow!(problem)).with_context(refused)?;
    Ok(run)
}

fn one_run(file: &Path) -> Result<Run> {
    let open = File::open(file)?;
    let told = open.metadata()?;
    ensure!(told.is_file(), "it is not a file");
    ensure!(
        told.len() <= MOST_BYTES,
        "it has {} bytes, a comparison has at most {MOST_BYTES}",
        told.len()
    );
    let runs = bundle::read(BufReader::new(open))?;
    let [run] = <[Run; 1]>::try_from(runs)
        .map_err(|runs| anyhow!("it holds {} runs, a comparison is one", runs.len()))?;
    Ok(run)
}

fn check_run(run: &Run, project: &Project, terms: &Terms<'_>) -> Result<()> {
    ensure!(run.status == RunStatus::Complete, "its run is {}, not complete", run.status.word());
    let profile = ProfileName::Compare.word();
    ensure!(run.profile == profile, "its profile is `{}`, not `{profile}`", run.profile);
    ensure!(!run.is_published(), "it holds summaries, and no samples to decide from");
    for (index, asked) in terms.versions.iter().enumerate() {
        check_version(run, index, asked)?;
    }
    let anchor = project.config.anchor.as_ref();
    for artifact in run.artifacts.iter().skip(terms.versions.len()) {
        let (target, version) = (&artifact.target, artifact.version.label());
        ensure!(Some(target) == anchor, "it also holds {target} {version}, which nobody asked for");
    }
    let protocol = project.config.measurement_protocol;
    ensure!(
        run.testbed.measurement_protocol == protocol,
        "it was measured by protocol {}, and this checkout's is {protocol}",
        run.testbed.measurement_protocol
    );
    let fields = run.testbed.fields();
    for Condition { field, pattern } in terms.testbed {
        let found = fields.iter().find(|(name, _)| name == field);
        let Some((_, value)) = found else { bail!("its testbed does not tell `{field}`") };
        ensure!(
            pattern.matches(value),
            "its testbed is not allowed: {field} is `{value}`, and must be `{pattern}`"
        );
    }
    Ok(())
}

fn check_version(run: &Run, index: usize, asked: &TargetVersion) -> Result<()> {
    let name = ["A", "B"][index];
    let VersionSpec::GitRef(wanted) = &asked.version else {
        bail!("a bundle is of two commits; `{asked}` is none: name it by its full hash");
    };
    let is_hash = VersionId::is_commit_hash(wanted);
    ensure!(is_hash, "a bundle is of exact commits; name `{asked}` by its full hash");
    let Some(artifact) = run.artifacts.get(index) else { bail!("it has no version {name}") };
    ensure!(
        artifact.target == asked.target,
        "its version {name} is of `{}`, not of `{}`",
        artifact.target,
        asked.target
    );
    match &artifact.version {
        VersionId::Commit { sha, modified: None, .. } if sha.eq_ignore_ascii_case(wanted) => Ok(()),
        VersionId::Commit { sha, modified: None, .. } => {
            bail!("its version {name} is commit {sha}, not {wanted}")
        }
        other => bail!("its version {name} is {}, not commit {wanted}", other.label()),
    }
}

fn check_block(block: &Block, suites: &[Suite]) -> Result<()> {
    let cell = &block.cell;
    let Some(suite) = suites.iter().find(|suite| suite.name == cell.suite) else {
        bail!("there is no suite `{}` in this checkout", cell.suite);
    };
    let Some(arm) = suite.arm(&cell.benchmark, &cell.arm) else {
        bail!("suite {} has no benchmark {} {}", cell.suite, cell.benchmark, cell.arm);
    };
    let same_definition = block.definition_sha256 == arm.definition_sha256
        || block.definition_sha256 == arm.definition_in_turns();
    ensure!(
        same_definition && block.suite_sha256 == suite.sha256,
        "suite {} was another one than in this checkout",
        cell.suite
    );
    ensure!(block.round < MOST_ROUNDS, "round {} of at most {MOST_ROUNDS}", block.round);
    Ok(())
}

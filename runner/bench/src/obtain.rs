//! From names of versions to binaries that can be measured, telling what is
//! built meanwhile. It must not measure.

use crate::measure::Subject;
use crate::output;
use crate::progress::Progress;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use build::{BuildError, Builder, Flashed, Resolved};
use model::{
    FailedBuild, Firmware, ReleaseSpec, Suite, Target, TargetVersion, Task, VersionId, VersionSpec,
    Versions,
};
use std::collections::BTreeSet;

/// Whether a version that cannot be built is an error, or its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailedBuilds {
    Refused,
    Stored,
}

/// What came of versions.
#[derive(Default)]
pub(crate) struct Obtained {
    /// Those that can be measured, in the order they were asked for.
    pub(crate) subjects: Vec<Subject>,
    /// Those that cannot.
    pub(crate) failed: Vec<(TargetVersion, FailedBuild)>,
}

/// A version that was found, or what it is stored with.
enum Found<'a> {
    Version(&'a Target, Box<Resolved>),
    Failed(FailedBuild),
}

/// The versions that people name, ranges as all of theirs, oldest first.
///
/// # Errors
/// When there is no such target, or a range cannot be read.
pub(crate) fn named(
    project: &Project,
    builder: &Builder,
    asked: &[String],
) -> Result<Vec<TargetVersion>> {
    let mut versions = Vec::new();
    for text in asked {
        match project.config.parse_versions(text)? {
            Versions::One(version) => versions.push(version),
            Versions::Range(range) => {
                let target =
                    project.config.target(&range.target).context("an undeclared target")?;
                let found = builder.expand(target, &range)?;
                if found.is_empty() {
                    bail!("there is no release in `{range}`; name others");
                }
                let of_target = |version| TargetVersion { target: range.target.clone(), version };
                versions.extend(found.into_iter().map(of_target));
            }
        }
    }
    Ok(versions)
}

/// Two versions as they were typed: one after the other, or the ends of a range.
///
/// # Errors
/// When there are not two, or one cannot be read.
pub(crate) fn two(
    project: &Project,
    first: &str,
    second: Option<&str>,
) -> Result<[TargetVersion; 2]> {
    match (project.config.parse_versions(first)?, second) {
        (Versions::One(first), Some(second)) => Ok([first, project.config.parse_version(second)?]),
        (Versions::Range(range), None) if range.count.is_none() => Ok(range.ends()),
        (Versions::Range(_), None) => {
            bail!("`{first}` names several versions, and two are wanted here; leave out %")
        }
        (Versions::Range(_), Some(second)) => {
            bail!("`{first}` is a range and has both versions; what is `{second}`?")
        }
        (Versions::One(_), None) => {
            bail!("`{first}` is one version; name two, or a range such as v1..v2")
        }
    }
}

/// How to ask for exactly this version; `None` for what has no name but its content.
pub(crate) fn exact(id: &VersionId) -> Option<VersionSpec> {
    match id {
        VersionId::Commit { sha, modified: None, .. } => Some(VersionSpec::GitRef(sha.clone())),
        VersionId::Release { version } => {
            Some(VersionSpec::Release(ReleaseSpec::Exactly(version.clone())))
        }
        VersionId::Commit { .. } | VersionId::Binary { .. } => None,
    }
}

/// Keeps the suites that some of the versions take part in: what belongs to a
/// target that is not asked for is nobody's. All of them, where versions come later.
pub(crate) fn keep_concerned(
    project: &Project,
    suites: &mut Vec<Suite>,
    versions: &[TargetVersion],
) {
    let targets = &project.config.targets;
    suites.retain(|suite| {
        let mut asked = versions.iter().filter_map(|it| project.config.target(&it.target));
        versions.is_empty() || asked.any(|target| target.takes_part(&suite.name, targets))
    });
}

/// Builds every version, or finds it, with what the suites need of its sources.
///
/// # Errors
/// When there is no such version, or it cannot be built and that is refused.
pub(crate) fn all(
    project: &Project,
    builder: &Builder,
    versions: &[TargetVersion],
    suites: &[Suite],
    failed_builds: FailedBuilds,
) -> Result<Obtained> {
    // All names first: a typing error should not show after a long build.
    let mut found = Vec::new();
    for version in versions {
        let target =
            project.config.target(&version.target).context("a version of an undeclared target")?;
        found.push(match builder.resolve(target, &version.version) {
            Ok(resolved) => Found::Version(target, Box::new(resolved)),
            Err(error) => {
                // What it is called is known even if what is in it is no use.
                let id = builder.identify(target, &version.version).ok().flatten();
                let failed =
                    id.and_then(|id| failed(&error, failed_builds, &target.name, id, None));
                Found::Failed(failed.ok_or(error)?)
            }
        });
    }
    let mut obtained = Obtained::default();
    let all = &project.config.targets;
    for (version, found) in versions.iter().zip(found) {
        let failed = match found {
            Found::Failed(failed) => failed,
            Found::Version(target, resolved) => {
                let its = suites.iter().filter(|suite| target.takes_part(&suite.name, all));
                let its: Vec<&Suite> = its.collect();
                match one(builder, target, &resolved, &its, failed_builds)? {
                    Ok(subject) => {
                        obtained.subjects.push(subject);
                        continue;
                    }
                    Err(failed) => failed,
                }
            }
        };
        output::note(&format!(
            "{} {} cannot be built: {}",
            failed.target,
            failed.version.label(),
            failed.reason
        ));
        obtained.failed.push((version.clone(), failed));
    }
    Ok(obtained)
}

/// One version, or what it is stored with.
fn one(
    builder: &Builder,
    target: &Target,
    resolved: &Resolved,
    suites: &[&Suite],
    failed_builds: FailedBuilds,
) -> Result<Result<Subject, FailedBuild>> {
    let what = format!("{} {}", target.name, resolved.version().label());
    let of_version = |error: &BuildError| {
        let rustc = resolved.rustc().map(str::to_owned);
        failed(error, failed_builds, &target.name, resolved.version().clone(), rustc)
    };
    let built = match shown(&format!("building {what}"), |tell| builder.obtain(resolved, tell)) {
        Ok(built) => built,
        Err(error) => return of_version(&error).map(Err).ok_or(error.into()),
    };
    let how = if built.from_cache { "found" } else { "built" };
    // Which flags it takes depends on the release.
    let subject = Subject::new(resolved.declaration(), built.artifact, built.binary);
    let mut subject = match subject {
        Ok(subject) => subject,
        Err(reason) if failed_builds == FailedBuilds::Stored && !resolved.is_given() => {
            return Ok(Err(FailedBuild {
                target: target.name.clone(),
                version: resolved.version().clone(),
                rustc: resolved.rustc().map(str::to_owned),
                reason,
                log_tail: String::new(),
            }));
        }
        Err(reason) => return Err(anyhow::Error::msg(reason)),
    };
    for name in benches(suites) {
        let doing = format!("building bench {name} of {what}");
        match shown(&doing, |tell| builder.bench(resolved, name, tell)) {
            Ok(Some(file)) => subject.add_bench(name, file),
            Ok(None) => {}
            Err(error) => return of_version(&error).map(Err).ok_or(error.into()),
        }
    }
    for firmware in firmware(suites) {
        let Firmware { board, variant, .. } = firmware;
        if let Some(reason) = subject.cannot_emulate(board) {
            subject.add_firmware(firmware, Flashed::NotHere(reason));
            continue;
        }
        let doing = format!("building {board} {variant} of {what}");
        let binary = subject.binary.clone();
        match shown(&doing, |tell| builder.firmware(resolved, &binary, firmware, tell)) {
            Ok(flashed) => subject.add_firmware(firmware, flashed),
            Err(error) => return of_version(&error).map(Err).ok_or(error.into()),
        }
    }
    output::note(&format!("{how} {}", subject.label()));
    Ok(Ok(subject))
}

/// What a version is stored with, if failing is its own and that is stored.
fn failed(
    error: &BuildError,
    failed_builds: FailedBuilds,
    target: &str,
    version: VersionId,
    rustc: Option<String>,
) -> Option<FailedBuild> {
    let own = error.of_version().filter(|_| failed_builds == FailedBuilds::Stored)?;
    let (target, reason, log_tail) = (target.to_owned(), own.reason, own.log_tail);
    Some(FailedBuild { target, version, rustc, reason, log_tail })
}

/// The `cargo bench` targets that suites ask for.
fn benches<'s>(suites: &[&'s Suite]) -> BTreeSet<&'s str> {
    let arms = suites.iter().flat_map(|suite| &suite.arms);
    arms.filter_map(|arm| match &arm.task {
        Task::Criterion { bench, .. } => Some(bench.as_str()),
        _ => None,
    })
    .collect()
}

/// The firmware that suites ask for, each once.
fn firmware<'s>(suites: &[&'s Suite]) -> Vec<&'s Firmware> {
    let mut asked: Vec<&Firmware> = Vec::new();
    for arm in suites.iter().flat_map(|suite| &suite.arms) {
        if let Task::Firmware(firmware) = &arm.task
            && !asked.iter().any(|known| known.is_same_as(firmware))
        {
            asked.push(firmware);
        }
    }
    asked
}

/// Shows what a build tells, once there is something to wait for.
pub(crate) fn shown<T, E>(
    what: &str,
    build: impl FnOnce(&mut dyn FnMut(build::Progress)) -> Result<T, E>,
) -> Result<T, E> {
    let mut progress: Option<Progress> = None;
    let built = build(&mut |event| {
        if event == build::Progress::Done {
            return;
        }
        let progress = progress.get_or_insert_with(|| Progress::start(what, None));
        match event {
            build::Progress::Discarded { reason } => output::note(&reason),
            build::Progress::Waiting => progress.at(0, None, "waiting for another build"),
            build::Progress::Exporting => progress.at(0, None, "writing its sources"),
            build::Progress::Compiling { unit, compiled, total } => {
                let total = total.map(|n| n as u64);
                progress.at(compiled as u64, total, &format!("compiling {unit}"));
            }
            build::Progress::Done => {}
        }
    });
    if let Some(progress) = progress {
        progress.end();
    }
    built
}

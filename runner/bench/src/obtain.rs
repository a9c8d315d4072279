//! From names of versions to binaries that can be measured, telling what is
//! built meanwhile. It must not measure.

use crate::measure::Subject;
use crate::output;
use crate::progress::Progress;
use crate::project::Project;
use anyhow::{Context, Result};
use build::{Builder, Flashed};
use model::{Firmware, Suite, TargetVersion, Task};
use std::collections::BTreeSet;

/// Builds every version, or finds it, with what the suites need of its sources.
///
/// # Errors
/// When there is no such version, or it cannot be built.
pub(crate) fn all(
    project: &Project,
    builder: &Builder,
    versions: &[TargetVersion],
    suites: &[Suite],
) -> Result<Vec<Subject>> {
    // All names first: a typing error should not show after a long build.
    let mut resolved = Vec::new();
    for version in versions {
        let target =
            project.config.target(&version.target).context("a version of an undeclared target")?;
        resolved.push((target, builder.resolve(target, &version.version)?));
    }
    let mut subjects = Vec::new();
    for (target, resolved) in resolved {
        let what = format!("{} {}", target.name, resolved.version().label());
        let built = shown(&format!("building {what}"), |tell| builder.obtain(&resolved, tell))?;
        let mut subject =
            Subject::new(target, built.artifact, built.binary).map_err(anyhow::Error::msg)?;
        let mine: Vec<&Suite> = suites
            .iter()
            .filter(|suite| target.takes_part(&suite.name, &project.config.targets))
            .collect();
        for name in benches(&mine) {
            let doing = format!("building bench {name} of {what}");
            if let Some(file) = shown(&doing, |tell| builder.bench(&resolved, name, tell))? {
                subject.add_bench(name, file);
            }
        }
        for firmware in firmware(&mine) {
            let Firmware { board, variant, .. } = firmware;
            let doing = format!("building {board} {variant} of {what}");
            let binary = subject.binary.clone();
            let flashed = match subject.cannot_emulate(board) {
                Some(reason) => Flashed::NotHere(reason),
                None => shown(&doing, |tell| builder.firmware(&resolved, &binary, firmware, tell))?,
            };
            subject.add_firmware(firmware, flashed);
        }
        let how = if built.from_cache { "found" } else { "built" };
        output::note(&format!("{how} {}", subject.label()));
        subjects.push(subject);
    }
    Ok(subjects)
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
fn shown<T, E>(
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

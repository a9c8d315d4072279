//! `bench build`: build versions, or find them in the cache, and say where
//! they are; and whether firmware that is built twice is the same twice.

use crate::cli::Build;
use crate::exit::Exit;
use crate::interruption;
use crate::measure::Subject;
use crate::obtain::{self, FailedBuilds};
use crate::output;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use build::{Builder, Flashed};
use model::{Digest, Firmware, Suite, TargetVersion, Task};
use std::fs;
use std::time::Instant;

/// Every firmware there is.
const ALL: &str = "all";

pub(super) fn run(project: &Project, asked: &Build) -> Result<Exit> {
    let builder = project.builder()?.with_cancel(interruption::flag()?);
    let versions = obtain::named(project, &builder, &asked.versions)?;
    let mut suites = suites(project, &asked.firmware)?;
    obtain::keep_concerned(project, &mut suites, &versions);
    let obtained = obtain::all(project, &builder, &versions, &suites, FailedBuilds::Refused)?;
    for subject in &obtained.subjects {
        println!("{}", subject.binary.display());
    }
    let mut exit = Exit::Fine;
    for (subject, version) in obtained.subjects.iter().zip(&versions) {
        for (firmware, flashed) in subject.all_firmware() {
            let Flashed::Built(file) = flashed else {
                let Flashed::NotHere(reason) = flashed else { continue };
                output::note(&format!("{}: {reason}", name(&firmware)));
                exit = exit.or(Exit::Incomplete);
                continue;
            };
            println!("{}", file.display());
            if asked.twice {
                let first = fs::read(file).map(Digest::of);
                let first = first.with_context(|| format!("reading {}", file.display()))?;
                exit = exit.or(again(project, &builder, version, subject, &firmware, first)?);
            }
        }
    }
    Ok(exit)
}

/// The suites with no arms but those that ask for the `wanted` firmware.
fn suites(project: &Project, wanted: &[String]) -> Result<Vec<Suite>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut suites = project.suites(&[])?;
    let mut known: Vec<String> = Vec::new();
    for arm in suites.iter().flat_map(|suite| &suite.arms) {
        if let Task::Firmware(firmware) = &arm.task
            && !known.contains(&name(firmware))
        {
            known.push(name(firmware));
        }
    }
    if let Some(unknown) = wanted.iter().find(|it| !known.iter().any(|name| covers(it, name))) {
        bail!("no suite asks for the firmware `{unknown}`; there are {}", known.join(", "));
    }
    for suite in &mut suites {
        suite.arms.retain(|arm| match &arm.task {
            Task::Firmware(firmware) => wanted.iter().any(|it| covers(it, &name(firmware))),
            _ => false,
        });
    }
    Ok(suites)
}

/// `netduinoplus2/concurrency-on`.
fn name(firmware: &Firmware) -> String {
    format!("{}/{}", firmware.board, firmware.variant)
}

/// Whether what somebody typed means a firmware, by itself or with others.
fn covers(typed: &str, name: &str) -> bool {
    let board = name.split('/').next();
    typed == ALL || typed == name || Some(typed) == board
}

/// Builds it from nothing and says whether that gave the same bytes.
fn again(
    project: &Project,
    builder: &Builder,
    version: &TargetVersion,
    subject: &Subject,
    firmware: &Firmware,
    first: Digest,
) -> Result<Exit> {
    let target = project.config.target(&version.target).context("an undeclared target")?;
    let resolved = builder.resolve(target, &version.version)?;
    let doing = format!("building {} of {} again", name(firmware), subject.label());
    let begin = Instant::now();
    let second = obtain::shown(&doing, |tell| {
        builder.firmware_again(&resolved, &subject.binary, firmware, tell)
    })?
    .context("the compiler is gone")?;
    let took = begin.elapsed().as_secs();
    let name = name(firmware);
    if first == second {
        println!("{name}: the same bytes, built from nothing in {took} s: SHA-256 {first}");
        return Ok(Exit::Fine);
    }
    println!("{name}: OTHER BYTES, built from nothing in {took} s: SHA-256 {first}, then {second}");
    Ok(Exit::Regression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_means_its_variants_and_a_variant_itself() {
        let name = "virt/concurrency-on";
        for (typed, expected) in [
            ("all", true),
            ("virt", true),
            ("virt/concurrency-on", true),
            ("virt/concurrency-off", false),
            ("vir", false),
            ("virt/", false),
            ("", false),
        ] {
            assert_eq!(covers(typed, name), expected, "{typed}");
        }
    }
}

//! `bench gate`: measure baseline, candidate and last release side by side, and
//! say whether the candidate may go out.

use super::run::open;
use crate::adaptive::UntilDecided;
use crate::calibration::{self, Pool};
use crate::cli::{Gate, GateOutput};
use crate::exit::Exit;
use crate::gate::{self, Case, GateReport, Parties, Past};
use crate::output::note;
use crate::project::Project;
use crate::report;
use crate::session::{Amount, Session, with_anchor};
use crate::verdicts::Earlier;
use anyhow::{Context, Result, bail};
use jiff::Zoned;
use model::{Origin, ProfileName, Run, TargetVersion};
use std::fs;
use std::path::Path;
use tokio::runtime::Runtime;

pub(super) fn run(project: &Project, arguments: &Gate, runtime: Runtime) -> Result<Exit> {
    let rules = project.config.gate.as_ref();
    let rules =
        rules.context("bench.toml has no [gate], so there is nothing to hold a release to")?;
    gate::refuse_expired(&rules.waivers, Zoned::now().date())?;
    if let Some(part) = arguments.selection.suite.iter().find(|pattern| pattern.contains('/')) {
        bail!("`{part}`: a gate judges whole suites; leave the benchmark out");
    }
    let parse = |text: &str| project.config.parse_version(text);
    let (baseline, candidate) = (parse(&arguments.baseline)?, parse(&arguments.candidate)?);
    let release = release(project, arguments, &candidate)?;
    let mut versions = vec![baseline.clone(), candidate];
    let parties = Parties {
        baseline: 0,
        candidate: 1,
        release: release.map(|release| {
            let is_baseline = release == baseline;
            if !is_baseline {
                versions.push(release);
            }
            if is_baseline { 0 } else { 2 }
        }),
    };
    let compared = versions.len();
    let mut suites = project.suites(&arguments.selection.suite)?;
    suites.retain(|suite| rules.asks_of_suite(&suite.name));
    if suites.is_empty() {
        bail!("the gate of bench.toml asks nothing of these suites");
    }
    let versions = with_anchor(project, versions);
    let sink = open(project, runtime)?;
    let earlier = sink.runtime.block_on(sink.store.runs_of_cells())?;
    let session = Session::prepare(project, suites, &versions)?;
    let scatter = Earlier::read(&sink, &session)?;
    let amount = Amount {
        profile: ProfileName::Compare,
        quick: false,
        blocks: arguments.selection.blocks,
        seed: arguments.selection.seed,
        budget: arguments.budget,
        compared,
        variants: Vec::new(),
    };
    let mut steer = UntilDecided::new(|run: &Run| {
        gate::questions(&case(run, &session, rules, parties, &scatter))
            .0
            .into_iter()
            .map(|(_, pairs)| pairs)
            .collect()
    });
    let measured = session.measure(&sink, &versions, &amount, &mut steer)?;
    if !measured.finished {
        note(&format!("run {} was interrupted; `bench gate` starts anew", measured.run));
        return Ok(Exit::Incomplete);
    }
    let run = sink.runtime.block_on(sink.store.run(measured.run.as_str()))?;
    let epoch = run.testbed.epoch();
    let calibrations = sink.runtime.block_on(calibration::stored(&sink.store, Some(&epoch)))?;
    let pool = Pool::of(
        &calibrations,
        &project.suites(&[])?,
        &project.config,
        project.config.compare.blocks,
    )?;
    let past = Past { runs: &earlier, calibrated: &pool };
    let case = case(&run, &session, rules, parties, &scatter);
    let report = gate::evaluate(&case, &past)?;
    tell(&report, &arguments.output)?;
    Ok(report.exit())
}

fn case<'a>(
    run: &'a Run,
    session: &'a Session<'_>,
    gate: &'a model::Gate,
    parties: Parties,
    earlier: &'a Earlier,
) -> Case<'a> {
    let config = &session.project.config;
    Case { run, parties, suites: &session.suites, config, gate, earlier }
}

/// The last release, if the gate asks how far the candidate is from it.
fn release(
    project: &Project,
    arguments: &Gate,
    candidate: &TargetVersion,
) -> Result<Option<TargetVersion>> {
    if let Some(text) = &arguments.release {
        return Ok(Some(project.config.parse_version(text)?));
    }
    let Some(drift) = project.config.gate.as_ref().and_then(|gate| gate.drift.as_ref()) else {
        return Ok(None);
    };
    let target = project.config.target(&candidate.target).context("an undeclared target")?;
    if !matches!(target.origin, Origin::Folder { .. }) {
        bail!(
            "the releases of `{}` are not git tags; name the last one with --release",
            target.name
        );
    }
    let builder = project.builder()?;
    let tag = builder.last_release(target, &drift.release_tags, &candidate.version)?;
    let Some(tag) = tag else {
        note(&format!(
            "no tag before the candidate matches `{}`, so cumulative drift is not checked; \
             --release names a version to check against",
            drift.release_tags
        ));
        return Ok(None);
    };
    Ok(Some(project.config.parse_version(&format!("{}@{tag}", candidate.target))?))
}

fn tell(report: &GateReport, output: &GateOutput) -> Result<()> {
    let write = |file: &Path, text: String| {
        fs::write(file, text).with_context(|| format!("writing {}", file.display()))
    };
    if let Some(file) = &output.markdown {
        write(file, report::gate::markdown(report))?;
    }
    if let Some(file) = &output.junit {
        write(file, report::gate::junit(report)?)?;
    }
    if output.json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        report::gate::print(report, output.all);
    }
    if output.github {
        print!("{}", report::gate::annotations(report));
    }
    Ok(())
}

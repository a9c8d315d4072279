//! Stored comparisons held against the gate, for the page of releases, and what was
//! known of their noise, for the pages that compare. The rules are those of today: a
//! result says what they make of what was measured then.

use crate::calibration::{self, Pool};
use crate::gate::{self, Case, Check, GateReport, Parties, Past};
use crate::project::Project;
use crate::session::Asked;
use crate::verdicts::Earlier;
use anyhow::Result;
use model::{Cell, Outcome, ProfileName, Run, VersionId};
use site::{GateCheck, GateResult, Inputs, Release};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::Store;

/// The newest comparisons that are looked at; each is read whole.
const MOST: usize = 20;

/// The newest complete runs that compared versions.
pub(super) struct Comparisons {
    /// Newest first.
    runs: Vec<Run>,
    /// How their pairs scatter, by testbed.
    scatter: BTreeMap<String, Earlier>,
}

impl Comparisons {
    /// Reads them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn read(store: &Store) -> Result<Self> {
        let compared = store.runs_of_profile(ProfileName::Compare.word()).await?;
        let (mut runs, mut scatter) = (Vec::new(), BTreeMap::<String, Earlier>::new());
        for (id, _) in compared.iter().take(MOST) {
            let run = store.run(id.as_str()).await?;
            scatter.entry(run.testbed.epoch()).or_default().add(&run)?;
            runs.push(run);
        }
        Ok(Self { runs, scatter })
    }

    /// What the gate says of those that compared two versions of one target.
    ///
    /// # Errors
    /// When the database cannot be read or the numbers not be judged.
    pub(super) async fn gates(
        &self,
        project: &Project,
        store: &Store,
        inputs: &Inputs,
    ) -> Result<Vec<GateResult>> {
        let Some(gate) = &project.config.gate else { return Ok(Vec::new()) };
        let config = &project.config;
        let mut suites = inputs.suites.clone();
        suites.retain(|suite| gate.asks_of_suite(&suite.name));
        // Counting takes long where there is much, so nothing is counted for nobody.
        if self.runs.is_empty() {
            return Ok(Vec::new());
        }
        let measured = store.runs_of_cells().await?;
        let mut pools: BTreeMap<String, Pool> = BTreeMap::new();
        let mut results = Vec::new();
        for run in &self.runs {
            let epoch = run.testbed.epoch();
            let parties = parties(run, &inputs.releases);
            let Some((parties, earlier)) = parties.zip(self.scatter.get(&epoch)) else { continue };
            if !pools.contains_key(&epoch) {
                let calibrations = calibration::stored(store, Some(&epoch)).await?;
                let blocks = config.compare.blocks;
                let pool = Pool::of(&calibrations, &inputs.suites, config, blocks)?;
                pools.insert(epoch.clone(), pool);
            }
            let past = Past { runs: &before(&measured, run), calibrated: &pools[&epoch] };
            let case = Case { run, parties, suites: &suites, config, gate, earlier };
            results.push(result(run, parties, &gate::evaluate(&case, &past)?));
        }
        Ok(results)
    }

    /// What earlier ones on the same testbed say that the pairs of each scatter by at
    /// least: run, then `suite/benchmark/arm/metric`.
    pub(super) fn noise_before(&self) -> BTreeMap<String, BTreeMap<String, f64>> {
        let mut noise: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        for run in &self.runs {
            let Some(earlier) = self.scatter.get(&run.testbed.epoch()) else { continue };
            for block in run.blocks.iter().filter(|block| block.artifact < 2) {
                let Outcome::Measured(measured) = &block.outcome else { continue };
                let Cell { suite, benchmark, arm, .. } = &block.cell;
                for metric in measured.metrics() {
                    let definition = block.definition_sha256;
                    let least = earlier.least_noise(run, &block.cell, metric, definition);
                    if least > 0.0 {
                        let of_run = noise.entry(run.id.to_string()).or_default();
                        let key = format!("{suite}/{benchmark}/{arm}/{}", metric.name);
                        let known = of_run.entry(key).or_insert(least);
                        *known = known.max(least);
                    }
                }
            }
        }
        noise
    }
}

/// In how many other runs each cell was measured.
fn before(measured: &HashMap<Cell, u32>, run: &Run) -> HashMap<Cell, u32> {
    let mut others = measured.clone();
    let is_measured = |block: &&model::Block| matches!(block.outcome, Outcome::Measured(_));
    let own: BTreeSet<&Cell> =
        run.blocks.iter().filter(is_measured).map(|block| &block.cell).collect();
    for cell in own {
        if let Some(count) = others.get_mut(cell) {
            *count = count.saturating_sub(1);
        }
    }
    others
}

/// Who is who: baseline, candidate and, if a third version was compared or the
/// baseline is a release, the last release.
fn parties(run: &Run, releases: &[Release]) -> Option<Parties> {
    let asked: Asked = serde_json::from_str(&run.plan).ok()?;
    let (baseline, candidate) = (run.artifacts.first()?, run.artifacts.get(1)?);
    if asked.compared < 2 || baseline.target != candidate.target {
        return None;
    }
    let is_release = match &baseline.version {
        VersionId::Release { .. } => true,
        VersionId::Commit { sha, modified: None, .. } => {
            releases.iter().any(|it| it.target == baseline.target && it.sha == *sha)
        }
        VersionId::Commit { .. } | VersionId::Binary { .. } => false,
    };
    let release = if asked.compared > 2 { Some(2) } else { is_release.then_some(0) };
    Some(Parties { baseline: 0, candidate: 1, release })
}

fn result(run: &Run, parties: Parties, report: &GateReport) -> GateResult {
    let name = |at: usize| {
        let artifact = &run.artifacts[at];
        artifact.version.full_label(&artifact.target)
    };
    GateResult {
        run: run.id.clone(),
        baseline: name(parties.baseline),
        candidate: name(parties.candidate),
        verdict: report.verdict.to_owned(),
        checks: report.checks.iter().map(check).collect(),
    }
}

fn check(check: &Check) -> GateCheck {
    GateCheck {
        outcome: check.outcome.word().to_owned(),
        kind: check.kind.word().to_owned(),
        name: check.name(),
        limit: check.limit.clone(),
        found: check.found.clone(),
        note: check.note.clone().unwrap_or_default(),
    }
}

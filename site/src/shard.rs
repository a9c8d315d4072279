//! What pages carry of runs so that a reader can compare any two versions: a
//! summary of every block, and which run measured what. `compare` reads it, here
//! and in the reader's browser.

use crate::Error;
use crate::fold::block_value;
use crate::inputs::Inputs;
use crate::names;
use crate::pages::Site;
use crate::prepared;
use crate::series::History;
use crate::source::RunEntry;
use crate::words;
use compare::{ArmBlocks, Index, Measured, MetricTerms, RunEntry as Entry, Shard, Terms, Version};
use model::{
    Aspect, Block, Direction, Label, METRICS, NoiseClass, Outcome, ProfileName, Run, RunStatus,
};
use std::collections::BTreeMap;

/// A run without its samples.
pub(crate) fn of_run(run: &Run) -> Shard {
    let rounds = run.rounds();
    let so_far =
        |extent: model::Extent| stats::procedure::looks_so_far(rounds, |at| extent.share(run, at));
    let looks = run.extent().map_or_else(Vec::new, so_far);
    let looks = looks.into_iter().map(|look| (look.rounds, look.share));
    let fields = run.testbed.fields().into_iter();
    Shard {
        run: run.id.to_string(),
        testbed: fields.map(|(name, value)| (name.replace('_', " "), value)).collect(),
        epoch: run.testbed.epoch(),
        looks: looks.chain([(rounds, 1.0)]).collect(),
        versions: run
            .artifacts
            .iter()
            .map(|artifact| Version {
                target: artifact.target.clone(),
                label: artifact.version.label(),
                binary_sha256: artifact.binary_sha256.to_string(),
            })
            .collect(),
        arms: arms(run),
    }
}

fn arms(run: &Run) -> Vec<ArmBlocks> {
    let mut groups: BTreeMap<_, Vec<&Block>> = BTreeMap::new();
    for block in &run.blocks {
        let cell = &block.cell;
        let name = (&cell.suite, &cell.benchmark, &cell.arm);
        groups.entry((name, block.artifact, block.definition_sha256)).or_default().push(block);
    }
    let arm =
        |((name, version, definition), mut blocks): ((_, usize, model::Digest), Vec<&Block>)| {
            let (suite, benchmark, arm): (&String, &String, &String) = name;
            blocks.sort_by_key(|block| block.round);
            let mut reasons: Vec<String> =
                blocks.iter().filter_map(|block| reason(block)).collect();
            reasons.dedup();
            ArmBlocks {
                suite: suite.clone(),
                benchmark: benchmark.clone(),
                arm: arm.clone(),
                version,
                definition: definition.short(),
                rounds: blocks.iter().map(|block| block.round).collect(),
                states: blocks.iter().map(|block| state(block)).collect(),
                reasons,
                values: values(&blocks),
            }
        };
    groups.into_iter().map(arm).collect()
}

fn state(block: &Block) -> char {
    let has = |label| block.labels.contains(&label);
    match &block.outcome {
        Outcome::Failed { .. } => 'f',
        Outcome::Unsupported { .. } => 'u',
        Outcome::Measured(_) => {
            let bits = [Label::GeneratorBound, Label::GeneratorStarved, Label::Disturbed];
            let sum: u32 = (0..).zip(bits).map(|(bit, label)| u32::from(has(label)) << bit).sum();
            char::from_digit(sum, 8).unwrap_or('f')
        }
    }
}

fn reason(block: &Block) -> Option<String> {
    match &block.outcome {
        Outcome::Measured(_) => None,
        Outcome::Failed { reason, .. } => Some(format!("failed: {reason}")),
        Outcome::Unsupported { reason } => Some(format!("not supported: {reason}")),
    }
}

fn values(blocks: &[&Block]) -> BTreeMap<String, Vec<Option<f64>>> {
    let mut values = BTreeMap::new();
    for metric in METRICS.iter().filter(|metric| metric.is_comparable()) {
        let of: Vec<Option<f64>> = blocks.iter().map(|block| block_value(block, metric)).collect();
        if of.iter().any(Option::is_some) {
            values.insert(metric.name.to_owned(), of);
        }
    }
    values
}

/// What is known of metrics and arms.
pub(crate) fn terms(inputs: &Inputs) -> Terms {
    let margins = &inputs.config.margins;
    let mut metrics = BTreeMap::new();
    for metric in METRICS.iter().filter(|metric| metric.is_comparable()) {
        let better = match metric.direction {
            Direction::Lower => "lower",
            Direction::Higher => "higher",
            Direction::Neither => continue,
        };
        let terms = MetricTerms {
            better: better.to_owned(),
            margin: margins.of(metric.noise),
            kind: metric.aspect().map(|aspect: Aspect| aspect.word().to_owned()),
        };
        metrics.insert(metric.name.to_owned(), terms);
    }
    let (mut exact, mut asked) = (Vec::new(), BTreeMap::new());
    for suite in &inputs.suites {
        for arm in &suite.arms {
            let key = format!("{}/{}/{}", suite.name, arm.benchmark, arm.name);
            if arm.noise == NoiseClass::Exact {
                exact.push(key.clone());
            }
            asked.insert(key, arm.metrics.iter().map(|metric| metric.name.to_owned()).collect());
        }
    }
    Terms {
        metrics,
        exact,
        exact_margin: margins.of(NoiseClass::Exact),
        asked,
        noise: inputs.noise.clone(),
    }
}

/// Which complete run measured what; nothing of calibrations, whose programs are
/// slowed down on purpose.
pub(crate) fn index(site: &Site<'_>) -> Index {
    index_of(site.inputs, site.history, site.entries)
}

/// The same of what is not a site yet.
pub(crate) fn index_of(inputs: &Inputs, history: &History, entries: &[RunEntry]) -> Index {
    let mut versions: Vec<_> = history.versions.all().collect();
    versions.sort_by_key(|version| std::cmp::Reverse(history.versions.rank(*version)));
    let versions: Vec<Measured> = versions
        .into_iter()
        .map(|reference| {
            let version = history.versions.get(reference);
            Measured {
                name: version.full_label(),
                title: prepared::name_of(inputs, version).unwrap_or_else(|| version.subject()),
                day: words::day(version.time()),
            }
        })
        .collect();
    let places: BTreeMap<&str, usize> =
        versions.iter().enumerate().map(|(at, version)| (version.name.as_str(), at)).collect();
    let epochs: BTreeMap<&str, &str> =
        history.runs.iter().map(|run| (run.id.as_str(), &*run.epoch)).collect();
    let shown = |entry: &&RunEntry| {
        entry.status == RunStatus::Complete && entry.profile != ProfileName::Calibrate.word()
    };
    let runs = entries
        .iter()
        .filter(shown)
        .filter_map(|entry| {
            let named = entry.versions.iter().filter_map(|name| places.get(name.as_str()).copied());
            Some(Entry {
                epoch: (*epochs.get(entry.id.as_str())?).to_owned(),
                id: entry.id.to_string(),
                quick: entry.profile == ProfileName::Quick.word(),
                versions: named.collect(),
            })
        })
        .collect();
    Index { versions, runs }
}

/// A run without its samples, as it is written beside its page.
pub(crate) fn text(run: &Run) -> Result<String, Error> {
    let text = serde_json::to_string(&of_run(run));
    text.map_err(|source| Error::Json { file: names::run_data(run.id.as_str()), source })
}

/// A run as it was written beside its page.
pub(crate) fn read(site: &Site<'_>, run: &str) -> Result<Shard, Error> {
    let file = names::run_data(run);
    let path = site.output.folder().join(&file);
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|source| Error::Io { action: "reading", path, source })?;
    serde_json::from_str(&text).map_err(|source| Error::Json { file, source })
}

//! OpenMetrics 1.0 text: a gauge for each metric, with the median over the blocks of each arm,
//! version and run, at the time the run ended; and how many blocks came to what.

use super::ExportError;
use super::series;
use model::{METRICS, Outcome, Run, Unit};
use stats::summary;
use std::collections::BTreeMap;
use std::io::Write;

pub(super) fn write(runs: &[Run], out: &mut dyn Write) -> Result<(), ExportError> {
    let mut families: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut blocks = Vec::new();
    for run in runs {
        for ((cell, artifact), of_arm) in series::arms(run) {
            let labels = labels(&[
                ("target", &cell.target),
                ("version", &run.artifacts[artifact].version.label()),
                ("suite", &cell.suite),
                ("benchmark", &cell.benchmark),
                ("arm", &cell.arm),
                ("run", run.id.as_str()),
                ("epoch", &run.testbed.epoch()),
            ]);
            let at = run.finished_at.unwrap_or(run.started_at).as_second();
            for (metric, values) in series::metrics(&of_arm) {
                let Ok(median) = summary::median(&values) else { continue };
                let line = format!("bench_{}{{{labels}}} {median} {at}\n", metric.name);
                families.entry(metric.name).or_default().push(line);
            }
            for (outcome, count) in outcomes(&of_arm) {
                let line = format!("bench_blocks{{{labels},outcome=\"{outcome}\"}} {count} {at}\n");
                blocks.push(line);
            }
        }
    }
    for metric in METRICS {
        let Some(lines) = families.get(metric.name) else { continue };
        let name = format!("bench_{}", metric.name);
        writeln!(out, "# TYPE {name} gauge")?;
        if let Some(unit) = suffix(metric.unit).filter(|unit| name.ends_with(&format!("_{unit}"))) {
            writeln!(out, "# UNIT {name} {unit}")?;
        }
        let direction = metric.direction.words();
        writeln!(out, "# HELP {name} {}: {}, {direction}", metric.label, metric.unit.symbol())?;
        lines.iter().try_for_each(|line| out.write_all(line.as_bytes()))?;
    }
    writeln!(out, "# TYPE bench_blocks gauge\n# HELP bench_blocks blocks by what came of them")?;
    blocks.iter().try_for_each(|line| out.write_all(line.as_bytes()))?;
    Ok(out.write_all(b"# EOF\n")?)
}

fn outcomes(blocks: &[&model::Block]) -> Vec<(&'static str, usize)> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Measured(_) => "measured",
        Outcome::Failed { .. } => "failed",
        Outcome::Unsupported { .. } => "unsupported",
    };
    let count = |wanted| blocks.iter().filter(|block| word(&block.outcome) == wanted).count();
    let all = ["measured", "failed", "unsupported"].map(|outcome| (outcome, count(outcome)));
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn labels(pairs: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    pairs.join(",")
}

/// A family with a unit has to end with it.
fn suffix(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Nanoseconds => Some("ns"),
        Unit::Bytes => Some("bytes"),
        Unit::Instructions => Some("instructions"),
        Unit::RequestsPerSecond => Some("rps"),
        Unit::BytesPerSecond | Unit::PerSecond | Unit::Count => None,
    }
}

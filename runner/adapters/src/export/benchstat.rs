//! Go's benchmark format, for benchstat (<https://pkg.go.dev/golang.org/x/perf/cmd/benchstat>):
//! a line a block, so that it compares processes and not samples of one. Versions are told
//! by lines `version:` (`benchstat -col version`). Failed blocks are comments.

use super::ExportError;
use super::series;
use model::{Cell, Direction, METRICS, Outcome, Run};
use std::io::Write;

pub(super) fn write(runs: &[Run], out: &mut dyn Write) -> Result<(), ExportError> {
    for metric in METRICS.iter().filter(|metric| metric.direction == Direction::Higher) {
        writeln!(out, "Unit {} better=higher", metric.name)?;
    }
    for run in runs {
        writeln!(out, "\nrun: {}", run.id)?;
        for (index, artifact) in run.artifacts.iter().enumerate() {
            writeln!(out, "target: {}\nversion: {}", artifact.target, artifact.version.label())?;
            for block in run.counted_blocks().filter(|block| block.artifact == index) {
                let name = name(&block.cell);
                if let Outcome::Failed { reason, .. } | Outcome::Unsupported { reason } =
                    &block.outcome
                {
                    writeln!(out, "# {name}: {}", reason.replace('\n', " "))?;
                    continue;
                }
                let values: String = METRICS
                    .iter()
                    .filter(|metric| metric.is_comparable())
                    .filter_map(|metric| Some((metric.name, series::value(block, metric)?)))
                    .map(|(metric, value)| format!(" {value} {metric}"))
                    .collect();
                if !values.is_empty() {
                    writeln!(out, "{name} 1{values}")?;
                }
            }
        }
    }
    Ok(())
}

/// `BenchmarkHttp-invoke/latency/wasi=p2`: it begins with a capital, and holds no blank.
fn name(cell: &Cell) -> String {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("_");
    let suite = plain(&cell.suite);
    let mut letters = suite.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let whole = format!("Benchmark{first}{}/{}", letters.as_str(), plain(&cell.benchmark));
    if cell.arm == "default" { whole } else { format!("{whole}/{}", plain(&cell.arm)) }
}

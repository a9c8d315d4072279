//! Bencher Metric Format: the median over blocks, between the ends of the 95 % interval of
//! the mean where there are blocks enough. The format has no place for versions.

use super::ExportError;
use super::series;
use model::Run;
use serde::Serialize;
use stats::{interval, summary};
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Serialize)]
struct WireMetric {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

pub(super) fn write(runs: &[Run], out: &mut dyn Write) -> Result<(), ExportError> {
    let mut report: BTreeMap<String, BTreeMap<&str, WireMetric>> = BTreeMap::new();
    for run in runs {
        for ((cell, _), blocks) in series::arms(run) {
            let metrics: BTreeMap<&str, WireMetric> = series::metrics(&blocks)
                .iter()
                .filter_map(|(metric, values)| Some((metric.name, wire(values)?)))
                .collect();
            if metrics.is_empty() {
                continue;
            }
            let name = format!("{}/{}/{}/{}", cell.target, cell.suite, cell.benchmark, cell.arm);
            if report.insert(name.clone(), metrics).is_some() {
                return Err(ExportError::Unfit(format!(
                    "{name} was measured more than once here (several versions, or runs), and \
                     a Bencher report has one value of it; name one run of one version"
                )));
            }
        }
    }
    serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn wire(values: &[f64]) -> Option<WireMetric> {
    let value = summary::median(values).ok()?;
    let interval =
        interval::of_mean(values, 0.95).ok().filter(|it| (it.low..=it.high).contains(&value));
    Some(WireMetric {
        value,
        lower_value: interval.map(|it| it.low),
        upper_value: interval.map(|it| it.high),
    })
}

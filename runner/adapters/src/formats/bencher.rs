//! Bencher Metric Format (<https://bencher.dev/docs/reference/bencher-metric-format>): values
//! of measures of benchmarks. A measure named `latency` is in nanoseconds and `throughput` in
//! operations a second, as there; names of ours keep their meaning; any other measure is a
//! number of which less is better, and the arm.

use crate::file::File;
use crate::session::{Row, Session};
use crate::wire::{Amount, Name, arm_named, json};
use model::{Diagnostic, Metric};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct WireMetric {
    value: Amount,
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let report: BTreeMap<Name, BTreeMap<Name, WireMetric>> = json(file)?;
    let mut session = Session::default();
    for (Name(benchmark), measures) in report {
        for (Name(measure), WireMetric { value }) in measures {
            let ours = Metric::named(&measure).filter(|metric| metric.is_comparable());
            let (metric, arm) = match (measure.as_str(), ours) {
                (_, Some(metric)) => (metric.name, "default".to_owned()),
                ("latency", _) => ("time_per_iteration_ns", "default".to_owned()),
                ("throughput", _) => ("operations_per_s", "default".to_owned()),
                ("file-size", _) => ("measured_bytes", "default".to_owned()),
                (measure, _) => ("measured_count", arm_named(&format!("measure={measure}"))),
            };
            session.rows.push(Row::summary(&benchmark, &arm, metric, value.0));
        }
    }
    Ok(vec![session])
}

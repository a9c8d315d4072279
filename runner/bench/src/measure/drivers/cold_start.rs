//! Driver `cold-start`: from spawn to the first right answer, with the phases
//! the host tells of. One process gives one sample.

use super::Driven;
use crate::measure::block::{call, request_timeout};
use crate::measure::stage::Started;
use model::{Arm, Metric};

pub(super) fn drive(arm: &Arm, started: &mut Started<'_>) -> Result<Driven, String> {
    let until_asked = started.started_at.elapsed();
    let until_answered = load::first_answer(&call(arm, started.ready.addr), request_timeout())
        .map_err(|failure| failure.to_string())?;
    let cold_start = until_asked + until_answered;

    let mut driven = Driven::default();
    let m = &mut driven.measurements;
    m.insert("cold_start_ns", vec![cold_start.as_nanos() as f64]);
    m.insert("ready_ns", vec![started.ready.after.as_nanos() as f64]);
    for (phase, ns) in &started.ready.phases_ns {
        // A phase no metric is declared for is the host's own business.
        if let Some(metric) = Metric::named(&format!("phase_{phase}_ns")) {
            m.insert(metric.name, vec![*ns as f64]);
        }
    }
    let mut tree = started.tree();
    match tree.cpu_ns() {
        Ok(ns) => m.insert("cold_start_cpu_ns", vec![ns as f64]),
        Err(reason) => m.insert_absent("cold_start_cpu_ns", &reason),
    }
    match started.instructions.read() {
        Ok(count) => m.insert("cold_start_instructions", vec![count as f64]),
        Err(reason) => m.insert_absent("cold_start_instructions", &reason),
    }
    match tree.rss_peak_bytes() {
        Ok(bytes) => m.insert("rss_peak_bytes", vec![bytes as f64]),
        Err(reason) => m.insert_absent("rss_peak_bytes", &reason),
    }
    Ok(driven)
}

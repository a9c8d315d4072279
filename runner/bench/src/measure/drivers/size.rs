//! Driver `size`: bytes of the binary, the component and the precompiled
//! component; of things that were just seen giving the right answer.

use super::Driven;
use crate::measure::block::{Bench, Started, call, request_timeout};
use crate::measure::subject::Subject;
use model::Arm;
use std::path::Path;

pub(super) fn drive(
    bench: &Bench<'_>,
    subject: &Subject,
    arm: &Arm,
    started: &mut Started,
) -> Result<Driven, String> {
    load::ask_once(&call(arm, started.ready.addr), request_timeout())
        .map_err(|failure| failure.to_string())?;
    let mut driven = Driven::default();
    let m = &mut driven.measurements;
    m.insert("binary_bytes", vec![subject.artifact.binary_bytes as f64]);
    if let Some(component) = &arm.component {
        m.insert("component_bytes", vec![bytes(component)?]);
    }
    if arm.precompile {
        m.insert("precompiled_bytes", vec![bytes(&subject.precompiled(arm, &bench.cache)?)?]);
    }
    Ok(driven)
}

fn bytes(file: &Path) -> Result<f64, String> {
    let metadata = file.metadata().map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    Ok(metadata.len() as f64)
}

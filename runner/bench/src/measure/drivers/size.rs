//! Driver `size`: bytes of the binary, the component and the precompiled
//! component; of things that were just seen giving the right answer.

use super::Driven;
use crate::measure::block::{call, request_timeout};
use crate::measure::stage::{Stage, Started};
use std::path::Path;

pub(super) fn drive(stage: &Stage<'_>, started: &mut Started<'_>) -> Result<Driven, String> {
    load::ask_once(&call(stage.arm, started.ready.addr), request_timeout())
        .map_err(|failure| failure.to_string())?;
    let mut driven = Driven::default();
    let m = &mut driven.measurements;
    m.insert("binary_bytes", vec![stage.subject.artifact.binary_bytes as f64]);
    if let Some(component) = &stage.arm.component {
        m.insert("component_bytes", vec![bytes(component.path())?]);
    }
    if let Some(precompiled) = &stage.precompiled {
        m.insert("precompiled_bytes", vec![bytes(precompiled)?]);
    }
    Ok(driven)
}

fn bytes(file: &Path) -> Result<f64, String> {
    let metadata = file.metadata().map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    Ok(metadata.len() as f64)
}

//! What is done with a started host. Each driver checks every answer and
//! returns the samples; each records CPU, instructions and memory beside its
//! main metric.

use super::block::{Bench, Started};
use super::subject::Subject;
use model::{Arm, Driver, Label, Measurements};

mod cold_start;
mod http;
mod size;

/// What a driver measured.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    /// Stored samples.
    pub(crate) measurements: Measurements,
    /// Caveats.
    pub(crate) labels: Vec<Label>,
}

/// Drives a started host as its arm says.
///
/// # Errors
/// In one sentence, without the host's log.
pub(super) fn drive(
    bench: &Bench<'_>,
    subject: &Subject,
    arm: &Arm,
    started: &mut Started,
) -> Result<Driven, String> {
    match arm.driver {
        Driver::HttpLatency | Driver::HttpThroughput | Driver::HttpOpenLoop => {
            http::drive(bench, arm, started)
        }
        Driver::ColdStart => cold_start::drive(arm, started),
        Driver::Size => size::drive(bench, subject, arm, started),
    }
}

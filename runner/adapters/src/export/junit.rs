//! JUnit: a suite for each of a run, a case for each arm of each version. A failed block is a
//! failure, what a version does not support is skipped, and the medians are properties.

use super::ExportError;
use super::series;
use model::{Block, Outcome, Run};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use stats::summary;
use std::io::{self, Write};
use std::time::Duration;

pub(super) fn write(runs: &[Run], out: &mut dyn Write) -> Result<(), ExportError> {
    let mut report = Report::new("bench export");
    for run in runs {
        let mut suites: Vec<TestSuite> = Vec::new();
        for ((cell, artifact), blocks) in series::arms(run) {
            let version = run.artifacts[artifact].version.label();
            let name = format!("{}/{} {version}", cell.benchmark, cell.arm);
            let mut case = case(&format!("{} {name}", cell.target), &blocks);
            case.set_classname(format!("{}.{}", cell.suite, cell.benchmark));
            let suite = format!("{} run {}", cell.suite, run.id);
            match suites.iter_mut().find(|known| known.name.as_str() == suite) {
                Some(known) => {
                    known.add_test_case(case);
                }
                None => {
                    let mut new = TestSuite::new(suite);
                    new.add_test_case(case);
                    suites.push(new);
                }
            }
        }
        report.add_test_suites(suites);
    }
    let text = report.to_string().map_err(|error| ExportError::Io(io::Error::other(error)))?;
    Ok(out.write_all(text.as_bytes())?)
}

fn case(name: &str, blocks: &[&Block]) -> TestCase {
    let failed = blocks.iter().find_map(|block| match &block.outcome {
        Outcome::Failed { reason, log_tail } => Some((reason, log_tail)),
        _ => None,
    });
    let unsupported = blocks.iter().find_map(|block| match &block.outcome {
        Outcome::Unsupported { reason } => Some(reason),
        _ => None,
    });
    let status = match (failed, unsupported) {
        (Some((reason, log_tail)), _) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(reason.as_str()).set_description(log_tail.as_str());
            status
        }
        (None, Some(reason)) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason.as_str());
            status
        }
        (None, None) => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(name, status);
    let took_ns = blocks.iter().map(|block| block.duration_ns).fold(0_u64, u64::saturating_add);
    case.set_time(Duration::from_nanos(took_ns));
    for (metric, values) in series::metrics(blocks) {
        if let Ok(median) = summary::median(&values) {
            case.add_property(Property::new(metric.name, median.to_string()));
        }
    }
    case
}

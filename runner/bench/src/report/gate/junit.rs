//! The checks as a JUnit file, a test case each.

use super::sentence;
use crate::gate::{Check, CheckOutcome, GateReport};
use anyhow::{Context, Result};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// The file's text.
///
/// # Errors
/// None that is known: it is written to memory.
pub(crate) fn junit(report: &GateReport) -> Result<String> {
    let mut suites: Vec<TestSuite> = Vec::new();
    for check in &report.checks {
        let case = case(check);
        match suites.iter_mut().find(|suite| suite.name.as_str() == check.suite) {
            Some(suite) => {
                suite.add_test_case(case);
            }
            None => {
                let mut suite = TestSuite::new(check.suite.as_str());
                suite.add_test_case(case);
                suites.push(suite);
            }
        }
    }
    for waiver in &report.unused_waivers {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message("it excuses nothing; delete it");
        let mut suite = TestSuite::new("waivers");
        suite.add_test_case(TestCase::new(waiver.as_str(), status));
        suites.push(suite);
    }
    let mut written = Report::new("bench gate");
    written.add_test_suites(suites);
    written.to_string().context("writing JUnit")
}

fn case(check: &Check) -> TestCase {
    let mut status = match check.outcome {
        CheckOutcome::Passed => TestCaseStatus::success(),
        CheckOutcome::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        CheckOutcome::Missing => TestCaseStatus::non_success(NonSuccessKind::Error),
        CheckOutcome::Undecided | CheckOutcome::Warned | CheckOutcome::Waived => {
            TestCaseStatus::skipped()
        }
    };
    if check.outcome != CheckOutcome::Passed {
        status.set_message(format!("{}: {}", check.outcome.word(), sentence(check)));
    }
    TestCase::new(format!("{} {}", check.kind.word(), check.name()), status)
}

//! Annotations of GitHub Actions: lines that its runner picks out of a log.

use super::sentence;
use crate::gate::{CheckOutcome, GateReport};

/// A line for each check that is news, worst first.
pub(crate) fn annotations(report: &GateReport) -> String {
    let mut lines = String::new();
    let mut add = |level: &str, title: &str, text: &str| {
        lines.push_str(&format!("::{level} title={}::{}\n", property(title), message(text)));
    };
    for check in &report.checks {
        let level = match check.outcome {
            CheckOutcome::Failed | CheckOutcome::Missing => "error",
            CheckOutcome::Undecided | CheckOutcome::Warned => "warning",
            CheckOutcome::Waived => "notice",
            CheckOutcome::Passed => continue,
        };
        let title = format!("{} {}", check.kind.word(), check.outcome.word());
        add(level, &title, &sentence(check));
    }
    for waiver in &report.unused_waivers {
        add("error", "unused waiver", &format!("{waiver}: it excuses nothing; delete it"));
    }
    lines
}

/// Percent signs and line ends would end or garble the line.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

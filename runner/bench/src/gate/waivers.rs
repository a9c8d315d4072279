//! Recorded exceptions. One that is expired, or excuses nothing, is an error:
//! an exception that nobody looks after lets the next failure pass unseen.

use super::{Check, CheckOutcome};
use anyhow::{Result, bail};
use jiff::civil::Date;
use model::{Metric, SeriesName, Waiver};

/// Refuses waivers whose last day is over.
///
/// # Errors
/// Names all of them, with their owners.
pub(crate) fn refuse_expired(waivers: &[Waiver], today: Date) -> Result<()> {
    let expired: Vec<String> = waivers
        .iter()
        .filter(|waiver| waiver.expires < today)
        .map(|waiver| format!("{} of {} ({})", waiver.covers.words(), waiver.owner, waiver.expires))
        .collect();
    if !expired.is_empty() {
        bail!(
            "waivers are expired: {}; renew them with a reason, or delete them from bench.toml",
            expired.join("; ")
        );
    }
    Ok(())
}

/// Excuses the failures that a waiver covers; returns the waivers that excuse
/// nothing. One whose series is missing or undecided may be needed yet.
pub(super) fn apply(waivers: &[Waiver], target: &str, checks: &mut [Check]) -> Vec<String> {
    let mut unused = Vec::new();
    for waiver in waivers {
        let mut is_used = false;
        for check in checks.iter_mut().filter(|check| covers(waiver, target, check)) {
            is_used |= check.outcome != CheckOutcome::Passed;
            if check.outcome == CheckOutcome::Failed {
                check.outcome = CheckOutcome::Waived;
                let Waiver { owner, reason, expires, .. } = waiver;
                check.add_note(&format!("waived by {owner} until {expires}: {reason}"));
            }
        }
        if !is_used {
            unused.push(format!("{} of {}", waiver.covers.words(), waiver.owner));
        }
    }
    unused
}

/// A check that something was measured at all has no metric, and is covered by
/// the rest of the names.
fn covers(waiver: &Waiver, target: &str, check: &Check) -> bool {
    let Check { suite, benchmark, arm, .. } = check;
    let metric = Metric::named(&check.metric);
    let named =
        |metric| waiver.covers.covers(&SeriesName { target, suite, benchmark, arm, metric });
    metric.is_some_and(named)
        || (check.outcome == CheckOutcome::Missing && waiver.covers.covers_suite(suite))
}

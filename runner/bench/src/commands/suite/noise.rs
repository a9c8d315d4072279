//! How much one version differs from itself, and what follows from it: the change that a
//! comparison would see, whether a gate may rely on it, and how long measuring takes. It
//! plans; verdicts are `stats`'.

use crate::session::Session;
use model::{
    Block, Config, Margins, Metric, NoiseClass, Outcome, ProfileName, Run, SeriesName, Suite,
};
use stats::summary;
use std::time::Duration;

/// Turns the median of absolute deviations into a standard deviation, of normal noise.
const TO_DEVIATION: f64 = 1.4826;
/// Two-sided 95 % of Student's t, for about a dozen pairs.
const T: f64 = 2.2;

/// What measuring a suite with one version showed.
pub(super) struct Noise {
    pub(super) standings: Vec<Standing>,
    /// Blocks of each arm.
    pub(super) blocks: u32,
    /// Pairs of a comparison.
    pub(super) pairs: u32,
    pub(super) failed: usize,
    /// `None` if no arm is quick.
    pub(super) quick: Option<Duration>,
    pub(super) full: Duration,
    pub(super) compare: Duration,
}

/// One series.
pub(super) struct Standing {
    pub(super) series: String,
    pub(super) metric: &'static Metric,
    pub(super) median: f64,
    /// Of block medians, as a share of their median.
    pub(super) spread: f64,
    /// The change that a comparison would see, as a share.
    pub(super) visible: f64,
    /// `None` where no rule asks.
    pub(super) may_gate: Option<bool>,
    pub(super) words: String,
}

impl Noise {
    pub(super) fn of(session: &Session<'_>, run: &Run, took: Duration) -> Self {
        let config = &session.project.config;
        let pairs = config.profile(ProfileName::Compare).blocks;
        let failed = run.blocks.iter().filter(|it| matches!(it.outcome, Outcome::Failed { .. }));
        let mut standings = Vec::new();
        for suite in &session.suites {
            for arm in &suite.arms {
                // What is measured on the anchor only, is nobody else's; where both are, the
                // suite is about the other.
                let is_of = |block: &&Block| {
                    let of = &block.cell;
                    let is_anchor = Some(&of.target) == config.anchor.as_ref();
                    (&of.suite, &of.benchmark, &of.arm) == (&suite.name, &arm.benchmark, &arm.name)
                        && is_anchor == arm.floor
                };
                let blocks: Vec<&Block> = run.counted_blocks().filter(is_of).collect();
                let of_arm = arm.metrics.iter();
                standings.extend(of_arm.filter_map(|it| standing(config, &blocks, it, pairs)));
            }
        }
        let blocks = run.blocks.iter().map(|block| block.round + 1).max().unwrap_or_default();
        let block_time = took.div_f64(run.blocks.len().max(1) as f64);
        let versions = run.artifacts.len().max(1) as u32;
        let arms =
            |wanted: fn(&Suite) -> usize| session.suites.iter().map(wanted).sum::<usize>() as u32;
        let (all, quick) = (
            arms(|suite| suite.arms.len()),
            arms(|suite| suite.arms.iter().filter(|arm| arm.quick).count()),
        );
        let of = |arms: u32, profile| block_time * (arms * config.profile(profile).blocks);
        Self {
            standings,
            blocks,
            pairs,
            failed: failed.count(),
            quick: (quick > 0).then(|| of(quick, ProfileName::Quick)),
            full: of(all, ProfileName::Full),
            compare: of(all, ProfileName::Compare) * versions.max(2),
        }
    }
}

fn standing(
    config: &Config,
    blocks: &[&Block],
    metric: &'static Metric,
    pairs: u32,
) -> Option<Standing> {
    let value = |block: &&&Block| match &block.outcome {
        Outcome::Measured(measurements) => summary::median(&measurements.values(metric)?).ok(),
        _ => None,
    };
    let values: Vec<f64> = blocks.iter().filter_map(|block| value(&block)).collect();
    let median = summary::median(&values).ok()?;
    let cell = &blocks.first()?.cell;
    let deviation = TO_DEVIATION * summary::mad(&values).ok()?;
    let spread = if median > 0.0 { deviation / median } else { 0.0 };
    let visible = visible(spread, pairs);
    let name = SeriesName {
        target: &cell.target,
        suite: &cell.suite,
        benchmark: &cell.benchmark,
        arm: &cell.arm,
        metric,
    };
    let gate = config.gate.as_ref();
    let tolerated = gate.and_then(|gate| gate.rule(&name)).map(|rule| rule.tolerated);
    let probation = gate.map_or(0, |gate| gate.probation_runs);
    let (may_gate, words) = standing_at(metric, visible, tolerated, &config.margins, probation);
    let series = format!("{}/{} {}", cell.benchmark, cell.arm, cell.target);
    Some(Standing { series, metric, median, spread, visible, may_gate, words })
}

/// Half the 95 % interval of the mean of so many differences of two blocks.
fn visible(spread: f64, pairs: u32) -> f64 {
    T * spread * (2.0 / f64::from(pairs.max(2))).sqrt()
}

fn standing_at(
    metric: &Metric,
    visible: f64,
    tolerated: Option<f64>,
    margins: &Margins,
    probation_runs: u32,
) -> (Option<bool>, String) {
    let limit = tolerated.unwrap_or_else(|| margins.of(metric.noise));
    let percent = 100.0 * limit;
    let is_quiet = visible <= limit;
    let after = match metric.noise {
        NoiseClass::Exact => "at once".to_owned(),
        NoiseClass::Wall | NoiseClass::Cpu => format!("after {probation_runs} runs"),
    };
    match (tolerated, is_quiet) {
        (Some(_), true) => (Some(true), format!("gates at {percent:.1} %, {after}")),
        (Some(_), false) => (Some(false), format!("too noisy for its rule of {percent:.1} %")),
        (None, true) => (None, format!("no rule; may have one of {percent:.1} %")),
        (None, false) => (None, format!("no rule; too noisy for one of {percent:.1} %")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_falls_with_the_root_of_the_pairs() {
        let twelve = visible(0.03, 12);
        assert!((0.026..0.028).contains(&twelve), "{twelve}");
        assert!((visible(0.03, 48) / twelve - 0.5).abs() < 1e-12);
        assert_eq!(visible(0.0, 12), 0.0);
    }
}

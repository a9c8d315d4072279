//! Whether B differs from A, from the samples of few runs and what is known of
//! earlier ones.
//!
//! For those who have samples but no rounds of neighbouring blocks; where
//! there are, [`crate::compare`] is the better question.
//!
//! # The rule
//!
//! The run (a process) is the unit of independence: every run is summarised by
//! the mean of its samples, and logs of those means are analysed. Three things
//! disturb them: what a run has to itself (variance `own` for the mean of a
//! side), what the runs of one session share (`shared`), and the noise of the
//! samples within a run. The history holds one value for each earlier session
//! of A, so it varies by `own + shared`, tells A's level once more, and does so
//! many times over.
//!
//! - Runs that were neighbours share the session. B is compared with a mixture
//!   of A's runs beside it and A's history, in the proportion that has the
//!   least variance: A's runs cancel what is shared, the history averages out
//!   what A's runs have to themselves.
//! - Runs that were not neighbours share nothing. A's session is then one more
//!   value of the history.
//! - Without a history there are the runs alone, and it takes at least
//!   [`FEWEST_RUNS`] on each side: one process a side says nothing of how
//!   processes differ, however many samples it gave.
//!
//! The interval is Student's t with the degrees of freedom of Satterthwaite
//! 1946 ("An approximate distribution of estimates of variance components").
//! A standard error is never below what the samples within the runs say.
//!
//! Sources: Kalibera & Jones 2013, "Rigorous benchmarking in reasonable time"
//! (levels of repetition); Maricq et al. 2018, "Taming performance variability".

use crate::Interval;
use crate::compare::{POWER, judge_interval, require_margin, within_range};
use crate::distribution::t_quantile;
use crate::error::{Error, require_positive, require_same_length};
use crate::summary::{mean_of, standard_error_of_mean};
use crate::verdict::{Better, Verdict};

/// The chance of a false alarm unless another is asked for.
pub const DEFAULT_ALPHA: f64 = 0.02;
/// With fewer runs on a side and no history nothing is decided.
pub const FEWEST_RUNS: usize = 3;
/// A history of fewer values is not used: its variance would be a guess.
pub const FEWEST_PAST: usize = 8;
/// So many degrees of freedom is the history's variance worth as a first guess
/// of what a run has to itself. It errs upwards, by what sessions share.
const GUESS_DEGREES: f64 = 3.0;

/// The samples of two versions, all above zero, in one unit.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// The samples of each run of A; at least one run of at least one sample.
    pub a: &'a [Vec<f64>],
    /// The samples of each run of B.
    pub b: &'a [Vec<f64>],
    /// Run i of A and of B were measured next to each other, for every i.
    pub neighbours: bool,
    /// The means of earlier sessions of A, one value each; may be empty.
    pub history: &'a [f64],
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Which way is better.
    pub better: Better,
    /// The effect that does not matter yet, as in [`crate::compare::Options`].
    pub margin: f64,
    /// The chance of a false alarm where nothing changed, from 0.000001 to 0.5.
    pub alpha: f64,
}

/// The answer. Ratios are B / A.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// The ratio, the best estimate from everything there is.
    pub ratio: f64,
    /// Its interval, with a confidence of `1 - alpha`; absent if the samples
    /// cannot tell.
    pub interval: Option<Interval>,
    /// The smallest effect that would have been seen, as in [`crate::compare`].
    pub smallest_visible: Option<f64>,
    /// The verdict on B; inconclusive without an interval.
    pub verdict: Verdict,
}

/// An estimate of the log ratio.
struct Estimate {
    log_ratio: f64,
    /// Variance and degrees of freedom; absent if nothing tells them.
    error: Option<(f64, f64)>,
}

/// Decides whether B differs from A. The rule is in the module's description.
///
/// # Errors
///
/// No runs, a run without samples, values that are not finite or not above
/// zero; neighbours of unequal number; options out of range.
pub fn decide(samples: &Samples<'_>, options: &Options) -> Result<Decision, Error> {
    require_margin(options.margin)?;
    if !(1e-6..=0.5).contains(&options.alpha) {
        let (what, value) = ("alpha", options.alpha);
        return Err(Error::BadParameter { what, value, allowed: "from 0.000001 to 0.5" });
    }
    let (a, b) = (side("a", samples.a)?, side("b", samples.b)?);
    if samples.neighbours {
        require_same_length(&a.runs, &b.runs)?;
    }
    let history = if samples.history.len() < FEWEST_PAST { &[] } else { samples.history };
    if !history.is_empty() {
        require_positive("history", history)?;
    }
    let history: Vec<f64> = history.iter().map(|value| value.ln()).collect();
    let estimate = match (history.is_empty(), samples.neighbours) {
        (false, true) if a.runs.len() > 1 => beside_and_before(&a, &b, &history),
        (false, _) => before(&a, &b, &history),
        (true, true) => beside(&a, &b),
        (true, false) => apart(&a, &b),
    };
    answer(&estimate, options)
}

/// One side: the logs of its runs' means, and what the samples say of their error.
struct Side {
    runs: Vec<f64>,
    /// The mean of `runs`.
    mean: f64,
    /// The variance of `mean` if runs had nothing to themselves.
    within: f64,
}

fn side(what: &'static str, runs: &[Vec<f64>]) -> Result<Side, Error> {
    if runs.is_empty() {
        return Err(Error::Empty { what });
    }
    let mut means = Vec::with_capacity(runs.len());
    let (mut within, mut told) = (0.0, 0.0f64);
    for samples in runs {
        require_positive(what, samples)?;
        let mean = mean_of(samples);
        means.push(mean.ln());
        let error = standard_error_of_mean(samples, mean) / mean;
        if samples.len() > 1 && error.is_finite() {
            within += error * error;
            told += 1.0;
        }
    }
    let within = within / told.max(1.0) / runs.len() as f64;
    Ok(Side { mean: mean_of(&means), runs: means, within })
}

fn variance_of_mean(values: &[f64]) -> f64 {
    standard_error_of_mean(values, mean_of(values)).powi(2)
}

/// Neighbours with a history.
fn beside_and_before(a: &Side, b: &Side, history: &[f64]) -> Estimate {
    let (past, runs) = (history.len() as f64, a.runs.len() as f64);
    let within = f64::midpoint(a.within, b.within);
    let session = (variance_of_mean(history) * past).max(within);
    let differences: Vec<f64> = a.runs.iter().zip(&b.runs).map(|(a, b)| b - a).collect();
    let degrees = runs - 1.0 + GUESS_DEGREES;
    let seen = (runs - 1.0) * variance_of_mean(&differences) / 2.0;
    let own = ((seen + GUESS_DEGREES * session) / degrees).clamp(within, session);
    // What A's history does not know of this session.
    let apart = session - own + session / past;
    let weight = apart / (apart + own);
    let level = weight * a.mean + (1.0 - weight) * mean_of(history);
    let of_history = (1.0 - weight).powi(2) * apart;
    let of_runs = own * (1.0 + weight * weight);
    let variance = of_history + of_runs;
    let spread = of_history.powi(2) / (past - 1.0) + of_runs.powi(2) / degrees;
    Estimate {
        log_ratio: b.mean - level,
        error: (variance > 0.0).then(|| (variance, variance.powi(2) / spread)),
    }
}

/// Not neighbours, with a history: A's session is one more value of it.
fn before(a: &Side, b: &Side, history: &[f64]) -> Estimate {
    let past = history.len() as f64;
    let within = f64::midpoint(a.within, b.within);
    let session = (variance_of_mean(history) * past).max(within);
    let level = (a.mean + past * mean_of(history)) / (past + 1.0);
    let variance = session * (1.0 + 1.0 / (past + 1.0));
    Estimate {
        log_ratio: b.mean - level,
        error: (variance > 0.0).then_some((variance, past - 1.0)),
    }
}

/// Neighbours and nothing else.
fn beside(a: &Side, b: &Side) -> Estimate {
    let differences: Vec<f64> = a.runs.iter().zip(&b.runs).map(|(a, b)| b - a).collect();
    let enough = differences.len() >= FEWEST_RUNS;
    let error = enough.then(|| {
        let variance = variance_of_mean(&differences).max(a.within + b.within);
        (variance, differences.len() as f64 - 1.0)
    });
    Estimate { log_ratio: b.mean - a.mean, error: error.filter(|error| error.0 > 0.0) }
}

/// Two sides that share nothing (Welch 1947).
fn apart(a: &Side, b: &Side) -> Estimate {
    let enough = a.runs.len().min(b.runs.len()) >= FEWEST_RUNS;
    let error = enough.then(|| {
        let of = |side: &Side| variance_of_mean(&side.runs).max(side.within);
        let (of_a, of_b) = (of(a), of(b));
        let degrees = |side: &Side| side.runs.len() as f64 - 1.0;
        let spread = of_a * of_a / degrees(a) + of_b * of_b / degrees(b);
        (of_a + of_b, (of_a + of_b).powi(2) / spread)
    });
    Estimate { log_ratio: b.mean - a.mean, error: error.filter(|error| error.0 > 0.0) }
}

fn answer(estimate: &Estimate, options: &Options) -> Result<Decision, Error> {
    let ratio = within_range(estimate.log_ratio.exp());
    let Some((variance, degrees)) = estimate.error else {
        let verdict = Verdict::Inconclusive;
        return Ok(Decision { ratio, interval: None, smallest_visible: None, verdict });
    };
    let degrees = degrees.max(1.0);
    let t = t_quantile(degrees, 1.0 - options.alpha / 2.0)?;
    let error = variance.sqrt();
    let (low, high) = (estimate.log_ratio - t * error, estimate.log_ratio + t * error);
    Ok(Decision {
        ratio,
        interval: Some(Interval {
            low: within_range(low.exp()).min(ratio),
            high: within_range(high.exp()).max(ratio),
            confidence: 1.0 - options.alpha,
        }),
        smallest_visible: Some(((t + t_quantile(degrees, POWER)?) * error).exp_m1().min(f64::MAX)),
        verdict: judge_interval(low, high, options.margin, options.better),
    })
}

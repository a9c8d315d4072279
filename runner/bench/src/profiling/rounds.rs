//! Sampling the stacks of versions in turn, each round with a fresh host of each.

use super::series::Sides;
use super::stacks::Stacks;
use crate::measure::{FREQUENCY_HZ, Named};
use crate::progress::Progress;
use anyhow::{Context, Result};
use std::time::Duration;

/// One host's samples.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    pub(crate) stacks: Stacks,
    pub(crate) requests: u64,
    pub(crate) elapsed: Duration,
}

/// All rounds of one version.
#[derive(Debug, Clone)]
pub(crate) struct Sampled {
    pub(crate) rounds: Vec<Round>,
    pub(crate) guests: Named,
}

impl Round {
    /// CPU time that a number of samples stands for, in nanoseconds a request.
    pub(crate) fn ns_per_request(&self, samples: u64) -> f64 {
        ns_per_request(samples, self.requests)
    }
}

impl Sampled {
    /// The samples of all rounds.
    pub(crate) fn stacks(&self) -> Stacks {
        let mut all = Stacks::default();
        self.rounds.iter().for_each(|round| all.add(&round.stacks));
        all
    }

    /// The requests of all rounds.
    pub(crate) fn requests(&self) -> u64 {
        self.rounds.iter().map(|round| round.requests).sum()
    }

    /// CPU time that a number of samples stands for, in nanoseconds a request.
    pub(crate) fn ns_per_request(&self, samples: u64) -> f64 {
        ns_per_request(samples, self.requests())
    }

    /// How long that took, in seconds.
    pub(crate) fn elapsed_s(&self) -> f64 {
        self.rounds.iter().map(|round| round.elapsed.as_secs_f64()).sum()
    }
}

fn ns_per_request(samples: u64, requests: u64) -> f64 {
    samples as f64 * 1e9 / f64::from(FREQUENCY_HZ) / requests.max(1) as f64
}

/// So many rounds of all sides; who comes first changes from round to round.
///
/// # Errors
/// When a host fails, or perf cannot look at it.
pub(crate) fn sample(sides: &Sides<'_>, rounds: u32, measure: Duration) -> Result<Vec<Sampled>> {
    let labels = sides.labels();
    let steps = u64::from(rounds) * labels.len() as u64;
    let mut progress = Progress::start(&format!("profiling {}", sides.series), Some(steps));
    let mut sampled: Vec<Option<Sampled>> = vec![None; labels.len()];
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (step, side) in order.into_iter().enumerate() {
            let done = u64::from(round) * labels.len() as u64 + step as u64;
            progress.at(done, Some(steps), &labels[side]);
            let (round, guests) = sample_one(sides, side, measure)?;
            match &mut sampled[side] {
                Some(sampled) => sampled.rounds.push(round),
                none => *none = Some(Sampled { rounds: vec![round], guests }),
            }
        }
    }
    progress.end();
    Ok(sampled.into_iter().flatten().collect())
}

/// One round of one side.
///
/// # Errors
/// As [`sample`].
pub(crate) fn sample_one(
    sides: &Sides<'_>,
    side: usize,
    measure: Duration,
) -> Result<(Round, Named)> {
    let folder = tempfile::tempdir().context("creating a folder for samples")?;
    let data = folder.path().join("perf.data");
    let bench = sides.session.bench(None);
    let recorded =
        sides.with_names(&bench, side)?.record(measure, &data).map_err(anyhow::Error::msg)?;
    // While the maps of guests are there.
    let stacks = Stacks::of_recording(&data)?;
    let round = Round { stacks, requests: recorded.requests, elapsed: recorded.elapsed };
    Ok((round, recorded.guests.clone()))
}

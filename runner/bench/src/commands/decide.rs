//! `bench decide --ndjson`: pairs of samples on standard input.

use crate::cli::Decide;
use crate::exit::Exit;
use crate::ndjson;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use stats::Better;
use stats::decide::{self, Options, Samples};
use std::io;

/// The samples of each run of both versions, and earlier results of A.
#[derive(Deserialize)]
struct Pair {
    id: String,
    #[serde(default)]
    design: Design,
    a: Vec<Vec<f64>>,
    b: Vec<Vec<f64>>,
    #[serde(default)]
    history: Vec<f64>,
}

/// How the runs lie in time.
#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Design {
    /// Run i of A and of B are neighbours.
    Interleaved,
    /// They are not.
    #[default]
    #[serde(other)]
    Apart,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    verdict: &'static str,
    /// B over A, less 1.
    effect: f64,
    /// Lower end of its interval; null if the samples cannot tell.
    low: Option<f64>,
    high: Option<f64>,
    /// The smallest effect that would have been seen.
    smallest_visible: Option<f64>,
}

pub(super) fn run(arguments: &Decide) -> Result<Exit> {
    let better = if arguments.higher_is_better { Better::Higher } else { Better::Lower };
    let options = Options { better, margin: arguments.margin, alpha: arguments.alpha };
    let answer = |pair: Pair| between(pair, &options);
    ndjson::answer(io::stdin().lock(), io::stdout().lock(), answer)?;
    Ok(Exit::Fine)
}

fn between(pair: Pair, options: &Options) -> Result<Answer> {
    let neighbours = pair.design == Design::Interleaved;
    let samples = Samples { a: &pair.a, b: &pair.b, neighbours, history: &pair.history };
    let decision = decide::decide(&samples, options)?;
    Ok(Answer {
        id: pair.id,
        verdict: decision.verdict.word(),
        effect: decision.ratio - 1.0,
        low: decision.interval.map(|interval| interval.low - 1.0),
        high: decision.interval.map(|interval| interval.high - 1.0),
        smallest_visible: decision.smallest_visible,
    })
}

//! What can be typed of the commands that decide: compare, gate, detect, decide;
//! and of `synth`, which makes up what they are tested with.

use super::{EXIT_CODES, Selection, VERSIONS};
use crate::received::Condition;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

const DETECT: &str = r#"Without --ndjson it looks at every series of the database, and adds what is new to
the file of alerts, whose states (new, confirmed, acknowledged, invalid, infra, fixed) are yours to edit.
With --confirm the two versions on both sides of a suspected change are measured again, side by side: the
alert becomes confirmed or invalid, unless somebody has edited it, or stays new where that does not tell.

With --ndjson, a line in, a line out:
  {"id":"a","index":[1,2,5],"values":[9.1,9.0,9.2]}
  {"id":"a","changes":[{"index":5,"direction":1,"effect":0.02,"standing":"suspected"}]}
index      ascending whole numbers, a commit's position for example; gaps are fine
changes    index: the first value at the new level; direction: 1 up, -1 down;
           effect: new over old level, less 1; standing: established, or suspected
           so near the end that more values should confirm it
At least 5 values make a level, so fewer than 10 have no change.

Exit codes: 0 every line was answered; 2 a line is wrong (its number is told)."#;

const DECIDE: &str = r#"A line in, a line out:
  {"id":"a","design":"multi","a":[[9.1,9.0],[9.2,9.1]],"b":[[9.3,9.4],[9.4,9.2]],"history":[9.1,9.0]}
  {"id":"a","verdict":"regressed","effect":0.029,"low":0.011,"high":0.048}
a, b       the samples of every run (process); all are above zero
design     "interleaved" if run i of a and of b were neighbours in time; anything
           else, or nothing: they were not
history    results of earlier runs of A, one value a run; may be absent
effect     B over A, less 1, with its interval from low to high; null if unknown
verdict    regressed, improved, equivalent or inconclusive

Exit codes: 0 every line was answered; 2 a line is wrong (its number is told)."#;

#[derive(Args)]
#[command(after_help = format!(
    "{VERSIONS}\n  run:ID            a stored run, when both sides are: nothing is measured\n  \
     v1..v2            both sides at once; v1.. goes up to HEAD\n\n{EXIT_CODES}"
))]
pub(crate) struct Compare {
    /// The version to compare with, or a range A..B
    pub(crate) a: String,
    /// The version in question
    pub(crate) b: Option<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only arms marked quick
    #[arg(long)]
    pub(crate) quick: bool,
    /// Measure for so long at most (10m, 90s), where it is not decided yet
    #[arg(long, value_name = "TIME", value_parser = budget)]
    pub(crate) budget: Option<Duration>,
    /// Measure nothing: compare what this bundle holds, which must be of these two commits
    #[arg(long, value_name = "FILE", conflicts_with_all = ["suite", "blocks", "seed", "quick", "budget"])]
    pub(crate) bundle: Option<PathBuf>,
    /// What the bundle's testbed must be: cpu_model=AMD* (may be repeated)
    #[arg(long, value_name = "FIELD=GLOB", requires = "bundle")]
    pub(crate) testbed: Vec<Condition>,
    /// Show what did not change too
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the comparison as JSON
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Print the comparison as Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Also write it as one page that needs no other file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = format!("{VERSIONS}\n\n{EXIT_CODES}"))]
pub(crate) struct Gate {
    /// What the candidate must not be worse than
    #[arg(long, value_name = "VERSION")]
    pub(crate) baseline: String,
    /// What may go out
    #[arg(long, value_name = "VERSION")]
    pub(crate) candidate: String,
    /// The last release, for cumulative drift [default: the newest tag before the candidate]
    #[arg(long, value_name = "VERSION")]
    pub(crate) release: Option<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Measure for so long at most (10m, 90s), where it is not decided yet
    #[arg(long, value_name = "TIME", value_parser = budget)]
    pub(crate) budget: Option<Duration>,
    #[command(flatten)]
    pub(crate) output: GateOutput,
}

#[derive(Args)]
pub(crate) struct GateOutput {
    /// Show what passed too
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the outcome as JSON
    #[arg(long, conflicts_with = "github")]
    pub(crate) json: bool,
    /// Also print annotations for GitHub Actions
    #[arg(long)]
    pub(crate) github: bool,
    /// Also write it as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Also write it as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = DETECT)]
pub(crate) struct Detect {
    /// Read histories from standard input, one JSON object a line, not the database
    #[arg(long, conflicts_with_all = ["suite", "alerts", "confirm", "dry_run", "all", "json"])]
    pub(crate) ndjson: bool,
    /// Only suites, or SUITE/BENCHMARK, that match (shell pattern; may be repeated)
    #[arg(long, value_name = "GLOB")]
    pub(crate) suite: Vec<String>,
    /// The file of alerts and their states [default: data/alerts.toml beside bench.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) alerts: Option<PathBuf>,
    /// Measure both sides of what is suspected again, and tell what that showed
    #[arg(long)]
    pub(crate) confirm: bool,
    /// Measure each pair of versions for so long at most (10m, 90s)
    #[arg(long, value_name = "TIME", value_parser = budget, requires = "confirm")]
    pub(crate) budget: Option<Duration>,
    /// Leave the file as it is
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show alerts that somebody closed too
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the alerts as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Smaller changes are not reported, as a fraction (0.003 is 0.3 %)
    #[arg(long, value_name = "FRACTION", default_value_t = 0.003, value_parser = fraction)]
    pub(crate) smallest_change: f64,
}

#[derive(Args)]
#[command(after_help = DECIDE)]
pub(crate) struct Decide {
    /// Read pairs of samples from standard input, one JSON object a line
    #[arg(long, required = true)]
    pub(crate) ndjson: bool,
    /// Chance of a false alarm where nothing changed
    #[arg(long, value_name = "FRACTION", default_value_t = stats::decide::DEFAULT_ALPHA,
          value_parser = alpha)]
    pub(crate) alpha: f64,
    /// Changes within this do not matter, as a fraction (0.01 is 1 %)
    #[arg(long, value_name = "FRACTION", default_value_t = 0.0, value_parser = fraction)]
    pub(crate) margin: f64,
    /// Higher values are better, as of a rate; without it lower ones are, as of a time
    #[arg(long)]
    pub(crate) higher_is_better: bool,
}

#[derive(Args)]
#[command(after_help = "Exit codes: 0 the commit is found; 2 bad usage, or no sure change; \
    3 a step could not decide; 4 interrupted.")]
pub(crate) struct Bisect {
    /// A commit before the change, or a range GOOD..BAD
    #[arg(value_name = "[TARGET@]GOOD")]
    pub(crate) good: String,
    /// A later commit, with the change
    #[arg(value_name = "[TARGET@]BAD")]
    pub(crate) bad: Option<String>,
    /// The suite that shows it
    #[arg(long, value_name = "NAME")]
    pub(crate) suite: String,
    /// The benchmark, if the suite has several
    #[arg(long, value_name = "NAME")]
    pub(crate) benchmark: Option<String>,
    /// The arm, if the benchmark has several
    #[arg(long, value_name = "NAME")]
    pub(crate) arm: Option<String>,
    /// The metric that changed
    #[arg(long, value_name = "NAME")]
    pub(crate) metric: String,
    /// The most pairs of blocks in a step
    #[arg(long, value_name = "N", default_value_t = 40,
          value_parser = clap::value_parser!(u32).range(6..=400))]
    pub(crate) blocks: u32,
    /// The chance that the commit found is wrong
    #[arg(long, value_name = "FRACTION", default_value_t = 0.05, value_parser = alpha)]
    pub(crate) error: f64,
    /// Seed of the order of blocks [default: random, stored]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Calibrate {
    /// Rounds to measure, each with every variant once; 0 tells what is stored
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) rounds: u32,
    /// The version to measure [default: the target of bench.toml's [calibrate]]
    #[arg(long, value_name = "TARGET[@VERSION]")]
    pub(crate) version: Option<String>,
    /// Only suites, or SUITE/BENCHMARK, that match (may be repeated) [default: from bench.toml]
    #[arg(long, value_name = "GLOB")]
    pub(crate) suite: Vec<String>,
    /// Measure it against itself only: no twin, no slowdowns
    #[arg(long)]
    pub(crate) only_same: bool,
    /// Judge as comparisons of so many pairs [default: as `bench compare` measures]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) pairs: Option<u32>,
    /// Seed of the order of blocks, and of the twin's layout [default: random, stored]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Show every series
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the rates as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Synth {
    /// How many series
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) series: usize,
    /// How many versions of each, a run each
    #[arg(long, value_name = "M", default_value_t = 200)]
    pub(crate) versions: usize,
    /// Everything follows from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

pub(super) fn budget(text: &str) -> Result<Duration, String> {
    let long = text.parse::<jiff::SignedDuration>().map_err(|_| "not a time such as 10m or 90s")?;
    let allowed = jiff::SignedDuration::from_secs(1)..=jiff::SignedDuration::from_hours(24);
    if !allowed.contains(&long) {
        return Err("must be from 1s to 24h".to_owned());
    }
    Ok(long.unsigned_abs())
}

fn fraction(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let good = (0.0..1.0).contains(&number);
    if good { Ok(number) } else { Err("must be from 0 to below 1".to_owned()) }
}

fn alpha(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let good = (1e-6..=0.5).contains(&number);
    if good { Ok(number) } else { Err("must be from 0.000001 to 0.5".to_owned()) }
}

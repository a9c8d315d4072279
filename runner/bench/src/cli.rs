//! Everything that can be typed, with its help. Help, completions and man
//! page derive from here; nothing here does anything.

mod deciding;
mod history;
mod profile;
mod service;
mod sharing;
mod suite;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

pub(crate) use deciding::{Bisect, Calibrate, Compare, Decide, Detect, Gate, GateOutput, Synth};
pub(crate) use history::{Backfill, Backup, Cache, Plan, Watch};
pub(crate) use profile::{Explain, Profile};
pub(crate) use service::{LogLevel, ScopeName, Serve, Token, Worker};
pub(crate) use sharing::{Export, Foreign, Import, Publish};
pub(crate) use suite::{Language, Measure, NewSuite, Suite};

const EXIT_CODES: &str = "\
Exit codes of run, compare and gate:
  0  fine
  1  a regression (run --check: a wrong answer)
  2  bad usage or input, a waiver that is expired or unused
  3  could not decide
  4  incomplete: something failed, is missing or was interrupted
When several hold: 2, then 1, then 4, then 3.";

const VERSIONS: &str = "\
A version is written
  host              the target's sources as they are now
  host@v1.2         a git commit of it: tag, branch, hash, HEAD~1
  v1.2              the same for the default target
  path:/a/binary    a binary that is already built (host@path:... names the target)";

/// Are we fast yet? Measures a WebAssembly component host and says what changed.
#[derive(Parser)]
#[command(name = "bench", version, after_help = EXIT_CODES, help_expected = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Global {
    /// The database [default: data/bench.sqlite beside bench.toml]
    #[arg(long, alias = "store", global = true, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// The configuration [default: bench.toml here or in a folder above]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where builds are kept [default: $XDG_CACHE_HOME/arewefastyet or ~/.cache/arewefastyet]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "BENCH_CACHE_DIR",
        hide_env_values = true
    )]
    pub(crate) cache: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Measure versions and store every raw sample
    Run(Run),
    /// Measure two versions side by side and say what changed
    Compare(Compare),
    /// Say whether a release may go out, by the rules of bench.toml
    Gate(Gate),
    /// Find where the level of a history changed for good
    Detect(Detect),
    /// Decide whether B differs from A, from samples of both
    Decide(Decide),
    /// Find the commit that changed a metric, measuring in between
    Bisect(Bisect),
    /// Say why one version is slower than another: two versions counted side by side
    Explain(Explain),
    /// Draw where a version spends its time, and what differs from another
    Profile(Profile),
    /// Measure versions of an older testbed again and link the two epochs
    Bridge(Bridge),
    /// Measure how often the method is wrong, and what it finds
    Calibrate(Calibrate),
    /// Measure the versions of a range that are not stored yet
    Backfill(Backfill),
    /// Look for new versions and measure them
    Watch(Watch),
    /// Divide a measurement among machines
    Plan(Plan),
    /// Fill a new database with made-up history whose changes are known
    Synth(Synth),
    /// Say what makes this machine noisy, and what to do about it
    Doctor(Doctor),
    /// Build versions and print where their binaries are, a line each
    Build(Build),
    /// Look after what is kept of builds
    #[command(subcommand)]
    Cache(Cache),
    /// Copy the database, also while somebody measures
    Backup(Backup),
    /// List suites, benchmarks, targets, versions or runs
    List(List),
    /// Show everything about one run
    Show(Show),
    /// Begin a suite, or check one
    #[command(subcommand)]
    Suite(Suite),
    /// Build or preview the static site
    #[command(subcommand)]
    Site(Site),
    /// Serve the site and the HTTP API of the database, and the queue of jobs
    Serve(Serve),
    /// Measure what a service asks for
    Worker(Worker),
    /// Look after who may write to the service
    #[command(subcommand)]
    Token(Token),
    /// Write runs as a bundle (JSON Lines), or as other tools read them
    Export(Export),
    /// Read bundles, or results of other tools: all, or none if one is not entirely right
    Import(Import),
    /// Write what the history in git keeps of each run: summaries of its blocks
    Publish(Publish),
    /// Say whether this installation works: half a minute, no network, nothing is kept
    SelfTest,
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the JSON Schema of a file, for editors and other programs
    Schema {
        /// Of which file
        #[arg(value_parser = schemas())]
        name: String,
    },
    /// Write the manual pages
    Man {
        /// The folder to write them into
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

fn schemas() -> PossibleValuesParser {
    PossibleValuesParser::new(
        model::SCHEMAS.iter().map(|(name, about)| PossibleValue::new(*name).help(*about)),
    )
}

#[derive(Args)]
#[command(after_help = format!("{VERSIONS}\n\n{EXIT_CODES}"))]
pub(crate) struct Build {
    /// What to build
    #[arg(value_name = "TARGET[@VERSION]", required = true)]
    pub(crate) versions: Vec<String>,
    /// Also build the firmware of a board, in each variant that suites ask for or in
    /// one; `all` for every board
    #[arg(long, value_name = "BOARD[/VARIANT]")]
    pub(crate) firmware: Vec<String>,
    /// Build that firmware once more from nothing and compare the bytes: 1 if they differ
    #[arg(long, requires = "firmware")]
    pub(crate) twice: bool,
}

#[derive(Args)]
#[command(after_help = format!("{VERSIONS}\n\n{EXIT_CODES}"))]
pub(crate) struct Run {
    /// What to measure [default: the default target as it is now]
    #[arg(value_name = "TARGET[@VERSION]")]
    pub(crate) versions: Vec<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only arms marked quick, few blocks: minutes, shown as such, never gates
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,
    /// Every arm, enough blocks to decide [default]
    #[arg(long)]
    pub(crate) full: bool,
    /// Which arms, whatever the profile: a history of many versions can do with the quick ones
    #[arg(long, value_name = "WHICH")]
    pub(crate) arms: Option<Arms>,
    /// Refuse to measure on a machine that `bench doctor` finds noisy
    #[arg(long, conflicts_with = "check")]
    pub(crate) strict: bool,
    /// One checked request to everything; stores nothing
    #[arg(long, conflicts_with_all = ["resume", "blocks"])]
    pub(crate) check: bool,
    /// Go on with an interrupted run: its name, or the newest
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "latest",
          conflicts_with_all = ["versions", "suite", "quick", "full", "arms", "blocks", "seed"])]
    pub(crate) resume: Option<String>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which arms of a suite.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arms {
    /// Every arm
    All,
    /// Those marked quick
    Quick,
}

#[derive(Args)]
pub(crate) struct Selection {
    /// Only suites, or SUITE/BENCHMARK, that match (shell pattern; may be repeated)
    #[arg(long, value_name = "GLOB")]
    pub(crate) suite: Vec<String>,
    /// Blocks of every arm on every version [default: from bench.toml]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) blocks: Option<u32>,
    /// Seed of the order of blocks [default: random, stored]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Args)]
pub(crate) struct Bridge {
    /// The old epoch, by the first digits of its name [default: the newest other one]
    #[arg(long, value_name = "EPOCH")]
    pub(crate) from: Option<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// How many versions are measured again beside the anchor
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) versions: usize,
    /// Measure nothing, show what is known
    #[arg(long)]
    pub(crate) show: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Doctor {
    /// Exit with 2 if anything is noisy
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct List {
    /// What to list
    pub(crate) what: Listed,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Listed {
    /// The questions that are asked
    Suites,
    /// Every arm of every suite
    Benchmarks,
    /// What can be measured
    Targets,
    /// What was measured, or could not be built
    Versions,
    /// Every run
    Runs,
}

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Show {
    /// The run: its name, the first four digits of it or more, or `latest`
    pub(crate) run: String,
    /// Say whether what repeats exactly (bytes, instructions of boards) is the same in
    /// other runs: 1 if not, 4 if it is not in all of them
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub(crate) same_as: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum Site {
    /// Render the static site from the database
    Build {
        /// The folder to write; replaced as a whole
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Read every run again instead of what the last build kept of it
        #[arg(long)]
        no_cache: bool,
    },
    /// Serve a built site for preview
    Serve {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:8000")]
        addr: SocketAddr,
        /// The built site
        #[arg(long, value_name = "DIR", default_value = "site/out")]
        dir: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_argument_has_help_and_no_two_collide() {
        Cli::command().debug_assert();
    }
}

//! What can be typed of the commands that look into hosts.

use super::{VERSIONS, deciding::budget};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

const SERIES: &str = "\
A series is SUITE/BENCHMARK or SUITE/BENCHMARK/ARM: without an arm, one that the versions
can do, of the quick ones if there are.";

#[derive(Args)]
#[command(after_help = format!(
    "{VERSIONS}\n\n{SERIES}\n\nExit codes: 0 fine; 2 bad usage, or nothing could be sampled; 4 interrupted."
))]
pub(crate) struct Profile {
    /// What to profile
    #[arg(value_name = "TARGET[@VERSION]")]
    pub(crate) version: String,
    /// Under which load
    #[arg(value_name = "SERIES")]
    pub(crate) series: String,
    /// Also profile this version in turn, and show what differs from it
    #[arg(long, value_name = "TARGET[@VERSION]")]
    pub(crate) against: Option<String>,
    /// Fresh hosts of each version
    #[arg(long, value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,
    /// The load of each host (2s, 1m)
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = budget)]
    pub(crate) load: Duration,
    /// The folder of flame graphs [default: data/profiles beside bench.toml]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How many functions to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,
    /// Print every function as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(after_help = format!(
    "{VERSIONS}\n\n{SERIES}\n\n\
     It needs perf, valgrind and strace; what is missing is said, and the rest is counted.\n\
     Exit codes: 0 fine; 2 bad usage, or nothing could be counted; 4 interrupted."
))]
pub(crate) struct Explain {
    /// The version to compare with, or a range A..B
    #[arg(value_name = "A")]
    pub(crate) a: String,
    /// The version in question; the series, after a range
    #[arg(value_name = "B")]
    pub(crate) b: String,
    /// Under which load
    #[arg(value_name = "SERIES")]
    pub(crate) series: Option<String>,
    /// Fresh hosts of each version for each tool
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(3..=100))]
    pub(crate) rounds: u32,
    /// The load of each host that no tool slows down (1s, 1m)
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = budget)]
    pub(crate) load: Duration,
    /// Requests to each host that a tool slows down
    #[arg(long, value_name = "N", default_value_t = 200,
          value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub(crate) requests: u32,
    /// The folder of flame graphs [default: data/profiles beside bench.toml]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Show what does not differ too
    #[arg(long)]
    pub(crate) all: bool,
    /// Print everything as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

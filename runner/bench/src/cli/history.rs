//! What can be typed of the commands that fill a history, and look after what it
//! takes: backfill, watch, plan, cache and backup.

use super::deciding::budget;
use super::{EXIT_CODES, Selection, VERSIONS};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

const RANGES: &str = "\
A range has both ends
  v1..v2            the commits a branch went through, from v1 to v2; v1.. up to HEAD
  v1..v2%8          eight of them, evenly spaced
  44..48            of a crate: the newest release of each major version
  48.0..48.2        of each minor version; 48.0.1..48.0.8 is every release
  44..              up to the newest release";

#[derive(Args)]
#[command(after_help = format!("{RANGES}\n\n{EXIT_CODES}"))]
pub(crate) struct Backfill {
    /// The target
    pub(crate) target: String,
    /// Which of its versions
    pub(crate) range: String,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only arms marked quick
    #[arg(long)]
    pub(crate) quick: bool,
    /// Begin no version after so long (2h, 30m)
    #[arg(long, value_name = "TIME", value_parser = budget)]
    pub(crate) budget: Option<Duration>,
    /// Go on with runs that were interrupted, instead of beginning them anew
    #[arg(long)]
    pub(crate) resume: bool,
    /// Print what came of each version as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Watch {
    /// What to watch: a target, perhaps with one of its branches [default: the default target]
    #[arg(value_name = "TARGET[@BRANCH]")]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only arms marked quick
    #[arg(long)]
    pub(crate) quick: bool,
    /// How often to look for something new when there is nothing to do
    #[arg(long, value_name = "TIME", value_parser = budget, default_value = "10m")]
    pub(crate) every: Duration,
    /// End when there is nothing to do
    #[arg(long)]
    pub(crate) once: bool,
    /// Print what would be measured, in which order, and end
    #[arg(long, conflicts_with = "once")]
    pub(crate) list: bool,
    /// Begin no version after so long (2h, 30m)
    #[arg(long, value_name = "TIME", value_parser = budget)]
    pub(crate) budget: Option<Duration>,
    /// Print a JSON line for each version
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(after_help = format!("{VERSIONS}\n\n{RANGES}"))]
pub(crate) struct Plan {
    /// What to measure [default: the default target as it is now]
    #[arg(value_name = "TARGET[@VERSION]")]
    pub(crate) versions: Vec<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only arms marked quick
    #[arg(long)]
    pub(crate) quick: bool,
    /// On how many machines at most; all versions of a suite stay on one
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) shards: u32,
    /// Print a matrix for GitHub Actions
    #[arg(long, conflicts_with = "kubernetes")]
    pub(crate) json: bool,
    /// Print a manifest of Kubernetes Jobs, a shard each
    #[arg(long, requires = "image")]
    pub(crate) kubernetes: bool,
    /// The container image that holds `bench` and a checkout of this repository
    #[arg(long, value_name = "IMAGE", requires = "kubernetes")]
    pub(crate) image: Option<String>,
    /// Where the checkout is in that image
    #[arg(long, value_name = "DIR", default_value = "/arewefastyet")]
    pub(crate) checkout: PathBuf,
    /// The PersistentVolumeClaim that takes the bundles
    #[arg(long, value_name = "NAME", default_value = "bench-results")]
    pub(crate) claim: String,
}

#[derive(Subcommand)]
pub(crate) enum Cache {
    /// List what is kept of builds, what was used last first
    Ls {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove what was not used for longest, until little enough is left
    Prune {
        /// How much may be left, in GiB [default: `cache_gib` of bench.toml]
        #[arg(long, value_name = "GIB")]
        keep_gib: Option<u64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub(crate) struct Backup {
    /// The copy to write; it must not exist yet
    #[arg(value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

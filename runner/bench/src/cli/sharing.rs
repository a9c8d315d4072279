//! What can be typed of the commands that share results: export, import, publish.

use adapters::FORMATS;
use adapters::export::EXPORTS;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use jiff::Timestamp;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Export {
    /// Which runs [default: every complete one]
    pub(crate) runs: Vec<String>,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// As what; a bundle loses nothing and can be imported
    #[arg(long, value_name = "FORMAT", default_value = BUNDLE, value_parser = exports())]
    pub(crate) format: String,
}

/// The default of `bench export`.
const BUNDLE: &str = "bundle";

#[derive(Args)]
pub(crate) struct Publish {
    /// The folder to write into [default: that of bench.toml, data/history]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Import {
    /// Bundles, also compressed (.gz), and folders of them; `-` is standard input
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) foreign: Foreign,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What the files of other tools do not tell themselves.
#[derive(Args)]
pub(crate) struct Foreign {
    /// The files are results of another tool
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub(crate) format: Option<String>,
    /// What was measured; it need not be declared [default: the default target]
    #[arg(long, value_name = "NAME", requires = "format")]
    pub(crate) target: Option<String>,
    /// The suite to show the results under [default: the format's name]
    #[arg(long, value_name = "NAME", requires = "format")]
    pub(crate) suite: Option<String>,
    /// The benchmark, where the tool names none [default: the file's name]
    #[arg(long, value_name = "NAME", requires = "format")]
    pub(crate) benchmark: Option<String>,
    /// The commit that was measured [default: the one that the file tells]
    #[arg(long, value_name = "REV", requires = "format", conflicts_with = "release")]
    pub(crate) commit: Option<String>,
    /// The release that was measured
    #[arg(long, value_name = "VERSION", requires = "format")]
    pub(crate) release: Option<String>,
    /// The binary that was measured
    #[arg(long, value_name = "FILE", requires = "format")]
    pub(crate) binary: Option<PathBuf>,
    /// When it was measured [default: as the file tells, or the time of the file]
    #[arg(long, value_name = "TIME", requires = "format")]
    pub(crate) at: Option<Timestamp>,
    /// It was measured on this machine; without it the machine is not known
    #[arg(long, requires = "format")]
    pub(crate) here: bool,
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(
        FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about)),
    )
}

fn exports() -> PossibleValuesParser {
    let bundle = PossibleValue::new(BUNDLE).help("JSON Lines for `bench import`, with everything");
    let others = EXPORTS.iter().map(|it| PossibleValue::new(it.name).help(it.about));
    PossibleValuesParser::new(std::iter::once(bundle).chain(others))
}

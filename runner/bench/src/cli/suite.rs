//! What can be typed of `bench suite`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Subcommand)]
pub(crate) enum Suite {
    /// Write the folder of a new suite: a question, a benchmark, and an answer to fill in
    New(NewSuite),
    /// Check a suite: its files, one answer of every arm, and how much it differs from itself
    Check {
        /// The suite's name
        name: String,
        /// The version to ask [default: the default target as it is now]
        #[arg(long, value_name = "TARGET[@VERSION]")]
        version: Option<String>,
        /// Blocks of each arm to measure its noise with; 0 checks answers only
        #[arg(long, value_name = "N", default_value_t = 5,
              value_parser = clap::value_parser!(u32).range(0..=100))]
        blocks: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub(crate) struct NewSuite {
    /// Its name: a-z, 0-9 and -
    pub(crate) name: String,
    /// What to measure [default: asked]
    #[arg(long, value_enum)]
    pub(crate) measure: Option<Measure>,
    /// What the guest is written in [default: asked]
    #[arg(long, value_enum)]
    pub(crate) language: Option<Language>,
    /// The question that it answers, with a question mark [default: asked]
    #[arg(long, value_name = "TEXT")]
    pub(crate) question: Option<String>,
    /// Who answers for it [default: git's user.name]
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
}

/// What a new suite measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// One request at a time: what a caller waits for
    Latency,
    /// Every connection busy: how much the host can do
    Throughput,
    /// From spawning the host to the first right answer
    ColdStart,
    /// Bytes of binary, component and machine code
    Size,
    /// Memory of many workloads in one host
    Density,
}

/// What a new suite's guest is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// None: one of the committed guests, which answers `hello`
    Committed,
    /// Rust, with wit-bindgen
    Rust,
    /// JavaScript, with componentize-js
    Javascript,
    /// Python, with componentize-py
    Python,
    /// WebAssembly text, by hand
    Wat,
}

//! The command line. It only says what can be typed; what it means is decided
//! by the modules it is handed to.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// An HTTP host for WebAssembly components, kept small and fast to be measured.
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 fine (also after SIGTERM), 1 failure while running, 2 bad usage or input.\n\
                  On stdout only the JSON lines; everything else is on stderr."
)]
pub(crate) struct Cli {
    /// Print name, version and capabilities as one JSON line, and exit.
    #[arg(long)]
    pub(crate) capabilities: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a workload until SIGTERM or SIGINT.
    Serve(ServeArgs),
    /// Compile a component ahead of time, for `serve --aot`.
    Compile(CompileArgs),
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The workload file (YAML, kind WorkloadDeployment).
    #[arg(long, value_name = "FILE")]
    pub(crate) workload: PathBuf,

    /// Where to listen; port 0 takes a free one, told in the ready line.
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) addr: SocketAddr,

    /// Load this output of `compile` instead of compiling the component.
    #[arg(long, value_name = "FILE")]
    pub(crate) aot: Option<PathBuf>,

    /// How many component instances (requests under way) fit at once; more are
    /// answered 503.
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) max_instances: u32,

    /// How long requests under way may go on after SIGTERM, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5000,
          value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    pub(crate) grace_ms: u64,
}

/// Arguments of `compile`.
#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    /// The component (binary format).
    pub(crate) component: PathBuf,

    /// Where to write the machine code; replaced in one step.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

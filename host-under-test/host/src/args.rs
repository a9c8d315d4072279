//! The command line. It only says what can be typed; what it means is decided
//! by the modules it is handed to.

use clap::{Args, Parser, Subcommand};
use host_under_test::code::Compiler;
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
    /// Serve workloads until SIGTERM or SIGINT.
    Serve(Box<ServeArgs>),
    /// Compile a component ahead of time, for `serve --aot`.
    Compile(CompileArgs),
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// A file of workloads (YAML, kind WorkloadDeployment); may be repeated.
    #[arg(long, value_name = "FILE", required_unless_present = "admin")]
    pub(crate) workload: Vec<PathBuf>,

    /// Where to listen; port 0 takes a free one, told in the ready line.
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) addr: SocketAddr,

    /// Where to offer start, stop, status and metrics: a loopback address.
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) admin: Option<SocketAddr>,

    /// A component that provides wasi:keyvalue to every workload whose
    /// `config.backend` is NAME; may be repeated.
    #[arg(long, value_name = "NAME=FILE", value_parser = plugin)]
    pub(crate) plugin: Vec<(String, PathBuf)>,

    #[command(flatten)]
    pub(crate) code: CodeArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) images: ImageArgs,

    /// Idle connections kept for outgoing requests, per workload and destination;
    /// 0 opens one for each request.
    #[arg(long, value_name = "N", default_value_t = 64, help_heading = "Outgoing requests")]
    pub(crate) egress_idle_connections: usize,

    /// Outgoing requests under way at once, per workload; more fail.
    #[arg(long, value_name = "N", default_value_t = 256, help_heading = "Outgoing requests",
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub(crate) egress_requests: usize,

    /// How long requests under way may go on after SIGTERM, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5000,
          value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    pub(crate) grace_ms: u64,
}

fn plugin(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("expected NAME=FILE")?;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(format!("`{name}` cannot name a plugin: use a-z, 0-9 and -"));
    }
    Ok((name.to_owned(), PathBuf::from(file)))
}

/// What turns components into something that runs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Code")]
pub(crate) struct CodeArgs {
    /// The compiler, or Pulley, the interpreter.
    #[arg(long, value_enum, default_value_t = Compiler::Cranelift)]
    pub(crate) compiler: Compiler,

    /// Load this output of `compile` instead of compiling the one component.
    #[arg(long, value_name = "FILE", conflicts_with = "code_cache")]
    pub(crate) aot: Option<PathBuf>,

    /// Keep machine code in this folder and load it from there the next time.
    #[arg(long, value_name = "DIR")]
    pub(crate) code_cache: Option<PathBuf>,

    /// Tell `perf` where the machine code of which guest is, in /tmp/perf-PID.map.
    #[arg(long)]
    pub(crate) perf_map: bool,
}

/// What guests and clients may use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Component instances (requests under way, and warm ones) that fit at once;
    /// more requests are answered 503.
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) max_instances: u32,

    /// Requests that one component may have under way, so that it cannot take
    /// every instance; three quarters of them if absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) max_instances_per_component: Option<u32>,

    /// How long a guest may take to answer, and for each further part of its
    /// answer, in milliseconds; then it is stopped (504).
    #[arg(long, value_name = "MS", default_value_t = 30_000,
          value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub(crate) request_timeout_ms: u64,

    /// Connections at once; more wait to be accepted.
    #[arg(long, value_name = "N", default_value_t = 10_000,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub(crate) max_connections: usize,

    /// Size of a request's head, in bytes; more is answered 431.
    #[arg(long, value_name = "BYTES", default_value_t = 65_536,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(8192..=16_777_216))]
    pub(crate) max_header_bytes: usize,

    /// Size of a request's body, in bytes; more is answered 413.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub(crate) max_body_bytes: u64,

    /// How long a client may take to send a request's head, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 30_000,
          value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub(crate) header_timeout_ms: u64,
}

/// Where components come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct ImageArgs {
    /// Keep pulled images in this folder; without it, in the user's cache.
    #[arg(long, value_name = "DIR")]
    pub(crate) image_cache: Option<PathBuf>,

    /// Ask this registry without TLS, as is done with loopback addresses; may be
    /// repeated.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) insecure_registry: Vec<String>,
}

/// Arguments of `compile`.
#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    /// The component (binary format).
    pub(crate) component: PathBuf,

    /// Where to write the machine code; replaced in one step.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// The compiler, or Pulley, the interpreter.
    #[arg(long, value_enum, default_value_t = Compiler::Cranelift)]
    pub(crate) compiler: Compiler,
}

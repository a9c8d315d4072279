//! What can be typed of the service: serve, worker and token.

use clap::{Args, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

const SERVING: &str = "\
Reading is public; writing needs a token of `bench token create`. TLS is for a proxy before it:
bind to a loopback address, and say --behind-proxy.
  /                 the site
  /api              the HTTP API, for people; /api/v1/openapi.json for programs
  /queue            what is to be measured
  /healthz          200 while the database can be read
  /metrics          for Prometheus";

#[derive(Args)]
#[command(after_help = SERVING)]
pub(crate) struct Serve {
    /// Where to listen
    #[arg(long, visible_alias = "addr", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Reading needs a token, too
    #[arg(long)]
    pub(crate) private: bool,
    /// Callers are told apart by the last address of `X-Forwarded-For`
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// Requests a second of one address; five times as many at once; 0 for any number
    #[arg(long, value_name = "N", default_value = "200")]
    pub(crate) rate: u32,
    /// The folder to render the site into [default: in the folder of builds]
    #[arg(long, value_name = "DIR")]
    pub(crate) site: Option<PathBuf>,
    /// Seconds between two renderings of the site
    #[arg(long, value_name = "S", default_value = "10")]
    pub(crate) render_every: u64,
    /// Seconds until a worker is given up that nothing is heard of
    #[arg(long, value_name = "S", default_value = "60", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lease: u64,
    /// What is logged, as JSON lines on standard error
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log: LogLevel,
}

/// What is logged.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogLevel {
    /// What went wrong here
    Error,
    /// What may go wrong
    Warn,
    /// What was written, rendered and refused
    Info,
    /// Every request
    Debug,
}

#[derive(Args)]
pub(crate) struct Worker {
    /// The service to work for
    #[arg(long, value_name = "URL")]
    pub(crate) server: String,
    /// The file with a token of scopes jobs and upload
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: PathBuf,
    /// What this machine is called [default: its host name]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// End when there is nothing to do
    #[arg(long)]
    pub(crate) once: bool,
    /// Before each job, fetch from the remote `origin` into this checkout; one that is on a
    /// branch follows it
    #[arg(long)]
    pub(crate) fetch: bool,
    /// Seconds between two questions when there is nothing to do
    #[arg(long, value_name = "S", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) every: u64,
}

#[derive(Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it; it is shown only once
    Create {
        /// Whose it is, in words
        #[arg(long, value_name = "TEXT")]
        about: String,
        /// What it permits (may be repeated)
        #[arg(long, value_name = "SCOPE", required = true)]
        scope: Vec<ScopeName>,
        /// Days until it ends
        #[arg(long, value_name = "N", default_value = "90", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
        /// The only testbed that results may be of, and jobs leased for: the name of its epoch
        #[arg(long, value_name = "EPOCH")]
        testbed: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List tokens, the newest first
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token at once
    Revoke {
        /// Its name: what stands between the first two underscores
        name: String,
    },
}

/// What a token permits.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ScopeName {
    /// To upload results
    Upload,
    /// To submit, lease and end jobs
    Jobs,
    /// To cancel the jobs of others, and to read the audit log
    Admin,
}

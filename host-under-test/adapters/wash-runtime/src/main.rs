//! wash-runtime behind the host contract: one component, answering every host,
//! served by the runtime's own HTTP server as its release has it. Nothing here
//! is on the path of a request.

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};
use wash_runtime::engine::Engine;
use wash_runtime::host::{Host, HostApi as _, HostBuilder};
use wash_runtime::plugin::wasi_http::HttpServer;
use wash_runtime::types::{
    Component, LocalResources, Workload, WorkloadStartRequest, WorkloadState,
};
use wash_runtime::wit::WitInterface;

const NAME: &str = "wash-runtime";
/// Of the runtime: the manifest pins it, and a test compares the two.
const VERSION: &str = "0.1.0";
const CAPABILITIES: &[&str] = &["http-p2"];
/// How often another free port is taken when somebody was faster.
const PORTS_TRIED: usize = 8;

/// Serves one WASI P2 component with wash-runtime.
#[derive(Parser)]
#[command(version = VERSION, arg_required_else_help = true, args_conflicts_with_subcommands = true)]
struct Cli {
    /// Print name, version and capabilities as one JSON line, and exit.
    #[arg(long)]
    capabilities: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests until SIGTERM or SIGINT.
    Serve {
        /// Where to listen; port 0 takes a free one, told in the ready line.
        #[arg(long, value_name = "IP:PORT")]
        addr: SocketAddr,
        /// The component.
        component: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Some(Command::Serve { addr, component }) => serve(addr, &component).await,
        None => print_line(&json!({
            "name": NAME, "version": VERSION, "capabilities": CAPABILITIES,
        })),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wash-runtime-adapter: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(addr: SocketAddr, component: &Path) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut phases_ns = BTreeMap::new();
    let engine = timed(&mut phases_ns, "engine", async { Engine::builder().build() }).await?;
    let (host, addr) = timed(&mut phases_ns, "listen", listen(&engine, addr)).await?;
    // Reading, compiling and linking are one step of the runtime's.
    timed(&mut phases_ns, "compile", start(&host, component)).await?;
    print_line(&json!({
        "event": "ready", "addr": addr, "name": NAME, "version": VERSION,
        "capabilities": CAPABILITIES, "phases_ns": phases_ns,
    }))?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    host.stop().await.context("stopping the host")
}

async fn timed<T>(
    phases_ns: &mut BTreeMap<&'static str, u64>,
    name: &'static str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let begun = Instant::now();
    let done = work.await?;
    phases_ns.insert(name, u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
    Ok(done)
}

/// Starts the host's server. It does not tell which port it took, so a free one
/// is looked for here, and another one if it was taken meanwhile.
async fn listen(engine: &Engine, addr: SocketAddr) -> Result<(Arc<Host>, SocketAddr)> {
    let mut tried = 0;
    loop {
        tried += 1;
        let addr = match addr.port() {
            0 => TcpListener::bind(addr).and_then(|free| free.local_addr())?,
            _ => addr,
        };
        let host = HostBuilder::new()
            .with_engine(engine.clone())
            .with_plugin(Arc::new(HttpServer::new(addr)))?
            .build()?;
        match host.start().await {
            Ok(host) => return Ok((host, addr)),
            Err(e) if tried < PORTS_TRIED && is_taken(&e) => {}
            Err(e) => return Err(e.context(format!("listening on {addr}"))),
        }
    }
}

fn is_taken(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == ErrorKind::AddrInUse)
}

async fn start(host: &Host, component: &Path) -> Result<()> {
    let bytes = std::fs::read(component)
        .with_context(|| format!("reading the component {}", component.display()))?;
    let workload = Workload {
        namespace: "bench".to_owned(),
        name: "workload".to_owned(),
        annotations: HashMap::new(),
        service: None,
        components: vec![Component {
            bytes: bytes.into(),
            local_resources: LocalResources::default(),
            // What this release does with them is nothing: every request has a fresh instance.
            pool_size: 0,
            max_invocations: 0,
        }],
        // Without a `host` in its configuration it answers for all.
        host_interfaces: vec![WitInterface::from("wasi:http/incoming-handler")],
        volumes: Vec::new(),
    };
    let started = host
        .workload_start(WorkloadStartRequest { workload })
        .await
        .with_context(|| format!("starting {}", component.display()))?;
    match started.workload_status.workload_state {
        WorkloadState::Error => {
            bail!("starting {}: {}", component.display(), started.workload_status.message)
        }
        _ => Ok(()),
    }
}

fn print_line(line: &serde_json::Value) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush().context("writing to standard output")
}

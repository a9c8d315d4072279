//! `host-under-test`: an HTTP host for WebAssembly components, small and fast, to
//! be measured. This file is its table of contents: read the workload, prepare
//! the component, listen, say so, serve, stop.

mod aot;
mod args;
mod component;
mod engine;
mod error;
mod guest;
mod hostname;
mod ready;
mod router;
mod serve;
mod stop;
mod workload;

use args::{Cli, Command, ServeArgs};
use clap::Parser;
use error::{Error, Result};
use guest::Guest;
use http::HeaderValue;
use ready::{PhasesNs, timed_ns};
use router::Router;
use serve::Server;
use std::process::ExitCode;
use std::time::Duration;
use stop::StopSignals;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use workload::Workload;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("host-under-test: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Some(Command::Serve(args)) => serve(&args),
        Some(Command::Compile(args)) => aot::compile_to_file(&args.component, &args.out),
        // Without a command and without the flag, clap has shown the help.
        None => ready::print_capabilities(),
    }
}

fn serve(args: &ServeArgs) -> Result<()> {
    let workload = workload::read(&args.workload)?;
    let mut phases_ns = PhasesNs::default();
    let guest = prepare(args, &workload, &mut phases_ns)?;

    let mut signals = StopSignals::register()?;
    let runtime = new_runtime()?;
    let (listener, listen_ns) = timed_ns(|| runtime.block_on(TcpListener::bind(args.addr)));
    phases_ns.listen = listen_ns;
    let failed = |e: std::io::Error| Error::Runtime(format!("listening on {}: {e}", args.addr));
    let listener = listener.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;

    let default_host = HeaderValue::from_str(&addr.to_string())
        .map_err(|e| Error::Runtime(format!("naming {addr}: {e}")))?;
    let server = Server::new(Router::new(workload.http.host), guest, default_host);
    let (stop, stopped) = watch::channel(false);
    let serving = runtime.spawn(serve::serve(listener, server, stopped));
    eprintln!("host-under-test: serving {} on {addr}", workload.title);
    ready::print_ready(addr, &phases_ns)?;

    signals.wait();
    stop.send_replace(true);
    let grace = Duration::from_millis(args.grace_ms);
    if !signals.drain(serving, grace) {
        eprintln!("host-under-test: stopped with requests still under way");
    }
    // Not waiting for the worker threads: a guest may occupy one for good.
    runtime.shutdown_background();
    Ok(())
}

/// Everything between the workload file and a component that can be
/// instantiated, each step timed.
fn prepare(args: &ServeArgs, workload: &Workload, phases_ns: &mut PhasesNs) -> Result<Guest> {
    let path = &workload.component.file;
    let (engine, engine_ns) = timed_ns(|| engine::new(args.max_instances));
    phases_ns.engine = engine_ns;
    let engine = engine?;

    let (component, component_ns) = timed_ns(|| {
        let bytes = component::read(path)?;
        match &args.aot {
            Some(aot) => aot::load(&engine, aot, &bytes),
            None => component::compile(&engine, &bytes, path),
        }
    });
    match args.aot {
        Some(_) => phases_ns.load = Some(component_ns),
        None => phases_ns.compile = Some(component_ns),
    }
    let component = component?;

    let (guest, link_ns) = timed_ns(|| component::link(&component, &workload.http, path));
    phases_ns.link = link_ns;
    guest
}

/// One worker thread for each CPU this process may use (its affinity mask, so
/// that the runner decides).
fn new_runtime() -> Result<Runtime> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|e| Error::Runtime(format!("starting {threads} worker threads: {e}")))
}

//! `host-under-test`: the program around the library. This file is its table of
//! contents: read the workloads, start them, listen, say so, serve, stop.

mod args;
mod ready;
mod stop;

use args::{Cli, Command, ServeArgs};
use clap::Parser;
use host_under_test::{
    ClientConfig, Engine, EngineConfig, Error, Host, HostConfig, PooledClient, Result, ServeConfig,
    WorkloadSpec, admin, compile_to_file, component_plugin, image::Images, workload,
};
use ready::{PhasesNs, timed_ns};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use stop::StopSignals;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

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
        Some(Command::Compile(args)) => compile_to_file(&args.component, &args.out, args.compiler),
        // Without a command and without the flag, clap has shown the help.
        None => ready::print_capabilities(),
    }
}

fn serve(args: &ServeArgs) -> Result<()> {
    let mut specs = Vec::new();
    for file in &args.workload {
        specs.extend(workload::read(file)?);
    }
    if args.code.aot.is_some() && specs.len() != 1 {
        let what = "--aot is for a single workload: use --code-cache";
        return Err(Error::Input(what.to_owned()));
    }
    let mut phases_ns = PhasesNs::default();
    let (engine, engine_ns) = timed_ns(|| Engine::new(&engine_config(args)));
    phases_ns.engine = engine_ns;
    let (engine, mut config) = (engine?, host_config(args)?);

    let mut signals = StopSignals::register()?;
    let runtime = new_runtime()?;
    for (name, file) in &args.plugin {
        let timeout = config.request_timeout;
        let plugin = runtime.block_on(component_plugin(&engine, name, file, timeout))?;
        config.add_plugin(plugin)?;
    }
    let host = Host::new(engine, config);
    let title = runtime.block_on(start(&host, specs, args, &mut phases_ns))?;

    let (bound, listen_ns) = timed_ns(|| runtime.block_on(listen(args.addr)));
    phases_ns.listen = listen_ns;
    let (listener, addr) = bound?;
    let (stop, stopped) = watch::channel(false);
    let (server, config) = (host.clone(), serve_config(args));
    let serving = runtime.spawn(async move { server.serve(listener, config, stopped).await });
    let admin_addr = match args.admin {
        None => None,
        Some(addr) => Some(runtime.block_on(offer_admin(&host, addr))?),
    };
    eprintln!("host-under-test: serving {title} on {addr}");
    ready::print_ready(addr, admin_addr, &phases_ns)?;

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

/// Starts every workload; the title is for people.
async fn start(
    host: &Host,
    specs: Vec<WorkloadSpec>,
    args: &ServeArgs,
    phases_ns: &mut PhasesNs,
) -> Result<String> {
    let title = match specs.as_slice() {
        [one] => one.title(),
        several => format!("{} workloads", several.len()),
    };
    for spec in specs {
        let (_, took) = host.start(spec, args.code.aot.as_deref()).await?;
        phases_ns.add(&took);
    }
    Ok(title)
}

async fn listen(addr: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let failed = |e: std::io::Error| Error::Runtime(format!("listening on {addr}: {e}"));
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    Ok((listener, addr))
}

async fn offer_admin(host: &Host, addr: SocketAddr) -> Result<SocketAddr> {
    if !addr.ip().is_loopback() {
        return Err(Error::Input(format!(
            "--admin {addr}: whoever reaches it may run components, so only a loopback address \
             (127.0.0.1:PORT) is taken"
        )));
    }
    let (listener, addr) = listen(addr).await?;
    let routes = admin(host.clone());
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            eprintln!("host-under-test: the admin endpoint ended: {error}");
        }
    });
    Ok(addr)
}

fn engine_config(args: &ServeArgs) -> EngineConfig {
    EngineConfig {
        compiler: args.code.compiler,
        max_instances: args.limits.max_instances,
        code_cache: args.code.code_cache.clone(),
        perf_map: args.code.perf_map,
    }
}

fn host_config(args: &ServeArgs) -> Result<HostConfig> {
    let folder = args.images.image_cache.clone().unwrap_or_else(default_image_cache);
    let images = Images::new(folder, args.images.insecure_registry.clone())?;
    let max = args.limits.max_instances;
    let client = ClientConfig {
        max_idle_connections: args.egress_idle_connections,
        ..ClientConfig::default()
    };
    Ok(HostConfig {
        request_timeout: Duration::from_millis(args.limits.request_timeout_ms),
        max_instances_per_component: args
            .limits
            .max_instances_per_component
            .unwrap_or_else(|| (max - max / 4).max(1)),
        max_outgoing_requests: args.egress_requests,
        outgoing: Arc::new(move |_| Arc::new(PooledClient::new(client))),
        ..HostConfig::new(images)
    })
}

fn default_image_cache() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = match (of("XDG_CACHE_HOME"), of("HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => PathBuf::from(home).join(".cache"),
        (None, None) => std::env::temp_dir(),
    };
    cache.join("host-under-test/images")
}

fn serve_config(args: &ServeArgs) -> ServeConfig {
    let limits = &args.limits;
    ServeConfig {
        max_connections: limits.max_connections,
        max_header_bytes: limits.max_header_bytes,
        max_body_bytes: limits.max_body_bytes,
        header_timeout: Duration::from_millis(limits.header_timeout_ms),
    }
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

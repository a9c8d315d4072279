//! Closed-loop load on a server, to compare this generator with others:
//!
//! ```text
//! cargo run --release -p load --example closed_loop -- \
//!     --addr 127.0.0.1:9001 --connections 8 --seconds 5 [--path /hello] [--cpu 1]
//! ```
//!
//! Without `--body`, every answer only has to be framed correctly and to have
//! status 200.

use std::{collections::HashMap, error::Error, sync::atomic::AtomicBool, time::Duration};

use load::{Call, Expect, ExpectBody, Mode, Placement, Plan, Request, run};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options: HashMap<&str, &str> =
        arguments.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let option = |name: &str, default: &'static str| *options.get(name).unwrap_or(&default);

    let addr = option("--addr", "127.0.0.1:9001");
    let body = match options.get("--body") {
        Some(body) => ExpectBody::Exactly(body.as_bytes().to_vec()),
        None => ExpectBody::Any,
    };
    let call = Call {
        addr: addr.parse()?,
        request: Request::get(option("--path", "/"), addr),
        expect: Expect { status: 200, body, headers: Vec::new() },
    };
    let connections = option("--connections", "8").parse()?;
    let mut plan = Plan::new(call, Mode::Closed { connections });
    plan.slices = 10 * option("--seconds", "5").parse::<usize>()?;
    plan.warmup = Duration::from_millis(500);
    if let Some(cpus) = options.get("--cpu") {
        let cpus = cpus.split(',').map(str::parse).collect::<Result<_, _>>()?;
        plan.placement = Placement::Pinned(cpus);
    }

    let measured = run(&plan, &AtomicBool::new(false), || ())?;
    let quantile_us = |q| measured.latency.value_at_quantile(q) as f64 / 1e3;
    let generator = &measured.generator;
    println!(
        "{:.0} requests/s  p50 {:.1} us  p90 {:.1} us  p99 {:.1} us  \
         generator: CPUs {:?}, {:.0} % of its CPU{}, {:.0} ns CPU per request",
        measured.requests_per_second(),
        quantile_us(0.5),
        quantile_us(0.9),
        quantile_us(0.99),
        generator.cpus,
        generator.cpu_share * 100.0,
        if generator.is_generator_bound() { " (generator-bound)" } else { "" },
        generator.cpu_ns_per_request,
    );
    Ok(())
}

//! Load on a server, closed loop or at a fixed rate, to compare this generator
//! with others:
//!
//! ```text
//! cargo run --release -p load --example generate -- --addr 127.0.0.1:9001 \
//!     [--connections 8] [--rate 5000] [--seconds 5] [--path /hello] [--body hello] [--cpu 1] \
//!     [--post BYTES] [--expect BYTES]
//! ```
//!
//! With `--rate`, latency counts from when a request was due. Without `--body`
//! every answer only has to be framed correctly and to have status 200. `--post`
//! sends a generated body, `--expect` wants one.

use std::{
    collections::HashMap, error::Error, process::ExitCode, sync::atomic::AtomicBool, time::Duration,
};

use hdrhistogram::Histogram;
use load::{Call, Expect, ExpectBody, Measured, Mode, Placement, Plan, Request, RequestBody, run};

fn main() -> ExitCode {
    match measure() {
        Ok(measured) => {
            report(&measured);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<Measured<()>, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options: HashMap<&str, &str> =
        arguments.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    Ok(run(&plan(&options)?, &AtomicBool::new(false), || ())?)
}

fn plan(options: &HashMap<&str, &str>) -> Result<Plan, Box<dyn Error>> {
    let option = |name: &str, default: &'static str| *options.get(name).unwrap_or(&default);
    let addr = option("--addr", "127.0.0.1:9001");
    let mut request = Request::get(option("--path", "/"), addr);
    if let Some(length) = options.get("--post") {
        request.method = "POST".to_owned();
        request.body = RequestBody::Pattern { length: length.parse()? };
    }
    let body = match (options.get("--body"), options.get("--expect")) {
        (Some(body), _) => ExpectBody::Exactly(body.as_bytes().to_vec()),
        (None, Some(length)) => ExpectBody::Pattern { length: length.parse()? },
        (None, None) => ExpectBody::Any,
    };
    let expect = Expect { status: 200, body, headers: Vec::new() };
    let connections = option("--connections", "8").parse()?;
    let mode = match options.get("--rate") {
        Some(rate) => Mode::Open { connections, rate_per_s: rate.parse()? },
        None => Mode::Closed { connections },
    };
    let mut plan = Plan::new(vec![Call { addr: addr.parse()?, request, expect }], mode);
    plan.slices = 10 * option("--seconds", "5").parse::<usize>()?;
    plan.warmup = Duration::from_millis(500);
    if let Some(cpus) = options.get("--cpu") {
        let cpus = cpus.split(',').map(str::parse).collect::<Result<_, _>>()?;
        plan.placement = Placement::Pinned(cpus);
    }
    Ok(plan)
}

fn report(measured: &Measured<()>) {
    print!("{:.0} requests/s", measured.requests_per_second());
    if let Some(open_loop) = &measured.open_loop {
        print!(" of {:.0} offered", open_loop.offered_per_s);
    }
    println!("  {}", quantiles("latency", &measured.latency));
    if !measured.first_byte.is_empty() {
        println!("  {}", quantiles("first byte", &measured.first_byte));
    }
    if let Some(open_loop) = &measured.open_loop {
        println!("  {}", quantiles("send lateness", &open_loop.send_lateness));
    }
    let megabytes_per_s = |bytes: u64| bytes as f64 * 1e3 / measured.elapsed_ns() as f64;
    let slices = &measured.slices;
    println!(
        "  bodies: {:.1} MB/s read, {:.1} MB/s written",
        megabytes_per_s(slices.iter().map(|slice| slice.body_bytes_read).sum()),
        megabytes_per_s(slices.iter().map(|slice| slice.body_bytes_written).sum()),
    );
    let generator = &measured.generator;
    let waited = match &generator.run_queue_wait_ns {
        Ok(wait_ns) => format!("waited {:.1} ms for a CPU", *wait_ns as f64 / 1e6),
        Err(reason) => format!("wait for a CPU unknown: {reason}"),
    };
    println!(
        "  generator: CPUs {:?}, {:.0} % of its CPU{}, {waited}{}, {:.0} ns CPU per request",
        generator.cpus,
        generator.cpu_share * 100.0,
        if generator.is_generator_bound() { " (generator-bound)" } else { "" },
        if generator.is_starved() { " (starved)" } else { "" },
        generator.cpu_ns_per_request,
    );
}

fn quantiles(name: &str, histogram: &Histogram<u64>) -> String {
    let quantiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
    let shown = quantiles.map(|(quantile_name, quantile)| {
        let value_ns = histogram.value_at_quantile(quantile);
        format!("{quantile_name} {:.1}", value_ns as f64 / 1e3)
    });
    format!("{name} {} us", shown.join(", "))
}

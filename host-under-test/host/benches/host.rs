//! What single steps cost inside the process, without sockets: linking,
//! instantiating, finding a route, calling. For changes that end-to-end numbers
//! are too coarse for.

#![allow(
    clippy::panic,
    missing_docs,
    reason = "a benchmark that cannot run has to say so and stop"
)]

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use host_under_test::{Engine, EngineConfig, Host, HostConfig, image::Images, workload};
use http::Request;
use std::fmt::Write;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use tokio::runtime::{Builder, Runtime};

/// `BENCH_COMPONENTS` names the folder where this runs without the checkout.
fn components() -> PathBuf {
    match std::env::var_os("BENCH_COMPONENTS") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/components/prebuilt"),
    }
}

fn read(component: &str) -> Vec<u8> {
    let path = components().join(component).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn engine() -> Engine {
    Engine::new(&EngineConfig::default()).expect("an engine")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A host with one workload of `routes` components, `/r0` and so on.
fn host(runtime: &Runtime, component: &str, routes: usize, pool: &str) -> Host {
    let (folder, version) = (components(), &component[component.len() - 2..]);
    let handler = if version == "p2" { "incoming-handler" } else { "handler" };
    let mut text = format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
         metadata: {{name: bench}}\nspec:\n  template:\n    spec:\n      hostInterfaces:\n        \
         - {{namespace: wasi, package: http, interfaces: [{handler}]}}\n      components:\n"
    );
    for route in 0..routes {
        let file = folder.join(component).with_extension("wasm");
        let _ = write!(
            text,
            "        - name: r{route}\n          file: {}\n{pool}          hostInterfaces:\n            \
             - namespace: wasi\n              package: http\n              \
             interfaces: [{handler}]\n              config: {{path: /r{route}}}\n",
            file.display()
        );
    }
    let images = Images::new(std::env::temp_dir(), Vec::new()).expect("images");
    let host = Host::new(engine(), HostConfig::new(images));
    for spec in workload::parse(&text, Path::new("bench.yaml")).expect("a workload") {
        runtime.block_on(host.start(spec, None)).expect("a start");
    }
    host
}

fn request(route: usize) -> Request<Bytes> {
    let path = format!("/r{route}");
    Request::get(path).header("host", "bench.localhost").body(Bytes::new()).expect("a request")
}

fn linking(c: &mut Criterion) {
    let (engine, runtime) = (engine(), runtime());
    for component in ["hello-p2", "hello-p3"] {
        let compiled = engine.compile(&read(component), component).expect("a component");
        c.bench_function(&format!("link/{component}"), |b| {
            b.iter(|| engine.prepare(black_box(&compiled), component).expect("linked"));
        });
        let prepared = engine.prepare(&compiled, component).expect("linked");
        c.bench_function(&format!("instantiate/{component}"), |b| {
            b.iter(|| runtime.block_on(prepared.instantiate()).expect("an instance"));
        });
    }
}

fn routing(c: &mut Criterion) {
    let runtime = runtime();
    let mut group = c.benchmark_group("route");
    for routes in [1, 10, 100, 1000] {
        let host = host(&runtime, "hello-p3", routes, "");
        let request = request(routes / 2);
        assert!(host.routes(&request));
        group.bench_with_input(BenchmarkId::from_parameter(routes), &request, |b, request| {
            b.iter(|| host.routes(black_box(request)));
        });
    }
}

fn calling(c: &mut Criterion) {
    let runtime = runtime();
    for (name, component, pool) in [
        ("p2-fresh", "hello-p2", ""),
        ("p3-fresh", "hello-p3", ""),
        ("p3-warm", "hello-p3", "          poolSize: 1\n"),
    ] {
        let host = host(&runtime, component, 1, pool);
        c.bench_function(&format!("call/{name}"), |b| {
            b.iter(|| {
                let answer = runtime.block_on(host.answer(request(0))).expect("an answer");
                assert_eq!(answer.body().as_ref(), b"hello");
            });
        });
    }
}

criterion_group!(benches, linking, routing, calling);
criterion_main!(benches);

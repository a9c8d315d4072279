//! What is accepted and what it means, and the text of every refusal.

mod documents;
mod fields;
mod interfaces;
mod places;

use super::*;
use std::num::NonZeroU32;

const HEAD: &str = "apiVersion: runtime.wasmcloud.dev/v1alpha1\n\
                    kind: WorkloadDeployment\n\
                    metadata:\n  name: hello\n\
                    spec:\n  template:\n    spec:\n";
const HTTP: &str = "      hostInterfaces:\n        - namespace: wasi\n          package: http\n          \
                    interfaces: [incoming-handler, handler]\n";
const ONE: &str = "      components:\n        - name: hello\n          file: hello.wasm\n";

const PATH: &str = "dir/w.yaml";

fn check_refused(text: &str, want: &str) {
    let error = parse(text, Path::new(PATH)).expect_err(text);
    assert_eq!(error.to_string(), format!("{PATH}:{want}"), "for:\n{text}");
}

fn parsed(text: &str) -> WorkloadSpec {
    let mut workloads =
        parse(text, Path::new(PATH)).unwrap_or_else(|e| panic!("{e}\nfor:\n{text}"));
    assert_eq!(workloads.len(), 1);
    workloads.remove(0)
}

/// A workload of one component with these further fields.
fn with_fields(fields: &str) -> String {
    let fields: String = fields.lines().map(|line| format!("          {line}\n")).collect();
    format!("{HEAD}{HTTP}{ONE}{fields}")
}

fn resources(fields: &str) -> String {
    let fields: String = fields.lines().map(|line| format!("  {line}\n")).collect();
    with_fields(&format!("localResources:\n{fields}"))
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

#[test]
fn the_smallest_workload() {
    let workload = parsed(&format!("{HEAD}{HTTP}{ONE}"));
    assert_eq!((workload.title(), workload.replicas.get()), ("hello".to_owned(), 1));
    let [component] = &*workload.components else { panic!("one component") };
    assert_eq!(component.source, ComponentSource::File("dir/hello.wasm".into()));
    assert_eq!((component.digest, component.pool), (None, None));
    let http = component.http.as_ref().unwrap();
    assert_eq!((&http.host, http.path.as_str()), (&None, "/"));
    assert!(http.offers(WasiVersion::P2) && http.offers(WasiVersion::P3));
    assert_eq!(component.resources, Resources::default());
    assert_eq!(component.interfaces, workload.interfaces);
}

/// A workload with every field there is.
fn with_every_field(digest: &str) -> String {
    format!(
        r#"
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: WorkloadDeployment
metadata:
  name: shop
  namespace: web
  labels: {{value: x, a: b}}
  annotations: {{note: "two words"}}
spec:
  replicas: 3
  template:
    spec:
      hostInterfaces:
        - {{namespace: wasi, package: http, interfaces: [handler, client], version: 0.3.0,
           config: {{host: Shop.localhost, host-aliases: "a.localhost, b.localhost"}}}}
        - {{name: settings, namespace: wasi, package: config, interfaces: [store],
           version: 0.2.0-rc.1, config: {{any: thing}}}}
      volumes:
        - {{name: scratch, ephemeral: {{}}}}
        - {{name: static, hostPath: {{path: ../static}}}}
      components:
        - name: cart
          image: localhost:5000/cart:v1
          digest: {digest}
          poolSize: 4
          maxInvocations: 100
          maxConcurrency: 16
          hostInterfaces:
            - {{namespace: wasi, package: http, interfaces: [incoming-handler],
               config: {{path: /cart/}}}}
          localResources:
            memoryLimitMb: 64
            cpuLimit: 500
            config: {{currency: EUR, value: 1}}
            environment: {{config: {{RUST_LOG: debug, PORT: 080}}}}
            allowedHosts: ["*.example.com", "[::1]:80"]
            volumeMounts:
              - {{name: static, mountPath: /srv/static/, readOnly: true}}
              - {{name: scratch, mountPath: /tmp}}
        - {{name: front, file: /abs/front.wasm}}
      service:
        file: cron.wasm
        maxRestarts: 2
        localResources: {{cpuLimit: -1, memoryLimitMb: -1, environment: {{HOME: /}}}}
"#
    )
}

#[test]
fn every_field_is_taken() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let text = with_every_field(&digest);
    let workload = parsed(&text);
    assert_eq!((workload.title().as_str(), workload.replicas.get()), ("web/shop", 3));
    assert_eq!((&*workload.labels["value"], &*workload.annotations["note"]), ("x", "two words"));

    let [cart, front] = &*workload.components else { panic!("two components") };
    assert_eq!(cart.source.to_string(), "localhost:5000/cart:v1");
    assert_eq!(cart.digest.unwrap().to_string(), digest);
    let (size, concurrency) = (at_least_one(4), at_least_one(16));
    let max_invocations = Some(at_least_one(100));
    assert_eq!(cart.pool, Some(PoolSpec { size, max_invocations, max_concurrency: concurrency }));
    // Its own wasi:http entry, but the workload's hosts, since it names none.
    let http = cart.http.as_ref().unwrap();
    let hosts: Vec<_> = http.hosts().collect();
    assert_eq!(hosts, ["Shop.localhost", "a.localhost", "b.localhost"]);
    assert_eq!((http.path.as_str(), &*http.versions), ("/cart", &[WasiVersion::P2][..]));
    let lists =
        |c: &ComponentSpec, i: &str| c.interfaces.iter().any(|e| e.lists("wasi", "http", i));
    assert!(lists(front, "client") && !lists(cart, "client"));
    assert!(cart.interfaces.iter().any(|entry| entry.lists("wasi", "config", "store")));

    let resources = &cart.resources;
    assert_eq!(resources.memory_limit_bytes, Some(64 << 20));
    assert_eq!(resources.cpu_limit_millis, Some(500));
    assert_eq!((&*resources.config["value"], &*resources.environment["PORT"]), ("1", "080"));
    assert_eq!(resources.allowed_hosts, ["*.example.com", "[::1]:80"]);
    let [srv, tmp] = &*resources.mounts else { panic!("two mounts") };
    assert_eq!((srv.volume, srv.guest_path.as_str(), srv.read_only), (1, "/srv/static", true));
    assert_eq!((tmp.volume, tmp.guest_path.as_str(), tmp.read_only), (0, "/tmp", false));
    assert_eq!(workload.volumes[0].kind, VolumeKind::Ephemeral);
    assert_eq!(workload.volumes[1].kind, VolumeKind::HostPath("dir/../static".into()));

    assert_eq!(front.source, ComponentSource::File("/abs/front.wasm".into()));
    let service = workload.service.unwrap();
    assert_eq!((service.max_restarts, service.interfaces.len()), (2, 2));
    assert_eq!(
        (service.resources.cpu_limit_millis, service.resources.memory_limit_bytes),
        (None, None)
    );
    assert_eq!(service.resources.environment["HOME"], "/");
}

#[test]
fn a_pinned_image_needs_no_digest() {
    let hex = "ab".repeat(32);
    let image = format!("ghcr.io/a/b@sha256:{hex}");
    let text = with_fields("").replace("file: hello.wasm", &format!("image: {image}"));
    let workload = parsed(&text);
    assert_eq!(workload.components[0].digest.unwrap().hex(), hex);
}

/// A workload whose components have these `config`s of wasi:http.
fn routed(shared: &str, own: &[&str]) -> String {
    let components: String = own
        .iter()
        .enumerate()
        .map(|(n, config)| {
            format!(
                "        - name: c{n}\n          file: c.wasm\n          hostInterfaces:\n            \
                 - {{namespace: wasi, package: http, interfaces: [handler], config: {{{config}}}}}\n"
            )
        })
        .collect();
    format!("{HEAD}{HTTP}          config: {{{shared}}}\n      components:\n{components}")
}

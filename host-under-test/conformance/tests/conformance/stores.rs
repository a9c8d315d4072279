//! The ways that lead to a key-value store, each as a workload to be served, and
//! the servers outside of the host that some of them need.

use crate::harness::{Files, Server, eventually, host, native, prebuilt};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A way to a store.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// The guest that is asked.
    consumer: &'static str,
    /// What it lists.
    interface: String,
    /// What else is in the workload: components, a service, forwards.
    rest: String,
    /// Arguments of the host.
    arguments: Vec<String>,
    /// What requests say beside what is asked.
    query: &'static str,
}

/// What runs outside of the host.
pub(crate) struct Outside {
    redis: Redis,
    /// One for each way, because they list all that is there.
    sidecars: [Server; 2],
}

impl Outside {
    pub(crate) fn start() -> Self {
        let sidecar = || {
            let mut command = native();
            command.arg("sidecar");
            Server::start(command)
        };
        Self { redis: Redis::start(), sidecars: [sidecar(), sidecar()] }
    }
}

impl Way {
    fn new(name: &'static str, interface: String) -> Self {
        let (rest, arguments) = (String::new(), Vec::new());
        Self { name, consumer: "kv-p3", interface, rest, arguments, query: "" }
    }

    pub(crate) fn serve(&self, files: &Files) -> Server {
        let text = workload(self.consumer, "kv", &self.interface, &self.rest);
        let mut command = host();
        let file = files.write("kv.yaml", text);
        command.arg("serve").arg("--workload").arg(file).args(&self.arguments);
        // Sessions are long, and there are many at a time.
        command.args(["--request-timeout-ms", "120000"]);
        Server::start(command)
    }

    /// A path as this way wants it.
    pub(crate) fn path(&self, path: &str) -> String {
        let mark = if path.contains('?') { '&' } else { '?' };
        format!("{path}{mark}{}", self.query)
    }
}

/// An entry of `hostInterfaces` with this `config`.
pub(crate) fn listed(config: &str) -> String {
    format!(
        "- {{namespace: wasi, package: keyvalue, interfaces: [store, atomics], config: {{{config}}}}}"
    )
}

/// A workload of a consumer that lists `interface`, and `rest`.
pub(crate) fn file(workload_name: &str, interface: &str, rest: &str) -> String {
    workload("kv-p3", workload_name, interface, rest)
}

fn workload(consumer: &str, name: &str, interface: &str, rest: &str) -> String {
    format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
         metadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n      components:\n        \
         - name: consumer\n          file: {}\n          hostInterfaces:\n            \
         - {{namespace: wasi, package: http, interfaces: [handler, client]}}\n            {interface}\n{rest}",
        prebuilt(consumer).display()
    )
}

/// A component that others import from.
pub(crate) fn provider(name: &str, guest: &str, more: &str) -> String {
    format!("        - name: {name}\n          file: {}\n{more}", prebuilt(guest).display())
}

fn service(guest: &str) -> String {
    format!("      service:\n        file: {}\n", prebuilt(guest).display())
}

/// Every way.
pub(crate) fn ways(files: &Files, outside: &Outside) -> Vec<Way> {
    let folder = files.path("store");
    std::fs::create_dir_all(&folder).expect("a folder for the store");
    let own = listed("backend: memory");
    let forward = |more: &str| {
        let lists = format!("          hostInterfaces:\n            {own}\n{more}");
        provider("middle", "kv-forward", &lists)
    };
    let redis = |addr: &str| listed(&format!("backend: redis, url: 'redis://{addr}/'"));
    let [by_host, by_guest] = &outside.sidecars;
    let forwards = format!("      forwards: [{{port: 7000, to: '{}'}}]\n", by_guest.addr);
    let in_files = listed(&format!("backend: filesystem, folder: {}", folder.display()));
    let tcp = |name, rest, query| Way {
        consumer: "kv-tcp",
        rest,
        query,
        // In the place of an interface: instances that stay, for connections that do.
        ..Way::new(name, "\n          poolSize: 4".to_owned())
    };
    vec![
        Way::new("memory", own.clone()),
        Way::new("filesystem", in_files),
        Way::new("redis", redis(&outside.redis.addr)),
        Way::new("sidecar, asked by the host", redis(&by_host.addr)),
        Way {
            arguments: vec![
                "--plugin".to_owned(),
                format!("tree={}", prebuilt("kv-store").display()),
            ],
            ..Way::new("component plugin", listed("backend: tree"))
        },
        Way { rest: forward(""), ..Way::new("linked, an instance per call", String::new()) },
        Way { rest: forward("          poolSize: 4\n"), ..Way::new("linked, warm", String::new()) },
        Way { consumer: "kv-composed", ..Way::new("composed", own.clone()) },
        tcp("service over TCP, one connection", service("kv-server"), "connection=kept"),
        tcp("service over TCP, many", service("kv-server"), "connection=per-call"),
        tcp("sidecar, asked by the guest", forwards, "connection=kept"),
        Way {
            consumer: "kv-http",
            rest: service("kv-handler"),
            ..Way::new("service that answers requests", String::new())
        },
    ]
}

/// A Redis server of our own, on a free port, without files.
struct Redis {
    child: Child,
    addr: String,
}

impl Redis {
    fn start() -> Self {
        let port =
            TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
        let addr = port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port.port().to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "no", "--daemonize", "no", "--dir", "/tmp"])
            .stdout(Stdio::null())
            .spawn()
            .expect("Debian's redis-server is installed (.ci/install tests)");
        let redis = Self { child, addr };
        eventually("Redis answers", || TcpStream::connect(&redis.addr).ok());
        redis
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

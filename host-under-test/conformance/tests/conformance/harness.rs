//! A running host, a command that ends, and files for both.

use crate::http_client::{Connection, Response};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far beyond what anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The binary a variable names. Never skips: a test that did not run must not
/// look like one that passed.
fn binary(variable: &str) -> PathBuf {
    let Some(path) = std::env::var_os(variable) else {
        panic!(
            "{variable} is not set. Build both binaries (`cargo build --release` in \
             host-under-test and in host-under-test/native), then run\n  \
             HOST_UNDER_TEST_BIN=.../release/host-under-test NATIVE_BIN=.../release/native \
             cargo test -p host-conformance"
        );
    };
    PathBuf::from(path)
}

pub(crate) fn host() -> Command {
    Command::new(binary("HOST_UNDER_TEST_BIN"))
}

pub(crate) fn native() -> Command {
    Command::new(binary("NATIVE_BIN"))
}

/// A guest of the suites, by name.
pub(crate) fn prebuilt(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/components/prebuilt");
    let path = folder.join(format!("{name}.wasm"));
    assert!(path.is_file(), "the guest {} is missing: build suites/components", path.display());
    path.canonicalize().expect("the path of a guest")
}

/// A folder with a workload file, removed when dropped.
pub(crate) struct Files {
    pub(crate) folder: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("writing a test file");
        path
    }

    /// A workload file for a component, with lines for `config:` if not empty.
    pub(crate) fn workload(&self, component: &Path, config: &str) -> PathBuf {
        self.write("workload.yaml", workload_text(component, config))
    }
}

/// The YAML of a workload that lists both handlers.
pub(crate) fn workload_text(component: &Path, config: &str) -> String {
    let config =
        if config.is_empty() { String::new() } else { format!("          config: {config}\n") };
    format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\n\
         kind: WorkloadDeployment\n\
         metadata:\n\
         \x20 name: test\n\
         spec:\n\
         \x20 template:\n\
         \x20   spec:\n\
         \x20     hostInterfaces:\n\
         \x20       - namespace: wasi\n\
         \x20         package: http\n\
         \x20         interfaces: [incoming-handler, handler]\n\
         {config}\
         \x20     components:\n\
         \x20       - name: guest\n\
         \x20         file: {}\n",
        component.display()
    )
}

/// What a command that ends by itself left behind.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command that must end by itself.
pub(crate) fn run(mut command: Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().expect("starting the binary");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// Checks that a command is refused with one line on stderr that contains all
/// of `parts`, nothing on stdout, and this exit code.
#[track_caller]
pub(crate) fn check_refused(command: Command, code: i32, parts: &[&str]) {
    let shown = format!("{command:?}");
    let outcome = run(command);
    assert_eq!(outcome.code, Some(code), "exit code of {shown}\n{}", outcome.stderr);
    assert_eq!(outcome.stdout, "", "stdout of {shown}");
    assert_eq!(outcome.stderr.lines().count(), 1, "one line:\n{}", outcome.stderr);
    for part in parts {
        assert!(outcome.stderr.contains(part), "{part:?} is not in:\n{}", outcome.stderr);
    }
}

/// A server that said it is ready. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) ready: Value,
    pub(crate) addr: String,
    /// Everything else it wrote to stdout, which must be nothing.
    rest: Option<std::thread::JoinHandle<String>>,
}

impl Server {
    /// Starts `serve` on a free port, and waits for the ready line.
    #[track_caller]
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .args(["--addr", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starting the binary");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, receiver) = mpsc::channel();
        let rest = std::thread::spawn(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("reading stdout");
            // Nobody receives after a timeout, which has failed the test by then.
            let _ = sender.send(line);
            let mut rest = String::new();
            stdout.read_to_string(&mut rest).expect("reading stdout");
            rest
        });
        let line = receiver.recv_timeout(PATIENCE).expect("a ready line in time");
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|e| panic!("the ready line is no JSON: {e}\n{line:?}"));
        let addr = ready["addr"].as_str().expect("addr is a string").to_owned();
        Self { child, ready, addr, rest: Some(rest) }
    }

    /// Serves a component for all hosts.
    #[track_caller]
    pub(crate) fn of(files: &Files, component: &Path, more: &[&str]) -> Self {
        Self::with_config(files, component, "", more)
    }

    /// Serves a component with this `config:` of wasi:http.
    #[track_caller]
    pub(crate) fn with_config(
        files: &Files,
        component: &Path,
        config: &str,
        more: &[&str],
    ) -> Self {
        let mut command = host();
        command.arg("serve").arg("--workload").arg(files.workload(component, config)).args(more);
        Self::start(command)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(&self.addr)
    }

    /// One GET on a connection of its own.
    pub(crate) fn get(&self) -> Response {
        self.connect().get("any.localhost")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .expect("running kill");
        assert!(status.success(), "kill -s {name}");
    }

    /// Waits for its end, and checks that stdout had the ready line only.
    #[track_caller]
    pub(crate) fn wait(self) -> ExitStatus {
        let (status, rest) = self.wait_and_read();
        assert_eq!(rest, "", "stdout after the ready line");
        status
    }

    /// Waits for its end; what it wrote after the ready line.
    pub(crate) fn wait_and_read(mut self) -> (ExitStatus, String) {
        let status = eventually("the process ends", || self.child.try_wait().expect("waiting"));
        let rest = self.rest.take().expect("waited once").join().expect("reading stdout");
        (status, rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Polls until there is a value.
pub(crate) fn eventually<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = poll() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

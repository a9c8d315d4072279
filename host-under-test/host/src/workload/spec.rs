//! What a workload file means, after every value was judged: the types that
//! leave this module. They know nothing of the file's syntax, open nothing, and
//! cannot be built wrong by reading a file.

use super::schedule::Schedule;
use crate::digest::Sha256Digest;
use oci_client::Reference;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// One workload: components and a service that belong together.
#[derive(Clone, Debug)]
pub struct WorkloadSpec {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.labels`, which mean nothing to the host.
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`, which mean nothing to the host.
    pub annotations: BTreeMap<String, String>,
    /// How many times the workload runs; at least 1.
    pub replicas: NonZeroU32,
    /// What the workload as a whole asks of the host. Components carry the
    /// effective list of their own.
    pub interfaces: Vec<InterfaceSpec>,
    /// Each has a name of its own. Empty only beside a service.
    pub components: Vec<ComponentSpec>,
    /// The long-running component, if there is one.
    pub service: Option<ServiceSpec>,
    /// What mounts refer to by index.
    pub volumes: Vec<VolumeSpec>,
    /// Ports of the workload's own loopback network that lead out of it, to real
    /// addresses.
    pub forwards: BTreeMap<u16, SocketAddr>,
}

impl WorkloadSpec {
    /// For people, and unique within a host: `namespace/name`, or the name.
    pub fn title(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A component that answers requests.
#[derive(Clone, Debug)]
pub struct ComponentSpec {
    /// Unique within the workload.
    pub name: String,
    /// Where its bytes are.
    pub source: ComponentSource,
    /// What the bytes of a file, or the manifest of an image, must hash to.
    pub digest: Option<Sha256Digest>,
    /// Warm instances; without it, each request has a fresh one.
    pub pool: Option<PoolSpec>,
    /// When its `wasi:cli/run` is called, if the clock does that.
    pub schedule: Option<Schedule>,
    /// Which requests it answers; none, if it is there for other components or
    /// only for its schedule.
    pub http: Option<HttpSpec>,
    /// What it may use of the host: the workload's interfaces, with its own in
    /// place of those of the same package.
    pub interfaces: Vec<InterfaceSpec>,
    /// What it is given and how much it may use.
    pub resources: Resources,
}

/// A component that runs on its own (`wasi:cli/run`).
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// Where its bytes are.
    pub source: ComponentSource,
    /// What the bytes of a file, or the manifest of an image, must hash to.
    pub digest: Option<Sha256Digest>,
    /// How often it is started again after it failed.
    pub max_restarts: u32,
    /// What it may use of the host: the workload's interfaces.
    pub interfaces: Vec<InterfaceSpec>,
    /// What it is given and how much it may use.
    pub resources: Resources,
}

/// Where the bytes of a component are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComponentSource {
    /// A file, relative paths already joined to the workload file's folder.
    File(PathBuf),
    /// An image in a registry, with a tag, a digest or both.
    Image(Reference),
}

impl fmt::Display for ComponentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Image(reference) => f.write_str(&reference.whole()),
        }
    }
}

/// Instances that stay after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    /// How many are kept at most.
    pub size: NonZeroU32,
    /// How many requests one serves before it is retired; `None` for ever.
    pub max_invocations: Option<NonZeroU32>,
    /// How many requests are in one at the same time, at most.
    pub max_concurrency: NonZeroU32,
}

/// The two generations of WASI that a component can be written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasiVersion {
    /// `wasi:http/incoming-handler@0.2.x`.
    P2,
    /// `wasi:http/handler@0.3.x`.
    P3,
}

impl WasiVersion {
    /// The interface a component exports to be sent requests.
    pub fn handler(self) -> &'static str {
        match self {
            Self::P2 => "incoming-handler",
            Self::P3 => "handler",
        }
    }

    /// The interface a component imports to send requests.
    pub fn client(self) -> &'static str {
        match self {
            Self::P2 => "outgoing-handler",
            Self::P3 => "client",
        }
    }
}

/// The requests a component answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSpec {
    /// The host it answers for; `None` answers for all that nobody else names.
    pub host: Option<String>,
    /// Further hosts. Empty without `host`.
    pub aliases: Vec<String>,
    /// The prefix of paths it answers for: `/`, or `/a/b` without a slash at the
    /// end. It matches whole segments: `/a/b` and `/a/b/c`, not `/a/bc`.
    pub path: String,
    /// The handlers it may export. Never empty.
    pub versions: Vec<WasiVersion>,
}

impl HttpSpec {
    /// Whether the workload listed the handler of this version.
    pub fn offers(&self, version: WasiVersion) -> bool {
        self.versions.contains(&version)
    }

    /// The host and its aliases; none means all.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.host.iter().chain(&self.aliases).map(String::as_str)
    }
}

/// Interfaces of one package that a workload asks of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceSpec {
    /// Tells entries of one package apart.
    pub name: Option<String>,
    /// `wasi` in `wasi:http`.
    pub namespace: String,
    /// `http` in `wasi:http`.
    pub package: String,
    /// Never empty.
    pub interfaces: Vec<String>,
    /// `None` takes all versions that the host has.
    pub version: Option<String>,
    /// What the package is told; its keys are checked by package.
    pub config: BTreeMap<String, String>,
}

impl InterfaceSpec {
    /// Whether this asks for `namespace:package/interface`.
    pub fn lists(&self, namespace: &str, package: &str, interface: &str) -> bool {
        self.is_of(namespace, package) && self.interfaces.iter().any(|name| name == interface)
    }

    pub(super) fn is_of(&self, namespace: &str, package: &str) -> bool {
        self.namespace == namespace && self.package == package
    }
}

/// What a component is given and how much it may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Linear memory of one instance, all its memories together.
    pub memory_limit_bytes: Option<u64>,
    /// Thousandths of one CPU.
    pub cpu_limit_millis: Option<u32>,
    /// For `wasi:config/store`.
    pub config: BTreeMap<String, String>,
    /// For `wasi:cli/environment`.
    pub environment: BTreeMap<String, String>,
    /// For `wasi:filesystem/preopens`.
    pub mounts: Vec<MountSpec>,
    /// Where outgoing requests may go; nowhere if empty.
    pub allowed_hosts: Vec<String>,
}

/// A volume in the file system of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountSpec {
    /// The index in [`WorkloadSpec::volumes`].
    pub volume: usize,
    /// Absolute, without a slash at the end (but `/` itself). Unique within the
    /// component.
    pub guest_path: String,
    /// Whether the component may only read.
    pub read_only: bool,
}

/// Storage that components share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Unique within the workload.
    pub name: String,
    /// What is behind it.
    pub kind: VolumeKind,
}

/// What is behind a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeKind {
    /// An empty folder that lives as long as the workload.
    Ephemeral,
    /// A folder of this machine, relative paths already joined to the workload
    /// file's folder. Whether it exists is only known at start.
    HostPath(PathBuf),
}

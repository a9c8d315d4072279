//! The machine and everything under the target. Two testbeds with the same
//! fingerprint are one epoch; values of different epochs are never compared.
//! It must not read the machine: the runner does, this only names it.

use crate::digest::{Digest, Hasher};
use serde::{Deserialize, Serialize};

/// What a measurement stood on. An unknown field is `None`, not a guess.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Testbed {
    /// CPU model as the kernel names it.
    pub cpu_model: Option<String>,
    /// Microcode revision.
    pub microcode: Option<String>,
    /// Logical CPUs the runner may use.
    pub cpus: u32,
    /// Whether simultaneous multithreading is on.
    pub smt: Option<bool>,
    /// Frequency governor of the first CPU.
    pub governor: Option<String>,
    /// Memory, rounded to whole mebibytes (kernels reserve a few pages more or less).
    pub memory_mib: u64,
    /// Kernel release.
    pub kernel: String,
    /// Hypervisor, or `none`.
    pub virtualization: Option<String>,
    /// `rustc --version` of the toolchain that builds targets.
    pub rustc: Option<String>,
    /// `qemu-system-arm --version`, where installed.
    pub qemu: Option<String>,
    /// Which CPUs the load generator and the host were pinned to.
    pub pinning: String,
    /// Raised by hand in `bench.toml` when the way of measuring changes.
    pub measurement_protocol: u32,
}

impl Testbed {
    /// The fingerprint: the digest of every field by name.
    pub fn fingerprint(&self) -> Digest {
        self.fields()
            .into_iter()
            .fold(Hasher::default(), |hasher, (name, value)| hasher.part(name, value))
            .finish()
    }

    /// The epoch's name: the first eight digits of the fingerprint.
    pub fn epoch(&self) -> String {
        self.fingerprint().to_string()[..8].to_owned()
    }

    /// Every field as text, in one order, for pages and comparisons.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "unknown".to_owned());
        vec![
            ("cpu_model", text(&self.cpu_model)),
            ("microcode", text(&self.microcode)),
            ("cpus", self.cpus.to_string()),
            ("smt", self.smt.map_or_else(|| "unknown".to_owned(), |on| on.to_string())),
            ("governor", text(&self.governor)),
            ("memory_mib", self.memory_mib.to_string()),
            ("kernel", self.kernel.clone()),
            ("virtualization", text(&self.virtualization)),
            ("rustc", text(&self.rustc)),
            ("qemu", text(&self.qemu)),
            ("pinning", self.pinning.clone()),
            ("measurement_protocol", self.measurement_protocol.to_string()),
        ]
    }

    /// The fields in which two testbeds differ: name, here, there.
    pub fn differences(&self, other: &Self) -> Vec<(&'static str, String, String)> {
        self.fields()
            .into_iter()
            .zip(other.fields())
            .filter(|(here, there)| here.1 != there.1)
            .map(|((name, here), (_, there))| (name, here, there))
            .collect()
    }
}

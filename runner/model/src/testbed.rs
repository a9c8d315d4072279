//! The machine and everything under the target. Two testbeds with the same
//! fingerprint are one epoch; values of different epochs are never compared.
//! It must not read the machine: the runner does, this only names it.

use crate::digest::{Digest, Hasher};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a measurement stood on. An unknown field is `None`, not a guess.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Testbed {
    /// CPU model as the kernel names it.
    pub cpu_model: Option<String>,
    /// Microcode revision.
    pub microcode: Option<String>,
    /// Logical CPUs the runner may use; 0 where they are not known.
    pub cpus: u32,
    /// Whether simultaneous multithreading is on.
    pub smt: Option<bool>,
    /// Frequency governor of the first CPU.
    pub governor: Option<String>,
    /// Memory, rounded to whole mebibytes (kernels reserve a few pages more or less); 0
    /// where it is not known.
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
    /// Physical cores under the CPUs the runner may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Whether the clock may rise above its nominal rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turbo: Option<bool>,
    /// When the kernel gives memory in huge pages: `always`, `madvise`, `never`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub huge_pages: Option<String>,
    /// The tools that measured, `bench 0.1`: a release that measures otherwise raises
    /// the second number; the exact build is told by each run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness: Option<String>,
    /// The load generator, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_generator: Option<String>,
    /// What CPUs do that have nothing to do: `kept awake` or `may sleep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_cpus: Option<String>,
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

    /// Every field as text, in one order, for pages and comparisons. Fields that
    /// runs of earlier tools did not record stand here only where they are known,
    /// so that such a run keeps its epoch.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let unknown = || "unknown".to_owned();
        let text = |field: &Option<String>| field.clone().unwrap_or_else(unknown);
        // No machine has none; of one that another tool ran on they are often not told.
        let count = |count: u64| if count == 0 { unknown() } else { count.to_string() };
        let mut fields = vec![
            ("cpu_model", text(&self.cpu_model)),
            ("microcode", text(&self.microcode)),
            ("cpus", count(self.cpus.into())),
            ("smt", self.smt.map_or_else(unknown, |on| on.to_string())),
            ("governor", text(&self.governor)),
            ("memory_mib", count(self.memory_mib)),
            ("kernel", self.kernel.clone()),
            ("virtualization", text(&self.virtualization)),
            ("rustc", text(&self.rustc)),
            ("qemu", text(&self.qemu)),
            ("pinning", self.pinning.clone()),
            ("measurement_protocol", self.measurement_protocol.to_string()),
        ];
        let later = [
            ("cores", self.cores.map(|cores| cores.to_string())),
            ("turbo", self.turbo.map(|on| on.to_string())),
            ("huge_pages", self.huge_pages.clone()),
            ("harness", self.harness.clone()),
            ("load_generator", self.load_generator.clone()),
            ("idle_cpus", self.idle_cpus.clone()),
        ];
        fields.extend(later.into_iter().filter_map(|(name, value)| Some((name, value?))));
        fields
    }

    /// The fields in which two testbeds differ: name, here, there.
    pub fn differences(&self, other: &Self) -> Vec<(&'static str, String, String)> {
        let (here, there) = (self.fields(), other.fields());
        let mut names: Vec<&'static str> = here.iter().map(|(name, _)| *name).collect();
        names.extend(
            there
                .iter()
                .map(|(name, _)| *name)
                .filter(|it| !names.contains(it))
                .collect::<Vec<_>>(),
        );
        let value = |fields: &[(&'static str, String)], name: &str| {
            let found = fields.iter().find(|(field, _)| *field == name);
            found.map_or_else(|| "unknown".to_owned(), |(_, value)| value.clone())
        };
        names
            .into_iter()
            .map(|name| (name, value(&here, name), value(&there, name)))
            .filter(|(_, here, there)| here != there)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Testbed;

    #[test]
    fn what_earlier_tools_did_not_record_changes_no_epoch_and_is_told_apart() {
        let kernel = "6.1".to_owned();
        let earlier = Testbed { kernel, cpus: 2, memory_mib: 4096, ..Testbed::default() };
        // As the tools computed it before there were `cores` and what follows.
        assert_eq!(earlier.epoch(), "bc8c31d7");
        let now = Testbed { cores: Some(1), turbo: Some(true), ..earlier.clone() };
        assert_ne!(earlier.fingerprint(), now.fingerprint());
        let told = |name, there: &str| (name, "unknown".to_owned(), there.to_owned());
        assert_eq!(earlier.differences(&now), [told("cores", "1"), told("turbo", "true")]);
        assert_eq!(now.differences(&earlier).len(), 2);
        assert_eq!(earlier.differences(&earlier.clone()), []);
    }
}

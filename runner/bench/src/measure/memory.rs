//! What memory processes occupy at one moment, from `/proc/PID/smaps_rollup`,
//! where a page that several processes share is divided among them (PSS). It
//! must not guess: what the kernel does not tell is absent with its reason.

use super::counters::ProcessTree;
use model::Measurements;
use procfs::process::Process;
use std::collections::BTreeMap;

/// Metric and the kernel's field for it.
const FIELDS: [(&str, &str); 6] = [
    ("pss_bytes", "Pss"),
    ("rss_bytes", "Rss"),
    ("pss_anon_bytes", "Pss_Anon"),
    ("pss_file_bytes", "Pss_File"),
    ("pss_shmem_bytes", "Pss_Shmem"),
    ("private_dirty_bytes", "Private_Dirty"),
];

/// Memory of all processes together, by metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Memory(BTreeMap<&'static str, Result<u64, String>>);

impl Memory {
    /// Reads the processes of `tree` one after the other.
    pub(super) fn of(tree: &ProcessTree) -> Self {
        let mut sums: BTreeMap<&'static str, Result<u64, String>> =
            FIELDS.iter().map(|(metric, _)| (*metric, Ok(0))).collect();
        for pid in tree.pids() {
            let fields = fields_of(pid.as_raw());
            for (metric, field) in FIELDS {
                let told = fields.as_ref().map_err(Clone::clone).and_then(|fields| {
                    let value = fields.get(field).copied();
                    value.ok_or_else(|| format!("the kernel does not tell {field}"))
                });
                let sum = sums.remove(metric).unwrap_or(Ok(0));
                sums.insert(metric, sum.and_then(|sum| Ok(sum + told?)));
            }
        }
        Self(sums)
    }

    /// The proportional share of all of it.
    pub(super) fn pss_bytes(&self) -> Result<u64, String> {
        self.0.get("pss_bytes").cloned().unwrap_or_else(|| Err("nothing was read".to_owned()))
    }

    pub(super) fn store(&self, measurements: &mut Measurements) {
        for (metric, value) in &self.0 {
            match value {
                Ok(bytes) => measurements.insert(metric, vec![*bytes as f64]),
                Err(reason) => measurements.insert_absent(metric, reason),
            }
        }
    }
}

fn fields_of(pid: i32) -> Result<BTreeMap<String, u64>, String> {
    let rollup = Process::new(pid).and_then(|process| process.smaps_rollup());
    let rollup = rollup.map_err(|error| format!("smaps_rollup of process {pid}: {error}"))?;
    let maps = rollup.memory_map_rollup.0;
    Ok(maps.into_iter().flat_map(|map| map.extension.map).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::Pid;
    use std::io::Read;
    use std::process::{Command, Stdio};

    /// In a process of its own, since the tests beside this one allocate and have children.
    #[test]
    fn memory_that_is_written_shows() {
        let mut dd = Command::new("dd")
            .args(["if=/dev/zero", "bs=64M", "count=1", "status=none"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // By its first byte all of it was read, and there is no room for it in the pipe.
        dd.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let memory = Memory::of(&ProcessTree::of(&[Pid::from_raw(dd.id().cast_signed())]));
        dd.kill().unwrap();
        dd.wait().unwrap();
        for metric in ["pss_bytes", "rss_bytes", "pss_anon_bytes", "private_dirty_bytes"] {
            let bytes = memory.0[metric].clone().unwrap();
            assert!((64 << 20..80 << 20).contains(&bytes), "{metric}: {bytes}");
        }
        let shared = memory.0["pss_shmem_bytes"].clone().unwrap();
        assert!(shared < 1 << 20, "{shared}");
    }

    #[test]
    fn a_process_that_is_gone_is_no_zero() {
        let gone = Memory::of(&ProcessTree::of(&[Pid::from_raw(i32::MAX)]));
        assert!(gone.pss_bytes().unwrap_err().contains("smaps_rollup of process"));
        let mut measurements = Measurements::default();
        gone.store(&mut measurements);
        assert_eq!((measurements.samples.len(), measurements.absent.len()), (0, 6));
    }
}

//! Reads what the measurement stands on. What cannot be read is unknown, not
//! guessed.

use crate::measure::Placement;
use model::Testbed;
use procfs::Current;
use std::fs;
use std::process::{Command, Stdio};

/// The testbed this process runs on.
pub(crate) fn read(measurement_protocol: u32, placement: &Placement) -> Testbed {
    let cpu = procfs::CpuInfo::current().ok();
    let field = |name: &str| cpu.as_ref().and_then(|cpu| Some(cpu.get_field(0, name)?.to_owned()));
    Testbed {
        cpu_model: field("model name"),
        microcode: field("microcode"),
        cpus: placement.cpus as u32,
        smt: line("/sys/devices/system/cpu/smt/active").map(|text| text == "1"),
        governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        memory_mib: procfs::Meminfo::current().map_or(0, |memory| memory.mem_total >> 20),
        kernel: line("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".to_owned()),
        virtualization: virtualization(field("flags").as_deref()),
        rustc: version_of("rustc"),
        qemu: version_of("qemu-system-arm"),
        pinning: placement.describe(),
        measurement_protocol,
    }
}

fn virtualization(flags: Option<&str>) -> Option<String> {
    if !flags?.split_whitespace().any(|flag| flag == "hypervisor") {
        return Some("none".to_owned());
    }
    let name = line("/sys/class/dmi/id/product_name").or_else(|| line("/sys/hypervisor/type"));
    Some(name.unwrap_or_else(|| "a hypervisor that does not tell its name".to_owned()))
}

fn line(file: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}

fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().filter(|_| output.status.success()).map(str::to_owned)
}

//! Reads what the measurement stands on. What cannot be read is unknown, not
//! guessed.

use crate::measure::{self, Placement};
use model::Testbed;
use procfs::Current;
use std::fs;
use std::process::{Command, Stdio};

/// For tests: `NAME=VALUE` in the place of what the machine says of a field.
const PRETEND: &str = "BENCH_PRETEND_TESTBED";

/// The testbed this process runs on.
pub(crate) fn read(measurement_protocol: u32, placement: &Placement) -> Testbed {
    let mut testbed = of_machine(measurement_protocol, placement);
    if let Ok(pretended) = std::env::var(PRETEND)
        && let Some((name, value)) = pretended.split_once('=')
    {
        pretend(&mut testbed, name, value.to_owned());
    }
    testbed
}

/// One field of each kind is enough to show what a change of any does.
fn pretend(testbed: &mut Testbed, name: &str, value: String) {
    match name {
        "kernel" => testbed.kernel = value,
        "governor" => testbed.governor = Some(value),
        "microcode" => testbed.microcode = Some(value),
        "rustc" => testbed.rustc = Some(value),
        "load_generator" => testbed.load_generator = Some(value),
        _ => {}
    }
}

fn of_machine(measurement_protocol: u32, placement: &Placement) -> Testbed {
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
        cores: Some(placement.cores as u32),
        turbo: turbo(),
        huge_pages: huge_pages(),
        harness: Some(to_second_number("bench", env!("CARGO_PKG_VERSION"))),
        load_generator: Some(to_second_number("load", load::VERSION)),
        idle_cpus: Some(idle_cpus().to_owned()),
    }
}

/// A release that changes how is measured raises the second number. Were the
/// commit in it, every commit of the tools would begin another epoch.
fn to_second_number(name: &str, version: &str) -> String {
    let numbers: Vec<&str> = version.splitn(3, '.').take(2).collect();
    format!("{name} {}", numbers.join("."))
}

fn idle_cpus() -> &'static str {
    if measure::can_be_kept_awake().is_ok() { "kept awake" } else { "may sleep" }
}

/// By the one of two files that the machine's driver has.
pub(crate) fn turbo() -> Option<bool> {
    let intel = line("/sys/devices/system/cpu/intel_pstate/no_turbo").map(|text| text == "0");
    intel.or_else(|| line("/sys/devices/system/cpu/cpufreq/boost").map(|text| text == "1"))
}

/// The word in brackets: `always [madvise] never`.
pub(crate) fn huge_pages() -> Option<String> {
    let text = line("/sys/kernel/mm/transparent_hugepage/enabled")?;
    let (_, rest) = text.split_once('[')?;
    Some(rest.split_once(']')?.0.to_owned())
}

pub(crate) fn virtualization(flags: Option<&str>) -> Option<String> {
    if !flags?.split_whitespace().any(|flag| flag == "hypervisor") {
        return Some("none".to_owned());
    }
    let name = line("/sys/class/dmi/id/product_name").or_else(|| line("/sys/hypervisor/type"));
    Some(name.unwrap_or_else(|| "a hypervisor that does not tell its name".to_owned()))
}

pub(crate) fn line(file: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}

fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().filter(|_| output.status.success()).map(str::to_owned)
}

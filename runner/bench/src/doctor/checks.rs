//! What was read, judged: each check says what it does to measurements and what
//! changes it. It must not read anything itself.

use super::machine::Machine;
use super::{Check, State};

/// Above this share the hypervisor's neighbours show in the numbers.
const STEAL_SHARE: f64 = 0.005;
/// Above this part of the CPUs somebody else is at work.
const LOAD_PER_CPU: f64 = 0.25;

/// Every check, in the order in which they are told.
pub(super) fn all(machine: &Machine) -> Vec<Check> {
    vec![
        governor(machine),
        turbo(machine),
        smt(machine),
        virtualization(machine),
        steal(machine),
        load(machine),
        processes(machine),
        throttling(machine),
        swap(machine),
        huge_pages(machine),
        idle(machine),
        aslr(machine),
        counters(machine),
        ports(machine),
        cpus(machine),
    ]
}

fn fine(name: &'static str, found: impl Into<String>) -> Check {
    Check { name, state: State::Fine, found: found.into(), why: String::new(), fix: None }
}

fn noisy(name: &'static str, found: impl Into<String>, why: &str, fix: impl Into<String>) -> Check {
    let (found, why) = (found.into(), why.to_owned());
    Check { name, state: State::Noisy, found, why, fix: Some(fix.into()) }
}

fn unknown(name: &'static str, found: &str) -> Check {
    let found = found.to_owned();
    Check { name, state: State::Unknown, found, why: String::new(), fix: None }
}

fn governor(machine: &Machine) -> Check {
    let found = machine.governors.join(", ");
    match machine.governors.as_slice() {
        [] => unknown("governor", "the machine does not tell; a virtual one leaves it to its host"),
        [one] if one == "performance" => fine("governor", found),
        _ => noisy(
            "governor",
            found,
            "the clock follows the load, so a host that waits is measured at another speed",
            "sudo cpupower frequency-set -g performance",
        ),
    }
}

fn turbo(machine: &Machine) -> Check {
    match machine.turbo {
        None => unknown("turbo", "the machine does not tell"),
        Some(false) => fine("turbo", "off"),
        Some(true) => noisy(
            "turbo",
            "on",
            "the clock rises while the processor is cool and falls as it warms up",
            "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo \
             || echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
        ),
    }
}

fn smt(machine: &Machine) -> Check {
    match machine.smt {
        None => unknown("smt", "the machine does not tell"),
        Some(false) => fine("smt", "off"),
        Some(true) => noisy(
            "smt",
            "on",
            "two threads of one core slow each other down, and who shares a core changes",
            "echo off | sudo tee /sys/devices/system/cpu/smt/control",
        ),
    }
}

fn virtualization(machine: &Machine) -> Check {
    match machine.virtualization.as_deref() {
        None => unknown("virtual machine", "the machine does not tell"),
        Some("none") => fine("virtual machine", "no"),
        Some(name) => noisy(
            "virtual machine",
            name,
            "neighbours share caches and memory; no counter here shows it, so trends are to be \
             read as ratios to the anchor",
            "a machine of your own; there is no command for this one",
        ),
    }
}

fn idle(machine: &Machine) -> Check {
    match &machine.asleep {
        None => fine("idle CPUs", "kept awake while something is measured"),
        Some(reason) => noisy(
            "idle CPUs",
            format!("may sleep: {reason}"),
            "waking one is part of a request's time, and in a virtual machine most of it",
            "sudo chmod o+w /dev/cpu_dma_latency    # or measure as root",
        ),
    }
}

fn steal(machine: &Machine) -> Check {
    match machine.steal_share {
        None => unknown("steal", "the kernel does not tell"),
        Some(share) if share <= STEAL_SHARE => fine("steal", percent(share)),
        Some(share) => noisy(
            "steal",
            format!("{} of the CPUs' time", percent(share)),
            "the hypervisor gave the CPUs to somebody else meanwhile",
            "measure at another time, or on a machine with dedicated CPUs",
        ),
    }
}

fn load(machine: &Machine) -> Check {
    match machine.load {
        None => unknown("load", "the kernel does not tell"),
        Some(load) if load <= LOAD_PER_CPU * machine.cpus as f64 => {
            fine("load", format!("{load:.2} on {} CPUs", machine.cpus))
        }
        Some(load) => noisy(
            "load",
            format!("{load:.2} on {} CPUs", machine.cpus),
            "whatever ran in the last minute may still run, and the caches are its own",
            "top -o %CPU    # then wait until it falls",
        ),
    }
}

fn processes(machine: &Machine) -> Check {
    let Some(busiest) = machine.busy.first() else { return fine("processes", "none is busy") };
    let told: Vec<String> = machine
        .busy
        .iter()
        .take(3)
        .map(|busy| format!("{} ({}) {}", busy.name, busy.pid, percent(busy.share)))
        .collect();
    noisy(
        "processes",
        format!("{} of a CPU", told.join(", ")),
        "they take CPU time, caches and the network from the host",
        format!("kill -STOP {0}    # and kill -CONT {0} afterwards", busiest.pid),
    )
}

fn throttling(machine: &Machine) -> Check {
    match machine.throttled {
        None => unknown("throttling", "the machine does not tell"),
        Some((_, 0)) => fine("throttling", "none while watched"),
        Some((ever, now)) => noisy(
            "throttling",
            format!("{now} times within a second, {ever} since the start"),
            "the processor is too hot and slows itself down",
            "sensors    # let it cool down, clean its fans, or lower its clock",
        ),
    }
}

fn swap(machine: &Machine) -> Check {
    match machine.swap_used_mib {
        None => unknown("swap", "the kernel does not tell"),
        Some(0) => fine("swap", "none in use"),
        Some(mib) => noisy(
            "swap",
            format!("{mib} MiB in use"),
            "a page that comes back from a disk takes a thousand times as long",
            "sudo swapoff -a",
        ),
    }
}

fn huge_pages(machine: &Machine) -> Check {
    match machine.huge_pages.as_deref() {
        None => unknown("huge pages", "the kernel does not tell"),
        Some("always") => noisy(
            "huge pages",
            "always",
            "whether memory comes in pages of 2 MiB depends on how it lies, so its size and the \
             time to reach it jump from one process to the next",
            "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
        ),
        Some(word) => fine("huge pages", word),
    }
}

/// Off is what misleads: every block would have one layout and its luck.
fn aslr(machine: &Machine) -> Check {
    match machine.aslr {
        None => unknown("aslr", "the kernel does not tell"),
        Some(0) => noisy(
            "aslr",
            "off",
            "every block gets the same layout of memory, whose luck then looks like a difference \
             between versions",
            "sudo sysctl kernel.randomize_va_space=2",
        ),
        Some(_) => fine("aslr", "on: every block gets another layout, as it should"),
    }
}

fn counters(machine: &Machine) -> Check {
    match (&machine.no_counters, machine.paranoid) {
        (None, _) => fine("hardware counters", "permitted"),
        (Some(reason), Some(paranoid)) if paranoid > 2 => noisy(
            "hardware counters",
            reason,
            "instructions, which repeat best of all, cannot be counted",
            "sudo sysctl kernel.perf_event_paranoid=2",
        ),
        (Some(reason), _) => noisy(
            "hardware counters",
            reason,
            "instructions, which repeat best of all, cannot be counted",
            "another machine, or let the hypervisor pass its counters on; callgrind counts too",
        ),
    }
}

fn ports(machine: &Machine) -> Check {
    match machine.ports {
        None => unknown("ports", "the kernel does not tell"),
        Some((waiting, ports)) if waiting * 2 <= ports => {
            fine("ports", format!("{waiting} connections of {ports} ports wait for their end"))
        }
        Some((waiting, ports)) => noisy(
            "ports",
            format!("{waiting} connections of {ports} ports wait for their end"),
            "without a free port a connection to elsewhere fails or is late",
            "sudo sysctl net.ipv4.tcp_tw_reuse=1 net.ipv4.ip_local_port_range='1024 65535'",
        ),
    }
}

fn cpus(machine: &Machine) -> Check {
    match machine.cpus {
        1 => noisy(
            "cpus",
            "1",
            "load generator and host take the CPU from each other",
            "a machine with two CPUs or more",
        ),
        cpus => fine("cpus", cpus.to_string()),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::super::machine::Busy;
    use super::*;
    use expect_test::{Expect, expect};

    fn quiet() -> Machine {
        Machine {
            cpus: 4,
            governors: vec!["performance".to_owned()],
            turbo: Some(false),
            smt: Some(false),
            swap_used_mib: Some(0),
            load: Some(0.3),
            aslr: Some(2),
            steal_share: Some(0.0),
            throttled: Some((7, 0)),
            busy: Vec::new(),
            no_counters: None,
            paranoid: Some(2),
            ports: Some((100, 28_232)),
            huge_pages: Some("madvise".to_owned()),
            virtualization: Some("none".to_owned()),
            asleep: None,
        }
    }

    fn check(machine: &Machine, expected: Expect) {
        let told = |check: Check| {
            let fix = check.fix.map(|fix| format!(" -> {fix}")).unwrap_or_default();
            format!("{} {}: {}{fix}\n", check.state.word(), check.name, check.found)
        };
        let noisy = all(machine).into_iter().filter(|check| check.state != State::Fine);
        expected.assert_eq(&noisy.map(told).collect::<String>());
    }

    #[test]
    fn a_quiet_machine_is_fine() {
        check(&quiet(), expect![""]);
    }

    #[test]
    fn what_is_noisy_is_told_with_what_changes_it() {
        let noisy = Machine {
            cpus: 1,
            governors: vec!["performance".to_owned(), "powersave".to_owned()],
            turbo: Some(true),
            smt: Some(true),
            swap_used_mib: Some(12),
            load: Some(3.0),
            aslr: Some(0),
            steal_share: Some(0.031),
            throttled: Some((9, 2)),
            busy: vec![Busy { pid: 42, name: "cargo".to_owned(), share: 0.971 }],
            no_counters: Some("perf_event_open: refused".to_owned()),
            paranoid: Some(4),
            ports: Some((20_000, 28_232)),
            huge_pages: Some("always".to_owned()),
            virtualization: Some("kvm".to_owned()),
            asleep: Some("opening /dev/cpu_dma_latency: Permission denied".to_owned()),
        };
        check(
            &noisy,
            expect![[r#"
            noisy governor: performance, powersave -> sudo cpupower frequency-set -g performance
            noisy turbo: on -> echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo || echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost
            noisy smt: on -> echo off | sudo tee /sys/devices/system/cpu/smt/control
            noisy virtual machine: kvm -> a machine of your own; there is no command for this one
            noisy steal: 3.1 % of the CPUs' time -> measure at another time, or on a machine with dedicated CPUs
            noisy load: 3.00 on 1 CPUs -> top -o %CPU    # then wait until it falls
            noisy processes: cargo (42) 97.1 % of a CPU -> kill -STOP 42    # and kill -CONT 42 afterwards
            noisy throttling: 2 times within a second, 9 since the start -> sensors    # let it cool down, clean its fans, or lower its clock
            noisy swap: 12 MiB in use -> sudo swapoff -a
            noisy huge pages: always -> echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled
            noisy idle CPUs: may sleep: opening /dev/cpu_dma_latency: Permission denied -> sudo chmod o+w /dev/cpu_dma_latency    # or measure as root
            noisy aslr: off -> sudo sysctl kernel.randomize_va_space=2
            noisy hardware counters: perf_event_open: refused -> sudo sysctl kernel.perf_event_paranoid=2
            noisy ports: 20000 connections of 28232 ports wait for their end -> sudo sysctl net.ipv4.tcp_tw_reuse=1 net.ipv4.ip_local_port_range='1024 65535'
            noisy cpus: 1 -> a machine with two CPUs or more
        "#]],
        );
    }

    #[test]
    fn what_the_machine_does_not_tell_is_unknown() {
        let silent = Machine { cpus: 2, ..Machine::default() };
        check(
            &silent,
            expect![[r#"
            unknown governor: the machine does not tell; a virtual one leaves it to its host
            unknown turbo: the machine does not tell
            unknown smt: the machine does not tell
            unknown virtual machine: the machine does not tell
            unknown steal: the kernel does not tell
            unknown load: the kernel does not tell
            unknown throttling: the machine does not tell
            unknown swap: the kernel does not tell
            unknown huge pages: the kernel does not tell
            unknown aslr: the kernel does not tell
            unknown ports: the kernel does not tell
        "#]],
        );
    }
}

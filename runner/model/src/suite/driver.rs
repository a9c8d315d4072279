//! What can measure an arm, and what each can report. It must not measure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What measures an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// One request at a time over one connection.
    HttpLatency,
    /// Closed loop over several connections.
    HttpThroughput,
    /// A fixed rate of arrivals, whatever the host does.
    HttpOpenLoop,
    /// Spawn to first right answer.
    ColdStart,
    /// Bytes of binary, component and precompiled component.
    Size,
    /// Memory of many workloads in one host.
    Density,
    /// A counted number of requests, in instructions.
    Instructions,
    /// A program that measures by itself.
    Command,
    /// A benchmark in the version's own sources.
    Criterion,
    /// A crash that a request causes, until all is answered right again.
    Recovery,
    /// What a host does at every interval, by the moments it was done.
    Fires,
    /// Firmware on an emulated board.
    Qemu,
}

/// What a board is measured by.
const OF_BOARDS: &[&str] = &[
    "flash_bytes",
    "flash_text_bytes",
    "flash_rodata_bytes",
    "flash_data_bytes",
    "flash_part_bytes",
    "ram_bytes",
    "static_ram_bytes",
    "heap_high_water_bytes",
    "stack_high_water_bytes",
    "heap_leaked_bytes",
    "boot_to_first_answer_instructions",
    "deserialize_instructions",
    "instantiate_instructions",
    "first_call_instructions",
    "steady_call_instructions",
    "plain_call_instructions",
    "host_call_instructions",
    "loop_turn_instructions",
    "async_call_instructions",
    "stream_instructions",
    "trap_and_recovery_instructions",
    "request_instructions",
    "sensor_loop_instructions",
    "survival_instructions",
];

impl Driver {
    /// Whether it has a host answer request after request, so that a profile can be taken.
    pub fn has_load(self) -> bool {
        matches!(
            self,
            Self::HttpLatency | Self::HttpThroughput | Self::HttpOpenLoop | Self::Instructions
        )
    }

    /// The word used in suites.
    pub fn word(self) -> &'static str {
        match self {
            Self::HttpLatency => "http-latency",
            Self::HttpThroughput => "http-throughput",
            Self::HttpOpenLoop => "http-open-loop",
            Self::ColdStart => "cold-start",
            Self::Size => "size",
            Self::Density => "density",
            Self::Instructions => "instructions",
            Self::Command => "command",
            Self::Criterion => "criterion",
            Self::Recovery => "recovery",
            Self::Fires => "fires",
            Self::Qemu => "qemu",
        }
    }

    /// Whether it sends the arm's request, and so needs the right answer; the
    /// others are told by what they run whether all was right.
    pub fn asks(self) -> bool {
        !matches!(self, Self::Command | Self::Criterion)
    }

    /// Whether it asks one at a time, whatever happens.
    pub fn paces_itself(self) -> bool {
        matches!(self, Self::ColdStart | Self::Size | Self::Qemu) || self.numbers_workloads()
    }

    /// Whether `{index}` in what it asks is the number of a workload, filled in
    /// for each of them.
    pub fn numbers_workloads(self) -> bool {
        matches!(self, Self::Density | Self::Recovery)
    }

    /// The metrics this driver can report; `command` can report any that is
    /// stored as samples.
    pub fn metrics(self) -> &'static [&'static str] {
        match self {
            Self::HttpLatency | Self::HttpThroughput | Self::HttpOpenLoop => &[
                "throughput_rps",
                "latency_p50_ns",
                "latency_p90_ns",
                "latency_p99_ns",
                "latency_p999_ns",
                "first_byte_p50_ns",
                "first_byte_p99_ns",
                "read_bytes_per_s",
                "written_bytes_per_s",
                "cpu_ns_per_request",
                "cpu_kernel_ns_per_request",
                "instructions_per_request",
                "generator_cpu_ns_per_request",
                "slice_boundary_ns",
                "rss_peak_bytes",
                "connections_per_request",
            ],
            Self::ColdStart => &[
                "cold_start_ns",
                "ready_ns",
                "phase_engine_ns",
                "phase_compile_ns",
                "phase_load_ns",
                "phase_link_ns",
                "phase_listen_ns",
                "cold_start_cpu_ns",
                "cold_start_instructions",
                "rss_peak_bytes",
            ],
            Self::Size => &["binary_bytes", "component_bytes", "precompiled_bytes"],
            Self::Density => &[
                "pss_bytes",
                "rss_bytes",
                "pss_anon_bytes",
                "pss_file_bytes",
                "pss_shmem_bytes",
                "private_dirty_bytes",
                "pss_per_workload_bytes",
                "start_rate_per_s",
                "workloads_at_first_failure",
            ],
            Self::Instructions => {
                &["instructions_per_request", "callgrind_instructions_per_request"]
            }
            Self::Command => &[],
            Self::Criterion => &["time_per_iteration_ns"],
            Self::Recovery => &["recovery_ns", "undisturbed_ns", "calls_failed"],
            Self::Fires => &["fire_jitter_ns", "fires_missed"],
            Self::Qemu => OF_BOARDS,
        }
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

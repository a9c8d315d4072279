//! The one table that knows what is measured: unit, direction, precision.
//! CLI, database, API and pages look here; nobody else may name a unit or say
//! which way is better. It must not compute a statistic.

use crate::suite::NoiseClass;
use std::fmt;

mod foreign;
mod unit;

/// A metric: what a number means and how to show it.
#[derive(Debug, PartialEq)]
pub struct Metric {
    /// The identifier used in suites, the database and bundles; unit last.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// The unit of every stored value.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// What dominates its noise.
    pub noise: NoiseClass,
    /// Where the values of a block come from.
    pub source: Source,
}

/// The unit of a stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// Requests per second.
    RequestsPerSecond,
    /// Bytes per second.
    BytesPerSecond,
    /// Retired instructions.
    Instructions,
    /// A plain number of things.
    Count,
    /// Things per second.
    PerSecond,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Lower is better.
    Lower,
    /// Higher is better.
    Higher,
    /// A raw counter that is neither good nor bad; never compared.
    Neither,
}

/// Where the values of one block come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source {
    /// Stored samples of this very name.
    Samples,
    /// A stored histogram of this very name.
    Histogram,
    /// `scale` x `numerator` / `denominator`, slice by slice; a numerator
    /// stored once per block is divided by the sum of the denominator.
    Ratio {
        /// Name of the sampled metric above the line.
        numerator: &'static str,
        /// Name of the sampled metric below the line.
        denominator: &'static str,
        /// Constant factor, e.g. nanoseconds in a second.
        scale: f64,
    },
    /// A quantile of a stored histogram.
    Quantile {
        /// Name of the histogram metric.
        histogram: &'static str,
        /// Between 0 and 1.
        quantile: f64,
    },
}

const NS_PER_S: f64 = 1e9;

const fn raw(name: &'static str, label: &'static str, unit: Unit) -> Metric {
    let (direction, noise, source) = (Direction::Neither, NoiseClass::Wall, Source::Samples);
    Metric { name, label, unit, direction, noise, source }
}

const fn lower(name: &'static str, label: &'static str, unit: Unit, noise: NoiseClass) -> Metric {
    Metric { name, label, unit, direction: Direction::Lower, noise, source: Source::Samples }
}

const fn higher(name: &'static str, label: &'static str, unit: Unit, noise: NoiseClass) -> Metric {
    Metric { direction: Direction::Higher, ..lower(name, label, unit, noise) }
}

/// What a board is measured by; it repeats exactly.
const fn board(name: &'static str, label: &'static str, unit: Unit) -> Metric {
    lower(name, label, unit, NoiseClass::Exact)
}

const fn quantile(
    name: &'static str,
    label: &'static str,
    histogram: &'static str,
    quantile: f64,
) -> Metric {
    Metric {
        name,
        label,
        unit: Unit::Nanoseconds,
        direction: Direction::Lower,
        noise: NoiseClass::Wall,
        source: Source::Quantile { histogram, quantile },
    }
}

const fn per_request(
    name: &'static str,
    label: &'static str,
    unit: Unit,
    numerator: &'static str,
) -> Metric {
    Metric {
        name,
        label,
        unit,
        direction: Direction::Lower,
        noise: NoiseClass::Cpu,
        source: Source::Ratio { numerator, denominator: "requests", scale: 1.0 },
    }
}

const fn per_second(name: &'static str, label: &'static str, numerator: &'static str) -> Metric {
    Metric {
        name,
        label,
        unit: Unit::BytesPerSecond,
        direction: Direction::Higher,
        noise: NoiseClass::Wall,
        source: Source::Ratio { numerator, denominator: "slice_ns", scale: NS_PER_S },
    }
}

const fn histogram(name: &'static str, label: &'static str) -> Metric {
    Metric {
        name,
        label,
        unit: Unit::Nanoseconds,
        direction: Direction::Neither,
        noise: NoiseClass::Wall,
        source: Source::Histogram,
    }
}

/// Every metric there is, raw counters first.
pub static METRICS: &[Metric] = &[
    raw("slice_ns", "length of a slice", Unit::Nanoseconds),
    raw("requests", "requests answered in a slice", Unit::Count),
    raw("cpu_ns", "CPU time of the host in a slice", Unit::Nanoseconds),
    raw("cpu_kernel_ns", "kernel CPU time of the host in a block", Unit::Nanoseconds),
    raw("instructions", "user-space instructions of the host in a slice", Unit::Instructions),
    raw("generator_cpu_ns", "CPU time of the load generator in a block", Unit::Nanoseconds),
    raw(
        "generator_run_queue_wait_ns",
        "time the load generator waited for a CPU in a block",
        Unit::Nanoseconds,
    ),
    raw("steal_ns", "CPU time taken by a hypervisor in a block", Unit::Nanoseconds),
    raw("others_cpu_ns", "CPU time of other programs in a block", Unit::Nanoseconds),
    raw("preemptions", "involuntary context switches of the load generator", Unit::Count),
    raw("load_average", "load average at the end of a block", Unit::Count),
    raw("body_read_bytes", "bytes of bodies read in a slice", Unit::Bytes),
    raw("body_written_bytes", "bytes of bodies written in a slice", Unit::Bytes),
    raw("connections_accepted", "connections a backend accepted in a block", Unit::Count),
    raw("offered_rps", "arrivals offered in a block", Unit::RequestsPerSecond),
    raw("saturation_rps", "closed-loop throughput before a block", Unit::RequestsPerSecond),
    raw(
        "send_lateness_p99_ns",
        "lateness of the load generator in a block, 99th percentile",
        Unit::Nanoseconds,
    ),
    histogram("latency_ns", "latency of every request"),
    histogram("first_byte_ns", "time to the first byte of every answer's body"),
    Metric {
        name: "throughput_rps",
        label: "throughput",
        unit: Unit::RequestsPerSecond,
        direction: Direction::Higher,
        noise: NoiseClass::Wall,
        source: Source::Ratio { numerator: "requests", denominator: "slice_ns", scale: NS_PER_S },
    },
    quantile("latency_p50_ns", "median latency", "latency_ns", 0.50),
    quantile("latency_p90_ns", "latency, 90th percentile", "latency_ns", 0.90),
    quantile("latency_p99_ns", "latency, 99th percentile", "latency_ns", 0.99),
    quantile("latency_p999_ns", "latency, 99.9th percentile", "latency_ns", 0.999),
    quantile("first_byte_p50_ns", "median time to first byte", "first_byte_ns", 0.50),
    quantile("first_byte_p99_ns", "time to first byte, 99th percentile", "first_byte_ns", 0.99),
    per_second("read_bytes_per_s", "bodies read", "body_read_bytes"),
    per_second("written_bytes_per_s", "bodies written", "body_written_bytes"),
    per_request("cpu_ns_per_request", "CPU time per request", Unit::Nanoseconds, "cpu_ns"),
    per_request(
        "cpu_kernel_ns_per_request",
        "kernel CPU time per request",
        Unit::Nanoseconds,
        "cpu_kernel_ns",
    ),
    per_request(
        "instructions_per_request",
        "user-space instructions per request",
        Unit::Instructions,
        "instructions",
    ),
    per_request(
        "generator_cpu_ns_per_request",
        "CPU time of the load generator per request",
        Unit::Nanoseconds,
        "generator_cpu_ns",
    ),
    per_request(
        "connections_per_request",
        "connections accepted per request",
        Unit::Count,
        "connections_accepted",
    ),
    lower("slice_boundary_ns", "cost of closing a slice", Unit::Nanoseconds, NoiseClass::Cpu),
    lower("rss_peak_bytes", "peak resident memory", Unit::Bytes, NoiseClass::Cpu),
    lower("cold_start_ns", "spawn to first right answer", Unit::Nanoseconds, NoiseClass::Wall),
    lower("ready_ns", "spawn to ready", Unit::Nanoseconds, NoiseClass::Wall),
    lower("phase_engine_ns", "start-up: engine", Unit::Nanoseconds, NoiseClass::Wall),
    lower(
        "phase_compile_ns",
        "start-up: compile the component",
        Unit::Nanoseconds,
        NoiseClass::Wall,
    ),
    lower(
        "phase_load_ns",
        "start-up: load the precompiled component",
        Unit::Nanoseconds,
        NoiseClass::Wall,
    ),
    lower("phase_link_ns", "start-up: link", Unit::Nanoseconds, NoiseClass::Wall),
    lower("phase_listen_ns", "start-up: listen", Unit::Nanoseconds, NoiseClass::Wall),
    lower(
        "cold_start_cpu_ns",
        "CPU time, spawn to first right answer",
        Unit::Nanoseconds,
        NoiseClass::Cpu,
    ),
    lower(
        "cold_start_instructions",
        "user-space instructions, spawn to first right answer",
        Unit::Instructions,
        NoiseClass::Cpu,
    ),
    lower("pss_bytes", "memory, shared pages in proportion (PSS)", Unit::Bytes, NoiseClass::Cpu),
    lower("rss_bytes", "resident memory", Unit::Bytes, NoiseClass::Cpu),
    lower("pss_anon_bytes", "PSS of private data", Unit::Bytes, NoiseClass::Cpu),
    lower("pss_file_bytes", "PSS of mapped files", Unit::Bytes, NoiseClass::Cpu),
    lower("pss_shmem_bytes", "PSS of shared memory", Unit::Bytes, NoiseClass::Cpu),
    lower("private_dirty_bytes", "private memory that was written", Unit::Bytes, NoiseClass::Cpu),
    lower(
        "pss_per_workload_bytes",
        "memory (PSS) of each further workload",
        Unit::Bytes,
        NoiseClass::Cpu,
    ),
    higher("start_rate_per_s", "workloads started", Unit::PerSecond, NoiseClass::Wall),
    higher(
        "workloads_at_first_failure",
        "workloads at the first failure",
        Unit::Count,
        NoiseClass::Cpu,
    ),
    lower("time_per_iteration_ns", "time per iteration", Unit::Nanoseconds, NoiseClass::Wall),
    lower(
        "callgrind_instructions_per_request",
        "user-space instructions per request by callgrind",
        Unit::Instructions,
        NoiseClass::Cpu,
    ),
    lower("recovery_ns", "crash to all right again", Unit::Nanoseconds, NoiseClass::Wall),
    lower("undisturbed_ns", "the same without a crash", Unit::Nanoseconds, NoiseClass::Wall),
    lower("calls_failed", "calls that failed", Unit::Count, NoiseClass::Wall),
    lower("fire_jitter_ns", "error of an interval", Unit::Nanoseconds, NoiseClass::Wall),
    lower("fires_missed", "fires missed", Unit::Count, NoiseClass::Wall),
    lower("binary_bytes", "size of the host's binary", Unit::Bytes, NoiseClass::Exact),
    lower("component_bytes", "size of the component", Unit::Bytes, NoiseClass::Exact),
    lower("precompiled_bytes", "size of the precompiled component", Unit::Bytes, NoiseClass::Exact),
    board("flash_bytes", "flash", Unit::Bytes),
    board("flash_text_bytes", "flash: code (.text)", Unit::Bytes),
    board("flash_rodata_bytes", "flash: constants (.rodata)", Unit::Bytes),
    board("flash_data_bytes", "flash: what RAM begins with (.data)", Unit::Bytes),
    board("flash_part_bytes", "flash of a part", Unit::Bytes),
    board("ram_bytes", "RAM: static, heap and stack", Unit::Bytes),
    board("static_ram_bytes", "static RAM", Unit::Bytes),
    board("heap_high_water_bytes", "most of the heap", Unit::Bytes),
    board("stack_high_water_bytes", "most of the stack", Unit::Bytes),
    board("heap_leaked_bytes", "heap that was not given back", Unit::Bytes),
    board("boot_to_first_answer_instructions", "boot to first answer", Unit::Instructions),
    board("deserialize_instructions", "load a component", Unit::Instructions),
    board("instantiate_instructions", "make an instance", Unit::Instructions),
    board("first_call_instructions", "first call", Unit::Instructions),
    board("steady_call_instructions", "call with one call of the host", Unit::Instructions),
    board("plain_call_instructions", "call with none", Unit::Instructions),
    board("host_call_instructions", "one more call of the host", Unit::Instructions),
    board("loop_turn_instructions", "one turn of an interpreted loop", Unit::Instructions),
    board("async_call_instructions", "async call that waits once", Unit::Instructions),
    board("stream_instructions", "stream of 100 bytes", Unit::Instructions),
    board("trap_and_recovery_instructions", "trap to next answer", Unit::Instructions),
    board("request_instructions", "request on the serial line", Unit::Instructions),
    board("sensor_loop_instructions", "sensor loop", Unit::Instructions),
    board("survival_instructions", "guests that misbehave", Unit::Instructions),
    foreign::PROGRAM,
    foreign::ITERATION_CPU,
    foreign::ITERATION_CYCLES,
    foreign::ITERATION_INSTRUCTIONS,
    foreign::ALLOCATED_BYTES,
    foreign::ALLOCATIONS,
    foreign::OPERATIONS,
    foreign::PROCESSED,
    foreign::CALLGRIND_INSTRUCTIONS,
    foreign::CALLGRIND_CYCLES,
    foreign::CALLGRIND_RAM,
    foreign::MEASURED_TIME,
    foreign::MEASURED_SIZE,
    foreign::MEASURED_LOWER,
    foreign::MEASURED_HIGHER,
];

impl Metric {
    /// The metric of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// Whether two versions may be compared on it.
    pub fn is_comparable(&self) -> bool {
        self.direction != Direction::Neither
    }

    /// Whether samples of this name are stored (as opposed to derived).
    pub fn is_stored(&self) -> bool {
        matches!(self.source, Source::Samples | Source::Histogram)
    }

    /// Whether its values come from stored ones of that name.
    pub fn rests_on(&self, stored: &str) -> bool {
        match self.source {
            Source::Samples | Source::Histogram => self.name == stored,
            Source::Ratio { numerator, denominator, .. } => {
                numerator == stored || denominator == stored
            }
            Source::Quantile { histogram, .. } => histogram == stored,
        }
    }

    /// Whether its values are samples, or made of nothing but samples.
    pub fn is_of_samples(&self) -> bool {
        matches!(self.source, Source::Samples | Source::Ratio { .. })
    }

    /// A value with its unit, rounded to what a reader can use.
    pub fn display(&self, value: f64) -> String {
        self.unit.display(value)
    }
}

impl Direction {
    /// The direction in words, as pages say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Lower => "lower is better",
            Self::Higher => "higher is better",
            Self::Neither => "neither way is better",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
#[path = "metric_tests.rs"]
mod tests;

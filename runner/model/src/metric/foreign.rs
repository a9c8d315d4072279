//! Metrics of other tools' results, which come in by `bench import --format` and by
//! the driver `command`. The table beside them lists them; it must not compute anything.

use super::{Metric, Unit, higher, lower};
use crate::suite::NoiseClass::{Cpu, Wall};

pub(super) const PROGRAM: Metric =
    lower("program_ns", "a program, start to end", Unit::Nanoseconds, Wall);
pub(super) const ITERATION_CPU: Metric =
    lower("cpu_ns_per_iteration", "CPU time per iteration", Unit::Nanoseconds, Cpu);
pub(super) const ITERATION_CYCLES: Metric =
    lower("cycles_per_iteration", "CPU cycles per iteration", Unit::Count, Cpu);
pub(super) const ITERATION_INSTRUCTIONS: Metric =
    lower("instructions_per_iteration", "instructions per iteration", Unit::Instructions, Cpu);
pub(super) const ALLOCATED_BYTES: Metric =
    lower("allocated_bytes_per_iteration", "bytes allocated per iteration", Unit::Bytes, Cpu);
pub(super) const ALLOCATIONS: Metric =
    lower("allocations_per_iteration", "allocations per iteration", Unit::Count, Cpu);
pub(super) const OPERATIONS: Metric =
    higher("operations_per_s", "operations", Unit::PerSecond, Wall);
pub(super) const PROCESSED: Metric =
    higher("processed_bytes_per_s", "bytes processed", Unit::BytesPerSecond, Wall);
pub(super) const CALLGRIND_INSTRUCTIONS: Metric =
    lower("callgrind_instructions", "instructions by callgrind", Unit::Instructions, Cpu);
pub(super) const CALLGRIND_CYCLES: Metric =
    lower("callgrind_estimated_cycles", "cycles as callgrind estimates them", Unit::Count, Cpu);
pub(super) const CALLGRIND_RAM: Metric =
    lower("callgrind_ram_hits", "accesses of memory by callgrind", Unit::Count, Cpu);
pub(super) const MEASURED_TIME: Metric =
    lower("measured_ns", "a time, by another tool", Unit::Nanoseconds, Wall);
pub(super) const MEASURED_SIZE: Metric =
    lower("measured_bytes", "a size, by another tool", Unit::Bytes, Wall);
pub(super) const MEASURED_LOWER: Metric =
    lower("measured_count", "another tool's number, lower is better", Unit::Count, Wall);
pub(super) const MEASURED_HIGHER: Metric =
    higher("measured_score", "another tool's number, higher is better", Unit::Count, Wall);

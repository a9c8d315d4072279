//! Which side of the same requests a metric tells of: how long they took, or how
//! much work they were.

use crate::metric::{Metric, Unit};
use crate::suite::NoiseClass;

/// What a metric tells of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// Time as a clock shows it.
    Wall,
    /// The host's CPU time.
    CpuTime,
    /// The host's instructions.
    Instructions,
}

impl Aspect {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::CpuTime => "cpu-time",
            Self::Instructions => "instructions",
        }
    }
}

impl Metric {
    /// What it tells of requests; memory and bytes tell nothing.
    pub fn aspect(&self) -> Option<Aspect> {
        // The load generator's CPU time is not the host's.
        let is_of_host = self.name.starts_with("cpu_") || self.name.ends_with("_cpu_ns");
        match (self.unit, self.noise) {
            (Unit::Instructions, _) => Some(Aspect::Instructions),
            (Unit::Nanoseconds, NoiseClass::Cpu) if is_of_host => Some(Aspect::CpuTime),
            (_, NoiseClass::Wall) => Some(Aspect::Wall),
            _ => None,
        }
    }
}

//! What a driver does beside, or in place of, sending the arm's request. It
//! must not do it.

/// What some drivers are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Nothing: the driver sends the arm's request.
    Ask,
    /// Starts a host with so many workloads, and with one.
    Density {
        /// How many.
        workloads: u32,
    },
    /// Starts hosts with ever more workloads until one fails.
    FirstFailure(FirstFailure),
    /// Runs a program that measures by itself.
    Command {
        /// Program and arguments, with placeholders.
        words: Vec<String>,
    },
    /// Runs one benchmark of the version's own sources.
    Criterion {
        /// Name of the `cargo bench` target.
        bench: String,
        /// The benchmark's id in it.
        id: String,
    },
    /// Has something crash that so many workloads rely on: the arm's request
    /// does that, and the further one is what they are asked.
    Recovery {
        /// How many workloads.
        workloads: u32,
        /// How many crashes, one after the other.
        crashes: u32,
    },
    /// Reads at which moments something was done.
    Fires(Fires),
    /// Switches a board on that runs this firmware.
    Firmware(Firmware),
}

/// Which firmware, and what of it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firmware {
    /// The board, as the target calls it.
    pub board: String,
    /// The variant, as the target's own builder calls it.
    pub variant: String,
    /// The part whose flash is told, if one is.
    pub part: Option<Part>,
}

/// A part of a firmware: a crate, or what remains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name; [`Part::OTHER`] is all that has no name of its own.
    pub name: String,
    /// Every part that has one.
    pub named: Vec<String>,
}

impl Firmware {
    /// Whether both mean the same bytes, whatever is looked at.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.board == other.board && self.variant == other.variant
    }
}

impl Part {
    /// What no other part is.
    pub const OTHER: &str = "other";
}

/// What happens at every interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fires {
    /// Where the moments are told, one a line, in nanoseconds.
    pub path: String,
    /// The interval, in milliseconds.
    pub every_ms: u32,
    /// How many moments are read.
    pub count: u32,
}

/// How the number of workloads grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstFailure {
    /// The first number tried.
    pub from: u32,
    /// By what it is multiplied.
    pub factor: u32,
    /// The last number tried.
    pub to: u32,
    /// No further host is started after so many seconds.
    pub budget_s: u32,
}

impl Task {
    /// How many workloads a template is told of.
    pub fn workloads(&self) -> Option<u32> {
        match self {
            Self::Density { workloads } | Self::Recovery { workloads, .. } => Some(*workloads),
            Self::FirstFailure(growth) => Some(growth.from),
            Self::Ask
            | Self::Command { .. }
            | Self::Criterion { .. }
            | Self::Fires(_)
            | Self::Firmware(_) => None,
        }
    }
}

impl FirstFailure {
    /// The numbers that are tried, in order.
    pub fn steps(self) -> impl Iterator<Item = u32> {
        let next = move |step: &u32| step.checked_mul(self.factor).filter(|next| *next <= self.to);
        std::iter::successors(Some(self.from), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_at_the_last_one() {
        let steps = |from, factor, to| {
            FirstFailure { from, factor, to, budget_s: 1 }.steps().collect::<Vec<_>>()
        };
        assert_eq!(steps(1000, 2, 8000), [1000, 2000, 4000, 8000]);
        assert_eq!(steps(1000, 3, 8000), [1000, 3000]);
        assert_eq!(steps(5, 2, 5), [5]);
        assert_eq!(steps(1 << 30, 8, u32::MAX), [1 << 30]);
    }
}

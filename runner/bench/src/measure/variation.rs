//! How one start of an arm's processes differs from what the arm says.

use std::path::PathBuf;
use std::time::Duration;

/// What differs; by default nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Variation {
    /// What templates are told in place of the parameter `workloads`.
    pub(super) workloads: Option<u32>,
    /// Words before the command of each process that is charged.
    pub(super) wrapper: Vec<String>,
    /// Options of the hosts beside the arm's, and the words they become.
    pub(super) options: Vec<(String, Vec<String>)>,
    /// A precompiled component in the place of the arm's.
    pub(super) precompiled: Option<PathBuf>,
    /// How long one of them may take until it is ready; and, behind a wrapper, until it
    /// has stopped.
    pub(super) ready_timeout: Option<Duration>,
}

impl Variation {
    /// How long a process may take to stop: what a wrapper writes takes its time.
    pub(super) fn stop_timeout(&self, usual: Duration) -> Duration {
        match self.ready_timeout {
            Some(patience) if !self.wrapper.is_empty() => usual.max(patience),
            _ => usual,
        }
    }
}

//! Which CPUs the load generator and the host get. Decided once a run, kept in
//! the testbed's fingerprint, since moving them moves the numbers.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::io;

/// Separate CPUs for generator and host, where there are at least two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placement {
    /// CPUs of the load generator and of the runner itself.
    pub(crate) generator: Vec<usize>,
    /// CPUs of the host.
    pub(crate) host: Vec<usize>,
}

impl Placement {
    /// Divides the CPUs this process may use.
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let cpus: Vec<usize> =
            (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false)).collect();
        Ok(Self::divide(cpus))
    }

    /// The upper half generates load: with two CPUs one each, and with more
    /// the generator stays ahead of a host that uses its whole half.
    fn divide(mut cpus: Vec<usize>) -> Self {
        if cpus.len() < 2 {
            return Self { generator: Vec::new(), host: Vec::new() };
        }
        let generator = cpus.split_off(cpus.len().div_ceil(2));
        Self { generator, host: cpus }
    }

    /// Whether generator and host have to share.
    pub(crate) fn is_shared(&self) -> bool {
        self.host.is_empty()
    }

    /// For the testbed's fingerprint.
    pub(crate) fn describe(&self) -> String {
        if self.is_shared() {
            return "none, one CPU".to_owned();
        }
        format!("host {:?}, generator {:?}", self.host, self.generator)
    }

    /// Moves the runner off the host's CPUs; its later threads inherit this.
    pub(crate) fn pin_runner(&self) -> io::Result<()> {
        if self.is_shared() {
            return Ok(());
        }
        let mut cpu_set = CpuSet::new();
        for cpu in &self.generator {
            cpu_set.set(*cpu)?;
        }
        Ok(sched_setaffinity(Pid::from_raw(0), &cpu_set)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generator_and_host_never_share_when_they_need_not() {
        for (cpus, generator, host) in [
            (vec![3], vec![], vec![]),
            (vec![0, 1], vec![1], vec![0]),
            (vec![0, 2, 4], vec![4], vec![0, 2]),
            (vec![0, 1, 2, 3], vec![2, 3], vec![0, 1]),
        ] {
            assert_eq!(Placement::divide(cpus), Placement { generator, host });
        }
    }
}

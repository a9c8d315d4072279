//! Which CPUs the load generator and the host get. Decided once a run, kept in
//! the testbed's fingerprint, since moving them moves the numbers.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::io;
use std::sync::OnceLock;

/// Separate CPUs for generator and host, where there are at least two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placement {
    /// CPUs of the load generator and of the runner itself.
    pub(crate) generator: Vec<usize>,
    /// CPUs of the host.
    pub(crate) host: Vec<usize>,
    /// How many CPUs there are to divide.
    pub(crate) cpus: usize,
    /// How many cores they are threads of.
    pub(crate) cores: usize,
}

impl Placement {
    /// Divides the CPUs this process was given when it began: those it may use now are
    /// fewer where a placement was put into effect.
    pub(crate) fn of_this_process() -> io::Result<Self> {
        static GIVEN: OnceLock<Vec<usize>> = OnceLock::new();
        let given = match GIVEN.get() {
            Some(given) => given,
            None => {
                let allowed = sched_getaffinity(Pid::from_raw(0))?;
                let is_allowed = |cpu: &usize| allowed.is_set(*cpu).unwrap_or(false);
                GIVEN.get_or_init(|| (0..CpuSet::count()).filter(is_allowed).collect())
            }
        };
        Ok(Self::divide(given.iter().map(|cpu| (core_of(*cpu), *cpu)).collect()))
    }

    /// The upper half generates load: with two CPUs one each, and with more
    /// the generator stays ahead of a host that uses its whole half. Threads of
    /// one core stay together where there is more than one core.
    fn divide(mut cpus: Vec<(usize, usize)>) -> Self {
        cpus.sort_unstable();
        let total = cpus.len();
        let cores = cpus.chunk_by(|a, b| a.0 == b.0).count();
        if total < 2 {
            return Self { generator: Vec::new(), host: Vec::new(), cpus: total, cores };
        }
        let half = total.div_ceil(2);
        let is_boundary = |at: &usize| cpus[at - 1].0 != cpus[*at].0;
        let boundary = (half..total).find(is_boundary).or_else(|| (1..half).rfind(is_boundary));
        let generator = cpus.split_off(boundary.unwrap_or(half));
        let ids = |cpus: Vec<(usize, usize)>| cpus.into_iter().map(|(_, cpu)| cpu).collect();
        Self { generator: ids(generator), host: ids(cpus), cpus: total, cores }
    }

    /// Whether generator and host have to share.
    pub(crate) fn is_shared(&self) -> bool {
        self.host.is_empty()
    }

    /// Every CPU, for what is host and load in one.
    pub(crate) fn all(&self) -> Vec<usize> {
        self.host.iter().chain(&self.generator).copied().collect()
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
        self.move_runner(&self.generator)
    }

    /// Lets the runner have every CPU again, for a build.
    pub(crate) fn unpin_runner(&self) -> io::Result<()> {
        self.move_runner(&self.all())
    }

    fn move_runner(&self, cpus: &[usize]) -> io::Result<()> {
        if self.is_shared() {
            return Ok(());
        }
        let mut cpu_set = CpuSet::new();
        for cpu in cpus {
            cpu_set.set(*cpu)?;
        }
        Ok(sched_setaffinity(Pid::from_raw(0), &cpu_set)?)
    }
}

/// Names the core of a CPU by its first thread; a core of its own if unknown.
fn core_of(cpu: usize) -> usize {
    let file = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
    let siblings = std::fs::read_to_string(file).unwrap_or_default();
    siblings.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).unwrap_or(cpu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn generator_and_host_never_share_when_they_need_not() {
        for (cpus, generator, host) in [
            (vec![(3, 3)], vec![], vec![]),
            (vec![(0, 0), (1, 1)], vec![1], vec![0]),
            (vec![(0, 0), (0, 1)], vec![1], vec![0]),
            (vec![(0, 0), (2, 2), (4, 4)], vec![4], vec![0, 2]),
            (vec![(0, 0), (1, 1), (0, 2), (1, 3)], vec![1, 3], vec![0, 2]),
            (vec![(0, 0), (1, 1), (2, 2), (0, 3), (1, 4), (2, 5)], vec![2, 5], vec![0, 3, 1, 4]),
        ] {
            let total = cpus.len();
            let cores = cpus.iter().map(|(core, _)| core).collect::<BTreeSet<_>>().len();
            let expected = Placement { generator, host, cpus: total, cores };
            assert_eq!(Placement::divide(cpus), expected);
        }
    }
}

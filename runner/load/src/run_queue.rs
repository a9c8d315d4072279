//! How long a thread was ready to run and did not, because something else ran
//! on its CPU.
//!
//! The scheduler's own count, the second figure of `schedstat` (nanoseconds).
//! What a hypervisor takes away is not in it: the kernel cannot see that. A
//! kernel that does not keep count is a reason, never a zero.

use std::{fs::File, os::unix::fs::FileExt};

const FILE: &str = "/proc/thread-self/schedstat";

/// What one thread has waited from sample to sample.
#[derive(Debug)]
pub(crate) struct RunQueue {
    /// Opened by the thread it is about; stays that thread's.
    file: Result<File, String>,
    /// The kernel's count at the last sample, if it goes on from there.
    last_ns: Option<u64>,
    /// Summed; none before the first sample.
    waited_ns: Option<Result<u64, String>>,
}

impl RunQueue {
    /// Of the calling thread.
    pub(crate) fn of_this_thread() -> RunQueue {
        let file = File::open(FILE).map_err(|error| format!("{FILE}: {error}"));
        RunQueue { file, last_ns: None, waited_ns: None }
    }

    /// One system call.
    pub(crate) fn sample(&mut self) {
        let now = self.read();
        self.count(now);
    }

    /// What it waits until the next sample is not counted.
    pub(crate) fn pause(&mut self) {
        self.last_ns = None;
    }

    /// Nanoseconds, or why they cannot be told.
    pub(crate) fn waited_ns(&self) -> Result<u64, String> {
        self.waited_ns.clone().unwrap_or_else(|| Err("never looked at".to_owned()))
    }

    fn count(&mut self, now: Result<u64, String>) {
        let before = self.waited_ns.take().unwrap_or(Ok(0));
        self.waited_ns = Some(before.and_then(|before_ns| {
            let now_ns = now?;
            let last_ns = self.last_ns.replace(now_ns).unwrap_or(now_ns);
            Ok(before_ns + now_ns.saturating_sub(last_ns))
        }));
    }

    fn read(&self) -> Result<u64, String> {
        let file = self.file.as_ref().map_err(String::clone)?;
        let mut text = [0; 128];
        let bytes = file.read_at(&mut text, 0).map_err(|error| format!("{FILE}: {error}"))?;
        wait_ns(&text[..bytes])
    }
}

/// Reads `CPU WAIT SLICES`, the first two in nanoseconds.
fn wait_ns(text: &[u8]) -> Result<u64, String> {
    let fields = str::from_utf8(text).ok().map(|text| text.split_ascii_whitespace());
    let mut numbers = fields.into_iter().flatten().map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        // A thread that reads this has run: zero means that nobody counts.
        (Some(Ok(0)), Some(Ok(0))) => {
            Err("this kernel does not count waiting for a CPU".to_owned())
        }
        (Some(Ok(_)), Some(Ok(wait_ns))) => Ok(wait_ns),
        _ => Err(format!("{FILE}: not two numbers: {:?}", text.escape_ascii().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_not_counted() {
        let mut queue = RunQueue::of_this_thread();
        assert_eq!(queue.waited_ns(), Err("never looked at".to_owned()));
        queue.count(Ok(100));
        queue.count(Ok(103));
        queue.pause();
        queue.count(Ok(900));
        queue.count(Ok(904));
        assert_eq!(queue.waited_ns(), Ok(7));
        queue.count(Err("gone".to_owned()));
        queue.count(Ok(905));
        assert_eq!(queue.waited_ns(), Err("gone".to_owned()));
    }

    #[test]
    fn the_kernels_line() {
        let rows: [(&str, Result<u64, &str>); 4] = [
            ("794989 1203 5\n", Ok(1203)),
            ("794989 0 1\n", Ok(0)),
            ("0 0 0\n", Err("this kernel does not count waiting for a CPU")),
            ("", Err("/proc/thread-self/schedstat: not two numbers: \"\"")),
        ];
        for (text, expected) in rows {
            assert_eq!(wait_ns(text.as_bytes()), expected.map_err(str::to_owned), "{text:?}");
        }
    }
}

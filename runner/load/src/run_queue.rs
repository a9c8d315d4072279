//! How long a thread was ready to run and did not, because something else ran
//! on its CPU.
//!
//! The scheduler's own count, the second figure of `schedstat` (nanoseconds).
//! What a hypervisor takes away is not in it: the kernel cannot see that. A
//! kernel that does not keep count is a reason, never a zero.

use std::{fs::File, os::unix::fs::FileExt};

const FILE: &str = "/proc/thread-self/schedstat";

/// What one thread has waited between its first and its last sample.
#[derive(Debug)]
pub(crate) struct RunQueue {
    /// Opened by the thread it is about; stays that thread's.
    file: Result<File, String>,
    /// Of the first and the last sample.
    waits_ns: Option<Result<(u64, u64), String>>,
}

impl RunQueue {
    /// Of the calling thread.
    pub(crate) fn of_this_thread() -> RunQueue {
        let file = File::open(FILE).map_err(|error| format!("{FILE}: {error}"));
        RunQueue { file, waits_ns: None }
    }

    /// One system call.
    pub(crate) fn sample(&mut self) {
        let now = self.read();
        self.waits_ns = Some(match (self.waits_ns.take(), now) {
            (None, now) => now.map(|wait_ns| (wait_ns, wait_ns)),
            (Some(Ok((first_ns, _))), Ok(last_ns)) => Ok((first_ns, last_ns)),
            (Some(Err(reason)), _) | (_, Err(reason)) => Err(reason),
        });
    }

    /// Nanoseconds, or why they cannot be told.
    pub(crate) fn waited_ns(&self) -> Result<u64, String> {
        let waits = self.waits_ns.clone().unwrap_or_else(|| Err("never looked at".to_owned()));
        waits.map(|(first_ns, last_ns)| last_ns.saturating_sub(first_ns))
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

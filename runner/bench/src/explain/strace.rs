//! What strace wrote: a line for each system call, of whichever thread.

use std::collections::BTreeMap;

/// System calls by name. One that was interrupted by another thread's line counts where it
/// began.
pub(super) fn read(text: &str) -> BTreeMap<String, u64> {
    let mut calls = BTreeMap::new();
    for line in text.lines() {
        // `19180 writev(9, [..], 3) = 92`; the thread's number may be missing.
        let line = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let Some((name, _)) = line.split_once('(') else { continue };
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.is_empty() && name.chars().all(is_name) {
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn calls_are_counted_where_they_begin() {
        let text = "19180 recvfrom(9, \"\"..., 8192, 0, NULL, NULL) = 62\n\
19189 futex(0x7f34, FUTEX_WAIT <unfinished ...>\n\
19180 writev(9, [{iov_base=\"\"..., iov_len=92}], 1) = 92\n\
19189 <... futex resumed>)              = 0\n\
19180 --- SIGTERM {si_signo=SIGTERM} ---\n\
19180 +++ exited with 0 +++\n\
writev(9, [], 1) = 0\n";
        let told: Vec<_> = read(text).into_iter().collect();
        let expected = [("futex", 1), ("recvfrom", 1), ("writev", 2)];
        assert_eq!(told, expected.map(|(name, count)| (name.to_owned(), count)));
    }
}

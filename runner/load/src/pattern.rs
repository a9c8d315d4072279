//! Generated bodies: byte `i` is `i` modulo 251.
//!
//! A prime, so that a chunk that is lost, doubled or misplaced by a power of
//! two shifts every byte after it. One static block serves sending and
//! checking; no body is ever made whole. It must not do any I/O.

/// After so many bytes the pattern begins anew.
const PERIOD: usize = 251;
/// About 64 KiB, whole periods: stays in a cache of the second level.
const BLOCK_BYTES: usize = 262 * PERIOD;

static BLOCK: [u8; BLOCK_BYTES] = {
    let mut block = [0; BLOCK_BYTES];
    let mut at = 0;
    while at < BLOCK_BYTES {
        block[at] = (at % PERIOD) as u8;
        at += 1;
    }
    block
};

/// The bytes at `at` of a body of `length` bytes, as many as one piece holds;
/// empty behind its end.
pub(crate) fn piece(at: u64, length: u64) -> &'static [u8] {
    let from = (at % PERIOD as u64) as usize;
    let left = usize::try_from(length.saturating_sub(at)).unwrap_or(usize::MAX);
    &BLOCK[from..BLOCK_BYTES.min(from.saturating_add(left))]
}

/// Where `bytes`, at `at` of a body, first differ from the pattern.
pub(crate) fn first_difference(at: u64, bytes: &[u8]) -> Option<usize> {
    let mut checked = 0;
    while checked < bytes.len() {
        let expected = piece(at + checked as u64, u64::MAX);
        let seen = &bytes[checked..bytes.len().min(checked + expected.len())];
        if *seen != expected[..seen.len()] {
            let same = seen.iter().zip(expected).take_while(|(a, b)| a == b).count();
            return Some(checked + same);
        }
        checked += seen.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at % 251) as u8).collect()
    }

    #[test]
    fn pieces_make_the_whole() {
        for length in [0, 1, 250, 251, 252, 65_536, 65_762, 65_763, 1_000_000] {
            let mut made = Vec::new();
            while made.len() < length {
                made.extend_from_slice(piece(made.len() as u64, length as u64));
            }
            assert!(made == body(length), "{length} bytes");
            assert!(piece(length as u64, length as u64).is_empty());
            assert_eq!(first_difference(0, &made), None);
        }
    }

    /// Any one byte changed, and every kind of misplaced chunk.
    #[test]
    fn differences_are_found() {
        let whole = body(200_000);
        for at in [0, 1, 250, 251, 65_761, 65_762, 131_523, 131_524, 199_999] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(first_difference(0, &changed), Some(at));
            assert_eq!(first_difference(0, &changed[..at]), None);
            assert_eq!(first_difference(at as u64, &changed[at..]), Some(0));
        }
        for chunk in [1, 512, 4096, 16_384, 65_536] {
            let lost = [&whole[..chunk], &whole[2 * chunk..]].concat();
            assert_eq!(first_difference(0, &lost), Some(chunk), "{chunk} bytes lost");
        }
    }
}

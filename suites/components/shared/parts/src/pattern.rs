//! The bytes that the stream guests send and expect: byte i of a body is i mod 251. (A prime, so
//! that no chunk boundary of a power of two can hide a byte lost or doubled.)

const PERIOD: usize = 251;

/// The largest piece sent at once: 1024 periods, about 250 KiB, so that every piece starts alike.
pub const CHUNK_BYTES: usize = PERIOD * 1024;

/// One chunk of the pattern, from its start.
pub fn chunk() -> Vec<u8> {
    bytes(CHUNK_BYTES)
}

fn bytes(length: usize) -> Vec<u8> {
    // Less than the period, so it fits a byte.
    (0..length).map(|at| (at % PERIOD) as u8).collect()
}

/// Compares a body that comes in pieces with the pattern.
pub struct Verifier {
    expected: Vec<u8>,
    seen_bytes: u64,
}

impl Default for Verifier {
    fn default() -> Self {
        Self { expected: bytes(CHUNK_BYTES + PERIOD), seen_bytes: 0 }
    }
}

impl Verifier {
    /// Takes the next piece; the error is the position of the first wrong byte in the body.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), u64> {
        for part in piece.chunks(CHUNK_BYTES) {
            let start = (self.seen_bytes % PERIOD as u64) as usize;
            let expected = &self.expected[start..start + part.len()];
            if part != expected {
                let same = part.iter().zip(expected).take_while(|(is, wanted)| is == wanted);
                return Err(self.seen_bytes + same.count() as u64);
            }
            self.seen_bytes += part.len() as u64;
        }
        Ok(())
    }

    /// How many bytes were right so far.
    pub fn seen_bytes(&self) -> u64 {
        self.seen_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_is_expected() {
        let body = [chunk(), chunk(), chunk()].concat();
        for piece_bytes in [1, 250, 251, 252, 4096, CHUNK_BYTES, body.len()] {
            let mut verifier = Verifier::default();
            for piece in body.chunks(piece_bytes) {
                assert_eq!(verifier.take(piece), Ok(()), "in pieces of {piece_bytes}");
            }
            assert_eq!(verifier.seen_bytes(), body.len() as u64);
        }
    }

    #[test]
    fn the_first_wrong_byte_is_named() {
        for wrong_at in [0, 1, 250, 251, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 300] {
            let mut body = [chunk(), chunk()].concat();
            body[wrong_at] ^= 1;
            for piece_bytes in [7, 4096, body.len()] {
                let mut verifier = Verifier::default();
                let found = body.chunks(piece_bytes).find_map(|piece| verifier.take(piece).err());
                assert_eq!(found, Some(wrong_at as u64), "in pieces of {piece_bytes}");
            }
        }
    }
}

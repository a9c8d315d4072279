//! Frames on the serial line: a start byte, the length, the payload, and its
//! CRC-16 (CCITT-FALSE, [ITU-T V.42] polynomial), numbers in network order. What
//! is between frames is text for people, and never begins with a start byte.
//!
//! [ITU-T V.42]: https://www.itu.int/rec/T-REC-V.42

use crate::board::Board;
use alloc::vec::Vec;
use crc::{CRC_16_IBM_3740, Crc, NoTable};

/// The start of a frame.
pub const START: u8 = 0x02;
/// No payload is longer.
pub const MAX_PAYLOAD: usize = 512;

const CRC: Crc<u16, NoTable> = Crc::<u16, NoTable>::new(&CRC_16_IBM_3740);

/// Why a frame was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Longer than [`MAX_PAYLOAD`].
    TooLong,
    /// Its checksum is another one.
    Damaged,
}

/// Takes the next payload off the line; `next` waits for a byte, and gives
/// `None` when there will be no more. What is outside a frame is skipped.
///
/// # Errors
/// When the frame that came is none; the line is then at its end.
pub fn read(
    mut next: impl FnMut() -> Option<u8>,
    payload: &mut Vec<u8>,
) -> Option<Result<(), Dropped>> {
    while next()? != START {}
    let length = usize::from(u16::from_be_bytes([next()?, next()?]));
    payload.clear();
    for _ in 0..length {
        let byte = next()?;
        if length <= MAX_PAYLOAD {
            payload.push(byte);
        }
    }
    let sum = u16::from_be_bytes([next()?, next()?]);
    Some(match length {
        _ if length > MAX_PAYLOAD => Err(Dropped::TooLong),
        _ if sum == CRC.checksum(payload) => Ok(()),
        _ => Err(Dropped::Damaged),
    })
}

/// Sends a payload as a frame.
pub fn write(board: &dyn Board, payload: &[u8]) {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let payload = &payload[..usize::from(length)];
    board.send(&[START]);
    board.send(&length.to_be_bytes());
    board.send(payload);
    board.send(&CRC.checksum(payload).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Memory;
    use proptest::prelude::*;
    use std::sync::Mutex;

    /// A line that keeps what is sent.
    #[derive(Default)]
    struct Wire(Mutex<Vec<u8>>);

    impl Board for Wire {
        fn count(&self) -> u64 {
            0
        }

        fn now_ns(&self) -> u64 {
            0
        }

        fn send(&self, bytes: &[u8]) {
            self.0.lock().unwrap().extend_from_slice(bytes);
        }

        fn receive(&self) -> Option<u8> {
            None
        }

        fn memory(&self) -> Memory {
            Memory::default()
        }

        fn spin(&self, _: u32) {}
    }

    fn framed(payload: &[u8]) -> Vec<u8> {
        let wire = Wire::default();
        write(&wire, payload);
        wire.0.into_inner().unwrap()
    }

    fn read_all(bytes: &[u8]) -> Vec<Result<Vec<u8>, Dropped>> {
        let mut bytes = bytes.iter().copied();
        let mut payload = Vec::new();
        let mut came = Vec::new();
        while let Some(one) = read(|| bytes.next(), &mut payload) {
            came.push(one.map(|()| payload.clone()));
        }
        came
    }

    #[test]
    fn a_frame_is_as_its_specification_says() {
        // The check value of the algorithm's catalogue entry.
        assert_eq!(framed(b"123456789"), b"\x02\x00\x09123456789\x29\xB1");
    }

    proptest! {
        #[test]
        fn frames_come_through(payloads in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..MAX_PAYLOAD), 0..4)
        ) {
            let mut line = Vec::new();
            for payload in &payloads {
                line.extend(b"text between\n");
                line.extend(framed(payload));
            }
            let expected: Vec<_> = payloads.into_iter().map(Ok).collect();
            prop_assert_eq!(read_all(&line), expected);
        }

        #[test]
        fn a_flipped_bit_is_noticed(
            payload in prop::collection::vec(any::<u8>(), 1..64), at: usize, bit in 0..8_u32,
        ) {
            let mut line = framed(&payload);
            // Not the start, nor the length: those lose the frame instead.
            let at = 3 + at % (line.len() - 3);
            line[at] ^= 1_u8 << bit;
            prop_assert_eq!(read_all(&line), [Err(Dropped::Damaged)]);
        }

        #[test]
        fn noise_breaks_nothing(line: Vec<u8>) {
            let _ = read_all(&line);
        }
    }

    #[test]
    fn what_is_too_long_is_dropped_and_the_next_one_read() {
        let mut line = framed(&[7; MAX_PAYLOAD + 1]);
        line.extend(framed(b"next"));
        assert_eq!(read_all(&line), [Err(Dropped::TooLong), Ok(b"next".to_vec())]);
    }
}

//! What a guest's host functions work on. It goes from one guest to the next:
//! who unloads a guest has it back.

use crate::board::Board;
use crate::keys::Keys;
use crate::limits::Cap;
use crate::pins::Pins;

/// The data of a store.
pub struct State {
    /// The machine.
    pub board: &'static dyn Board,
    /// Values kept for guests.
    pub keys: Keys,
    /// Outputs and sensors.
    pub pins: Pins,
    /// Limits of the guest that is loaded.
    pub cap: Cap,
    /// Whether the log goes out over the serial line, or is only counted.
    pub shows_log: bool,
    /// Lines logged so far.
    pub logged: u32,
    random: u64,
}

impl State {
    /// That of a board that was just switched on.
    pub fn new(board: &'static dyn Board) -> Self {
        Self {
            board,
            keys: Keys::default(),
            pins: Pins::default(),
            cap: Cap::default(),
            shows_log: true,
            logged: 0,
            random: 0,
        }
    }

    /// The next of a fixed series: no board here has a source of randomness, and
    /// the same boot should give the same answers. SplitMix64 (Steele, Lea &
    /// Flood 2014).
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }
}

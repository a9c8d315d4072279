//! Pins: outputs that remember their level, and sensors. The emulated boards
//! have neither, so both are played, the same at every boot.

/// From here on a pin is a sensor.
pub const FIRST_SENSOR: u32 = 16;

/// The state of all pins.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    levels: u16,
    readings: u32,
}

impl Pins {
    /// The level of an output, 0 or 1, or the next reading, 0 to 250.
    pub fn read(&mut self, pin: u32) -> u32 {
        if pin < FIRST_SENSOR {
            return u32::from(self.levels >> pin & 1);
        }
        self.readings = self.readings.wrapping_add(1);
        // 37 has no factor in common with the prime 251: every value comes.
        self.readings.wrapping_mul(37) % 251
    }

    /// Sets an output; a sensor stays as it is.
    pub fn write(&mut self, pin: u32, high: bool) {
        if pin < FIRST_SENSOR {
            self.levels = self.levels & !(1 << pin) | u16::from(high) << pin;
        }
    }
}

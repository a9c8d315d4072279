//! Whether the times that a run from elsewhere tells can be true.

use super::Run;
use jiff::{SignedDuration, Timestamp};

/// How far a clock may be ahead of ours.
const CLOCKS_DIFFER_BY: SignedDuration = SignedDuration::from_mins(5);
/// Nothing was measured before: this project did not exist.
const BEGINNING: i64 = 1_704_067_200; // 2024-01-01

impl Run {
    /// Holds its times against the clock, and those of its blocks against its own.
    ///
    /// # Errors
    /// The first time that cannot be, in words.
    pub fn check_times(&self, now: Timestamp) -> Result<(), String> {
        let later = |time: Timestamp| time.checked_add(CLOCKS_DIFFER_BY).unwrap_or(Timestamp::MAX);
        if self.started_at.as_second() < BEGINNING {
            return Err(format!("started_at: {} is before anything was measured", self.started_at));
        }
        let end = self.finished_at.ok_or("finished_at: the run does not tell when it ended")?;
        if end > later(now) {
            return Err(format!("finished_at: {end} is in the future"));
        }
        for block in &self.blocks {
            let length =
                SignedDuration::from_nanos(i64::try_from(block.duration_ns).unwrap_or(i64::MAX));
            let ended = block.started_at.checked_add(length).unwrap_or(Timestamp::MAX);
            if ended > later(now) || ended > later(end) || block.started_at > end {
                let ordinal = block.ordinal;
                return Err(format!(
                    "block {ordinal}: it ends at {ended}, after the run or in the future"
                ));
            }
        }
        Ok(())
    }
}

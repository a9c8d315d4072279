//! How long change points take: 1,000 histories of 500 values on one core.
//!
//! `cargo run --release -p stats --example detect_speed` prints seconds. The
//! histories are normal noise of 1 % with three changes of -5, 2 or 5 %, as
//! other tools are timed with; and the same with log-normal noise, whose levels
//! are told more finely and take longer.

use stats::detect::{Options, changes};
use std::process::ExitCode;
use std::time::Instant;

const SERIES: u64 = 1_000;
const VALUES: usize = 500;
const STEPS: [f64; 3] = [-0.05, 0.02, 0.05];

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    /// From 0 to 1, both excluded.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn history(&mut self, noise: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = (0..VALUES).map(|_| 100.0 + noise(self.normal())).collect();
        for _ in 0..3 {
            let at = 20 + (self.uniform() * (VALUES - 40) as f64) as usize;
            let step = STEPS[(self.uniform() * 3.0) as usize];
            values[at..].iter_mut().for_each(|value| *value *= 1.0 + step);
        }
        values
    }
}

fn main() -> ExitCode {
    let skewed = |z: f64| (0.8 * z).exp();
    let kinds: [(&str, &dyn Fn(f64) -> f64); 2] = [("normal", &|z| z), ("log-normal", &skewed)];
    for (name, noise) in kinds {
        let mut random = Random(5);
        let histories: Vec<_> = (0..SERIES).map(|_| random.history(noise)).collect();
        let start = Instant::now();
        let mut found = 0;
        for history in &histories {
            match changes(history, &Options::default()) {
                Ok(changes) => found += changes.len(),
                Err(error) => {
                    eprintln!("error: {error}");
                    return ExitCode::FAILURE;
                }
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{name}: {SERIES} histories of {VALUES} values in {seconds:.2} s, {found} changes"
        );
    }
    ExitCode::SUCCESS
}

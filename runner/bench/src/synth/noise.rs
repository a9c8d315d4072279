//! Noise as histories of benchmarks have it, on a log scale.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

/// The shape of a series' noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bell-shaped.
    Normal,
    /// A sharp lower edge and a long tail: the machine is never too fast.
    Skewed,
    /// Two levels in turn: memory lies one way or the other.
    Bimodal,
    /// Every value depends on the one before: a machine that warms up and cools.
    Dependent,
    /// A slow walk: neighbours on a shared machine.
    Drifting,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Normal, Self::Skewed, Self::Bimodal, Self::Dependent, Self::Drifting];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Skewed => "skewed",
            Self::Bimodal => "bimodal",
            Self::Dependent => "dependent",
            Self::Drifting => "drifting",
        }
    }
}

/// A source of noise; it remembers what it gave last.
pub(super) struct Noise {
    kind: Kind,
    /// Standard deviation of its main part.
    spread: f64,
    last: f64,
}

/// A wild value in so many.
const WILD: f64 = 1.0 / 80.0;

impl Noise {
    /// Of a kind, with a spread of 0.2 to 3 %.
    pub(super) fn new(kind: Kind, rng: &mut ChaCha8Rng) -> Self {
        let spread = rng.random_range(0.002f64.ln()..0.03f64.ln()).exp();
        Self { kind, spread, last: 0.0 }
    }

    /// The next value; now and then a wild one.
    pub(super) fn next(&mut self, rng: &mut ChaCha8Rng) -> f64 {
        let bell = normal(rng);
        let own = match self.kind {
            Kind::Normal => bell,
            Kind::Skewed => 0.8 * bell.exp() - 1.3,
            Kind::Bimodal if rng.random_bool(0.3) => 3.0 + 0.4 * bell,
            Kind::Bimodal => 0.4 * bell,
            Kind::Dependent => {
                self.last = 0.6 * self.last + 0.8 * bell;
                self.last
            }
            Kind::Drifting => {
                self.last = 0.98 * self.last + 0.1 * normal(rng);
                self.last + bell
            }
        };
        let wild = if rng.random_bool(WILD) { rng.random_range(5.0..15.0) } else { 0.0 };
        // Not beyond a factor of 1.5, however the dice fall.
        (self.spread * (own + wild)).clamp(-0.4, 0.4)
    }
}

/// Box & Muller 1958.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let uniform: f64 = 1.0 - rng.random::<f64>();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    (-2.0 * uniform.ln()).sqrt() * angle.cos()
}

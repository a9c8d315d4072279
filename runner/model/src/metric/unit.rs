//! How values of a unit are written. It must not know a metric.

use super::Unit;

impl Unit {
    /// The unit's symbol, as it stands in JSON.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Bytes => "bytes",
            Self::RequestsPerSecond => "requests/s",
            Self::BytesPerSecond => "bytes/s",
            Self::Instructions => "instructions",
            Self::Count => "count",
            Self::PerSecond => "1/s",
        }
    }

    /// The scales values are shown in, the largest first: factor and symbol.
    pub const fn scales(self) -> &'static [(f64, &'static str)] {
        match self {
            Self::Nanoseconds => &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")],
            Self::Bytes => {
                &[(1073741824.0, "GiB"), (1048576.0, "MiB"), (1024.0, "KiB"), (1.0, "B")]
            }
            Self::BytesPerSecond => &[(1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s")],
            Self::RequestsPerSecond => &[(1e6, "M req/s"), (1e3, "k req/s"), (1.0, "req/s")],
            Self::Instructions => {
                &[(1e9, "G instr"), (1e6, "M instr"), (1e3, "k instr"), (1.0, "instr")]
            }
            Self::Count => &[(1.0, "")],
            Self::PerSecond => &[(1e3, "k/s"), (1.0, "/s")],
        }
    }

    /// The largest scale not above `magnitude`, for an axis or a cell.
    pub fn scale(self, magnitude: f64) -> (f64, &'static str) {
        let (scales, magnitude) = (self.scales(), magnitude.abs());
        scales
            .iter()
            .copied()
            .find(|(factor, _)| magnitude >= *factor)
            .unwrap_or(scales[scales.len() - 1])
    }

    /// A value in the scale that suits it, with three significant digits or
    /// all digits before the point.
    pub fn display(self, value: f64) -> String {
        let (factor, symbol) = self.scale(value);
        let scaled = value / factor;
        let decimals = match scaled.abs() {
            _ if factor == 1.0 && scaled.fract() == 0.0 => 0,
            magnitude if magnitude >= 100.0 => 0,
            magnitude if magnitude >= 10.0 => 1,
            _ => 2,
        };
        format!("{scaled:.decimals$} {symbol}").trim_end().to_owned()
    }
}

//! The latencies of one block as an HDR histogram, and its text form: the V2
//! deflate encoding of HdrHistogram in base64, which other tools read too.
//! It must not summarise a run: blocks are the unit of independence.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{
    Deserializer, Serializer as _, V2DeflateSerializer, V2Serializer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Latencies in nanoseconds, 1 ns to 60 s at three significant digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct LatencyHistogram(Histogram<u64>);

/// A minute, the most that is told apart.
const MAX_NS: u64 = 60_000_000_000;

/// More than any block can hold; a larger text is refused before decoding.
const MAX_ENCODED_BYTES: usize = 1 << 20;

impl LatencyHistogram {
    /// Wraps a histogram of nanoseconds; `None` when it holds nothing.
    pub fn new(histogram: Histogram<u64>) -> Option<Self> {
        (!histogram.is_empty()).then_some(Self(histogram))
    }

    /// The value at a quantile between 0 and 1, in nanoseconds.
    pub fn quantile_ns(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64
    }

    /// The largest value, in nanoseconds.
    pub fn max_ns(&self) -> f64 {
        self.0.max() as f64
    }

    /// How many requests it holds.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The same at two significant digits, as it is published: a third of the bytes,
    /// and what pages draw, since they may hold no more than what is published.
    /// Coarse already, it is itself.
    #[must_use]
    pub fn coarse(&self) -> Self {
        let Ok(mut coarse) = Histogram::new_with_bounds(1, MAX_NS, 2) else { return self.clone() };
        for step in self.0.iter_recorded() {
            coarse.saturating_record_n(step.value_iterated_to(), step.count_at_value());
        }
        Self(coarse)
    }

    /// The compressed bytes, as the database keeps them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to a vector fails only for counts beyond i64, and then the
        // plain encoding fails alike: an empty answer is refused on reading.
        if V2DeflateSerializer::new().serialize(&self.0, &mut bytes).is_err() {
            bytes.clear();
            let _ = V2Serializer::new().serialize(&self.0, &mut bytes);
        }
        bytes
    }

    /// Reads compressed bytes.
    ///
    /// # Errors
    /// Says what is wrong with them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_ENCODED_BYTES {
            return Err(format!(
                "histogram of {} bytes, at most {MAX_ENCODED_BYTES} are read",
                bytes.len()
            ));
        }
        let histogram = Deserializer::new()
            .deserialize(&mut std::io::Cursor::new(bytes))
            .map_err(|error| format!("not an HdrHistogram V2 encoding: {error}"))?;
        Self::new(histogram).ok_or_else(|| "histogram without a single value".to_owned())
    }
}

impl TryFrom<String> for LatencyHistogram {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() > 2 * MAX_ENCODED_BYTES {
            return Err("histogram text too long".to_owned());
        }
        let bytes =
            STANDARD.decode(text).map_err(|error| format!("histogram is not base64: {error}"))?;
        Self::from_bytes(&bytes)
    }
}

impl From<LatencyHistogram> for String {
    fn from(histogram: LatencyHistogram) -> Self {
        STANDARD.encode(histogram.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(values in prop::collection::vec(1_u64..60_000_000_000, 1..200)) {
            let mut inner = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
            for value in &values { inner.record(*value).unwrap(); }
            let one = LatencyHistogram::new(inner).unwrap();
            let text = String::from(one.clone());
            prop_assert_eq!(&LatencyHistogram::try_from(text).unwrap(), &one);
            let coarse = one.coarse();
            prop_assert_eq!(coarse.count(), one.count());
            prop_assert_eq!(coarse.coarse().to_bytes(), coarse.to_bytes());
            for quantile in [0.0, 0.5, 0.99, 1.0] {
                let (fine, coarse) = (one.quantile_ns(quantile), coarse.quantile_ns(quantile));
                prop_assert!((coarse / fine - 1.0).abs() <= 0.01, "{fine} {coarse}");
            }
            let read = LatencyHistogram::from_bytes(&coarse.to_bytes()).unwrap();
            prop_assert_eq!(read.to_bytes(), coarse.to_bytes());
        }

        #[test]
        fn hostile_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = LatencyHistogram::from_bytes(&bytes);
        }
    }
}

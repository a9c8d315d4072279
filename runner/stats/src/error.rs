//! What can be wrong with the numbers handed in.
//!
//! One enum for the crate, because callers treat every case alike: the row
//! failed, and this is why. It says which value was bad, and must not turn a
//! bad value into a number.

/// Why a function of this crate gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to summarise.
    #[error("{what} is empty")]
    Empty {
        /// The argument's name.
        what: &'static str,
    },
    /// There are fewer values than the method is defined for.
    #[error("needs at least {needed} values, got {got}")]
    TooFew {
        /// The smallest number of values that works.
        needed: usize,
        /// How many there were.
        got: usize,
    },
    /// There are more values than are worked on.
    #[error("takes at most {most} values, got {got}")]
    TooMany {
        /// The largest number of values that works.
        most: usize,
        /// How many there were.
        got: usize,
    },
    /// A value is NaN or infinite.
    #[error("value {index} of {what} is {value}, which is not a finite number")]
    NotFinite {
        /// The argument's name.
        what: &'static str,
        /// Its position, from 0.
        index: usize,
        /// NaN or an infinity.
        value: f64,
    },
    /// A value is zero or negative where a logarithm or a ratio is taken.
    #[error("value {index} of {what} is {value}, and a ratio needs values above zero")]
    NotPositive {
        /// The argument's name.
        what: &'static str,
        /// Its position, from 0.
        index: usize,
        /// Zero or a negative number.
        value: f64,
    },
    /// Two slices that belong together differ in length.
    #[error("the two sides must pair up, got {left} and {right} values")]
    UnequalLengths {
        /// Length of the first slice.
        left: usize,
        /// Length of the second slice.
        right: usize,
    },
    /// A parameter (not a measured value) is outside its range or not a number.
    #[error("{what} is {value}, and must be {allowed}")]
    BadParameter {
        /// The parameter's name.
        what: &'static str,
        /// What was given.
        value: f64,
        /// What would have been accepted.
        allowed: &'static str,
    },
    /// A slope was asked of points that all share one x.
    #[error("every x is the same, so there is no slope")]
    ConstantX,
    /// A spread relative to the median was asked, and the median is not positive.
    #[error("the median is {median}, and a relative spread needs one above zero")]
    MedianNotPositive {
        /// The median found.
        median: f64,
    },
    /// The answer, or a step towards it, is too large or too small for an `f64`.
    #[error("the result is outside what a 64-bit float can hold")]
    OutOfRange,
}

/// Refuses an empty slice and one with NaN or an infinity in it.
pub(crate) fn require_finite(what: &'static str, values: &[f64]) -> Result<(), Error> {
    if values.is_empty() {
        return Err(Error::Empty { what });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite { what, index, value: values[index] }),
        None => Ok(()),
    }
}

/// Refuses what is not finite, and zero or below: a ratio or a logarithm is taken.
pub(crate) fn require_positive(what: &'static str, values: &[f64]) -> Result<(), Error> {
    require_finite(what, values)?;
    match values.iter().position(|&value| value <= 0.0) {
        Some(index) => Err(Error::NotPositive { what, index, value: values[index] }),
        None => Ok(()),
    }
}

/// Refuses slices that do not pair up value by value.
pub(crate) fn require_same_length(left: &[f64], right: &[f64]) -> Result<(), Error> {
    if left.len() == right.len() {
        return Ok(());
    }
    Err(Error::UnequalLengths { left: left.len(), right: right.len() })
}

/// Refuses fewer than `needed` values.
pub(crate) fn require_at_least(needed: usize, got: usize) -> Result<(), Error> {
    if got >= needed { Ok(()) } else { Err(Error::TooFew { needed, got }) }
}

/// Passes a finite answer on, and refuses one that overflowed on the way.
pub(crate) fn in_range(answer: f64) -> Result<f64, Error> {
    if answer.is_finite() { Ok(answer) } else { Err(Error::OutOfRange) }
}

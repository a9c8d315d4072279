//! The vertical scale of a chart: which range, which marks, and where a value
//! lies. It must not draw.

/// From a value to a height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
}

impl Scale {
    /// The scale that holds every value; `None` without values. A logarithmic one
    /// needs values above zero.
    pub(crate) fn of(values: impl Iterator<Item = f64>, is_log: bool) -> Option<Self> {
        let usable = values.filter(|value| value.is_finite() && (!is_log || *value > 0.0));
        let (low, high) = usable.fold(None, |range: Option<(f64, f64)>, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })?;
        let (low, high) = if is_log {
            // At least a factor of two, so that noise is no mountain range.
            let room = (high / low).sqrt().sqrt().max(2f64.sqrt().sqrt());
            (low / room.min(1.2), high * room.min(1.2))
        } else {
            linear_range(low, high)
        };
        Some(Self { low, high, is_log })
    }

    /// Where a value lies: 0 at the top, 1 at the bottom.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let part = if self.is_log {
            (value.max(self.low).ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        (1.0 - part).clamp(0.0, 1.0)
    }

    /// Whether a value lies on the chart.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Ends of the range, for scripts.
    pub(crate) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// What must be said of it.
    pub(crate) fn note(&self) -> Option<&'static str> {
        match self {
            Self { is_log: true, .. } => Some("The vertical axis is logarithmic."),
            Self { low, .. } if *low > 0.0 => Some("The vertical axis does not start at zero."),
            Self { .. } => None,
        }
    }

    /// Round values to mark, with their texts.
    pub(crate) fn marks(&self) -> Vec<(f64, String)> {
        let steps = if self.is_log { self.log_marks() } else { self.linear_marks() };
        let apart = steps.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        let smallest = if apart.is_finite() { apart } else { self.high - self.low };
        let decimals = (-smallest.abs().log10().floor()).clamp(0.0, 9.0) as usize;
        steps.into_iter().map(|value| (value, format!("{value:.decimals$}"))).collect()
    }

    fn linear_marks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 4.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|one| one * power).find(|s| *s >= rough);
        let step = step.unwrap_or(power * 10.0);
        let first = (self.low / step).ceil() as i64;
        (first..first + 8).map(|times| times as f64 * step).filter(|v| self.holds(*v)).collect()
    }

    fn log_marks(&self) -> Vec<f64> {
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        let digits: &[f64] = if last - first > 3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let all = (first..=last)
            .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
            .filter(|value| self.holds(*value))
            .collect::<Vec<f64>>();
        // Within a factor of two there may be none of these.
        if all.len() > 1 { all } else { self.linear_marks() }
    }
}

/// From zero when the values are far apart, else just around them, since
/// changes of a percent must be visible.
fn linear_range(low: f64, high: f64) -> (f64, f64) {
    if high <= 0.0 {
        return (0.0, 1.0);
    }
    if low >= 0.0 && low < 0.6 * high {
        return (0.0, high * 1.08);
    }
    let margin = ((high - low) * 0.15).max(high.abs() * 0.01).max(f64::MIN_POSITIVE);
    // Values are never negative, so neither is the axis.
    ((low - margin).max(0.0), high + margin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_their_values_and_mark_round_ones() {
        let check = |values: &[f64], is_log: bool, expected: &str| {
            let scale = Scale::of(values.iter().copied(), is_log).unwrap();
            for value in values {
                assert!(scale.holds(*value), "{value} {scale:?}");
                assert!((0.0..=1.0).contains(&scale.at(*value)));
            }
            let marks: Vec<String> = scale.marks().into_iter().map(|(_, text)| text).collect();
            assert_eq!(marks.join(" "), expected, "{scale:?}");
        };
        check(&[30.0, 184.0], false, "0 50 100 150");
        check(&[180.0, 184.0], false, "180 182 184");
        check(&[0.0, 0.0], false, "0.0 0.5 1.0");
        check(&[5.01], false, "5.00 5.05");
        check(&[3.0, 4000.0], true, "10 100 1000");
        check(&[1.02, 9.0], true, "1 2 5 10");
        assert!(Scale::of([f64::NAN].into_iter(), false).is_none());
        assert!(Scale::of([0.0].into_iter(), true).is_none());
    }
}

//! Units as tools write them, and the metric that fits. The units of stored values are the
//! metric table's.

/// A factor to the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit {
    pub(crate) metric: &'static str,
    pub(crate) factor: f64,
    /// Whether the metric says nothing of the unit, so that the arm has to.
    pub(crate) is_unknown: bool,
}

const TIMES: [(&str, f64); 16] = [
    ("ps", 1e-3),
    ("ns", 1.0),
    ("nanoseconds", 1.0),
    ("us", 1e3),
    ("\u{b5}s", 1e3),
    ("\u{3bc}s", 1e3),
    ("microseconds", 1e3),
    ("ms", 1e6),
    ("milliseconds", 1e6),
    ("s", 1e9),
    ("sec", 1e9),
    ("secs", 1e9),
    ("second", 1e9),
    ("seconds", 1e9),
    ("m", 6e10),
    ("min", 6e10),
];

const SIZES: [(&str, f64); 11] = [
    ("b", 1.0),
    ("byte", 1.0),
    ("bytes", 1.0),
    ("kb", 1e3),
    ("kib", 1024.0),
    ("mb", 1e6),
    ("mib", 1048576.0),
    ("gb", 1e9),
    ("gib", 1073741824.0),
    ("tb", 1e12),
    ("tib", 1099511627776.0),
];

const COUNTED: [&str; 11] = [
    "op",
    "ops",
    "iter",
    "iters",
    "iteration",
    "req",
    "reqs",
    "request",
    "requests",
    "item",
    "items",
];

/// Nanoseconds in a unit of time.
pub(crate) fn ns(unit: &str) -> Option<f64> {
    TIMES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

/// Bytes in a unit of size.
pub(crate) fn bytes(unit: &str) -> Option<f64> {
    let unit = unit.to_ascii_lowercase();
    SIZES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

/// The metric for a number in `unit` of which less is better, or more.
pub(crate) fn fit(unit: &str, lower_is_better: bool) -> Fit {
    let known = if lower_is_better { lower(unit) } else { higher(unit) };
    let other = if lower_is_better { "measured_count" } else { "measured_score" };
    match known {
        Some((metric, factor)) => Fit { metric, factor, is_unknown: false },
        None => Fit { metric: other, factor: 1.0, is_unknown: true },
    }
}

fn lower(unit: &str) -> Option<(&'static str, f64)> {
    if let Some((unit, of)) = unit.split_once('/') {
        let is_counted = COUNTED.contains(&of);
        return match (ns(unit), bytes(unit), unit) {
            (Some(factor), _, _) if is_counted => Some(("time_per_iteration_ns", factor)),
            (_, _, "allocs") if is_counted => Some(("allocations_per_iteration", 1.0)),
            (_, Some(factor), _) if is_counted => Some(("allocated_bytes_per_iteration", factor)),
            _ => None,
        };
    }
    match (ns(unit), bytes(unit)) {
        (Some(factor), _) => Some(("measured_ns", factor)),
        (_, Some(factor)) => Some(("measured_bytes", factor)),
        _ => None,
    }
}

fn higher(unit: &str) -> Option<(&'static str, f64)> {
    let (things, time) = match unit {
        "rps" | "ops" | "qps" | "Hz" => ("ops", "s"),
        _ => unit.split_once('/')?,
    };
    let per_second = 1e9 / ns(time)?;
    match bytes(things) {
        Some(factor) => Some(("processed_bytes_per_s", factor * per_second)),
        None if things.is_empty() || COUNTED.contains(&things) => {
            Some(("operations_per_s", per_second))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_find_their_metric_and_factor() {
        let check = |unit: &str, lower: bool, metric: &str, factor: f64| {
            let fit = fit(unit, lower);
            assert_eq!((fit.metric, fit.factor), (metric, factor), "{unit}");
            assert!(model::Metric::named(metric).is_some(), "{metric}");
        };
        check("ns/iter", true, "time_per_iteration_ns", 1.0);
        check("us/op", true, "time_per_iteration_ns", 1e3);
        check("B/op", true, "allocated_bytes_per_iteration", 1.0);
        check("allocs/op", true, "allocations_per_iteration", 1.0);
        check("ms", true, "measured_ns", 1e6);
        check("kB", true, "measured_bytes", 1e3);
        check("ops/ms", false, "operations_per_s", 1e3);
        check("MB/s", false, "processed_bytes_per_s", 1e6);
        check("req/sec", false, "operations_per_s", 1.0);
        check("points", true, "measured_count", 1.0);
        check("points", false, "measured_score", 1.0);
        check("ms", false, "measured_score", 1.0);
    }
}

//! Tests of the table of metrics.

use super::*;

#[test]
fn every_name_ends_in_its_unit_and_is_unique() {
    let mut seen = std::collections::BTreeSet::new();
    for metric in METRICS {
        assert!(seen.insert(metric.name), "{metric} stands twice");
        let suffixes: &[&str] = match metric.unit {
            Unit::Nanoseconds => &["_ns", "_ns_per_request", "_ns_per_iteration"],
            Unit::Bytes => &["_bytes", "_bytes_per_iteration"],
            Unit::RequestsPerSecond => &["_rps"],
            Unit::BytesPerSecond => &["_bytes_per_s"],
            Unit::Instructions => {
                &["instructions", "instructions_per_request", "instructions_per_iteration"]
            }
            Unit::Count => &[""],
            Unit::PerSecond => &["_per_s"],
        };
        assert!(suffixes.iter().any(|suffix| metric.name.ends_with(suffix)), "{metric}");
    }
}

#[test]
fn derived_metrics_rest_on_stored_ones() {
    for metric in METRICS {
        let parts: &[&str] = match &metric.source {
            Source::Samples | Source::Histogram => &[],
            Source::Ratio { numerator, denominator, .. } => &[numerator, denominator],
            Source::Quantile { histogram, .. } => &[histogram],
        };
        for part in parts {
            assert!(Metric::named(part).is_some_and(Metric::is_stored), "{metric}: {part}");
        }
    }
}

#[test]
fn values_read_well() {
    for (unit, value, expected) in [
        (Unit::Nanoseconds, 12.0, "12 ns"),
        (Unit::Nanoseconds, 0.0, "0 ns"),
        (Unit::Nanoseconds, 1_234_567.0, "1.23 ms"),
        (Unit::Nanoseconds, 99_990.0, "100.0 µs"),
        (Unit::Bytes, 45_015.0, "44.0 KiB"),
        (Unit::Bytes, 512.0, "512 B"),
        (Unit::BytesPerSecond, 1_234_567_890.0, "1235 MB/s"),
        (Unit::BytesPerSecond, 45_600_000.0, "45.6 MB/s"),
        (Unit::RequestsPerSecond, 45_123.4, "45.1 k req/s"),
        (Unit::Instructions, 123_456.0, "123 k instr"),
        (Unit::Count, 3.0, "3"),
        (Unit::PerSecond, 412.3, "412 /s"),
        (Unit::Nanoseconds, -2_500.0, "-2.50 µs"),
    ] {
        assert_eq!(unit.display(value), expected, "{value} {}", unit.symbol());
    }
}

//! Runs to store: a fixed one that reads well in assertions, and strategies
//! for generated ones that cover every field.

use hdrhistogram::Histogram;
use jiff::Timestamp;
use model::{
    Absent, Artifact, Block, Cell, Digest, Direction, FailedBuild, Label, LatencyHistogram,
    METRICS, Measurements, Outcome, Run, RunId, RunStatus, Source, Testbed, VersionId,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// A running run of two artifacts without blocks; `bits` names it.
pub(crate) fn head(bits: u64) -> Run {
    Run {
        id: RunId::from_bits(bits),
        started_at: second(1_000),
        finished_at: None,
        status: RunStatus::Running,
        profile: "full".into(),
        seed: u64::MAX,
        harness: "0.1.0 (3fa9c1e2)".into(),
        plan: "{}".into(),
        planned_blocks: 1_000,
        anchor: Some("native".into()),
        testbed: testbed(),
        artifacts: vec![
            artifact(VersionId::Release { version: "48.0.8".into() }),
            artifact(VersionId::Commit {
                sha: "3fa9c1e2aabbccdd3fa9c1e2aabbccdd3fa9c1e2".into(),
                subject: "Serve".into(),
                committed_at: second(500),
                modified: None,
            }),
        ],
        failed_builds: vec![FailedBuild {
            target: "wasmtime-serve".to_owned(),
            version: VersionId::Release { version: "49.0.5".to_owned() },
            rustc: Some("rustc 1.95.0".to_owned()),
            reason: "it needs rustc 1.96".to_owned(),
            log_tail: "error: it needs rustc 1.96".to_owned(),
        }],
        blocks: Vec::new(),
    }
}

/// A measured block with thirty samples of three metrics and a histogram.
pub(crate) fn block(ordinal: u32) -> Block {
    let mut measurements = Measurements::default();
    for metric in ["slice_ns", "requests", "cpu_ns"] {
        let values = (0..10).map(|i| f64::from(ordinal * 100 + i) + 0.1).collect();
        measurements.insert(metric, values);
    }
    let latencies = histogram(&[u64::from(ordinal) + 1, 2_000, 3_000_000]);
    measurements.histograms.insert("latency_ns".into(), latencies);
    measurements.insert_absent("instructions_per_request", "perf_event_paranoid is 3");
    Block {
        ordinal,
        cell: Cell {
            target: "host".into(),
            suite: "http".into(),
            benchmark: "hello".into(),
            arm: "wasi=p2".into(),
        },
        artifact: ordinal as usize % 2,
        round: ordinal / 2,
        suite_sha256: Digest::of("suite"),
        definition_sha256: Digest::of("definition"),
        started_at: second(1_001),
        duration_ns: 2_000_000_000,
        labels: vec![Label::SharedCpus],
        outcome: Outcome::Measured(measurements),
    }
}

/// A complete run of `blocks` blocks.
pub(crate) fn complete(bits: u64, blocks: u32) -> Run {
    Run {
        status: RunStatus::Complete,
        finished_at: Some(second(2_000)),
        blocks: (0..blocks).map(block).collect(),
        ..head(bits)
    }
}

pub(crate) fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn testbed() -> Testbed {
    Testbed {
        cpu_model: Some("Example CPU".into()),
        microcode: None,
        cpus: 2,
        smt: Some(false),
        governor: None,
        memory_mib: 3_936,
        kernel: "6.1.0".into(),
        virtualization: Some("kvm".into()),
        rustc: None,
        qemu: None,
        pinning: "generator 0, host 1".into(),
        measurement_protocol: 1,
        ..Testbed::default()
    }
}

fn artifact(version: VersionId) -> Artifact {
    Artifact {
        target: "host".into(),
        binary_sha256: Digest::of(version.label()),
        version,
        binary_bytes: 12_345_678,
        source_sha256: Some(Digest::of("source")),
        lockfile_sha256: Some(Digest::of("lockfile")),
        rustc: Some("rustc 1.95.0".into()),
        build_flags: Some("release".into()),
    }
}

fn histogram(values: &[u64]) -> LatencyHistogram {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    for value in values {
        histogram.record(*value).unwrap();
    }
    LatencyHistogram::new(histogram).unwrap()
}

/// Any run that may be imported: complete or interrupted, blocks by ordinal.
pub(crate) fn any_run() -> impl Strategy<Value = Run> {
    let head = (any_name(), any::<u64>(), any_text(), any_text(), option::of(any_name()));
    let artifacts = (vec(any_artifact(), 1..4), vec(any_failed_build(), 0..3));
    let kinds = (any::<bool>(), any::<bool>());
    (any::<u64>(), any_time(), head, any_testbed(), artifacts, kinds, 0_i64..1_000_000)
        .prop_flat_map(|(bits, start, head, testbed, artifacts, kinds, length_ns)| {
            let (complete, published) = kinds;
            let (profile, seed, harness, plan, anchor) = head;
            let (artifacts, failed_builds) = artifacts;
            let end = Timestamp::from_nanosecond(start.as_nanosecond() + i128::from(length_ns));
            let run = Run {
                id: RunId::from_bits(bits),
                started_at: start,
                finished_at: complete.then_some(end.unwrap()),
                status: if complete { RunStatus::Complete } else { RunStatus::Interrupted },
                profile,
                seed,
                harness,
                plan,
                planned_blocks: 1_000_000,
                anchor,
                testbed,
                artifacts,
                failed_builds,
                blocks: Vec::new(),
            };
            let blocks = btree_map(0_u32..1_000_000, any_block(&run, published), 0..5);
            blocks.prop_map(move |blocks| {
                let number = |(ordinal, block)| Block { ordinal, ..block };
                Run { blocks: blocks.into_iter().map(number).collect(), ..run.clone() }
            })
        })
}

fn any_block(run: &Run, published: bool) -> impl Strategy<Value = Block> + use<> {
    let targets: Vec<String> = run.artifacts.iter().map(|a| a.target.clone()).collect();
    let start_ns = run.started_at.as_nanosecond();
    let labels = vec(
        prop_oneof![
            Just(Label::GeneratorBound),
            Just(Label::SharedCpus),
            Just(Label::GeneratorStarved),
            Just(Label::Disturbed)
        ],
        0..3,
    );
    let times = (0_i64..1_000_000_000_000, any::<u64>(), any::<u32>());
    let outcome = any_outcome(published);
    (0..targets.len(), any_names(), any_digest(), any_digest(), times, labels, outcome).prop_map(
        move |(artifact, names, suite, definition, times, labels, outcome)| {
            let (suite_name, benchmark, arm) = names;
            let (after_ns, duration_ns, round) = times;
            let started_at = Timestamp::from_nanosecond(start_ns + i128::from(after_ns)).unwrap();
            let target = targets[artifact].clone();
            Block {
                ordinal: 0,
                cell: Cell { target, suite: suite_name, benchmark, arm },
                artifact,
                round,
                suite_sha256: suite,
                definition_sha256: definition,
                started_at,
                duration_ns,
                labels,
                outcome,
            }
        },
    )
}

fn any_outcome(published: bool) -> impl Strategy<Value = Outcome> {
    let measured = if published { any_published().boxed() } else { any_measurements().boxed() };
    prop_oneof![
        4 => measured.prop_map(Outcome::Measured),
        1 => (any_text(), any_text())
            .prop_map(|(reason, log_tail)| Outcome::Failed { reason, log_tail }),
        1 => any_text().prop_map(|reason| Outcome::Unsupported { reason }),
    ]
}

fn any_measurements() -> impl Strategy<Value = Measurements> {
    let names = |source: fn(&Source) -> bool| {
        let named = METRICS.iter().filter(move |metric| source(&metric.source));
        prop::sample::select(named.map(|metric| metric.name.to_owned()).collect::<Vec<_>>())
    };
    let sampled = names(|source| *source == Source::Samples);
    let in_histograms = names(|source| *source == Source::Histogram);
    let values = vec(any_value(), 1..20);
    let latencies = vec(1_u64..60_000_000_000, 1..30).prop_map(|values| histogram(&values));
    let comparable = METRICS.iter().filter(|metric| metric.direction != Direction::Neither);
    let comparable: Vec<_> = comparable.map(|metric| metric.name.to_owned()).collect();
    let absent = (prop::sample::select(comparable), any_text())
        .prop_map(|(metric, reason)| Absent { metric, reason });
    (btree_map(sampled, values, 1..5), btree_map(in_histograms, latencies, 0..2), vec(absent, 0..4))
        .prop_map(|(samples, histograms, absent)| {
            let mut all = Measurements { samples, histograms, ..Measurements::default() };
            let metric = |name: &str| model::Metric::named(name).unwrap();
            let missing = |one: &Absent| all.values(metric(&one.metric)).is_none();
            let absent = absent.into_iter().filter(missing).collect();
            all.absent = absent;
            all
        })
}

/// Summaries in the place of samples.
fn any_published() -> impl Strategy<Value = Measurements> {
    let comparable = METRICS.iter().filter(|metric| metric.is_comparable());
    let names: Vec<_> = comparable.map(|metric| metric.name.to_owned()).collect();
    let summaries = btree_map(prop::sample::select(names), any_value(), 1..6);
    let latencies = option::of(vec(1_u64..60_000_000_000, 1..30));
    (summaries, latencies).prop_map(|(summaries, latencies)| {
        let latencies = latencies.map(|values| ("latency_ns".to_owned(), histogram(&values)));
        Measurements {
            summaries,
            histograms: latencies.into_iter().collect(),
            ..Measurements::default()
        }
    })
}

/// Every finite value from 0 up: zeros of both signs, subnormals, integers of
/// any size (SQLite has its own ideas about those) and all else.
fn any_value() -> impl Strategy<Value = f64> {
    let any_bits = any::<u64>().prop_map(|bits| f64::from_bits(bits >> 1));
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
        Just(f64::from_bits(1)),
        any::<u64>().prop_map(|integer| integer as f64),
        any_bits.prop_filter("finite", |value| value.is_finite()),
    ]
}

fn any_testbed() -> impl Strategy<Value = Testbed> {
    // `unknown` beside `None`: they share a fingerprint and must not merge.
    let field = || option::of(prop_oneof![Just("unknown".to_owned()), any_text()]);
    let numbers = (any::<u32>(), any::<u64>(), any::<u32>(), option::of(any::<bool>()));
    let texts = (any_text(), any_text());
    let later = (option::of(any::<u32>()), option::of(any::<bool>()), field(), field(), field());
    let later = (later, field());
    (field(), field(), field(), field(), field(), field(), numbers, (texts, later)).prop_map(
        |(cpu_model, microcode, governor, virtualization, rustc, qemu, numbers, rest)| {
            let (texts, (later, idle_cpus)) = rest;
            let (cores, turbo, huge_pages, harness, load_generator) = later;
            let (cpus, memory_mib, measurement_protocol, smt) = numbers;
            let (kernel, pinning) = texts;
            Testbed {
                cpu_model,
                microcode,
                cpus,
                smt,
                governor,
                memory_mib,
                kernel,
                virtualization,
                rustc,
                qemu,
                pinning,
                measurement_protocol,
                cores,
                turbo,
                huge_pages,
                harness,
                load_generator,
                idle_cpus,
            }
        },
    )
}

fn any_artifact() -> impl Strategy<Value = Artifact> {
    let built = (any_digest(), any_digest(), any_text(), any_text());
    (any_name(), any_version(), any_digest(), any::<u64>(), built, any::<bool>()).prop_map(
        |(target, version, digest, binary_bytes, built, bare)| {
            let binary_sha256 = match &version {
                VersionId::Binary { sha256 } => *sha256,
                _ => digest,
            };
            let bare = bare && matches!(version, VersionId::Binary { .. });
            let (source, lockfile, rustc, build_flags) = built;
            Artifact {
                target,
                version,
                binary_sha256,
                binary_bytes,
                source_sha256: (!bare).then_some(source),
                lockfile_sha256: (!bare).then_some(lockfile),
                rustc: (!bare).then_some(rustc),
                build_flags: (!bare).then_some(build_flags),
            }
        },
    )
}

fn any_failed_build() -> impl Strategy<Value = FailedBuild> {
    (any_name(), any_version(), option::of(any_text()), "[a-z]{1,9}", any_text()).prop_map(
        |(target, version, rustc, reason, log_tail)| FailedBuild {
            target,
            version,
            rustc,
            reason,
            log_tail,
        },
    )
}

fn any_version() -> impl Strategy<Value = VersionId> {
    prop_oneof![
        ("[0-9a-f]{40}", any_text(), any_time(), option::of(any_digest())).prop_map(
            |(sha, subject, committed_at, modified)| VersionId::Commit {
                sha,
                subject,
                committed_at,
                modified
            }
        ),
        any_name().prop_map(|version| VersionId::Release { version }),
        any_digest().prop_map(|sha256| VersionId::Binary { sha256 }),
    ]
}

/// Within what 64 bits of nanoseconds hold, to the nanosecond.
fn any_time() -> impl Strategy<Value = Timestamp> {
    (-9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000)
        .prop_map(|ns| Timestamp::from_nanosecond(i128::from(ns)).unwrap())
}

fn any_digest() -> impl Strategy<Value = Digest> {
    any::<u64>().prop_map(|bits| Digest::of(bits.to_le_bytes()))
}

fn any_names() -> impl Strategy<Value = (String, String, String)> {
    (any_name(), any_name(), any_name())
}

fn any_name() -> impl Strategy<Value = String> {
    "[^\\p{Cc}]{1,20}"
}

fn any_text() -> impl Strategy<Value = String> {
    "([^\\p{Cc}]|\n|\t){0,40}"
}

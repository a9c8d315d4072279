use super::*;
use crate::histogram::LatencyHistogram;
use crate::run::{
    Artifact, Block, Cell, FailedBuild, Label, Measurements, Outcome, RunId, RunStatus, VersionId,
};
use crate::testbed::Testbed;
use expect_test::{Expect, expect};
use jiff::Timestamp;
use proptest::prelude::*;

fn run() -> Run {
    let at = |second: i64| Timestamp::new(1_790_000_000 + second, 5).unwrap();
    let mut measured = Measurements::default();
    measured.insert("requests", vec![1.0, 0.1 + 0.2, 1e300]);
    measured.insert_absent("instructions_per_request", "perf_event_open: permission denied");
    let mut latency = hdrhistogram::Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    latency.record(12_345).unwrap();
    measured.histograms.insert("latency_ns".into(), LatencyHistogram::new(latency).unwrap());
    let block = |ordinal, outcome| Block {
        ordinal,
        cell: Cell {
            target: "host".into(),
            suite: "http-invoke".into(),
            benchmark: "latency".into(),
            arm: "wasi=p3".into(),
        },
        artifact: 0,
        round: 0,
        suite_sha256: Digest::of("suite"),
        definition_sha256: Digest::of("definition"),
        started_at: at(1),
        duration_ns: 1_500_000_000,
        labels: vec![Label::GeneratorBound],
        outcome,
    };
    Run {
        id: RunId::from_bits(0xfeed),
        started_at: at(0),
        finished_at: Some(at(9)),
        status: RunStatus::Complete,
        profile: "quick".into(),
        seed: u64::MAX,
        harness: "0.1.0 (3fa9c1e2)".into(),
        plan: "{}".into(),
        planned_blocks: 4,
        anchor: None,
        testbed: Testbed {
            cpu_model: Some("AMD EPYC".into()),
            microcode: None,
            cpus: 2,
            smt: Some(false),
            governor: None,
            memory_mib: 24_000,
            kernel: "6.18.44".into(),
            virtualization: Some("kvm".into()),
            rustc: Some("rustc 1.95.0".into()),
            qemu: None,
            pinning: "generator 1, host 0".into(),
            measurement_protocol: 1,
            ..Testbed::default()
        },
        artifacts: vec![Artifact {
            target: "host".into(),
            version: VersionId::Binary { sha256: Digest::of("binary") },
            binary_sha256: Digest::of("binary"),
            binary_bytes: 12,
            source_sha256: None,
            lockfile_sha256: None,
            rustc: None,
            build_flags: None,
        }],
        failed_builds: Vec::new(),
        blocks: vec![
            block(0, Outcome::Measured(measured)),
            block(2, Outcome::Failed { reason: "died".into(), log_tail: "a\nb".into() }),
            block(3, Outcome::Unsupported { reason: "no http-p3".into() }),
        ],
    }
}

fn text(runs: &[&Run]) -> String {
    let mut out = Vec::new();
    write(&mut out, runs.iter().copied()).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn reads_what_it_writes() {
    let failed = FailedBuild {
        target: "host".into(),
        version: VersionId::Release { version: "49.0.5".into() },
        rustc: Some("rustc 1.95.0".into()),
        reason: "needs rustc 1.96".into(),
        log_tail: String::new(),
    };
    // With nothing but what could not be built.
    let nothing = Run { artifacts: Vec::new(), blocks: Vec::new(), ..run() };
    let other = Run { id: RunId::from_bits(1), failed_builds: vec![failed], ..nothing };
    let one = run();
    assert_eq!(read(text(&[&one, &other]).as_bytes()).unwrap(), [one, other]);
}

/// Summaries in the place of samples.
fn published() -> Run {
    let mut run = run();
    if let Outcome::Measured(measured) = &mut run.blocks[0].outcome {
        measured.samples.clear();
        measured.summaries.insert("throughput_rps".into(), 0.1 + 0.2);
    }
    run
}

#[test]
fn a_published_run_says_so_and_is_all_of_one_kind() {
    let whole = text(&[&published()]);
    assert!(whole.starts_with(r#"{"run":{"schema":1,"kind":"published","#));
    assert_eq!(read(whole.as_bytes()).unwrap(), [published()]);
    // Written anew with the other kind, so that the digest is right.
    let relabel = |of: &Run, from: &str, to: &str| {
        let text = text(&[of]).replacen(from, to, 1);
        let lines: Vec<&str> = text.lines().collect();
        let body: String =
            lines[..lines.len() - 1].iter().map(|line| format!("{line}\n")).collect();
        let end = format!(
            r#"{{"end":{{"lines":{},"sha256":"{}"}}}}"#,
            lines.len() - 1,
            Digest::of(&body)
        );
        read(format!("{body}{end}\n").as_bytes()).unwrap_err().to_string()
    };
    let other =
        "line 6: the `run` line of run 000000000000feed is of the other kind than its blocks";
    assert_eq!(relabel(&published(), r#","kind":"published""#, ""), other);
    let schema = r#""schema":1,"#;
    assert_eq!(relabel(&run(), schema, &format!(r#"{schema}"kind":"published","#)), other);
    let mut mixed = published();
    let Outcome::Measured(measured) = &mut mixed.blocks[0].outcome else { return };
    measured.insert("requests", vec![1.0]);
    let told = mixed.validate().unwrap_err().to_string();
    assert_eq!(told, "block 0, summaries: stand beside samples; a block has one or the other");
}

/// Every edit of a good bundle is refused with the line and the reason.
#[test]
fn hostile_bundles_are_refused_with_line_and_reason() {
    let check = |edit: &dyn Fn(&str) -> String, expected: Expect| {
        let error = read(edit(&text(&[&run()])).as_bytes()).unwrap_err();
        expected.assert_eq(&error.to_string());
    };
    check(&|_| String::new(), expect!["line 1: the file holds no run"]);
    check(&|t| t[..t.len() - 1].to_owned(), expect!["line 6: the file ends inside this line"]);
    check(
        &|t| t.lines().take(3).map(|l| format!("{l}\n")).collect(),
        expect!["line 3: run 000000000000feed has no `end` line; the file was cut"],
    );
    check(&|t| format!("{t}{t}"), expect!["line 12: run 000000000000feed stands twice"]);
    check(
        &|t| t.replace("\"schema\":1", "\"schema\":2"),
        expect!["line 1: schema 2, this program reads 1; use the version of bench that wrote it"],
    );
    check(
        &|t| t.replace("\"seed\":18446744073709551615", "\"seed\":-1"),
        expect![
            "line 1: not a line of a bundle: invalid value: integer `-1`, expected u64 at line 1 column 183"
        ],
    );
    check(
        &|t| t.replace("0.30000000000000004", "1e999"),
        expect!["line 3: not a line of a bundle: number out of range at line 1 column 454"],
    );
    check(
        &|t| t.replace("0.30000000000000004", "-1"),
        expect!["line 3: block 0, samples.requests[1]: -1 is not a finite number of at least 0"],
    );
    check(
        &|t| t.replace("\"requests\"", "\"speed\""),
        expect!["line 3: block 0, samples.speed: is not a metric that is stored as samples"],
    );
    check(
        &|t| t.replace("\"artifact\":0", "\"artifact\":7"),
        expect!["line 3: block 0, artifact: there is no artifact 7"],
    );
    check(
        &|t| t.replace("\"ordinal\":2", "\"ordinal\":0"),
        expect!["line 4: block 0 is out of order"],
    );
    check(
        &|t| t.replace("a\\nb", "a\\u0007b"),
        expect![[r#"line 4: block 2, log_tail: holds the control character '\u{7}'"#]],
    );
    check(
        &|t| t.replace("died", "dead"),
        expect![
            "line 6: run 000000000000feed was altered: its end tells 5 lines with SHA-256 dd3a7a80c30c951178f446d94e88ed1be8def36c1608da2aa2c9b1fbb2bfd900, there are 5 with 786e1a719d92120b91f24eab603d7850f8835ddb99c75abcfcee78695f2f84ef"
        ],
    );
    check(
        &|t| t.replace("\"complete\"", "\"running\""),
        expect!["line 1: a run that is still running cannot be imported"],
    );
    check(
        &|t| t.replace("wasi=p3", &"x".repeat(101)),
        expect!["line 3: block 0, cell.arm: has 101 characters, 1 to 100 are allowed"],
    );
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(bytes.as_slice()).is_err());
    }

    #[test]
    fn any_flipped_byte_is_noticed(position in any::<prop::sample::Index>(), flip in 1_u8..) {
        let mut bytes = text(&[&run()]).into_bytes();
        bytes[position.index(text(&[&run()]).len())] ^= flip;
        prop_assert!(read(bytes.as_slice()).is_err());
    }
}

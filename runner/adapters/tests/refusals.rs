//! Files with one mistake: file, line and reason of each, and no result of any.

mod boards;

use super::{fixture, read};
use expect_test::{Expect, expect};

/// Replaces the first `from` by `to`, one pair after the other, and tells what is said. Cutting a
/// file short is `CUT`, an empty list of results `EMPTY`.
fn check(format: &str, name: &str, mistakes: &[(&str, &str)], expected: Expect) {
    let mut said = String::new();
    for (from, to) in mistakes {
        let mut file = fixture(name);
        let right = file.text.clone();
        file.text = match *from {
            "CUT" => right[..right.len() * 2 / 5].to_owned(),
            _ => right.replacen(from, to, 1),
        };
        assert_ne!(file.text, right, "{name}: nothing to replace: {from}");
        match read(format, &[file]) {
            Ok(sessions) => panic!("{name}: {from} -> {to} was read: {sessions:?}"),
            Err(error) => said.push_str(&format!("{error}\n")),
        }
    }
    expected.assert_eq(&said);
}

/// Whatever the format, a file without a result is refused.
#[test]
fn a_file_without_a_result_is_refused() {
    let nothing: &[(&str, &str)] = &[
        ("criterion", "{\"reason\":\"group-complete\"}\n"),
        ("gungraun", ""),
        ("hyperfine", "{\"results\":[]}"),
        ("wrk", "unable to connect to 127.0.0.1:1 Connection refused\n"),
        ("k6", "{\"metrics\":{}}"),
        ("go", "PASS\nok  \texample.com/sorting\t2.537s\n"),
        ("pytest-benchmark", "{\"benchmarks\":[]}"),
        ("google-benchmark", "{\"context\":{},\"benchmarks\":[]}"),
        ("jmh", "[]"),
        ("sightglass", "[]"),
        ("bencher", "{}"),
        ("customSmallerIsBetter", "[]"),
        ("customBiggerIsBetter", "[]"),
        ("wasmcloud-history", "[]"),
    ];
    for (format, text) in nothing {
        let mut file = fixture("go.txt");
        file.text = (*text).to_owned();
        let error = read(format, &[file]).unwrap_err();
        assert!(error.problem.starts_with("holds no result of "), "{format}: {error}");
        assert_eq!(error.line, Some(1), "{format}");
    }
}

#[test]
fn mistakes_in_criterion_sample_json_are_told_with_their_line() {
    check(
        "criterion",
        "criterion-sample.json",
        &[
            ("\"iters\":[9045.0", "\"iters\":[0.0"),
            ("\"times\":[1827670.0", "\"times\":[-1.0"),
            ("\"times\":[1827670.0,", "\"times\":["),
            ("\"iters\"", "\"itrs\""),
            ("36180.0", "\"x\""),
            ("]}", ""),
        ],
        expect![[r#"
            criterion-sample.json:1: 0 is not a number above 0
            criterion-sample.json:1: -1 is not a number of at least 0
            criterion-sample.json:1: 9 times of 10 samples
            criterion-sample.json:1: missing field `iters`
            criterion-sample.json:1: invalid type: string "x", expected f64
            criterion-sample.json:1: EOF while parsing a list
        "#]],
    );
}

#[test]
fn mistakes_in_gungraun_json_are_told_with_their_line() {
    check(
        "gungraun",
        "gungraun.json",
        &[
            ("\"version\": \"7\"", "\"version\": \"3\""),
            ("\"module_path\"", "\"module\""),
            ("\"profiles\": [", "\"profiles\": 1, \"x\": ["),
            ("\"Callgrind\"", "\"DHAT\""),
            ("{", "{{"),
        ],
        expect![[r#"
            gungraun.json:269: version 3 of the summary's format; 6 and 7 are read
            gungraun.json:269: missing field `module_path`
            gungraun.json:17: invalid type: integer `1`, expected a sequence
            gungraun.json:269: counts::sorts::bubble has no count of callgrind's
            gungraun.json:1: key must be a string
        "#]],
    );
}

#[test]
fn mistakes_in_callgrind_out_4242_02_are_told_with_their_line() {
    check(
        "callgrind",
        "callgrind.out.4242-02",
        &[
            ("events: Ir", "events: Dr"),
            ("events:", "event:"),
            ("summary: 420010", "summary: many"),
            ("pid: 25353", "pid: me"),
            ("totals: 420010", "totals: 420010 7"),
            ("CUT", ""),
        ],
        expect![[r#"
            callgrind.out.4242-02:43: does not count Ir, only Dr
            callgrind.out.4242-02:43: has no line `events:`, so it is no output of callgrind
            callgrind.out.4242-02:19: `many` are not counts
            callgrind.out.4242-02:4: `me` is no process
            callgrind.out.4242-02:43: 2 counts of 1 events
            callgrind.out.4242-02:18: has no line `events:`, so it is no output of callgrind
        "#]],
    );
}

#[test]
fn mistakes_in_hyperfine_json_are_told_with_their_line() {
    check(
        "hyperfine",
        "hyperfine.json",
        &[
            ("\"times\": [\n        0.46981926", "\"times\": [\n        -1"),
            ("\"times\"", "\"time\""),
            ("\"exit_codes\": [\n        0,", "\"exit_codes\": ["),
            ("\"command\": \"python3 -c 'sum(range(1000))'\"", "\"command\": \" \""),
            ("\"results\": [", "\"results\": {"),
            ("\"mean\"", "mean"),
        ],
        expect![[r#"
            hyperfine.json:14: -1 is not a number of at least 0
            hyperfine.json:29: missing field `times`
            hyperfine.json:29: `python3 -c 'sum(range(1000))'` has 5 `times` and 4 `exit_codes`
            hyperfine.json:4: an empty name
            hyperfine.json:2: invalid type: map, expected a sequence
            hyperfine.json:5: key must be a string
        "#]],
    );
}

#[test]
fn mistakes_in_oha_json_are_told_with_their_line() {
    check(
        "oha",
        "oha.json",
        &[
            ("\"requestsPerSec\":", "\"requestsPerSec\": -"),
            ("\"requestsPerSec\"", "\"rps\""),
            ("\"latencyPercentiles\"", "\"latency\""),
            ("\"statusCodeDistribution\"", "\"codes\""),
            ("\"latencyPercentiles\": {", "\"latencyPercentiles\": ["),
            ("\"summary\"", "summary"),
        ],
        expect![[r#"
            oha.json:8: invalid number
            oha.json:12: missing field `requestsPerSec`
            oha.json:111: missing field `latencyPercentiles`
            oha.json:111: missing field `statusCodeDistribution`
            oha.json:38: invalid type: sequence, expected a map
            oha.json:2: key must be a string
        "#]],
    );
}

#[test]
fn mistakes_in_wrk_txt_are_told_with_their_line() {
    check(
        "wrk",
        "wrk.txt",
        &[
            ("50%    6.97ms", "50%    6.97parsecs"),
            ("90%   23.18ms", "90%   -1ms"),
            ("Requests/sec:    465.31", "Requests/sec:    many"),
            ("Requests/sec:    465.31\n", ""),
            ("1 threads", "one threads"),
            ("Latency Distribution", "Running 1s test"),
        ],
        expect![[r#"
            wrk.txt:7: `6.97parsecs` is not a time such as 1.23ms
            wrk.txt:9: `-1ms` is not a time such as 1.23ms
            wrk.txt:12: `many` is not a rate
            wrk.txt:12: the report ends before its `Requests/sec`
            wrk.txt:2: `one` is not a count
            wrk.txt:6: a report begins before `Requests/sec` ended the last
        "#]],
    );
}

#[test]
fn mistakes_in_k6_json_are_told_with_their_line() {
    check(
        "k6",
        "k6.json",
        &[
            ("\"metrics\"", "\"metric\""),
            ("\"p(90)\": 2.209757", "\"p(90)\": -1"),
            ("\"rate\": 200.00380004820525", "\"rate\": \"fast\""),
            ("\"http_req_duration\": {", "\"http_req_duration\": ["),
            ("\"p(99)\": 10.259155", "\"p(99)\": null"),
            ("\"root_group\"", "root_group"),
        ],
        expect![[r#"
            k6.json:1: a summary of k6 has `metrics`
            k6.json:30: `p(90)` is -1, not a number of at least 0
            k6.json:78: `rate` is "fast", not a number of at least 0
            k6.json:17: invalid type: sequence, expected a map
            k6.json:30: `p(99)` is null, not a number of at least 0
            k6.json:2: key must be a string
        "#]],
    );
}

#[test]
fn mistakes_in_go_txt_are_told_with_their_line() {
    check(
        "go",
        "go.txt",
        &[
            ("117417", "0"),
            ("1651 ns/op", "fast ns/op"),
            ("1979 ns/op", "-3 ns/op"),
            (
                "\t     128 B/op\t       1 allocs/op\nBenchmarkBubble/n=64-2",
                "\t 128\nBenchmarkBubble/n=64-2",
            ),
            ("\t  117417\t      1651 ns/op\t  77.54 MB/s\t     128 B/op\t       1 allocs/op", ""),
            ("94868", "many"),
        ],
        expect![[r#"
            go.txt:5: `0` is not a number of iterations
            go.txt:5: `fast` is not a number of at least 0
            go.txt:6: `-3` is not a number of at least 0
            go.txt:7: after the iterations come pairs of value and unit
            go.txt:5: `BenchmarkBubble/n=16-2` stands without iterations and values
            go.txt:6: `many` is not a number of iterations
        "#]],
    );
}

#[test]
fn mistakes_in_pytest_benchmark_json_are_told_with_their_line() {
    check(
        "pytest-benchmark",
        "pytest-benchmark.json",
        &[
            ("\"benchmarks\"", "\"benchmark\""),
            ("\"fullname\"", "\"name2\""),
            ("\"median\": ", "\"median\": -"),
            ("\"stats\"", "\"stat\""),
            ("\"datetime\": \"2026", "\"datetime\": \"soon"),
            ("\"data\": [", "\"data\": [\"x\", "),
        ],
        expect![[r#"
            pytest-benchmark.json:174: missing field `benchmarks`
            pytest-benchmark.json:117: missing field `fullname`
            pytest-benchmark.json:90: -0.000006055000085325446 is not a number of at least 0
            pytest-benchmark.json:117: missing field `stats`
            pytest-benchmark.json:172: failed to parse four digit integer as year: invalid digit, expected 0-9 but got s
            pytest-benchmark.json:101: invalid type: string "x", expected f64
        "#]],
    );
}

#[test]
fn mistakes_in_google_benchmark_json_are_told_with_their_line() {
    check(
        "google-benchmark",
        "google-benchmark.json",
        &[
            ("\"time_unit\": \"ns\"", "\"time_unit\": \"fortnight\""),
            ("\"real_time\": ", "\"real_time\": -"),
            ("\"benchmarks\"", "\"benchmark\""),
            ("\"context\"", "\"contexts\""),
            ("\"name\": \"BM_Bubble/16\"", "\"name\": \"\""),
            ("\"iterations\": 31626,", "\"iterations\": 31626,,"),
        ],
        expect![[r#"
            google-benchmark.json:51: `fortnight` is no unit of time
            google-benchmark.json:49: -2921.9481754698013 is not a number of at least 0
            google-benchmark.json:306: missing field `benchmarks`
            google-benchmark.json:306: missing field `context`
            google-benchmark.json:40: an empty name
            google-benchmark.json:48: key must be a string
        "#]],
    );
}

#[test]
fn mistakes_in_jmh_json_are_told_with_their_line() {
    check(
        "jmh",
        "jmh.json",
        &[
            ("\"mode\": \"thrpt\"", "\"mode\": \"fast\""),
            ("\"primaryMetric\"", "\"primary\""),
            ("\"scoreUnit\": \"ops/s\"", "\"unit\": \"ops/s\""),
            ("3531314.663170731", "-1"),
            ("\"benchmark\":", "\"name\":"),
            ("[\n", "{\n"),
        ],
        expect![[r#"
            jmh.json:5: unknown variant `fast`, expected one of `thrpt`, `avgt`, `sample`, `ss`
            jmh.json:41: missing field `primaryMetric`
            jmh.json:39: missing field `scoreUnit`
            jmh.json:27: -1 is not a number of at least 0
            jmh.json:41: missing field `benchmark`
            jmh.json:1: invalid type: map, expected a sequence
        "#]],
    );
}

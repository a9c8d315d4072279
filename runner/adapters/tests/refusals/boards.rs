//! The same of what dashboards of benchmarks keep.

use super::check;
use expect_test::expect;

#[test]
fn mistakes_in_sightglass_csv_are_told_with_their_line() {
    check(
        "sightglass",
        "sightglass.csv",
        &[
            ("Compilation", "Linking"),
            (",7193709", ",many"),
            (",7193709", ",-1"),
            ("1711158,0,Compilation,cycles", "1711158,0,Compilation"),
            ("arch,engine,wasm", "arch,engine,wsm"),
            ("benchmarks/noop/benchmark.wasm", ""),
        ],
        expect![[r#"
            sightglass.csv:2: unknown variant `Linking`, expected one of `Compilation`, `Instantiation`, `Execution`
            sightglass.csv:2: field 7: invalid digit found in string
            sightglass.csv:2: field 7: invalid digit found in string
            sightglass.csv:2: 7 fields, where the first line has 8
            sightglass.csv:2: missing field `wasm`
            sightglass.csv:2: an empty name
        "#]],
    );
}

#[test]
fn mistakes_in_bencher_json_are_told_with_their_line() {
    check(
        "bencher",
        "bencher.json",
        &[
            ("\"value\": 88.0", "\"value\": -88.0"),
            ("\"value\": 88.0", "\"value\": \"fast\""),
            ("\"value\": 88.0,", ""),
            ("\"benchmark_name\"", "\"\""),
            ("{\n    \"latency\"", "[\n    \"latency\""),
            ("\"my_binary\"", "my_binary"),
        ],
        expect![[r#"
            bencher.json:4: -88 is not a number of at least 0
            bencher.json:4: invalid type: string "fast", expected f64
            bencher.json:7: missing field `value`
            bencher.json:2: an empty name
            bencher.json:2: invalid type: sequence, expected a map
            bencher.json:19: key must be a string
        "#]],
    );
}

#[test]
fn mistakes_in_custom_smaller_json_are_told_with_their_line() {
    check(
        "customSmallerIsBetter",
        "custom-smaller.json",
        &[
            ("\"value\": 15272", "\"value\": -1"),
            ("\"value\": 15272", "\"value\": \"fast\""),
            ("\"unit\": \"kB\"", "\"units\": \"kB\""),
            ("\"name\": \"wamr/memory-usage\"", "\"name\": \"\""),
            ("[\n", "{\n"),
            ("\"value\": 15272,", ""),
        ],
        expect![[r#"
            custom-smaller.json:4: -1 is not a number of at least 0
            custom-smaller.json:4: "fast" is not a number
            custom-smaller.json:7: missing field `unit`
            custom-smaller.json:3: an empty name
            custom-smaller.json:1: invalid type: map, expected a sequence
            custom-smaller.json:7: missing field `value`
        "#]],
    );
}

#[test]
fn mistakes_in_custom_bigger_json_are_told_with_their_line() {
    check(
        "customBiggerIsBetter",
        "custom-bigger.json",
        &[
            ("\"value\": 8342.5", "\"value\": -1"),
            ("\"value\": 8342.5", "\"value\": true"),
            ("\"unit\": \"req/s\",", ""),
            ("\"name\": \"requests\"", "\"name\": \"\\n\""),
            ("[\n", "{\n"),
            ("\"value\": 8342.5,", ""),
        ],
        expect![[r#"
            custom-bigger.json:4: -1 is not a number of at least 0
            custom-bigger.json:4: true is not a number
            custom-bigger.json:7: missing field `unit`
            custom-bigger.json:3: an empty name
            custom-bigger.json:1: invalid type: map, expected a sequence
            custom-bigger.json:7: missing field `value`
        "#]],
    );
}

#[test]
fn mistakes_in_wasmcloud_json_are_told_with_their_line() {
    check(
        "wasmcloud-history",
        "wasmcloud.json",
        &[
            ("\"sha\": \"0a0a", "\"sha\": \"zz0a"),
            ("\"timestamp\": \"2026-05-04T16:00:00Z\"", "\"timestamp\": \"yesterday\""),
            ("\"median_ns\": 79286120.42219774", "\"median_ns\": -1"),
            ("\"group\"", "\"grp\""),
            ("\"kernel\": \"6.8.0-100-generic\"", "\"kernel\": 6"),
            ("\"bench\"", "bench"),
        ],
        expect![[r#"
            wasmcloud.json:6: `sha` is not a full commit hash
            wasmcloud.json:11: failed to parse four digit integer as year: invalid digit, expected 0-9 but got y
            wasmcloud.json:17: -1 is not a number of at least 0
            wasmcloud.json:21: missing field `group`
            wasmcloud.json:13: invalid type: integer `6`, expected a string
            wasmcloud.json:3: key must be a string
        "#]],
    );
}

#[test]
fn mistakes_in_wasmcloud_jsonl_are_told_with_their_line() {
    check(
        "wasmcloud-history",
        "wasmcloud.jsonl",
        &[
            ("\"better\": \"lower\"", "\"better\": \"maybe\""),
            ("\"value\": 10.511448, ", ""),
            ("\"sha\": \"1b", "\"sha\": \""),
            ("\"cpus_online\": 6", "\"cpus_online\": -6"),
            ("}\n{", "}{"),
            ("\"param\"", "param"),
        ],
        expect![[r#"
            wasmcloud.jsonl:2: unknown variant `maybe`, expected `lower` or `higher`
            wasmcloud.jsonl:2: metric `p99_ms` without a `value`
            wasmcloud.jsonl:1: `sha` is not a full commit hash
            wasmcloud.jsonl:1: invalid value: integer `-6`, expected u32
            wasmcloud.jsonl:1: trailing characters
            wasmcloud.jsonl:1: key must be a string
        "#]],
    );
}

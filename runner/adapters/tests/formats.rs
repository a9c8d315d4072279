//! What is taken of each fixture. The numbers are the tools' own, in our units.

use super::{FIXTURES, File, fixture, made, read, told};
use expect_test::{Expect, expect};
use model::{Metric, bundle};

fn check(format: &str, names: &[&str], expected: Expect) {
    let files: Vec<File> = names.iter().map(|name| fixture(name)).collect();
    let sessions = read(format, &files).unwrap_or_else(|error| panic!("{error}"));
    expected.assert_eq(&told(&sessions));
}

#[test]
fn samples_of_criterion_are_times_of_an_iteration() {
    check(
        "criterion",
        &["criterion-sample.json"],
        expect![[r#"
        sort/bubble/16 | default | 0 | time_per_iteration_ns 10: 202.064124 867.867275 422.524857 ..
    "#]],
    );
    check(
        "criterion",
        &["criterion-messages.json"],
        expect![[r#"
        norm | default | 0 | time_per_iteration_ns 5: 4140.000000 4140.000000 4140.000000 ..
    "#]],
    );
}

#[test]
fn threads_and_parts_of_callgrind_are_added_up() {
    check(
        "gungraun",
        &["gungraun.json"],
        expect![[r#"
        counts::sorts::bubble | short | 0 | callgrind_instructions 1: 1763.000000
        counts::sorts::bubble | short | 0 | callgrind_estimated_cycles 1: 2716.000000
        counts::sorts::bubble | short | 0 | callgrind_ram_hits 1: 12.000000
        counts::sorts::threads | pair | 0 | callgrind_instructions 1: 9419.000000
        counts::sorts::threads | pair | 0 | callgrind_estimated_cycles 1: 23483.000000
        counts::sorts::threads | pair | 0 | callgrind_ram_hits 1: 280.000000
    "#]],
    );
    check(
        "gungraun",
        &["gungraun-6.json"],
        expect![[r#"
        intro::fibonacci::bench_fibonacci | short | 0 | callgrind_instructions 1: 687.000000
        intro::fibonacci::bench_fibonacci | short | 0 | callgrind_estimated_cycles 1: 1092.000000
        intro::fibonacci::bench_fibonacci | short | 0 | callgrind_ram_hits 1: 3.000000
    "#]],
    );
    check(
        "callgrind",
        &["callgrind.out.4242-01", "callgrind.out.4242-02"],
        expect![[r#"
        ./t | default | 0 | callgrind_instructions 1: 420010.000000
    "#]],
    );
    check(
        "callgrind",
        &["callgrind.threads.pair.t1.p1.out", "callgrind.threads.pair.t2.p1.out"],
        expect![[r#"
            threads.pair | default | 0 | callgrind_instructions 1: 9419.000000
        "#]],
    );
}

#[test]
fn executions_of_hyperfine_are_processes() {
    check(
        "hyperfine",
        &["hyperfine.json"],
        expect![[r#"
        python3 -c 'sum(range(1000))' | n=1000 | 0 | program_ns 1: 469819260.000000
        python3 -c 'sum(range(1000))' | n=1000 | 1 | program_ns 1: 582436651.000000
        python3 -c 'sum(range(1000))' | n=1000 | 2 | program_ns 1: 663781589.000000
        python3 -c 'sum(range(1000))' | n=1000 | 3 | program_ns 1: 573447827.000000
        python3 -c 'sum(range(1000))' | n=1000 | 4 | program_ns 1: 620227396.000000
        python3 -c 'sum(range(20000))' | n=20000 | 0 | program_ns 1: 666961765.000000
        python3 -c 'sum(range(20000))' | n=20000 | 1 | program_ns 1: 684829339.000000
        python3 -c 'sum(range(20000))' | n=20000 | 2 | program_ns 1: 634377750.000000
        python3 -c 'sum(range(20000))' | n=20000 | 3 | program_ns 1: 513818274.000000
        python3 -c 'sum(range(20000))' | n=20000 | 4 | program_ns 1: 664964500.000000
    "#]],
    );
    check(
        "hyperfine",
        &["hyperfine-failed.json"],
        expect![[r#"
        python3 -c 'raise SystemExit(3)' | default | 0 | failed: ended with exit code 3
        python3 -c 'raise SystemExit(3)' | default | 1 | failed: ended with exit code 3
        python3 -c 'raise SystemExit(3)' | default | 2 | failed: ended with exit code 3
    "#]],
    );
}

#[test]
fn load_generators_leave_summaries_or_failures() {
    check(
        "oha",
        &["oha.json"],
        expect![[r#"
        oha | default | 0 | throughput_rps ~ 549.978229
        oha | default | 0 | latency_p50_ns ~ 5325991.000000
        oha | default | 0 | latency_p90_ns ~ 15513748.000000
        oha | default | 0 | latency_p99_ns ~ 23509186.000000
        oha | default | 0 | latency_p999_ns ~ 25167114.000000
        oha | default | 0 | first_byte_p50_ns ~ 5322778.000000
        oha | default | 0 | first_byte_p99_ns ~ 23505629.000000
    "#]],
    );
    check(
        "oha",
        &["oha-refused.json"],
        expect![[r#"
        oha-refused | default | 0 | failed: answers that are no success: 100 x 404
    "#]],
    );
    check(
        "wrk",
        &["wrk.txt"],
        expect![[r#"
        wrk | connections=4,threads=1 | 0 | throughput_rps ~ 465.310000
        wrk | connections=4,threads=1 | 0 | latency_p50_ns ~ 6970000.000000
        wrk | connections=4,threads=1 | 0 | latency_p90_ns ~ 23180000.000000
        wrk | connections=4,threads=1 | 0 | latency_p99_ns ~ 37790000.000000
    "#]],
    );
    check(
        "wrk",
        &["wrk-refused.txt"],
        expect![[r#"
        wrk-refused | connections=4,threads=1 | 0 | failed: Non-2xx or 3xx responses: 483
    "#]],
    );
    check(
        "k6",
        &["k6.json"],
        expect![[r#"
        k6 | default | 0 | throughput_rps ~ 200.003800
        k6 | default | 0 | latency_p50_ns ~ 830503.000000
        k6 | default | 0 | latency_p90_ns ~ 2209757.000000
        k6 | default | 0 | latency_p99_ns ~ 10259155.000000
        k6 | default | 0 | latency_p999_ns ~ 19269182.000001
        k6 | scenario=measure | 0 | latency_p50_ns ~ 836211.000000
        k6 | scenario=measure | 0 | latency_p90_ns ~ 2212090.000000
        k6 | scenario=measure | 0 | latency_p99_ns ~ 10511448.000000
        k6 | scenario=measure | 0 | latency_p999_ns ~ 20581102.000000
    "#]],
    );
}

#[test]
fn benchmarks_of_other_languages_are_samples() {
    check(
        "go",
        &["go.txt"],
        expect![[r#"
        example.com/sorting.Bubble | n=16,gomaxprocs=2 | 0 | time_per_iteration_ns 3: 1651.000000 1979.000000 2369.000000
        example.com/sorting.Bubble | n=16,gomaxprocs=2 | 0 | processed_bytes_per_s 3: 77540000.000000 64690000.000000 54030000.000000
        example.com/sorting.Bubble | n=16,gomaxprocs=2 | 0 | allocated_bytes_per_iteration 3: 128.000000 128.000000 128.000000
        example.com/sorting.Bubble | n=16,gomaxprocs=2 | 0 | allocations_per_iteration 3: 1.000000 1.000000 1.000000
        example.com/sorting.Bubble | n=64,gomaxprocs=2 | 0 | time_per_iteration_ns 3: 39836.000000 27750.000000 17885.000000
        example.com/sorting.Bubble | n=64,gomaxprocs=2 | 0 | processed_bytes_per_s 3: 12850000.000000 18450000.000000 28630000.000000
        example.com/sorting.Bubble | n=64,gomaxprocs=2 | 0 | allocated_bytes_per_iteration 3: 512.000000 512.000000 512.000000
        example.com/sorting.Bubble | n=64,gomaxprocs=2 | 0 | allocations_per_iteration 3: 1.000000 1.000000 1.000000
    "#]],
    );
    check(
        "pytest-benchmark",
        &["pytest-benchmark.json"],
        expect![[r#"
        test_sort.py::test_bubble | n=8 | 0 | time_per_iteration_ns 12: 7337.248462 7037.999239 6047.250281 ..
        test_sort.py::test_bubble | n=16 | 0 | time_per_iteration_ns 12: 17647.749701 19209.499442 15167.250240 ..
    "#]],
    );
    check(
        "google-benchmark",
        &["google-benchmark.json"],
        expect![[r#"
        BM_Bubble | 16 | 0 | time_per_iteration_ns 3: 2921.948175 3034.890754 2785.535193
        BM_Bubble | 16 | 0 | cpu_ns_per_iteration 3: 895.545690 878.545469 883.393221
        BM_Bubble | 16 | 0 | operations_per_s 3: 17866201.774079 18211920.231864 18111979.607558
        BM_Bubble | 64 | 0 | time_per_iteration_ns 3: 46518.489732 49176.420880 54405.375349
        BM_Bubble | 64 | 0 | cpu_ns_per_iteration 3: 15401.122710 15727.191560 15410.986119
        BM_Bubble | 64 | 0 | operations_per_s 3: 4155541.203505 4069385.163578 4152881.555180
        BM_Broken | 1 | 0 | failed: input is missing
    "#]],
    );
    check(
        "jmh",
        &["jmh.json"],
        expect![[r#"
        io.morethan.javabenchmarks.datastructure.ListCreationBenchmark.arrayList | size=1000 | 0 | operations_per_s 5: 3524193.154074 3531314.663171 3532453.332544 ..
        io.morethan.javabenchmarks.datastructure.ListCreationBenchmark.arrayList | size=1000 | 1 | operations_per_s 5: 3440045.306786 3333994.173461 3445535.455711 ..
        io.morethan.javabenchmarks.datastructure.NoOpStrategyBenchmark.nullCheck | size=1000 | 0 | operations_per_s 5: 225766788.707329 235885089.681903 259445034.641629 ..
        org.partiql.jmh.benchmarks.CompilerInterruptionBenchmark.compileCrossJoinAggFunc | size=1000 | 0 | time_per_iteration_ns 3: 250865.957935 235902.004748 258058.756762
        org.partiql.jmh.benchmarks.CompilerInterruptionBenchmark.compileCrossJoinAggFunc | size=1000 | 0 | allocated_bytes_per_iteration 3: 1024.000000 1024.500000 1023.500000
    "#]],
    );
}

#[test]
fn processes_of_sightglass_stay_apart() {
    check(
        "sightglass",
        &["sightglass.json"],
        expect![[r#"
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=compilation | 0 | cycles_per_iteration 3: 37063003.000000 34267724.000000 36150712.000000
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=instantiation | 0 | cycles_per_iteration 3: 3386636.000000 2541521.000000 2552025.000000
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=execution | 0 | cycles_per_iteration 3: 4725.000000 4661.000000 4983.000000
    "#]],
    );
    check(
        "sightglass",
        &["sightglass.csv"],
        expect![[r#"
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=compilation | 0 | cycles_per_iteration 2: 7193709.000000 6128596.000000
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=instantiation | 0 | cycles_per_iteration 2: 668820.000000 481781.000000
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=execution | 0 | cycles_per_iteration 2: 1075.000000 813.000000
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=compilation | 1 | cycles_per_iteration 1: 5888744.000000
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=instantiation | 1 | cycles_per_iteration 1: 449150.000000
        benchmarks/noop/benchmark.wasm | engine=wasmtime,phase=execution | 1 | cycles_per_iteration 1: 740.000000
    "#]],
    );
}

#[test]
fn rows_of_other_dashboards_are_summaries() {
    check(
        "bencher",
        &["bencher.json"],
        expect![[r#"
        /bin/sh -c ./my_build_script.sh | measure=build-time | 0 | measured_count ~ 87.000000
        benchmark_name | default | 0 | time_per_iteration_ns ~ 88.000000
        benchmark_name | default | 0 | operations_per_s ~ 5.550000
        my_binary | default | 0 | measured_bytes ~ 42.000000
    "#]],
    );
    check(
        "customSmallerIsBetter",
        &["custom-smaller.json"],
        expect![[r#"
        wamr/memory-usage | default | 0 | measured_bytes ~ 15272000.000000
        wasmtime/memory-usage | default | 0 | measured_bytes ~ 19516000.000000
        end-to-end/wasmtime/wasi-demo-app:latest | default | 0 | time_per_iteration_ns ~ 955306575.000000
        points of a review | unit=points | 0 | measured_count ~ 3.500000
    "#]],
    );
    check(
        "customBiggerIsBetter",
        &["custom-bigger.json"],
        expect![[r#"
        requests | default | 0 | operations_per_s ~ 8342.500000
        free memory | unit=Megabytes | 0 | measured_score ~ 50.000000
    "#]],
    );
    check(
        "wasmcloud-history",
        &["wasmcloud.json"],
        expect![[r#"
        http_invoke | cold_invocation/p2 | 0 | time_per_iteration_ns ~ 79286120.422198
        http_invoke | hot_invocation/p3 | 0 | time_per_iteration_ns ~ 200133.267236
        http_invoke | cold_invocation/p2 | 0 | time_per_iteration_ns ~ 79472334.608361
    "#]],
    );
    check(
        "wasmcloud-history",
        &["wasmcloud.jsonl"],
        expect![[r#"
        gungraun | invoke/p2 | 0 | callgrind_instructions ~ 1234567.000000
        k6 | http-hello/200rps,metric=p99_ms | 0 | measured_ns ~ 10511448.000000 generator-bound
        k6 | http-hello/200rps,metric=max_sustainable_rps | 0 | operations_per_s ~ 8000.000000
    "#]],
    );
}

/// What goes in is a run like any other: valid, and the same after a bundle.
#[test]
fn every_fixture_makes_runs_that_bundles_keep() {
    for (format, name) in FIXTURES {
        let files = [fixture(name)];
        let sessions = read(format, &files).unwrap_or_else(|error| panic!("{error}"));
        let runs = made(format, &files, &sessions).unwrap_or_else(|error| panic!("{error}"));
        assert!(!runs.is_empty(), "{name}");
        let mut bytes = Vec::new();
        bundle::write(&mut bytes, &runs).unwrap();
        assert_eq!(bundle::read(bytes.as_slice()).unwrap(), runs, "{name}");
        for run in &runs {
            assert!(run.testbed.harness.is_some() && run.artifacts[0].is_imported(), "{name}");
        }
        assert_eq!(made(format, &files, &sessions), Ok(runs), "{name}: the same twice");
    }
}

/// A name that the table of metrics does not hold could not be stored.
#[test]
fn every_metric_that_is_named_exists() {
    for (format, name) in FIXTURES {
        for session in read(format, &[fixture(name)]).unwrap() {
            for row in session.rows {
                if let adapters::Value::Samples(metric, _) | adapters::Value::Summary(metric, _) =
                    row.value
                {
                    assert!(Metric::named(metric).is_some_and(Metric::is_comparable), "{metric}");
                }
            }
        }
    }
}

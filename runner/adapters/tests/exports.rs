//! Runs as other tools read them. One run with every outcome, written in each format; and
//! what is written can be read back where there is a reader.

use super::{File, read};
use adapters::export::Export;
use expect_test::{Expect, expect};
use jiff::Timestamp;
use model::{
    Absent, Artifact, Block, Cell, Digest, Label, Measurements, Outcome, Run, RunId, RunStatus,
    Testbed, VersionId,
};
use std::path::PathBuf;

fn block(ordinal: u32, benchmark: &str, outcome: Outcome) -> Block {
    Block {
        ordinal,
        cell: Cell {
            target: "host".to_owned(),
            suite: "size".to_owned(),
            benchmark: benchmark.to_owned(),
            arm: if ordinal < 2 { "wasi=p2".to_owned() } else { "default".to_owned() },
        },
        artifact: 0,
        round: ordinal % 2,
        suite_sha256: Digest::of("suite"),
        definition_sha256: Digest::of("definition"),
        started_at: Timestamp::new(1_790_000_001 + i64::from(ordinal), 0).unwrap(),
        duration_ns: 1_500_000_000,
        labels: if ordinal == 1 { vec![Label::SharedCpus] } else { Vec::new() },
        outcome,
    }
}

fn measured(binary_bytes: f64, throughput: &[f64]) -> Outcome {
    let mut measurements = Measurements::default();
    measurements.insert("binary_bytes", vec![binary_bytes]);
    measurements.insert("requests", throughput.to_vec());
    measurements.insert("slice_ns", vec![1e9; throughput.len()]);
    let reason = "the kernel permits no counters".to_owned();
    measurements.absent = vec![Absent { metric: "component_bytes".to_owned(), reason }];
    Outcome::Measured(measurements)
}

/// Two blocks of one arm, a failure and something that is not supported.
fn run() -> Run {
    let failed = Outcome::Failed {
        reason: "the answer was \"no\", and <wrong>".to_owned(),
        log_tail: "its last line".to_owned(),
    };
    let unsupported = Outcome::Unsupported { reason: "no capability http-p3".to_owned() };
    Run {
        id: RunId::from_bits(0xabcd),
        started_at: Timestamp::new(1_790_000_000, 0).unwrap(),
        finished_at: Some(Timestamp::new(1_790_000_100, 0).unwrap()),
        status: RunStatus::Complete,
        profile: "full".to_owned(),
        seed: 7,
        harness: "bench 0.1.0".to_owned(),
        plan: "{}".to_owned(),
        planned_blocks: 4,
        anchor: None,
        testbed: Testbed { cpus: 2, memory_mib: 4096, ..Testbed::default() },
        artifacts: vec![Artifact {
            target: "host".to_owned(),
            version: VersionId::Binary { sha256: Digest::of("binary") },
            binary_sha256: Digest::of("binary"),
            binary_bytes: 7,
            source_sha256: None,
            lockfile_sha256: None,
            rustc: None,
            build_flags: None,
        }],
        failed_builds: Vec::new(),
        blocks: vec![
            block(0, "host", measured(1000.5, &[10.0, 30.0, 20.0])),
            block(1, "host", measured(1001.5, &[25.0, 25.0, 35.0])),
            block(2, "wrong", failed),
            block(3, "p3", unsupported),
        ],
    }
}

fn written(name: &str, runs: &[Run]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Export::named(name).unwrap().write(runs, &mut bytes).unwrap_or_else(|e| panic!("{e}"));
    bytes
}

fn check(name: &str, expected: Expect) {
    let run = run();
    run.validate().unwrap();
    expected.assert_eq(&String::from_utf8(written(name, &[run])).unwrap());
}

#[test]
fn json_lines_have_a_row_for_each_value_and_each_gap() {
    check(
        "jsonl",
        expect![[r#"
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"slice_ns","unit":"ns","index":0,"value":1000000000.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"slice_ns","unit":"ns","index":1,"value":1000000000.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"slice_ns","unit":"ns","index":2,"value":1000000000.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"requests","unit":"count","index":0,"value":10.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"requests","unit":"count","index":1,"value":30.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"requests","unit":"count","index":2,"value":20.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"throughput_rps","unit":"requests/s","index":0,"value":10.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"throughput_rps","unit":"requests/s","index":1,"value":30.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"throughput_rps","unit":"requests/s","index":2,"value":20.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"measured","labels":"","metric":"binary_bytes","unit":"bytes","index":0,"value":1000.5,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:21Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":0,"round":0,"outcome":"absent","labels":"","metric":"component_bytes","unit":"bytes","index":null,"value":null,"reason":"the kernel permits no counters"}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"slice_ns","unit":"ns","index":0,"value":1000000000.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"slice_ns","unit":"ns","index":1,"value":1000000000.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"slice_ns","unit":"ns","index":2,"value":1000000000.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"requests","unit":"count","index":0,"value":25.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"requests","unit":"count","index":1,"value":25.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"requests","unit":"count","index":2,"value":35.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"throughput_rps","unit":"requests/s","index":0,"value":25.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"throughput_rps","unit":"requests/s","index":1,"value":25.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"throughput_rps","unit":"requests/s","index":2,"value":35.0,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"measured","labels":"shared-cpus","metric":"binary_bytes","unit":"bytes","index":0,"value":1001.5,"reason":null}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:22Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"host","arm":"wasi=p2","block":1,"round":1,"outcome":"absent","labels":"shared-cpus","metric":"component_bytes","unit":"bytes","index":null,"value":null,"reason":"the kernel permits no counters"}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:23Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"wrong","arm":"default","block":2,"round":0,"outcome":"failed","labels":"","metric":null,"unit":null,"index":null,"value":null,"reason":"the answer was \"no\", and <wrong>"}
        {"run":"000000000000abcd","started_at":"2026-09-21T14:13:24Z","profile":"full","status":"complete","epoch":"247a7b28","target":"host","version":"sha256:9a3a45d0","commit":null,"binary_sha256":"9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd","suite":"size","benchmark":"p3","arm":"default","block":3,"round":1,"outcome":"unsupported","labels":"","metric":null,"unit":null,"index":null,"value":null,"reason":"no capability http-p3"}
    "#]],
    );
}

#[test]
fn csv_has_the_same_rows() {
    check(
        "csv",
        expect![[r#"
        run,started_at,profile,status,epoch,target,version,commit,binary_sha256,suite,benchmark,arm,block,round,outcome,labels,metric,unit,index,value,reason
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,slice_ns,ns,0,1000000000.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,slice_ns,ns,1,1000000000.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,slice_ns,ns,2,1000000000.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,requests,count,0,10.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,requests,count,1,30.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,requests,count,2,20.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,throughput_rps,requests/s,0,10.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,throughput_rps,requests/s,1,30.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,throughput_rps,requests/s,2,20.0,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,measured,,binary_bytes,bytes,0,1000.5,
        000000000000abcd,2026-09-21T14:13:21Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,0,0,absent,,component_bytes,bytes,,,the kernel permits no counters
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,slice_ns,ns,0,1000000000.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,slice_ns,ns,1,1000000000.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,slice_ns,ns,2,1000000000.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,requests,count,0,25.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,requests,count,1,25.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,requests,count,2,35.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,throughput_rps,requests/s,0,25.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,throughput_rps,requests/s,1,25.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,throughput_rps,requests/s,2,35.0,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,measured,shared-cpus,binary_bytes,bytes,0,1001.5,
        000000000000abcd,2026-09-21T14:13:22Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,host,wasi=p2,1,1,absent,shared-cpus,component_bytes,bytes,,,the kernel permits no counters
        000000000000abcd,2026-09-21T14:13:23Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,wrong,default,2,0,failed,,,,,,"the answer was ""no"", and <wrong>"
        000000000000abcd,2026-09-21T14:13:24Z,full,complete,247a7b28,host,sha256:9a3a45d0,,9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd,size,p3,default,3,1,unsupported,,,,,,no capability http-p3
    "#]],
    );
}

#[test]
fn openmetrics_has_medians_and_outcomes() {
    check(
        "openmetrics",
        expect![[r##"
        # TYPE bench_throughput_rps gauge
        # UNIT bench_throughput_rps rps
        # HELP bench_throughput_rps throughput: requests/s, higher is better
        bench_throughput_rps{target="host",version="sha256:9a3a45d0",suite="size",benchmark="host",arm="wasi=p2",run="000000000000abcd",epoch="247a7b28"} 22.5 1790000100
        # TYPE bench_binary_bytes gauge
        # UNIT bench_binary_bytes bytes
        # HELP bench_binary_bytes size of the host's binary: bytes, lower is better
        bench_binary_bytes{target="host",version="sha256:9a3a45d0",suite="size",benchmark="host",arm="wasi=p2",run="000000000000abcd",epoch="247a7b28"} 1001 1790000100
        # TYPE bench_blocks gauge
        # HELP bench_blocks blocks by what came of them
        bench_blocks{target="host",version="sha256:9a3a45d0",suite="size",benchmark="host",arm="wasi=p2",run="000000000000abcd",epoch="247a7b28",outcome="measured"} 2 1790000100
        bench_blocks{target="host",version="sha256:9a3a45d0",suite="size",benchmark="p3",arm="default",run="000000000000abcd",epoch="247a7b28",outcome="unsupported"} 1 1790000100
        bench_blocks{target="host",version="sha256:9a3a45d0",suite="size",benchmark="wrong",arm="default",run="000000000000abcd",epoch="247a7b28",outcome="failed"} 1 1790000100
        # EOF
    "##]],
    );
}

#[test]
fn junit_has_failures_and_what_was_skipped() {
    check(
        "junit",
        expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="bench export" tests="3" skipped="1" failures="1" errors="0">
            <testsuite name="size run 000000000000abcd" tests="3" skipped="1" errors="0" failures="1">
                <testcase name="host host/wasi=p2 sha256:9a3a45d0" classname="size.host" time="3.000">
                    <properties>
                        <property name="throughput_rps" value="22.5"/>
                        <property name="binary_bytes" value="1001"/>
                    </properties>
                </testcase>
                <testcase name="host p3/default sha256:9a3a45d0" classname="size.p3" time="1.500">
                    <skipped message="no capability http-p3"/>
                </testcase>
                <testcase name="host wrong/default sha256:9a3a45d0" classname="size.wrong" time="1.500">
                    <failure message="the answer was &quot;no&quot;, and &lt;wrong&gt;">its last line</failure>
                </testcase>
            </testsuite>
        </testsuites>
    "#]],
    );
}

#[test]
fn benchstat_has_a_line_a_block() {
    check(
        "benchstat",
        expect![[r#"
        Unit throughput_rps better=higher
        Unit read_bytes_per_s better=higher
        Unit written_bytes_per_s better=higher
        Unit start_rate_per_s better=higher
        Unit workloads_at_first_failure better=higher
        Unit operations_per_s better=higher
        Unit processed_bytes_per_s better=higher
        Unit measured_score better=higher

        run: 000000000000abcd
        target: host
        version: sha256:9a3a45d0
        BenchmarkSize/host/wasi=p2 1 20 throughput_rps 1000.5 binary_bytes
        BenchmarkSize/host/wasi=p2 1 25 throughput_rps 1001.5 binary_bytes
        # BenchmarkSize/wrong: the answer was "no", and <wrong>
        # BenchmarkSize/p3: no capability http-p3
    "#]],
    );
}

#[test]
fn bencher_has_medians_between_their_bounds() {
    check(
        "bencher",
        expect![[r#"
        {
          "host/size/host/wasi=p2": {
            "binary_bytes": {
              "value": 1001.0,
              "lower_value": 994.6468976319127,
              "upper_value": 1007.3531023680873
            },
            "throughput_rps": {
              "value": 22.5,
              "lower_value": -9.265511840436726,
              "upper_value": 54.26551184043673
            }
          }
        }
    "#]],
    );
}

/// The rows of a Parquet file, read by the crate's own reader, are those of the JSON Lines.
#[test]
fn parquet_has_the_same_rows() {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    let lines = String::from_utf8(written("jsonl", &[run(), run()])).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let bytes = bytes::Bytes::from(written("parquet", &[run(), run()]));
    let reader = SerializedFileReader::new(bytes).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 2);
    let mut rows = 0;
    for (row, line) in reader.get_row_iter(None).unwrap().zip(&lines) {
        let row = row.unwrap();
        assert_eq!(row.len(), line.as_object().unwrap().len());
        for (name, field) in row.get_column_iter() {
            let expected = match &line[name.as_str()] {
                serde_json::Value::Null => "null".to_owned(),
                serde_json::Value::String(text) => format!("\"{text}\""),
                value => value.to_string(),
            };
            let value = match field {
                parquet::record::Field::Double(value) => serde_json::json!(value).to_string(),
                other => other.to_string(),
            };
            assert_eq!(value, expected, "{name}");
        }
        rows += 1;
    }
    assert_eq!(rows, lines.len());
}

fn file(name: &str, bytes: Vec<u8>) -> File {
    let text = String::from_utf8(bytes).unwrap();
    File { path: PathBuf::from(name), name: name.to_owned(), text, beside: None }
}

/// What others read of us, we read as they do.
#[test]
fn bencher_and_benchstat_come_back() {
    use adapters::Value::{Samples, Summary};
    let bencher = read("bencher", &[file("bmf", written("bencher", &[run()]))]).unwrap();
    let values: Vec<_> = bencher[0].rows.iter().map(|row| row.value.clone()).collect();
    assert_eq!(values, [Summary("binary_bytes", 1001.0), Summary("throughput_rps", 22.5)]);
    let benchstat = read("go", &[file("go", written("benchstat", &[run()]))]).unwrap();
    let of = |metric: &str| {
        let row = benchstat[0].rows.iter().find(|row| row.arm.ends_with(metric));
        row.unwrap_or_else(|| panic!("{metric}: {benchstat:?}")).value.clone()
    };
    assert_eq!(of("unit=binary_bytes"), Samples("measured_count", vec![1000.5, 1001.5]));
    assert_eq!(of("unit=throughput_rps"), Samples("measured_score", vec![20.0, 25.0]));
}

#[test]
fn a_bencher_report_of_two_runs_is_refused() {
    let error = Export::named("bencher").unwrap().write(&[run(), run()], &mut Vec::new());
    assert!(error.unwrap_err().to_string().contains("was measured more than once here"));
}

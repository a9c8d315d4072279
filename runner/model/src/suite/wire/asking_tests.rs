//! Rows of what a suite says and what its arms ask, or why it is refused.

use crate::suite::{Arm, Exchange, ExpectBody, RequestBody, Suite};
use expect_test::{Expect, expect};
use std::path::Path;

const GOOD: &str = r#"driver = "http-throughput"
expect = { status = 200, body = "hello" }
load = { connections = 2 }
"#;

/// Loads a suite of one benchmark with these lines in place of the good ones
/// for the same keys.
fn load(lines: &str) -> Result<Suite, String> {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("ask");
    std::fs::create_dir(&folder).unwrap();
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let mine: Vec<String> = lines.lines().map(key).collect();
    let dropped = |line: &&str| !mine.contains(&key(line));
    let good: Vec<&str> = GOOD.lines().filter(dropped).collect();
    let good: Vec<&str> = match mine.iter().any(|key| key == "requests") {
        true => good.into_iter().filter(|line| !line.starts_with("expect")).collect(),
        false => good,
    };
    let text = format!(
        "title = \"t\"\nwhy = \"w?\"\nowner = \"o\"\n[[benchmark]]\nname = \"b\"\n\
         metrics = [\"latency_p50_ns\"]\nnoise = \"wall\"\nbudget_s = 1\n{}\n{}\n",
        good.join("\n"),
        lines
    );
    std::fs::write(folder.join("suite.toml"), text).unwrap();
    Suite::load(dir.path(), Path::new("/large"), "ask")
        .map_err(|error| error.to_string().replace(&folder.display().to_string(), "ask"))
}

fn shown(arm: &Arm) -> String {
    let first = Exchange { request: arm.request.clone(), expect: arm.expect.clone() };
    let mut text = format!("{}:", arm.name);
    for Exchange { request, expect } in [first].iter().chain(&arm.further) {
        let host = request.host.as_deref().unwrap_or("-");
        let sent = match &request.body {
            RequestBody::Text(text) => format!("{text:?}"),
            RequestBody::Pattern { bytes } => format!("{bytes} bytes"),
        };
        let body = match &expect.body {
            ExpectBody::Exactly(text) => format!("{text:?}"),
            ExpectBody::Sha256(digest) => digest.to_string(),
            ExpectBody::Pattern { bytes } => format!("{bytes} bytes"),
        };
        text += &format!(
            "\n  {} {} {host} {:?} {sent} -> {} {:?} {body}",
            request.method, request.path, request.headers, expect.status, expect.headers
        );
    }
    let load = &arm.load;
    text + &format!(
        "\n  {} connections, {} + {} ms, rate {:?}, share {:?}\n",
        load.connections, load.warmup_ms, load.measure_ms, load.rate_rps, load.saturation_share
    )
}

fn check(lines: &str, expected: Expect) {
    let text = match load(lines) {
        Ok(suite) => suite.arms.iter().map(shown).collect(),
        Err(error) => error,
    };
    expected.assert_eq(&text);
}

#[test]
fn parameters_reach_texts_bodies_and_numbers() {
    check(
        r#"parameters = { size = ["0", "65536"], n = ["8"] }
request = { method = "POST", path = "/{n}", host = "h{n}", headers = [["x-n", "{n}"]], body_bytes = "{size}" }
expect = { status = 200, body_bytes = "{size}", headers = [["y", "{n}"]] }
load = { connections = "{n}", warmup_ms = 5, measure_ms = "{n}00" }"#,
        expect![[r#"
            size=0,n=8:
              POST /8 h8 [("x-n", "8")] 0 bytes -> 200 [("y", "8")] 0 bytes
              8 connections, 5 + 800 ms, rate None, share None
            size=65536,n=8:
              POST /8 h8 [("x-n", "8")] 65536 bytes -> 200 [("y", "8")] 65536 bytes
              8 connections, 5 + 800 ms, rate None, share None
        "#]],
    );
    check(
        r#"parameters = { n = ["8"] }
request = { method = "POST", body = '{"n":{n},"a":{}}' }
expect = { status = 201, body = '{"got":{n}}' }"#,
        expect![[r#"
            n=8:
              POST / - [] "{\"n\":8,\"a\":{}}" -> 201 [] "{\"got\":8}"
              2 connections, 200 + 1000 ms, rate None, share None
        "#]],
    );
}

#[test]
fn requests_take_turns_each_with_its_own_answer() {
    check(
        r#"requests = [
  { path = "/a", expect = { status = 200, body = "a" } },
  { path = "/b", host = "b.example", expect = { status = 404, body = "" } },
]"#,
        expect![[r#"
            default:
              GET /a - [] "" -> 200 [] "a"
              GET /b b.example [] "" -> 404 [] ""
              2 connections, 200 + 1000 ms, rate None, share None
        "#]],
    );
    check(
        r#"parameters = { routes = ["1", "3"] }
requests = [{ repeat = "{routes}", path = "/r{index}", expect = { status = 200, body = "{index} of {routes}" } }]"#,
        expect![[r#"
            routes=1:
              GET /r0 - [] "" -> 200 [] "0 of 1"
              2 connections, 200 + 1000 ms, rate None, share None
            routes=3:
              GET /r0 - [] "" -> 200 [] "0 of 3"
              GET /r1 - [] "" -> 200 [] "1 of 3"
              GET /r2 - [] "" -> 200 [] "2 of 3"
              2 connections, 200 + 1000 ms, rate None, share None
        "#]],
    );
}

#[test]
fn open_loops_have_a_rate() {
    check(
        r#"driver = "http-open-loop"
parameters = { share = ["0.25", "0.9"] }
load = { connections = 8, saturation_share = "{share}" }"#,
        expect![[r#"
            share=0.25:
              GET / - [] "" -> 200 [] "hello"
              8 connections, 200 + 1000 ms, rate None, share Some(0.25)
            share=0.9:
              GET / - [] "" -> 200 [] "hello"
              8 connections, 200 + 1000 ms, rate None, share Some(0.9)
        "#]],
    );
    check(
        r#"driver = "http-open-loop"
load = { connections = 8, rate_rps = 1000 }"#,
        expect![[r#"
            default:
              GET / - [] "" -> 200 [] "hello"
              8 connections, 200 + 1000 ms, rate Some(1000.0), share None
        "#]],
    );
}

/// A series goes on as long as the digest of its definition stays: this one is
/// that of the first release.
#[test]
fn what_an_arm_does_not_use_leaves_its_digest_alone() {
    let lines = r#"request = { method = "POST", path = "/x", host = "h", headers = [["a", "b"]], body = "ping" }
expect = { status = 201, body = "pong", headers = [["c", "d"]] }"#;
    let digest = |lines: &str| load(lines).unwrap().arms[0].definition_sha256.to_string();
    let first = "89172df54898af666c08f8f0a86626ac8ffccc093cf3a9800f5497148fb0be6c";
    assert_eq!(digest(lines), first);
    for other in [
        lines.replace("\"ping\"", "\"pang\""),
        lines.replace("body = \"ping\"", "body_bytes = 4"),
        lines.replace("body = \"pong\"", "body_bytes = 4"),
        format!("driver = \"http-open-loop\"\n{lines}\nload = {{ connections = 2, rate_rps = 5 }}"),
    ] {
        assert_ne!(digest(&other), first, "{other}");
    }
    let open = |rate: &str| format!("driver = \"http-open-loop\"\nload = {{ {rate} }}");
    let mut seen = vec![
        digest(&open("rate_rps = 5")),
        digest(&open("rate_rps = 6")),
        digest(&open("saturation_share = 0.5")),
        digest(&open("connections = 2, rate_rps = 5")),
    ];
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
}

#[test]
fn mistakes_are_told_with_their_line() {
    let bad = |lines: &str| load(lines).err().unwrap_or_else(|| format!("accepted: {lines}"));
    let all: Vec<String> = [
        r#"request = { path = "/{size}" }"#,
        r#"request = { body = "a", body_bytes = 1 }"#,
        r#"request = { body_bytes = "many" }"#,
        r#"request = { body_bytes = 1.5 }"#,
        r#"request = { body_bytes = -1 }"#,
        r#"request = { body_bytes = 2000000000 }"#,
        r#"request = { body_bytes = [1] }"#,
        r#"request = { expect = { status = 200, body = "" } }"#,
        r#"request = { repeat = 2 }"#,
        r#"expect = { status = 200, body = "a", body_bytes = 1 }"#,
        r#"expect = { status = 200 }"#,
        r#"expect = { status = 100, body = "" }"#,
        r#"requests = []"#,
        r#"requests = [{ path = "/a" }]"#,
        r#"requests = [{ repeat = 0, expect = { status = 200, body = "" } }]"#,
        r#"requests = [{ repeat = 10001, expect = { status = 200, body = "" } }]"#,
        "requests = [{ expect = { status = 200, body = \"\" } }]\nrequest = { path = \"/\" }",
        r#"load = { connections = "{n}" }"#,
        r#"load = { connections = 0 }"#,
        r#"load = { connections = 1, measure_ms = 50 }"#,
        r#"load = { connections = 1, rate_rps = 5 }"#,
        r#"load = { connections = 1, rate = 5 }"#,
        "driver = \"http-open-loop\"",
        "driver = \"http-open-loop\"\nload = { rate_rps = 5, saturation_share = 0.5 }",
        "driver = \"http-open-loop\"\nload = { rate_rps = 0 }",
        "driver = \"http-open-loop\"\nload = { saturation_share = 75 }",
        "driver = \"size\"",
        "driver = \"http-latency\"",
    ]
    .iter()
    .map(|lines| bad(lines))
    .collect();
    expect![[r#"
        ask/suite.toml:12: `{size}` is not a parameter of this benchmark
        ask/suite.toml:12: `body` or `body_bytes`, not both
        ask/suite.toml:12: `body_bytes`: `many` is no number
        ask/suite.toml:12: `body_bytes`: 1.5 is not a whole number
        ask/suite.toml:12: `body_bytes`: -1 is not a whole number
        ask/suite.toml:12: `body_bytes`: 2000000000 is more than 1 GiB
        ask/suite.toml:12: expected a number, or text such as "{size}"
        ask/suite.toml:12: `expect` stands beside `request`, not in it
        ask/suite.toml:12: `repeat` is for `requests`
        ask/suite.toml:11: `expect` needs `body`, `body_sha256` or `body_bytes`, and only one of them
        ask/suite.toml:11: `expect` needs `body`, `body_sha256` or `body_bytes`, and only one of them
        ask/suite.toml:11: 100 is not a final HTTP status
        ask/suite.toml:5: `requests` is empty
        ask/suite.toml:11: each of `requests` needs its own `expect`
        ask/suite.toml:11: `repeat`: 0 is not between 1 and 10000
        ask/suite.toml:11: `repeat`: 10001 is not between 1 and 10000
        ask/suite.toml:5: `requests` stands in place of `request` and `expect`; drop these
        ask/suite.toml:11: `{n}` is not a parameter of this benchmark
        ask/suite.toml:11: `connections` must be 1 to 10000
        ask/suite.toml:11: `measure_ms` must be a positive multiple of 100, the length of a slice
        ask/suite.toml:11: `rate_rps` and `saturation_share` are for http-open-loop
        ask/suite.toml:11: unknown field `rate`, expected one of `connections`, `warmup_ms`, `measure_ms`, `rate_rps`, `saturation_share`, `requests`
        ask/suite.toml:10: http-open-loop needs `rate_rps`, or `saturation_share` of the measured saturation
        ask/suite.toml:11: `rate_rps` or `saturation_share`, not both
        ask/suite.toml:11: `rate_rps` must be 0.1 to 1000000
        ask/suite.toml:11: `saturation_share` must be 0.01 to 0.99
        ask/suite.toml:6: driver size has no metric `latency_p50_ns`; it has binary_bytes, component_bytes, precompiled_bytes
        ask/suite.toml:10: http-latency uses one connection; drop `connections` or use http-throughput"#]].assert_eq(&all.join("\n"));
}

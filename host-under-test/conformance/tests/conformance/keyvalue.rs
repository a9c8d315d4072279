//! `wasi:keyvalue` by every way that leads to it: the same session gets the same
//! answers, alone and among others.

use crate::harness::{Files, Server, check_refused, host, prebuilt};
use crate::stores::{Outside, Way, file, listed, ways};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// How many ask at the same time.
const CALLERS: usize = 32;

/// One line of a session.
#[derive(Debug, Clone)]
enum Step {
    Get(u8),
    Set(u8, String),
    Fill(u8, u32),
    Delete(u8),
    Exists(u8),
    Increment(u8, u32),
    List,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0_u8..12;
    prop_oneof![
        4 => key.clone().prop_map(Step::Get),
        3 => (key.clone(), "[a-z0-9 ]{0,20}").prop_map(|(key, text)| Step::Set(key, text)),
        1 => (key.clone(), 0_u32..70_000).prop_map(|(key, bytes)| Step::Fill(key, bytes)),
        2 => key.clone().prop_map(Step::Delete),
        2 => key.clone().prop_map(Step::Exists),
        4 => (key, 0_u32..1000).prop_map(|(key, by)| Step::Increment(key, by)),
        1 => Just(Step::List),
    ]
}

/// A step that no other session in the same bucket can tell from the outside.
fn lone_step() -> impl Strategy<Value = Step> {
    step().prop_filter("lists all keys", |step| !matches!(step, Step::List))
}

/// A session as a guest reads it; keys begin with `prefix`.
fn script(prefix: &str, steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let _ = match step {
            Step::Get(key) => writeln!(text, "get {prefix}{key}"),
            Step::Set(key, value) => writeln!(text, "set {prefix}{key} {value}"),
            Step::Fill(key, bytes) => writeln!(text, "fill {prefix}{key} {bytes}"),
            Step::Delete(key) => writeln!(text, "delete {prefix}{key}"),
            Step::Exists(key) => writeln!(text, "exists {prefix}{key}"),
            Step::Increment(key, by) => writeln!(text, "increment {prefix}{key} {by}"),
            Step::List => writeln!(text, "list"),
        };
    }
    text
}

/// What any store must answer; `list` is left out when others share the bucket.
fn expected(prefix: &str, steps: &[Step]) -> Vec<String> {
    let mut store: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let key = |key: &u8| format!("{prefix}{key}");
    let answers = steps.iter().map(|step| match step {
        Step::Get(of) => match store.get(&key(of)) {
            None => "none".to_owned(),
            Some(value) => summary(value),
        },
        Step::Set(of, text) => {
            store.insert(key(of), text.as_bytes().to_vec());
            "set".to_owned()
        }
        Step::Fill(of, bytes) => {
            store.insert(key(of), vec![b'x'; *bytes as usize]);
            "set".to_owned()
        }
        Step::Delete(of) => {
            store.remove(&key(of));
            "deleted".to_owned()
        }
        Step::Exists(of) => store.contains_key(&key(of)).to_string(),
        Step::Increment(of, by) => {
            let number = match store.get(&key(of)) {
                None => Some(0),
                Some(value) => std::str::from_utf8(value).ok().and_then(|t| t.parse::<u64>().ok()),
            };
            match number {
                None => "error the value is not a number, or the sum is too large".to_owned(),
                Some(number) => {
                    let sum = number + u64::from(*by);
                    store.insert(key(of), sum.to_string().into_bytes());
                    sum.to_string()
                }
            }
        }
        Step::List => store.keys().cloned().collect::<Vec<_>>().join(" "),
    });
    answers.collect()
}

fn summary(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() <= 64 => format!("value {text}"),
        _ => {
            let sum = value
                .iter()
                .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
            format!("value of {} bytes, {sum:016x}", value.len())
        }
    }
}

pub(crate) fn answers_at(server: &Server, path: &str, text: &str) -> Vec<String> {
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: kv\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let response = server.connect().exchange(&request);
    let body = String::from_utf8(response.body).expect("answers are text");
    assert_eq!(response.head.status, 200, "{body}");
    body.lines().map(str::to_owned).collect()
}

#[test]
fn every_way_gives_the_same_answers() {
    let (files, outside) = (Files::new(), Outside::start());
    let ways = ways(&files, &outside);
    let servers: Vec<(&Way, Server)> = ways.iter().map(|way| (way, way.serve(&files))).collect();
    let sessions_begun = Cell::new(0);
    let mut runner =
        TestRunner::new(Config { cases: 3, failure_persistence: None, ..Config::default() });
    let sessions = proptest::collection::vec(step(), 1000);
    let outcome = runner.run(&sessions, |steps| {
        let session = sessions_begun.get() + 1;
        sessions_begun.set(session);
        // Keys of their own; `list` sees those of earlier sessions too.
        let prefix = format!("s{session}-");
        let steps: Vec<Step> =
            steps.into_iter().filter(|step| !matches!(step, Step::List) || session == 1).collect();
        let want = expected(&prefix, &steps);
        for (way, server) in &servers {
            let got = answers_at(server, &way.path("/script"), &script(&prefix, &steps));
            for (index, (got, want)) in got.iter().zip(&want).enumerate() {
                prop_assert_eq!(got, want, "{}: step {}: {:?}", way.name, index, steps[index]);
            }
            prop_assert_eq!(got.len(), want.len(), "{}", way.name);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// What one store takes for a number, every store does.
#[test]
fn every_way_counts_the_same_numbers() {
    let (files, outside) = (Files::new(), Outside::start());
    for way in ways(&files, &outside) {
        let server = way.serve(&files);
        for (value, want) in [
            ("15", "value 20"),
            ("0015", "value 20"),
            ("000", "value 5"),
            ("+7", "value 12"),
            ("-2", "value 3"),
            ("-02", "value 3"),
            ("1.5", "value 1.5"),
            ("9223372036854775807", "value 9223372036854775807"),
            ("00000000000000000000000000012", "value 17"),
        ] {
            let text = format!("set n {value}\nincrement n 5\nget n\n");
            let got = answers_at(&server, &way.path("/script"), &text);
            assert_eq!(got[2], want, "{}: {value}", way.name);
        }
    }
}

/// Each caller has a session of a thousand operations with keys of its own, and
/// all of them count one key together.
#[test]
fn every_way_serves_32_callers_at_a_time() {
    let (files, outside) = (Files::new(), Outside::start());
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let sessions: Vec<(String, Vec<Step>)> = (0..CALLERS)
        .map(|caller| {
            let steps = proptest::collection::vec(lone_step(), 1000).new_tree(&mut runner);
            (format!("c{caller}-"), steps.expect("a session").current())
        })
        .collect();
    for way in ways(&files, &outside) {
        let server = way.serve(&files);
        let path = &way.path("/script");
        std::thread::scope(|scope| {
            for (prefix, steps) in &sessions {
                let server = &server;
                scope.spawn(move || {
                    // Ten times, so that one call that is lost shows at once.
                    let together = "increment all 1\n".repeat(10);
                    let text = format!("{}{together}", script(prefix, steps));
                    let got = answers_at(server, path, &text);
                    let want = expected(prefix, steps);
                    assert_eq!(got.len(), want.len() + 10, "{}: {prefix}", way.name);
                    for (index, (got, want)) in got.iter().zip(&want).enumerate() {
                        let step = &steps[index];
                        assert_eq!(got, want, "{}: {prefix}: step {index}: {step:?}", way.name);
                    }
                });
            }
        });
        let counted = format!("value {}", CALLERS * 10);
        assert_eq!(answers_at(&server, path, "get all\n"), [counted], "{}", way.name);
    }
}

#[test]
fn long_lists_come_in_pages() {
    let (files, outside) = (Files::new(), Outside::start());
    for way in ways(&files, &outside) {
        let server = way.serve(&files);
        let path = way.path("/list?n=1&bytes=1048576");
        let response =
            server.connect().exchange(&format!("GET {path} HTTP/1.1\r\nHost: kv\r\n\r\n"));
        response.check(200, "1 x list 1048576");
    }
}

#[test]
fn named_stores_are_apart() {
    let files = Files::new();
    let entry =
        |name: &str| listed("backend: memory").replace("- {", &format!("- {{name: {name}, "));
    let components: String = ["first", "second", "other"]
        .iter()
        .map(|bucket| {
            format!(
                "        - name: {bucket}\n          file: {}\n          hostInterfaces:\n            \
                 - {{namespace: wasi, package: http, interfaces: [handler], config: {{path: /{bucket}}}}}\n            \
                 {}\n            {}\n            {}\n          localResources: {{environment: {{config: {{BUCKET: {bucket}}}}}}}\n",
                prebuilt("kv-p3").display(),
                listed("backend: memory"),
                entry("first"),
                entry("second"),
            )
        })
        .collect();
    let mut command = host();
    let text = file("kv", &listed("backend: memory"), &components);
    command.arg("serve").arg("--workload").arg(files.write("named.yaml", text));
    let server = Server::start(command);
    for (path, text, want) in [
        ("/first/script", "set a x\nlist\n", vec!["set", "a"]),
        ("/second/script", "get a\nset a y\n", vec!["none", "set"]),
        ("/other/script", "get a\nset b z\nlist\n", vec!["none", "set", "b"]),
        ("/first/script", "list\nget a\n", vec!["a", "value x"]),
    ] {
        assert_eq!(answers_at(&server, path, text), want, "{path}");
    }
}

pub(crate) fn refused(interface: &str, components: &str, parts: &[&str]) {
    let files = Files::new();
    let path = files.write("kv.yaml", file("kv", interface, components));
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path);
    check_refused(command, 2, parts);
}

#[test]
fn what_no_backend_provides_is_refused_by_name() {
    refused("", "", &["imports wasi:keyvalue/", "which its hostInterfaces do not list"]);
    refused(
        &listed("backend: tape"),
        "",
        &[
            "config.backend of wasi:keyvalue: this host has no `tape`, only memory, filesystem, redis",
        ],
    );
    refused(
        &listed("backend: filesystem, folder: here"),
        "",
        &["config.folder of wasi:keyvalue: here is not a folder"],
    );
    let ignored = "config.folder of wasi:keyvalue means nothing to the backend (memory)";
    refused(&listed("backend: memory, folder: x"), "", &[ignored, "it knows maxBytes"]);
    refused(&listed("backend: redis"), "", &["wasi:keyvalue needs `config.url`"]);
    refused(
        &listed("bakend: memory"),
        "",
        &["unknown key, wasi:keyvalue knows: backend, component, folder, maxBytes, url"],
    );
}

#[test]
fn a_plugin_that_does_not_work_keeps_the_host_from_starting() {
    let files = Files::new();
    let path = files.write("kv.yaml", file("kv", &listed("backend: tree"), ""));
    let serve = |plugin: PathBuf| {
        let mut command = host();
        command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(&path);
        command.arg("--plugin").arg(format!("tree={}", plugin.display()));
        command
    };
    check_refused(
        serve(prebuilt("hello-p3")),
        2,
        &["exports no store and atomics of wasi:keyvalue"],
    );
    check_refused(serve(prebuilt("kv-forward")), 2, &["imports wasi:keyvalue"]);
    check_refused(serve(files.path("absent.wasm")), 2, &["reading component"]);
}

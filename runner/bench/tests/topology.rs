//! Workloads from templates, options, and more than one process: what a suite
//! says is what runs, and mistakes are told before anything is built.

mod mistakes;

use super::{Project, SUITE, fake_host};
use expect_test::{Expect, expect};
use serde_json::Value;

/// A project whose only benchmark has these lines in the place of `needs`.
fn project(mode: &str, lines: &str, expected_body: &str) -> Project {
    let project = Project::new(mode);
    project.write("bench.toml", &format!("{}{OPTIONS}", super::config(mode)));
    let suite = SUITE.replace("needs = [\"http-fake\"]", lines);
    let suite = suite.replace("body = \"hello\"", &format!("body = {expected_body:?}"));
    project.write("suites/ask/suite.toml", &suite);
    project
}

const OPTIONS: &str = r#"
[targets.fake.options.compiler]
"*" = ["--option-compiler={value}"]

[targets.fake.options.reuse]
warm = ["--option-warm", "--option-twice"]
none = []
"#;

/// Measures the fake host and shows what came of it.
fn measured(project: &Project) -> (i32, Value) {
    let host = project.fake("host");
    let said = project.bench(&["run", &host, "--quick", "--json"]);
    let shown = project.bench(&["show", "latest", "--json"]);
    let shown = serde_json::from_str(&shown.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}{}", said.out, said.err, shown.err));
    (said.code, shown)
}

fn outcomes(shown: &Value) -> Vec<String> {
    let arms = shown["arms"].as_array().unwrap();
    let outcome = |arm: &Value| {
        let outcome = &arm["outcomes"][0];
        let reason = outcome["reason"].as_str().map(|reason| format!(": {reason}"));
        format!("{}{}", outcome["outcome"].as_str().unwrap(), reason.unwrap_or_default())
    };
    arms.iter().map(outcome).collect()
}

fn check_outcome(project: &Project, code: i32, expected: &str) -> Value {
    let (ended, shown) = measured(project);
    assert_eq!(outcomes(&shown), [expected], "{shown}");
    assert_eq!(ended, code, "{shown}");
    shown
}

const TEMPLATE: &str = "\
{# what the runner fills in #}
routes: {{ n }}{{ index }}
{% for i in range(n) %}
- r{{ i }}
{% endfor %}
at {{ suite }} and {{ components }}/one.wasm
";

#[test]
fn a_template_is_filled_in_for_the_host() {
    let project = project(
        "tells-workload",
        "parameters = { n = [\"2\"] }\nworkload = \"work/{n}.yaml.j2\"\ncomponents = [\"one\"]",
        "PLACE",
    );
    project.write("suites/components/prebuilt/one.wasm", "one");
    project.write("suites/ask/work/2.yaml.j2", TEMPLATE);
    // The answer is what the host was handed.
    let root = project.dir.path().canonicalize().unwrap();
    let suites = root.join("suites").display().to_string();
    let body = format!(
        "routes: 20\\n- r0\\n- r1\\nat {suites}/ask and {suites}/components/prebuilt/one.wasm"
    );
    let suite = std::fs::read_to_string(project.path("suites/ask/suite.toml")).unwrap();
    project.write("suites/ask/suite.toml", &suite.replace("PLACE", &body));
    check_outcome(&project, 0, "measured");
    // Nothing is left behind.
    let scratch = std::fs::read_dir(project.path("cache/scratch")).unwrap();
    assert_eq!(scratch.count(), 0);
}

#[test]
fn fixed_text_is_used_as_it_is() {
    let project = project("tells-workload", "workload = \"work.yaml\"", "{{ n }}");
    project.write("suites/ask/work.yaml", "{{ n }}");
    check_outcome(&project, 0, "measured");
}

/// The one component of an arm is too large to be committed.
#[test]
fn a_component_of_a_recipe_is_used_once_it_is_there() {
    let project = project("tells-workload", "component = \"big\"\nworkload = \"w.j2\"", "PATH");
    let digest = model::Digest::of("bytes");
    project.write("suites/components/large/SHA256SUMS", &format!("{digest}  big.wasm\n"));
    project.write("suites/ask/w.j2", "{{ component }}");
    let suite = std::fs::read_to_string(project.path("suites/ask/suite.toml")).unwrap();
    let big = project.path("cache/large/big.wasm");
    project.write("suites/ask/suite.toml", &suite.replace("PATH", &big.to_string_lossy()));
    let host = project.fake("host");
    let check = |code: i32, part: &str| {
        let said = project.bench(&["run", &host, "--check"]);
        assert_eq!(said.code, code, "{}{}", said.out, said.err);
        assert!(said.out.contains(part) || said.err.contains(part), "{}{}", said.out, said.err);
    };
    check(4, ": needs big.wasm, which `make components-large` builds");
    project.write("cache/large/big.wasm", "other bytes");
    check(4, ": needs big.wasm as recorded; ");
    project.write("cache/large/big.wasm", "bytes");
    check(0, "right");
    project.write("suites/components/large/SHA256SUMS", &format!("{digest} big.wasm\n"));
    check(
        2,
        "suites/components/large/SHA256SUMS:1: not a SHA-256 digest, two spaces and NAME.wasm",
    );
}

fn check_mistake(template: &str, expected: Expect) {
    let project = project(
        "right",
        "parameters = { n = [\"2\"] }\nworkload = \"work.yaml.j2\"\ncomponents = [\"one\"]",
        "hello",
    );
    project.write("suites/components/prebuilt/one.wasm", "one");
    project.write("suites/ask/work.yaml.j2", template);
    let said = project.bench(&["suite", "check", "ask"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    expected.assert_eq(&project.plain(&said.err));
}

#[test]
fn mistakes_in_templates_are_told_with_file_and_line() {
    check_mistake(
        "a\nb: {{ m }}\n",
        expect![[r#"
            error: suite ask, benchmark latency, arm n=2: DIR/suites/ask/work.yaml.j2:2: `m` is undefined
        "#]],
    );
    check_mistake(
        "a\n\n{% for %}\n",
        expect![[r#"
            error: suite ask, benchmark latency, arm n=2: DIR/suites/ask/work.yaml.j2:3: unexpected end of block, expected in
        "#]],
    );
    check_mistake(
        "{{ companion.redis.addr }}\n",
        expect![[r#"
            error: suite ask, benchmark latency, arm n=2: DIR/suites/ask/work.yaml.j2:1: `companion.redis` is undefined
        "#]],
    );
    check_mistake(
        "file: {{ components }}/one.wasm\nfile: {{ components }}/two.wasm\n",
        expect![[r#"
            error: suite ask, benchmark latency, arm n=2: DIR/suites/ask/work.yaml.j2: uses the component `two`, which its benchmark does not declare; add it to `components`, so that a change of it is noticed
        "#]],
    );
}

#[test]
fn a_template_and_what_fills_it_are_part_of_the_definition() {
    let definition = |template: &str, n: &str| {
        let lines = format!("parameters = {{ n = [\"{n}\"] }}\nworkload = \"work.yaml.j2\"");
        let project = project("right", &lines, "hello");
        project.write("suites/ask/work.yaml.j2", template);
        let suite =
            model::Suite::load(&project.path("suites"), &project.path("large"), "ask").unwrap();
        suite.arms[0].definition_sha256
    };
    let one = definition("{{ n }}", "1");
    assert_eq!(one, definition("{{ n }}", "1"));
    assert_ne!(one, definition("{{ n }}", "2"));
    assert_ne!(one, definition("{{ n }} ", "1"));
}

#[test]
fn a_template_is_told_where_its_host_will_listen() {
    let project = project("knows-addr", "workload = \"work.yaml.j2\"", "true");
    project.write("suites/ask/work.yaml.j2", "{{ addr }}");
    check_outcome(&project, 0, "measured");
}

#[test]
fn options_reach_the_command_line() {
    let lines =
        "parameters = { c = [\"winch\"] }\noptions = { compiler = \"{c}\", reuse = \"warm\" }";
    check_outcome(&project("tells-options", lines, "compiler=winch warm twice"), 0, "measured");
    check_outcome(&project("tells-options", "options = { reuse = \"none\" }", ""), 0, "measured");
}

#[test]
fn an_option_that_a_target_does_not_have_is_not_supported() {
    for (options, reason) in [
        ("{ reuse = \"hot\" }", "no option reuse=hot"),
        ("{ speed = \"high\", reuse = \"warm\" }", "no option speed=high"),
    ] {
        let lines = format!("options = {options}");
        // Beside an arm that it can do, or there would be nothing to measure.
        let project = project("right", &lines, "hello");
        let suite = std::fs::read_to_string(project.path("suites/ask/suite.toml")).unwrap();
        let table = &SUITE[SUITE.find("[[").unwrap()..];
        project.write(
            "suites/ask/suite.toml",
            &format!("{suite}{}", table.replace("\"latency\"", "\"plain\"")),
        );
        let (_, shown) = measured(&project);
        let mut outcomes = outcomes(&shown);
        outcomes.sort();
        assert_eq!(outcomes, ["measured".to_owned(), format!("unsupported: {reason}")]);
    }
}

/// Two hosts behind a front that asks them in turn.
fn with_front(mode: &str) -> Project {
    let fake = fake_host();
    let project = project(
        "tells-workload",
        &format!(
            r#"hosts = {{ count = 2, workload = "work.yaml.j2" }}
processes = [{{ role = "front", name = "proxy", program = "{}", config = "front.conf.j2", start = ["{{program}}", "--mode", "{mode}", "--workload", "{{config}}", "--addr", "{{addr}}"] }}]"#,
            fake.display()
        ),
        "same",
    );
    project.write("suites/ask/work.yaml.j2", "same{# {{ index }} #}");
    project.write("suites/ask/front.conf.j2", "{% for b in backends %}\n{{ b }}\n{% endfor %}\n");
    project
}

#[test]
fn a_front_is_asked_in_the_place_of_its_hosts_and_charged_with_them() {
    let project = with_front("front");
    let shown = check_outcome(&project, 0, "measured");
    let log = std::fs::read_to_string(project.path("suites/ask/log")).unwrap();
    assert_eq!(log.split_whitespace().collect::<Vec<_>>(), ["host", "host"]);
    // The front burns a millisecond for each answer, the hosts next to nothing.
    let metrics = shown["arms"][0]["metrics"].as_array().unwrap();
    let cpu = metrics.iter().find(|metric| metric["metric"] == "cpu_ns_per_request");
    let cpu_ns = cpu.and_then(|metric| metric["median"].as_f64()).unwrap();
    assert!((0.9e6..20e6).contains(&cpu_ns), "{cpu_ns}");
}

#[test]
fn each_host_has_its_own_workload() {
    let project = with_front("front");
    // Only every other answer is right now.
    project.write("suites/ask/work.yaml.j2", "{{ 'same' if index == 0 else 'other' }}");
    let (code, shown) = measured(&project);
    assert_eq!(code, 4);
    let reason = outcomes(&shown).remove(0);
    assert!(reason.contains("expected \"same\", seen \"other\""), "{reason}");
}

#[test]
fn a_front_that_dies_fails_its_block_with_its_last_lines() {
    let project = with_front("dies");
    let (code, shown) = measured(&project);
    assert_eq!(code, 4);
    let outcome = &shown["arms"][0]["outcomes"][0];
    let reason = outcome["reason"].as_str().unwrap();
    assert!(reason.starts_with("the answer") || reason.contains("proxy"), "{reason}");
    let log = outcome["log_tail"].as_str().unwrap();
    assert!(log.contains("== host 0\n") && log.contains("== front proxy\n"), "{log}");
}

#[test]
fn a_front_that_never_answers_fails_its_block() {
    let project = with_front("dies-at-start");
    let (_, shown) = measured(&project);
    assert_eq!(outcomes(&shown), ["failed: front proxy exited with code 9 before it was ready"],);
}

#[test]
fn a_program_that_is_not_installed_is_not_supported() {
    let suite = r#"processes = [{ role = "companion", name = "db", program = "no-such-db", start = ["{program}"] }]"#;
    let project = project("right", suite, "hello");
    let host = project.fake("host");
    let said = project.bench(&["run", &host, "--check"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    assert!(said.out.starts_with("unsupported"), "{}", said.out);
    assert!(said.out.trim_end().ends_with(": needs no-such-db"), "{}", said.out);
}

#[test]
fn companions_are_told_to_templates_and_charged_and_backends_are_not() {
    let fake = fake_host();
    let cpu_ns = |role: &str| {
        let lines = format!(
            r#"workload = "work.yaml.j2"
processes = [{{ role = "{role}", name = "helper", program = "{}", ready = "tcp", start = ["{{program}}", "--mode", "busy", "--addr", "{{addr}}"] }}]"#,
            fake.display()
        );
        // The host forwards to the helper, which burns a millisecond.
        let project = project("front", &lines, "hello");
        project.write("suites/ask/work.yaml.j2", "{{ companion.helper.addr }}");
        let shown = check_outcome(&project, 0, "measured");
        let metrics = shown["arms"][0]["metrics"].as_array().unwrap().clone();
        let cpu = metrics.iter().find(|metric| metric["metric"] == "cpu_ns_per_request");
        cpu.and_then(|metric| metric["median"].as_f64()).unwrap()
    };
    let (companion, backend) = (cpu_ns("companion"), cpu_ns("backend"));
    // One millisecond of the host's own, and one of the companion's.
    assert!(companion > backend + 0.7e6, "{companion} {backend}");
}

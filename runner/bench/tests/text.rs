//! What a stranger reads: help, and one clear sentence for every mistake.

use super::Project;
use expect_test::{Expect, expect};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

fn check(project: &Project, arguments: &[&str], expected: Expect) {
    let said = project.bench(arguments);
    assert_eq!(said.code, 2, "{arguments:?}: {}{}", said.out, said.err);
    expected.assert_eq(&project.plain(&said.err));
}

#[test]
fn mistakes_about_versions_and_suites_are_told_in_one_sentence() {
    let project = Project::new("right");
    check(
        &project,
        &["run", "fake@path:nowhere"],
        expect![[r#"
        error: cannot measure nowhere: there is no such file; build it first, or correct the path (it is relative to the current folder)
    "#]],
    );
    check(
        &project,
        &["run", "fke@v1"],
        expect![[r#"
        error: there is no target `fke`; bench.toml declares fake
    "#]],
    );
    check(
        &project,
        &["run", "v1"],
        expect![[r#"
        error: DIR is not in a git repository, so there is nothing to build from: run `git init` and commit there, or name a binary with path:BINARY
    "#]],
    );
    check(
        &project,
        &["run", "path:/bin/true"],
        expect![[r#"
        error: /bin/true does not speak the host contract: it printed no JSON line (exit status: 0); `/bin/true --capabilities` must print one JSON line with a list `capabilities`
    "#]],
    );
    check(
        &project,
        &["run", "--suite", "nope*"],
        expect![[r#"
        error: no suite matches `nope*`; there are ask
    "#]],
    );
    check(
        &project,
        &["run", "--suite", "ask", "--suite", "nope"],
        expect![[r#"
        error: no suite matches `nope`; there are ask
    "#]],
    );
    check(
        &project,
        &["run", "--suite", "ask/nope"],
        expect![[r#"
        error: no benchmark matches `ask/nope`; `bench list benchmarks` names them
    "#]],
    );
    check(
        &project,
        &["run", "--suite", "[", "path:/bin/true"],
        expect![[r#"
        error: reading the pattern `[`: Pattern syntax error near position 0: invalid range pattern
    "#]],
    );
}

#[test]
fn mistakes_about_what_is_stored_are_told_in_one_sentence() {
    let project = Project::new("right");
    check(
        &project,
        &["show", "abcd"],
        expect![[r#"
            error: DIR/data/bench.sqlite: there is no database; `bench run` or `bench import` creates it, `--db FILE` names another
        "#]],
    );
    check(
        &project,
        &["--db", "none.sqlite", "site", "build", "--out", "out"],
        expect![[r#"
        error: none.sqlite: there is no database; `bench run` or `bench import` creates it, `--db FILE` names another
    "#]],
    );
    check(
        &project,
        &["site", "serve", "--dir", "out"],
        expect![[r#"
        error: there is no built site in out; run `bench site build --out out`
    "#]],
    );
    check(
        &project,
        &["import", "nothing.jsonl"],
        expect![[r#"
            error: nothing.jsonl was refused, nothing was stored: opening nothing.jsonl: No such file or directory (os error 2)
        "#]],
    );
    check(
        &project,
        &["compare", "run:latest", "fake"],
        expect![[r#"
        error: a stored run and a version cannot be compared: they were not measured side by side; name two versions, or two runs
    "#]],
    );
    check(
        &project,
        &["run", "--resume"],
        expect![[r#"
        error: no run was interrupted; there is nothing to go on with
    "#]],
    );
}

/// The suite with one mistake in it.
fn mistake(project: &Project, from: &str, to: &str, expected: Expect) {
    project.write("suites/ask/suite.toml", &super::SUITE.replace(from, to));
    check(project, &["suite", "check", "ask"], expected);
}

#[test]
fn a_bad_suite_is_told_with_file_and_line() {
    let project = Project::new("right");
    mistake(
        &project,
        "driver = \"http-latency\"",
        "driver = \"htpp-latency\"",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:7: unknown driver `htpp-latency`; did you mean `http-latency`?
             7 | driver = "htpp-latency"
               |          ^^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        &project,
        "budget_s",
        "budget",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:14: unknown field `budget`; did you mean `budget_s`?
             14 | budget = 20
                | ^^^^^^
        "#]],
    );
    mistake(
        &project,
        "Does the runner tell the truth?",
        "",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:2: `why` is empty
             2 | why = ""
               |       ^^
        "#]],
    );
    mistake(
        &project,
        ", body = \"hello\"",
        "",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:10: `expect` needs `body`, `body_sha256` or `body_bytes`, and only one of them
             10 | expect = { status = 200 }
                |          ^^^^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        &project,
        "\"latency_p50_ns\"",
        "\"speed\"",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:12: driver http-latency has no metric `speed`; it has throughput_rps, latency_p50_ns, latency_p90_ns, latency_p99_ns, latency_p999_ns, first_byte_p50_ns, first_byte_p99_ns, read_bytes_per_s, written_bytes_per_s, cpu_ns_per_request, cpu_kernel_ns_per_request, instructions_per_request, generator_cpu_ns_per_request, slice_boundary_ns, rss_peak_bytes, connections_per_request
             12 | metrics = ["speed", "cpu_ns_per_request"]
                |            ^^^^^^^
        "#]],
    );
}

#[test]
fn a_suite_that_does_not_fit_is_told_with_file_and_line() {
    let project = Project::new("right");
    mistake(
        &project,
        "measure_ms = 300",
        "measure_ms = 250",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:11: `measure_ms` must be a positive multiple of 100, the length of a slice
             11 | load = { warmup_ms = 50, measure_ms = 250 }
                |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        &project,
        "http-fake",
        "http-{wasi}",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: `{wasi}` is not a parameter of this benchmark
             9 | needs = ["http-{wasi}"]
               |          ^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        &project,
        "title = \"Ask\"",
        "title = \"Ask",
        expect![[r#"
        error: DIR/suites/ask/suite.toml:1: invalid basic string, expected `"`
    "#]],
    );
    mistake(
        &project,
        "needs =",
        "workload = \"none.yaml\"\nneeds =",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: there is no file DIR/suites/ask/none.yaml
             9 | workload = "none.yaml"
               |            ^^^^^^^^^^^
        "#]],
    );
    check(
        &project,
        &["suite", "check", "aks"],
        expect![[r#"
            error: there is no suite `aks`; there are ask; did you mean `ask`?
        "#]],
    );
}

#[test]
fn a_bad_configuration_is_told_with_file_and_line() {
    let project = Project::new("right");
    let mistake = |from: &str, to: &str, expected: Expect| {
        project.write("bench.toml", &super::config("right").replace(from, to));
        check(&project, &["list", "targets"], expected);
    };
    mistake(
        "default_target = \"fake\"",
        "default_target = \"fak\"",
        expect![[r#"
            error: DIR/bench.toml:1: there is no target `fak`; declare it as [targets.NAME]
             1 | default_target = "fak"
               |                  ^^^^^
        "#]],
    );
    mistake(
        "{addr}",
        "{adr}",
        expect![[r#"
            error: DIR/bench.toml:23: unknown placeholder `{adr}`; known are {binary} {workload} {addr} {component} {precompiled} {options}
             23 | start = ["{binary}", "--mode", "right", "--log", "log", "--addr", "{adr}", "--workload", "{workload}"]
                |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        "blocks = 1",
        "blocks = 0",
        expect![[r#"
            error: DIR/bench.toml:9: `blocks` must be at least 1 and `measure_ms` a positive multiple of 100
             9 | [profiles.quick]
               | ^^^^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        "wall = 0.02",
        "wall = 2",
        expect![[r#"
            error: DIR/bench.toml:4: a margin is a fraction from 0 to below 1
             4 | [margins]
               | ^^^^^^^^^
        "#]],
    );
    mistake(
        "about",
        "abut",
        expect![[r#"
            error: DIR/bench.toml:20: unknown field `abut`; did you mean `about`?
             20 | abut = "A host for tests"
                | ^^^^
        "#]],
    );
    mistake(
        "capabilities =",
        "capabilitie =",
        expect![[r#"
            error: DIR/bench.toml:24: unknown field `capabilitie`; did you mean `capabilities`?
             24 | capabilitie = ["{binary}", "--capabilities"]
                | ^^^^^^^^^^^
        "#]],
    );
}

#[test]
fn help_names_every_command_and_exit_code() {
    let project = Project::new("right");
    let said = project.bench(&["--help"]);
    expect![[r#"
        Are we fast yet? Measures a WebAssembly component host and says what changed

        Usage: bench [OPTIONS] <COMMAND>

        Commands:
          run          Measure versions and store every raw sample
          compare      Measure two versions side by side and say what changed
          gate         Say whether a release may go out, by the rules of bench.toml
          detect       Find where the level of a history changed for good
          decide       Decide whether B differs from A, from samples of both
          bisect       Find the commit that changed a metric, measuring in between
          explain      Say why one version is slower than another: two versions counted side by side
          profile      Draw where a version spends its time, and what differs from another
          bridge       Measure versions of an older testbed again and link the two epochs
          calibrate    Measure how often the method is wrong, and what it finds
          backfill     Measure the versions of a range that are not stored yet
          watch        Look for new versions and measure them
          plan         Divide a measurement among machines
          synth        Fill a new database with made-up history whose changes are known
          doctor       Say what makes this machine noisy, and what to do about it
          build        Build versions and print where their binaries are, a line each
          cache        Look after what is kept of builds
          backup       Copy the database, also while somebody measures
          list         List suites, benchmarks, targets, versions or runs
          show         Show everything about one run
          suite        Begin a suite, or check one
          site         Build or preview the static site
          serve        Serve the site and the HTTP API of the database, and the queue of jobs
          worker       Measure what a service asks for
          token        Look after who may write to the service
          export       Write runs as a bundle (JSON Lines), or as other tools read them
          import       Read bundles, or results of other tools: all, or none if one is not entirely right
          publish      Write what the history in git keeps of each run: summaries of its blocks
          self-test    Say whether this installation works: half a minute, no network, nothing is kept
          completions  Print the completions of a shell
          schema       Print the JSON Schema of a file, for editors and other programs
          man          Write the manual pages
          help         Print this message or the help of the given subcommand(s)

        Options:
              --db <FILE>      The database [default: data/bench.sqlite beside bench.toml]
              --config <FILE>  The configuration [default: bench.toml here or in a folder above]
              --cache <DIR>    Where builds are kept [default: $XDG_CACHE_HOME/arewefastyet or
                               ~/.cache/arewefastyet] [env: BENCH_CACHE_DIR]
          -h, --help           Print help
          -V, --version        Print version

        Exit codes of run, compare and gate:
          0  fine
          1  a regression (run --check: a wrong answer)
          2  bad usage or input, a waiver that is expired or unused
          3  could not decide
          4  incomplete: something failed, is missing or was interrupted
        When several hold: 2, then 1, then 4, then 3.
    "#]]
    .assert_eq(&said.out);
}

/// `bench completions bash | head -n 1`: no panic, nothing on standard error.
#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let project = Project::new("right");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = project.command(&["completions", "bash"]);
    let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.signal(), Some(13), "SIGPIPE");
}

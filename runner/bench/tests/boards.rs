//! Driver `qemu`, with a program in the place of firmware and emulator both:
//! what a board says is believed only when everything about it is right.

use super::{Project, Said};
use serde_json::Value;

const TARGET: &str = r#"
[targets.board]
about = "A board for tests"
source = "board"
binary = "board"
suites = ["tiny"]
start = ["{binary}"]
capabilities = ["{binary}", "capabilities"]

[targets.board.firmware]
build = ["{binary}", "firmware", "{variant}", "{firmware}"]

[targets.board.firmware.boards.fake]
triple = "x86_64-unknown-linux-gnu"
emulator = ["/bin/sh", "{firmware}", "{serial}"]

[targets.board.firmware.boards.nowhere]
triple = "x86_64-unknown-linux-gnu"
emulator = ["no-such-emulator", "{firmware}", "{serial}"]

[targets.board.firmware.boards.foreign]
triple = "thumbv4t-none-eabi"
emulator = ["/bin/sh", "{firmware}", "{serial}"]
"#;

const SUITE: &str = r#"title = "Boards"
why = "Is a board believed when it should be?"
owner = "tests"

[[benchmark]]
name = "call"
driver = "qemu"
quick = { variant = "honest" }
parameters = { board = ["BOARD"], variant = ["VARIANT"] }
firmware = { board = "{board}", variant = "{variant}" }
request = { path = "/host/measure/component" }
expect = { status = 200, body = "steady=7" }
metrics = ["steady_call_instructions", "ram_bytes"]
noise = "exact"
budget_s = 5
"#;

/// Builds "firmware", which starts it again as the board.
const BOARD: &str = include_str!("boards/fake_board.rs");
const LOCKFILE: &str = "version = 4\n\n[[package]]\nname = \"board\"\nversion = \"0.1.0\"\n";

fn project(board: &str, variant: &str) -> Project {
    let project = Project::new("right");
    let config = super::config("right").replace("\"fake\"", "\"board\"");
    let config = config.split("[targets.fake]").next().unwrap().to_owned();
    project.write("bench.toml", &format!("{config}{TARGET}"));
    std::fs::remove_dir_all(project.path("suites/ask")).unwrap();
    let suite = SUITE.replace("BOARD", board).replace("VARIANT", variant);
    project.write("suites/tiny/suite.toml", &suite);
    project.write(".gitignore", "cache\ndata\n");
    let manifest = "[package]\nname = \"board\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    project.write("board/Cargo.toml", manifest);
    project.write("board/Cargo.lock", LOCKFILE);
    project.write("board/src/main.rs", BOARD);
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=Test", "-c", "user.email=test@example.org"]);
        command.args(arguments).current_dir(project.path("."));
        assert!(command.status().unwrap().success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "A board"]);
    project
}

fn export(project: &Project) -> Vec<Value> {
    let said: Said = project.bench(&["export"]);
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_honest_board_is_measured_and_its_firmware_built_once() {
    let project = project("fake", "honest");
    let run = project.json(&["run", "--quick", "--json"]);
    assert_eq!((&run["measured"], &run["failed"]), (&1.into(), &0.into()), "{run}");
    let text = export(&project).iter().map(Value::to_string).collect::<String>();
    // 150 between two readings, of which reading takes 9.
    assert!(text.contains("steady_call_instructions") && text.contains("141"), "{text}");
    let again = project.bench(&["run", "--quick"]);
    assert!(!again.err.contains("building"), "{}", again.err);
    let check = project.bench(&["run", "--check"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
}

#[test]
fn firmware_that_is_built_twice_is_the_same_or_that_is_told() {
    for (variant, code, expected) in [
        ("honest", 0, "fake/honest: the same bytes, built from nothing in "),
        ("dated", 1, "fake/dated: OTHER BYTES, built from nothing in "),
    ] {
        let said =
            project("fake", variant).bench(&["build", "board", "--firmware", "fake", "--twice"]);
        assert_eq!(said.code, code, "{variant}: {}{}", said.out, said.err);
        assert!(said.out.contains("/firmware.elf\n"), "{}", said.out);
        assert!(said.out.contains(expected), "{variant}: {}", said.out);
    }
    let said = project("fake", "honest").bench(&["build", "board", "--firmware", "fake/other"]);
    assert_eq!(said.code, 2);
    let expected = "no suite asks for the firmware `fake/other`; there are fake/honest";
    assert!(said.err.contains(expected), "{}", said.err);
}

#[test]
fn what_repeats_exactly_is_held_against_other_runs() {
    for (variant, code, expected) in [
        ("honest", 0, "the same: 6 values of 2 exact series in 3 runs"),
        ("drifts", 1, "not the same: 6 values of 2 exact series in 3 runs"),
    ] {
        let project = project("fake", variant);
        let run = || {
            let run = project.json(&["run", "--blocks", "1", "--json"]);
            run["run"].as_str().unwrap().to_owned()
        };
        let [first, second, third] = [run(), run(), run()];
        let said = project.bench(&["show", &first, "--same-as", &second, &third]);
        assert_eq!(said.code, code, "{variant}: {}{}", said.out, said.err);
        assert!(said.out.contains(expected), "{variant}: {}", said.out);
        let is_told = said.out.contains("steady_call_instructions");
        assert_eq!(is_told, variant == "drifts", "{}", said.out);
        assert!(!said.out.contains("ram_bytes"), "{}", said.out);
        let said = project.bench(&["show", &first, "--json", "--same-as", &second, &third]);
        let told: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!((said.code, &told["same"]), (code, &(code == 0).into()), "{told}");
        let differ = told["differ"].as_array().unwrap();
        let values = |it: &Value| it["values"].as_array().unwrap().len();
        let expected: &[usize] = if code == 0 { &[] } else { &[3] };
        assert_eq!(differ.iter().map(values).collect::<Vec<_>>(), expected, "{told}");
    }
}

#[test]
fn what_is_wrong_with_a_board_is_told_and_is_no_number() {
    for (variant, expected) in [
        ("liar", "wrong body: expected \"steady=7\", got \"steady=8\""),
        ("miscounts", "does not count instructions: of 2000000 it counted 2000001"),
        ("panics", "the emulator exited with code 1: closed its serial line"),
        ("garbles", "sent a damaged frame"),
        ("hangs", "took longer than its budget of 5 s"),
        ("lingers", "closed its standard output and did not end"),
        ("deaf", "the emulator exited with code 0: did not connect its serial line"),
    ] {
        let project = project("fake", variant);
        let said = project.bench(&["run"]);
        let all = said.out + &said.err;
        assert_eq!(said.code, 4, "{variant}: {all}");
        assert!(all.contains(expected), "{variant}: {all}");
        if variant == "panics" {
            let text = export(&project).iter().map(Value::to_string).collect::<String>();
            assert!(text.contains("panic: asked to"), "the log is kept: {text}");
        }
    }
}

#[test]
fn what_is_missing_here_is_not_supported_and_says_what_installs_it() {
    for (board, expected) in [
        ("nowhere", "needs no-such-emulator, which `.ci/install boards` installs"),
        ("unheard-of", "needs the board unheard-of"),
    ] {
        let said = project(board, "honest").bench(&["run", "--check"]);
        let all = said.out + &said.err;
        assert!(all.contains("unsupported") && all.contains(expected), "{board}: {all}");
    }
}

//! Profiles and explanations, with scripts in the place of perf and valgrind: what is
//! started, what is read, and what is said of it. The real tools are for a test that is
//! run by hand.

use super::Project;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Answers on standard output when it is told to begin, as perf does; what it samples
/// depends on the program's name. It may be stopped as soon as it answered the last time,
/// so it has written everything by then.
const PERF: &str = r#"#!/bin/sh
for word; do
    case "$last" in -o) out=$word ;; -p) pid=$word ;; -i) file=$word ;; esac
    last=$word
done
hear() { read -r order; }
answer() { printf 'ack\n\0'; }
sample() {
    printf 'worker 1 1.0: cpu-clock:pppH: \n'
    for frame; do printf '\t78262 %s+0x5 (/x)\n' "$frame"; done
    printf '\n'
}
case "$1" in
record)
    hear
    read -r name < "/proc/$pid/comm"
    echo "$name" > "$out"
    answer
    read -r never ;;
stat)
    hear && answer
    hear
    printf '<not supported>,,instructions:u,0,100.00,,\n10.5,msec,task-clock,1,100.00,,\n' > "$out"
    answer
    read -r never ;;
script)
    read -r name < "$file"
    i=0
    while [ $i -lt 90 ]; do sample fake::answer fake::run; i=$((i + 1)); done
    while [ "$name" = b ] && [ $i -lt 180 ]; do sample fake::churn fake::answer fake::run; i=$((i + 1)); done ;;
esac
"#;

/// Two files of DHAT belong together: asked, and not asked.
const VALGRIND: &str = r#"#!/bin/sh
for word; do
    case "$word" in
    --callgrind-out-file=*) counts=${word#*=} ;;
    --dhat-out-file=*) heap=${word#*=} ;;
    esac
done
while [ "${1#-}" != "$1" ]; do shift; done
case "${1##*/}" in b) loops=12800 ;; *) loops=0 ;; esac
if [ -n "$counts" ]; then
    printf 'positions: line\nevents: Ir\nfn=(1) fake::answer\n1 100000\nfn=(2) fake::churn\n1 %s\n' \
        $((loops * 10)) > "${counts%"%p"}$$"
fi
if [ -n "$heap" ]; then
    n=0
    [ -e "$0.n" ] && read -r n < "$0.n"
    echo $((n + 1)) > "$0.n"
    [ $((n % 2)) = 1 ] && loops=0
    printf '{"dhatFileVersion":2,"pps":[{"tb":%s,"tbk":%s,"fs":[0,1]}],"ftbl":["0x1: malloc (in /x)","0x2: fake::churn (in /x)"]}' \
        $((loops * 16)) $loops > "${heap%"%p"}$$"
fi
exec "$@"
"#;

const VGDB: &str = "#!/bin/sh\n";

/// A project with those tools and no others.
fn project() -> Project {
    let project = Project::new("right");
    for (name, text) in [("perf", PERF), ("valgrind", VALGRIND), ("vgdb", VGDB)] {
        project.script(&format!("tools/{name}"), text);
    }
    project
}

/// What a command says that finds no program but those in `tools`.
fn said(project: &Project, tools: &str, arguments: &[&str]) -> super::Said {
    let mut command = project.command(arguments);
    command.env("PATH", project.path(tools)).output().unwrap().into()
}

#[test]
fn an_explanation_names_what_was_planted_and_what_was_not_counted() {
    let project = project();
    let (a, b) = (project.fake("a"), project.fake("b"));
    let arguments = ["explain", &a, &b, "ask/latency", "--rounds", "3", "--load", "1s"];
    let told = said(&project, "tools", &arguments);
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    let screen: Vec<&str> = told.out.lines().take(40).collect();
    let cause =
        "Likely cause: fake::churn allocates 64.0 more times a request (0 → 64.0, +1,024 bytes).";
    assert!(screen.contains(&cause), "{}", told.out);
    assert!(screen[1].contains("executes 640 more instructions (+128.0 %)"), "{}", told.out);
    let absent = "not counted system calls (strace): strace is not installed";
    assert!(screen.contains(&absent), "{}", told.out);

    let told = said(&project, "tools", &[&arguments[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let rows = |kind: &str| {
        let sections = told["sections"].as_array().unwrap();
        let found = sections.iter().find(|section| section["kind"] == kind);
        found.map(|section| section["rows"].clone()).unwrap_or_default()
    };
    assert_eq!(rows("allocations")[0]["difference"], 64.0, "{told}");
    assert_eq!(rows("instructions")[0]["name"], "fake::churn");
    assert!(rows("system_calls").is_null(), "what was not counted is no zero");
    let absent = told["absent"].as_array().unwrap();
    let hardware = absent.iter().find(|it| it["what"] == "instructions").unwrap();
    assert_eq!(hardware["reason"], "this machine offers no such hardware counter");

    // The same binary twice has no cause.
    let same = ["explain", &a, &a, "ask/latency", "--rounds", "3", "--load", "1s"];
    let told = said(&project, "tools", &same);
    assert!(!told.out.contains("Likely cause"), "{}", told.out);
    assert!(told.out.contains("both versions are the same binary"), "{}", told.out);
}

#[test]
fn a_profile_is_drawn_and_so_is_what_differs() {
    let project = project();
    let (a, b) = (project.fake("a"), project.fake("b"));
    let told = said(
        &project,
        "tools",
        &["profile", &b, "ask/latency", "--against", &a, "--load", "1s", "--json"],
    );
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let of_b = &told["sides"][1];
    assert_eq!((&of_b["samples"], &of_b["hosts"]), (&540.into(), &3.into()), "{of_b}");
    let shares: Vec<_> = of_b["functions"].as_array().unwrap().iter().collect();
    assert_eq!((&shares[0]["own_share"], &shares[2]["all_share"]), (&0.5.into(), &1.0.into()));
    let pictures = told["pictures"].as_array().unwrap();
    assert_eq!(pictures.len(), 3, "{told}");
    let text = |at: usize| fs::read_to_string(pictures[at].as_str().unwrap()).unwrap();
    assert!(text(1).contains("fake::churn (270 samples, 50.00%)"));
    assert!(text(2).contains("fake::churn (270 samples, 50.00%; +50.00%)"));
    let folded = fs::read_to_string(told["folded"][1].as_str().unwrap()).unwrap();
    let stacks =
        ["worker;fake::run;fake::answer 270", "worker;fake::run;fake::answer;fake::churn 270"];
    assert_eq!(folded.lines().collect::<Vec<_>>(), stacks);
    let default = project.path("data/profiles/ask/latency/default");
    assert_eq!(Path::new(pictures[0].as_str().unwrap()).parent(), Some(&*default));
}

#[test]
fn what_cannot_be_looked_at_is_told_in_a_sentence() {
    let project = project();
    fs::create_dir_all(project.path("nothing")).unwrap();
    project.script("forbidden/perf", "#!/bin/sh\necho 'Access to performance monitoring and observability operations is limited.' >&2\nexit 255\n");
    let a = project.fake("a");
    for (tools, series, expected) in [
        ("nothing", "ask/latency", "perf is not installed; your distribution has it as"),
        ("forbidden", "ask/latency", "`sysctl kernel.perf_event_paranoid=1` permits it"),
        ("tools", "ask", "`ask` is no series: write SUITE/BENCHMARK or SUITE/BENCHMARK/ARM"),
        ("tools", "ask/rate", "no benchmark matches `ask/rate`"),
        ("tools", "ask/latency/big", "ask/latency has no arm `big`; there are default"),
    ] {
        let told = said(&project, tools, &["profile", &a, series]);
        assert_eq!(told.code, 2, "{}", told.err);
        assert!(told.err.contains(expected), "{}", told.err);
    }
    let told = said(&project, "tools", &["explain", &a, "ask/latency"]);
    assert!(told.err.contains("write A B SERIES, or A..B SERIES"), "{}", told.err);
}

const PLANTED: &str = "/// The planted effect: copies what nobody reads.
fn churn(request: &Request<Incoming>) {
    let mut copies = Vec::new();
    for _ in 0..64 {
        copies.push(request.uri().path().to_owned());
    }
    std::hint::black_box(copies);
}

fn answer(";

/// The whole with the real tools: CONTRIBUTING.md says how.
#[test]
#[ignore = "builds native four times, and needs perf, valgrind and strace"]
fn an_allocation_loop_planted_in_native_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Test", "-c", "user.email=test@example.org"]);
        assert!(git.args(arguments).current_dir(folder.path()).status().unwrap().success());
    };
    git(&["clone", "--quiet", "--shared", root.to_str().unwrap(), "."]);
    let file = folder.path().join("host-under-test/native/src/main.rs");
    let text = fs::read_to_string(&file).unwrap();
    let planted = text.replacen("fn answer(", PLANTED, 1);
    let planted =
        planted.replacen("planted.take();", "planted.take();\n        churn(&request);", 1);
    assert_eq!(planted.matches("churn(").count(), 2, "native has changed; plant it elsewhere");
    fs::write(&file, planted).unwrap();
    git(&["commit", "--quiet", "--all", "--message", "Plant an allocation loop"]);
    git(&["tag", "planted"]);
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["explain", "native@planted~1", "native@planted", "http-invoke/latency"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let screen: Vec<&str> = out.lines().take(40).collect();
    let is_named = |line: &&&str| line.starts_with("Likely cause: native::churn allocates ");
    assert!(
        screen.iter().any(|line| is_named(&line)),
        "{out}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
